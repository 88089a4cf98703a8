package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
	texts "seats/sql"
)

// aSet are two stores with the same days, regions and agents, one of them with a sealed month.
func aSet(t *testing.T) []store.Member {
	members := []store.Member{{Tenant: "acme", Path: newStore(t)}, {Tenant: "main-2", Path: newStore(t)}}
	for i, m := range members {
		work(t, m.Path, func(w *store.Work) {
			for _, statement := range []string{
				"insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) select '2026-03-30'::date + i::integer, 's', 1, 2, 3, 8, 0, 4, 0, 'final', 'h' || i from range(4) as r (i)",
				"insert into _data.voice_session select '2026-03-30'::date + i::integer, i, 900, i, 100 + i, 200 + 10 * $n, 0, i from range(4) as r (i)",
				"insert into _data.agent select '2026-03-30'::date + i::integer, i, 'E' || i, null from range(4) as r (i)",
				"insert into _data.qualifying_session select day, 'US', 'dallas', 'E1', resource_key, sm_res_session_fact_key, 900, start_ts, end_ts, false, 'leg', 1, start_ts, $n from _data.voice_session",
				"insert into _data.concurrency select '2026-03-30'::date + i::integer, 'US', null, 0, 86400, $n, $n from range(4) as r (i)",
				"insert into _data.daily_concurrent select '2026-03-30'::date + i::integer, 'US', unnest([null, 'dallas']), $n + i, 0, 86400, 'final' from range(4) as r (i)",
			} {
				_, err := w.Conn.ExecContext(t.Context(), strings.ReplaceAll(statement, "$n", strconv.Itoa(i+3)))
				require.NoError(t, err, statement)
			}
		})
	}
	work(t, members[1].Path, func(w *store.Work) {
		must.Have(w.Seal(t.Context(), march, 7))(t)
	})
	return members
}

