package lake_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	gimsim "example.com/seats/cmd/gimsim/cli"
	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	texts "example.com/seats/sql"
)

func schemaOf(t *testing.T, dir string) (s schema) {
	require.NoError(t, json.Unmarshal(must.Have(os.ReadFile(filepath.Join(dir, "_schema.json")))(t), &s))
	return s
}

func TestTheSchemaSaysWhatIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	written, _ := export(t, dir, "", site(t)...)
	require.Equal(t, 2*2*9+2*3, written)
	schema := schemaOf(t, dir)
	db := views(t, dir, schema)
	for _, r := range schema.Relations {
		var want []string
		for _, c := range r.Columns {
			require.NotEmpty(t, c.Comment, r.Name)
			want = append(want, c.Name+" "+c.Type)
		}
		require.Equal(t, want, must.Texts(t, db, "select column_name || ' ' || column_type from (describe "+r.Name+
			") where column_name not in ('tenant', 'month', 'day')"), r.Name)
	}
	entries := must.Have(os.ReadDir(dir))(t)
	relations := 0
	for _, e := range entries {
		if e.IsDir() {
			relations++
		}
	}
	require.Len(t, schema.Relations, relations)
	require.Equal(t, []string{"(tenant: 007)"}, shortened(ask(t, db, "select distinct tenant from slice where tenant like '0%'")), "a tenant's name is no number")

	text := must.Have(os.ReadFile(filepath.Join(dir, "README.md")))(t)
	questions := regexp.MustCompile(`(?s)    select .*?;\n`).FindAllString(string(text), -1)
	require.Len(t, questions, 5)
	for _, q := range questions {
		ask(t, db, strings.TrimSuffix(q, ";\n"))
	}
}

// shortened writes structs of one text as they are easier to read.
func shortened(rows []string) []string {
	for at, r := range rows {
		rows[at] = strings.NewReplacer("{", "(", "}", ")", "'", "").Replace(r)
	}
	return rows
}

// The lake holds what the stores hold, every row and every number.
func TestNothingIsLost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, dir, "", tenants...)
	db := views(t, dir, schemaOf(t, dir))
	for _, tenant := range tenants {
		must.Have(db.Exec("attach '" + tenant.StorePath() + "' as s" + tenant.Name + " (read_only)"))(t)
		for relation, columns := range map[string]string{
			"voice_session":    "day, resource_key, start_ts, end_ts, active_flag, sm_res_session_fact_key, start_date_time_key, update_audit_key",
			"ocs_activity":     "day, resource_key, start_ts, end_ts, active_flag, switch_name, kind, activity_key, start_date_time_key, call_attempt_guid, dialing_mode_code, update_audit_key",
			"agent":            "day, resource_key, employee_id, resource_name",
			"daily_concurrent": "day, region, location, agents, peak_ts, peak_seconds, state",
			"enabled_daily":    "day, region, agents, state",
			"data_quality":     "day, rule, blocking, occurrences, examples",
		} {
			have := ask(t, db, "select "+columns+" from s"+tenant.Name+"._data."+relation+" order by all")
			require.NotEmpty(t, have, relation)
			require.Equal(t, have, ask(t, db, "select "+columns+" from "+relation+" where tenant = '"+tenant.Name+"' order by all"), relation)
		}
	}
	require.Empty(t, ask(t, db, "select * from voice_session where epoch(start_at) <> start_ts or epoch(end_at) <> end_ts"))
}

