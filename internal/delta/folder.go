package delta

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/plain"
)

// Folder is where tables lie, each in a folder of its own. Files and folders are for their owner and whom the Access names alone, and no
// link below it is followed.
type Folder struct {
	root   *os.Root
	dir    string
	access plain.Access
	db     *sql.DB // in memory: it reads and writes checkpoints
}

// Open opens a folder, and makes it where it is missing.
func Open(dir string, access plain.Access) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	db, err := duck.Open("", duck.Options{Threads: 1})
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Folder{root: root, dir: dir, access: access, db: db}, nil
}

func (f *Folder) Close() error { return errors.Join(f.db.Close(), f.root.Close()) }

// Tables are the names of the tables that the folder has, in their order.
func (f *Folder) Tables() (names []string, err error) {
	logs, err := fs.Glob(f.root.FS(), "*/"+logDir)
	for _, log := range logs {
		names = append(names, path.Dir(log))
	}
	return names, f.placed(err)
}

// placed names a file in an error by its whole path: below a root it is known by what follows.
func (f *Folder) placed(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file) && filepath.IsLocal(file.Path):
		file.Path = filepath.Join(f.dir, file.Path)
	case errors.As(err, &link) && filepath.IsLocal(link.New):
		link.Old, link.New = filepath.Join(f.dir, link.Old), filepath.Join(f.dir, link.New)
	}
	return err
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// read gives a file's text. What is no plain file, a link too, is an error.
func (f *Folder) read(name string) ([]byte, error) {
	info, err := f.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no file")}
	}
	if err != nil {
		return nil, f.placed(err)
	}
	text, err := f.root.ReadFile(name)
	return text, f.placed(err)
}

// entry is a file of a folder.
type entry struct {
	name     string // in the folder
	modified time.Time
}

// list gives the files of a folder; none where it is missing.
func (f *Folder) list(dir string) (entries []entry, err error) {
	found, err := fs.ReadDir(f.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range found {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // one that is gone by now is nobody's
			entries = append(entries, entry{e.Name(), info.ModTime()})
		}
	}
	return entries, f.placed(err)
}

// write brings what there is to read into the folder, as of a time: whole or not at all, and on its disk. With onlyNew, a file of that
// name is fs.ErrExist, though several try at once; else it is replaced.
func (f *Folder) write(name string, in io.Reader, at time.Time, onlyNew bool) (err error) {
	defer func() { err = f.placed(err) }()
	if err := f.makeDir(path.Dir(name)); err != nil {
		return err
	}
	draft := path.Join(path.Dir(name), "."+strings.ToLower(rand.Text())+".tmp") // engines read no name that begins with a dot
	out, err := f.root.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.remove(draft)) }()
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	if err = cmp.Or(errors.Join(err, out.Close()), f.root.Chtimes(draft, at, at), f.access.Give(f.path(draft))); err != nil {
		return err
	}
	if onlyNew {
		err = f.root.Link(draft, name)
	} else {
		err = f.root.Rename(draft, name)
	}
	return cmp.Or(err, plain.Sync(f.path(path.Dir(name))))
}

// makeDir makes a folder and those above it, and refuses whatever else stands in their place, a link too.
func (f *Folder) makeDir(dir string) error {
	at := ""
	for name := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, name)
		if err := f.root.Mkdir(at, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := f.root.Lstat(at)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: at, Err: syscall.ENOTDIR}
		}
		if err := cmp.Or(err, f.access.Give(f.path(at))); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.placed(err)
	}
	return nil
}

// checkpoint writes lines of JSON, each an action of a log, as Parquet; actions reads that.
func (f *Folder) checkpoint(ctx context.Context, name string, lines []string, at time.Time) error {
	draft := path.Join(path.Dir(name), ".checkpoint.tmp")
	if err := f.remove(draft); err != nil { // a killed program's
		return err
	}
	if _, err := duck.Exec(ctx, f.db, "lake/write_checkpoint", sql.Named("lines", lines), sql.Named("file", f.path(draft))); err != nil {
		return err
	}
	in, err := f.root.Open(draft)
	if err != nil {
		return f.placed(err)
	}
	return errors.Join(f.write(name, in, at, false), in.Close(), f.remove(draft))
}

func (f *Folder) actions(ctx context.Context, name string) ([]string, error) {
	lines, err := duck.All[string](ctx, f.db, "lake/read_checkpoint", sql.Named("file", f.path(name)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path(name), err)
	}
	return lines, nil
}
