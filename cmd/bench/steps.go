package main

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
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
	//go:embed script
	scriptFolder embed.FS
)

type step struct {
	name string
	take func(*bench)
}

var steps = []step{
	{"lone", func(b *bench) { b.beside(b.lone, others) }}, {"site", func(b *bench) { b.beside(b.sites, others[:1]) }},
	{"export", (*bench).exports}, {"nights", (*bench).nights}, {"extraction", (*bench).extraction}, {"engines", (*bench).engines},
	{"growth", (*bench).growing}, {"tenants", (*bench).tenants}, {"history", (*bench).stores},
}

// hoped is what nightly runs are hoped to take beside PostgreSQL's own answer, and beside what stands first in others.
var hoped = map[days][5]targets{
	{1, 50_000}:    {{took: "≤ 1.2", cpu: "≤ 1.5"}},
	{1, 300_000}:   {{took: "≤ 0.85", cpu: "≤ 1.2", server: "≤ 1.0 s", memory: "≤ 350 MB"}, {took: "≤ 1.3"}},
	{1, 1_000_000}: {{took: "≤ 0.7", cpu: "≤ 0.95", memory: "≤ 800 MB"}, {took: "≤ 1.1"}},
	{1, 4_000_000}: {{memory: "≤ 1300 MB"}},
	{6, 1_000_000}: {{took: "≤ 1.0", cpu: "≤ 1.3", server: "≤ 0.45"}, {took: "≤ 1.0"}},
	{6, 300_000}:   {{took: "≤ 1.2"}},
	{35, 50_000}:   {{took: "≤ 1.5", cpu: "≤ 1.3", server: "≤ 0.45"}, {took: "≤ 1.0"}},
}

// script is what an engineer would write who has no seats: script/answer.py in one of its ways.
type script struct{ way, name string }

var others = []script{
	{"csv-duckdb", "a script: `psql` to CSV, DuckDB"}, {"adbc-duckdb", "ADBC, DuckDB"},
	{"connectorx-polars", "connectorx, Polars"}, {"adbc-chdb", "ADBC, chdb"},
}

// beside holds nightly runs on GIMs against others that answer the same question and keep nothing: the GIM DB itself, on a connection
// of its own as a user would ask it, and scripts. All have to agree, in every round.
func (b *bench) beside(gims []days, scripts []script) {
	for _, gim := range gims {
		config, names := b.reading(gim), []string{"PostgreSQL's own answer"}
		q, night := b.asked(config), b.night(config)
		var issued sample
		each := []measurement{func() sample { issued = night(); return issued }, b.watch(timed(func() {
			conn := b.connect(gim.schema())
			check(agree("PostgreSQL", must(q.RegionPeaks(b.ctx, conn)), issued.stdout))
			check(conn.Close(b.ctx))
		}))}
		for _, s := range scripts {
			counted := b.counted(gim, q, s.way)
			names, each = append(names, s.name), append(each, func() sample {
				answer := counted()
				var found []judge.Peak
				check(json.Unmarshal(answer.stdout, &found))
				check(agree(s.name, found, issued.stdout))
				return answer
			})
		}
		taken := alternate(b.rounds, each...)
		for i, name := range names {
			b.compare("`seats run` ÷ "+name, gim.String(), taken[0], taken[i+1], hoped[gim][i])
		}
	}
}

