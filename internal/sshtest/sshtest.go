// Package sshtest gives tests a real OpenSSH server: on a free loopback port, with a configuration, a host key and a user's key of its own. It serves
// SFTP and nothing else, a process for each connection, and ends with the test. Where sshd is missing the test fails; `make test` installs it.
package sshtest

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
)

// Server is a running one.
type Server struct {
	Host string
	Port int
	User string // who may log in, with the key in KeyFile
	Root string // folder in which a login begins

	KeyFile, KnownHosts string // for clients

	dir string
}

//go:embed prepare.sh
var prepare string

// Start starts a server for the duration of a test.
func Start(t testing.TB) *Server {
	t.Helper()
	l := must.Have(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // of the test's end
	s := &Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: must.Have(user.Current())(t).Username, dir: t.TempDir()}
	s.Root, s.KeyFile, s.KnownHosts = filepath.Join(s.dir, "root"), filepath.Join(s.dir, "id"), filepath.Join(s.dir, "known_hosts")
	sshd := s.run(t, prepare)
	s.NewHostKey(t)
	s.WriteKnownHosts(t, s.Port)
	go s.serve(t.Context(), sshd, l)
	return s
}

// serve hands each connection to a process, as inetd does: it ends with the connection, which the kernel ends however this process does.
func (s *Server) serve(ctx context.Context, sshd string, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		socket, err := conn.(*net.TCPConn).File()
		if err == nil {
			cmd := exec.CommandContext(ctx, sshd, "-i", "-e", "-f", filepath.Join(s.dir, "config"))
			cmd.Stdin, cmd.Stdout = socket, socket
			go func() {
				_ = cmd.Run()      // how it went, the client tells
				_ = socket.Close() // likewise
			}()
		}
		_ = conn.Close() // the process has it
	}
}

// NewHostKey gives the server another host key, for the connections that follow.
func (s *Server) NewHostKey(t testing.TB) {
	t.Helper()
	s.run(t, "rm -f host host.pub; ssh-keygen -q -t ed25519 -N '' -C '' -f host")
}

// WriteKnownHosts has clients know the server on a port, which may be a proxy's, by the host key that it has now.
func (s *Server) WriteKnownHosts(t testing.TB, port int) {
	t.Helper()
	s.run(t, fmt.Sprintf(`echo "[%s]:%d $(cat host.pub)" >known_hosts`, s.Host, port))
}

// run runs commands in the server's folder, whose files are this user's alone, and gives what they print.
func (s *Server) run(t testing.TB, commands string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", "umask 077\n"+commands)
	cmd.Dir = s.dir
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	return strings.TrimSpace(string(said))
}