func openSet(t *testing.T, members []store.Member, o duck.Options) *sql.DB {
	db, without, err := store.OpenSet(t.Context(), members, o)
	require.NoError(t, err)
	require.Empty(t, without)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestASetAnswersForEachTenantByItself(t *testing.T) {
	members := aSet(t)
	db := openSet(t, members, duck.Options{Locked: true})
	for _, of := range []string{
		"slice", "voice_session", "ocs_activity", "agent", "qualifying_session", "concurrency", "daily_concurrent", "sealed_month",
		"peak('US', '2026-03-31')", "concurrency_at('US', to_timestamp(103))", "agents_at('US', to_timestamp(103))",
		"busiest_hours('US', '2026-03-30', '2026-04-02', 'UTC')", "seats_by_location('2026-03')",
	} {
		for _, m := range members {
			alone := must.Have(store.OpenWhole(t.Context(), m.Path, duck.Options{}, nil))(t)
			require.Equal(t, rowsOf(t, alone, "select * from "+of), rowsOf(t, db, "select * exclude (tenant) from "+of+" where tenant = '"+m.Tenant+"'"), "%s of %s", of, m.Tenant)
			require.NoError(t, alone.Close())
		}
		require.Equal(t, []string{"tenant"}, columnsOf(t, db, "from "+of)[:1])
	}
	require.Len(t, rowsOf(t, db, "from agents_at('US', (select max(starts_at) from qualifying_session where tenant = 'acme')) where location = 'dallas'"), 4)
	for _, of := range []string{"breakdown('location', 'US', '2026-03-30')", "enabled_by('location', 'US', '2026-03')", "unit_session('location', 'US', '2026-03-30', '2026-03-30')"} {
		_, err := db.ExecContext(t.Context(), "from "+of)
		require.ErrorContains(t, err, "is for one tenant at a time: name it with --tenant", of)
	}
	require.Equal(t, []string{"{'comment': As configured}", "{'comment': Calendar date; every region reads it in its own time zone}"}, rowsOf(t, db,
		"select comment from duckdb_columns() where database_name = current_database() and table_name = 'slice' and column_name in ('tenant', 'day')"))
}

func TestASetIsOnlyRead(t *testing.T) {
	members := aSet(t)
	db := openSet(t, members, duck.Options{Locked: true})
	for _, statement := range []string{
		"delete from live_1._data.slice", "delete from sealed_202603_2._data.voice_session", "create table live_2._data.t (a integer)",
		"from '" + members[0].Path + "'", "copy (select 1) to '" + filepath.Join(t.TempDir(), "x.csv") + "'", "set threads = 1",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.Error(t, err, statement)
	}
}

func TestASetHasWhatThereIs(t *testing.T) {
	members := aSet(t)
	old := filepath.Join(t.TempDir(), "old.duckdb")
	change(t, old, texts.Text("store/schema_1"),
		"insert into _data.daily_concurrent select '2026-03-30', 'US', null, 7, 0, 86400, 'final'")
	none := filepath.Join(t.TempDir(), "none.duckdb")
	for _, members := range [][]store.Member{
		{{Tenant: "old", Path: old}, members[0], {Tenant: "new", Path: none}, members[1]},
		{members[1], {Tenant: "new", Path: none}, {Tenant: "old", Path: old}},
	} {
		db, without, err := store.OpenSet(t.Context(), members, duck.Options{})
		require.NoError(t, err)
		require.Equal(t, []store.Member{{Tenant: "new", Path: none}}, without)
		require.Equal(t, []string{"{'agents': 7}"}, rowsOf(t, db, "select agents from daily_concurrent where tenant = 'old'"))
		require.Empty(t, rowsOf(t, db, "from delivery"))
		require.Empty(t, rowsOf(t, db, "from peak('US', '2026-03-30') where tenant = 'old'"), "there was no such macro")
		require.Len(t, rowsOf(t, db, "from peak('US', '2026-03-30') where tenant = 'main-2'"), 2)
		require.NoError(t, db.Close())
	}

	_, _, err := store.OpenSet(t.Context(), []store.Member{{Tenant: "new", Path: none}}, duck.Options{})
	require.ErrorIs(t, err, store.ErrMissing)
	require.NoError(t, os.WriteFile(none, []byte("no store"), 0o600))
	_, _, err = store.OpenSet(t.Context(), append(members, store.Member{Tenant: "new", Path: none}), duck.Options{})
	require.ErrorIs(t, err, store.ErrDamaged)
	require.ErrorContains(t, err, none)
}

// What is locked may have one file to write, and no other.
func TestOneFileMayBeWritten(t *testing.T) {
	dir := t.TempDir()
	o := duck.Options{Locked: true, Except: filepath.Join(dir, "it's.parquet")}
	path := newStore(t)
	whole := must.Have(store.OpenWhole(t.Context(), path, o, nil))(t)
	defer func() { require.NoError(t, whole.Close()) }()
	for name, db := range map[string]*sql.DB{"a set": openSet(t, []store.Member{{Tenant: "a", Path: path}}, o), "a store": whole} {
		t.Run(name, func(t *testing.T) {
			must.Have(db.ExecContext(context.Background(), "copy (select 1 as a) to "+duck.Literal(o.Except)+" (format parquet)"))(t)
			require.NoError(t, os.Remove(o.Except))
			for _, file := range []string{"other.parquet", "it's.parquet.csv", "../it's.parquet"} {
				_, err := db.ExecContext(context.Background(), "copy (select 1 as a) to "+duck.Literal(filepath.Join(dir, file)))
				require.ErrorContains(t, err, "disabled by configuration")
			}
		})
	}
}

func rowsOf(t *testing.T, q duck.Queryer, query string) (found []string) {
	rows, err := q.QueryContext(t.Context(), "select r::varchar from ("+query+") as r order by 1")
	require.NoError(t, err, query)
	defer rows.Close() //nolint:errcheck // only read
	for rows.Next() {
		var row string
		require.NoError(t, rows.Scan(&row))
		found = append(found, row)
	}
	require.NoError(t, rows.Err())
	return found
}

func columnsOf(t *testing.T, q duck.Queryer, query string) []string {
	rows, err := q.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer rows.Close() //nolint:errcheck // only read
	return must.Have(rows.Columns())(t)
}
