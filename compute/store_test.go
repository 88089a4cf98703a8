package compute

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/config"
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

// countDay looks at a day and counts it.
func countDay(conn *sql.Conn, t config.Tenant, day calendar.Date, computedTS int64) (DayResult, error) {
	return NewCounter(conn, t).Day(context.Background(), day, computedTS)
}

// countMonth counts a month of which nothing is known yet.
func countMonth(conn *sql.Conn, t config.Tenant, month calendar.Month, computedTS int64) (MonthResult, error) {
	return NewCounter(conn, t).Month(context.Background(), month, computedTS)
}

// look looks at one day.
func look(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date) Standing {
	stands, err := Look(context.Background(), conn, tenant, day)
	require.NoError(t, err)
	return stands[0]
}

// loadDay reads a day's results.
func loadDay(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date) DayResult {
	results, err := Load(context.Background(), conn, []Standing{look(t, conn, tenant, day)})
	require.NoError(t, err)
	return results[0]
}
