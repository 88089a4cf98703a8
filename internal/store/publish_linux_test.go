package store_test

import (
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
)

// A copy that could not be written to its end must not take the place of the store. That no file may grow beyond some
// size stands for a disk that is full by then: the changes are on it, the file that holds them all is not.
func TestACopyThatCannotBeWrittenIsNotPublished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())

	w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	must.Have(w.Conn.ExecContext(t.Context(), "create table more as select md5(i::varchar) as text from range(3000) as r(i)"))(t)
	err := withFilesOf(t, 900_000, w.Publish)
	require.ErrorContains(t, err, "write store: ")
	require.ErrorContains(t, err, "acme.duckdb.work")
	require.NoError(t, w.Drop())

	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // only read
	var tables int
	require.NoError(t, db.QueryRow("select count(*) from duckdb_tables() where table_name = 'more'").Scan(&tables))
	require.Zero(t, tables)
}

// withFilesOf does something while no file may grow beyond so many bytes.
func withFilesOf(t *testing.T, most uint64, do func() error) error {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	signal.Ignore(syscall.SIGXFSZ) // then writing beyond it is an error and no more
	defer signal.Reset(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: before.Max}))
	defer func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	return do()
}
