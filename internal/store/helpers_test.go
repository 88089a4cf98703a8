package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
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
	t.Helper()
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

// openers are the ways to open a store, each opening and closing it again.
var openers = map[string]func(ctx context.Context, path string, o duck.Options) error{
	"Begin":         dropped(store.Begin),
	"BeginExisting": dropped(store.BeginExisting),
	"OpenPublished": func(ctx context.Context, path string, o duck.Options) error {
		db, err := store.OpenPublished(ctx, path, o)
		if err != nil {
			return err
		}
		return db.Close()
	},
	"OpenScratch": func(ctx context.Context, path string, o duck.Options) error {
		s, err := store.OpenScratch(ctx, path, o, nil)
		if err != nil {
			return err
		}
		return s.Close()
	},
}

func dropped(begin func(context.Context, string, duck.Options) (*store.Work, error)) func(context.Context, string, duck.Options) error {
	return func(ctx context.Context, path string, o duck.Options) error {
		w, err := begin(ctx, path, o)
		if err != nil {
			return err
		}
		return w.Drop()
	}
}

// eachOpener runs a test for every way to open a store.
func eachOpener(t *testing.T, test func(t *testing.T, open func(ctx context.Context, path string, o duck.Options) error)) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// newStore is a published store in a data folder of its own, in which there is nothing.
func newStore(t *testing.T) string { return copied(t, emptyStore()) }

var emptyStore = made()

// made makes a store once, of statements, and gives its bytes.
func made(statements ...string) func() []byte {
	return sync.OnceValue(func() []byte {
		dir, err := os.MkdirTemp("", "store-*")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it was read
		path := filepath.Join(dir, "acme.duckdb")
		w, err := store.Begin(context.Background(), path, duck.Options{})
		for _, statement := range statements {
			if err == nil {
				_, err = w.Conn.ExecContext(context.Background(), statement)
			}
		}
		if err == nil {
			err = w.Publish()
		}
		if err != nil {
			panic(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		return content
	})
}

// copied is a store as it was published, with its lock, in a data folder of its own.
func copied(t *testing.T, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
	return path
}

// change runs statements on a store behind the program's back.
func change(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := must.Have(duck.Open(path, duck.Options{}))(t)
	for _, statement := range statements {
		must.Have(db.Exec(statement))(t)
	}
	require.NoError(t, db.Close())
}

// names are what lies in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries := must.Have(os.ReadDir(dir))(t)
	found := []string{}
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

// littleMemory makes spill spill.
const littleMemory = "20MB"

// spill fills a table that does not fit into littleMemory.
func spill(t *testing.T, q duck.Queryer) {
	t.Helper()
	must.Have(q.ExecContext(t.Context(), "create temp table big as select md5(range::varchar) as text from range(800000)"))(t)
}
