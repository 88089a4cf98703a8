package main

import (
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"seats/internal/pgtest"
	"seats/internal/sshtest"
)

// sftpCommand serves the scripts an OpenSSH server:
//
//	sftp start       SFTP_PORT, SFTP_USER, SFTP_KEY and SFTP_KNOWN_HOSTS lead to it; SFTP_ROOT is the folder in which a login begins
//	sftp rekey       gives it another host key
//	sftp known       has SFTP_KNOWN_HOSTS know the host key that it has now
//	sftp drop BYTES  lets SFTP_PORT lead through a proxy that drops its connections after so many bytes to the server, once
func sftpCommand(ts *testscript.TestScript, _ bool, args []string) {
	server := ts.Value("sftp").(**sshtest.Server)
	switch args[0] {
	case "start":
		s := sshtest.Start(tb(ts))
		*server = s
		for name, value := range map[string]string{
			"SFTP_PORT": strconv.Itoa(s.Port), "SFTP_USER": s.User, "SFTP_KEY": s.KeyFile, "SFTP_KNOWN_HOSTS": s.KnownHosts, "SFTP_ROOT": s.Root,
		} {
			ts.Setenv(name, value)
		}
	case "rekey":
		(*server).NewHostKey(tb(ts))
	case "known":
		(*server).WriteKnownHosts(tb(ts), (*server).Port)
	case "drop":
		p := pgtest.NewProxy(tb(ts), pgtest.ServerInfo{Host: (*server).Host, Port: (*server).Port})
		bytes, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		p.FailAfter(bytes, pgtest.FromClient, true)
		go func() {
			<-p.Broken
			p.Heal()
		}()
		(*server).WriteKnownHosts(tb(ts), p.Port)
		ts.Setenv("SFTP_PORT", strconv.Itoa(p.Port))
	default:
		ts.Fatalf("sftp %s: no such command", args[0])
	}
}
