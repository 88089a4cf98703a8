package lake_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	gimsim "seats/cmd/gimsim/cli"
	"seats/cmd/seats/audit"
	"seats/cmd/seats/job"
	"seats/cmd/seats/lake"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// schema is what a lake says of itself.
type schema struct {
	Relations []struct {
		Name, Period string
		Columns      []column
	}
}

type column struct{ Name, Type, Comment string }

// everything is no bound on the days.
var everything = audit.Period{}

type quiet struct{}

func (quiet) Info(string, ...any) {}
func (quiet) Warn(string, ...any) {}
func (quiet) Start(string)        {}
func (quiet) Add(int64)           {}
func (quiet) Stop()               {}
func (quiet) Expect(int64)        {}

const configuration = `
globals: {engine: {memory_limit: 500MB, threads: 2}}
tenants:
  "007":
    export_dir: "007"
    exclude_agents: ["TEST*"]
    regions:
      US: {timezone: America/New_York, locations: {dallas: {switches: [SIP_DAL_1]}, other: {switches: []}}}
      EU: {timezone: Europe/London, locations: {london: {switches: [SIP_LON]}}}
  beta:
    export_dir: beta
    regions: {ALL: {timezone: Asia/Kolkata, locations: {all: {switches: []}}}}
`

// made is the site that each test has a copy of.
var made struct {
	sync.Once
	dir string
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(made.dir) //nolint:errcheck // the tests have ended
	os.Exit(code)
}

// site is a site of its own, at which two days of simulated tenants with oddities of all kinds are issued, and no month.
func site(t *testing.T) []config.Tenant {
	t.Helper()
	made.Do(func() {
		made.dir = must.Have(os.MkdirTemp("", "lake-*"))(t)
		require.NoError(t, os.WriteFile(filepath.Join(made.dir, "seats.yaml"), []byte(configuration), 0o600))
		for seed, tenant := range load(t, made.dir) {
			var out bytes.Buffer
			code := gimsim.Run(context.Background(), []string{"export", "--dir", filepath.Join(made.dir, tenant.Name), fmt.Sprint("--seed=", seed+3), "--from=2026-03-26", "--days=5",
				"--agents=12", "--switches=SIP_DAL_1=America/Chicago,SIP_LON=Europe/London,SIP_NEW=Europe/London", "--presence=1", "--no-interactions",
				"--two-keys=0.3", "--test-agents=0.2", "--no-employee-id=0.2", "--high-water=2026-03-30T03:00:00Z"}, &out, &out)
			require.Zero(t, code, out.String())
			run(t, tenant, "2026-03-28", "2026-03-29")
		}
	})
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(made.dir)))
	return load(t, dir)
}

func load(t *testing.T, dir string) []config.Tenant {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "seats.yaml"), func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	cfg.Tenants[1].SessionEnd = config.SessionEndInclusive
	return cfg.Tenants
}

// run does the nightly job of days.
func run(t *testing.T, tenant config.Tenant, from, to string) {
	t.Helper()
	tenant.Readiness = config.ReadinessOff
	j := job.Job{Plan: job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Restate: "a test"}, Tenant: tenant, Version: "test", Log: quiet{},
		Clock: func() time.Time { return time.Date(2026, 4, 20, 9, 0, 0, 0, time.UTC) }}
	for d := date(t, from); !date(t, to).Before(d); d = d.AddDays(1) {
		j.Days = append(j.Days, d)
	}
	require.NoError(t, j.Do(context.Background()).Err)
}

func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	return must.Have(calendar.ParseDate(text))(t)
}

// export exports all that the tenants' stores hold, and gives how many partitions were written and how many were not.
func export(t *testing.T, dir, key string, tenants ...config.Tenant) (written, unchanged int) {
	t.Helper()
	l := must.Have(lake.Open(dir, key))(t)
	defer l.Close() //nolint:errcheck // nothing is written by it
	for _, tenant := range tenants {
		s := must.Have(l.Export(context.Background(), tenant, everything))(t)
		written, unchanged = written+s.Written, unchanged+s.Unchanged
	}
	return written, unchanged
}

// views opens a lake as an analyst does, each relation a view.
func views(t *testing.T, dir string, schema schema) *sql.DB {
	t.Helper()
	db := must.Have(duck.Open("", duck.Options{}))(t)
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // in memory
	for _, r := range schema.Relations {
		types := "tenant: varchar, month: varchar"
		if r.Period == "day" {
			types += ", day: date"
		}
		must.Have(db.Exec("create view " + r.Name + " as from read_parquet('" + dir + "/" + r.Name + "/**/*.parquet', hive_types = {" + types + "})"))(t)
	}
	return db
}

// ask gives the rows of a query as texts.
func ask(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query("select r::varchar from (" + query + ") as r")
	require.NoError(t, err, query)
	defer rows.Close() //nolint:errcheck // only read
	var all []string
	for rows.Next() {
		var row string
		require.NoError(t, rows.Scan(&row))
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}
