package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

var march = calendar.Month{Year: 2026, Month: 3}

// twoMonths is a store with rows in March and April, in every table that belongs to a day. The test waits for the disk beside others.
func twoMonths(t *testing.T) string {
	t.Parallel()
	return copied(t, bothMonths())
}

var bothMonths = made("testdata/two_months.sql", "")

// contents are all rows that an analyst sees, and what is said of them.
func contents(t *testing.T, q duck.Queryer) (all []string) {
	for _, query := range []string{
		"from slice", "from voice_session", "from ocs_activity", "from agent",
		"from qualifying_session", "from concurrency", "from daily_concurrent", "from _data.duplicate_key",
		"from peak('US', '2026-03-31')", "from concurrency_at('US', to_timestamp(100))", "from agents_at('US', to_timestamp(100))",
		"from session_group", "from breakdown('agent_group', 'US', '2026-03-31')", "from enabled_by('location', 'US', '2026-03')", "from contract('US', '2026-03')",
		"select comment from duckdb_views() where view_name = 'slice' and schema_name = 'main' and database_name = current_database()",
		"select comment from duckdb_columns() where table_name = 'slice' and column_name = 'day' and database_name = current_database()",
	} {
		var text string
		require.NoError(t, q.QueryRowContext(t.Context(), "select count(*) || ' ' || coalesce(sum(hash(r)), 0) from ("+query+") as r").Scan(&text), query)
		all = append(all, text)
	}
	return all
}

func whole(t *testing.T, path string) []string {
	db := must.Have(store.OpenWhole(t.Context(), path, duck.Options{Locked: true}, nil))(t)
	defer func() { require.NoError(t, db.Close()) }()
	return contents(t, db)
}

func work(t *testing.T, path string, do func(w *store.Work)) {
	w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	do(w)
	require.NoError(t, w.Publish())
}

// sealed is twoMonths with March in a file of its own.
func sealed(t *testing.T) (path, file string) {
	path = twoMonths(t)
	return path, seal(t, path)
}

func seal(t *testing.T, path string) (file string) {
	work(t, path, func(w *store.Work) { file = must.Have(w.Seal(t.Context(), march, 7))(t).File })
	return filepath.Join(filepath.Dir(path), file)
}

// published are how many rows the store itself has.
func published(t *testing.T, path, what string) int {
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer func() { require.NoError(t, db.Close()) }()
	return count(t, db, what)
}

func count(t *testing.T, q duck.Queryer, what string) (n int) {
	require.NoError(t, q.QueryRowContext(t.Context(), "select count(*) from "+what).Scan(&n))
	return n
}

func TestASealedMonthIsSeenAsBefore(t *testing.T) {
	path := twoMonths(t)
	before, size := whole(t, path), fileSize(t, path)
	file := stem(path) + ".202603.duckdb"
	work(t, path, func(w *store.Work) {
		seal := must.Have(w.Seal(t.Context(), march, 7))(t)
		require.Equal(t, "acme.202603.duckdb", seal.File)
		require.NoError(t, seal.Check(filepath.Dir(path)))
	})
	require.Equal(t, before, whole(t, path))
	require.Less(t, fileSize(t, path), size*9/10, "the store has given the room back")
	require.Equal(t, os.FileMode(0o400), must.Have(os.Stat(file))(t).Mode())

	for what, rows := range map[string]int{"_data.voice_session": 70000, "_data.slice": 4, "_data.daily_concurrent": 4} {
		require.Equal(t, rows, published(t, path, what), what)
	}
	for rows, wanted := range map[int]func(calendar.Month) bool{28000: nil, 14000: func(m calendar.Month) bool { return m != march }} {
		scratch := must.Have(store.OpenScratch(t.Context(), path, duck.Options{}, wanted))(t)
		require.Equal(t, rows, count(t, scratch.Conn, "published._data.ocs_activity"))
		require.NoError(t, scratch.Close())
	}

	// Any client opens the file by itself.
	db := must.Have(duck.Open(file, duck.Options{ReadOnly: true}))(t)
	require.Equal(t, 70000, count(t, db, "voice_session"))
	require.Equal(t, 2, count(t, db, "concurrency"))
	require.NoError(t, db.Close())

	// Back again; the file is gone a night later.
	work(t, path, func(w *store.Work) { require.NoError(t, unseal(t, w, now)) })
	clearUp(t, path, now.Add(19*time.Hour))
	require.FileExists(t, file, "a copy of the store of before asks for it")
	clearUp(t, path, aNightLater)
	require.NoFileExists(t, file)
	require.Equal(t, before, whole(t, path))
	require.Equal(t, 140000, published(t, path, "_data.voice_session"))
}

