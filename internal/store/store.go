// Package store keeps a tenant's DuckDB file: `<data_dir>/<tenant>.duckdb`.
//
// A run works on a copy and publishes it in one rename, so a reader never blocks a run, a run never
// blocks a reader, and a crash at any point leaves the last published file as it was. A flock on
// `<file>.lock` keeps a second run out, and DuckDB's own lock on the file keeps out whoever would write
// it meanwhile. Files are readable by their owner alone.
//
// Temporary files go to a folder of the database's own beside the store, or in Options.TempDir where that
// is given. It is made when it is needed, and removed at the end.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"seats/internal/dirs"
	"seats/internal/duck"
	"seats/internal/plain"
	texts "seats/sql"
)

// schemas are the statements that bring a store from each version to the next, the first of them an empty file.
var schemas = []string{"store/schema_1", "store/schema_2", "store/schema_3", "store/schema_4"}

// Schemas names the statements that make an empty store, in their order.
func Schemas() []string { return slices.Clone(schemas) }

// Version is the schema this program writes. A store of an older one can be read, and is migrated in the work copy of
// the next run; a newer one is refused.
var Version = uint64(len(schemas))

// Work is a private copy of a tenant's store, to be published or dropped. Conn is its one pinned
// connection: temporary tables and transactions live there. DB gives further connections.
type Work struct {
	DB   *sql.DB
	Conn *sql.Conn
	// Died is whether a run before left its copy behind: it was killed, or the machine went down.
	Died bool
	// Large, after Publish, is why the file keeps the room of rows that were sealed; nil where it does not. The next sealing tries again.
	Large error

	path, copy, temp string
	lock, published  *os.File

	crowded bool // rows went, and left room
}

// Begin takes the tenant's lock, removes what an interrupted run left, copies the store (or makes a new
// one) and brings its schema up to date.
func Begin(ctx context.Context, path string, o duck.Options) (*Work, error) {
	return begin(ctx, path, o, true)
}

// BeginExisting is Begin for work that needs a store: where there is none, it leaves nothing behind.
func BeginExisting(ctx context.Context, path string, o duck.Options) (*Work, error) {
	if err := readable(path); err != nil {
		return nil, err
	}
	return begin(ctx, path, o, false)
}

func begin(ctx context.Context, path string, o duck.Options, orNew bool) (*Work, error) {
	temp, err := tempDir(path, o.TempDir, runSuffix)
	if err != nil {
		return nil, err
	}
	if err := dirs.Make(filepath.Dir(path), dirs.Data); err != nil {
		return nil, err
	}
	lock, err := Lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	w := &Work{path: path, copy: path + ".work", temp: temp, lock: lock}
	if err := w.open(ctx, o, orNew); err != nil {
		return nil, errors.Join(err, w.Drop())
	}
	return w, nil
}

func (w *Work) open(ctx context.Context, o duck.Options, orNew bool) error {
	_, err := os.Lstat(w.copy)
	w.Died = err == nil
	if err := w.removeCopy(); err != nil {
		return err
	}
	err = w.copyPublished()
	fresh := orNew && errors.Is(err, ErrMissing)
	if fresh {
		err = unfinished(w.path) // of a store that is gone
	}
	if err != nil {
		return err
	}
	o.TempDir = w.temp
	if w.DB, err = duck.Open(w.copy, o); err == nil {
		w.Conn, err = w.DB.Conn(ctx)
	}
	if err != nil && fresh {
		return fmt.Errorf("make store: %w", err)
	} else if err != nil {
		return refused(w.path, err)
	}
	if err := os.Chmod(w.copy, 0o600); err != nil {
		return err
	}
	if fresh {
		return migrate(ctx, w.Conn, 0)
	}
	version, err := checkVersion(ctx, w.Conn, w.path)
	if err != nil {
		return err
	}
	return migrate(ctx, w.Conn, version)
}

// copyPublished copies the published store, and until the end keeps others from opening it for writing: what they
// wrote, publishing would lose.
func (w *Work) copyPublished() (err error) {
	if w.published, err = openFile(w.path); err != nil {
		return err
	}
	if err := cmp.Or(share(w.published), unfinished(w.path)); err != nil {
		return err
	}
	return copyFile("copy store", w.published, w.copy)
}

// migrate brings a work copy from a version to this program's. It is no transaction: DuckDB changes no row of a table whose columns
// it has just changed. A copy that fails is not published. A new store has no rows: it is made in one, for hundreds of statements
// would each wait for the disk.
func migrate(ctx context.Context, conn *sql.Conn, version uint64) error {
	if version == 0 {
		return duck.InTx(ctx, conn, func(tx *sql.Tx) error { return bringUp(ctx, tx, 0) })
	}
	return bringUp(ctx, conn, version)
}

