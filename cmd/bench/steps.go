package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"seats/internal/judge"
)

var (
	//go:embed copy_slice.sql
	copySliceSQL string
	//go:embed day_tables.sql
	dayTablesSQL string
	//go:embed repeat.sql
	repeatSQL string
	//go:embed script/copy.sql
	scriptCopySQL string
	//go:embed script/answer.py
	scriptAnswerPy string
)

type step struct {
	name   string
	take   func(*bench)
	onMain bool // reads the GIM that most is measured on
}

var steps = []step{
	{"whole", (*bench).whole, true}, {"export", (*bench).exports, true}, {"script", (*bench).written, true}, {"extraction", (*bench).extraction, true},
	{"engines", (*bench).engines, true}, {"growth", (*bench).growing, false}, {"tenants", (*bench).tenants, false}, {"history", (*bench).stores, false},
}

// whole holds nightly runs against the question that they answer, put to the GIM DB itself, on a connection of its own as a user
// would. The answers have to agree.
func (b *bench) whole() {
	targets := map[int]string{1_000_000: "≤ 1.0", 300_000: "≤ 1.2", 50_000: "≤ 1.5"}
	for i, gim := range b.days {
		var theirs []judge.Peak
		taken := alternate(b.rounds, b.night(b.configure("whole-"+gim.schema(), b.gimdb(gim), mainTenant)), b.watch(timed(func() {
			conn := b.connect(gim.schema())
			theirs = must(b.question.RegionPeaks(b.ctx, conn))
			check(conn.Close(b.ctx))
		})))
		ours, asked := taken[0], taken[1]
		check(agree("PostgreSQL", theirs, ours.stdout))
		size := fmt.Sprintf("%d days of %s sessions", gim.days, count(gim.sessions))
		b.compare("whole `seats run` ÷ PostgreSQL's own answer", targets[gim.sessions], size, ours, asked)
		if i == 0 {
			b.compareCPU("the GIM DB's processor time: `seats run` ÷ its own answer", "≤ 0.45", b.sessions, ours.server, asked.server)
			b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the GIM DB's own answer", "≤ 1.3", b.sessions, ours.cpu+ours.server, asked.server)
		}
	}
}

// agree fails where an answer is not what seats printed with `run --format json`: then one of them is wrong, and no time matters.
func agree(what string, theirs []judge.Peak, printed []byte) error {
	var rows []struct {
		Region, Measure string
		Value           int64
		PeakAt          time.Time `json:"peak_at"`
		PeakSeconds     int64     `json:"peak_seconds"`
	}
	if err := json.Unmarshal(printed, &rows); err != nil {
		return fmt.Errorf("read what seats printed: %w", err)
	}
	var ours []judge.Peak
	for _, r := range rows {
		p := judge.Peak{Region: r.Region, Agents: r.Value, Seconds: r.PeakSeconds}
		if r.Value > 0 {
			p.At = r.PeakAt.Unix()
		}
		if r.Measure == "concurrent" {
			ours = append(ours, p)
		}
	}
	slices.SortFunc(ours, func(a, b judge.Peak) int { return strings.Compare(a.Region, b.Region) })
	if !slices.Equal(ours, theirs) {
		return fmt.Errorf("%s: seats issued %+v, the answer is %+v", what, ours, theirs)
	}
	return nil
}

// exports holds a nightly run on a folder of exports, one chunk a night, against the same run on the GIM DB that they were
// made of. Numbers and slices have to be the same.
func (b *bench) exports() {
	configs := []string{b.config, b.exportedTo("export"), b.exportedTo("export-zip", "--zip")}
	taken := alternate(b.rounds, b.night(configs[0]), b.night(configs[1]), b.night(configs[2]))
	gave := make([]string, len(configs))
	for i, config := range configs {
		hash := child(b.ctx, b.Seats, "--config", config, "sql", "--tenant", mainTenant, "--format", "csv",
			fmt.Sprintf("select sha256 from _data.slice where day = '%s'", day))
		if gave[i] = fmt.Sprintf("slice %s and %s", hash.stdout, taken[i].stdout); gave[i] != gave[0] {
			check(fmt.Errorf("the export gives %s, the GIM DB %s", gave[i], gave[0]))
		}
	}
	b.compare("whole `seats run`: a folder of exports ÷ the GIM DB", "≤ 1.2", b.sessions, taken[1], taken[0])
	b.compareCPU("all processor time: on exports ÷ on the GIM DB, with the server's", "≤ 1.2", b.sessions, taken[1].cpu, taken[0].cpu+taken[0].server)
	b.compare("whole `seats run`: a folder of zips ÷ the GIM DB", "", b.sessions, taken[2], taken[0])
}

