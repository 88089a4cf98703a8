package deliver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/sshtest"
	"example.com/seats/report"
)

// site is a tenant that has issued something.
type site struct {
	Courier
	parcels []Parcel
}

// newSite issues data files with manifests of some size.
func newSite(t *testing.T, d config.Delivery, files int) *site {
	s := &site{Courier: Courier{Delivery: d, Tenant: "acme", From: t.TempDir(), Outbox: filepath.Join(t.TempDir(), "outbox"), Log: must.Quiet{}, Down: &Outages{},
		Clock: func() time.Time { return time.Unix(1775000000, 0) }, Sleep: func(context.Context, time.Duration) {}}}
	for n := range files {
		i := report.Issue{File: fmt.Sprintf("CNT_%d.csv", n), Series: report.Series{Period: "2026-03-10"}}
		i.SHA256 = s.issue(t, i.File, fmt.Sprintf("count\n%d\n", n))
		i.ManifestSHA256 = s.issue(t, report.ManifestName(i.File), strings.Repeat(fmt.Sprintf("manifest %d\n", n), 3000))
		s.parcels = append(s.parcels, Parcel{Issue: i, Data: true})
	}
	return s
}

func (s *site) issue(t *testing.T, name, text string) (sum string) {
	require.NoError(t, os.WriteFile(filepath.Join(s.From, name), []byte(text), 0o600))
	return report.Digest([]byte(text))
}

// requireDelivered wants all of the site's files in a folder, and nothing else.
func (s *site) requireDelivered(t *testing.T, folder string) {
	require.Len(t, must.Names(t, folder), 2*len(s.parcels))
	for _, name := range must.Names(t, s.From) {
		require.Equal(t, must.Text(t, s.From, name), must.Text(t, folder, name), name)
	}
}

func over(s *sshtest.Server, folder string) config.Delivery {
	return config.Delivery{Folder: folder, Host: s.Host, Port: s.Port, User: s.User, KeyFile: config.Hide(s.KeyFile), KnownHosts: s.KnownHosts, Timeout: time.Minute}
}

// both runs a test with a folder of this machine and one of an SFTP server.
func both(t *testing.T, test func(t *testing.T, d config.Delivery, folder string)) {
	t.Run("folder", func(t *testing.T) {
		folder := t.TempDir()
		test(t, config.Delivery{Folder: folder}, folder)
	})
	t.Run("sftp", func(t *testing.T) {
		server := sshtest.Start(t)
		folder := filepath.Join(server.Root, "in")
		require.NoError(t, os.Mkdir(folder, 0o700))
		test(t, over(server, "in"), folder)
	})
}

func (s *site) send(t *testing.T, delivered ...Delivery) []Delivery {
	arrived, failed := s.Send(t.Context(), s.parcels, delivered)
	require.Empty(t, failed)
	return arrived
}

// fails is the one error of a delivery.
func (s *site) fails(t *testing.T, delivered ...Delivery) error {
	_, failed := s.Send(t.Context(), s.parcels, delivered)
	require.Len(t, failed, 1)
	return failed[0]
}

func TestWhatArrivesIsWhatWasIssuedAndIsNotSentTwice(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 2)
		arrived := s.send(t)
		require.Len(t, arrived, 4)
		require.Equal(t, []string{"CNT_0.csv.manifest.json", "CNT_0.csv"}, []string{arrived[0].File, arrived[1].SentAs}, "manifest first")
		s.requireDelivered(t, folder)

		// A run that was killed before the store knew sends them again: they are found, and not touched.
		before := must.Have(os.Stat(filepath.Join(folder, "CNT_0.csv")))(t)
		require.Equal(t, arrived, s.send(t))
		after := must.Have(os.Stat(filepath.Join(folder, "CNT_0.csv")))(t)
		require.True(t, os.SameFile(before, after) && before.ModTime().Equal(after.ModTime()))

		require.Empty(t, must.Have(Pending([]report.Issue{s.parcels[0].Issue, s.parcels[1].Issue}, s.From, arrived, calendar.Date{}, time.Time{}))(t))
	})
}

