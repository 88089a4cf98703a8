package main

import (
	"archive/zip"
	"crypto/sha1"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"seats/internal/duck"
)

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
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|os.O_CREATE, 0o600)
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	ts.Check(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB))
	*held = append(*held, f)
}

func storeCommand(ts *testscript.TestScript, _ bool, args []string) {
	db, err := duck.Open(ts.MkAbs(args[0]), duck.Options{})
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	_, err = db.Exec(args[1])
	ts.Check(err)
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
		now, err := open.ask()
		ts.Check(err)
		if now != open.seen {
			ts.Fatalf("the reader saw %s, now sees %s", open.seen, now)
		}
		ts.Check(open.db.Close())
		return
	}
	db, err := duck.Open(ts.MkAbs(args[0]), duck.Options{ReadOnly: true})
	ts.Check(err)
	open.db = db
	open.seen, err = open.ask()
	ts.Check(err)
}

// writerCommand holds the store in this process, which is another one than the program's. A script must not read the
// file meanwhile: a process that closes a file gives back every lock that it has on it.
func writerCommand(ts *testscript.TestScript, _ bool, args []string) {
	open := ts.Value("writer").(**sql.DB)
	if len(args) == 0 {
		ts.Check((*open).Close())
		return
	}
	db, err := duck.Open(ts.MkAbs(args[0]), duck.Options{})
	ts.Check(err)
	*open = db
	for _, text := range args[1:] {
		_, err := db.Exec(text)
		ts.Check(err)
	}
}

// zipCommand packs the files of a folder, flat, and writes their checksum as sha1sum does.
func zipCommand(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	out, err := os.Create(path)
	ts.Check(err)
	archive := zip.NewWriter(out)
	ts.Check(archive.AddFS(os.DirFS(ts.MkAbs(args[1]))))
	ts.Check(archive.Close())
	ts.Check(out.Close())
	text, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(os.WriteFile(path+".sha1", fmt.Appendf(nil, "%x  %s\n", sha1.Sum(text), filepath.Base(path)), 0o644))
}

func unzipCommand(ts *testscript.TestScript, _ bool, args []string) {
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer archive.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), archive))
}
