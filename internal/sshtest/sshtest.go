// Package sshtest gives tests a real OpenSSH server: on a free loopback port, with a configuration, a host key and a
// user's key of its own. It serves SFTP and nothing else, a process for each connection, and ends with the test.
// Where sshd is missing the test fails; `make test` installs it.
package sshtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/must"
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

const config = `HostKey %s
AuthorizedKeysFile %s
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d %s
`

// Start starts a server for the duration of a test.
func Start(t testing.TB) *Server {
	t.Helper()
	me := must.Have(user.Current())(t)
	l := must.Have(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // of the test's end
	s := &Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: me.Username, dir: t.TempDir()}
	s.Root, s.KeyFile, s.KnownHosts = s.path("root"), s.path("id"), s.path("known_hosts")
	require.NoError(t, os.Mkdir(s.Root, 0o700))
	require.NoError(t, os.WriteFile(s.path("authorized_keys"), newKey(t, s.KeyFile), 0o600))
	text := fmt.Sprintf(config, s.path("host"), s.path("authorized_keys"), s.Root)
	require.NoError(t, os.WriteFile(s.path("config"), []byte(text), 0o600))
	if os.Getuid() == 0 {
		require.NoError(t, os.MkdirAll("/run/sshd", 0o755)) // sshd wants it for its unprivileged part
	}
	s.NewHostKey(t)
	s.WriteKnownHosts(t, s.Port)
	go s.serve(t.Context(), program(t), l)
	return s
}

// serve hands each connection to a process, as inetd does: it ends with the connection, which the kernel ends however this process
// does.
func (s *Server) serve(ctx context.Context, sshd string, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		socket, err := conn.(*net.TCPConn).File()
		if err == nil {
			cmd := exec.CommandContext(ctx, sshd, "-i", "-e", "-f", s.path("config"))
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
	newKey(t, s.path("host"))
}

// WriteKnownHosts has clients know the server on a port, which may be a proxy's, by the host key that it has now.
func (s *Server) WriteKnownHosts(t testing.TB, port int) {
	t.Helper()
	key := must.Have(os.ReadFile(s.path("host.pub")))(t)
	require.NoError(t, os.WriteFile(s.KnownHosts, fmt.Appendf(nil, "[%s]:%d %s", s.Host, port, key), 0o600))
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// newKey writes a private key, in place of another, and returns the line of its public one, which lies beside it.
func newKey(t testing.TB, path string) []byte {
	t.Helper()
	require.NoError(t, os.RemoveAll(path))
	said, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path).CombinedOutput()
	require.NoError(t, err, string(said))
	return must.Have(os.ReadFile(path + ".pub"))(t)
}

// program is where packages put sshd, which wants to be called by its whole path.
func program(t testing.TB) string {
	t.Helper()
	found, err := exec.Command("sh", "-c", "PATH=$PATH:/usr/sbin:/usr/local/sbin; command -v sshd").Output()
	require.NoError(t, err, "sshd is missing: `make openssh` installs it")
	return strings.TrimSpace(string(found))
}