func bringUp(ctx context.Context, q duck.Queryer, version uint64) error {
	for _, schema := range schemas[version:] {
		if _, err := duck.Exec(ctx, q, schema); err != nil {
			return err
		}
	}
	return nil
}

// checkVersion gives a store's schema version, and refuses what is no store, or a newer program's.
func checkVersion(ctx context.Context, q duck.Queryer, path string) (version uint64, err error) {
	if err := q.QueryRowContext(ctx, texts.Text("store/version")).Scan(&version); err != nil || version == 0 {
		return 0, refused(path, fmt.Errorf("it has no readable schema version: %w", cmp.Or(err, sql.ErrNoRows)))
	}
	if version > Version {
		return 0, newer(path, "schema version", version, Version)
	}
	return version, nil
}

// Has tells whether an open store is of this schema version or a later one: what came with it is missing before.
func Has(ctx context.Context, q duck.Queryer, version uint64) (bool, error) {
	var has uint64
	err := q.QueryRowContext(ctx, texts.Text("store/version")).Scan(&has)
	return has >= version, err
}

// Slice is what a listing needs to know of one.
type Slice struct {
	Day          string
	HighWater    *int64 // epoch seconds; nil where unknown
	ExtractedTS  int64  // when it was read, epoch seconds
	AsOf         int64  // likewise
	OpenSessions int64
	SHA256       string
}

// Slices lists the slices of a store by day.
func Slices(ctx context.Context, q duck.Queryer) (map[string]Slice, error) {
	all, err := duck.All[Slice](ctx, q, "store/slice")
	slices := map[string]Slice{}
	for _, s := range all {
		slices[s.Day] = s
	}
	return slices, err
}

// Publish writes everything into the one file of the copy and renames it into place.
func (w *Work) Publish() error {
	if w.crowded {
		err := w.compact(context.Background())
		if err == nil {
			return w.publish()
		}
		if w.DB == nil {
			return fmt.Errorf("write store: %w", err)
		}
		w.Large = err // there may be no room for both: the copy is whole
		_ = detach(context.Background(), w.Conn, "small")
	}
	if _, err := duck.Exec(context.Background(), w.Conn, "store/checkpoint"); err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	if err := w.closeDB(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return w.publish()
}

func (w *Work) publish() error {
	if err := plain.Sync(w.copy); err != nil {
		return fmt.Errorf("publish store: %w", err)
	}
	if err := os.Rename(w.copy, w.path); err != nil {
		return fmt.Errorf("publish store: %w", err)
	}
	return errors.Join(plain.Sync(filepath.Dir(w.path)), w.Drop())
}

// Drop throws the copy away and gives the lock back. It may be called after Publish, and twice.
func (w *Work) Drop() error {
	err := errors.Join(w.closeDB(), w.removeCopy())
	for _, f := range []**os.File{&w.published, &w.lock} {
		if *f != nil {
			err = errors.Join(err, (*f).Close())
			*f = nil
		}
	}
	return err
}

func (w *Work) closeDB() error { return closeBoth(&w.Conn, &w.DB) }

// closeBoth closes what is open of a connection and its database.
func closeBoth(conn **sql.Conn, db **sql.DB) (err error) {
	if *conn != nil {
		err = (*conn).Close()
	}
	if *db != nil {
		err = errors.Join(err, (*db).Close())
	}
	*conn, *db = nil, nil
	return err
}

func (w *Work) removeCopy() error {
	if w.lock == nil {
		return nil // without the lock the files are another run's
	}
	for _, path := range []string{w.copy, w.copy + ".wal", w.copy + ".small", w.copy + ".small.wal", w.path + sealSuffix, w.path + sealSuffix + ".wal", w.path + runSuffix, w.temp} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove work file: %w", err)
		}
	}
	return nil
}

// OpenPublished opens a tenant's published store for reading. It keeps no run from working and sees one moment. A
// store that cannot be opened is ErrMissing, ErrBusy, ErrNewer or ErrDamaged, or the reason lies elsewhere.
func OpenPublished(ctx context.Context, path string, o duck.Options) (db *sql.DB, err error) {
	o.ReadOnly = true
	if o.TempDir, err = tempDir(path, o.TempDir, readerSuffix()); err != nil {
		return nil, err
	}
	err = attempt(path, func() (err error) {
		db, err = duck.Open(path, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := checkVersion(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
