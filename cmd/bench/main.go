// Command bench measures seats against what a user would do instead. `make bench` runs it.
//
// Every figure is a ratio of two things measured in one run on one machine, in turns (A B A B ...), each the
// median of at least three: so it can be compared between machines, and between versions. The table goes to
// standard output, as Markdown; what is being done goes to standard error. A figure that misses its target is
// shown, and is no failure; an answer of anybody's that differs from what seats issued is one.
//
// What many tenants cost, in processor seconds and bytes, is measured by spark/bench.py: `make bench-fleet`.
//
// It needs a PostgreSQL that it may fill, on this machine: SEATS_TEST_PG, as with-postgres.sh sets it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5"

	"seats/compute"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/judge"
	"seats/internal/store"
)

type commands struct {
	Run    runCmd    `cmd:"" default:"withargs" help:"Measure everything, and print the table."`
	Engine engineCmd `cmd:"" hidden:"" help:"Time the two computations on a store; a process of its own, to measure its memory."`
	Repeat repeatCmd `cmd:"" hidden:"" help:"Repeat a store's day on other dates; a process of its own, likewise."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := try(func() { check(k.Run()) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// check gives an error to main. A measurement needs all that came before it, so that nobody in between could go on; what is
// deferred there is done.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func try(f func()) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	f()
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

type sample struct {
	took   time.Duration
	memory int64         // peak, bytes; 0 where nothing was measured
	cpu    time.Duration // processor time of the program, its children included
	server time.Duration // processor time of the PostgreSQL server meanwhile
	stdout []byte
}

// measurement is how one side of a ratio is taken.
type measurement func() sample

// timed measures what this process does itself, and its children.
func timed(f func()) measurement {
	used := func() time.Duration {
		var own, others syscall.Rusage
		check(errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &own), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &others)))
		return time.Duration(own.Utime.Nano() + own.Stime.Nano() + others.Utime.Nano() + others.Stime.Nano())
	}
	return func() sample {
		began, before := time.Now(), used()
		f()
		return sample{took: time.Since(began), cpu: used() - before}
	}
}

// child runs a program to its end. Its peak memory is what the kernel counted for it and its children. The
// kernel also counts what the parent held when it started it, so the parent has to stay small.
func child(ctx context.Context, name string, args ...string) sample {
	return must(run(exec.CommandContext(ctx, name, args...)))
}

// run is child of a command that says more.
func run(cmd *exec.Cmd) (sample, error) {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // a script ends what it started
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("run %s: %w\n%s", cmd, err, stderr.Bytes())
	}
	return sample{
		took: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		memory: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024, // Linux counts in KiB
		stdout: stdout.Bytes(),
	}, nil
}

// alternate takes measurements in turns, so that what else the machine does falls on all of them alike. It
// returns of each the one of median time, with the medians of the processor times and the largest memory.
func alternate(rounds int, each ...measurement) []sample {
	taken, medians := make([][]sample, len(each)), make([]sample, len(each))
	for range rounds {
		for i, measure := range each {
			taken[i] = append(taken[i], measure())
		}
	}
	for i, of := range taken {
		by := func(what func(sample) int64) sample {
			slices.SortFunc(of, func(a, b sample) int { return cmp.Compare(what(a), what(b)) })
			return of[len(of)/2]
		}
		cpu := by(func(s sample) int64 { return int64(s.cpu) }).cpu
		server := by(func(s sample) int64 { return int64(s.server) }).server
		memory := slices.MaxFunc(of, func(a, b sample) int { return cmp.Compare(a.memory, b.memory) }).memory
		medians[i] = by(func(s sample) int64 { return int64(s.took) })
		medians[i].cpu, medians[i].server, medians[i].memory = cpu, server, memory
	}
	return medians
}

// processor names the machine's, as Linux does.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // nothing, elsewhere
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.*\S)`).FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

// serverTime is the processor time of a PostgreSQL server so far: of its first process, of the children that it
// has waited for, and of those that run. What background processes do is in it, on both sides of a ratio.
func serverTime(postmaster int) (used time.Duration) {
	pid := strconv.Itoa(postmaster)
	for _, file := range must(filepath.Glob("/proc/[0-9]*/stat")) {
		stat, _ := os.ReadFile(file) // of one that has ended since there is nothing: it is waited for by now
		// The name, in parentheses, may hold anything: fields are counted after it, the first being the third.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 15 || fields[1] != pid && filepath.Dir(file) != "/proc/"+pid {
			continue
		}
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			used += time.Duration(must(strconv.ParseInt(field, 10, 64))) * 10 * time.Millisecond // the unit in which Linux hands them out, whatever its own is
		}
	}
	return used
}

func seconds(ns int64) string { return fmt.Sprintf("%.3g s", float64(ns)/1e9) }

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1e6) }