// counted runs the script, after psql where it reads CSV files.
func (b *bench) counted(gim days, q judge.Question, way string) measurement {
	dir := filepath.Join(b.dir, "script-"+gim.schema()+way)
	check(os.CopyFS(dir, scriptFolder))
	question, numbers := filepath.Join(dir, "question.json"), map[string]int64{"sessions_from": key(q.From - q.Lookback),
		"activities_from": key(q.From - 2*q.Lookback), "day_from": key(q.From), "day_until": q.Until, "until": q.AsOf}
	check(os.WriteFile(question, must(json.Marshal(map[string]any{"Question": q, "Numbers": numbers, "DSN": b.url(gim)})), 0o600))
	return b.watch(func() sample {
		began, copied := time.Now(), sample{}
		if way == "csv-duckdb" {
			copied = must(b.copyOut(gim, dir, string(must(scriptFolder.ReadFile("script/copy.sql"))), numbers))
		}
		counted := child(b.ctx, b.Python, filepath.Join(dir, "script", "answer.py"), way, question)
		counted.took, counted.cpu = time.Since(began), counted.cpu+copied.cpu
		return counted
	})
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
	for _, gim := range b.exported {
		configs := []string{b.reading(gim), b.exportedTo("export", gim), b.exportedTo("export-zip", gim, "--zip")}
		taken := alternate(b.rounds, b.night(configs[0]), b.night(configs[1]), b.night(configs[2]))
		first := ""
		for i, config := range configs {
			hash := child(b.ctx, b.Seats, "--config", config, "sql", "--tenant", mainTenant, "--format", "csv",
				fmt.Sprintf("select sha256 from _data.slice where day = '%s'", day))
			gave := fmt.Sprintf("slice %s and %s", hash.stdout, taken[i].stdout)
			if first = cmp.Or(first, gave); gave != first {
				check(fmt.Errorf("the export gives %s, the GIM DB %s", gave, first))
			}
		}
		b.compare("`seats run`: a folder of exports ÷ the GIM DB", gim.String(), taken[1], taken[0], targets{cpu: "≤ 1.0"})
		b.compare("`seats run`: a folder of zips ÷ the GIM DB", gim.String(), taken[2], taken[0], targets{})
		for _, config := range configs[1:] {
			check(os.RemoveAll(filepath.Dir(config))) // they are large
		}
	}
}

// exportedTo writes a GIM as its data export would, an increment a night, and the configuration of a tenant that reads it.
// The files of each chunk get the time of its name, at which an export job would have written them.
func (b *bench) exportedTo(name string, gim days, more ...string) (config string) {
	const form = "2006_01_02_15_04_05"
	say("exporting %s %v", gim, more)
	config = b.configure(name, `export_dir: "exports"`, mainTenant)
	dir := filepath.Join(filepath.Dir(config), "exports")
	child(b.ctx, b.Gimsim, slices.Concat([]string{"export", "--dir", dir, "--increments", strconv.Itoa(gim.days + 1)}, gim.simulation(), more)...)
	for _, chunk := range must(filepath.Glob(filepath.Join(dir, "*"))) {
		at := must(time.Parse(form, chunk[len(chunk)-len(form):]))
		check(filepath.WalkDir(chunk, func(path string, _ fs.DirEntry, _ error) error { return os.Chtimes(path, at, at) }))
	}
	return config
}

// nights holds what is small against work that is the same everywhere, so that machines compare: a tenant's first and second night
// from exports, and the month of the bundled export.
func (b *bench) nights() {
	tenant := b.exportedTo("nights", days{2, 70})
	demo := filepath.Join(b.dir, "demo")
	check(os.CopyFS(demo, os.DirFS("testdata/demo")))
	taken := alternate(5*b.rounds, b.night(tenant), b.run(tenant, "run", "--date", day.AddDays(1).String()),
		b.runFresh(filepath.Join(demo, "seats.yaml"), "run", "--month", "2026-03"), timed(func() {
			slices.Sort(rand.New(rand.NewPCG(1, 2)).Perm(1_000_000))
		}))
	for i, night := range []struct{ what, size, target string }{
		{"first night", "a tenant of 70 from exports", "≤ 0.06 s"}, {"second night", "the same", "≤ 0.05 s"}, {"month", "the demo", "≤ 1.0 s"},
	} {
		b.compare("`seats run`, "+night.what+" ÷ sorting a million numbers", night.size, taken[i], taken[3], targets{cpu: night.target})
	}
}

