package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// openFile opens the file of a store, whatever it holds. A link is refused: publishing would take its place, and what it leads to may be another's.
func openFile(path string) (*os.File, error) {
	info, err := os.Lstat(path) // before it is opened: a pipe would wait for its other end
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fail.New(fail.Other, "is data_dir right? `seats run` or `seats extract` makes the store", "%w at %s", ErrMissing, path)
	case err == nil && info.Mode()&os.ModeSymlink != 0:
		return nil, linked(path)
	case err == nil && !info.Mode().IsRegular():
		return nil, damaged(path, errors.New("it is not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fail.New(fail.Other, "is data_dir right, and may this user read the file and enter its folder?", "read store: %w", err)
	}
	return f, nil
}

// DuckDB locks a file that it has open, by fcntl: shared where it only reads, alone where it writes. A process is never in its own way, and gives
// back all its locks on a file once it closes any of its descriptors: a store must not be looked at here while DuckDB has it open in this process.

// share takes a reader's lock, which ends when the file is closed.
func share(f *os.File) error {
	err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_RDLCK})
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		pid, _ := writer(f)
		return busy(f.Name(), pid)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}

// writer tells whether another process has the file open for writing, and which; 0 where that cannot be told.
func writer(f *os.File) (pid int32, is bool) {
	lock := syscall.Flock_t{Type: syscall.F_RDLCK}
	err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock)
	return lock.Pid, err == nil && lock.Type != syscall.F_UNLCK
}

// readable refuses a store that is missing, that this user may not read, or that another process has open for writing.
func readable(path string) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	if pid, is := writer(f); is {
		return busy(path, pid)
	}
	return nil
}

// attempt has DuckDB open a published store, by the function given, and says why it cannot. It tries twice: a writer
// may come and go between a look and an attempt, and a store must not be called damaged for that.
func attempt(ctx context.Context, path string, open func() error) error {
	_, err := patiently(ctx, func() (_ any, err error) {
		for range 2 {
			if err := readable(path); err != nil {
				return nil, err
			}
			if err = open(); err == nil {
				return nil, nil
			}
		}
		return nil, refused(path, err)
	})
	return err
}

// Patience is how long a store is waited for that another program holds: another run's lock, or a client that has it open for writing.
type Patience struct {
	For   func() time.Duration
	Say   func(held error, most time.Duration) // once, before it waits
	Sleep func(context.Context, time.Duration)
}

type patience struct{}

// WithPatience gives what opens stores under the context its patience. Without it, or with the zero value, nothing is waited for.
func WithPatience(ctx context.Context, p Patience) context.Context {
	return context.WithValue(ctx, patience{}, p)
}

// patiently does again and again what wants a store, while another program holds that, up to the end of the context's patience.
func patiently[T any](ctx context.Context, open func() (T, error)) (opened T, err error) {
	const pause = 2 * time.Second
	p, _ := ctx.Value(patience{}).(Patience)
	if opened, err = open(); p.For == nil || !errors.Is(err, errHeld) {
		return opened, err
	}
	left := p.For()
	if left > 0 {
		p.Say(err, left)
	}
	for ; left > 0 && ctx.Err() == nil && errors.Is(err, errHeld); left -= pause {
		p.Sleep(ctx, min(pause, left))
		opened, err = open()
	}
	return opened, err
}

// Lock takes a lock that ends when the file is closed, or with the process. One that another run holds is ErrBusy, and
// names the process where the file does.
func WaitLock(ctx context.Context, path string) (*os.File, error) {
	return patiently(ctx, func() (*os.File, error) { return Lock(path) })
}

func Lock(path string) (*os.File, error) {
	f, err := plain.Lock(path)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, linked(path)
	case errors.Is(err, plain.ErrLocked):
		who := ""
		if pid, _ := plain.Read(path); len(pid) > 0 && len(pid) < 20 {
			who = fmt.Sprintf(", process %s,", strings.TrimSpace(string(pid)))
		}
		return nil, fail.New(fail.Store, "wait until that run"+who+" has ended; its lock ends with its process", "%w: another run holds %s", errHeld, path)
	case err != nil:
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return f, nil
}

// copyFile copies with the file system's own means where it has them: on Linux io.Copy between files
// becomes copy_file_range, which shares blocks on file systems that can.
func copyFile(doing string, in *os.File, to string) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(out, in)
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func hashFile(path string) (sum string, bytes int64, err error) {
	f, err := openFile(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	bytes, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), bytes, err
}

func sum(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

// tempDir names the folder for temporary files of one database: beside its store, or in dir where that is given,
// which stores of several data folders may share. DuckDB makes it when it first spills and removes it at the end. No
// two databases may have the same one: DuckDB takes whatever lies there under the names it gives for its own.
func tempDir(path, dir, suffix string) (string, error) {
	if dir == "" {
		return path + suffix, nil
	}
	if err := plain.MakeDir(dir, plain.TempDir); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, fmt.Sprintf("%s-%x%s", filepath.Base(path), sum[:6], suffix)), nil
}