// The state of a number moved: the manifest is another one, and replaces that which was delivered.
func TestAManifestReplacesTheOneThatWasDelivered(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		arrived := s.send(t)
		require.NoError(t, s.Clear())
		s.parcels[0].Issue.ManifestSHA256 = s.issue(t, "CNT_0.csv.manifest.json", "final")
		left := must.Have(Pending([]report.Issue{s.parcels[0].Issue}, s.From, arrived, calendar.Date{}, time.Time{}))(t)
		require.Equal(t, []Parcel{{Issue: s.parcels[0].Issue}}, left, "the manifest alone")
		s.parcels = left
		require.Len(t, s.send(t, arrived...), 1)
		s.requireDelivered(t, folder)
	})
}

// A signature goes with its manifest, each time, and is there before the data file.
func TestASignatureGoesWithItsManifest(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		s.issue(t, "CNT_0.csv.manifest.json.minisig", "signed once")
		arrived := s.send(t)
		require.Len(t, arrived, 3)
		require.Equal(t, "CNT_0.csv.manifest.json.minisig", arrived[1].File)
		require.NoError(t, s.Clear())
		s.parcels[0].Issue.ManifestSHA256 = s.issue(t, "CNT_0.csv.manifest.json", "final")
		s.issue(t, "CNT_0.csv.manifest.json.minisig", "signed again")
		s.parcels = must.Have(Pending([]report.Issue{s.parcels[0].Issue}, s.From, arrived, calendar.Date{}, time.Time{}))(t)
		require.Len(t, s.send(t, arrived...), 2)
		require.Equal(t, "signed again", must.Text(t, folder, "CNT_0.csv.manifest.json.minisig"))
		require.Len(t, must.Names(t, folder), 3)
	})
}

// A manifest that was delivered may be signed later: the signature follows it, once.
func TestALaterSignatureIsDelivered(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		issued := []report.Issue{s.parcels[0].Issue}
		arrived := s.send(t)
		require.NoError(t, s.Clear())
		s.issue(t, "CNT_0.csv.manifest.json.minisig", "signed")
		left := must.Have(Pending(issued, s.From, arrived, calendar.Date{}, time.Time{}))(t)
		require.Equal(t, []Parcel{{Issue: issued[0]}}, left)
		s.parcels = left
		arrived = append(arrived, s.send(t, arrived...)...)
		require.FileExists(t, filepath.Join(folder, "CNT_0.csv.manifest.json.minisig"))
		require.Empty(t, must.Have(Pending(issued, s.From, arrived, calendar.Date{}, time.Time{}))(t))
	})
}

// A store that was made anew may issue another number under the name: what was delivered stays.
func TestADataFileIsNeverReplaced(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		arrived := s.send(t)
		s.parcels[0].Issue.SHA256 = s.issue(t, "CNT_0.csv", "another count")
		require.ErrorContains(t, s.fails(t, arrived...), "another file of that name is there")
		require.Equal(t, "count\n0\n", must.Text(t, folder, "CNT_0.csv"))
	})
}

// Killed after the first manifest had arrived, and before the store knew: the outbox does.
func TestAManifestReplacesTheOneOfAKilledRun(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		s.send(t)
		s.parcels[0].Issue.ManifestSHA256 = s.issue(t, "CNT_0.csv.manifest.json", "final")
		s.send(t)
		s.requireDelivered(t, folder)
	})
}

func TestNothingOfOthersIsOverwritten(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		for _, name := range []string{"CNT_0.csv", "CNT_0.csv.manifest.json"} {
			s := newSite(t, d, 2)
			other := filepath.Join(folder, name)
			require.NoError(t, os.WriteFile(other, []byte("another's"), 0o600))
			arrived, failed := s.Send(t.Context(), s.parcels, nil)
			require.Len(t, failed, 1)
			require.Equal(t, fail.Restatement, fail.CodeOf(failed[0]))
			require.ErrorContains(t, failed[0], name+" to "+d.Target()+": another file of that name is there")
			require.Len(t, arrived, 2, "it does not keep back the others")
			require.Equal(t, "another's", must.Text(t, other))
			require.Equal(t, 3, len(must.Names(t, folder)), "nothing else is there of it")
			for _, name := range must.Names(t, folder) {
				require.NoError(t, os.Remove(filepath.Join(folder, name)))
			}
		}
	})
}

