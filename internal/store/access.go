package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"seats/internal/fail"
)

// openFile opens the file of a store, whatever it holds. A link is refused: publishing would take its place, and what
// it leads to may be another's.
func openFile(path string) (*os.File, error) {
	info, err := os.Lstat(path) // before it is opened: a pipe would wait for its other end
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, missing(path)
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

// readable refuses a store that is missing, that this user may not read, or that another process has open for
// writing.
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
