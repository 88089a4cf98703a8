package lake_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	gimsim "example.com/seats/cmd/gimsim/cli"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

func TestTheTablesAreAsTheSchemaSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	results, written := export(t, lake.Options{Where: dir}, site(t)...)
	require.Equal(t, [2]int{2, 2}, [2]int{results["007"].Days, results["beta"].Days})
	require.Equal(t, len(relations(t)), written)
	db := views(t, dir)
	for _, r := range relations(t) {
		var want []string
		for _, c := range r.Columns {
			require.NotEmpty(t, c.Comment, r.Name)
			want = append(want, c.Name+" "+c.Type)
		}
		require.Equal(t, want, must.Texts(t, db, "select column_name || ' ' || column_type from (describe "+r.Name+")"), r.Name)
		for _, file := range newest(t, dir, r.Name) {
			inDir := must.Texts(t, db, "select distinct 'month=' || month || '/bucket=' || bucket from read_parquet('"+file+"', hive_partitioning = false)")
			require.Equal(t, []string{strings.TrimPrefix(filepath.Dir(file), dir+"/"+r.Name+"/")}, inDir, "a file is of one month and bucket, and has both in it")
		}
		log := must.Text(t, filepath.Join(dir, r.Name, "_delta_log", fmt.Sprintf("%020d.json", 0)))
		require.Contains(t, log, `"minReaderVersion":1,"minWriterVersion":2`)
		require.Contains(t, log, `"partitionColumns":["month","bucket"]`)
	}
	require.Equal(t, []string{"(tenant: 007)"}, shortened(ask(t, db, "select distinct tenant from slice where tenant like '0%'")), "a tenant's name is no number")
	sorted := "select resource_key, start_ts from read_parquet('" + newest(t, dir, "voice_session")[0] + "')"
	require.Equal(t, ask(t, db, sorted+" order by tenant, day, resource_key, start_ts"), ask(t, db, sorted))

	text := must.Have(os.ReadFile(filepath.Join(dir, "README.md")))(t)
	questions := regexp.MustCompile(`(?s)    select .*?;\n`).FindAllString(string(text[bytes.Index(text, []byte("## Questions")):]), -1)
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
	export(t, lake.Options{Where: dir}, tenants...)
	db := views(t, dir)
	for _, tenant := range tenants {
		must.Have(db.Exec("attach '" + tenant.StorePath() + "' as s" + tenant.Name + " (read_only)"))(t)
		for relation, columns := range map[string]string{
			"voice_session":      "day, resource_key, start_ts, end_ts, active_flag, sm_res_session_fact_key, start_date_time_key, update_audit_key",
			"ocs_activity":       "day, resource_key, start_ts, end_ts, active_flag, switch_name, kind, activity_key, start_date_time_key, call_attempt_guid, dialing_mode_code, update_audit_key",
			"agent":              "day, resource_key, employee_id, resource_name",
			"daily_concurrent":   "day, region, location, agents, peak_ts, peak_seconds, state",
			"enabled_daily":      "day, region, agents, state",
			"data_quality":       "day, rule, blocking, occurrences, examples",
			"concurrency":        "day, region, location, start_ts, end_ts, agents, sessions",
			"qualifying_session": "day, region, location, agent, resource_key, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts, is_open, first_kind, first_activity_key, first_activity_ts, activities",
			"run":                "run_id, command, os_user, program, exit_code, message, days, files, started_ts, ended_ts, previous_sha256, sha256",
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
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, lake.Options{Where: dir}, tenants...)
	first := files(t, dir)
	results, written := export(t, lake.Options{Where: dir}, tenants...)
	require.Equal(t, lake.Result{}, *results["007"])
	require.Zero(t, written)
	require.Equal(t, first, files(t, dir))

	// A store that was copied is looked into, and has nothing new.
	require.NoError(t, os.Chtimes(tenants[0].StorePath(), time.Time{}, time.Now().Add(time.Hour)))
	results, written = export(t, lake.Options{Where: dir}, tenants...)
	require.Equal(t, lake.Result{}, *results["007"])
	require.Zero(t, written)

	// A day is counted by other rules.
	changed := tenants[1]
	changed.ExcludeAgents = []string{"*"}
	run(t, changed, "2026-03-28", "2026-03-28")
	results, _ = export(t, lake.Options{Where: dir}, tenants[0], changed)
	require.Equal(t, lake.Result{}, *results["007"])
	require.Equal(t, lake.Result{Days: 1, Months: 2}, *results["beta"], "the day, what is issued of its month, and the month of the run")
	db := views(t, dir)
	require.Equal(t, []string{"{'day': 2026-03-28, 'n': 1}", "{'day': 2026-03-29, 'n': 0}"},
		ask(t, db, "select day, count(*) filter (where kind = 'exclude') as n from rule where tenant = 'beta' group by day order by day"))
	require.Equal(t, []string{"{'revision': 1, 'stands': false, 'reason': NULL}", "{'revision': 2, 'stands': true, 'reason': a test}"},
		ask(t, db, "select revision, stands, reason from issued where tenant = 'beta' and measure = 'concurrent' and period = '2026-03-28' order by revision"))
	require.Empty(t, ask(t, db, "select tenant, day from voice_session group by all having count(*) <> count(distinct (sm_res_session_fact_key, start_date_time_key, is_beside))"), "no row is there twice")
}

