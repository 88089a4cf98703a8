package store

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"seats/internal/dirs"
	"seats/internal/fail"
	"seats/internal/plain"
)

// openFile opens the file of a store, whatever it holds. A link is refused: publishing would take its place, and what
// it leads to may be another's.
func openFile(path string) (*os.File, error) {
	info, err := os.Lstat(path) // before it is opened: a pipe would wait for its other end
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fail.New(fail.Other, "is data_dir right? `seats run` or `seats extract` makes the store", "%w at %s", ErrMissing, path)
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
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

// DuckDB locks a file that it has open, by fcntl: shared where it only reads, alone where it writes. A process is
// never in its own way, and gives back all its locks on a file once it closes any of its descriptors: a store must
// not be looked at here while DuckDB has it open in this process.

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
func attempt(path string, open func() error) (err error) {
	for range 2 {
		if err := readable(path); err != nil {
			return err
		}
		if err = open(); err == nil {
			return nil
		}
	}
	return refused(path, err)
}

// Lock takes a lock that ends when the file is closed, or with the process. One that another run holds is ErrBusy.
func Lock(path string) (*os.File, error) {
	f, err := plain.Lock(path)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, linked(path)
	case errors.Is(err, plain.ErrLocked):
		return nil, fail.New(fail.Store, "wait until that run has ended; its lock ends with its process", "%w: another run holds %s", ErrBusy, path)
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

// tempDir names the folder for temporary files of one database: beside its store, or in dir where that is given,
// which stores of several data folders may share. DuckDB makes it when it first spills and removes it at the end. No
// two databases may have the same one: DuckDB takes whatever lies there under the names it gives for its own.
func tempDir(path, dir, suffix string) (string, error) {
	if dir == "" {
		return path + suffix, nil
	}
	if err := dirs.Make(dir, dirs.Temp); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, fmt.Sprintf("%s-%x%s", filepath.Base(path), sum[:6], suffix)), nil
}

// A run finds what a killed one left by the name, under its lock. Readers may be many at once.
const runSuffix = ".work.tmp"

func readerSuffix() string { return ".read-" + rand.Text()[:8] + ".tmp" }

// TempDir names a folder for a run's own temporary files: dirs.MakeTemp makes it. It is removed with the work copy.
func (w *Work) TempDir() string { return w.temp }

// TempDir names a folder for temporary files: dirs.MakeTemp makes it, and Close removes it.
func (s *Scratch) TempDir() string { return s.temp }

// ReaderTemp names a folder for whatever a reader of the store writes meanwhile: dirs.MakeTemp makes it, and whoever has it made removes it.
func ReaderTemp(path, dir string) (string, error) { return tempDir(path, dir, readerSuffix()) }