// A month that was sealed by a program of before there were groups has none of them, and is read and brought back all the same.
func TestAMonthSealedBeforeThereWereGroups(t *testing.T) {
	path, file := sealed(t)
	require.NoError(t, os.Chmod(file, 0o600))
	change(t, file, "drop view session_group", "drop table _data.session_group")
	change(t, path, "update _data.sealed_month set sha256 = (select sha256(content) from read_blob("+duck.Literal(file)+"))")

	db := must.Have(store.OpenWhole(t.Context(), path, duck.Options{}, nil))(t)
	require.Equal(t, 140000, count(t, db, "voice_session"))
	require.NotZero(t, count(t, db, "session_group"))
	require.Zero(t, count(t, db, "(from session_group where day < '2026-04-01')"))
	require.NotZero(t, count(t, db, "(from breakdown('agent_group', 'US', '2026-03-31') where name = '(not read)')"))
	require.NoError(t, db.Close())
	work(t, path, func(w *store.Work) { require.NoError(t, unseal(t, w, now)) })
	require.Equal(t, 140000, published(t, path, "_data.voice_session"))
}

// unseal brings March back.
func unseal(t *testing.T, w *store.Work, at time.Time) error {
	return w.Unseal(t.Context(), must.Have(store.Seals(t.Context(), w.Conn))(t)[0], at)
}

// theSeal is the one that a published store knows.
func theSeal(t *testing.T, path string) store.Seal {
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer func() { require.NoError(t, db.Close()) }()
	return must.Have(store.Seals(t.Context(), db))(t)[0]
}

func fileSize(t *testing.T, path string) int64 { return must.Have(os.Stat(path))(t).Size() }

// A run that ends anywhere before it publishes leaves what was published, and that is whole.
func TestARunThatDiesWhileItSeals(t *testing.T) {
	path := twoMonths(t)
	before := whole(t, path)
	unpublished := func(do func(w *store.Work)) {
		w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
		do(w)
		require.NoError(t, w.Drop())
		require.Equal(t, before, whole(t, path))
	}
	unpublished(func(w *store.Work) { must.Have(w.Seal(t.Context(), march, 7))(t) })
	require.NoError(t, os.WriteFile(path+".sealing", []byte("torn"), 0o600))
	work(t, path, func(w *store.Work) {
		require.Equal(t, "acme.202603_2.duckdb", must.Have(w.Seal(t.Context(), march, 7))(t).File, "never over another file")
	})
	require.Equal(t, before, whole(t, path))
	unpublished(func(w *store.Work) { require.NoError(t, unseal(t, w, now)) })
	unpublished(func(w *store.Work) { require.NoError(t, w.Unlist(t.Context(), march, now)) })

	// Sealed anew in the run that brought it back.
	work(t, path, func(w *store.Work) {
		require.NoError(t, unseal(t, w, now))
		require.Equal(t, "acme.202603_3.duckdb", must.Have(w.Seal(t.Context(), march, 8))(t).File)
	})
	clearUp(t, path, aNightLater)
	left := must.Have(filepath.Glob(stem(path) + ".2*"))(t)
	require.Equal(t, []string{stem(path) + ".202603_3.duckdb"}, left)
	require.Equal(t, before, whole(t, path))
}

// A store that was made anew knows nothing of the sealed months of the one before: they may be all that is left.
func TestSealedMonthsOfALostStoreAreLeftAlone(t *testing.T) {
	path, file := sealed(t)
	require.NoError(t, os.Remove(path))
	clearUp(t, path, aNightLater)
	clearUp(t, path, aNightLater)
	require.FileExists(t, file)
}

