package main

import (
	"bytes"
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
	scripts embed.FS
)

type step struct {
	name string
	take func(*bench)
}

var steps = []step{
	{"lone", (*bench).loneDays}, {"site", (*bench).realSites}, {"export", (*bench).exports}, {"nights", (*bench).nights},
	{"extraction", (*bench).extraction}, {"engines", (*bench).engines}, {"growth", (*bench).growing}, {"tenants", (*bench).tenants},
	{"history", (*bench).stores},
}

// hoped is what nightly runs are hoped to take beside PostgreSQL's own answer, and beside the script.
var hoped = map[days][2]targets{
	{1, 50_000}:    {{took: "≤ 1.2", cpu: "≤ 1.5"}},
	{1, 300_000}:   {{took: "≤ 0.85", cpu: "≤ 1.2", server: "≤ 1.0 s", memory: "≤ 350 MB"}, {took: "≤ 1.3"}},
	{1, 1_000_000}: {{took: "≤ 0.7", cpu: "≤ 0.95", memory: "≤ 800 MB"}, {took: "≤ 1.1"}},
	{6, 1_000_000}: {{took: "≤ 1.0", cpu: "≤ 1.3", server: "≤ 0.45"}, {took: "≤ 1.0"}},
	{6, 300_000}:   {{took: "≤ 1.2"}},
	{35, 50_000}:   {{took: "≤ 1.5", cpu: "≤ 1.3", server: "≤ 0.45"}, {took: "≤ 1.0"}},
}

func (b *bench) loneDays() {
	b.beside(b.lone, []string{"csv-duckdb", "adbc-duckdb", "connectorx-polars", "adbc-chdb"})
}

func (b *bench) realSites() { b.beside(b.sites, []string{"csv-duckdb"}) }

// beside holds nightly runs against others that answer the same question and keep nothing: the GIM DB itself, on a connection of its
// own as a user would ask it, and what an engineer would write who has no seats. All have to agree in every round.
func (b *bench) beside(gims []days, ways []string) {
	for _, gim := range gims {
		config := b.reading(gim)
		q, night := b.asked(config), b.night(config)
		var issued sample
		names, each := []string{"PostgreSQL's own answer"}, []measurement{func() sample { issued = night(); return issued }, b.watch(timed(func() {
			conn := b.connect(gim.schema())
			check(agree("PostgreSQL", must(q.RegionPeaks(b.ctx, conn)), issued.stdout))
			check(conn.Close(b.ctx))
		}))}
		for _, way := range ways {
			script := b.written(gim, q, way)
			names = append(names, wayNames[way])
			each = append(each, func() sample {
				answer := script()
				check(agree(way, peaks(answer.stdout), issued.stdout))
				return answer
			})
		}
		taken := alternate(b.rounds, each...)
		for i, name := range names {
			var target targets
			if i < len(hoped[gim]) {
				target = hoped[gim][i]
			}
			b.compare("`seats run` ÷ "+name, gim.String(), taken[0], taken[i+1], target)
		}
	}
}

// wayNames are the ways of script/answer.py.
var wayNames = map[string]string{
	"csv-duckdb": "a script: `psql` to CSV, DuckDB", "adbc-duckdb": "ADBC, DuckDB", "connectorx-polars": "connectorx, Polars", "adbc-chdb": "ADBC, chdb",
}

// written is a script that an engineer would write: script/answer.py in one of its ways, after psql where that reads CSV files.
func (b *bench) written(gim days, q judge.Question, way string) measurement {
	dir, numbers := filepath.Join(b.dir, "script-"+gim.schema()), map[string]int64{
		"sessions_from": key(q.From - q.Lookback), "activities_from": key(q.From - 2*q.Lookback), "day_from": key(q.From), "day_until": q.Until, "until": q.AsOf}
	if _, err := os.Stat(dir); err != nil {
		check(os.CopyFS(dir, scripts))
	}
	program, question := filepath.Join(dir, "script", "answer.py"), filepath.Join(dir, "question.json")
	check(os.WriteFile(question, must(json.Marshal(struct {
		judge.Question
		Numbers map[string]int64
		DSN     string
	}{q, numbers, b.url(gim)})), 0o600))
	copies := string(must(scripts.ReadFile("script/copy.sql")))
	return b.watch(func() sample {
		began, copied := time.Now(), sample{}
		if way == "csv-duckdb" {
			copied = must(b.copyOut(gim, dir, copies, numbers))
		}
		counted := child(b.ctx, b.Python, program, way, question)
		counted.took, counted.cpu = time.Since(began), counted.cpu+copied.cpu
		return counted
	})
}

