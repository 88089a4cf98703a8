package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// fleetCmd measures sites of many small tenants, from export folders: a night in shards, the lake, `fleet status`, and the
// comparison on a Spark cluster of one and of two workers; a question is put to three engines. Beside each time stands the
// processor time, its children's included: it holds where something else keeps the machine busy, too. Every number has to be the
// issued one, and the answers the same.
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

func (c *fleetCmd) Run(ctx context.Context) error {
	dir := must(os.MkdirTemp("", "seats-bench-"))
	defer os.RemoveAll(dir)
	load, fleets := busy(), make([]fleet, len(c.Tenants))
	for i, tenants := range c.Tenants {
		fleets[i] = fleet{fleetCmd: c, ctx: ctx, dir: filepath.Join(dir, strconv.Itoa(tenants)), tenants: tenants}
		fleets[i].measure()
	}
	return writeFleets(os.Stdout, fleets, load)
}

// fleet is a site and what was measured at it.
type fleet struct {
	*fleetCmd
	ctx     context.Context
	dir     string
	tenants int

	sessions                   int64
	night, lake, again, status sample
	spark                      [2]sample // on one worker, on two
	stores, parquet            space
}

func (f *fleet) measure() {
	lake := filepath.Join(f.dir, "lake")
	script := func(name string, args ...string) sample { return child(f.ctx, filepath.Join(f.Scripts, name), args...) }
	tell := func(what string, s sample) sample {
		say("%d tenants: %s: %s, %s of processor time", f.tenants, what, seconds(s.took), seconds(s.cpu))
		return s
	}
	script("site.sh", f.dir, strconv.Itoa(f.tenants), "1")
	f.night = tell("a night", f.takeNight())
	f.sessions = extracted(f.night.stderr)
	f.stores = must(spaceOf(filepath.Join(f.dir, "var")))
	f.lake = tell("the lake", must(f.run("export", "--lake", lake)))
	f.again = tell("the lake", must(f.run("export", "--lake", lake)))
	f.parquet = must(spaceOf(lake))
	f.status = tell("fleet status", alternate(f.Rounds, func() sample { return must(f.run("fleet", "status", "--format", "csv")) })[0])
	if lines := bytes.Count(f.status.stdout, []byte("\n")) - 1; lines != f.tenants {
		check(fmt.Errorf("fleet status tells of %d tenants, not of %d", lines, f.tenants))
	}
	for i := range f.spark {
		f.spark[i] = script("job.sh", strconv.Itoa(i+1), lake)
		tell(strings.TrimSpace(string(f.spark[i].stdout)), f.spark[i])
	}
	tell("a question to three engines", child(f.ctx, "python", filepath.Join(f.Scripts, "ask.py"), lake))
}

func (f *fleet) run(args ...string) (sample, error) {
	return run(exec.CommandContext(f.ctx, f.Seats, append([]string{"--config", filepath.Join(f.dir, "seats.yaml")}, args...)...))
}

// takeNight runs all shards. The peak memory is that of the largest process.
func (f *fleet) takeNight() sample {
	shards := make([]sample, min(f.Shards, f.tenants))
	night := timed(func() {
		var group errgroup.Group
		group.SetLimit(f.AtOnce)
		for i := range shards {
			group.Go(func() (err error) {
				shards[i], err = f.run("run", "--date", fleetDay, "--format", "csv", "--shard", fmt.Sprintf("%d/%d", i+1, len(shards)))
				return err
			})
		}
		check(group.Wait())
	})()
	for _, s := range shards {
		night.cpu += s.cpu
		night.memory = max(night.memory, s.memory)
		night.stderr = append(night.stderr, s.stderr...)
	}
	return night
}

var extractedLine = regexp.MustCompile(`(?m)^seats: extracted .* sessions=(\d+) `)

// extracted is how many sessions the log says that the slices have.
func extracted(log []byte) (sessions int64) {
	for _, found := range extractedLine.FindAllSubmatch(log, -1) {
		sessions += must(strconv.ParseInt(string(found[1]), 10, 64))
	}
	return sessions
}

// space is what the files of a folder take.
type space struct {
	files, bytes int64
	disk         int64 // bytes, in whole blocks
}

func spaceOf(dir string) (s space, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		var stat syscall.Stat_t
		if err := syscall.Lstat(path, &stat); err != nil {
			return err
		}
		s.files, s.bytes, s.disk = s.files+1, s.bytes+stat.Size, s.disk+stat.Blocks*512
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
		fmt.Fprintf(&b, "| %d |", n)
		for _, s := range []sample{f.night, f.lake, f.status} {
			fmt.Fprintf(&b, " %d ms |", s.cpu.Milliseconds()/n)
		}
		fmt.Fprintf(&b, " %d kB | %d kB | %d kB | %d |\n", f.stores.bytes/n/1000, f.parquet.bytes/n/1000, f.parquet.disk/n/1000, f.parquet.files/n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
