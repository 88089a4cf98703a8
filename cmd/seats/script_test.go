package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	gimsim "example.com/seats/cmd/gimsim/cli"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/sshtest"
)

// TestMain lets the scripts run the program and the simulator as processes of their own: this test binary
// under other names.
func TestMain(m *testing.M) {
	for name, value := range frugal {
		os.Setenv(name, value) //nolint:errcheck // for what is started from here: this process has begun
	}
	testscript.Main(m, map[string]func(){
		"seats":  func() { os.Exit(start(scriptClock, scriptSleep)) },
		"plain":  func() { asUser(os.Args[1:]) },
		"gimsql": func() { gimSQL(os.Args[1]) },
		"duckdb": func() { duckDB(os.Stdin, os.Stdout) },
		"gimsim": func() { os.Exit(gimsim.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// frugal is the environment of the programs that tests start: they share the cores, and more threads each would wait for one
// another; and none lives long enough for its garbage to be worth the collecting.
var frugal = map[string]string{"GOMAXPROCS": "1", "GOGC": "off", "GOMEMLIMIT": "1GiB"}

// asUser becomes the program that its arguments name, without root's right to ignore modes of files and folders.
func asUser(args []string) {
	const drop = `[ "$(id -u)" = 0 ] || exec "$@"; exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"`
	args = append([]string{"sh", "-c", drop, "plain"}, args...)
	panic(syscall.Exec("/bin/sh", args, os.Environ())) // it returns only where there is no shell
}

// slept is for how long the program has slept, in nanoseconds.
var slept atomic.Int64

// scriptClock stands still at SEATS_TEST_NOW, and goes on while the program sleeps.
func scriptClock() time.Time {
	return must.Now(time.Parse(time.RFC3339, os.Getenv("SEATS_TEST_NOW"))).Add(time.Duration(slept.Load()))
}

// scriptSleep takes no time, save where what the script does meanwhile fails: then it sleeps in earnest.
func scriptSleep(ctx context.Context, d time.Duration) {
	now := scriptClock().Add(d).UTC().Format(time.RFC3339)
	slept.Add(int64(d))
	meanwhile := exec.Command("sh", "-c", os.Getenv("SEATS_TEST_ASLEEP"))
	meanwhile.Env = append(os.Environ(), "NOW="+now)
	if meanwhile.Run() != nil {
		sleep(ctx, time.Hour)
	}
}

// TestScript runs testdata/script. Beside testscript's own commands the scripts have:
//
//	exits CODE PROGRAM ARG...    runs it and wants exactly this exit status
//	export FOLDER                writes testdata/gim as an export's folder
//	increment FOLDER             writes an export's folder in which no fact has changed
//	list FOLDER                  prints every file in it: mode, size, time of change
//	modes FOLDER                 wants folders of mode 0700 and files of mode 0600 in it, and some
//	gim ...                      a GIM database of the script's own: see gimCommand
//	sftp ...                     an OpenSSH server of the script's own: see sftpCommand
//	hold FILE                    takes a lock; `hold` alone lets it go
//	store FILE SQL               changes a store behind the program's back
//	reader FILE                  opens a store as an analyst's client; `reader` alone wants it to answer as at first
//	writer FILE [SQL]            opens a store for writing, as another program, process $WRITER; `writer` alone closes it
//	env SEATS_TEST_ASLEEP=SHELL  what happens whenever the program sleeps; $NOW is when it wakes, and a failure lets it sleep on
//	zip FILE FOLDER              packs a folder, and writes FILE.sha1
//	unzip FILE FOLDER            unpacks it into a new folder
//	examples                     runs the examples that the help of every command gives
//	exits CODE plain seats ...   the same as a user to whom files and folders can be forbidden, which they cannot to root
//	interrupt CODE seats ARG...  sends Ctrl-C once the run waits in pg_sleep, and wants this exit status
func TestScript(t *testing.T) {
	t.Parallel()
	syscall.Umask(0o022) // as a login shell leaves it, for all that the scripts run
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			wd, err := os.Getwd()
			env.Setenv("SEATS_TEST_NOW", "2026-04-02T06:00:00Z")
			for name, value := range frugal {
				env.Setenv(name, value)
			}
			env.Setenv("WRITER", strconv.Itoa(os.Getpid()))
			env.Setenv("BASE", filepath.Join(wd, "testdata", "gim"))
			env.Values["tb"], env.Values["gims"] = env.T(), map[string]gimDB{}
			env.Values["held"], env.Values["reader"], env.Values["writer"] = &[]*os.File{}, &reader{}, new(*sql.DB)
			env.Values["sftp"] = new(*sshtest.Server)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"export": shell(`install -D -m 644 -t "$1" "$BASE"/*.csv`),
			"increment": shell(`mkdir -p "$1" && for table in sm_res_session_fact interaction_resource_fact irf_user_data_gen_1 contact_attempt_fact; do
				head -n 1 "$BASE/$table.csv" >"$1/$table.csv"; done`),
			"list":  shell(`find "$1" -printf '%p %M %s %T@\n' | sort`),
			"modes": shell(`[ -n "$(find "$1" -type f)" ] && ! find "$1" ! '(' -type d -perm 700 -o ! -type d -perm 600 ')' | grep .`),
			"exits": exitsCommand,
			"gim":   gimCommand, "sftp": sftpCommand, "hold": holdCommand, "store": storeCommand, "reader": readerCommand,
			"writer": writerCommand, "examples": examplesCommand, "zip": zipCommand, "unzip": unzipCommand, "interrupt": interruptCommand,
		},
	})
}

// got is what a call gave, which the script cannot do without.
func got[T any](v T, err error) func(*testscript.TestScript) T {
	return func(ts *testscript.TestScript) T {
		ts.Check(err)
		return v
	}
}

// exitsCommand leaves output where the commands stdout, stderr and cmp look for it.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	requireExit(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func requireExit(ts *testscript.TestScript, want string, err error) {
	status := 0
	if exit, ended := errors.AsType[*exec.ExitError](err); ended {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, want %s", status, want)
	}
}

// shell is a command in bash.
func shell(text string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(ts.Exec("bash", append([]string{"-c", "set -o pipefail; " + text, "bash"}, args...)...))
	}
}

