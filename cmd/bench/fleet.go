package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// fleetCmd measures sites of many small tenants, from export folders: a night in shards, the lake, `fleet status`, and the
// comparison on a Spark cluster of one and of two workers; a question is put to three engines. Beside each time stands the processor time, its children's included:
// it holds where something else keeps the machine busy, too. Every number has to be the issued one, and the answers the same.
type fleetCmd struct {
	Tenants []int  `default:"1,10,100,500" help:"How many tenants the sites have."`
	Shards  int    `default:"8" help:"Into how many shards a night is dealt."`
	AtOnce  int    `default:"2" help:"How many shards run at a time."`
	Rounds  int    `default:"3" help:"Of fleet status, which is short: the median counts."`
	Seats   string `default:"bin/seats" type:"existingfile" help:"The program."`
	Scripts string `default:"spark" type:"existingdir" help:"The folder of the scripts for Spark, whose programs are on PATH."`
}

// fleetDay is the one day that spark/site.sh makes.
const fleetDay = "2026-03-31"

func (c *fleetCmd) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "seats-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	load := busy()
	var fleets []fleet
	for _, tenants := range c.Tenants {
		f := fleet{fleetCmd: c, dir: filepath.Join(dir, strconv.Itoa(tenants)), tenants: tenants, log: os.Stderr}
		if err := f.measure(ctx); err != nil {
			return fmt.Errorf("%d tenants: %w", tenants, err)
		}
		fleets = append(fleets, f)
	}
	return writeFleets(os.Stdout, fleets, load)
}

// fleet is a site and what was measured at it.
type fleet struct {
	*fleetCmd
	dir     string
	tenants int
	log     io.Writer

	sessions           int64
	night, lake, again sample
	status             sample
	spark              [2]sample // on one worker, on two
	stores, parquet    space
}

func (f *fleet) measure(ctx context.Context) (err error) {
	if _, err = child(ctx, nil, "", filepath.Join(f.Scripts, "site.sh"), f.dir, strconv.Itoa(f.tenants), "1"); err != nil {
		return err
	}
	if f.night, err = f.takeNight(ctx); err != nil {
		return err
	}
	f.tell("a night", f.night)
	f.sessions = extracted(f.night.stderr)
	if f.stores, err = spaceOf(filepath.Join(f.dir, "var")); err != nil {
		return err
	}
	for _, into := range []*sample{&f.lake, &f.again} {
		if *into, err = f.run(ctx, "export", "--lake", f.lakeDir()); err != nil {
			return err
		}
		f.tell("the lake", *into)
	}
	if f.parquet, err = spaceOf(f.lakeDir()); err != nil {
		return err
	}
	if err := f.takeStatus(ctx); err != nil {
		return err
	}
	for i := range f.spark {
		f.spark[i], err = child(ctx, nil, "", filepath.Join(f.Scripts, "job.sh"), strconv.Itoa(i+1), f.lakeDir())
		if err != nil {
			return err
		}
		f.tell(strings.TrimSpace(string(f.spark[i].stdout)), f.spark[i])
	}
	asked, err := child(ctx, nil, "", "python", filepath.Join(f.Scripts, "ask.py"), f.lakeDir())
	if err == nil {
		f.tell("a question to three engines", asked)
	}
	return err
}

func (f *fleet) lakeDir() string { return filepath.Join(f.dir, "lake") }

func (f *fleet) run(ctx context.Context, args ...string) (sample, error) {
	return child(ctx, nil, "", f.Seats, append([]string{"--config", filepath.Join(f.dir, "seats.yaml")}, args...)...)
}

func (f *fleet) tell(what string, s sample) {
	fmt.Fprintf(f.log, "bench: %d tenants: %s: %s, %s of processor time\n", f.tenants, what, seconds(s.took), seconds(s.cpu))
}

// takeNight runs all shards. The peak memory is that of the largest process.
func (f *fleet) takeNight(ctx context.Context) (night sample, err error) {
	shards := make([]sample, min(f.Shards, f.tenants))
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(f.AtOnce)
	for i := range shards {
		group.Go(func() (err error) {
			shards[i], err = f.run(ctx, "run", "--date", fleetDay, "--format", "csv", "--shard", fmt.Sprintf("%d/%d", i+1, len(shards)))
			return err
		})
	}
	err = group.Wait()
	night.took = time.Since(began)
	for _, s := range shards {
		night.cpu += s.cpu
		night.memory = max(night.memory, s.memory)
		night.stderr = append(night.stderr, s.stderr...)
	}
	return night, err
}

// takeStatus asks for the whole fleet's, which has a line of each tenant.
func (f *fleet) takeStatus(ctx context.Context) error {
	taken, err := alternate(f.Rounds, func() (sample, error) { return f.run(ctx, "fleet", "status", "--format", "csv") })
	if err != nil {
		return err
	}
	f.status = taken[0]
	if lines := bytes.Count(f.status.stdout, []byte("\n")) - 1; lines != f.tenants {
		return fmt.Errorf("fleet status tells of %d tenants", lines)
	}
	f.tell("fleet status", f.status)
	return nil
}

var extractedLine = regexp.MustCompile(`(?m)^seats: extracted .* sessions=(\d+) `)

// extracted is how many sessions the log says that the slices have.
func extracted(log []byte) (sessions int64) {
	for _, found := range extractedLine.FindAllSubmatch(log, -1) {
		n, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
		sessions += n
	}
	return sessions
}

// space is what the files of a folder take.
type space struct {
	files, bytes int64
	disk         int64 // bytes, in whole blocks
}

func spaceOf(dir string) (s space, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		s.files, s.bytes = s.files+1, s.bytes+info.Size()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			s.disk += stat.Blocks * 512
		}
		return nil
	})
	return s, err
}

// writeFleets prints the tables as Markdown: times and processor times, and what a tenant-night costs.
func writeFleets(w io.Writer, fleets []fleet, load float64) error {
	var b strings.Builder
	fmt.Fprintf(&b, "`make bench-fleet` on %d cores, %s, busy with %.1f processes of others at the start; seconds, and processor seconds in brackets:\n\n", runtime.NumCPU(), processor(), load)
	b.WriteString("| tenants | sessions | a night | lake, first | lake, nothing new | fleet status | Spark, 1 worker | 2 workers |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, f := range fleets {
		fmt.Fprintf(&b, "| %d | %s |", f.tenants, count(f.sessions))
		for _, s := range []sample{f.night, f.lake, f.again, f.status, f.spark[0], f.spark[1]} {
			fmt.Fprintf(&b, " %.1f (%.1f) |", s.took.Seconds(), s.cpu.Seconds())
		}
		b.WriteString("\n")
	}
	b.WriteString("\nOf each tenant and night:\n\n| tenants | run | lake | fleet status | store, first night | data in the lake | on disk | files |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, f := range fleets {
		n := int64(f.tenants)
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %d kB | %d kB | %d kB | %d |\n", n, each(f.night, n), each(f.lake, n), each(f.status, n),
			f.stores.bytes/n/1000, f.parquet.bytes/n/1000, f.parquet.disk/n/1000, f.parquet.files/n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// each is the processor time of one of n.
func each(s sample, n int64) string {
	return fmt.Sprintf("%d ms", (s.cpu / time.Duration(n)).Milliseconds())
}