// files are the files of a lake, each with its text.
func files(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	}))
	return all
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	dir, again := filepath.Join(t.TempDir(), "lake"), filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, dir, "", tenants...)
	export(t, again, "", tenants...)
	first := files(t, dir)
	require.Equal(t, first, files(t, again), "equal stores give equal bytes")
	written, unchanged := export(t, dir, "", tenants...)
	require.Equal(t, [2]int{0, 2*2*9 + 2*3}, [2]int{written, unchanged})

	const partition = "agent/tenant=007/month=2026-03/day=2026-03-28/"
	cut := func(path string) error { return os.Truncate(path, 100) }
	empty := func(path string) error { return os.Truncate(path, 0) }
	flip := func(path string) error {
		text, err := os.ReadFile(path)
		text[len(text)/2] ^= 1
		return errors.Join(err, os.WriteFile(path, text, 0o600))
	}
	for _, spoil := range []struct {
		name string
		do   func(path string) error
	}{
		{"_SUCCESS", os.Remove}, {"_SUCCESS", empty}, {"_SUCCESS", flip},
		{"part.parquet", os.Remove}, {"part.parquet", empty}, {"part.parquet", cut}, {"part.parquet", flip},
	} {
		require.NoError(t, spoil.do(filepath.Join(dir, partition+spoil.name)))
		written, _ = export(t, dir, "", tenants[0])
		require.Equal(t, 9, written, "the day of a partition whose %s is spoiled", spoil.name)
		require.Equal(t, first, files(t, dir))
	}

	// A day is counted by other rules.
	changed := tenants[1]
	changed.ExcludeAgents = []string{"*"}
	run(t, changed, "2026-03-28", "2026-03-28")
	written, _ = export(t, dir, "", tenants[0], changed)
	require.Equal(t, 9+1, written, "the day, and what is issued of its month")
	now := files(t, dir)
	require.Equal(t, first["voice_session/tenant=beta/month=2026-03/day=2026-03-28/part.parquet"], now["voice_session/tenant=beta/month=2026-03/day=2026-03-28/part.parquet"])
	require.NotEqual(t, first["rule/tenant=beta/month=2026-03/day=2026-03-28/part.parquet"], now["rule/tenant=beta/month=2026-03/day=2026-03-28/part.parquet"])
	require.Contains(t, ask(t, views(t, dir, schemaOf(t, dir)), "select revision, reason from issued where tenant = 'beta'"), "{'revision': 2, 'reason': a test}")
}

// A slice may have the same rows at a later moment, at which open sessions end.
func TestAnotherMomentIsAnotherDay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenant := site(t)[1]
	export(t, dir, "", tenant)
	change(t, tenant, "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
	written, _ := export(t, dir, "", tenant)
	require.Equal(t, 9, written)
}

// What a store let go with age stays in the lake.
func TestRowsThatTheStoreDroppedStay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, dir, "", tenants...)
	first := files(t, dir)
	for _, tenant := range tenants {
		change(t, tenant, "delete from _data.slice", "delete from _data.voice_session", "delete from _data.agent", "delete from _data.concurrency")
	}
	written, _ := export(t, dir, "", tenants...)
	require.Zero(t, written)
	require.Equal(t, first, files(t, dir))

	fresh := filepath.Join(t.TempDir(), "fresh")
	written, _ = export(t, fresh, "", tenants...)
	require.Equal(t, 2*2*3+2*3, written, "the numbers are there")
	require.NoDirExists(t, filepath.Join(fresh, "voice_session"))
}

func change(t *testing.T, tenant config.Tenant, statements ...string) {
	db := must.Have(duck.Open(tenant.StorePath(), duck.Options{}))(t)
	for _, s := range statements {
		must.Have(db.Exec(s))(t)
	}
	require.NoError(t, db.Close())
}

func TestPseudonyms(t *testing.T) {
	tenants := site(t)
	change(t, tenants[0], "update _data.issued_file set reason = 'asked by ' || (select max(resource_name) from _data.agent)")
	plain, masked := filepath.Join(t.TempDir(), "plain"), filepath.Join(t.TempDir(), "masked")
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	export(t, plain, "", tenants...)
	export(t, masked, key, tenants...)
	names, numbers := views(t, plain, schemaOf(t, plain)), views(t, masked, schemaOf(t, masked))
	for _, query := range []string{
		"select * from daily_concurrent order by all", "select * from enabled_daily order by all", "select tenant, day, rule, occurrences from data_quality order by all",
		"select * exclude (reason) from issued order by all", "select start_at, end_at from voice_session order by all", "select * exclude pattern from rule order by all",
	} {
		require.Equal(t, ask(t, names, query), ask(t, numbers, query))
	}
	var everything strings.Builder
	for _, r := range schemaOf(t, masked).Relations {
		for _, row := range ask(t, numbers, "select * from "+r.Name) {
			everything.WriteString(row + "\n")
		}
	}
	agents := ask(t, names, "select distinct unnest([employee_id, resource_name, '#' || resource_key]) as name from agent")
	require.Greater(t, len(agents), 40)
	for _, row := range agents {
		if _, name, _ := strings.Cut(strings.Trim(row, "{'}"), "': "); name != "NULL" && name != "" {
			require.NotContains(t, everything.String(), strings.Trim(name, "'"))
		}
	}
	for _, relation := range []string{"voice_session", "ocs_activity", "agent"} {
		require.Empty(t, ask(t, numbers, "select resource_key from "+relation+" where resource_key < 1000000"), "simulated keys are small, pseudonyms are not")
	}
	require.NotContains(t, everything.String(), "TEST")
	written, _ := export(t, masked, key, tenants...)
	require.Zero(t, written)

	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("fedcba9876543210"), 0o600))
	for dir, keys := range map[string][]string{plain: {key}, masked: {"", other}} {
		for _, k := range keys {
			require.Equal(t, fail.Usage, fail.CodeOf(must.Err(lake.Open(dir, k))))
		}
	}

	// Rows that are gone cannot tell which of their examples name agents.
	change(t, tenants[0], "delete from _data.slice")
	late := filepath.Join(t.TempDir(), "late")
	export(t, late, key, tenants[0])
	require.Empty(t, ask(t, names, "select unnest(examples) from read_parquet('"+late+"/data_quality/**/*.parquet')"))
	require.NotEmpty(t, ask(t, names, "select unnest(examples) from data_quality where tenant = '007'"))
}

