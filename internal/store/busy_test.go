package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
	"seats/internal/store"
)

func TestAStoreThatAnotherProgramWritesIsBusy(t *testing.T) {
	for what, statement := range map[string]string{"nothing changed": "select 1", "changes waiting": "create table noted as select 1 as a"} {
		t.Run(what, func(t *testing.T) {
			path := newStore(t)
			w := openElsewhere(t, path, statement)
			require.Equal(t, "open", w.said)
			eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
				err := open(t.Context(), path, duck.Options{})
				require.ErrorIs(t, err, store.ErrBusy)
				require.NotErrorIs(t, err, store.ErrDamaged)
				require.ErrorContains(t, err, fmt.Sprintf("another program, process %d, has %s open for writing", w.cmd.Process.Pid, path))
				require.Equal(t, fail.Store, fail.CodeOf(err))
				require.Contains(t, hint(err), "close that program")
			})
			w.close()
			eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
				require.NoError(t, open(t.Context(), path, duck.Options{}))
			})
		})
	}
}

// A writer that was killed leaves its changes beside the file. A copy would lack them; who only reads sees them.
func TestChangesThatAWriterLeftAreNotLost(t *testing.T) {
	path := newStore(t)
	w := openElsewhere(t, path, "create table noted as select 1 as a")
	w.kill()
	require.FileExists(t, path+".wal")
	for _, begin := range []string{"Begin", "BeginExisting"} {
		err := openers[begin](t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy)
		require.ErrorContains(t, err, path+".wal")
		require.Equal(t, fail.Store, fail.CodeOf(err))
	}
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	must.Have(db.Exec("from noted"))(t)
	require.NoError(t, db.Close())

	// If they cannot be read either, it is still not the store that is damaged.
	changes := must.Have(os.ReadFile(path + ".wal"))(t)
	for at := len(changes) / 4; at < len(changes); at++ {
		changes[at] = 0xff
	}
	require.NoError(t, os.WriteFile(path+".wal", changes, 0o600))
	for _, opener := range []string{"OpenPublished", "OpenScratch"} {
		err := openers[opener](t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy, opener)
		require.ErrorContains(t, err, path+".wal")
	}
}

// Of what another program writes while a run works, publishing would lose every bit.
func TestNobodyOpensAStoreForWritingWhileARunWorks(t *testing.T) {
	path := newStore(t)
	work := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	require.Contains(t, openElsewhere(t, path, "select 1").said, "lock")
	require.NoError(t, work.Publish())
	require.Equal(t, "open", openElsewhere(t, path, "select 1").said)
}

func TestASecondRunIsBusyAndLeavesTheFirstAlone(t *testing.T) {
	path := newStore(t)
	first := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	for _, begin := range []string{"Begin", "BeginExisting"} {
		err := openers[begin](t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy)
		require.ErrorContains(t, err, path+".lock")
	}
	must.Have(first.Conn.ExecContext(t.Context(), "create table noted as select 1 as a"))(t)
	require.NoError(t, first.Publish())
	require.NoError(t, openers["OpenPublished"](t.Context(), path, duck.Options{}))
}

// A writer may end between DuckDB's refusal and the look at the file. That is no reason to call the file damaged.
func TestAWriterThatComesAndGoesIsNoDamage(t *testing.T) {
	path := newStore(t)
	times := 0
	require.NoError(t, store.Attempt(path, func() error {
		if times++; times == 1 {
			return &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "could not set lock"}
		}
		return nil
	}))
	require.Equal(t, 2, times)
	err := store.Attempt(path, func() error { return &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "no checksum"} })
	require.ErrorIs(t, err, store.ErrDamaged)
}

func TestWhatAKilledRunLeftIsCleared(t *testing.T) {
	path, temp := newStore(t), t.TempDir()
	dir := filepath.Dir(path)
	work := must.Have(store.Begin(t.Context(), path, duck.Options{TempDir: temp}))(t)
	for _, left := range []string{path + ".work.tmp", work.TempDir(), path + ".read-7.tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(left, "unpack-1"), 0o700))
	}
	require.NoError(t, errors.Join(work.Drop(), os.WriteFile(path+".work", []byte("half"), 0o600), os.WriteFile(path+".work.wal", nil, 0o600)))
	require.NoError(t, os.MkdirAll(filepath.Join(work.TempDir(), "unpack-1"), 0o700))
	require.NoError(t, openers["Begin"](t.Context(), path, duck.Options{TempDir: temp}))
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock", "acme.duckdb.read-7.tmp"}, names(t, dir), "a reader's folder may be in use")
	require.Empty(t, names(t, temp))
}
