package store

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"seats/internal/fail"
)

// ErrBusy: another run holds the tenant's lock, or another program has the store open for writing. ErrDamaged: the
// file is not a store. ErrNewer: it is a newer program's. ErrMissing: there is no store yet. Each comes with a hint,
// and all but the last with fail.Store.
var (
	ErrBusy    = errors.New("store is busy")
	ErrDamaged = errors.New("store is damaged")
	ErrNewer   = errors.New("store is newer than this program")
	ErrMissing = errors.New("no store")
)

func damaged(path string, err error) error {
	return fail.New(fail.Store, "bring the file back from a backup, or move it away: `seats run` then makes a new one, of the days that the source still has",
		"%w: open %s: %w", ErrDamaged, path, err)
}

// linked is for a symbolic link where a file of a store should be.
func linked(path string) error {
	return fail.New(fail.Store, "move the link away; data_dir may be a link to another folder, what lies in it may not", "open %s: it is a symbolic link", path)
}

func newer(path, what string, has, known uint64) error {
	return fail.New(fail.Store, "use the program that wrote it, or a later one", "%w: %s has %s %d, this program knows %d", ErrNewer, path, what, has, known)
}

// busy is for a store that a process has open for writing; pid is 0 where it cannot be told which.
func busy(path string, pid int32) error {
	who := "another program"
	if pid > 0 {
		who += fmt.Sprintf(", process %d,", pid)
	}
	return fail.New(fail.Store, "close that program; whoever only looks at a store opens it read-only", "%w: %s has %s open for writing", ErrBusy, who, path)
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
	if version := storageVersion(path); version > newestStorage {
		return newer(path, "storage version", version, newestStorage)
	}
	return damaged(path, err)
}

// Explain gives an error of reading a store's rows, which a damaged block or a missing end caused, the store's path and
// ErrDamaged; any other it gives back as it is. Opening a store looks at the beginning of what it holds alone.
func Explain(err error, path string) error {
	var e *duckdb.Error
	if errors.Is(err, ErrDamaged) || !errors.As(err, &e) || e.Type != duckdb.ErrorTypeIO {
		return err
	}
	if strings.Contains(e.Msg, "Corrupt database file") || strings.Contains(e.Msg, `Could not read enough bytes from file "`+path) {
		return damaged(path, err)
	}
	return err
}

// ofFile tells errors that come of what a file holds from those of memory, settings or a cancelled context.
func ofFile(err error) bool {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return errors.Is(err, sql.ErrNoRows)
	}
	return slices.Contains([]duckdb.ErrorType{duckdb.ErrorTypeIO, duckdb.ErrorTypeSerialization, duckdb.ErrorTypeCatalog, duckdb.ErrorTypeBinder}, e.Type)
}

// newestStorage is the newest version of a DuckDB file that the library in this program reads.
const newestStorage = 68

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
