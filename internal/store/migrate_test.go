package store_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
	texts "seats/sql"
)

// oldStore is a store of schema version 1 with a run in its ledger.
func oldStore(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "acme.duckdb")
	change(t, path, texts.Text("store/schema_1"),
		`insert into _data.run values (1, 'run', 1, 2, 'u', 'p', 'd', 'r', 0, '', ['2026-03-10'], [], [], '', 'abc')`,
		`insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ('2026-03-10', 's', null, 1, 1, 0, 0, 0, 0, 'final', 'x')`)
	return path
}

// fingerprint is all that a version 1 store had.
const fingerprint = "select (select string_agg(r::varchar, '' order by run_id) from _data.run as r) || (select string_agg(s::varchar, '') from slice as s)"

func TestAnOldStoreIsReadAsItIs(t *testing.T) {
	path := oldStore(t)
	for _, opener := range []string{"OpenPublished", "OpenScratch"} {
		require.NoError(t, openers[opener](t.Context(), path, duck.Options{}), opener)
	}
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // only read
	requireVersion(t, db, 1)
	require.False(t, must.Have(store.Has(t.Context(), db, 2))(t))
}

func TestAnOldStoreIsMigratedByTheNextRunWithoutLoss(t *testing.T) {
	for _, begin := range []func(context.Context, string, duck.Options) (*store.Work, error){store.Begin, store.BeginExisting} {
		path := oldStore(t)
		before := ask(t, path, fingerprint)
		require.Contains(t, before, "abc")

		w := must.Have(begin(t.Context(), path, duck.Options{}))(t)
		requireVersion(t, w.Conn, store.Version)
		require.NoError(t, w.Drop())
		require.Equal(t, "1", ask(t, path, "select version::varchar from _data.store_version"), "a run that is not published leaves it alone")

		for range 2 { // and once it is migrated, it stays so
			w = must.Have(begin(t.Context(), path, duck.Options{}))(t)
			require.NoError(t, w.Publish())
			require.Equal(t, before, ask(t, path, fingerprint))
			require.Equal(t, "0", ask(t, path, "select count(*)::varchar from delivery"))
		}
	}
}

// A store may hold days that were final by a mark in milliseconds, which no program can write as a time.
func TestASliceOfAMarkThatIsNoTimeIsReadAgain(t *testing.T) {
	path := oldStore(t)
	change(t, path, `insert into _data.slice values
		('2026-03-11', 's', 1773196200000, 1773196200000, 1773230000, 1, 0, 1, 0, 'final', 'y'),
		('2026-03-12', 's', 1773283600, 1773283600, 1773320000, 1, 0, 1, 0, 'final', 'z')`)
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	const marks = "select string_agg(concat_ws(' ', day, coalesce(high_water, -1), as_of, state), ', ' order by day) from _data.slice"
	require.Equal(t, "2026-03-10 -1 1 final, 2026-03-11 -1 1773230000 provisional, 2026-03-12 1773283600 1773283600 final", ask(t, path, marks))
}

// A migrated store and a new one are the same.
func TestAMigratedStoreHasTheSchemaOfANewOne(t *testing.T) {
	path := oldStore(t)
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	const schema = `select string_agg(line, '\n' order by line) from (
		select schema_name || table_name || column_name || data_type || is_nullable || coalesce(comment, '') as line from duckdb_columns() where not internal
		union all select view_name || sql || coalesce(comment, '') from duckdb_views() where not internal)`
	require.Equal(t, ask(t, newStore(t), schema), ask(t, path, schema))
}

func requireVersion(t *testing.T, q duck.Queryer, want uint64) {
	t.Helper()
	var version uint64
	require.NoError(t, q.QueryRowContext(t.Context(), texts.Text("store/version")).Scan(&version))
	require.Equal(t, want, version)
}

// ask is a published store's answer to a question.
func ask(t *testing.T, path, question string) (answer string) {
	t.Helper()
	db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
	defer db.Close() //nolint:errcheck // only read
	require.NoError(t, db.QueryRow(question).Scan(&answer))
	return answer
}

// Whatever a server, a file or a peer says, the entry of the night is written, and its hash is that of what is read back.
func TestAnEntryOfTheLedgerIsWrittenWhateverItsTextsAreMadeOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	texts := []string{"", "\xff\xfe", "a\x00b", "\x1b[2J\r\n\u202e", "'; drop table _data.run; --", `\u0000 "quoted" \`, "\ufffd\ud7ff\U0010ffff",
		strings.Repeat("ü", 5<<20), "\xed\xa0\x80"}
	work(t, path, func(w *store.Work) {
		for _, text := range texts {
			require.NoError(t, store.AppendRun(t.Context(), w.Conn, store.Run{Command: text, OSUser: text, Message: text,
				Days: []string{text}, Files: []string{text, text}, Slices: []string{text}}))
		}
	})
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close()
	runs := must.Have(store.Runs(t.Context(), db))(t)
	require.Len(t, runs, len(texts))
	previous := ""
	for _, r := range runs {
		sum := must.Have(r.Hash())(t)
		require.Equal(t, r.SHA256, sum)
		require.Equal(t, previous, r.Previous)
		require.LessOrEqual(t, len(r.Message), 70000)
		previous = sum
	}
	require.Equal(t, "\x1b[2J\r\n\u202e", runs[3].Message, "what a text can hold is kept")
}
