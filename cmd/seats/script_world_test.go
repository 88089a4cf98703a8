package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"seats/internal/duck"
	"seats/internal/gimschema"
	"seats/internal/pgtest"
	"seats/internal/sshtest"
)

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
		bytes := got(strconv.ParseInt(args[1], 10, 64))(ts)
		p.FailAfter(bytes, pgtest.FromServer, false)
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
	tables := got(filepath.Glob(filepath.Join(ts.Getenv("BASE"), "*.csv")))(ts)
	for _, path := range tables {
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
	conn, err := pgx.Connect(ctx, os.Getenv("GIM_DSN"))
	if err == nil {
		_, err = conn.Exec(ctx, "set search_path to "+os.Getenv("GIM_SCHEMA")+"; "+text)
	}
	if err != nil {
		panic(err)
	}
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

func tlsGIM(ts *testscript.TestScript) {
	server, authority := pgtest.TLS(tb(ts))
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o644))
	other, _, _ := pgtest.Certificate(tb(ts))
	ts.Check(os.WriteFile(ts.MkAbs("other.pem"), other, 0o644))
	db := newGIM(ts, pgtest.SchemaOn(tb(ts), server))
	loadGIM(ts, db)
	newRole(ts, db)
	role := ts.Getenv("GIM_ROLE")
	db.Exec(tb(ts), "alter role "+role+" password 'sesame'; grant usage on schema "+db.Schema+" to "+role+"; grant select on all tables in schema "+db.Schema+" to "+role)
}

// interruptCommand waits until the program's own statement sleeps in the server: then it is in the middle of
// its work for sure.
func interruptCommand(ts *testscript.TestScript, _ bool, args []string) {
	db := ts.Value("gims").(map[string]gimDB)[ts.Getenv("GIM_SCHEMA")]
	var path string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p, err := exec.LookPath(filepath.Join(dir, args[1])); err == nil {
			path = p
			break
		}
	}
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), environment(ts), ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	awaitSleep(ts, db, true, ended)
	ts.Check(cmd.Process.Signal(os.Interrupt))
	requireExit(ts, args[0], <-ended)
	awaitSleep(ts, db, false, nil) // nothing of it goes on in the server
}

// sleepingSQL tells whether a statement on a table of the schema sleeps.
const sleepingSQL = `select exists (
	select from pg_stat_activity as a
	join pg_locks as l on l.pid = a.pid
	join pg_class as c on c.oid = l.relation and c.relnamespace = to_regnamespace($1)
	where a.wait_event = 'PgSleep')`

func awaitSleep(ts *testscript.TestScript, db gimDB, want bool, ended chan error) {
	for range 1000 {
		var sleeping bool
		ts.Check(db.Conn.QueryRow(context.Background(), sleepingSQL, db.Schema).Scan(&sleeping))
		if sleeping == want {
			return
		}
		select {
		case err := <-ended:
			ts.Fatalf("the program ended before it was interrupted: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	ts.Fatalf("a statement sleeps in the server: want %t", want)
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
		bytes := got(strconv.ParseInt(args[1], 10, 64))(ts)
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
	text := got(os.ReadFile(path))(ts)
	ts.Check(os.WriteFile(path+".sha1", fmt.Appendf(nil, "%x  %s\n", sha1.Sum(text), filepath.Base(path)), 0o644))
}

func unzipCommand(ts *testscript.TestScript, _ bool, args []string) {
	archive := got(zip.OpenReader(ts.MkAbs(args[0])))(ts)
	defer archive.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), archive))
}