// copyOut has psql run a script of copies in a folder.
func (b *bench) copyOut(gim days, dir, script string, numbers map[string]int64, args ...string) (sample, error) {
	for name, v := range numbers {
		args = append(args, "--set="+name+"="+strconv.FormatInt(v, 10))
	}
	cmd := exec.CommandContext(b.ctx, b.Psql, append(args, "--quiet", "--no-psqlrc", b.url(gim))...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	return run(cmd)
}

// key is GIM's time key of a second: where its 15 minutes begin.
func key(ts int64) int64 { return ts - ts%900 }

// extraction holds reading a slice against copying its rows to nowhere, by two psql, as many as seats has readers.
func (b *bench) extraction() {
	gim, config := b.sites[0], b.reading(b.sites[0])
	q := b.asked(config)
	dayFrom, middle := key(q.From), key(q.From+(q.Until-q.From)/2)
	halves := []map[string]int64{
		{"first": 1, "from": dayFrom, "until": middle, "around_from": key(q.From - 2*q.Lookback), "around_until": dayFrom},
		{"first": 0, "from": middle, "until": q.Until, "around_from": q.Until, "around_until": q.Until + q.Lookback},
	}
	taken := alternate(b.rounds, b.runFresh(config, "extract", "--date", day.String()), b.watch(timed(func() {
		var group errgroup.Group
		for _, half := range halves {
			group.Go(func() error {
				half["sessions_from"], half["day_from"], half["day_until"] = key(q.From-q.Lookback), dayFrom, q.Until
				_, err := b.copyOut(gim, b.dir, copySliceSQL, half, "--output="+os.DevNull)
				return err
			})
		}
		check(group.Wait())
	})))
	b.compare("`seats extract`, two readers ÷ two `psql` copying the same rows to /dev/null", gim.String(), taken[0], taken[1], targets{took: "≤ 1.3"})
}

// engines holds the two computations, and the hash of the slice, against the run that they are part of.
func (b *bench) engines() {
	size, config := b.sites[0].String(), b.reading(b.sites[0])
	run := sample{took: b.night(config)().took}
	timed := child(b.ctx, must(os.Executable()), "engine", "--config", config, "--tenant", mainTenant, "--rounds", strconv.Itoa(b.rounds))
	var whole, sweep, hash sample
	must(fmt.Sscan(string(timed.stdout), &whole.took, &sweep.took, &hash.took))
	b.compare("both computations, comparison and storing ÷ `seats run`", size, whole, run, targets{})
	b.compare("sweep, reading its rows ÷ both computations", size, sweep, whole, targets{})
	b.compare("hash of the slice ÷ `seats run`", size, hash, run, targets{took: "≤ 0.03"})
}

func (b *bench) growing() {
	var runs []measurement
	for _, n := range b.growth {
		runs = append(runs, b.night(b.reading(days{1, n})))
	}
	taken := alternate(b.rounds, runs...)
	goals := []targets{{}, {took: "≤ 18", memory: "≤ 10"}} // of the whole growth, which is sixteenfold
	for i, s := range taken[1:] {
		from, to := b.growth[0], b.growth[i+1]
		goals[i].memory = cmp.Or(hoped[days{1, to}][0].memory, goals[i].memory)
		b.compare("growth of `seats run`", fmt.Sprintf("lone day, %s → %s (%d ×)", count(from), count(to), to/from), s, taken[0], goals[i])
	}
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
	of := "tenants of " + count(b.tenant)
	b.compare("4 tenants in a row ÷ 1", of, taken[1], taken[0], targets{took: "≤ 4"})
	b.compare("16 tenants in a row ÷ 1", of, taken[2], taken[0], targets{took: "≤ 16"})
	b.compare("16 tenants at once (`--jobs 16`) ÷ in a row", of, taken[3], taken[2], targets{})
}

func (b *bench) stores() {
	again := func(held int) measurement {
		config := b.configure("history-"+strconv.Itoa(held), b.gimdb(days{1, b.historyDay}), mainTenant)
		run := b.run(config, "run", "--date", day.String(), "--refresh")
		run()
		if held > 1 {
			child(b.ctx, must(os.Executable()), "repeat", "--config", config, "--tenant", mainTenant, "--days", strconv.Itoa(held))
		}
		return run
	}
	one := again(1)
	taken := alternate(b.rounds, again(b.history), one)
	b.compare(fmt.Sprintf("run with %d days in the store ÷ with one", b.history), "days of "+count(b.historyDay), taken[0], taken[1], targets{took: "≤ 1.1"})
}