// A store of the middle of a month, put back from a backup, has not all days that the sealed month has.
func TestASealedMonthWithDaysThatARestoredStoreLacksIsLeftAlone(t *testing.T) {
	path := twoMonths(t)
	whole := must.Have(os.ReadFile(path))(t)
	work(t, path, func(w *store.Work) {
		for _, table := range []string{"slice", "voice_session", "ocs_activity", "agent", "qualifying_session", "concurrency", "computation"} {
			must.Have(w.Conn.ExecContext(t.Context(), "delete from _data."+table+" where day = '2026-03-31'"))(t)
		}
	})
	backup := must.Have(os.ReadFile(path))(t)
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	file := seal(t, path)
	require.NoError(t, os.WriteFile(path, backup, 0o600))
	clearUp(t, path, aNightLater)
	require.FileExists(t, file, "it alone has the 31st")

	require.NoError(t, os.WriteFile(path, whole, 0o600))
	clearUp(t, path, aNightLater)
	require.NoFileExists(t, file, "the store has all of it: a run was killed before it published")
}

func TestASealedMonthThatIsNotTheOneThatWasSealed(t *testing.T) {
	path, file := sealed(t)
	good := must.Have(os.ReadFile(file))(t)
	for name, spoil := range map[string]func(){
		"missing": func() { require.NoError(t, os.Remove(file)) },
		"garbage": func() { require.NoError(t, os.WriteFile(file, []byte("no database"), 0o600)) },
		"another": func() {
			require.NoError(t, os.Remove(file))
			db := must.Have(sql.Open("duckdb", file))(t)
			must.Have(db.ExecContext(t.Context(), "create schema _data; create table _data.seal as select '2026-03' as month, 'other' as key"))(t)
			require.NoError(t, db.Close())
		},
		"link": func() {
			require.NoError(t, os.Rename(file, file+".real"))
			require.NoError(t, os.Symlink(file+".real", file))
		},
	} {
		require.NoError(t, os.Chmod(file, 0o600))
		spoil()
		for what, open := range map[string]func() error{
			"whole":   func() error { _, err := store.OpenWhole(t.Context(), path, duck.Options{}, nil); return err },
			"scratch": func() error { _, err := store.OpenScratch(t.Context(), path, duck.Options{}, nil); return err },
			"unseal": func() error {
				w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
				err := unseal(t, w, now)
				require.NoError(t, w.Drop())
				return err
			},
		} {
			err := open()
			require.ErrorIs(t, err, store.ErrUnsealed, "%s, %s", name, what)
			require.ErrorContains(t, err, file, "%s, %s", name, what)
		}
		require.Equal(t, 4, published(t, path, "_data.daily_concurrent"), "the numbers are there")
		require.ErrorIs(t, theSeal(t, path).Check(filepath.Dir(path)), store.ErrUnsealed, name)
		require.NoError(t, os.RemoveAll(file))
		require.NoError(t, os.WriteFile(file, good, 0o400))
	}
	good[len(good)-1]++
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, good, 0o600))
	require.ErrorContains(t, theSeal(t, path).Check(filepath.Dir(path)), "sealed was "+theSeal(t, path).SHA256)
	w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	require.ErrorIs(t, unseal(t, w, now), store.ErrUnsealed, "it is not taken back")
	require.NoError(t, w.Drop())
}

// Where there is no room for a smaller file beside the copy, the copy is published as it is, and that is told.
func TestAStoreThatCannotBeMadeSmallerIsWholeAllTheSame(t *testing.T) {
	path := twoMonths(t)
	before := whole(t, path)
	w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	copies := must.Have(filepath.Glob(filepath.Join(filepath.Dir(path), "*.work")))(t)
	require.Len(t, copies, 1)
	require.NoError(t, os.Mkdir(copies[0]+".small", 0o700))
	must.Have(w.Seal(t.Context(), march, 7))(t)
	require.NoError(t, w.Publish())
	require.ErrorContains(t, w.Large, ".small")
	require.Equal(t, before, whole(t, path))
}

