package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// simulated is what makes a day of the mix that the targets are set for: 4.5 legs for each voice session, 1.2 of them
// driven by Outbound Contact Server. interaction_fact is left out: neither side reads it.
var simulated = []string{"--high-water", highWater.Format(time.RFC3339), "--no-interactions",
	"--legs-per-hour=1.55", "--ocs-share=0.6", "--ocs-sessions=0.78", "--ocs-legs=0.6"}

// agentsPerSession: the simulation is told how many agents there are.
const agentsPerSession = 0.6

// site is the machinery of a run: the programs, the server, and a folder for stores and files.
type site struct {
	*runCmd
	ctx        context.Context // of the whole run
	dir        string
	dsn        *pgx.ConnConfig
	postmaster int // the server's first process, which has to be on this machine to be watched
}

func openSite(ctx context.Context, c *runCmd) *site {
	text := os.Getenv("SEATS_TEST_PG")
	if text == "" {
		check(errors.New("SEATS_TEST_PG is not set: `make bench` starts a server and sets it"))
	}
	s := &site{runCmd: c, ctx: ctx, dsn: must(pgx.ParseConfig(text))}
	conn := must(pgx.ConnectConfig(ctx, s.dsn))
	defer conn.Close(ctx) //nolint:errcheck // nothing was written
	var pid int
	check(conn.QueryRow(ctx, "select pg_backend_pid()").Scan(&pid))
	s.postmaster = must(readProcess(pid)).parent
	s.dir = must(os.MkdirTemp("", "seats-bench-"))
	return s
}

// planning is what the answers are given to work with: parallel workers, and memory so that no sort or hash goes to
// disk. Compiling the statement is off because it costs more here than it brings.
const planning = "set work_mem = '256MB'; set max_parallel_workers_per_gather = 2; set jit = off; set plan_cache_mode = force_custom_plan"

func (s *site) connect(schema string) *pgx.Conn {
	c := s.dsn.Copy()
	c.RuntimeParams["search_path"] = schema
	conn := must(pgx.ConnectConfig(s.ctx, c))
	must(conn.Exec(s.ctx, planning))
	return conn
}

// schema is where a GIM is.
func (d days) schema() string { return fmt.Sprintf("bench_%dx%d", d.days, d.sessions) }

// simulation is what the simulator is told of it.
func (d days) simulation() []string {
	return append([]string{"--from", day.AddDays(min(2-d.days, 0)).String(), "--days", strconv.Itoa(d.days),
		"--agents", strconv.Itoa(int(float64(d.sessions) * agentsPerSession))}, simulated...)
}

// factTables are put into the order of time: the simulation writes them agent by agent.
var factTables = []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"}

// fill makes a GIM of about that many voice sessions a day. One that was made whole before, of the same simulation, is taken as it
// is: on a server that outlives a run it need not be made again.
func (s *site) fill(d days) {
	conn := s.connect(d.schema())
	defer conn.Close(s.ctx) //nolint:errcheck // what was written is checked statement by statement
	made := strings.Join(d.simulation(), " ")
	var found bool
	check(conn.QueryRow(s.ctx, "select coalesce(obj_description(to_regnamespace($1), 'pg_namespace') = $2, false)", d.schema(), made).Scan(&found))
	if found {
		return
	}
	say("simulating %d days of %s sessions", d.days, count(d.sessions))
	must(conn.Exec(s.ctx, "drop schema if exists "+d.schema()+" cascade"))
	must(child(s.ctx, s.Gimsim, append([]string{"db", "--dsn", s.dsn.ConnString(), "--schema", d.schema(), "--create"}, d.simulation()...)...))
	for _, table := range factTables {
		must(conn.Exec(s.ctx, "set maintenance_work_mem = '1GB'; cluster "+table+" using "+table+"_start_date_time_key_idx"))
	}
	must(conn.Exec(s.ctx, "analyze; comment on schema "+d.schema()+" is '"+made+"'"))
}

const tenantYAML = `  %s:
    %s
    exclude_agents: ["TEST*"]
    regions:
      US:
        timezone: America/New_York
        locations:
          dallas:   {switches: [SIP_DAL_1, SIP_DAL_2]}
          us-other: {switches: []}
      EU:
        timezone: Europe/London
        locations:
          london: {switches: [SIP_LON]}
          paris:  {switches: [SIP_PAR]}
`

// configure writes a configuration for tenants that read a GIM.
func (s *site) configure(name string, from days, tenants ...string) string {
	return s.configureWith(name, fmt.Sprintf("gimdb: {host: %q, port: %d, database: %q, schema: %s, user: %q, sslmode: disable, connections: 2}",
		s.dsn.Host, s.dsn.Port, s.dsn.Database, from.schema(), s.dsn.User), tenants...)
}

// configureWith does so with the line that names their source.
func (s *site) configureWith(name, source string, tenants ...string) string {
	text := "globals:\n  data_dir: var\n  output_dir: out\ntenants:\n"
	for _, tenant := range tenants {
		text += fmt.Sprintf(tenantYAML, tenant, source)
	}
	path := filepath.Join(s.dir, name, "seats.yaml")
	check(os.MkdirAll(filepath.Dir(path), 0o700))
	check(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// fresh forgets every store and data file of a configuration.
func fresh(config string) {
	for _, name := range []string{"var", "out"} {
		check(os.RemoveAll(filepath.Join(filepath.Dir(config), name)))
	}
}

// run runs seats and watches the server meanwhile.
func (s *site) run(config string, args ...string) sample {
	return s.watch(func() sample { return must(child(s.ctx, s.Seats, append([]string{"--config", config}, args...)...)) })
}

// runFresh measures a run into a store that is not there yet.
func (s *site) runFresh(config string, args ...string) measurement {
	return func() sample {
		fresh(config)
		return s.run(config, args...)
	}
}

// night measures the nightly run of a day, which prints what it issued.
func (s *site) night(config string, more ...string) measurement {
	return s.runFresh(config, append([]string{"run", "--date", day.String(), "--refresh", "--format", "json"}, more...)...)
}

// watch adds the server's processor time to a measurement.
func (s *site) watch(m measurement) sample {
	before := serverTime(s.postmaster)
	taken := m()
	time.Sleep(50 * time.Millisecond) // for backends to end and be waited for
	taken.server = serverTime(s.postmaster) - before
	return taken
}