// exportedTo writes the GIM as its data export would, an increment a night, and the configuration of a tenant that reads it.
// The files of each chunk get the time of its name, at which an export job would have written them.
func (b *bench) exportedTo(name string, more ...string) (config string) {
	const form = "2006_01_02_15_04_05"
	say("exporting %d days of %s sessions %v", b.main.days, count(b.main.sessions), more)
	config = b.configure(name, `export_dir: "exports"`, mainTenant)
	dir := filepath.Join(filepath.Dir(config), "exports")
	child(b.ctx, b.Gimsim, slices.Concat([]string{"export", "--dir", dir, "--increments", strconv.Itoa(b.main.days + 1)}, b.main.simulation(), more)...)
	for _, chunk := range must(filepath.Glob(filepath.Join(dir, "*"))) {
		at := must(time.Parse(form, chunk[len(chunk)-len(form):]))
		check(filepath.WalkDir(chunk, func(path string, _ fs.DirEntry, _ error) error { return os.Chtimes(path, at, at) }))
	}
	return config
}

// written holds a nightly run against the script that an engineer would write who has no seats: psql copies rows into CSV files,
// another client of DuckDB counts. The answers have to agree.
func (b *bench) written() {
	q, dir := b.question, filepath.Join(b.dir, "script")
	program, asked := filepath.Join(dir, "answer.py"), filepath.Join(dir, "question.json")
	check(os.MkdirAll(dir, 0o700))
	check(os.WriteFile(program, []byte(scriptAnswerPy), 0o600))
	check(os.WriteFile(asked, must(json.Marshal(q)), 0o600))
	taken := alternate(b.rounds, b.night(b.config), b.watch(func() sample {
		began := time.Now()
		copied := must(b.copyOut(dir, scriptCopySQL, map[string]int64{
			"sessions_from": key(q.From - q.Lookback), "activities_from": key(q.From - 2*q.Lookback),
			"day_from": key(q.From), "day_until": q.Until, "until": q.AsOf}))
		counted := child(b.ctx, b.Python, program, asked)
		counted.took, counted.cpu = time.Since(began), counted.cpu+copied.cpu
		return counted
	}))
	var theirs []judge.Peak
	for d := json.NewDecoder(bytes.NewReader(taken[1].stdout)); d.More(); {
		var p judge.Peak
		check(d.Decode(&p))
		theirs = append(theirs, p)
	}
	check(agree("the script", theirs, taken[0].stdout))
	b.compare("whole `seats run` ÷ a script: psql to CSV, another DuckDB client", "≤ 1.0", b.sessions, taken[0], taken[1])
	b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the script's with the GIM DB's", "", b.sessions,
		taken[0].cpu+taken[0].server, taken[1].cpu+taken[1].server)
}

// copyOut has psql run a script of copies in a folder.
func (b *bench) copyOut(dir, script string, numbers map[string]int64, args ...string) (sample, error) {
	for name, v := range numbers {
		args = append(args, "--set="+name+"="+strconv.FormatInt(v, 10))
	}
	cmd := exec.CommandContext(b.ctx, b.Psql, append(args, "--quiet", "--no-psqlrc", b.dsn.ConnString())...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), "PGOPTIONS=-c search_path="+b.main.schema()), strings.NewReader(script)
	return run(cmd)
}

// key is GIM's time key of a second: where its 15 minutes begin.
func key(ts int64) int64 { return ts - ts%900 }

// extraction holds reading a slice against copying its rows to nowhere, by two psql, as many as seats has readers.
func (b *bench) extraction() {
	q := b.question
	dayFrom, middle := key(q.From), key(q.From+(q.Until-q.From)/2)
	halves := []map[string]int64{
		{"first": 1, "from": dayFrom, "until": middle, "around_from": key(q.From - 2*q.Lookback), "around_until": dayFrom},
		{"first": 0, "from": middle, "until": q.Until, "around_from": q.Until, "around_until": q.Until + q.Lookback},
	}
	taken := alternate(b.rounds, b.runFresh(b.config, "extract", "--date", day.String()), b.watch(timed(func() {
		var group errgroup.Group
		for _, half := range halves {
			group.Go(func() error {
				half["sessions_from"], half["day_from"], half["day_until"] = key(q.From-q.Lookback), dayFrom, q.Until
				_, err := b.copyOut(b.dir, copySliceSQL, half, "--output="+os.DevNull)
				return err
			})
		}
		check(group.Wait())
	})))
	b.compare("`seats extract`, two readers ÷ two `psql` copying the same rows to /dev/null", "≤ 1.3", b.sessions, taken[0], taken[1])
	b.compareCPU("the GIM DB's processor time: `seats extract` ÷ the same copies", "", b.sessions, taken[0].server, taken[1].server)
}

