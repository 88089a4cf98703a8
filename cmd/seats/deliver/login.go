package deliver

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/keyfile"
	"seats/internal/plain"
)

// clientConfig is who logs in, and which server is believed. agent is to be closed after use; nil where there is none.
func clientConfig(d config.Delivery) (c *ssh.ClientConfig, agent *line, err error) {
	err = plain.Check(d.KnownHosts)
	var known *knownhosts.HostKeyDB
	if err == nil {
		known, err = knownhosts.NewDB(d.KnownHosts)
	}
	if err != nil {
		return nil, nil, fail.New(fail.Other, "deliver.known_hosts must be a file in the format of OpenSSH's known_hosts", "read known hosts: %w", err)
	}
	keys, agent, err := keysOf(d)
	if err != nil {
		return nil, nil, err
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
	}, agent, nil
}

const hintAgent = "deliver.agent must be the socket of a running ssh-agent"

// keysOf gives the keys to log in with: that of the file, or those that the agent has at the moment of the login.
func keysOf(d config.Delivery) (keys func() ([]ssh.Signer, error), asked *line, err error) {
	if d.Agent != "" {
		conn, err := net.DialTimeout("unix", d.Agent, d.Timeout)
		if err != nil {
			return nil, nil, fail.New(fail.Other, hintAgent, "ask agent: %w", err)
		}
		asked = &line{Conn: conn, limit: d.Timeout}
		return agent.NewClient(asked).Signers, asked, nil
	}
	key, err := keyIn(d.KeyFile)
	return func() ([]ssh.Signer, error) { return []ssh.Signer{key}, nil }, nil, err
}

func keyIn(path string) (ssh.Signer, error) {
	info, err := os.Stat(path)
	if err == nil && keyfile.Exposed(info) {
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

// hostKeyError refuses a server whose key is not the one that known_hosts has.
type hostKeyError struct{ error }

func (e *hostKeyError) Unwrap() error { return e.error }

// unbelieved says how to go on, which is never to believe the key for its being shown.
func unbelieved(d config.Delivery, shown ssh.PublicKey, err error) error {
	what := "known_hosts cannot tell whether this is the right server"
	next := fmt.Sprintf("If it is, add it: ssh-keyscan -p %d %s >> %s", d.Port, d.Host, d.KnownHosts)
	if knownhosts.IsHostUnknown(err) {
		what = "known_hosts does not know the server"
	} else if knownhosts.IsHostKeyChanged(err) {
		what, next = "this is not the server that known_hosts knows", "Only if it is, replace its lines in "+d.KnownHosts
	}
	return &hostKeyError{fail.New(fail.Other, "nothing was sent; ask who runs the server, by another way, whether that is its key. "+next,
		"%s: it shows the %s key %s", what, shown.Type(), ssh.FingerprintSHA256(shown))}
}

// refused says why the server, or this program, broke off the login.
func (s *server) refused(err error) error {
	told := fmt.Errorf("deliver to %s: %w", s.Target(), s.line.why(err))
	var key *hostKeyError
	switch {
	case s.agent != nil && s.agent.silent.Load():
		return fail.New(fail.Other, hintAgent, "deliver to %s: ask agent: it said nothing for %s (deliver.timeout)", s.Target(), s.agent.limit)
	case errors.As(err, &key):
		return told
	case isLost(err):
		return &brokenError{told}
	}
	return fail.New(fail.Other, "is the public key of deliver.key_file, or of the agent, known to the server for that user?", "%w", told)
}