// Neither a file that is far too long nor one that cannot be written is a broken connection: the others arrive.
func TestAnErrorOfOneFileDoesNotKeepBackTheOthers(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		d.Retries = 3
		s := newSite(t, d, 3)
		s.Sleep = func(context.Context, time.Duration) { t.Error("it is not tried again") }
		require.NoError(t, os.WriteFile(filepath.Join(folder, "CNT_0.csv"), nil, 0o600))
		require.NoError(t, os.Truncate(filepath.Join(folder, "CNT_0.csv"), longest+1)) // it takes no room
		require.NoError(t, os.MkdirAll(filepath.Join(folder, ".CNT_1.csv.tmp", "full"), 0o700))
		arrived, failed := s.Send(t.Context(), s.parcels, nil)
		require.Len(t, failed, 2)
		require.ErrorContains(t, failed[0], "CNT_0.csv")
		require.Equal(t, fail.Restatement, fail.CodeOf(failed[0]))
		require.ErrorContains(t, failed[1], ".CNT_1.csv.tmp")
		require.Equal(t, fail.Other, fail.CodeOf(failed[1]))
		require.Len(t, arrived, 2)
		require.FileExists(t, filepath.Join(folder, "CNT_2.csv"))
	})
}

func TestOnlyWhatWasIssuedIsSent(t *testing.T) {
	folder := t.TempDir()
	s := newSite(t, config.Delivery{Folder: folder}, 3)
	require.NoError(t, os.Remove(filepath.Join(s.From, "CNT_0.csv")))
	s.issue(t, "CNT_1.csv.manifest.json", "changed")
	arrived, failed := s.Send(t.Context(), s.parcels, nil)
	require.Len(t, arrived, 2)
	require.Len(t, failed, 2)
	require.ErrorContains(t, failed[0], "CNT_0.csv: the file has vanished")
	require.ErrorContains(t, failed[1], "CNT_1.csv.manifest.json: the file was changed")
	require.Equal(t, fail.Restatement, fail.CodeOf(failed[1]))
	require.Equal(t, []string{"CNT_2.csv", "CNT_2.csv.manifest.json"}, must.Names(t, folder))
}

// The connection is dropped at many places of one delivery. Whoever looks after each sees no data file without its
// manifest and none in part; in the end all has arrived.
func TestAConnectionThatBreaksAnywhereLosesNothing(t *testing.T) {
	server := sshtest.Start(t)
	measure := pgtest.NewProxy(t, pgtest.ServerInfo{Host: server.Host, Port: server.Port})
	through := func(p *pgtest.Proxy, folder string) config.Delivery {
		require.NoError(t, os.Mkdir(filepath.Join(server.Root, folder), 0o700))
		server.WriteKnownHosts(t, p.Port)
		d := over(server, folder)
		d.Port = p.Port
		return d
	}
	newSite(t, through(measure, "whole"), 2).send(t)
	all := measure.Passed(pgtest.FromClient)
	for n := range int64(12) {
		folder := fmt.Sprintf("in%d", n)
		p := pgtest.NewProxy(t, pgtest.ServerInfo{Host: server.Host, Port: server.Port})
		p.FailAfter(all*(2*n+1)/24, pgtest.FromClient, true)
		s := newSite(t, through(p, folder), 2)
		arrived, failed := s.Send(t.Context(), s.parcels, nil)
		require.Len(t, failed, 1, "no retries")
		require.Equal(t, fail.Other, fail.CodeOf(failed[0]))
		for _, name := range must.Names(t, filepath.Join(server.Root, folder)) {
			if strings.HasSuffix(name, ".csv") {
				require.Contains(t, must.Names(t, filepath.Join(server.Root, folder)), report.ManifestName(name))
			}
			if !strings.HasSuffix(name, ".tmp") {
				require.Equal(t, must.Text(t, s.From, name), must.Text(t, server.Root, folder, name))
			}
		}
		p.Heal()
		s.parcels = must.Have(Pending([]report.Issue{s.parcels[0].Issue, s.parcels[1].Issue}, s.From, arrived, calendar.Date{}, time.Time{}))(t)
		require.Len(t, s.send(t, arrived...), 4-len(arrived))
		s.parcels = make([]Parcel, 2)
		s.requireDelivered(t, filepath.Join(server.Root, folder))
	}
}

