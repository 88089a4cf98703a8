package sink_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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
	insert into _data.data_quality values ('2026-03-31', 'open_session', false, 2, ['a "b", c', 'ü{}']), ('2026-03-31', 'long_session', true, 0, []);
	insert into _data.issued_file by name select 'US' as region, 'enabled' as measure, '2026-03' as period, r as revision, 3 + r as value, 'final' as state,
		'f' || r as file, 'aa' as sha256, 'bb' as manifest_sha256, 1775001600 as issued_ts, case r when 2 then 'it''s "new"' end as reason from range(1, 3) as x(r)`

func change(t testing.TB, tenant config.Tenant, statements string) {
	w := must.Have(store.Begin(t.Context(), tenant.StorePath(), duck.Options{}))(t)
	must.Have(w.Conn.ExecContext(t.Context(), statements))(t)
	require.NoError(t, w.Publish())
}

// equal holds every table of the sink against the store: each row as text, in UTC.
func equal(t testing.TB, db *pgtest.DB, tenant config.Tenant) {
	t.Helper()
	of := must.Have(store.OpenPublished(t.Context(), tenant.StorePath(), duck.Options{}))(t)
	defer of.Close() //nolint:errcheck // only read
	for relation, columns := range map[string]string{
		"issued_file":        "region, measure, period, revision, value, state, file, sha256, supersedes, reason, extract(epoch from peak_at)::bigint, peak_seconds, extract(epoch from issued_at)::bigint, rules_sha256",
		"daily_concurrent":   "day, region, location, agents, extract(epoch from peak_at)::bigint, peak_seconds, state",
		"enabled_daily":      "day, region, agents, state",
		"monthly_enabled":    "month, region, agents, state, extract(epoch from computed_at)::bigint",
		"monthly_concurrent": "month, region, agents, extract(epoch from peak_at)::bigint, peak_seconds, peak_days, state, extract(epoch from computed_at)::bigint",
		"data_quality":       "day, rule, blocking::varchar, occurrences, array_to_string(examples, '|')",
	} {
		var is, want []string
		as := "select concat_ws('/', " + columns + ") as line from " + relation
		rows := must.Have(of.QueryContext(t.Context(), as+""))(t)
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			want = append(want, line)
		}
		require.NoError(t, rows.Err())
		got, _ := db.Conn.Query(t.Context(), as+" where tenant = $1", tenant.Name)
		is = must.Have(pgx.CollectRows(got, pgx.RowTo[string]))(t)
		require.ElementsMatch(t, want, is, relation)
	}
}

func TestTheSinkEndsEqualToTheStore(t *testing.T) {
	db := pgtest.Schema(t)
	to := config.Hide(db.ConnString())
	dir := t.TempDir()
	engine := config.Engine{MemoryLimit: 1e9, Threads: 1}
	acme, other := config.Tenant{Name: "acme", DataDir: dir, Engine: engine}, config.Tenant{Name: "other", DataDir: dir, Engine: engine}
	fill := func() error {
		return sink.Fill(t.Context(), to, []config.Tenant{acme, other, {Name: "none", DataDir: dir}})
	}
	change(t, acme, made)
	change(t, other, made)
	must.Have(sink.Try(t.Context(), to))(t)
	require.NoError(t, fill())
	equal(t, db, acme)
	equal(t, db, other)

	db.Exec(t, "create table before as select relation, month, x.xmin::text as x from loaded as x where tenant = 'acme'")
	change(t, acme, `update _data.daily_concurrent set agents = 5 where location is null and day = '2026-03-31'; delete from _data.data_quality;
		delete from _data.daily_concurrent where day = '2026-04-01'`)

	// Somebody ends the transaction while it waits: nothing of it is there.
	blocker := must.Have(pgx.Connect(t.Context(), db.ConnString()))(t)
	defer blocker.Close(context.Background()) //nolint:errcheck // nothing is kept
	held := must.Have(blocker.Begin(t.Context()))(t)
	must.Have(held.Exec(t.Context(), "lock daily_concurrent in exclusive mode"))(t)
	ended := make(chan error, 1)
	go func() { ended <- fill() }()
	require.Eventually(t, func() bool {
		var n int
		err := db.Conn.QueryRow(t.Context(), `select count(pg_terminate_backend(a.pid)) from pg_stat_activity as a join pg_locks as l using (pid)
			where not l.granted and l.relation = 'daily_concurrent'::regclass`).Scan(&n)
		return err == nil && n > 0
	}, patience, pause)
	require.ErrorContains(t, <-ended, "tenant acme: ")
	require.NoError(t, held.Rollback(t.Context()))
	var agents int
	require.NoError(t, db.Conn.QueryRow(t.Context(), "select sum(agents) from daily_concurrent where tenant = 'acme'").Scan(&agents))
	require.Equal(t, 5, agents)

	require.NoError(t, fill())
	equal(t, db, acme)
	equal(t, db, other)
	var same int // what had not changed was not sent
	require.NoError(t, db.Conn.QueryRow(t.Context(), "select count(*) from loaded as l join before on l.xmin::text = x and l.relation = before.relation and l.month = before.month").Scan(&same))
	require.Equal(t, 4, same)

	// What somebody changed by hand is sent once its month is no longer remembered.
	db.Exec(t, "update issued_file set value = 0; delete from loaded")
	require.NoError(t, fill())
	equal(t, db, acme)
}

func TestASinkIsOfItsSchemaAndOfWhoMayWriteIt(t *testing.T) {
	db := pgtest.Database(t, "UTF8") // its own, as the schema has one name
	tenant := config.Tenant{Name: "acme", DataDir: filepath.Join(t.TempDir(), "var")}
	server := db.ServerInfo
	require.NoError(t, sink.Fill(t.Context(), config.Hide(server.ConnString()), []config.Tenant{tenant}))
	reader := "sink_reader_" + db.Database
	db.Exec(t, "create role "+reader+" login; grant usage on schema seats to "+reader+"; grant select on all tables in schema seats to "+reader)
	defer db.Exec(t, "drop owned by "+reader+"; drop role "+reader)
	server.User = reader
	_, err := sink.Try(t.Context(), config.Hide(server.ConnString()))
	require.ErrorContains(t, err, "permission denied for table loaded")
	server.User = db.User
	_, err = sink.Try(t.Context(), config.Hide(server.ConnString()+"&sslmode=require"))
	require.Error(t, err, "an option of the connection string is not passed on")
}