// tb is the script as package testing knows it.
func tb(ts *testscript.TestScript) testing.TB { return ts.Value("tb").(testing.TB) }

// gimDB is the script's schema on the test server.
type gimDB struct{ *pgtest.DB }

// gimCommand serves the scripts a PostgreSQL:
//
//	gim new              an empty schema; GIM_HOST, GIM_PORT, GIM_DATABASE, GIM_SCHEMA, GIM_USER and GIM_DSN lead to it
//	gim load [ENCODING]  the GIM tables, filled with testdata/gim and complete up to 2026-04-02 00:00; with an encoding
//	                     in a database of their own
//	gim sql TEXT         statements in that schema
//	gim role             a login of its own, GIM_ROLE, without any right
//	gim tls              a server of the script's own that has TLS, filled as by load, with GIM_ROLE that may read all of it and
//	                     logs in by SCRAM, its password being sesame; ca.pem is whose certificate it is, other.pem is not
//	gim proxy BYTES      a way there, GIM_PROXY, that goes dead after so many bytes of answers
func gimCommand(ts *testscript.TestScript, _ bool, args []string) {
	switch args[0] {
	case "new":
		newGIM(ts, pgtest.Schema(tb(ts)))
	case "load":
		if len(args) > 1 {
			loadGIM(ts, newGIM(ts, pgtest.Database(tb(ts), args[1])))
			return
		}
		loadGIM(ts, newGIM(ts, pgtest.Schema(tb(ts))))
	case "sql":
		ts.Value("gims").(map[string]gimDB)[ts.Getenv("GIM_SCHEMA")].Exec(tb(ts), strings.Join(args[1:], " "))
	case "role":
		newRole(ts, ts.Value("gims").(map[string]gimDB)[ts.Getenv("GIM_SCHEMA")])
	case "tls":
		tlsGIM(ts)
	case "proxy":
		p := pgtest.NewProxy(tb(ts), ts.Value("gims").(map[string]gimDB)[ts.Getenv("GIM_SCHEMA")].ServerInfo)
		p.FailAfter(got(strconv.ParseInt(args[1], 10, 64))(ts), pgtest.FromServer, false)
		ts.Setenv("GIM_PROXY", strconv.Itoa(p.Port))
	default:
		ts.Fatalf("gim %s: no such command", args[0])
	}
}

func newGIM(ts *testscript.TestScript, own *pgtest.DB) gimDB {
	db := gimDB{own}
	ts.Value("gims").(map[string]gimDB)[db.Schema] = db
	for name, value := range map[string]string{
		"GIM_HOST": db.Host, "GIM_PORT": strconv.Itoa(db.Port), "GIM_DATABASE": db.Database,
		"GIM_SCHEMA": db.Schema, "GIM_USER": db.User, "GIM_DSN": db.ConnString(),
	} {
		ts.Setenv(name, value)
	}
	return db
}