// failing is a server behind a connection that fails.
func failing(t *testing.T, after int64, from pgtest.Direction, broken bool) (*sshtest.Server, *pgtest.Proxy, config.Delivery) {
	server := sshtest.Start(t)
	p := pgtest.NewProxy(t, pgtest.ServerInfo{Host: server.Host, Port: server.Port})
	p.FailAfter(after, from, broken)
	server.WriteKnownHosts(t, p.Port)
	d := over(server, ".")
	d.Port = p.Port
	return server, p, d
}

func TestABrokenConnectionIsTriedAgainSoManyTimes(t *testing.T) {
	server, p, d := failing(t, 0, pgtest.FromServer, true)
	d.Retries = 4
	s := newSite(t, d, 1)
	var pauses []time.Duration
	s.Sleep = func(_ context.Context, pause time.Duration) { pauses = append(pauses, pause) }
	s.fails(t)
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}, pauses)

	s.fails(t)
	require.Len(t, pauses, 4, "the next tenant does not wait for it again")

	s.Down = &Outages{}
	s.Sleep = func(context.Context, time.Duration) { p.Heal() }
	s.send(t)
	s.requireDelivered(t, server.Root)
}

func TestASilentServerIsGivenUp(t *testing.T) {
	_, _, d := failing(t, 6000, pgtest.FromClient, false)
	d.Timeout = 3 * time.Second
	require.ErrorContains(t, newSite(t, d, 1).fails(t), "the server said nothing for 3s (deliver.timeout)")
}

func TestAnInterruptionEndsADeliveryAtOnce(t *testing.T) {
	_, p, d := failing(t, 6000, pgtest.FromClient, false)
	d.Timeout = 0
	s := newSite(t, d, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-p.Broken
		cancel()
	}()
	_, failed := s.Send(ctx, s.parcels, nil)
	require.Len(t, failed, 1)
	require.Equal(t, fail.Interrupted, fail.CodeOf(failed[0]))
}

func TestWhoIsNotTheServerOrNotTheUserIsRefused(t *testing.T) {
	server := sshtest.Start(t)
	d := over(server, ".")
	d.Retries = 3
	refused := func(what string, change func(*config.Delivery), message, hint string) {
		s := newSite(t, d, 1)
		change(&s.Delivery)
		s.Sleep = func(context.Context, time.Duration) { t.Errorf("%s: a refusal is not tried again", what) }
		arrived, failed := s.Send(t.Context(), s.parcels, nil)
		require.Empty(t, arrived, what)
		require.Len(t, failed, 1, what)
		require.ErrorContains(t, failed[0], message, what)
		require.Equal(t, fail.Other, fail.CodeOf(failed[0]), what)
		require.Contains(t, strings.Join(fail.Hints(failed[0]), ""), hint, what)
		require.Empty(t, must.Names(t, server.Root), what)
	}
	dir := t.TempDir()
	exposed, hosts := filepath.Join(dir, "id"), filepath.Join(dir, "known_hosts")
	require.NoError(t, os.WriteFile(exposed, must.Have(os.ReadFile(must.Have(d.KeyFile.Reveal())(t)))(t), 0o640))
	another := sshtest.Start(t).KeyFile
	refused("another's key", func(d *config.Delivery) { d.KeyFile = config.Hide(another) }, "unable to authenticate", "is the public key of deliver.key_file")
	refused("no folder", func(d *config.Delivery) { d.Folder = "missing" }, "file does not exist", "deliver.folder")
	refused("a key that others can read", func(d *config.Delivery) { d.KeyFile = config.Hide(exposed) }, "can be read or written by others", "chmod 600")
	refused("no agent", func(d *config.Delivery) { d.Agent = config.Hide(filepath.Join(dir, "agent")) }, "ask agent", "deliver.agent")
	refused("no known hosts", func(d *config.Delivery) { d.KnownHosts = hosts }, "read known hosts", "deliver.known_hosts")
	require.NoError(t, os.WriteFile(hosts, nil, 0o600))
	refused("an unknown server", func(d *config.Delivery) { d.KnownHosts = hosts },
		"known_hosts does not know the server: it shows the ssh-ed25519 key SHA256:", "If it is, add it: ssh-keyscan -p")
	server.NewHostKey(t)
	refused("a changed key", func(*config.Delivery) {}, "this is not the server that known_hosts knows: it shows the ssh-ed25519 key SHA256:", "Only if it is, replace its lines in "+d.KnownHosts)
}

