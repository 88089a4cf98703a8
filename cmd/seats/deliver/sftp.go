package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

type server struct {
	config.Delivery
	line  *line
	agent *line // that is asked for keys; nil where there is none
	sftp  *sftp.Client
	stop  func() bool // of the context's hand on the connection
}

// dial connects, and makes sure of the server before anything is shown to it.
func dial(ctx context.Context, d config.Delivery) (*server, error) {
	client, agent, err := clientConfig(d)
	if err != nil {
		return nil, err
	}
	if agent != nil {
		defer agent.Close()                                      //nolint:errcheck // it was only asked
		defer context.AfterFunc(ctx, func() { agent.Close() })() //nolint:errcheck // to end what waits for it
	}
	dialer := net.Dialer{Timeout: d.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", d.Address())
	if err != nil {
		return nil, &brokenError{fmt.Errorf("deliver to %s: %w", d.Target(), err)}
	}
	s := &server{Delivery: d, line: &line{Conn: conn, limit: d.Timeout}, agent: agent}
	s.stop = context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // to end what waits for it
	if err := s.open(client); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *server) open(client *ssh.ClientConfig) error {
	conn, channels, requests, err := ssh.NewClientConn(s.line, s.Address(), client)
	if err != nil {
		return s.refused(err)
	}
	if s.sftp, err = sftp.NewClient(ssh.NewClient(conn, channels, requests)); err != nil {
		return s.told(err, "start SFTP on", "")
	}
	info, err := s.sftp.Stat(s.Folder)
	if err == nil && !info.IsDir() {
		err = fs.ErrNotExist
	}
	if err = s.told(err, "look at", ""); errors.Is(err, fs.ErrNotExist) {
		return fail.New(fail.Other, "deliver.folder must be a folder that is there, seen from where the login begins", "%w", err)
	}
	return err
}

func (s *server) path(name string) string { return path.Join(s.Folder, name) }

func (s *server) read(name string) (text []byte, err error) {
	f, err := s.sftp.Open(s.path(name))
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(f, longest+1))
		if err == nil && len(text) > longest {
			err = errLong
		}
		err = errors.Join(err, f.Close())
	}
	return text, s.told(err, "read", name)
}

func (s *server) write(name string, text []byte) error {
	if err := s.sftp.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.told(err, "remove", name)
	}
	f, err := s.sftp.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return s.told(err, "write", name)
	}
	_, err = f.Write(text)
	if err == nil && s.Mode != 0 {
		err = f.Chmod(s.Mode)
	}
	if _, can := s.sftp.HasExtension("fsync@openssh.com"); can && err == nil {
		err = f.Sync()
	}
	return s.told(errors.Join(err, f.Close()), "write", name)
}

func (s *server) names() (all []string, err error) {
	found, err := s.sftp.ReadDir(s.path("."))
	for _, info := range found {
		if info.Mode().IsRegular() {
			all = append(all, info.Name())
		}
	}
	return all, s.told(err, "list", "")
}

func (s *server) remove(name string) error {
	return s.told(s.sftp.Remove(s.path(name)), "remove", name)
}

// rename gives a file its name. SFTP itself replaces nothing; OpenSSH's extension does, and in one step.
func (s *server) rename(from, to string, replace bool) error {
	if !replace {
		return s.told(s.sftp.Rename(s.path(from), s.path(to)), "rename to", to)
	}
	if _, can := s.sftp.HasExtension("posix-rename@openssh.com"); !can {
		return fail.New(fail.Other, "remove that file there: the next delivery sends it anew",
			"deliver %s to %s: the server cannot replace a file in one step", to, s.Target())
	}
	return s.told(s.sftp.PosixRename(s.path(from), s.path(to)), "replace", to)
}

// Close ends the connection. One that is broken needs no end.
func (s *server) Close() error {
	s.stop()
	if s.sftp != nil {
		s.sftp.Close() //nolint:errcheck // all that matters was confirmed
	}
	s.line.Close() //nolint:errcheck // likewise
	return nil
}

