// Package pgtest gives tests a real PostgreSQL: one server a test process, one schema a test, or one database where its encoding matters.
//
// The server is the one that SEATS_TEST_PG names (`make test` starts one for all packages); without it the first call of a test
// process starts a server of its own on a free loopback port and an empty folder, which is stopped when the process ends, even
// when it is killed. Where no server can be had the test fails; it is never skipped.
package pgtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
)

// DB is an empty schema of the test server, or the one of a database of its own. It is dropped with everything in it when the test ends.
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

func SchemaOn(t testing.TB, server ServerInfo) *DB {
	t.Helper()
	db := &DB{ServerInfo: server, Schema: "test_" + strings.ToLower(rand.Text())}
	return db.create(t, server, "schema", db.Schema, "", " cascade")
}

// Database creates a database of its own encoding, PostgreSQL's word for it, with a random name for the duration of a test. Its
// schema is public; Conn speaks UTF-8.
func Database(t testing.TB, encoding string) *DB {
	t.Helper()
	server := Server(t)
	db := &DB{ServerInfo: server, Schema: "public"}
	db.Database = "test_" + strings.ToLower(rand.Text())
	return db.create(t, server, "database", db.Database, " encoding '"+encoding+"' template template0 lc_collate 'C' lc_ctype 'C'", "")
}

// create makes what the DB is on a server, and its connection, for the duration of a test.
func (db *DB) create(t testing.TB, server ServerInfo, kind, name, how, dropped string) *DB {
	t.Helper()
	admin(t, server, "create "+kind+" "+name+how)
	t.Cleanup(func() { admin(t, server, "drop "+kind+" if exists "+name+dropped) })
	db.Conn = must.Have(pgx.Connect(t.Context(), db.ConnString()))(t)
	// Runs before the drop, and so leaves it no lock to wait for.
	t.Cleanup(func() { _ = db.Conn.Close(context.Background()) })
	return db
}

// Exec runs statements, without parameters, in the schema.
func (db *DB) Exec(t testing.TB, sql string) {
	t.Helper()
	_, err := db.Conn.Exec(t.Context(), sql)
	require.NoError(t, err, sql)
}

// ConnString returns a URL that leads to the schema: its search_path is set.
func (db *DB) ConnString() string {
	return db.ServerInfo.ConnString() + "&client_encoding=UTF8&search_path=" + db.Schema
}

// ServerInfo says where the test server is and as whom to log in: a superuser. Password is empty unless SEATS_TEST_PG holds one.
type ServerInfo struct {
	Host     string
	Port     int
	User     string
	Password string
	Database string
}

// ConnString returns a URL that leads to the server's database.
func (s ServerInfo) ConnString() string {
	u := url.URL{Scheme: "postgres", User: url.User(s.User), Host: s.address(), Path: "/" + s.Database, RawQuery: "sslmode=disable"}
	if s.Password != "" {
		u.User = url.UserPassword(s.User, s.Password)
	}
	return u.String()
}

func (s ServerInfo) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// admin runs one statement on a connection of its own, so that it does not depend on the state in which a test leaves its
// connections. A statement that waits for a lock which a test forgot to release fails after a while.
func admin(t testing.TB, server ServerInfo, sql string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	conn := must.Have(pgx.Connect(ctx, server.ConnString()))(t)
	defer func() { _ = conn.Close(ctx) }()
	_, err := conn.Exec(ctx, sql)
	require.NoError(t, err, sql)
}

// Server returns the server of this test process, starting it at the first call. It fails the test where there is no server and none can be started.
func Server(t testing.TB) ServerInfo {
	t.Helper()
	info, err := theServer()
	require.NoError(t, err, "start PostgreSQL for tests")
	return info
}

// environment names the variable that holds the connection string of a server that is already running.
const environment = "SEATS_TEST_PG"

var theServer = sync.OnceValues(func() (ServerInfo, error) {
	if dsn := os.Getenv(environment); dsn != "" {
		return parse(dsn)
	}
	info, _, err := start()
	return info, err
})

func parse(dsn string) (s ServerInfo, err error) {
	conf, err := pgx.ParseConfig(dsn)
	if err == nil {
		s = ServerInfo{conf.Host, int(conf.Port), conf.User, conf.Password, conf.Database}
	}
	return s, err
}

// Restartable starts a server that is a test's own, and gives what restarts it: everybody is thrown out.
func Restartable(t testing.TB) (ServerInfo, func()) {
	t.Helper()
	info, pipe, err := start()
	require.NoError(t, err, "start a PostgreSQL of the test's own")
	t.Cleanup(func() { _ = pipe.in.Close() })
	return info, func() {
		_, err := io.WriteString(pipe.in, "restart\n")
		if answer, _ := pipe.out.ReadString('\n'); err != nil || answer != "yes\n" {
			t.Errorf("restart PostgreSQL: %v %q", err, answer)
		}
	}
}

//go:embed with-postgres.sh
var withPostgres string

// beside is the command that with-postgres.sh runs: it prints the connection string, and lives as long as its input is open. For
// every line of that it restarts the server, and says when it has.
const beside = `echo "$` + environment + `"; while read -r line; do sh -c "$SEATS_TEST_PG_RESTART" >/dev/null 2>&1 && echo yes || echo no; done`

// pipes lead to it.
type pipes struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts a server. This process holds the other end of the pipe that the command beside it reads. However this process
// ends, the kernel closes that end: the command sees the end of its input, and the script stops the server.
func start() (ServerInfo, pipes, error) {
	cmd := exec.Command("sh", "-c", withPostgres, "with-postgres.sh", "sh", "-c", beside)
	// A group of its own: Ctrl-C ends the tests, and they end the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, noInput := cmd.StdinPipe()
	stdout, noOutput := cmd.StdoutPipe()
	if err := errors.Join(noInput, noOutput, cmd.Start()); err != nil {
		return ServerInfo{}, pipes{}, fmt.Errorf("run with-postgres.sh: %w", err)
	}
	out := bufio.NewReader(stdout)
	dsn, err := out.ReadString('\n')
	if err != nil {
		err = errors.Join(err, cmd.Wait()) // joins the copier of complaints
		return ServerInfo{}, pipes{}, fmt.Errorf("run with-postgres.sh: %w\n%s", err, complaints.String())
	}
	// Waiting also keeps cmd, and with it this end of the pipe, from being collected: that would close it and stop the server in the middle.
	go func() { _ = cmd.Wait() }()
	info, err := parse(strings.TrimSpace(dsn))
	return info, pipes{in, out}, err
}