// A slice may have the same rows at a later moment, at which open sessions end.
func TestAnotherMomentIsAnotherDay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenant := site(t)[1]
	export(t, lake.Options{Where: dir}, tenant)
	change(t, tenant, "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
	results, _ := export(t, lake.Options{Where: dir}, tenant)
	require.Equal(t, lake.Result{Days: 1}, *results["beta"])
}

// What a store let go with age stays in the lake, until it is pruned; so do tenants that have left.
func TestWhatTheStoreDroppedStaysUntilItIsPruned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, lake.Options{Where: dir}, tenants...)
	counts := "select (select count(*) from voice_session), (select count(*) from daily_concurrent), (select count(*) from run)"
	first := ask(t, views(t, dir), counts)
	for _, tenant := range tenants {
		change(t, tenant, "delete from _data.slice", "delete from _data.voice_session", "delete from _data.agent", "delete from _data.concurrency")
	}
	_, written := export(t, lake.Options{Where: dir}, tenants...)
	require.Zero(t, written)
	require.Equal(t, first, ask(t, views(t, dir), counts))

	fresh := filepath.Join(t.TempDir(), "fresh")
	export(t, lake.Options{Where: fresh}, tenants...)
	require.Empty(t, ask(t, views(t, fresh), "from voice_session"))
	require.NotEmpty(t, ask(t, views(t, fresh), "from daily_concurrent"), "the numbers are there")

	export(t, lake.Options{Where: dir, Prune: true, Tenants: map[string]bool{"beta": true}}, tenants[1])
	db := views(t, dir)
	require.Equal(t, []string{"{'tenant': beta}"}, ask(t, db, "select distinct tenant from daily_concurrent"))
	for _, r := range relations(t) {
		require.Empty(t, ask(t, db, "select tenant from "+r.Name+" where tenant <> 'beta'"), r.Name)
	}
	require.Empty(t, ask(t, db, "from voice_session"))
	require.Empty(t, ask(t, db, "from rule"))
}

// A table's files do not grow with the nights, nor does its log; what is replaced goes when nobody reads it any more.
func TestFilesAndVersionsAreFew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	before := ask(t, lakeAfter(t, dir, tenants), "select tenant, day, resource_key, start_ts from voice_session order by all")
	now := time.Now()
	for night := range 12 {
		now = now.Add(24 * time.Hour)
		change(t, tenants[0], fmt.Sprintf("update _data.slice set as_of = as_of + %d where day = '2026-03-29'", night%2*2-1))
		export(t, lake.Options{Where: dir, Now: now}, tenants...)
		for _, file := range must.Have(filepath.Glob(dir + "/*/*/*/*.parquet"))(t) { // as old as the clock says
			if info := must.Have(os.Stat(file))(t); info.ModTime().After(now.Add(-12*time.Hour)) || night == 0 {
				require.NoError(t, os.Chtimes(file, now, now))
			}
		}
		for _, file := range must.Have(filepath.Glob(dir + "/*/_delta_log/0*"))(t) {
			if info := must.Have(os.Stat(file))(t); time.Since(info.ModTime()) < time.Minute && info.ModTime().Before(time.Now()) {
				require.NoError(t, os.Chtimes(file, now, now))
			}
		}
	}
	require.Equal(t, before, ask(t, views(t, dir), "select tenant, day, resource_key, start_ts from voice_session order by all"))
	logs := must.Have(filepath.Glob(dir + "/voice_session/_delta_log/0*.json"))(t)
	require.Less(t, len(logs), 13, "those of a week, and back to the checkpoint before it")
	require.Less(t, len(must.Have(filepath.Glob(dir+"/voice_session/*/*/*.parquet"))(t)), 20)
}

