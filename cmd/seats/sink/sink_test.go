package sink_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/seats/sink"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
)

const patience, pause = time.Minute, 20 * time.Millisecond // for what happens on the server

// made is a store of two months, in one of which a peak, an enabled number and a doubt are.
const made = `
	insert into _data.daily_concurrent values
		('2026-03-31', 'US', null, 3, 1774958400, 60, 'final'), ('2026-03-31', 'US', 'dallas', 2, 1774958400, 60, 'final'), ('2026-04-01', 'US', null, 0, null, null, 'final');
	insert into _data.enabled_daily values ('2026-03-31', 'US', 9007199254740993, 'final');
	insert into _data.monthly_enabled values ('2026-03', 'US', 4, 'final', '', '', '', 1775001600);
	insert into _data.monthly_concurrent values ('2026-03', 'US', 3, 1774958400, 60, 1);
	insert into _data.data_quality values ('2026-03-31', 'open_session', false, 2, ['a "b", c', 'ü{}\']), ('2026-03-31', 'long_session', true, 0, []);
	insert into _data.issued_file by name select 'US' as region, 'enabled' as measure, '2026-03' as period, r as revision, 3 + r as value, 'final' as state,
		'f' || r as file, 'aa' as sha256, 'bb' as manifest_sha256, 1775001600 as issued_ts, case r when 2 then 'it''s "new"' end as reason from range(1, 3) as x(r)`

// said are the tables, each with what both worlds say of a row in the same words.
var said = map[string]string{
	"issued_file": "region, measure, period, revision, value, state, file, sha256, coalesce(supersedes, '-'), coalesce(reason, '-'), " + epoch("peak_at") +
		", coalesce(peak_seconds, -1), " + epoch("issued_at") + ", coalesce(rules_sha256, '-')",
	"daily_concurrent":   "day, region, coalesce(location, '-'), agents, " + epoch("peak_at") + ", coalesce(peak_seconds, -1), state",
	"enabled_daily":      "day, region, agents, state",
	"monthly_enabled":    "month, region, agents, state, " + epoch("computed_at"),
	"monthly_concurrent": "month, region, agents, " + epoch("peak_at") + ", coalesce(peak_seconds, -1), peak_days, state, " + epoch("computed_at"),
	"data_quality":       "day, rule, cast(blocking as int), occurrences, array_to_string(examples, '|')",
}

func epoch(column string) string {
	return "coalesce(cast(extract(epoch from " + column + ") as bigint), -1)"
}

func tenant(t testing.TB, name string) config.Tenant {
	return config.Tenant{Name: name, DataDir: t.TempDir(), Engine: config.Engine{MemoryLimit: 5e8, Threads: 1}}
}

func change(t testing.TB, tenant config.Tenant, statements string) {
	w := must.Have(store.Begin(t.Context(), tenant.StorePath(), duck.Options{}))(t)
	must.Have(w.Conn.ExecContext(t.Context(), statements))(t)
	require.NoError(t, w.Publish())
}

func texts(t testing.TB, db *pgtest.DB, query string) []string {
	t.Helper()
	return must.Have(pgx.CollectRows(must.Have(db.Conn.Query(t.Context(), query))(t), pgx.RowTo[string]))(t)
}

// equal wants the sink to hold of the tenant what its store holds, and no more.
func equal(t testing.TB, db *pgtest.DB, tenant config.Tenant) {
	t.Helper()
	of := must.Have(store.OpenPublished(t.Context(), tenant.StorePath(), duck.Options{}))(t)
	defer of.Close() //nolint:errcheck // only read
	for table, what := range said {
		what = "select concat_ws('/', " + what + ") from "
		require.ElementsMatch(t, must.Texts(t, of, what+table), texts(t, db, what+"seats."+table+" where tenant = '"+tenant.Name+"'"), table)
	}
}

// versions tells every row of the sink with the transaction that wrote it.
func versions(t testing.TB, db *pgtest.DB, where string) (all []string) {
	for table := range said {
		all = append(all, texts(t, db, "select concat(ctid, xmin, t) from seats."+table+" as t where "+where)...)
	}
	require.NotEmpty(t, all)
	slices.Sort(all)
	return all
}