func TestTheKeyMayBeAnAgents(t *testing.T) {
	server := sshtest.Start(t)
	key := must.Have(ssh.ParseRawPrivateKey(must.Have(os.ReadFile(server.KeyFile))(t)))(t)
	ring := agent.NewKeyring()
	require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	d := over(server, ".")
	socket := filepath.Join(t.TempDir(), "agent")
	d.KeyFile, d.Agent = config.Secret{}, config.Hide(socket)
	l := must.Have(net.Listen("unix", socket))(t)
	defer l.Close() //nolint:errcheck // of the test's end
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, conn) //nolint:errcheck // until it is closed
		}
	}()
	s := newSite(t, d, 1)
	s.send(t)
	s.requireDelivered(t, server.Root)
}

// An agent may wait for somebody at its machine, who is not there at night.
func TestASilentAgentIsGivenUp(t *testing.T) {
	d := over(sshtest.Start(t), ".")
	socket := filepath.Join(t.TempDir(), "agent")
	d.KeyFile, d.Agent = config.Secret{}, config.Hide(socket)
	l, err := net.Listen("unix", socket) // the system takes the connection, and nobody answers
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // of the test's end
	d.Timeout = 3 * time.Second
	s := newSite(t, d, 1)
	require.ErrorContains(t, s.fails(t), "ask agent: it said nothing for 3s (deliver.timeout)")

	s.Timeout = 0
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept() // of the attempt before
		if err == nil {
			conn.Close() //nolint:errcheck // it was given up
			conn, err = l.Accept()
		}
		if err == nil {
			_, _ = conn.Read(make([]byte, 1)) // it was asked
			cancel()
		}
	}()
	_, failed := s.Send(ctx, s.parcels, nil)
	require.Len(t, failed, 1)
	require.Equal(t, fail.Interrupted, fail.CodeOf(failed[0]))
}

func TestEncryptedFilesAreReadByTheRecipientAlone(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		identity := must.Have(age.GenerateX25519Identity())(t)
		d.AgeRecipients = []string{identity.Recipient().String()}
		s := newSite(t, d, 1)
		arrived := s.send(t)
		require.Equal(t, []string{"CNT_0.csv.age", "CNT_0.csv.manifest.json.age"}, must.Names(t, folder))
		for _, a := range arrived {
			sealed := must.Have(os.ReadFile(filepath.Join(folder, a.SentAs)))(t)
			require.Equal(t, a.SentSHA256, report.Digest(sealed))
			require.NotContains(t, string(sealed), "manifest 0")
			require.Equal(t, a.SHA256, report.Digest(must.Have(io.ReadAll(must.Have(age.Decrypt(bytes.NewReader(sealed), identity))(t)))(t)))
		}
		require.Equal(t, arrived, s.send(t), "a killed run's are known again by the outbox")
		require.NoError(t, s.Clear())
		require.Error(t, s.fails(t), "without it they are another's")
	})
}

// A disk that is not mounted must not be filled in its place.
func TestAFolderIsNotMade(t *testing.T) {
	d := config.Delivery{Folder: filepath.Join(t.TempDir(), "mnt")}
	require.ErrorContains(t, newSite(t, d, 1).fails(t), "no such file or directory")
	require.NoDirExists(t, d.Folder)
}

// A symbolic link in the way is not written through.
func TestALinkInTheFolderIsNotFollowed(t *testing.T) {
	folder, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
	require.NoError(t, os.Symlink(victim, filepath.Join(folder, ".CNT_0.csv.tmp")))
	s := newSite(t, config.Delivery{Folder: folder}, 1)
	s.send(t)
	s.requireDelivered(t, folder)
	require.Equal(t, "precious", must.Text(t, victim))

	require.NoError(t, os.Remove(filepath.Join(folder, "CNT_0.csv")))
	require.NoError(t, os.Symlink(filepath.Join(s.From, "CNT_0.csv"), filepath.Join(folder, "CNT_0.csv")))
	require.Equal(t, fail.Restatement, fail.CodeOf(s.fails(t)))
	require.NoError(t, s.Clear())
	require.NoError(t, os.Symlink(filepath.Dir(victim), s.Outbox))
	require.ErrorContains(t, s.fails(t), s.Outbox+": it is there, and no folder")
	require.Equal(t, []string{"victim"}, must.Names(t, filepath.Dir(victim)))
}