// Two sites may each have a tenant of one name: the lake holds that of the first, until somebody says that the second has
// taken its place.
func TestTwoSitesOfOneTenantNameAreToldApart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	ours, other := site(t)[1], site(t)[1]
	change(t, other, "update _data.run set sha256 = sha256('another site') where run_id = 1")
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	for lakeDir, keyFile := range map[string]string{dir: "", dir + "-masked": key} {
		export(t, lakeDir, keyFile, ours)
		first := files(t, lakeDir)
		l := must.Have(lake.Open(lakeDir, keyFile))(t)
		_, err := l.Export(t.Context(), other, everything)
		must.Fail(t, err, fail.Usage, "the tenant beta in the lake "+lakeDir+" is another store's")
		require.Equal(t, first, files(t, lakeDir))
		require.NoError(t, l.Close())
		written, _ := export(t, lakeDir, keyFile, ours)
		require.Zero(t, written)

		require.NoError(t, os.Remove(filepath.Join(lakeDir, "issued", "tenant=beta", "_STORE")))
		export(t, lakeDir, keyFile, other)
	}
}

func TestAFolderOfSomethingElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600))
	must.Fail(t, must.Err(lake.Open(dir, "")), fail.Usage, "letter.txt")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_schema.json"), []byte(`{"format": 99}`), 0o600))
	require.ErrorContains(t, must.Err(lake.Open(dir, "")), "format 99")
}

func TestNoLinkIsFollowed(t *testing.T) {
	tenants := site(t)[1:]
	elsewhere := t.TempDir()
	for link, refused := range map[string]bool{
		"agent":             true,
		"agent/tenant=beta": true,
		"agent/tenant=beta/month=2026-03/day=2026-03-28/_SUCCESS":          false, // what is renamed takes its place
		"agent/tenant=beta/month=2026-03/day=2026-03-28/part.parquet":      false,
		"agent/tenant=beta/month=2026-03/day=2026-03-28/.part.parquet.tmp": false,
		".beta.lock": true,
	} {
		dir := filepath.Join(t.TempDir(), "lake")
		l := must.Have(lake.Open(dir, ""))(t)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o700))
		require.NoError(t, os.Symlink(filepath.Join(elsewhere, "victim"), filepath.Join(dir, link)))
		_, err := l.Export(t.Context(), tenants[0], everything)
		if refused {
			require.Error(t, err, link)
		} else {
			require.NoError(t, err, link)
		}
		require.Empty(t, must.Have(os.ReadDir(elsewhere))(t), link)
		require.NoError(t, l.Close())
	}
}