// A store is small while it holds little, and rows are kept well where there are many: what a block takes is told by DuckDB.
func TestAStoreHasBlocksOfItsSize(t *testing.T) {
	blocks := func(path string) (size int) {
		db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
		defer func() { require.NoError(t, db.Close()) }()
		require.NoError(t, db.QueryRowContext(t.Context(), "select block_size from pragma_database_size()").Scan(&size))
		return size
	}
	fill := func(rows int) func(w *store.Work) {
		return func(w *store.Work) {
			must.Have(w.Conn.ExecContext(t.Context(), `insert into _data.ocs_activity by name
				from (select '2026-03-31'::date as day, 'leg' as kind, i as activity_key, 1 as resource_key, i as start_ts, i + 1 as end_ts, 0 as active_flag,
				             sha256(i::varchar) || sha256(i::varchar || 'x') as call_attempt_guid, 0 as start_date_time_key, 0 as update_audit_key
				      from range(`+strconv.Itoa(rows)+`) as r (i))`))(t)
		}
	}
	path := newStore(t)
	require.Equal(t, duck.SmallBlocks, blocks(path))
	work(t, path, fill(1000))
	require.Equal(t, duck.SmallBlocks, blocks(path))
	work(t, path, fill(30_000))
	require.Equal(t, duck.LargeBlocks, blocks(path), "it has grown")
	before := whole(t, path)
	sealed := seal(t, path)
	require.Equal(t, duck.SmallBlocks, blocks(path), "little is left in it")
	require.Equal(t, duck.LargeBlocks, blocks(sealed))
	require.Equal(t, before, whole(t, path))

	path = copied(t, bothMonths())
	seal(t, path)
	require.Equal(t, duck.LargeBlocks, blocks(path), "much is left in it")
	work(t, path, func(w *store.Work) {
		must.Have(w.Conn.ExecContext(t.Context(), "delete from _data.voice_session; delete from _data.ocs_activity"))(t)
	})
	require.Equal(t, duck.SmallBlocks, blocks(path), "it is as small as a new one")
}

// A file that the store does not want is removed only where the one that it wants is whole, and not by a clock that was ahead.
func TestASealedMonthIsNotRemovedForOneThatIsNotWhole(t *testing.T) {
	path, file := sealed(t)
	file = stem(file)
	work(t, path, func(w *store.Work) {
		require.NoError(t, unseal(t, w, now.AddDate(2, 0, 0)))
		must.Have(w.Seal(t.Context(), march, 8))(t)
	})
	clearUp(t, path, now)
	require.FileExists(t, file+".duckdb", "it counts from when the clock was right")

	listed := must.Have(os.ReadFile(file + "_2.duckdb"))(t)
	require.NoError(t, os.Chmod(file+"_2.duckdb", 0o600))
	require.NoError(t, os.WriteFile(file+"_2.duckdb", listed[:100000], 0o600))
	clearUp(t, path, aNightLater)
	require.FileExists(t, file+".duckdb", "it is the only good one")
	require.NoError(t, os.WriteFile(file+"_2.duckdb", listed, 0o600))
	clearUp(t, path, aNightLater)
	require.NoFileExists(t, file+".duckdb")
	require.FileExists(t, file+"_2.duckdb")
}

// now is when the tests' runs are; what they write is not much younger.
var now, aNightLater = time.Now(), time.Now().Add(21 * time.Hour)

// clearUp is a run that does nothing but remove what is not wanted.
func clearUp(t *testing.T, path string, at time.Time) {
	work(t, path, func(w *store.Work) { require.NoError(t, w.RemoveStray(t.Context(), at)) })
}

// aSet are two stores with the same days, regions and agents, one of them with a sealed month.
func aSet(t *testing.T) []store.Member {
	t.Parallel()
	members := []store.Member{{Tenant: "acme", Path: copied(t, ofSet[0]())}, {Tenant: "main-2", Path: copied(t, ofSet[1]())}}
	seal(t, members[1].Path)
	return members
}

