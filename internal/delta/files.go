package delta

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// Files is where tables lie: a folder, or a bucket. Names are relative, with slashes.
type Files interface {
	// Read gives a file's text; fs.ErrNotExist.
	Read(ctx context.Context, name string) ([]byte, error)
	// List gives all files below a folder, by name; none where it is missing.
	List(ctx context.Context, folder string) ([]Info, error)
	// Create writes a new file, whole or not at all; fs.ErrExist.
	Create(ctx context.Context, name string, text []byte) error
	// Put brings a local file there, whole or not at all, in place of one that is there.
	Put(ctx context.Context, name, from string) error
	// Local gives the file to be read, or a copy of it, which goes when it is done.
	Local(ctx context.Context, name string) (file string, done func(), err error)
	// Remove removes a file, if it is there.
	Remove(ctx context.Context, name string) error
	// Temp is a folder for temporary files; "": the system's.
	Temp() string
	Close() error
}

// Info is what is known of a file from its folder.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Open opens a folder, which is made where it is missing, or s3://BUCKET/PREFIX. What is neither is an error of fail.Usage. Files of a
// folder are for their owner and whom access names alone, and no link below it is followed.
func Open(ctx context.Context, where, temp string, access plain.Access) (Files, error) {
	if rest, is := strings.CutPrefix(where, "s3://"); is {
		return openBucket(rest, temp)
	}
	if strings.Contains(where, "://") {
		return nil, fail.New(fail.Usage, "give a folder, or s3://BUCKET/PREFIX", "%s is no place for a lake", where)
	}
	if err := os.MkdirAll(where, 0o700); err != nil {
		return nil, fail.New(fail.Usage, "give a folder that this user may write to", "open %s: %w", where, err)
	}
	root, err := os.OpenRoot(where)
	if err != nil {
		return nil, fail.New(fail.Usage, "give a folder that this user may write to", "open %s: %w", where, err)
	}
	return &folder{root, where, temp, access}, access.Give(where)
}

type folder struct {
	*os.Root
	dir, temp string
	access    plain.Access
}

func (f *folder) Temp() string { return f.temp }

func (f *folder) Read(_ context.Context, name string) ([]byte, error) {
	if err := f.look(name); err != nil {
		return nil, err
	}
	text, err := f.ReadFile(name)
	return text, f.placed(err)
}

func (f *folder) Local(_ context.Context, name string) (string, func(), error) {
	return filepath.Join(f.dir, name), func() {}, f.look(name)
}

// look refuses what is no file, and what lies behind a link.
func (f *folder) look(name string) error {
	for at, isFile := name, true; at != "."; at, isFile = path.Dir(at), false {
		info, err := f.Lstat(at)
		if err == nil && (isFile && !info.Mode().IsRegular() || !isFile && !info.IsDir()) {
			err = &fs.PathError{Op: "open", Path: at, Err: fmt.Errorf("it is no plain file or folder (%s)", info.Mode())}
		}
		if err != nil {
			return f.placed(err)
		}
	}
	return nil
}

// placed names a file in an error by its whole path: below a root it is known by what follows.
func (f *folder) placed(err error) error {
	if file, is := errors.AsType[*fs.PathError](err); is && filepath.IsLocal(file.Path) {
		file.Path = filepath.Join(f.dir, file.Path)
	}
	return err
}

func (f *folder) List(_ context.Context, under string) (all []Info, err error) {
	err = fs.WalkDir(f.FS(), under, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				all = append(all, Info{name, info.Size(), info.ModTime()})
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // by now
			return nil
		}
		return err
	})
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return all, f.placed(err)
}

func (f *folder) Create(_ context.Context, name string, text []byte) error {
	return f.write(name, bytes.NewReader(text), func(draft string) error {
		err := f.Link(draft, name)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) { // no links in this file system: look first
			if _, err := f.Lstat(name); err == nil {
				return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
			}
			return f.Rename(draft, name)
		}
		return err
	})
}

func (f *folder) Put(_ context.Context, name, from string) error {
	in, err := plain.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	return f.write(name, in, func(draft string) error { return f.Rename(draft, name) })
}

// write writes a file beside where it is to be, and has it named when the disk has it.
func (f *folder) write(name string, text io.Reader, place func(draft string) error) (err error) {
	dir := path.Dir(name)
	if err := f.make(dir); err != nil {
		return f.placed(err)
	}
	draft := path.Join(dir, "."+path.Base(name)+"."+rand.Text())
	out, err := f.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return f.placed(err)
	}
	defer func() { err = errors.Join(f.placed(err), f.Remove(context.Background(), draft)) }() // a link to it stays
	if _, err = io.Copy(out, text); err == nil {
		err = out.Sync()
	}
	if err = cmp.Or(errors.Join(err, out.Close()), f.access.Give(filepath.Join(f.dir, draft))); err == nil {
		err = place(draft)
	}
	return cmp.Or(err, plain.Sync(filepath.Join(f.dir, dir)))
}

// make makes a folder and those above it, and refuses whatever else stands in their place, a link too.
func (f *folder) make(dir string) error {
	at := ""
	for name := range strings.SplitSeq(dir, "/") {
		above := at
		at = path.Join(at, name)
		err := f.Mkdir(at, 0o700)
		if err == nil {
			err = cmp.Or(f.access.Give(filepath.Join(f.dir, at)), plain.Sync(filepath.Join(f.dir, above)))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := f.Lstat(at)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: at, Err: syscall.ENOTDIR}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) Remove(_ context.Context, name string) error {
	if err := f.Root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return f.placed(err)
	}
	return nil
}