// A run finds what a killed one left by the name, under its lock. Readers may be many at once.
const runSuffix = ".work.tmp"

func readerSuffix() string { return ".read-" + rand.Text()[:8] + ".tmp" }

// TempDir names a folder for a run's own temporary files: plain.MakeTemp makes it. It is removed with the work copy.
func (w *Work) TempDir() string { return w.temp }

// TempDir names a folder for temporary files: plain.MakeTemp makes it, and Close removes it.
func (s *Scratch) TempDir() string { return s.temp }
func (s *Scratch) Close() error    { return errors.Join(closeBoth(&s.Conn, &s.DB), os.RemoveAll(s.temp)) }

// ReaderTemp names a folder for whatever a reader of the store writes meanwhile: plain.MakeTemp makes it, and whoever has it made removes it.
func ReaderTemp(path, dir string) (string, error) { return tempDir(path, dir, readerSuffix()) }

// ErrBusy: another run holds the tenant's lock, or another program has the store open for writing. ErrDamaged: the file is not a store. ErrNewer: it
// is a newer program's. ErrMissing: there is no store yet. Each comes with a hint, and all but the last with fail.Store.
var (
	ErrBusy    = errors.New("store is busy")
	ErrDamaged = errors.New("store is damaged")
	ErrNewer   = errors.New("store is newer than this program")
	ErrMissing = errors.New("no store")

	errHeld = fmt.Errorf("%w", ErrBusy) // by a process, which may let go of it
)

func damaged(path string, err error) error {
	return fail.New(fail.Store, "bring the file back from a backup, or move it away: `seats run` then makes a new one, of the days that the source still has",
		"%w: open %s: %w", ErrDamaged, path, err)
}

func linked(path string) error {
	return fail.New(fail.Store, "move the link away; data_dir may be a link to another folder, what lies in it may not", "open %s: it is a symbolic link", path)
}

func newer(path, what string, has, known uint64) error {
	return fail.New(fail.Store, "use the program that wrote it, or a later one", "%w: %s has %s %d, this program knows %d", ErrNewer, path, what, has, known)
}

// busy is for a store that a process has open for writing; pid is 0 where it cannot be told which.
func busy(path string, pid int32) error {
	who, name := "another program", ""
	if pid > 0 {
		who += fmt.Sprintf(", process %d,", pid)
		if comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil { // where the system tells
			name = ", " + strings.TrimSpace(string(comm))
		}
	}
	return fail.New(fail.Store, "close that program"+name+", or its connection to the file; whoever only looks at a store opens it read-only: duckdb -readonly "+filepath.Base(path),
		"%w: %s has %s open for writing", errHeld, who, path)
}

// unfinished refuses a store beside which a program left changes that are not in the file yet.
func unfinished(path string) error {
	if _, err := os.Lstat(path + ".wal"); err != nil {
		return nil
	}
	return fail.New(fail.Store, "close that program; if it has ended, open the store with it once more read-write and end it properly",
		"%w: %s.wal holds changes that another program made and did not finish", ErrBusy, path)
}

// refused says why DuckDB does not take the file at path, which nobody has open for writing: by the type of its
// error, and where many things have the same type, by the file.
func refused(path string, err error) error {
	if !ofFile(err) || strings.Contains(err.Error(), "Too many open files") {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := unfinished(path); err != nil {
		return err
	}
	const newestStorage = 68 // the newest version of a DuckDB file that the library in this program reads
	if version := storageVersion(path); version > newestStorage {
		return newer(path, "storage version", version, newestStorage)
	}
	return damaged(path, err)
}

// Explain gives an error of reading a store's rows, which a damaged block or a missing end caused, the store's path and
// ErrDamaged; any other it gives back as it is. Opening a store looks at the beginning of what it holds alone.
func Explain(err error, path string) error {
	e, is := errors.AsType[*duckdb.Error](err)
	if is && e.Type == duckdb.ErrorTypeIO && !errors.Is(err, ErrDamaged) &&
		(strings.Contains(e.Msg, "Corrupt database file") || strings.Contains(e.Msg, `Could not read enough bytes from file "`+path)) {
		return damaged(path, err)
	}
	return err
}

// ofFile tells errors that come of what a file holds from those of memory, settings or a cancelled context.
func ofFile(err error) bool {
	e, is := errors.AsType[*duckdb.Error](err)
	ofFile := []duckdb.ErrorType{duckdb.ErrorTypeIO, duckdb.ErrorTypeSerialization, duckdb.ErrorTypeCatalog, duckdb.ErrorTypeBinder}
	return errors.Is(err, sql.ErrNoRows) || is && slices.Contains(ofFile, e.Type)
}

// storageVersion is the version that a DuckDB file says it has, 0 where it is none: behind a checksum of eight
// bytes stand the letters DUCK and the version.
func storageVersion(path string) uint64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // only read
	header := make([]byte, 20)
	if _, err := io.ReadFull(f, header); err != nil || string(header[8:12]) != "DUCK" {
		return 0
	}
	return binary.LittleEndian.Uint64(header[12:])
}
