package sink_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	gimsim "example.com/seats/cmd/gimsim/cli"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/sink"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
	sqltexts "example.com/seats/sql"
)

// relations are those that the sink holds, each with what both worlds say of a row in the same words.
var relations = map[string]string{
	"issued_file": "region, measure, period, revision, value, state, file, sha256, coalesce(supersedes, '-'), coalesce(reason, '-'), " + epoch("peak_at") +
		", coalesce(peak_seconds, -1), " + epoch("issued_at") + ", coalesce(rules_sha256, '-')",
	"daily_concurrent":   "day, region, coalesce(location, '-'), agents, " + epoch("peak_at") + ", coalesce(peak_seconds, -1), state",
	"enabled_daily":      "day, region, agents, state",
	"monthly_enabled":    "month, region, agents, state, " + epoch("computed_at"),
	"monthly_concurrent": "month, region, agents, " + epoch("peak_at") + ", coalesce(peak_seconds, -1), peak_days, state, " + epoch("computed_at"),
	"data_quality":       "day, rule, cast(blocking as int), occurrences, array_to_string(examples, ',')",
}

func epoch(column string) string {
	return "coalesce(cast(extract(epoch from " + column + ") as bigint), -1)"
}

// site is a tenant of whom February is issued.
func site(t *testing.T) config.Tenant {
	dir := t.TempDir()
	file := filepath.Join(dir, "seats.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`globals: {engine: {memory_limit: 500MB, threads: 2}}
tenants:
  "007":
    export_dir: export
    regions:
      US: {timezone: America/New_York, locations: {dallas: {switches: [SIP_DAL_1]}, other: {switches: []}}}
      EU: {timezone: Europe/London, locations: {london: {switches: [SIP_LON]}}}
`), 0o600))
	var out bytes.Buffer
	code := gimsim.Run(t.Context(), []string{"export", "--dir", filepath.Join(dir, "export"), "--seed=3", "--from=2026-01-30", "--days=32", "--agents=12",
		"--switches=SIP_DAL_1=America/Chicago,SIP_LON=Europe/London", "--presence=1", "--no-interactions", "--two-keys=0.3", "--high-water=2026-03-03T03:00:00Z"}, &out, &out)
	require.Zero(t, code, out.String())
	tenant := must.Have(config.Load(file, func(string) (string, bool) { return "", false }))(t).Tenants[0]
	run(t, tenant, "")
	return tenant
}

// run does the nightly job of February.
func run(t *testing.T, tenant config.Tenant, reason string) {
	tenant.Readiness = config.ReadinessOff
	j := job.Job{Plan: job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Restate: reason}, Tenant: tenant, Version: "test", Log: must.Quiet{},
		Clock: func() time.Time { return time.Date(2026, 4, 20, 9, 0, 0, 0, time.UTC) }}
	for d := must.Date(t, "2026-02-01"); !must.Date(t, "2026-02-28").Before(d); d = d.AddDays(1) {
		j.Days = append(j.Days, d)
	}
	j.Months = append(j.Months, j.Days[0].YearMonth())
	require.NoError(t, j.Do(t.Context()).Err)
}

// opened is what reads the tenant's store for the sink.
func opened(t *testing.T, tenant config.Tenant) func(func(duck.Queryer) error) error {
	return func(read func(duck.Queryer) error) error {
		db := must.Have(store.OpenPublished(t.Context(), tenant.StorePath(), duck.Of(tenant.Engine)))(t)
		defer db.Close() //nolint:errcheck // only read
		return read(db)
	}
}

func bring(t *testing.T, to string, tenant config.Tenant) error {
	s, err := sink.Open(t.Context(), config.Hide(to))
	if err != nil {
		return err
	}
	err = s.Bring(t.Context(), tenant.Name, opened(t, tenant))
	_ = s.Close() // of a connection that was killed
	return err
}

// requireEqual wants the sink to hold of the tenant what its store holds, and no less.
func requireEqual(t *testing.T, db *pgtest.DB, tenant config.Tenant) (rows int) {
	for name, what := range relations {
		what = "select concat_ws('|', " + what + ") from "
		var want []string
		require.NoError(t, opened(t, tenant)(func(q duck.Queryer) error {
			want = must.Texts(t, q.(*sql.DB), what+name)
			return nil
		}))
		require.NotEmpty(t, want, name)
		require.ElementsMatch(t, want, texts(t, db, what+"seats."+name+" where tenant = '"+tenant.Name+"'"), name)
		rows += len(want)
	}
	return rows
}

func texts(t *testing.T, db *pgtest.DB, query string) []string {
	return must.Have(pgx.CollectRows(must.Have(db.Conn.Query(t.Context(), query))(t), pgx.RowTo[string]))(t)
}

func TestTheSinkEqualsTheStore(t *testing.T) {
	db, tenant := pgtest.Database(t, "UTF8"), site(t)
	to := db.ConnString()
	require.NoError(t, bring(t, to, tenant))
	rows := requireEqual(t, db, tenant)
	other := tenant
	other.Name, other.DataDir = "other", t.TempDir()
	require.NoError(t, os.WriteFile(other.StorePath(), must.Have(os.ReadFile(tenant.StorePath()))(t), 0o600))
	require.NoError(t, bring(t, to, other))
	before := lines(t, db)

	require.NoError(t, bring(t, to, tenant))
	require.Equal(t, before, lines(t, db), "what is the same is not written again")

	saved := must.Have(os.ReadFile(tenant.StorePath()))(t)
	restated := tenant
	restated.ExcludeAgents = []string{"*1*"}
	run(t, restated, "testers are no seats")
	require.NoError(t, bring(t, to, tenant))
	require.Greater(t, requireEqual(t, db, tenant), rows, "the revisions before stay")
	require.NotEmpty(t, texts(t, db, "select file from seats.issued_file where revision = 2"))

	require.NoError(t, os.WriteFile(tenant.StorePath(), saved, 0o600))
	require.NoError(t, bring(t, to, tenant))
	require.Equal(t, rows, requireEqual(t, db, tenant), "a store that was restored has no second revision")
	require.Equal(t, rows, requireEqual(t, db, other), "the other tenant's rows are its own")
}

// lines tells every row of the sink, with the transaction that wrote it.
func lines(t *testing.T, db *pgtest.DB) (all []string) {
	for name := range relations {
		all = append(all, texts(t, db, "select concat(ctid, xmin, t) from seats."+name+" as t")...)
	}
	require.NotEmpty(t, all)
	slices.Sort(all)
	return all
}

func TestASinkThatFailedIsBroughtUpToDateByTheNextRun(t *testing.T) {
	db, tenant := pgtest.Database(t, "UTF8"), site(t)
	proxy := pgtest.NewProxy(t, db.ServerInfo)
	through := db.ServerInfo
	through.Port = proxy.Port
	require.NoError(t, bring(t, through.ConnString(), tenant))
	before := lines(t, db)
	restated := tenant
	restated.ExcludeAgents = []string{"*1*"}
	run(t, restated, "testers are no seats")

	// Killed half-way, within the rows that it writes: nothing of it is there.
	sent := proxy.Passed(pgtest.FromClient)
	proxy.FailAfter(sent/2, pgtest.FromClient, false)
	require.Error(t, bring(t, through.ConnString(), tenant))
	require.Equal(t, before, lines(t, db))
	proxy.Heal()
	require.NoError(t, bring(t, through.ConnString(), tenant))
	requireEqual(t, db, tenant)
}

func TestWhatKeepsASinkFromBeingWritten(t *testing.T) {
	db, tenant := pgtest.Database(t, "UTF8"), site(t)
	db.Exec(t, "create role reader_"+db.Database+" login")
	t.Cleanup(func() {
		for _, what := range []string{"drop owned by", "drop role"} {
			_, _ = db.Conn.Exec(t.Context(), what+" reader_"+db.Database)
		}
	})
	try := func(to string) error {
		s, err := sink.Open(t.Context(), config.Hide(to))
		if err != nil {
			return err
		}
		defer s.Close() //nolint:errcheck // tried
		return s.Try(t.Context())
	}
	// Where to is in no error.
	for to, says := range map[string]string{
		"postgres://hunter:s3cret@127.0.0.1:1/gone":                                                                       "connection refused",
		"postgres://hunter:s3cret@no-such-host.invalid/gone":                                                              "the host is not found",
		"postgres://hunter:s3cret@[gone":                                                                                  "it is no connection string",
		"postgres://hunter:s3cret@" + db.Host + ":" + "1" + "/gone?sslmode=bad":                                           "it is no connection string",
		"host=" + db.Host + " port=" + strconv.Itoa(db.Port) + " user=hunter password=s3cret dbname=gone sslmode=disable": "SQLSTATE 28000",
	} {
		err := try(to)
		must.Fail(t, err, fail.Other, says)
		for _, part := range []string{"s3cret", "hunter", "gone"} {
			require.NotContains(t, err.Error(), part)
		}
	}

	require.NoError(t, try(db.ConnString()))
	require.Empty(t, texts(t, db, "select nspname::text from pg_namespace where nspname = 'seats'"), "who tries changes nothing")
	require.NoError(t, bring(t, db.ConnString(), tenant))
	require.NoError(t, try(db.ConnString()))
	reader := db.ServerInfo
	reader.User = "reader_" + db.Database
	db.Exec(t, "grant usage on schema seats to "+reader.User+"; grant select on all tables in schema seats to "+reader.User)
	require.ErrorContains(t, try(reader.ConnString()), "permission denied for table issued_file")
	db.Exec(t, "grant insert, delete on all tables in schema seats to "+reader.User)
	require.NoError(t, bring(t, reader.ConnString(), tenant))

	db.Exec(t, "comment on table seats.issued_file is 'Sink of seats, version 12'")
	err := bring(t, db.ConnString(), tenant)
	must.Fail(t, err, fail.Other, `says "Sink of seats, version 12"`, "drop its schema seats")
}

func TestEveryColumnOfTheSinkIsOnThePage(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	db.Exec(t, sqltexts.Text("sink/schema"))
	page := must.Text(t, "../../../docs/sink.md")
	for _, line := range texts(t, db, `select concat('| ', chr(96), column_name, chr(96), ' | ', replace(data_type, 'ARRAY', 'text[]'), ' |')
		from information_schema.columns where table_schema = 'seats'`) {
		require.Contains(t, page, strings.Replace(line, "timestamp with time zone", "timestamptz", 1))
	}
}