func lakeAfter(t *testing.T, dir string, tenants []config.Tenant) *sql.DB {
	export(t, lake.Options{Where: dir}, tenants...)
	return views(t, dir)
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
	export(t, lake.Options{Where: plain}, tenants...)
	export(t, lake.Options{Where: masked, KeyFile: key}, tenants...)
	names, numbers := views(t, plain), views(t, masked)
	for _, query := range []string{
		"select * from daily_concurrent order by all", "select * from enabled_daily order by all", "select tenant, day, rule, occurrences from data_quality order by all",
		"select * exclude (reason) from issued order by all", "select start_at, end_at from voice_session order by all", "select * exclude pattern from rule order by all",
	} {
		require.Equal(t, ask(t, names, query), ask(t, numbers, query))
	}
	var everything strings.Builder
	for _, r := range relations(t) {
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
	_, written := export(t, lake.Options{Where: masked, KeyFile: key}, tenants...)
	require.Zero(t, written)

	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("fedcba9876543210"), 0o600))
	for dir, keys := range map[string][]string{plain: {key}, masked: {"", other}} {
		for _, k := range keys {
			_, _, err := tryExport(t.Context(), lake.Options{Where: dir, KeyFile: k}, tenants...)
			require.Equal(t, fail.Usage, fail.CodeOf(err))
		}
	}

	// Rows that are gone cannot tell which of their examples name agents.
	change(t, tenants[0], "delete from _data.slice")
	late := filepath.Join(t.TempDir(), "late")
	export(t, lake.Options{Where: late, KeyFile: key}, tenants[0])
	require.Empty(t, ask(t, views(t, late), "select unnest(examples) from data_quality"))
	require.NotEmpty(t, ask(t, names, "select unnest(examples) from data_quality where tenant = '007'"))
}

// Two sites may each have a tenant of one name, and a tenant may be renamed: the lake holds that of the first, until somebody says that
// the second has taken its place.
func TestNoTenantIsTakenForAnotherOrCountedTwice(t *testing.T) {
	ours, other := site(t)[1], site(t)[1]
	renamed := ours
	renamed.Name, renamed.DataDir = "gamma", t.TempDir()
	require.NoError(t, os.WriteFile(renamed.StorePath(), must.Have(os.ReadFile(ours.StorePath()))(t), 0o600))
	change(t, other, "update _data.run set sha256 = sha256('another site') where run_id = 1")
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	dir := filepath.Join(t.TempDir(), "lake")
	for where, keyFile := range map[string]string{dir: "", dir + "-masked": key} {
		o := lake.Options{Where: where, KeyFile: keyFile}
		export(t, o, ours)
		first := files(t, where)
		for who, says := range map[*config.Tenant]string{&other: "the tenant beta in the lake " + where + " is another store's", &renamed: "the lake " + where + " has the store of gamma as the tenant beta"} {
			results, written, err := tryExport(t.Context(), o, *who)
			require.NoError(t, err)
			must.Fail(t, results[who.Name].Err, fail.Usage, says)
			require.Zero(t, written)
			require.Equal(t, first, files(t, where))
		}
		o.Drop = []string{"beta"}
		export(t, o, renamed)
		require.Equal(t, []string{"{'tenant': gamma}"}, ask(t, views(t, where), "select distinct tenant from daily_concurrent"))
		_, _, err := tryExport(t.Context(), o, renamed)
		must.Fail(t, err, fail.Usage, "has no tenant beta")
	}
}

