package explain

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/must"
)

// open gives a connection to a store, in memory where path is empty.
func open(t testing.TB, path string, o duck.Options) (*sql.DB, *sql.Conn) {
	db := must.Have(duck.Open(path, o))(t)
	t.Cleanup(func() { db.Close() })
	conn := must.Have(db.Conn(context.Background()))(t)
	t.Cleanup(func() { conn.Close() })
	return db, conn
}

func mustDate(t require.TestingT, text string) calendar.Date {
	date := must.Have(calendar.ParseDate(text))(t)
	return date
}