func TestTheSinkIsBroughtToTheStoreAndWhatIsTheSameIsNotWritten(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	to := config.Hide(db.ConnString())
	acme, other := tenant(t, "acme"), tenant(t, "007")
	fill := func() error {
		return sink.Fill(t.Context(), to, []config.Tenant{acme, other, tenant(t, "none")})
	}
	change(t, acme, made)
	change(t, other, made)
	require.NoError(t, sink.Fill(t.Context(), to, nil))
	require.Empty(t, texts(t, db, "select nspname::text from pg_namespace where nspname = 'seats'"), "who only tries changes nothing")
	require.NoError(t, fill())
	equal(t, db, acme)
	equal(t, db, other)
	saved := must.Have(os.ReadFile(acme.StorePath()))(t)

	april, others := versions(t, db, "tenant = 'acme' and month = '2026-04'"), versions(t, db, "tenant = '007'")
	change(t, acme, `update _data.daily_concurrent set agents = 5 where location is null and day = '2026-03-31'; delete from _data.data_quality`)
	require.NoError(t, fill())
	equal(t, db, acme)
	require.Equal(t, []string{"5"}, texts(t, db, "select agents::text from seats.daily_concurrent where tenant = 'acme' and day = '2026-03-31' and location is null"))
	require.Equal(t, april, versions(t, db, "tenant = 'acme' and month = '2026-04'"))
	require.Equal(t, others, versions(t, db, "tenant = '007'"))

	// A store that was restored; what somebody changed by hand, once its month is no longer remembered.
	require.NoError(t, os.WriteFile(acme.StorePath(), saved, 0o600))
	require.NoError(t, fill())
	equal(t, db, acme)
	db.Exec(t, "update seats.issued_file set value = 0; delete from seats.loaded")
	require.NoError(t, fill())
	equal(t, db, acme)
	equal(t, db, other)
}

func TestASinkThatFailedMidwayIsAsItWasAndBroughtUpToDateByTheNextRun(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	acme, other, broken := tenant(t, "acme"), tenant(t, "other"), tenant(t, "broken")
	all := []config.Tenant{broken, acme, other}
	change(t, acme, made)
	change(t, other, made)
	require.NoError(t, os.WriteFile(broken.StorePath(), []byte("no store"), 0o600))
	proxy := pgtest.NewProxy(t, db.ServerInfo)
	through := db.ServerInfo
	through.Port = proxy.Port
	err := sink.Fill(t.Context(), config.Hide(through.ConnString()), all)
	require.ErrorContains(t, err, "sink: tenant broken: ")
	require.NotContains(t, err.Error(), "tenant acme")
	equal(t, db, acme)
	equal(t, db, other)

	before := versions(t, db, "true")
	change(t, acme, "update _data.daily_concurrent set agents = 5; update _data.enabled_daily set agents = 5")
	// Somebody ends the transaction while it waits with rows that it has written: none of them is there.
	blocker := must.Have(pgx.Connect(t.Context(), db.ConnString()))(t)
	defer blocker.Close(t.Context()) //nolint:errcheck // nothing is kept
	held := must.Have(blocker.Begin(t.Context()))(t)
	must.Have(held.Exec(t.Context(), "select from seats.enabled_daily for update"))(t)
	ended := make(chan error, 1)
	go func() { ended <- sink.Fill(t.Context(), config.Hide(db.ConnString()), all[1:]) }()
	require.Eventually(t, func() bool {
		var n int
		err := db.Conn.QueryRow(t.Context(), "select count(pg_terminate_backend(pid)) from pg_locks where not granted and locktype = 'transactionid'").Scan(&n)
		return err == nil && n > 0
	}, patience, pause)
	require.ErrorContains(t, <-ended, "sink: tenant acme: ")
	require.NoError(t, held.Rollback(t.Context()))
	require.Equal(t, before, versions(t, db, "true"))

	proxy.FailAfter(proxy.Passed(pgtest.FromClient)+20_000, pgtest.FromClient, true)
	require.Error(t, sink.Fill(t.Context(), config.Hide(through.ConnString()), all[1:]))
	require.Equal(t, before, versions(t, db, "true"))
	proxy.Heal()
	require.NoError(t, sink.Fill(t.Context(), config.Hide(through.ConnString()), all[1:]))
	equal(t, db, acme)
}

// A scheduler gives each tenant a process, all of which may be the first; and a tenant may have two.
func TestRunsAtTheSameTimeMakeTheTablesOnceAndDoNotClash(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	var tenants []config.Tenant
	for i := range 6 {
		tenants = append(tenants, tenant(t, fmt.Sprint("t", i)))
		change(t, tenants[i], made)
	}
	for _, agents := range []int{3, 4} {
		var group sync.WaitGroup
		for i := range 2 * len(tenants) {
			group.Go(func() {
				some := []config.Tenant{tenants[i/2], tenants[(i/2+1+i%2)%len(tenants)]} // in another order each
				assert.NoError(t, sink.Fill(t.Context(), config.Hide(db.ConnString()), some))
			})
		}
		group.Wait()
		for _, one := range tenants {
			equal(t, db, one)
			change(t, one, fmt.Sprintf("update _data.monthly_enabled set agents = %d", agents))
		}
	}
}