func TestAFolderOfSomethingElseIsRefused(t *testing.T) {
	tenants := site(t)
	dir := t.TempDir()
	letter := filepath.Join(dir, "letter.txt")
	require.NoError(t, os.WriteFile(letter, nil, 0o600))
	_, _, err := tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
	must.Fail(t, err, fail.Usage, "letter.txt")

	require.NoError(t, os.Rename(letter, filepath.Join(dir, "_schema.json")))
	was := files(t, dir)
	_, _, err = tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
	must.Fail(t, err, fail.Usage, "is a lake as earlier versions wrote it")
	require.Equal(t, was, files(t, dir))
}

// A log that another program has written on, with what this one does not know, or that lacks a file, is refused.
func TestAStrangeLogIsRefused(t *testing.T) {
	tenants := site(t)
	for spoil, says := range map[string]string{
		`{"protocol":{"minReaderVersion":3,"minWriterVersion":7}}`:            "protocol 3/7",
		`{"add":{"path":"month=2026-03/a%20b.parquet","partitionValues":{}}}`: "path month=2026-03/a%20b.parquet",
		" ":                                  "00000000000000000001.json in",
		`{"add":{"path":"month=2026-03/buck`: "00000000000000000001.json in",
		"":                                   "lacks version 1",
	} {
		dir := filepath.Join(t.TempDir(), "lake")
		export(t, lake.Options{Where: dir}, tenants...)
		change(t, tenants[0], "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
		name := fmt.Sprintf("%020d.json", 1)
		if spoil == "" {
			name = fmt.Sprintf("%020d.json", 2)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "agent", "_delta_log", name), []byte(spoil+"\n"), 0o600))
		_, _, err := tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
		require.ErrorContains(t, err, says)
	}
}

// Files of a version that knew fewer columns are written anew with what they have, and nothing that newer ones have is lost beside them.
func TestFilesOfAVersionThatKnewFewerColumns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, lake.Options{Where: dir}, tenants[0])
	db := must.Have(duck.Open("", duck.Options{}))(t)
	for _, file := range newest(t, dir, "agent") {
		must.Have(db.Exec("copy (select * exclude resource_name from read_parquet('" + file + "', hive_partitioning = false)) to '" + file + "'"))(t)
	}
	require.NoError(t, db.Close())
	export(t, lake.Options{Where: dir}, tenants...)
	named := func() []string {
		return ask(t, views(t, dir), "select tenant, count(*), count(resource_name) from agent where day = '2026-03-28' group by tenant order by tenant")
	}
	was := named()
	for _, tenant := range tenants {
		change(t, tenant, "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
	}
	export(t, lake.Options{Where: dir}, tenants...)
	require.Equal(t, was, named())
	require.Regexp(t, `'tenant': 007, .*: [1-9]\d*, .*: 0}.*'tenant': beta, .*: [1-9]\d*, .*: [1-9]`, strings.Join(was, " "))
}

func TestNoLinkLeadsOutOfTheLake(t *testing.T) {
	tenants := site(t)[1:]
	elsewhere := t.TempDir()
	for _, link := range []string{"agent", "agent/_delta_log", "agent/month=2026-03", ".lock"} {
		dir := filepath.Join(t.TempDir(), "lake")
		export(t, lake.Options{Where: dir}, tenants...)
		change(t, tenants[0], "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
		require.NoError(t, os.RemoveAll(filepath.Join(dir, link)))
		require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, link)))
		_, _, err := tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
		require.Error(t, err, link)
		require.Empty(t, must.Have(os.ReadDir(elsewhere))(t), link)
	}
}

