package main

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/compute"
	"seats/compute/rule"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/judge"
	"seats/internal/store"
)

// runCmd measures everything.
type runCmd struct {
	Size   string   `enum:"smoke,small,full" default:"small" help:"How much is measured: ${enum}."`
	Only   []string `enum:"whole,export,script,extraction,engines,apart,growth,tenants,history" help:"Only these: ${enum}."`
	Seats  string   `default:"bin/seats" type:"existingfile" help:"The program."`
	Gimsim string   `default:"bin/gimsim" type:"existingfile" help:"The simulator."`
	Psql   string   `default:"psql" help:"PostgreSQL's client."`
	Python string   `default:"python3" help:"Python with the package duckdb."`
}

// size is how much is measured. Sessions are voice sessions of a tenant's day, give or take a few per cent: they
// are drawn, not dealt.
type size struct {
	days       []days // GIMs of several days; most is measured on the first
	growth     [3]int // sessions of GIMs of one day
	tenant     int    // sessions of each of several small tenants
	historyDay int    // sessions of each day of a store that has many
	history    int    // days in that store
	rounds     int    // of each measurement
}

// days is a GIM whose tables hold several days in the order of time, as GIM's ETL writes them. The last but one is measured:
// four before it can matter, and one after it.
type days struct{ days, sessions int }

// sizes: smoke is there to see that everything still works, and its figures say nothing. Thirty-five days of a million
// sessions would be 56 GB: of those, as many as are read.
var sizes = map[string]size{
	"smoke": {days: []days{{6, 2_000}}, growth: [3]int{500, 2_000, 8_000}, tenant: 500, historyDay: 500, history: 10, rounds: 1},
	"small": {days: []days{{35, 50_000}}, growth: [3]int{25_000, 100_000, 400_000}, tenant: 2_000, historyDay: 25_000, history: 100, rounds: 3},
	"full": {days: []days{{6, 1_000_000}, {6, 300_000}, {35, 50_000}}, growth: [3]int{250_000, 1_000_000, 4_000_000},
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
	postmaster int            // the server's first process, which has to be on this machine to be watched
	filled     map[days]bool  // GIMs
	main       days           // the GIM that most is measured on
	config     string         // of one tenant, with that GIM
	sessions   string         // how large that is, in words
	question   judge.Question // what PostgreSQL is asked of it
	table      []row
}

// row is one figure: what against what, how it came out, what was hoped for, the two sides, and how large it was.
type row struct {
	what, value, target, times, size string
	memory                           int64 // peak of seats, bytes; 0 where it says nothing
}

// Run goes through the steps, or only through those that are named, and prints the table as Markdown.
func (c *runCmd) Run(ctx context.Context) error {
	must(exec.LookPath(c.Psql))
	text := os.Getenv("SEATS_TEST_PG")
	if text == "" {
		return errors.New("SEATS_TEST_PG is not set: `make bench` starts a server and sets it")
	}
	b := &bench{runCmd: c, size: sizes[c.Size], ctx: ctx, dir: must(os.MkdirTemp("", "seats-bench-")), dsn: must(pgx.ParseConfig(text)), filled: map[days]bool{}}
	defer os.RemoveAll(b.dir)
	b.main = b.days[0]
	remark, load := "", 0.0
	loads, _ := os.ReadFile("/proc/loadavg")                // nothing, elsewhere
	if _, _ = fmt.Sscan(string(loads), &load); load > 0.5 { // the first of its numbers: of the last minute, a process each
		remark = fmt.Sprintf(", busy with %.1f processes of others", load)
		say("the machine is busy (load %.1f): the ratios of times will be off", load)
	}
	conn := b.connect("public")
	check(conn.QueryRow(ctx, `select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`).Scan(&b.postmaster))
	check(conn.Close(ctx))
	wanted := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return len(c.Only) > 0 && !slices.Contains(c.Only, s.name) })
	if slices.ContainsFunc(wanted, func(s step) bool { return s.onMain }) {
		b.lookAtMain()
	}
	for _, step := range wanted {
		say("%s", step.name)
		step.take(b)
	}
	fmt.Printf("`make bench SIZE=%s` on %d cores, %s, %s%s:\n\n", c.Size, runtime.NumCPU(), processor(), runtime.Version(), remark)
	fmt.Print("| what | measured | target | times | size | peak memory |\n|---|---:|---:|---|---|---:|\n")
	for _, r := range b.table {
		memory := ""
		if r.memory > 0 {
			memory = megabytes(r.memory)
		}
		must(fmt.Printf("| %s | %s | %s | %s | %s | %s |\n", r.what, r.value, r.target, r.times, r.size, memory))
	}
	return nil
}

// add adds a figure, and tells of it as it comes.
func (b *bench) add(r row) {
	b.table = append(b.table, r)
	say("%s: %s (%s)", r.what, r.value, r.times)
}