// told says of an error what was being done. What is no answer of the server is a broken connection.
func (s *server) told(err error, doing, name string) error {
	if err == nil {
		return nil
	}
	told := fmt.Errorf("deliver to %s: %s %s: %w", s.Target(), doing, s.path(name), s.line.why(err))
	if errors.Is(err, errLong) {
		return fail.New(fail.Restatement, hintMove, "%w", told)
	}
	_, isAnswer := errors.AsType[*sftp.StatusError](err)
	if isAnswer || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return told
	}
	return &brokenError{told}
}

// line is a connection that ends a silence.
type line struct {
	net.Conn
	limit  time.Duration // 0: none
	silent atomic.Bool
}

func (l *line) Read(p []byte) (int, error)  { return l.within(l.SetReadDeadline, l.Conn.Read, p) }
func (l *line) Write(p []byte) (int, error) { return l.within(l.SetWriteDeadline, l.Conn.Write, p) }

func (l *line) within(deadline func(time.Time) error, move func([]byte) (int, error), p []byte) (int, error) {
	if l.limit > 0 {
		deadline(time.Now().Add(l.limit)) //nolint:errcheck // a closed connection says so when it is used
	}
	n, err := move(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		l.silent.Store(true)
	}
	return n, err
}

// why gives the reason of a connection's end where it was a silence, which the layers above do not know.
func (l *line) why(err error) error {
	if l.silent.Load() {
		return fmt.Errorf("the server said nothing for %s (deliver.timeout): %w", l.limit, err)
	}
	return err
}

// longest is more than any issued file has bytes.
const longest = 64 << 20

var errLong = fmt.Errorf("it is longer than %d bytes", longest)

// clientConfig is who logs in, and which server is believed. agent is to be closed after use; nil where there is none.
func clientConfig(d config.Delivery) (c *ssh.ClientConfig, asked *line, err error) {
	err = plain.Check(d.KnownHosts)
	var known *knownhosts.HostKeyDB
	if err == nil {
		known, err = knownhosts.NewDB(d.KnownHosts)
	}
	if err != nil {
		return nil, nil, fail.New(fail.Other, "deliver.known_hosts must be a file in the format of OpenSSH's known_hosts", "read known hosts: %w", err)
	}
	var keys func() ([]ssh.Signer, error) // of the file, or those that the agent has at the moment of the login
	if err := config.Lookup(d.Agent, d.KeyFile); err != nil {
		return nil, nil, err
	}
	keyFile, _ := d.KeyFile.Reveal()
	if socket, _ := d.Agent.Reveal(); socket != "" {
		conn, err := net.DialTimeout("unix", socket, d.Timeout)
		if err != nil {
			return nil, nil, fail.New(fail.Other, hintAgent, "ask agent: %w", err)
		}
		asked = &line{Conn: conn, limit: d.Timeout}
		keys = agent.NewClient(asked).Signers
	} else {
		key, err := keyIn(keyFile)
		if err != nil {
			return nil, nil, err
		}
		keys = func() ([]ssh.Signer, error) { return []ssh.Signer{key}, nil }
	}
	check := known.HostKeyCallback()
	return &ssh.ClientConfig{
		User: d.User, Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(keys)}, HostKeyAlgorithms: known.HostKeyAlgorithms(d.Address()),
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			if err := check(host, remote, key); err != nil {
				return unbelieved(d, key, err)
			}
			return nil
		},
	}, asked, nil
}

const hintAgent = "deliver.agent must be the socket of a running ssh-agent"