// A bucket has the tables that a folder has; two exports that change a table at once are told apart; and what is replaced goes.
func TestABucketIsAsAFolder(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithAutoBucket(true)).Server())
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "seats")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a secret")
	tenants := site(t)
	o, dir := lake.Options{Where: "s3://bucket/some/lake", Retain: -time.Minute}, filepath.Join(t.TempDir(), "lake")
	for night := range 3 {
		if night == 2 {
			change(t, tenants[0], "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
		}
		there, n := export(t, o, tenants...)
		here, m := export(t, lake.Options{Where: dir, Retain: -time.Minute}, tenants...)
		require.Equal(t, here, there)
		require.Equal(t, m, n)
	}
	require.NoError(t, lake.Try(t.Context(), o.Where))
	require.ErrorContains(t, lake.Try(t.Context(), "s3://"), "no bucket")
	copied := filepath.Join(t.TempDir(), "copied")
	client := must.Have(minio.New(strings.TrimPrefix(server.URL, "http://"), &minio.Options{Creds: credentials.NewStaticV4("seats", "a secret", ""), BucketLookup: minio.BucketLookupPath}))(t)
	for object := range client.ListObjectsIter(t.Context(), "bucket", minio.ListObjectsOptions{Prefix: "some/lake/", Recursive: true}) {
		require.NoError(t, object.Err)
		require.NoError(t, client.FGetObject(t.Context(), "bucket", object.Key, filepath.Join(copied, strings.TrimPrefix(object.Key, "some/lake/")), minio.GetObjectOptions{}))
	}
	for _, r := range relations(t) {
		if r.Name != "exported" { // at another second
			require.Equal(t, ask(t, views(t, dir), "from "+r.Name+" order by all"), ask(t, views(t, copied), "from "+r.Name+" order by all"), r.Name)
		}
		require.Len(t, must.Have(filepath.Glob(filepath.Join(copied, r.Name, "*", "*", "*.parquet")))(t), len(newest(t, copied, r.Name)), "of %s nothing is there that was replaced", r.Name)
	}

	// Another export comes between.
	o.Beside, o.Now = tenants[0].StorePath(), time.Now()
	first := must.Have(lake.Open(t.Context(), o))(t)
	defer first.Close() //nolint:errcheck // nothing is written by it
	change(t, tenants[0], "update _data.slice set as_of = as_of + 1 where day = '2026-03-28'")
	first.Take(t.Context(), []lake.Tenant{{Tenant: tenants[0]}})
	change(t, tenants[1], "update _data.slice set as_of = as_of + 1 where day = '2026-03-28'")
	export(t, o, tenants[1])
	must.Fail(t, first.Finish(t.Context()), fail.Store, "another export has changed exported in s3://bucket/some/lake meanwhile")
	results, _ := export(t, o, tenants...)
	require.Equal(t, lake.Result{Days: 1}, *results["007"], "what it wrote before is written again")
}

// Where the rows of a day cannot be had, nothing of the tenant is written, and its day is not said to be there.
func TestASealedMonthThatIsMissingKeepsWhatTheLakeHas(t *testing.T) {
	tenants := site(t)
	dir := filepath.Join(t.TempDir(), "lake")
	export(t, lake.Options{Where: dir}, tenants...)
	before := ask(t, views(t, dir), "select tenant, count(*) from voice_session group by all order by all")
	change(t, tenants[0], "insert into _data.sealed_month values ('2026-03', '007.202603.duckdb', 'key', 'sum', 1, 1)", "update _data.slice set as_of = as_of + 1")
	change(t, tenants[1], "update _data.slice set as_of = as_of + 1")
	results, _, err := tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
	require.NoError(t, err)
	require.ErrorIs(t, results["007"].Err, store.ErrUnsealed)
	require.Equal(t, lake.Result{Days: 2}, *results["beta"])
	require.Equal(t, before, ask(t, views(t, dir), "select tenant, count(*) from voice_session group by all order by all"))
}

// A store that cannot be read, or spoils what is asked of all, keeps back no other.
func TestATenantThatCannotBeReadKeepsBackNoOther(t *testing.T) {
	tenants := site(t)
	dir := filepath.Join(t.TempDir(), "lake")
	missing := tenants[0]
	missing.Name = "missing"
	change(t, tenants[0], "update _data.computation set rules = 'no JSON' where day = '2026-03-28'")
	results, _, err := tryExport(t.Context(), lake.Options{Where: dir}, missing, tenants[0], tenants[1])
	require.NoError(t, err)
	require.ErrorIs(t, results["missing"].Err, store.ErrMissing)
	require.ErrorContains(t, results["007"].Err, "export 2026-03-28: ")
	require.NoError(t, results["beta"].Err)
	require.Equal(t, []string{"{'tenant': beta}"}, ask(t, views(t, dir), "select distinct tenant from (select tenant from exported union all select tenant from issued union all select tenant from voice_session)"))
}

