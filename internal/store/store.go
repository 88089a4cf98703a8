// Package store keeps a tenant's DuckDB file: `<data_dir>/<tenant>.duckdb`.
//
// A run works on a copy and publishes it in one rename, so a reader never blocks a run, a run never
// blocks a reader, and a crash at any point leaves the last published file as it was. A flock on
// `<file>.lock` keeps a second run out. Files are readable by their owner alone.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"seats/internal/duck"
	"seats/internal/fail"
	texts "seats/sql"
)

// Version is the schema this program writes. A store of an older one is migrated in the work copy; a
// newer one is refused.
const Version = 1

// ErrBusy: another run holds the tenant's lock. ErrDamaged: the file is not a store. ErrNewer: it is a newer
// program's. ErrMissing: there is no store yet. All but the last carry fail.Store.
var (
	ErrBusy    = errors.New("store is busy")
	ErrDamaged = errors.New("store is damaged")
	ErrNewer   = errors.New("store is newer than this program")
	ErrMissing = errors.New("no store")
)

// damaged says what can be done about a file that cannot be opened.
func damaged(path string, err error) error {
	return fail.New(fail.Store, "bring the file back from a backup, or move it away: `seats run` then makes a new one, of the days that the source still has",
		"%w: open %s: %w", ErrDamaged, path, err)
}

// Work is a private copy of a tenant's store, to be published or dropped. Conn is its one pinned
// connection: temporary tables and transactions live there. DB gives further connections.
type Work struct {
	DB   *sql.DB
	Conn *sql.Conn

	path, copy string
	lock       *os.File
}

// Begin takes the tenant's lock, removes what an interrupted run left, copies the store (or makes a new
// one) and brings its schema up to date.
func Begin(ctx context.Context, path string, o duck.Options) (*Work, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := takeLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	w := &Work{path: path, copy: path + ".work", lock: lock}
	if err := w.open(ctx, o); err != nil {
		return nil, errors.Join(err, w.Drop())
	}
	return w, nil
}

func (w *Work) open(ctx context.Context, o duck.Options) error {
	if err := w.removeCopy(); err != nil {
		return err
	}
	if _, err := os.Stat(w.path + ".wal"); err == nil {
		return fail.New(fail.Store, "close that program; if it has ended, open the store with it once more read-write and end it properly",
			"%w: %s.wal holds changes that another program made and did not finish", ErrBusy, w.path)
	}
	fresh := false
	if err := copyFile(w.path, w.copy); errors.Is(err, fs.ErrNotExist) {
		fresh = true
	} else if err != nil {
		return fmt.Errorf("copy store: %w", err)
	}
	if o.TempDir == "" {
		o.TempDir = w.copy + ".tmp"
	}
	var err error
	if w.DB, err = duck.Open(w.copy, o); err != nil {
		return damaged(w.path, err)
	}
	if w.Conn, err = w.DB.Conn(ctx); err != nil {
		return damaged(w.path, err)
	}
	if err := os.Chmod(w.copy, 0o600); err != nil {
		return err
	}
	if fresh {
		return w.create(ctx)
	}
	return checkVersion(ctx, w.Conn, w.path)
}

func (w *Work) create(ctx context.Context) error {
	tx, err := w.Conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if _, err := duck.Exec(ctx, tx, "store/schema_1.sql"); err != nil {
		return err
	}
	return tx.Commit()
}

// checkVersion refuses what is no store, or a newer program's. Migrations of older versions go here,
// one statement file for each version.
func checkVersion(ctx context.Context, q duck.Queryer, path string) error {
	return checkVersionOf(ctx, q, "store/version.sql", path)
}

// checkVersionOf asks for the version with a statement of the caller's.
func checkVersionOf(ctx context.Context, q duck.Queryer, statement, path string) error {
	var version int
	if err := q.QueryRowContext(ctx, texts.Text(statement)).Scan(&version); err != nil {
		return damaged(path, fmt.Errorf("it has no readable schema version: %w", err))
	}
	if version != Version {
		return fail.New(fail.Store, "use the program that wrote it, or a later one",
			"%w: %s has schema version %d, this program knows %d", ErrNewer, path, version, Version)
	}
	return nil
}

// Publish closes the copy, which writes everything into the one file, and renames it into place.
func (w *Work) Publish() error {
	if err := w.closeDB(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	if err := syncFile(w.copy); err != nil {
		return fmt.Errorf("publish store: %w", err)
	}
	if err := os.Rename(w.copy, w.path); err != nil {
		return fmt.Errorf("publish store: %w", err)
	}
	return errors.Join(syncFile(filepath.Dir(w.path)), w.Drop())
}

// Drop throws the copy away and gives the lock back. It may be called after Publish, and twice.
func (w *Work) Drop() error {
	err := errors.Join(w.closeDB(), w.removeCopy())
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
		w.lock = nil
	}
	return err
}

func (w *Work) closeDB() error {
	var err error
	if w.Conn != nil {
		err = w.Conn.Close()
		w.Conn = nil
	}
	if w.DB != nil {
		err = errors.Join(err, w.DB.Close())
		w.DB = nil
	}
	return err
}

func (w *Work) removeCopy() error {
	if w.lock == nil {
		return nil // without the lock the files are another run's
	}
	for _, path := range []string{w.copy, w.copy + ".wal", w.copy + ".tmp"} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove work file: %w", err)
		}
	}
	return nil
}

// OpenPublished opens a tenant's published store for reading. It holds no lock and sees one moment.
func OpenPublished(ctx context.Context, path string, o duck.Options) (*sql.DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrMissing, path)
	}
	o.ReadOnly = true
	db, err := duck.Open(path, o)
	if err != nil {
		return nil, damaged(path, err)
	}
	if err := checkVersion(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close() //nolint:errcheck // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fail.New(fail.Store, "wait until that run has ended; its lock ends with its process", "%w: another run holds %s", ErrBusy, path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
