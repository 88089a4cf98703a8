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
	if err != nil {
		t.Fatalf("start PostgreSQL for tests: %v", err)
	}
	return info
}

var theServer = sync.OnceValues(func() (ServerInfo, error) {
	dsn := os.Getenv(environment)
	if dsn == "" {
		var err error
		if dsn, err = start(); err != nil {
			return ServerInfo{}, err
		}
	}
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return ServerInfo{}, fmt.Errorf("read %s: %w", environment, err)
	}
	return ServerInfo{
		Host: conf.Host, Port: int(conf.Port),
		User: conf.User, Password: conf.Password, Database: conf.Database,
	}, nil
})

// start runs with-postgres.sh around a command that prints the connection
// string and then reads a pipe whose other end this process holds and never
// writes to. However this process ends, the kernel closes that end: the
// command sees the end of its input, and the script stops the server.
func start() (dsn string, err error) {
	cmd := exec.Command("sh", "-c", withPostgres, "with-postgres.sh",
		"sh", "-c", `echo "$`+environment+`"; exec cat >/dev/null`)
	// A group of its own: Ctrl-C ends the tests, and they end the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if _, err = cmd.StdinPipe(); err != nil {
		return "", fmt.Errorf("open pipe: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("open pipe: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return "", fmt.Errorf("run with-postgres.sh: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = cmd.Wait() // joins the copier of complaints
		return "", fmt.Errorf("run with-postgres.sh: %w\n%s", err, complaints.String())
	}
	if err != nil {
		return "", fmt.Errorf("read connection string: %w", err)
	}
	// Waiting also keeps cmd, and with it this end of the pipe, from being
	// collected: that would close it and stop the server in the middle.
	go func() { _ = cmd.Wait() }()
	return strings.TrimSpace(line), nil
}