func TestPeriodsThatEndBeforeAreLeftOut(t *testing.T) {
	since := must.Date(t, "2026-03-31")
	of := func(period string) report.Series { return report.Series{Period: period} }
	issued := []report.Issue{{File: "a", Series: of("2026-03-30")}, {File: "b", Series: of("2026-03-31")},
		{File: "c", Series: of("2026-02")}, {File: "d", Series: of("2026-03")}}
	require.Equal(t, []Parcel{{issued[1], true}, {issued[3], true}}, must.Have(Pending(issued, t.TempDir(), nil, since, time.Time{}))(t))
}

// Another program may put a file there between the look and the rename.
func TestAFileThatComesInBetweenIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{".new.tmp": "ours", "new": "another's"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	must.Fail(t, folder{dir, 0o600}.rename(".new.tmp", "new", false), fail.Restatement, "file exists")
	require.Equal(t, "another's", must.Text(t, dir, "new"))
	require.NoError(t, folder{dir, 0o600}.rename(".new.tmp", "new", true))
	require.Equal(t, []string{"new"}, must.Names(t, dir))
	require.NoError(t, folder{dir, 0o600}.rename("new", "newer", false))
	require.Equal(t, []string{"newer"}, must.Names(t, dir))
}

// lossy is a folder whose disk keeps less than it said.
type lossy struct{ folder }

func (l lossy) write(name string, text []byte) error { return l.folder.write(name, text[:len(text)-1]) }

func TestWhatCannotBeReadBackIsNotDelivered(t *testing.T) {
	s := newSite(t, config.Delivery{}, 1)
	dir := t.TempDir()
	require.ErrorContains(t, must.Err(s.parcel(s.parcels[0], nil, lossy{folder{dir, 0o600}})), "read back 32999 with")
	require.Equal(t, []string{".CNT_0.csv.manifest.json.tmp"}, must.Names(t, dir))
}

// What a delivery left that was killed, the next clears: its own tenant's, and nothing else.
func TestWhatAKilledDeliveryLeftIsCleared(t *testing.T) {
	both(t, func(t *testing.T, d config.Delivery, folder string) {
		s := newSite(t, d, 1)
		s.Tenant = "acme"
		left := []string{".CNT_US_PES_SEATS_OUTBOUND_acme_20260101.csv.tmp", ".CNT_US_PES_SEATS_OUTBOUND_acme_202601_R2.csv.manifest.json.tmp",
			".CNT_EU_1_PES_SEATS_OUTBOUND_acme_20260101.csv.manifest.json.minisig.age.tmp"}
		others := []string{".CNT_US_PES_SEATS_OUTBOUND_acme_2_20260101.csv.tmp", ".CNT_US_PES_SEATS_OUTBOUND_globex_20260101.csv.tmp",
			"CNT_US_PES_SEATS_OUTBOUND_acme_20251231.csv", ".upload.tmp", ".CNT_US_PES_SEATS_OUTBOUND_acme_2026.csv.tmp"}
		for _, name := range append(left, others...) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o600))
		}
		s.send(t)
		for _, name := range left {
			require.NotContains(t, must.Names(t, folder), name)
		}
		for _, name := range others {
			require.Contains(t, must.Names(t, folder), name)
		}
	})
}

// A folder that is there for others says so: by deliver.mode, or because it hands its group on.
func TestOthersMayReadWhatIsDelivered(t *testing.T) {
	for _, c := range []struct{ configured, folder, want os.FileMode }{
		{0, 0o775, 0o600}, {0, 0o775 | os.ModeSetgid, 0o640}, {0o644, 0o775, 0o644}, {0o600, 0o775 | os.ModeSetgid, 0o600},
	} {
		both(t, func(t *testing.T, d config.Delivery, folder string) {
			if d.Host != "" && c.configured == 0 {
				return // the server's affair
			}
			require.NoError(t, os.Chmod(folder, c.folder))
			d.Mode = c.configured
			newSite(t, d, 1).send(t)
			for _, name := range must.Names(t, folder) {
				require.Equal(t, c.want, must.Have(os.Stat(filepath.Join(folder, name)))(t).Mode(), name)
			}
		})
	}
}