// engines holds the two computations, and the hash of the slice, against the run that they are part of.
func (b *bench) engines() {
	run := b.night(b.config)()
	timed := child(b.ctx, must(os.Executable()), "engine", "--config", b.config, "--tenant", mainTenant, "--rounds", strconv.Itoa(b.rounds))
	var whole, sweep, hash sample
	must(fmt.Sscan(string(timed.stdout), &whole.took, &sweep.took, &hash.took))
	sql := sample{took: whole.took - sweep.took, memory: timed.memory}
	b.compare("SQL engine, comparison and storing ÷ whole run", "", b.sessions, sql, run)
	b.compare("sweep, reading its rows ÷ SQL engine", "", b.sessions, sweep, sql)
	b.compare("hash of the slice ÷ whole run", "≤ 0.03", b.sessions, hash, run)
}

func (b *bench) growing() {
	var runs []measurement
	for _, n := range b.growth {
		runs = append(runs, b.night(b.configure("growth-"+strconv.Itoa(n), b.gimdb(days{1, n}), mainTenant)))
	}
	taken := alternate(b.rounds, runs...)
	small, last := taken[0], taken[len(taken)-1]
	targets := [][2]string{{}, {"≤ 18", "≤ 10"}} // of the whole growth, which is sixteenfold
	for i, s := range taken[1:] {
		from, to := b.growth[0], b.growth[i+1]
		steps := fmt.Sprintf("%s → %s sessions (%d ×)", count(from), count(to), to/from)
		b.compare("growth of a run's time", targets[i][0], steps, s, small)
		b.add(row{"growth of a run's peak memory", fmt.Sprintf("%.2f", float64(s.memory)/float64(small.memory)), targets[i][1],
			megabytes(s.memory) + " ÷ " + megabytes(small.memory), steps, 0})
	}
	target := ""
	if b.growth[2] == 4_000_000 {
		target = "≤ 1500 MB"
	}
	b.add(row{"peak memory of the largest run", megabytes(last.memory), target, seconds(last.took), count(b.growth[2]) + " sessions", last.memory})
}

// tenants runs one, four and sixteen small tenants, in a row and at once.
func (b *bench) tenants() {
	const most = 16
	names := make([]string, most)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%02d", i+1)
	}
	config := b.configure("tenants", b.gimdb(days{1, b.tenant}), names...)
	run := func(n, jobs int) measurement {
		return b.night(config, "--jobs", strconv.Itoa(jobs), "--tenant", strings.Join(names[:n], ","))
	}
	taken := alternate(b.rounds, run(1, 1), run(4, 1), run(most, 1), run(most, most))
	of := "tenants of " + count(b.tenant) + " sessions"
	b.compare("4 tenants in a row ÷ 1", "≤ 4", of, taken[1], taken[0])
	b.compare("16 tenants in a row ÷ 1", "≤ 16", of, taken[2], taken[0])
	b.compare("16 tenants at once (`--jobs 16`) ÷ in a row", "", of, taken[3], taken[2])
}

func (b *bench) stores() {
	again := func(held int) measurement {
		config := b.configure("history-"+strconv.Itoa(held), b.gimdb(days{1, b.historyDay}), mainTenant)
		run := b.run(config, "run", "--date", day.String(), "--refresh")
		run()
		if held > 1 {
			say("giving a store %d days", held)
			child(b.ctx, must(os.Executable()), "repeat", "--config", config, "--tenant", mainTenant, "--days", strconv.Itoa(held))
		}
		return run
	}
	one := again(1)
	taken := alternate(b.rounds, again(b.history), one)
	b.compare(fmt.Sprintf("run with %d days in the store ÷ with one", b.history), "≤ 1.1",
		fmt.Sprintf("days of %s sessions", count(b.historyDay)), taken[0], taken[1])
}