// A sealed month that cannot be read is no month without rows.
func TestAMonthThatCannotBeReadIsNotExported(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	change(t, tenants[0], "insert into _data.sealed_month by name select '2026-03' as month, '007.202603.duckdb' as file, 'x' as key, 'x' as sha256, 0 as bytes, 0 as sealed_ts")
	results, _, err := tryExport(t.Context(), lake.Options{Where: dir}, tenants...)
	require.NoError(t, err)
	require.ErrorIs(t, results["007"].Err, store.ErrUnsealed)
	require.NoError(t, results["beta"].Err)
	require.Equal(t, []string{"{'tenant': beta}"}, ask(t, views(t, dir), "select distinct tenant from exported"))
}

// A tenant that is dropped and exported at once is there as its store is by now, not what changed of it alone.
func TestADroppedTenantIsExportedAsAWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	tenants := site(t)
	export(t, lake.Options{Where: dir}, tenants...)
	change(t, tenants[0], "update _data.slice set as_of = as_of + 1 where day = '2026-03-29'")
	results, _ := export(t, lake.Options{Where: dir, Drop: []string{"007", "007"}}, tenants...)
	require.Equal(t, 2, results["007"].Days)
	asAFreshOne(t, dir, tenants)
}

// What an export wrote before it failed is written again, even where the store is back at what the lake had before.
func TestWhatIsHalfWrittenIsWrittenAgain(t *testing.T) {
	for _, drop := range [][]string{nil, {"007"}} {
		dir := filepath.Join(t.TempDir(), "lake")
		tenants := site(t)
		export(t, lake.Options{Where: dir}, tenants...)
		if drop == nil {
			change(t, tenants[0], "update _data.computation set sql_sha256 = 'other' where day = '2026-03-29'", "update _data.daily_concurrent set agents = agents + 1 where day = '2026-03-29'")
		}
		inTheWay := filepath.Join(dir, "data_quality", "_delta_log", fmt.Sprintf("%020d.json", 1))
		require.NoError(t, os.Mkdir(inTheWay, 0o700))
		_, _, err := tryExport(t.Context(), lake.Options{Where: dir, Drop: drop}, tenants[len(drop):]...)
		must.Fail(t, err, fail.Store, "another export has changed data_quality in "+dir+" meanwhile")
		require.NoError(t, os.Remove(inTheWay))
		tenants[0] = site(t)[0]
		export(t, lake.Options{Where: dir}, tenants...)
		asAFreshOne(t, dir, tenants)
	}
}

func asAFreshOne(t *testing.T, dir string, tenants []config.Tenant) {
	fresh := filepath.Join(t.TempDir(), "fresh")
	export(t, lake.Options{Where: fresh}, tenants...)
	for _, r := range relations(t) {
		all := "select * exclude (" + map[bool]string{true: "exported_ts, exported_at, file", false: "bucket"}[r.Name == "exported"] + ") from " + r.Name + " order by all"
		require.Equal(t, ask(t, views(t, fresh), all), ask(t, views(t, dir), all), r.Name)
	}
}

