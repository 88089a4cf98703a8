// Package sshtest gives tests a real OpenSSH server: on a free loopback port, with a configuration, a host key and a
// user's key of its own. It serves SFTP and nothing else, and ends with the test, or when the test's process is killed.
// Where sshd is missing the test fails; `make test` installs it.
package sshtest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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

	dir  string
	stop func()
}

// Start starts a server for the duration of a test.
func Start(t testing.TB) *Server {
	t.Helper()
	me := must.Have(user.Current())(t)
	s := &Server{Host: "127.0.0.1", User: me.Username, dir: t.TempDir(), stop: func() {}}
	s.Root, s.KeyFile, s.KnownHosts = s.path("root"), s.path("id"), s.path("known_hosts")
	require.NoError(t, os.Mkdir(s.Root, 0o700))
	require.NoError(t, os.WriteFile(s.path("authorized_keys"), newKey(t, s.KeyFile), 0o600))
	if os.Getuid() == 0 {
		require.NoError(t, os.MkdirAll("/run/sshd", 0o755)) // sshd wants it for its unprivileged part
	}
	t.Cleanup(func() { s.stop() })
	s.NewHostKey(t)
	s.WriteKnownHosts(t, s.Port)
	return s
}

// NewHostKey starts the server anew, with another host key, where it was.
func (s *Server) NewHostKey(t testing.TB) {
	t.Helper()
	s.stop()
	newKey(t, s.path("host"))
	s.start(t)
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

// start tries ports until sshd could take one: between a look at a port and taking it another process may.
func (s *Server) start(t testing.TB) {
	t.Helper()
	sshd := program(t)
	for range 20 {
		if s.Port == 0 {
			l := must.Have(net.Listen("tcp", net.JoinHostPort(s.Host, "0")))(t)
			s.Port = l.Addr().(*net.TCPAddr).Port
			require.NoError(t, l.Close())
		}
		if s.serve(t, sshd) {
			return
		}
		s.Port = 0
	}
	log, _ := os.ReadFile(s.path("log"))
	t.Fatalf("sshd does not start:\n%s", log)
}

const config = `ListenAddress %s
Port %d
HostKey %s
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

// serve runs sshd beside a shell that ends it when its input does: however this process ends, the kernel closes that.
func (s *Server) serve(t testing.TB, sshd string) bool {
	t.Helper()
	text := fmt.Sprintf(config, s.Host, s.Port, s.path("host"), s.path("authorized_keys"), s.Root)
	require.NoError(t, os.WriteFile(s.path("config"), []byte(text), 0o600))
	cmd := exec.Command("sh", "-c", `"$0" -D -f "$1" -E "$2" & read -r _; kill $!; wait`, sshd, s.path("config"), s.path("log"))
	in := must.Have(cmd.StdinPipe())(t)
	require.NoError(t, cmd.Start())
	s.stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
		s.stop = func() {}
	}
	for range 200 {
		if s.greets() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return false
}

func (s *Server) greets() bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // only asked
	greeting := make([]byte, 4)
	return must.Err(io.ReadFull(conn, greeting)) == nil && strings.HasPrefix(string(greeting), "SSH-")
}