var ofSet = [2]func() []byte{made("testdata/set.sql", "3"), made("testdata/set.sql", "4")}

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
	for _, m := range members {
		alone := must.Have(store.OpenWhole(t.Context(), m.Path, duck.Options{}, nil))(t)
		for _, of := range []string{
			"slice", "voice_session", "ocs_activity", "agent", "qualifying_session", "concurrency", "daily_concurrent", "sealed_month",
			"peak('US', '2026-03-31')", "concurrency_at('US', to_timestamp(103))", "agents_at('US', to_timestamp(103))",
			"busiest_hours('US', '2026-03-30', '2026-04-02', 'UTC')", "seats_by_location('2026-03')",
		} {
			require.Equal(t, rowsOf(t, alone, "select * from "+of), rowsOf(t, db, "select * exclude (tenant) from "+of+" where tenant = '"+m.Tenant+"'"), "%s of %s", of, m.Tenant)
			require.Equal(t, []string{"{'column_name': tenant}"}, rowsOf(t, db, "select column_name from (describe from "+of+") limit 1"))
		}
		require.NoError(t, alone.Close())
	}
	require.Len(t, rowsOf(t, db, "from agents_at('US', (select max(starts_at) from qualifying_session where tenant = 'acme')) where location = 'dallas'"), 4)
	for _, of := range []string{"breakdown('location', 'US', '2026-03-30')", "enabled_by('location', 'US', '2026-03')", "unit_session('location', 'US', '2026-03-30', '2026-03-30')",
		"contract('US', '2026-03')", "contract_months(null, '2026-03', '2026-04')"} {
		require.ErrorContains(t, must.Err(db.ExecContext(t.Context(), "from "+of)), "is for one tenant at a time: name it with --tenant", of)
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
		require.Error(t, must.Err(db.ExecContext(t.Context(), statement)), statement)
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
			must.Have(db.ExecContext(t.Context(), "copy (select 1 as a) to "+duck.Literal(o.Except)+" (format parquet)"))(t)
			require.NoError(t, os.Remove(o.Except))
			for _, file := range []string{"other.parquet", "it's.parquet.csv", "../it's.parquet"} {
				_, err := db.ExecContext(t.Context(), "copy (select 1 as a) to "+duck.Literal(filepath.Join(dir, file)))
				require.ErrorContains(t, err, "disabled by configuration")
			}
		})
	}
}

func rowsOf(t *testing.T, q duck.Queryer, query string) []string {
	return must.Texts(t, q, "select r::varchar from ("+query+") as r order by 1")
}

// Whoever opens the file with a client of his own, from wherever, or reads the catalogue, sees what this program does; and where a sealed
// month is gone, an error. A catalogue of before says that it is.
func TestAClientOfTheUsersOwnSeesSealedMonths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "acme.duckdb")
	require.NoError(t, os.Rename(twoMonths(t), path))
	file := seal(t, path)
	catalogue := must.Text(t, filepath.Join(dir, "acme.attach.sql"))
	opened := func() *sql.DB { return must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t) }
	attached := func() (*sql.DB, error) {
		db := must.Have(duck.Open("", duck.Options{}))(t)
		db.SetMaxOpenConns(1)
		_, err := db.Exec(catalogue)
		return db, err
	}
	fails := func(db *sql.DB, question, with string) {
		var n int
		require.ErrorContains(t, db.QueryRow("select count(*) from "+question).Scan(&n), with, question)
		require.NoError(t, db.Close())
	}
	all := func(db *sql.DB) []string {
		defer db.Close() //nolint:errcheck // only read
		return contents(t, db)
	}
	const ofTables = 7 // what is behind the relations is the store's own
	want := whole(t, path)
	require.Equal(t, want, all(must.Have(attached())(t)))
	require.Equal(t, slices.Delete(slices.Clone(want), ofTables, ofTables+1), slices.Delete(all(opened()), ofTables, ofTables+1))
	fails(opened(), "contract('XX', '2026-03')", "there is no region XX: there are US")
	fails(must.Have(attached())(t), "peak('XX', '2026-03-31')", "there is no region XX: there are US")

	require.NoError(t, os.Rename(file, file+".away"))
	fails(opened(), "voice_session where day = '2026-04-01'", file)
	work(t, path, func(*store.Work) {})
	fails(opened(), "voice_session", "sealed month cannot be read: "+file)
	require.NoError(t, os.Rename(file+".away", file))
	require.ErrorContains(t, must.Err(attached()), "the sealed months of live are others by now")
	work(t, path, func(*store.Work) {})
	require.Equal(t, want, all(must.Have(attached())(t)))
}