// count writes a number as people say it: 100 k, 1.25 M.
func count[T int | int64](n T) string {
	switch {
	case n >= 1_000_000:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", float64(n)/1e6), "0"), ".") + " M"
	case n >= 1_000:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return fmt.Sprint(n)
}

type runCmd struct {
	Size   string   `enum:"smoke,small,full" default:"small" help:"How much is measured: ${enum}."`
	Only   []string `enum:"lone,site,export,nights,extraction,engines,growth,tenants,history" help:"Only these: ${enum}."`
	Seats  string   `default:"bin/seats" type:"existingfile" help:"The program."`
	Gimsim string   `default:"bin/gimsim" type:"existingfile" help:"The simulator."`
	Psql   string   `default:"psql" help:"PostgreSQL's client."`
	Python string   `default:"python3" help:"Python with the packages of script/*.py."`
}

// size is how much is measured. Sessions are voice sessions of a tenant's day, give or take a few per cent: they
// are drawn, not dealt.
type size struct {
	lone       []days // GIMs of one day
	sites      []days // GIMs of several; its parts are measured on the first
	exported   []days // GIMs that are read from exports, too
	growth     [3]int // sessions of GIMs of one day
	tenant     int    // sessions of each of several small tenants
	historyDay int    // sessions of each day of a store that has many
	history    int    // days in that store
	rounds     int    // of each measurement
}

// days is a GIM whose tables hold so many days in the order of time, as GIM's ETL writes them. The last but one is measured:
// four before it can matter, and one after it.
type days struct{ days, sessions int }

func (d days) String() string {
	if d.days == 1 {
		return "lone day of " + count(d.sessions)
	}
	return fmt.Sprintf("%d days of %s", d.days, count(d.sessions))
}

// sizes: smoke is there to see that everything still works, and its figures say nothing. Thirty-five days of a million
// sessions would be 56 GB: of those, as many as are read.
var sizes = map[string]size{
	"smoke": {lone: []days{{1, 1_000}}, sites: []days{{6, 2_000}}, exported: []days{{6, 2_000}}, growth: [3]int{500, 2_000, 8_000},
		tenant: 500, historyDay: 500, history: 10, rounds: 1},
	"small": {lone: []days{{1, 50_000}}, sites: []days{{35, 50_000}}, exported: []days{{35, 50_000}}, growth: [3]int{25_000, 100_000, 400_000},
		tenant: 2_000, historyDay: 25_000, history: 100, rounds: 3},
	"full": {lone: []days{{1, 50_000}, {1, 300_000}, {1, 1_000_000}}, sites: []days{{6, 1_000_000}, {6, 300_000}, {35, 50_000}},
		exported: []days{{1, 300_000}, {1, 1_000_000}, {35, 50_000}}, growth: [3]int{250_000, 1_000_000, 4_000_000},
		tenant: 25_000, historyDay: 25_000, history: 400, rounds: 3},
}

// The day that is measured. The simulated GIM has read its sources well past it, so the day is final and no session is open.
var (
	day       = calendar.Date{Year: 2026, Month: time.March, Day: 10}
	highWater = time.Date(2026, time.March, 15, 0, 0, 0, 0, time.UTC)
)

const mainTenant = "acme"

// bench is one run of all measurements: the programs, the server, a folder for stores and files, and the table that comes of it.
type bench struct {
	*runCmd
	size
	ctx        context.Context // of the whole run
	dir        string
	dsn        *pgx.ConnConfig
	postmaster int           // the server's first process, which has to be on this machine to be watched
	filled     map[days]bool // GIMs
	table      []row
}

// row is one comparison: what against what, how large it was, and what is hoped for.
type row struct {
	what, size   string
	ours, theirs sample
	targets
}

// targets are of each figure of a comparison: most of a ratio, or of seats' side where a unit stands with it. "" is none.
type targets struct{ took, cpu, server, memory string }

// Run goes through the steps, or only through those that are named, and prints the table as Markdown.
func (c *runCmd) Run(ctx context.Context) error {
	must(exec.LookPath(c.Psql))
	text := os.Getenv("SEATS_TEST_PG")
	if text == "" {
		return errors.New("SEATS_TEST_PG is not set: `make bench` starts a server and sets it")
	}
	b := &bench{runCmd: c, size: sizes[c.Size], ctx: ctx, dir: must(os.MkdirTemp("", "seats-bench-")), dsn: must(pgx.ParseConfig(text)), filled: map[days]bool{}}
	defer os.RemoveAll(b.dir)
	load, _ := os.ReadFile("/proc/loadavg") // nothing, elsewhere
	conn := b.connect("public")
	check(conn.QueryRow(ctx, `select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`).Scan(&b.postmaster))
	check(conn.Close(ctx))
	for _, step := range steps {
		if len(c.Only) == 0 || slices.Contains(c.Only, step.name) {
			say("%s", step.name)
			step.take(b)
		}
	}
	fmt.Printf("`make bench SIZE=%s ONLY=%s` on %d cores, %s, %s, busy with %.4s processes of others at the start:\n\n",
		c.Size, strings.Join(c.Only, ","), runtime.NumCPU(), processor(), runtime.Version(), load)
	fmt.Print("| what | size | by the clock | processor time | of it the GIM DB's | peak memory |\n|---|---|---|---|---|---|\n")
	for _, r := range b.table {
		must(fmt.Printf("| %s | %s | %s |\n", r.what, r.size, strings.Join(r.figures(), " | ")))
	}
	return nil
}

// compare adds a comparison, and tells of it as it comes.
func (b *bench) compare(what, size string, ours, theirs sample, hoped targets) {
	r := row{what, size, ours, theirs, hoped}
	b.table = append(b.table, r)
	say("%s, %s: %s", what, size, strings.Join(r.figures(), "; "))
}

// figures are ratios with their targets and both sides; nothing where nothing was measured, seats' side alone where the other has none.
// Processor time is that of client and server: it holds where something else keeps the machine busy, too.
func (r row) figures() []string {
	figure := func(ours, theirs int64, target string, unit func(int64) string) string {
		if target != "" {
			target = " (" + target + ")"
		}
		switch {
		case ours == 0:
			return ""
		case theirs == 0:
			return unit(ours) + target
		}
		return fmt.Sprintf("%.2f%s: %s ÷ %s", float64(ours)/float64(theirs), target, unit(ours), unit(theirs))
	}
	a, b := r.ours, r.theirs
	return []string{
		figure(int64(a.took), int64(b.took), r.took, seconds), figure(int64(a.cpu+a.server), int64(b.cpu+b.server), r.cpu, seconds),
		figure(int64(a.server), int64(b.server), r.server, seconds), figure(a.memory, b.memory, r.memory, megabytes),
	}
}

// planning is what the answers are given to work with: parallel workers, and memory so that no sort or hash goes to
// disk. Compiling the statement is off because it costs more here than it brings.
const planning = "set work_mem = '256MB'; set max_parallel_workers_per_gather = 2; set jit = off; set plan_cache_mode = force_custom_plan"

func (b *bench) connect(schema string) *pgx.Conn {
	c := b.dsn.Copy()
	c.RuntimeParams["search_path"] = schema
	conn := must(pgx.ConnectConfig(b.ctx, c))
	must(conn.Exec(b.ctx, planning))
	return conn
}

func (d days) schema() string { return fmt.Sprintf("bench_%dx%d", d.days, d.sessions) }

// simulation is what the simulator is told of it: a day of the mix that the targets are set for has 4.5 legs for each voice
// session, 1.2 of them driven by Outbound Contact Server. interaction_fact is left out: neither side reads it.
func (d days) simulation() []string {
	const agentsPerSession = 0.6
	return []string{"--from", day.AddDays(min(2-d.days, 0)).String(), "--days", strconv.Itoa(d.days),
		"--agents", strconv.Itoa(int(float64(d.sessions) * agentsPerSession)), "--high-water", highWater.Format(time.RFC3339),
		"--no-interactions", "--legs-per-hour=1.55", "--ocs-share=0.6", "--ocs-sessions=0.78", "--ocs-legs=0.6"}
}

// fill makes a GIM of about that many voice sessions a day, unless it is there. Its facts are put into the order of time: the
// simulation writes them agent by agent.
func (b *bench) fill(d days) {
	if b.filled[d] {
		return
	}
	b.filled[d] = true
	say("simulating %s", d)
	conn := b.connect(d.schema())
	defer conn.Close(b.ctx) //nolint:errcheck // what was written is checked statement by statement
	must(conn.Exec(b.ctx, "drop schema if exists "+d.schema()+" cascade"))
	child(b.ctx, b.Gimsim, append([]string{"db", "--dsn", b.dsn.ConnString(), "--schema", d.schema(), "--create"}, d.simulation()...)...)
	for _, table := range []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"} {
		must(conn.Exec(b.ctx, "set maintenance_work_mem = '1GB'; cluster "+table+" using "+table+"_start_date_time_key_idx"))
	}
	must(conn.Exec(b.ctx, "analyze; checkpoint"))
}