func loadGIM(ts *testscript.TestScript, db gimDB) {
	db.Exec(tb(ts), gimschema.DDL)
	for _, path := range got(filepath.Glob(filepath.Join(ts.Getenv("BASE"), "*.csv")))(ts) {
		text := got(os.ReadFile(path))(ts)
		header, _, _ := strings.Cut(string(text), "\n")
		table := strings.TrimSuffix(filepath.Base(path), ".csv")
		got(db.Conn.PgConn().CopyFrom(context.Background(), bytes.NewReader(text),
			"copy "+table+" ("+strings.ToLower(header)+") from stdin with (format csv, header)"))(ts)
	}
	db.Exec(tb(ts), `insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts)
		values ('t', 1, 1, 1775088000, '2026-04-01 19:00', 'j', 1, 1), ('o', 2, 3, 1775088000, '2026-04-01 19:00', 'j', 1, 1);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key)
		values ('j', 1, '2026-04-01 19:01', '2026-04-01 19:20', 1, 1)`)
}

// gimSQL is `gim sql` for what happens while the program sleeps.
func gimSQL(text string) {
	ctx := context.Background()
	conn := must.Now(pgx.Connect(ctx, os.Getenv("GIM_DSN")))
	must.Now(conn.Exec(ctx, "set search_path to "+os.Getenv("GIM_SCHEMA")+"; "+text))
}

func newRole(ts *testscript.TestScript, db gimDB) {
	role := strings.Replace(db.Schema, "test_", "reader_", 1)
	db.Exec(tb(ts), "create role "+role+" login")
	tb(ts).Cleanup(func() {
		if _, err := db.Conn.Exec(context.Background(), "drop owned by "+role+"; drop role "+role); err != nil {
			tb(ts).Errorf("drop role: %v", err)
		}
	})
	ts.Setenv("GIM_ROLE", role)
}

// loginsOverTLS is the server's pg_hba.conf: the tests' own user comes in as everywhere, all others by SCRAM over TLS alone.
const loginsOverTLS = `host    all seats 127.0.0.1/32 trust
hostssl all all   all          scram-sha-256
`

// tlsGIM starts a server that is the script's own and speaks TLS, by a certificate that it signed itself. Who is not the tests' own user
// logs in by SCRAM and over TLS, or not at all.
func tlsGIM(ts *testscript.TestScript) {
	server, _ := pgtest.Restartable(tb(ts))
	db := newGIM(ts, pgtest.SchemaOn(tb(ts), server))
	authority, key := newCertificate(ts)
	other, _ := newCertificate(ts)
	ts.Check(errors.Join(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o644), os.WriteFile(ts.MkAbs("other.pem"), other, 0o644)))
	for name, text := range map[string][]byte{"server.crt": authority, "server.key": key, "pg_hba.conf": []byte(loginsOverTLS)} {
		// The server itself writes it into its folder: it wants its key to be its own, and runs as another user.
		db.Exec(tb(ts), fmt.Sprintf("copy (select '%s') to program 'umask 077; base64 -d >%s'", base64.StdEncoding.EncodeToString(text), name))
	}
	for _, setting := range []string{"alter system set password_encryption = 'scram-sha-256'", "alter system set ssl = on", "select pg_reload_conf()"} {
		db.Exec(tb(ts), setting)
	}
	require.Eventually(tb(ts), func() bool { // a reload, which the server does in its own time, has reached those who answer
		conn, err := pgx.Connect(context.Background(), server.ConnString()+"&sslmode=require")
		return err == nil && conn.Close(context.Background()) == nil
	}, patience, 50*time.Millisecond, "wait for TLS")
	loadGIM(ts, db)
	newRole(ts, db)
	role := ts.Getenv("GIM_ROLE")
	db.Exec(tb(ts), "alter role "+role+" password 'sesame'; grant usage on schema "+db.Schema+" to "+role+"; grant select on all tables in schema "+db.Schema+" to "+role)
}

// newCertificate makes a server's certificate, signed by itself, for localhost and 0.0.0.0, which leads there and is no address of the
// loopback; it and its key are PEM.
func newCertificate(ts *testscript.TestScript) (certificate, key []byte) {
	private := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(ts)
	from := time.Now().Add(-time.Hour)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: from, NotAfter: from.Add(25 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4zero}, IsCA: true, BasicConstraintsValid: true}
	certificate = got(x509.CreateCertificate(rand.Reader, c, c, private.Public(), private))(ts)
	key = got(x509.MarshalPKCS8PrivateKey(private))(ts)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// interruptCommand waits until the program's own statement sleeps in the server: then it is in the middle of
