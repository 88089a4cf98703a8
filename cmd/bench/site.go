package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The day that is measured. The simulated GIM has read its sources well past it, so the day is final and no session
// is open.
const (
	day       = "2026-03-10"
	highWater = "2026-03-15T00:00:00Z"
)

// simulated is what makes a day of the mix that the targets are set for: 4.5 legs for each voice session, 1.2 of them
// driven by Outbound Contact Server. interaction_fact is left out: neither side reads it.
var simulated = []string{"--high-water", highWater, "--no-interactions",
	"--legs-per-hour=1.55", "--ocs-share=0.6", "--ocs-sessions=0.78", "--ocs-legs=0.6"}

// agentsPerSession: the simulation is told how many agents there are.
const agentsPerSession = 0.6

// site is the machinery of a run: the programs, the server, and a folder for stores and files.
type site struct {
	seats, gimsim, psql, python string
	dir                         string
	dsn                         *pgx.ConnConfig
	postmaster                  int
	log                         io.Writer
}

func openSite(ctx context.Context, seats, gimsim string, log io.Writer) (*site, error) {
	text := os.Getenv("SEATS_TEST_PG")
	if text == "" {
		return nil, fmt.Errorf("SEATS_TEST_PG is not set: `make bench` starts a server and sets it")
	}
	dsn, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("read SEATS_TEST_PG: %w", err)
	}
	s := &site{seats: seats, gimsim: gimsim, psql: "psql", dsn: dsn, log: log}
	if s.dir, err = os.MkdirTemp("", "seats-bench-"); err != nil {
		return nil, err
	}
	return s, s.findPostmaster(ctx)
}

func (s *site) close() error { return os.RemoveAll(s.dir) }

// findPostmaster asks for the server's first process, which has to be on this machine to be watched.
func (s *site) findPostmaster(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.dsn)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing was written
	var pid int
	if err := conn.QueryRow(ctx, "select pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	p, err := readProcess(pid)
	if err != nil {
		return fmt.Errorf("find the server's process: %w", err)
	}
	s.postmaster = p.parent
	return nil
}

// schema is where a GIM is.
func (d days) schema() string { return fmt.Sprintf("bench_%dx%d", d.days, d.sessions) }

// simulation is what the simulator is told of it.
func (d days) simulation() ([]string, error) {
	measured, err := time.Parse(time.DateOnly, day)
	first := measured.AddDate(0, 0, min(2-d.days, 0)).Format(time.DateOnly)
	return append([]string{"--from", first, "--days", strconv.Itoa(d.days),
		"--agents", strconv.Itoa(int(float64(d.sessions) * agentsPerSession))}, simulated...), err
}

// factTables are put into the order of time: the simulation writes them agent by agent.
var factTables = []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"}

// fill makes a GIM of about that many voice sessions a day. One that was made whole before, of the same simulation, is taken as it
// is: on a server that outlives a run it need not be made again.
func (s *site) fill(ctx context.Context, d days) (err error) {
	conn, err := s.connect(ctx, d.schema())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	drawn, err := d.simulation()
	if err != nil {
		return err
	}
	made := strings.Join(drawn, " ")
	var found bool
	err = conn.QueryRow(ctx, "select coalesce(obj_description(to_regnamespace($1), 'pg_namespace') = $2, false)", d.schema(), made).Scan(&found)
	if err != nil || found {
		return err
	}
	fmt.Fprintf(s.log, "bench: simulating %d days of %s sessions\n", d.days, count(int64(d.sessions)))
	if _, err := conn.Exec(ctx, "drop schema if exists "+d.schema()+" cascade"); err != nil {
		return err
	}
	args := append([]string{"db", "--dsn", s.dsn.ConnString(), "--schema", d.schema(), "--create"}, drawn...)
	if _, err := child(ctx, nil, "", s.gimsim, args...); err != nil {
		return err
	}
	for _, table := range factTables {
		if _, err := conn.Exec(ctx, "set maintenance_work_mem = '1GB'; cluster "+table+" using "+table+"_start_date_time_key_idx"); err != nil {
			return fmt.Errorf("put %s into the order of time: %w", table, err)
		}
	}
	_, err = conn.Exec(ctx, "analyze; comment on schema "+d.schema()+" is '"+made+"'")
	return err
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
func (s *site) configure(name string, connections int, from days, tenants ...string) (string, error) {
	return s.configureWith(name, fmt.Sprintf("gimdb: {host: %q, port: %d, database: %q, schema: %s, user: %q, sslmode: disable, connections: %d}",
		s.dsn.Host, s.dsn.Port, s.dsn.Database, from.schema(), s.dsn.User, connections), tenants...)
}

// configureWith does so with the line that names their source.
func (s *site) configureWith(name, source string, tenants ...string) (string, error) {
	var b strings.Builder
	b.WriteString("globals:\n  data_dir: var\n  output_dir: out\ntenants:\n")
	for _, tenant := range tenants {
		fmt.Fprintf(&b, tenantYAML, tenant, source)
	}
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "seats.yaml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// storePath is where seats keeps a tenant of a configuration.
func storePath(config, tenant string) string {
	return filepath.Join(filepath.Dir(config), "var", tenant+".duckdb")
}

// fresh forgets every store and data file of a configuration.
func fresh(config string) error {
	for _, name := range []string{"var", "out"} {
		if err := os.RemoveAll(filepath.Join(filepath.Dir(config), name)); err != nil {
			return err
		}
	}
	return nil
}

// run runs seats and watches the server meanwhile.
func (s *site) run(ctx context.Context, config string, args ...string) (sample, error) {
	return s.watch(func() (sample, error) {
		return child(ctx, nil, "", s.seats, append([]string{"--config", config}, args...)...)
	})
}

// runFresh measures a run into a store that is not there yet.
func (s *site) runFresh(ctx context.Context, config string, args ...string) measurement {
	return func() (sample, error) {
		if err := fresh(config); err != nil {
			return sample{}, err
		}
		return s.run(ctx, config, args...)
	}
}

// watch adds the server's processor time to a measurement.
func (s *site) watch(m measurement) (sample, error) {
	before, err := serverTime(s.postmaster)
	if err != nil {
		return sample{}, err
	}
	taken, err := m()
	if err != nil {
		return taken, err
	}
	time.Sleep(50 * time.Millisecond) // for backends to end and be waited for
	after, err := serverTime(s.postmaster)
	taken.server = after - before
	return taken, err
}