//go:embed tenant.yaml
var tenantYAML string

// gimdb is the line of a configuration that names a GIM, which is made first.
func (b *bench) gimdb(from days) string {
	b.fill(from)
	return fmt.Sprintf("gimdb: {host: %q, port: %d, database: %q, schema: %s, user: %q, sslmode: disable, connections: 2}",
		b.dsn.Host, b.dsn.Port, b.dsn.Database, from.schema(), b.dsn.User)
}

// url is where other clients find a GIM.
func (b *bench) url(of days) string {
	return fmt.Sprintf("postgres://%s@%s:%d/%s?sslmode=disable&options=-c%%20search_path%%3D%s",
		b.dsn.User, b.dsn.Host, b.dsn.Port, b.dsn.Database, of.schema())
}

// reading writes the configuration of one tenant with a GIM.
func (b *bench) reading(gim days) (config string) {
	return b.configure(gim.schema(), b.gimdb(gim), mainTenant)
}

// asked is what others are asked who answer for the measured day as that tenant's run does.
func (b *bench) asked(path string) judge.Question {
	return judge.Ask(must(config.Load(path, os.LookupEnv)).Tenants[0], day, highWater.Unix())
}

func (b *bench) configure(name, source string, tenants ...string) string {
	text := "globals:\n  data_dir: var\n  output_dir: out\ntenants:\n"
	for _, tenant := range tenants {
		text += fmt.Sprintf(tenantYAML, tenant, source)
	}
	path := filepath.Join(b.dir, name, "seats.yaml")
	check(os.MkdirAll(filepath.Dir(path), 0o700))
	check(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run measures the program with a configuration.
func (b *bench) run(config string, args ...string) measurement {
	return b.watch(func() sample { return child(b.ctx, b.Seats, append(args, "--config", config)...) })
}

// runFresh measures a run into a store that is not there yet: every store and data file of the configuration is forgotten before.
func (b *bench) runFresh(config string, args ...string) measurement {
	return func() sample {
		for _, name := range []string{"var", "out"} {
			check(os.RemoveAll(filepath.Join(filepath.Dir(config), name)))
		}
		return b.run(config, args...)()
	}
}

// night measures the nightly run of a day, which prints what it issued.
func (b *bench) night(config string, more ...string) measurement {
	return b.runFresh(config, append([]string{"run", "--date", day.String(), "--refresh", "--format", "json"}, more...)...)
}

// watch measures what the server does meanwhile, too.
func (b *bench) watch(m measurement) measurement {
	return func() sample {
		before := serverTime(b.postmaster)
		taken := m()
		time.Sleep(50 * time.Millisecond) // for backends to end and be waited for
		taken.server = serverTime(b.postmaster) - before
		return taken
	}
}

type tenantOf struct {
	Config string `required:""`
	Tenant string `required:""`
}

func (t tenantOf) begin(ctx context.Context) (config.Tenant, *store.Work) {
	tenants := must(config.Load(t.Config, os.LookupEnv)).Tenants
	tenant := tenants[slices.IndexFunc(tenants, func(one config.Tenant) bool { return one.Name == t.Tenant })]
	return tenant, must(store.Begin(ctx, tenant.StorePath(), duck.Of(tenant.Engine)))
}

// engineCmd times the two computations of a day on a work copy of a tenant's store, which it throws away.
type engineCmd struct {
	tenantOf `embed:""`
	Rounds   int `required:""`
}

// Run prints medians of the rounds, in nanoseconds: the whole computation with its comparison (R12), and the sweep alone, the reading of
// its rows included: they go on side by side. And the hash of the slice.
func (c *engineCmd) Run(ctx context.Context) error {
	tenant, work := c.begin(ctx)
	defer work.Drop() //nolint:errcheck // it ends with the process
	taken := alternate(c.Rounds,
		timed(func() { must(compute.NewCounter(work.Conn, tenant).Day(ctx, day, time.Now().Unix())) }),
		timed(func() { check(compute.Sweep(ctx, work.Conn, tenant, day)) }),
		timed(func() { must(extract.SliceSHA256(ctx, work.Conn, day)) }))
	_, err := fmt.Printf("%d %d %d\n", taken[0].took, taken[1].took, taken[2].took)
	return err
}

// repeatCmd gives a tenant's store the history of a year in seconds: its one day is repeated on the days before it,
// with everything that was computed for it. The months that a run would have sealed by now are: all but the measured one
// and the one before it.
type repeatCmd struct {
	tenantOf `embed:""`
	Days     int `required:"" help:"Days that the store has in the end."`
}

func (c *repeatCmd) Run(ctx context.Context) error {
	_, work := c.begin(ctx)
	defer work.Drop() //nolint:errcheck // it ends with the process
	var tables string
	check(work.Conn.QueryRowContext(ctx, dayTablesSQL).Scan(&tables))
	for table := range strings.FieldsSeq(tables) {
		must(work.Conn.ExecContext(ctx, fmt.Sprintf(repeatSQL, table), sql.Named("days", c.Days)))
	}
	for month := day.AddDays(1 - c.Days).YearMonth(); month.Last().AddDays(35).Before(day); month = month.Last().AddDays(1).YearMonth() {
		must(work.Seal(ctx, month, 0))
	}
	return work.Publish()
}