// compare adds the ratio of two medians.
func (b *bench) compare(what, target, size string, ours, theirs sample) {
	b.compareCPU(what, target, size, ours.took, theirs.took)
	b.table[len(b.table)-1].memory = ours.memory
}

// compareCPU adds the ratio of two processor times: it holds where something else keeps the machine busy, too.
func (b *bench) compareCPU(what, target, size string, ours, theirs time.Duration) {
	b.add(row{what, fmt.Sprintf("%.2f", float64(ours)/float64(theirs)), target, seconds(ours) + " ÷ " + seconds(theirs), size, 0})
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

// schema is where a GIM is.
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
	say("simulating %d days of %s sessions", d.days, count(d.sessions))
	conn := b.connect(d.schema())
	defer conn.Close(b.ctx) //nolint:errcheck // what was written is checked statement by statement
	must(conn.Exec(b.ctx, "drop schema if exists "+d.schema()+" cascade"))
	child(b.ctx, b.Gimsim, append([]string{"db", "--dsn", b.dsn.ConnString(), "--schema", d.schema(), "--create"}, d.simulation()...)...)
	for _, table := range []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"} {
		must(conn.Exec(b.ctx, "set maintenance_work_mem = '1GB'; cluster "+table+" using "+table+"_start_date_time_key_idx"))
	}
	must(conn.Exec(b.ctx, "analyze"))
	must(conn.Exec(b.ctx, "checkpoint"))
}

// lookAtMain makes the GIM that most is measured on, and says how large it is and what is asked of it.
func (b *bench) lookAtMain() {
	b.config = b.configure("main", b.gimdb(b.main), mainTenant)
	b.question = judge.Ask(must(config.Load(b.config, os.LookupEnv)).Tenants[0], day, highWater.Unix())
	conn := b.connect(b.main.schema())
	defer conn.Close(b.ctx) //nolint:errcheck // nothing was written
	const measured = "start_date_time_key between $1::bigint and $2::bigint"
	var sessions, legs, driven int64
	check(conn.QueryRow(b.ctx, `
		select (select count(*) from sm_res_session_fact join media_type using (media_type_key) where media_name_code = 'VOICE' and `+measured+`),
		       (select count(*) from interaction_resource_fact where `+measured+`),
		       (select count(*) from irf_user_data_gen_1 where gsw_call_attempt_guid <> '' and `+measured+`)`,
		key(b.question.From), b.question.Until-1).Scan(&sessions, &legs, &driven))
	b.sessions = fmt.Sprintf("%d days; in this one %s sessions, %s legs, %s of them OCS-driven", b.main.days, count(sessions), count(legs), count(driven))
}

//go:embed tenant.yaml
var tenantYAML string

// gimdb is the line of a configuration that names a GIM, which is made first.
func (b *bench) gimdb(from days) string {
	b.fill(from)
	return fmt.Sprintf("gimdb: {host: %q, port: %d, database: %q, schema: %s, user: %q, sslmode: disable, connections: 2}",
		b.dsn.Host, b.dsn.Port, b.dsn.Database, from.schema(), b.dsn.User)
}

// configure writes a configuration for tenants of one source.
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

// run measures seats, and the server meanwhile.
func (b *bench) run(config string, args ...string) measurement {
	return func() sample {
		return b.watch(func() sample { return child(b.ctx, args[0], slices.Concat(args[1:], []string{"--config", config})...) })
	}
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
	return b.runFresh(config, slices.Concat([]string{b.Seats, "run", "--date", day.String(), "--refresh", "--format", "json"}, more)...)
}

// watch adds the server's processor time to a measurement.
func (b *bench) watch(m measurement) sample {
	before := serverTime(b.postmaster)
	taken := m()
	time.Sleep(50 * time.Millisecond) // for backends to end and be waited for
	taken.server = serverTime(b.postmaster) - before
	return taken
}

// tenantOf names a tenant's store.
type tenantOf struct {
	Config string `required:""`
	Tenant string `required:""`
}

// begin works on the store.
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

// engineTimes is what it prints, as JSON, medians of the rounds: the whole computation with its comparison (R12), and the sweep
// alone, the reading of its rows included. What is left of the first without the second is the SQL engine's. And the hash
// of the slice.
type engineTimes struct{ Whole, Sweep, Hash time.Duration }

func (c *engineCmd) Run(ctx context.Context) error {
	tenant, work := c.begin(ctx)
	defer work.Drop() //nolint:errcheck // it ends with the process
	taken := alternate(c.Rounds,
		timed(func() { must(compute.NewCounter(work.Conn, tenant).Day(ctx, day, time.Now().Unix())) }),
		timed(func() {
			must(compute.Recount(ctx, work.Conn, day, rule.Scope{Region: "US"}, compute.Reading{Tenant: tenant}))
		}),
		timed(func() { must(extract.SliceSHA256(ctx, work.Conn, day)) }))
	return json.NewEncoder(os.Stdout).Encode(engineTimes{taken[0].took, taken[1].took, taken[2].took})
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
