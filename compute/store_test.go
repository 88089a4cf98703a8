package compute

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/store"
)

// openStore gives a connection to an empty store in memory.
func openStore(t testing.TB) *sql.Conn {
	t.Helper()
	db, err := duck.Open("", duck.Options{Threads: 1, TempDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for _, name := range store.Schemas() {
		exec(t, conn, name)
	}
	return conn
}

// exec runs an embedded statement.
func exec(t require.TestingT, q duck.Queryer, name string, args ...any) {
	_, err := duck.Exec(context.Background(), q, name, args...)
	require.NoError(t, err)
}

// execSQL runs a statement of the test's own.
func execSQL(t require.TestingT, q duck.Queryer, text string, args ...any) {
	_, err := q.ExecContext(context.Background(), text, args...)
	require.NoError(t, err, text)
}
