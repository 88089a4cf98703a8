// Package pgtest gives tests a real PostgreSQL: one server a test process,
// one schema a test, or one database where its encoding matters.
//
// The server is the one that SEATS_TEST_PG names (`make test` starts one for
// all packages); without it the first call of a test process starts a server
// of its own on a free loopback port and an empty folder, which is stopped
// when the process ends, even when it is killed. Where no server can be had
// the test fails; it is never skipped.
package pgtest

import (
	"context"
	"crypto/rand"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// DB is an empty schema of the test server, or the one of a database of its
// own. It is dropped with everything in it when the test ends.
type DB struct {
	ServerInfo
	Schema string
	Conn   *pgx.Conn // search_path is Schema alone
}

// Schema creates a schema with a random name for the duration of a test.
func Schema(t testing.TB) *DB {
	t.Helper()
	return SchemaOn(t, Server(t))
}

// SchemaOn is Schema on another server.
func SchemaOn(t testing.TB, server ServerInfo) *DB {
	t.Helper()
	db := &DB{ServerInfo: server, Schema: "test_" + strings.ToLower(rand.Text())}
	admin(t, server, "create schema "+db.Schema)
	t.Cleanup(func() { admin(t, server, "drop schema if exists "+db.Schema+" cascade") })
	return connect(t, db)
}

// connect gives the DB its connection, for the duration of a test.
func connect(t testing.TB, db *DB) *DB {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.ConnString())
	require.NoError(t, err, "connect to test schema")
	// Runs before the caller's drop, and so leaves it no lock to wait for.
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	db.Conn = conn
	return db
}

// Database creates a database of its own encoding, PostgreSQL's word for it,
// with a random name for the duration of a test. Its schema is public; Conn
// speaks UTF-8.
func Database(t testing.TB, encoding string) *DB {
	t.Helper()
	server := Server(t)
	name := "test_" + strings.ToLower(rand.Text())
	admin(t, server, "create database "+name+" encoding '"+encoding+"' template template0 lc_collate 'C' lc_ctype 'C'")
	t.Cleanup(func() { admin(t, server, "drop database if exists "+name) })
	db := &DB{ServerInfo: server, Schema: "public"}
	db.Database = name
	return connect(t, db)
}

// Exec runs statements, without parameters, in the schema.
func (db *DB) Exec(t testing.TB, sql string) {
	t.Helper()
	_, err := db.Conn.Exec(t.Context(), sql)
	require.NoError(t, err, sql)
}

// ConnString returns a URL that leads to the schema: its search_path is set.
func (db *DB) ConnString() string {
	return db.url(url.Values{"sslmode": {"disable"}, "client_encoding": {"UTF8"}, "search_path": {db.Schema}})
}

// ConnString returns a URL that leads to the server's database.
func (s ServerInfo) ConnString() string {
	return s.url(url.Values{"sslmode": {"disable"}})
}

func (s ServerInfo) url(query url.Values) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(s.User),
		Host: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)),
		Path: "/" + s.Database, RawQuery: query.Encode(),
	}
	if s.Password != "" {
		u.User = url.UserPassword(s.User, s.Password)
	}
	return u.String()
}

// admin runs one statement on a connection of its own, so that it does not
// depend on the state in which a test leaves its connections. A statement
// that waits for a lock which a test forgot to release fails after a while.
func admin(t testing.TB, server ServerInfo, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.ConnString())
	require.NoError(t, err, "connect to test server")
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err, sql)
}