// Raw rows and rules of the lake alone give every number that was issued, and every peak of a location, by a statement that
// two engines run as it is.
func TestTheNumbersFromTheLakeAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	export(t, dir, "", site(t)...)
	schema := schemaOf(t, dir)
	duckDB := views(t, dir, schema)
	for _, name := range []string{"seats_outbound", "comparison"} {
		must.Have(duckDB.Exec("create view " + name + " as " + texts.Text("fleet/"+name)))(t)
	}
	const perDay = 2 + 3 + 1 + 1 // regions and locations of the two tenants
	require.Len(t, ask(t, duckDB, "from comparison where value > 0"), 2*perDay)
	require.Empty(t, ask(t, duckDB, "from comparison where not agrees"))
	require.NotEmpty(t, ask(t, duckDB, "from seats_outbound where measure = 'enabled' and value > 0"))
	require.Empty(t, ask(t, duckDB, "select tenant, region, day::varchar, agents from enabled_daily except select tenant, region, period, value from seats_outbound where measure = 'enabled'"))
	require.Empty(t, ask(t, duckDB, "select tenant, region, month, max(agents), max(peak_ts) from (select *, rank() over (partition by tenant, region, month "+
		"order by agents desc, peak_ts) as nth from daily_concurrent where location is null) where nth = 1 group by all "+
		"except select tenant, region, period, value, peak_ts from seats_outbound where measure = 'concurrent'"))

	postgres := copied(t, duckDB, schema)
	must.Have(postgres.Exec(context.Background(), "create view seats_outbound as "+texts.Text("fleet/seats_outbound")))(t)
	columns := must.Texts(t, duckDB, "select 'coalesce(' || column_name || '::varchar, ''none'')' from (describe seats_outbound)")
	rows := "select concat_ws('|', " + strings.Join(columns, ", ") + ") from seats_outbound"
	theirs := must.Have(pgx.CollectRows(must.Have(postgres.Query(context.Background(), rows))(t), pgx.RowTo[string]))(t)
	require.ElementsMatch(t, theirs, must.Texts(t, duckDB, rows))
	var numbers, same int
	require.NoError(t, postgres.QueryRow(context.Background(), "select count(*), count(*) filter (where agrees) from ("+texts.Text("fleet/comparison")+") as c").Scan(&numbers, &same))
	require.Equal(t, 2*perDay, numbers)
	require.Equal(t, numbers, same)
}

// copied is the lake in PostgreSQL.
func copied(t *testing.T, lakeDB *sql.DB, schema schema) *pgx.Conn {
	db := pgtest.Schema(t)
	for _, r := range schema.Relations {
		if r.Name == "data_quality" {
			continue // no statement reads it
		}
		columns := append([]column{{Name: "tenant", Type: "varchar"}, {Name: "month", Type: "varchar"}}, r.Columns...)
		if r.Period == "day" {
			columns = append(columns, column{Name: "day", Type: "date"})
		}
		var names, typed []string
		for _, c := range columns {
			names, typed = append(names, c.Name), append(typed, c.Name+" "+c.Type)
		}
		db.Exec(t, "create table "+r.Name+" ("+strings.Join(typed, ", ")+")")
		file, list := filepath.Join(t.TempDir(), r.Name), strings.Join(names, ", ")
		must.Have(lakeDB.Exec("copy (select " + list + " from " + r.Name + ") to '" + file + "' (format csv, header false, nullstr '(null)')"))(t)
		from := "copy " + r.Name + " (" + list + ") from stdin (format csv, null '(null)')"
		must.Have(db.Conn.PgConn().CopyFrom(context.Background(), strings.NewReader(must.Text(t, file)), from))(t)
	}
	return db.Conn
}

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
	made.Do(func() {
		made.dir = must.Have(os.MkdirTemp("", "lake-*"))(t)
		require.NoError(t, os.WriteFile(filepath.Join(made.dir, "seats.yaml"), must.Have(os.ReadFile("testdata/seats.yaml"))(t), 0o600))
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
	cfg := must.Have(config.Load(filepath.Join(dir, "seats.yaml"), func(string) (string, bool) { return "", false }))(t)
	cfg.Tenants[1].SessionEnd = config.SessionEndInclusive
	return cfg.Tenants
}

// run does the nightly job of days.
func run(t *testing.T, tenant config.Tenant, from, to string) {
	tenant.Readiness = config.ReadinessOff
	j := job.Job{Plan: job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Restate: "a test"}, Tenant: tenant, Version: "test", Log: must.Quiet{},
		Clock: func() time.Time { return time.Date(2026, 4, 20, 9, 0, 0, 0, time.UTC) }}
	for d := must.Date(t, from); !must.Date(t, to).Before(d); d = d.AddDays(1) {
		j.Days = append(j.Days, d)
	}
	require.NoError(t, j.Do(context.Background()).Err)
}

// export exports all that the tenants' stores hold, and gives how many partitions were written and how many were not.
func export(t *testing.T, dir, key string, tenants ...config.Tenant) (written, unchanged int) {
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
	return must.Texts(t, db, "select r::varchar from ("+query+") as r")
}
