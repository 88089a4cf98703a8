package explain

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// open gives a connection to a store, in memory where path is empty.
func open(t testing.TB, path string, o duck.Options) (*sql.DB, *sql.Conn) {
	db, err := duck.Open(path, o)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return db, conn
}

func mustDate(t require.TestingT, text string) calendar.Date {
	date, err := calendar.ParseDate(text)
	require.NoError(t, err)
	return date
}