func keyIn(path string) (ssh.Signer, error) {
	info, err := os.Stat(path)
	if err == nil && plain.Exposed(info) {
		return nil, fail.New(fail.Other, "chmod 600 "+path, "read key: %s can be read or written by others", path)
	}
	text, err := plain.Read(path)
	if err != nil {
		return nil, fail.New(fail.Other, "deliver.key_file must be a file that this user may read", "read key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fail.New(fail.Other, "deliver.key_file must be an OpenSSH private key; one with a passphrase belongs into an agent", "read key %s: %w", path, err)
	}
	return key, nil
}

// unbelieved says how to go on, which is never to believe the key for its being shown.
func unbelieved(d config.Delivery, shown ssh.PublicKey, err error) error {
	what := "known_hosts cannot tell whether this is the right server"
	next := fmt.Sprintf("If it is, add it: ssh-keyscan -p %d %s >> %s", d.Port, d.Host, d.KnownHosts)
	if knownhosts.IsHostUnknown(err) {
		what = "known_hosts does not know the server"
	} else if knownhosts.IsHostKeyChanged(err) {
		what, next = "this is not the server that known_hosts knows", "Only if it is, replace its lines in "+d.KnownHosts
	}
	return fail.New(fail.Other, "nothing was sent; ask who runs the server, by another way, whether that is its key. "+next,
		"%s: it shows the %s key %s", what, shown.Type(), ssh.FingerprintSHA256(shown))
}

// refused says why the server, or this program, broke off the login.
func (s *server) refused(err error) error {
	told := fmt.Errorf("deliver to %s: %w", s.Target(), s.line.why(err))
	_, isKey := errors.AsType[*fail.Error](err) // unbelieved's
	_, isNet := errors.AsType[net.Error](err)
	switch {
	case s.agent != nil && s.agent.silent.Load():
		return fail.New(fail.Other, hintAgent, "deliver to %s: ask agent: it said nothing for %s (deliver.timeout)", s.Target(), s.agent.limit)
	case isKey:
		return told
	case isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF): // it ended, or never came to be
		return &brokenError{told}
	}
	return fail.New(fail.Other, "is the public key of deliver.key_file, or of the agent, known to the server for that user?", "%w", told)
}

// Target is a folder to deliver to. The errors name what was being done there; a *brokenError says that the connection
// broke, so that another one may help.
type Target interface {
	read(name string) ([]byte, error) // fs.ErrNotExist where there is none
	write(name string, text []byte) error
	rename(from, to string, replace bool) error
	names() ([]string, error) // of the files there
	remove(name string) error
	Close() error
}

// Open reaches the folder, which must be there. A cancelled context breaks the connection. Files in a folder of this machine can be read by
// the group where the folder hands its own group on (setgid): it was made for that.
func Open(ctx context.Context, d config.Delivery) (Target, error) {
	if d.Host != "" {
		return dial(ctx, d)
	}
	info, err := os.Stat(d.Folder)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fail.New(fail.Other, "make the folder that deliver.folder names, or mount it", "deliver to %s: %w", d.Folder, err)
	}
	if d.Mode == 0 && info.Mode()&fs.ModeSetgid != 0 {
		d.Mode = 0o640
	}
	return folder{d.Folder, cmp.Or(d.Mode, 0o600)}, nil
}

// brokenError is a connection that could not be made, or broke.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

func isBroken(err error) bool {
	_, broken := errors.AsType[*brokenError](err)
	return broken
}

// folder is a Target of this machine. It is not made where it is missing: that may be a disk that is not mounted.
type folder struct {
	dir  string
	mode fs.FileMode // of the files
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func told(err error) error {
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

func (f folder) read(name string) ([]byte, error) {
	text, err := report.ReadFile(f.path(name))
	return text, told(err)
}

func (f folder) write(name string, text []byte) error {
	return told(writeNew(f.path(name), text, f.mode))
}

func (f folder) rename(from, to string, replace bool) error {
	name := os.Rename
	if !replace {
		name = plain.RenameNew
	}
	if err := name(f.path(from), f.path(to)); errors.Is(err, fs.ErrExist) {
		return fail.New(fail.Restatement, hintMove, "deliver: %w", err)
	} else if err != nil {
		return told(err)
	}
	return plain.Sync(f.dir)
}

func (f folder) names() (all []string, err error) {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if e.Type().IsRegular() {
			all = append(all, e.Name())
		}
	}
	return all, err
}

func (f folder) remove(name string) error { return os.Remove(f.path(name)) }

func (f folder) Close() error { return nil }

// writeNew writes a file in place of what an interrupted run left.
func writeNew(path string, text []byte, mode fs.FileMode) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return plain.Write(path, text, mode)
}
