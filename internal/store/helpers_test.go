package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
	texts "seats/sql"
)

// TestMain lets the tests have another program that opens a store for writing: this binary, with the statement to
// run there and the store as its arguments.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "open" {
		os.Exit(otherProgram(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// otherProgram says "open" once it has the store open, and closes it when its input ends.
func otherProgram(path, statement string) int {
	db, err := duck.Open(path, duck.Options{})
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	if err = errors.Join(err, db.Close()); err != nil {
		return 1
	}
	return 0
}

// writer is another program that has a store open for writing.
type writer struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	said  string // "open", or why it could not open the store
}

func openElsewhere(t *testing.T, path, statement string) *writer {
	self := must.Have(os.Executable())(t)
	w := &writer{t: t, cmd: exec.Command(self, "open", path, statement)}
	stdout := must.Have(w.cmd.StdoutPipe())(t)
	w.stdin = must.Have(w.cmd.StdinPipe())(t)
	require.NoError(t, w.cmd.Start())
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	said := bufio.NewScanner(stdout)
	require.True(t, said.Scan())
	w.said = said.Text()
	return w
}

func (w *writer) close() {
	require.NoError(w.t, w.stdin.Close())
	require.NoError(w.t, w.cmd.Wait())
}

func (w *writer) kill() {
	require.NoError(w.t, w.cmd.Process.Kill())
	require.Error(w.t, w.cmd.Wait())
}

// opener opens a store, and gives what to ask it through and what closes it.
type opener func(ctx context.Context, path string, o duck.Options) (duck.Queryer, func() error, error)

// openers are the ways to open a store.
var openers = map[string]opener{
	"Begin":         by(store.Begin, func(w *store.Work) (duck.Queryer, func() error) { return w.Conn, w.Drop }),
	"BeginExisting": by(store.BeginExisting, func(w *store.Work) (duck.Queryer, func() error) { return w.Conn, w.Drop }),
	"OpenPublished": by(store.OpenPublished, func(db *sql.DB) (duck.Queryer, func() error) { return db, db.Close }),
	"OpenScratch": by(func(ctx context.Context, path string, o duck.Options) (*store.Scratch, error) {
		return store.OpenScratch(ctx, path, o, nil)
	}, func(s *store.Scratch) (duck.Queryer, func() error) { return s.Conn, s.Close }),
}

func by[T any](open func(context.Context, string, duck.Options) (T, error), parts func(T) (duck.Queryer, func() error)) opener {
	return func(ctx context.Context, path string, o duck.Options) (duck.Queryer, func() error, error) {
		opened, err := open(ctx, path, o)
		if err != nil {
			return nil, nil, err
		}
		q, done := parts(opened)
		return q, done, nil
	}
}

// once opens a store and closes it again.
func (open opener) once(ctx context.Context, path string, o duck.Options) error {
	_, done, err := open(ctx, path, o)
	if err != nil {
		return err
	}
	return done()
}

// spiller opens a store and fills a table that does not fit into littleMemory.
func (open opener) spiller(t *testing.T, path string, o duck.Options) (spill func(), done func() error) {
	q, done, err := open(t.Context(), path, o)
	require.NoError(t, err)
	return func() {
		must.Have(q.ExecContext(t.Context(), "create temp table big as select md5(range::varchar) as text from range(800000)"))(t)
	}, done
}

// littleMemory makes a spiller spill.
const littleMemory = "20MB"

// eachOpener runs a test for every way to open a store.
func eachOpener(t *testing.T, test func(t *testing.T, open func(ctx context.Context, path string, o duck.Options) error)) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) { test(t, open.once) })
	}
}

// newStore is a published store in a data folder of its own, in which there is nothing.
func newStore(t *testing.T) string { return copied(t, emptyStore()) }

var emptyStore = made("", "")

// made makes a store once, by the statements of a file in which $n stands for n, and gives its bytes.
func made(file, n string) func() []byte {
	return sync.OnceValue(func() []byte {
		dir := must.Now(os.MkdirTemp("", "store-*"))
		defer os.RemoveAll(dir) //nolint:errcheck // it was read
		path := filepath.Join(dir, "acme.duckdb")
		w := must.Now(store.Begin(context.Background(), path, duck.Options{}))
		if file != "" {
			must.Now(w.Conn.ExecContext(context.Background(), strings.ReplaceAll(string(must.Now(os.ReadFile(file))), "$n", n)))
		}
		must.Now(w, w.Publish())
		return must.Now(os.ReadFile(path))
	})
}

// copied is a store as it was published, with its lock, in a data folder of its own.
func copied(t *testing.T, content []byte) (path string) {
	path = filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
	return path
}

// stem is what the names of a store and its sealed months begin with.
func stem(path string) string { return strings.TrimSuffix(path, ".duckdb") }

// change runs statements on a store behind the program's back.
func change(t *testing.T, path string, statements ...string) {
	db := must.Have(duck.Open(path, duck.Options{}))(t)
	for _, statement := range statements {
		must.Have(db.Exec(statement))(t)
	}
	require.NoError(t, db.Close())
}

// oldStore is a store of schema version 1 with a run in its ledger.
func oldStore(t *testing.T) (path string) {
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
		require.NoError(t, openers[opener].once(t.Context(), path, duck.Options{}), opener)
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
	var version uint64
	require.NoError(t, q.QueryRowContext(t.Context(), texts.Text("store/version")).Scan(&version))
	require.Equal(t, want, version)
}

// ask is a published store's answer to a question.
func ask(t *testing.T, path, question string) (answer string) {
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