// peaks reads what such a script prints.
func peaks(printed []byte) (all []judge.Peak) {
	for d := json.NewDecoder(bytes.NewReader(printed)); d.More(); {
		var p judge.Peak
		check(d.Decode(&p))
		all = append(all, p)
	}
	return all
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
		gave := make([]string, len(configs))
		for i, config := range configs {
			hash := child(b.ctx, b.Seats, "--config", config, "sql", "--tenant", mainTenant, "--format", "csv",
				fmt.Sprintf("select sha256 from _data.slice where day = '%s'", day))
			if gave[i] = fmt.Sprintf("slice %s and %s", hash.stdout, taken[i].stdout); gave[i] != gave[0] {
				check(fmt.Errorf("the export gives %s, the GIM DB %s", gave[i], gave[0]))
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
	demo := filepath.Join(b.dir, "demo", "seats.yaml")
	text := strings.ReplaceAll(string(must(os.ReadFile("testdata/demo/seats.yaml"))), "export_dir: ", "export_dir: "+must(filepath.Abs("testdata/demo"))+"/")
	check(os.MkdirAll(filepath.Dir(demo), 0o700))
	check(os.WriteFile(demo, []byte(text), 0o600))
	taken := alternate(5*b.rounds, b.night(tenant), b.run(tenant, "run", "--date", day.AddDays(1).String()),
		b.runFresh(demo, "run", "--month", "2026-03"), timed(func() {
			numbers, random := make([]uint64, 1_000_000), rand.New(rand.NewPCG(1, 2))
			for i := range numbers {
				numbers[i] = random.Uint64()
			}
			slices.Sort(numbers)
		}))
	for i, night := range []struct{ what, target string }{
		{"a tenant's first night, 70 sessions from exports", "≤ 60 ms"}, {"its second night", "≤ 50 ms"}, {"the demo's month", "≤ 1.0 s"},
	} {
		b.compare(night.what+" ÷ sorting a million numbers", "", taken[i], taken[3], targets{cpu: night.target})
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
	gim := b.sites[0]
	config := b.reading(gim)
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
	sql := sample{took: whole.took - sweep.took}
	b.compare("SQL engine, comparison and storing ÷ `seats run`", size, sql, run, targets{})
	b.compare("sweep, reading its rows ÷ SQL engine", size, sweep, sql, targets{})
	b.compare("hash of the slice ÷ `seats run`", size, hash, run, targets{took: "≤ 0.03"})
}

func (b *bench) growing() {
	var runs []measurement
	for _, n := range b.growth {
		runs = append(runs, b.night(b.reading(days{1, n})))
	}
	taken := alternate(b.rounds, runs...)
	small, last := taken[0], taken[len(taken)-1]
	goals := []targets{{}, {took: "≤ 18", memory: "≤ 10"}} // of the whole growth, which is sixteenfold
	for i, s := range taken[1:] {
		from, to := b.growth[0], b.growth[i+1]
		b.compare("growth of `seats run`", fmt.Sprintf("lone day, %s → %s sessions (%d ×)", count(from), count(to), to/from), s, small, goals[i])
	}
	if largest := b.growth[2]; largest == 4_000_000 {
		b.compare("the largest `seats run`", days{1, largest}.String(), last, sample{}, targets{memory: "≤ 1300 MB"})
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
			say("giving a store %d days", held)
			child(b.ctx, must(os.Executable()), "repeat", "--config", config, "--tenant", mainTenant, "--days", strconv.Itoa(held))
		}
		return run
	}
	one := again(1)
	taken := alternate(b.rounds, again(b.history), one)
	b.compare(fmt.Sprintf("run with %d days in the store ÷ with one", b.history), "days of "+count(b.historyDay), taken[0], taken[1], targets{took: "≤ 1.1"})
}