func TestWhatKeepsASinkFromBeingWritten(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	acme := tenant(t, "acme")
	change(t, acme, made)
	silent := pgtest.NewProxy(t, db.ServerInfo)
	silent.FailAfter(0, pgtest.FromClient, true)
	// No part of where to is in an error.
	for to, says := range map[string]string{
		"postgres://hunter:s3cret@127.0.0.1:1/gone":                                                            "connect: connection refused",
		"postgres://hunter:s3cret@no-such-host.invalid/gone":                                                   "the host is not found",
		"postgres://hunter:s3cret@[gone":                                                                       "it is no connection string",
		"postgres://hunter:s3cret@127.0.0.1:1/gone?sslmode=bad":                                                "it is no connection string",
		"postgres://hunter:s3cret@127.0.0.1/gone?sslrootcert=/gone":                                            "names a file that cannot be read",
		fmt.Sprintf("postgres://hunter:s3cret@127.0.0.1:%d/gone", silent.Port):                                 "reset by peer|agrees about TLS",
		fmt.Sprintf("postgres://hunter:s3cret@127.0.0.1:%d/gone?sslmode=require", db.Port):                     "agrees about TLS",
		fmt.Sprintf("host=127.0.0.1 port=%d user=hunter password=s3cret dbname=gone sslmode=disable", db.Port): "SQLSTATE 28000",
	} {
		err := sink.Fill(t.Context(), config.Hide(to), []config.Tenant{acme})
		require.Error(t, err)
		require.Regexp(t, says, err.Error(), to)
		for _, part := range []string{"s3cret", "hunter", "gone", "127.0.0.1"} {
			require.NotContains(t, err.Error(), part)
		}
	}

	to := config.Hide(db.ConnString())
	require.NoError(t, sink.Fill(t.Context(), to, []config.Tenant{acme}))
	reader := db.ServerInfo
	reader.User = "reader_" + db.Database
	db.Exec(t, "create role "+reader.User+" login; grant usage on schema seats to "+reader.User+"; grant select on all tables in schema seats to "+reader.User)
	defer db.Exec(t, "drop owned by "+reader.User+"; drop role "+reader.User)
	require.ErrorContains(t, sink.Fill(t.Context(), config.Hide(reader.ConnString()), nil), "permission denied for table loaded")
	db.Exec(t, "grant insert, delete on all tables in schema seats to "+reader.User)
	change(t, acme, "update _data.enabled_daily set agents = 6")
	require.NoError(t, sink.Fill(t.Context(), config.Hide(reader.ConnString()), []config.Tenant{acme}), "who may not make them")
	equal(t, db, acme)
	require.ErrorContains(t, sink.Fill(t.Context(), config.Hide(db.ServerInfo.ConnString()+"&default_transaction_read_only=on"), nil), "read-only transaction")

	db.Exec(t, "update seats.sink_version set version = 2")
	require.ErrorContains(t, sink.Fill(t.Context(), to, []config.Tenant{acme}), "the tables of the schema seats are of version 2, and this program's of 1: use ")
}

func TestEveryColumnOfTheSinkIsOnThePage(t *testing.T) {
	db := pgtest.Database(t, "UTF8")
	require.NoError(t, sink.Fill(t.Context(), config.Hide(db.ConnString()), []config.Tenant{tenant(t, "none")}))
	page := must.Text(t, "../../../docs/sink.md")
	columns := texts(t, db, `select concat('| ', chr(96), a.attname, chr(96), ' | ', chr(96), replace(format_type(a.atttypid, -1), 'timestamp with time zone', 'timestamptz'), chr(96), ' | ',
			col_description(c.oid, a.attnum), ' |') || chr(10)
		from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
		where c.relnamespace = 'seats'::regnamespace and c.relkind = 'r' and relname not in ('loaded', 'sink_version')
		order by relname, attnum`)
	require.Greater(t, len(columns), 40)
	for _, column := range columns {
		require.Contains(t, page, column)
	}
	for _, table := range texts(t, db, `select concat('### ', chr(96), relname, chr(96), e'\n\n', obj_description(oid)) from pg_class where relnamespace = 'seats'::regnamespace and relkind = 'r' and relname <> 'sink_version'`) {
		require.Contains(t, page, strings.TrimSpace(table))
	}
}
