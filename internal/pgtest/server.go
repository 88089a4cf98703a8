package pgtest

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// environment names the variable that holds the connection string of a
// server that is already running.
const environment = "SEATS_TEST_PG"

//go:embed with-postgres.sh
var withPostgres string

// ServerInfo says where the test server is and as whom to log in: a
// superuser. Password is empty unless SEATS_TEST_PG holds one.
type ServerInfo struct {
	Host     string
	Port     int
	User     string
	Password string
	Database string
}

// Server returns the server of this test process, starting it at the first
// call. It fails the test where there is no server and none can be started.
func Server(t testing.TB) ServerInfo {
	t.Helper()
	info, err := theServer()
	require.NoError(t, err, "start PostgreSQL for tests")
	return info
}

var theServer = sync.OnceValues(func() (ServerInfo, error) {
	dsn := os.Getenv(environment)
	if dsn == "" {
		var err error
		if dsn, _, err = start(hold); err != nil {
			return ServerInfo{}, err
		}
	}
	return parse(dsn)
})

func parse(dsn string) (ServerInfo, error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return ServerInfo{}, fmt.Errorf("read %s: %w", environment, err)
	}
	return ServerInfo{
		Host: conf.Host, Port: int(conf.Port),
		User: conf.User, Password: conf.Password, Database: conf.Database,
	}, nil
}

// What with-postgres.sh runs: it lives as long as its input is open. The second
// one restarts the server for every line of it, and says when it has.
const (
	hold    = `echo "$` + environment + `"; exec cat >/dev/null`
	restart = `echo "$` + environment + `"; while read -r line; do sh -c "$SEATS_TEST_PG_RESTART" >/dev/null 2>&1 && echo yes || echo no; done`
)

// own starts a server that is a test's own, and ends with it.
func own(t testing.TB, command string) (ServerInfo, pipes) {
	t.Helper()
	dsn, pipe, err := start(command)
	require.NoError(t, err, "start a PostgreSQL of the test's own")
	t.Cleanup(func() { _ = pipe.in.Close() })
	info, err := parse(dsn)
	require.NoError(t, err)
	return info, pipe
}

// Restartable starts a server that is a test's own, and gives what restarts
// it: everybody is thrown out.
func Restartable(t testing.TB) (ServerInfo, func()) {
	t.Helper()
	info, pipe := own(t, restart)
	return info, func() {
		_, err := io.WriteString(pipe.in, "restart\n")
		if answer, _ := pipe.out.ReadString('\n'); err != nil || answer != "yes\n" {
			t.Errorf("restart PostgreSQL: %v %q", err, answer)
		}
	}
}

// pipes lead to the command that runs beside the server.
type pipes struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs with-postgres.sh around a command that prints the connection
// string and then reads a pipe whose other end this process holds. However this
// process ends, the kernel closes that end: the command sees the end of its
// input, and the script stops the server.
func start(command string) (dsn string, p pipes, err error) {
	cmd := exec.Command("sh", "-c", withPostgres, "with-postgres.sh", "sh", "-c", command)
	// A group of its own: Ctrl-C ends the tests, and they end the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if p.in, err = cmd.StdinPipe(); err != nil {
		return "", p, fmt.Errorf("open pipe: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", p, fmt.Errorf("open pipe: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return "", p, fmt.Errorf("run with-postgres.sh: %w", err)
	}
	p.out = bufio.NewReader(stdout)
	line, err := p.out.ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = cmd.Wait() // joins the copier of complaints
		return "", p, fmt.Errorf("run with-postgres.sh: %w\n%s", err, complaints.String())
	}
	if err != nil {
		return "", p, fmt.Errorf("read connection string: %w", err)
	}
	// Waiting also keeps cmd, and with it this end of the pipe, from being
	// collected: that would close it and stop the server in the middle.
	go func() { _ = cmd.Wait() }()
	return strings.TrimSpace(line), p, nil
}