// Raw rows and rules of the lake alone give every number that was issued, and every peak of a location, by a statement that
// two engines run as it is.
func TestTheNumbersFromTheLakeAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	export(t, lake.Options{Where: dir}, site(t)...)
	duckDB := views(t, dir)
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

	postgres := copied(t, duckDB)
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
func copied(t *testing.T, lakeDB *sql.DB) *pgx.Conn {
	db := pgtest.Schema(t)
	for _, r := range relations(t) {
		if !slices.Contains([]string{"voice_session", "ocs_activity", "agent", "rule", "issued", "daily_concurrent"}, r.Name) {
			continue // no statement reads it
		}
		var names, typed []string
		for _, c := range r.Columns {
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

type relation struct {
	Name    string
	Columns []column // with those that all have
}

type column struct{ Name, Type, Comment string }

// relations are those that the lake's own schema describes.
func relations(t *testing.T) []relation {
	var schema struct {
		Keys      []column
		Relations []relation
	}
	require.NoError(t, json.Unmarshal(must.Have(os.ReadFile("schema.json"))(t), &schema))
	for i := range schema.Relations {
		schema.Relations[i].Columns = slices.Concat(schema.Keys, schema.Relations[i].Columns)
	}
	return schema.Relations
}

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

// export exports all that the tenants' stores hold, and gives what became of each, and how many tables have a new version.
func export(t *testing.T, o lake.Options, tenants ...config.Tenant) (results map[string]*lake.Result, written int) {
	results, written, err := tryExport(t.Context(), o, tenants...)
	require.NoError(t, err)
	for name, r := range results {
		require.NoError(t, r.Err, name)
	}
	return results, written
}

func tryExport(ctx context.Context, o lake.Options, tenants ...config.Tenant) (results map[string]*lake.Result, written int, err error) {
	o.Beside = tenants[0].StorePath()
	o.Retain = cmp.Or(o.Retain, lake.Retention)
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	l, err := lake.Open(ctx, o)
	if err != nil {
		return nil, 0, err
	}
	defer l.Close() //nolint:errcheck // nothing is written by it
	var all []lake.Tenant
	for _, tenant := range tenants {
		all = append(all, lake.Tenant{Tenant: tenant})
	}
	results = l.Take(ctx, all)
	err = l.Finish(ctx)
	return results, l.Written, err
}

// newest are the files of a table's newest version, as its log says: an action for each line, those of the newest checkpoint first.
func newest(t *testing.T, dir, table string) (files []string) {
	logs := must.Have(filepath.Glob(filepath.Join(dir, table, "_delta_log", "0*.json")))(t)
	live := map[string]bool{}
	if text, err := os.ReadFile(filepath.Join(dir, table, "_delta_log", "_last_checkpoint")); err == nil {
		var last struct{ Version, Size int }
		require.NoError(t, json.Unmarshal(text, &last))
		db := must.Have(duck.Open("", duck.Options{}))(t)
		defer db.Close() //nolint:errcheck // in memory
		checkpoint := filepath.Join(dir, table, "_delta_log", fmt.Sprintf("%020d.checkpoint.parquet", last.Version))
		require.Equal(t, []string{fmt.Sprint(last.Size)}, must.Texts(t, db, "select count(*)::varchar from read_parquet('"+checkpoint+"')"))
		for _, path := range must.Texts(t, db, "select add.path from read_parquet('"+checkpoint+"') where add is not null") {
			live[path] = true
		}
		logs = slices.DeleteFunc(logs, func(name string) bool { return filepath.Base(name) <= fmt.Sprintf("%020d.json", last.Version) })
	}
	for _, log := range logs {
		for line := range strings.Lines(must.Text(t, log)) {
			var a struct{ Add, Remove struct{ Path string } }
			require.NoError(t, json.Unmarshal([]byte(line), &a))
			delete(live, a.Remove.Path)
			if a.Add.Path != "" {
				live[a.Add.Path] = true
			}
		}
	}
	for path := range live {
		files = append(files, filepath.Join(dir, table, path))
	}
	slices.Sort(files)
	return files
}

// views opens a lake, each relation a view of its newest version.
func views(t *testing.T, dir string) *sql.DB {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // in memory
	for _, r := range relations(t) {
		from := "select "
		for _, c := range r.Columns {
			from += "null::" + c.Type + " as " + c.Name + ", "
		}
		from = strings.TrimSuffix(from, ", ") + " where false"
		if files := newest(t, dir, r.Name); len(files) > 0 {
			from = "from read_parquet(['" + strings.Join(files, "', '") + "'], hive_partitioning = false, union_by_name = true)"
		}
		must.Have(db.Exec("create view " + r.Name + " as " + from))(t)
	}
	return db
}

// ask gives the rows of a query as texts.
func ask(t *testing.T, db *sql.DB, query string) []string {
	return must.Texts(t, db, "select r::varchar from ("+query+") as r")
}