// its work for sure.
func interruptCommand(ts *testscript.TestScript, _ bool, args []string) {
	db := ts.Value("gims").(map[string]gimDB)[ts.Getenv("GIM_SCHEMA")]
	pid, sent := ts.MkAbs("pid"), make(chan bool)
	go func() {
		defer close(sent)
		if becomesAsleep(db, true) {
			_ = exec.Command("sh", "-c", `kill -INT $(cat "$0")`, pid).Run() // the exit status tells
		}
	}()
	program := append([]string{"-c", `echo $$ >"$0" && exec "$@"`, pid}, args[1:]...)
	requireExit(ts, args[0], ts.Exec("sh", program...))
	<-sent
	if !becomesAsleep(db, false) {
		ts.Fatalf("a statement goes on in the server")
	}
}

// sleepingSQL tells whether a statement on a table of the schema sleeps.
const sleepingSQL = `select exists (
	select from pg_stat_activity as a
	join pg_locks as l on l.pid = a.pid
	join pg_class as c on c.oid = l.relation and c.relnamespace = to_regnamespace($1)
	where a.wait_event = 'PgSleep')`

func becomesAsleep(db gimDB, want bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var sleeping bool
		if err := db.Conn.QueryRow(context.Background(), sleepingSQL, db.Schema).Scan(&sleeping); err == nil && sleeping == want {
			return true
		}
	}
	return false
}

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
		p.FailAfter(got(strconv.ParseInt(args[1], 10, 64))(ts), pgtest.FromClient, true)
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

// holdCommand takes the lock from this process, which is another one than the program's. It takes the weakest
// kind: a run wants the file for itself.
func holdCommand(ts *testscript.TestScript, _ bool, args []string) {
	held := ts.Value("held").(*[]*os.File)
	if len(args) == 0 {
		for _, f := range *held {
			ts.Check(f.Close())
		}
		*held = nil
		return
	}
	f := got(os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|os.O_CREATE, 0o600))(ts)
	ts.Defer(func() { f.Close() })
	ts.Check(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB))
	*held = append(*held, f)
}

func storeCommand(ts *testscript.TestScript, _ bool, args []string) {
	db := got(duck.Open(ts.MkAbs(args[0]), duck.Options{}))(ts)
	defer func() { ts.Check(db.Close()) }()
	got(db.Exec(args[1]))(ts)
}

// reader is an analyst's client that keeps a store open.
type reader struct {
	db   *sql.DB
	seen string
}

// ask is answered from the file, not from a cache: a fingerprint over all slices and runs.
func (r reader) ask() (answer string, err error) {
	err = r.db.QueryRow("select (select string_agg(day || sha256, ' ' order by day) from slice) || (select max(run_id) from run)").Scan(&answer)
	return answer, err
}

func readerCommand(ts *testscript.TestScript, _ bool, args []string) {
	open := ts.Value("reader").(*reader)
	if len(args) == 0 {
		now := got(open.ask())(ts)
		if now != open.seen {
			ts.Fatalf("the reader saw %s, now sees %s", open.seen, now)
		}
		ts.Check(open.db.Close())
		return
	}
	db := got(duck.Open(ts.MkAbs(args[0]), duck.Options{ReadOnly: true}))(ts)
	open.db = db
	open.seen = got(open.ask())(ts)
}

// writerCommand holds the store in this process, which is another one than the program's. A script must not read the
// file meanwhile: a process that closes a file gives back every lock that it has on it.
func writerCommand(ts *testscript.TestScript, _ bool, args []string) {
	open := ts.Value("writer").(**sql.DB)
	if len(args) == 0 {
		ts.Check((*open).Close())
		return
	}
	db := got(duck.Open(ts.MkAbs(args[0]), duck.Options{}))(ts)
	*open = db
	for _, text := range args[1:] {
		got(db.Exec(text))(ts)
	}
}

// zipCommand packs the files of a folder, flat, and writes their checksum as sha1sum does.
func zipCommand(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	out := got(os.Create(path))(ts)
	archive := zip.NewWriter(out)
	ts.Check(archive.AddFS(os.DirFS(ts.MkAbs(args[1]))))
	ts.Check(archive.Close())
	ts.Check(out.Close())
	ts.Check(os.WriteFile(path+".sha1", fmt.Appendf(nil, "%x  %s\n", sha1.Sum(got(os.ReadFile(path))(ts)), filepath.Base(path)), 0o644))
}

func unzipCommand(ts *testscript.TestScript, _ bool, args []string) {
	archive := got(zip.OpenReader(ts.MkAbs(args[0])))(ts)
	defer archive.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), archive))
}
