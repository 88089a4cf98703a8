// Package store keeps a tenant's DuckDB file: `<data_dir>/<tenant>.duckdb`.
//
// A run works on a copy and publishes it in one rename, so a reader never blocks a run, a run never blocks a reader, and a crash at any point leaves
// the last published file as it was. A flock on `<file>.lock` keeps a second run out, and DuckDB's own lock on the file keeps out whoever would write
// it meanwhile. Files are readable by their owner alone.
//
// Temporary files go to a folder of the database's own beside the store, or in Options.TempDir where that
// is given. It is made when it is needed, and removed at the end.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	texts "example.com/seats/sql"
)

// schemas are the statements that bring a store from each version to the next, the first of them an empty file.
var schemas = []string{"store/schema_1", "store/schema_2", "store/schema_3", "store/schema_4", "store/schema_5"}

// Schemas names the statements that make an empty store, in their order.
func Schemas() []string { return append(slices.Clone(schemas), "store/comment") }

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
	// Large, after Publish, is why the file could not be written anew, and keeps the room of rows that were sealed, or blocks of the wrong size; nil where it
	// need not be, or was. For blocks the next run tries again, for room the next sealing.
	Large error

	path, copy, temp string
	lock, published  *os.File

	crowded bool   // rows went, and left room
	state   string // of the views of whole
	sealed  bool   // they ask sealed months
}

// Begin takes the tenant's lock, removes what an interrupted run left, copies the store (or makes a new one) and brings its schema up to date.
func Begin(ctx context.Context, path string, o duck.Options) (*Work, error) {
	return patiently(ctx, func() (*Work, error) { return begin(ctx, path, o, true) })
}

// BeginExisting is Begin for work that needs a store: where there is none, it leaves nothing behind.
func BeginExisting(ctx context.Context, path string, o duck.Options) (*Work, error) {
	if err := readable(path); err != nil && !errors.Is(err, errHeld) {
		return nil, err
	}
	return patiently(ctx, func() (*Work, error) { return begin(ctx, path, o, false) })
}

func begin(ctx context.Context, path string, o duck.Options, orNew bool) (*Work, error) {
	temp, err := tempDir(path, o.TempDir, runSuffix)
	if err != nil {
		return nil, err
	}
	if err := plain.MakeDir(filepath.Dir(path), plain.DataDir); err != nil {
		return nil, err
	}
	lock, err := Lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	if err := lock.Truncate(0); err == nil { // for whom it keeps out; on a full disk it holds all the same
		_, _ = fmt.Fprintln(lock, os.Getpid())
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
	if w.published, err = openFile(w.path); err == nil { // until the end others may not write it: of that, publishing would lose every bit
		err = cmp.Or(share(w.published), unfinished(w.path))
	}
	if err == nil {
		err = copyFile("copy store", w.published, w.copy)
	}
	fresh := orNew && errors.Is(err, ErrMissing)
	if fresh {
		err = unfinished(w.path) // of a store that is gone
	}
	if err != nil {
		return err
	}
	o.TempDir, o.BlockSize = w.temp, duck.SmallBlocks
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
	version := uint64(0)
	if !fresh {
		version, err = checkVersion(ctx, w.Conn, w.path)
	}
	if err != nil {
		return err
	}
	return migrate(ctx, w.Conn, version)
}

// migrate brings a work copy from a version to this program's. It is no transaction: DuckDB changes no row of a table whose columns
// it has just changed. A copy that fails is not published.
func migrate(ctx context.Context, conn *sql.Conn, version uint64) error {
	var err error
	state := ""
	switch version {
	case 0:
		err = makeNew(ctx, conn)
	case Version:
		state, err = duck.One[string](ctx, conn, "store/whole_state")
	default:
		err = duck.ExecAll(ctx, conn, schemas[version:])
	}
	if err != nil || state != "" {
		return err
	}
	return own(ctx, conn) // comments come with what is made for clients, when it is published
}

// makeNew makes a store, without a word on what is in it. It has no rows: it is made in one transaction, for each of a hundred statements
// would wait for the disk.
func makeNew(ctx context.Context, conn *sql.Conn) error {
	return duck.InTx(ctx, conn, func(tx *sql.Tx) error { return duck.ExecAll(ctx, tx, schemas) })
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

// Slices are those of the store, without what was left out of them.
func Slices(ctx context.Context, q duck.Queryer) (map[calendar.Date]settle.Slice, error) {
	all, err := duck.All[settle.Slice](ctx, q, "store/slice")
	slices := map[calendar.Date]settle.Slice{}
	for _, s := range all {
		slices[s.Day] = s
	}
	return slices, err
}

// Publish writes everything into the one file of the copy and renames it into place.
func (w *Work) Publish() error {
	ctx, blocks := context.Background(), 0 // bytes of the blocks in which the copy is to be written anew; 0: not at all
	err := duck.Exec(ctx, w.Conn, "store/checkpoint")
	if err == nil {
		blocks, err = duck.One[int](ctx, w.Conn, "store/blocks", sql.Named("crowded", w.crowded), sql.Named("small", duck.SmallBlocks), sql.Named("large", duck.LargeBlocks))
	}
	if err == nil && blocks != 0 {
		if err = w.compact(ctx, blocks); err == nil {
			return w.publish()
		}
		if w.DB != nil {
			w.Large, err = err, nil // there may be no room for both: the copy is whole
			_ = detach(ctx, w.Conn, "small")
		}
	}
	if err == nil {
		err = w.whole(ctx)
	}
	if err == nil {
		err = duck.Exec(ctx, w.Conn, "store/checkpoint")
	}
	if err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	if err := w.closeDB(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return w.publish()
}

func (w *Work) publish() error {
	err := plain.Sync(w.copy)
	if err == nil {
		err = os.Rename(w.copy, w.path)
	}
	if err != nil {
		return fmt.Errorf("publish store: %w", err)
	}
	return errors.Join(plain.Sync(filepath.Dir(w.path)), w.writeCatalogue(context.Background()), w.Drop())
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
	err = attempt(ctx, path, func() (err error) {
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

// Run is one entry of the ledger: a run that worked on this store, whatever became of it. Each entry carries
// the hash of the one before, so that none can be changed or taken out unseen.
//
// A refused run has its entry too, with its exit code and message. Three kinds of run leave none: one that was interrupted, since it leaves the store
// as it was; one that did not get the store, because another run held it or it could not be read; and one whose configuration or command line was
// refused, since it never knew a store. Entries are never removed: what takes old slices away leaves the ledger, and a store that starts anew starts
// at entry 1, by which an audit tells it from the one that issued the files in the output folder.
type Run struct {
	ID       int64       `json:"run_id"` // 1, 2, ...
	Command  string      `json:"command"`
	OSUser   string      `json:"os_user"`
	Program  string      `json:"program"`
	DuckDB   string      `json:"duckdb"`
	Rules    string      `json:"rules_sha256"` // of the configuration's counting rules
	ExitCode int         `json:"exit_code"`
	Message  string      `json:"message"`
	Days     settle.Keys `json:"days"`
	Files    settle.Keys `json:"files"`  // issued, restated or brought up to date
	Slices   settle.Keys `json:"slices"` // day and hash of every slice that was read
	Previous string      `json:"previous_sha256"`

	StartedTS int64  `json:"started_ts"` // epoch seconds, as EndedTS
	EndedTS   int64  `json:"ended_ts"`
	SHA256    string `json:"-"` // of this entry, as the ledger has it; set by Runs
}

// Newest is the newest entry; the zero value where there is none.
type Newest struct {
	ID, EndedTS int64 // by the clock of its time
	SHA256      string
}

func LastRun(ctx context.Context, q duck.Queryer) (Newest, error) {
	return duck.One[Newest](ctx, q, "store/last_run")
}

// keepable is a text as the ledger can keep it, whatever others have put into it: valid UTF-8 without NUL bytes, cut where it is too
// long. The hash is over the entry as it is kept.
func keepable(text string) string {
	const maxText = 64 << 10 // bytes: what a server or a file says may have no end
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + fmt.Sprintf(" ... (%d bytes in all)", len(text))
}

// AppendRun adds an entry to the ledger. ID and Previous are set here. Nothing that a text of it is made of keeps it from being written.
func AppendRun(ctx context.Context, q duck.Queryer, r Run) error {
	last, err := LastRun(ctx, q)
	if err != nil {
		return err
	}
	for _, text := range []*string{&r.Command, &r.OSUser, &r.Program, &r.DuckDB, &r.Rules, &r.Message} {
		*text = keepable(*text)
	}
	r.ID, r.Previous = last.ID+1, last.SHA256
	r.Days, r.Files, r.Slices = list.Of(r.Days, keepable), list.Of(r.Files, keepable), list.Of(r.Slices, keepable)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return duck.Exec(ctx, q, "store/insert_run", sql.Named("entry", string(text)), sql.Named("sha256", sum(text)))
}

// Runs reads the ledger, oldest entry first.
func Runs(ctx context.Context, q duck.Queryer) ([]Run, error) {
	return duck.All[Run](ctx, q, "store/runs")
}

// Hash is the SHA-256 over the entry's JSON, the hash of the entry before included.
func (r Run) Hash() (string, error) {
	text, err := json.Marshal(r)
	return sum(text), err
}

var sealFile = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*\.[0-9]{6}(?:_[0-9]+)?\.duckdb$`)

var errNoSealFile = errors.New("that is no name of a sealed month")

// Copied is a file of a backup.
type Copied struct {
	File  string // its name in the backup, which is that in data_dir
	Bytes int64
	How   string // copied, or linked: a sealed month never changes
}

// Backup copies the published store at path, and the sealed months that it asks for, into a folder, each under its own name. It
// keeps no run from working: should one seal a month anew meanwhile, the files of before stay for a night. Every sealed month is
// held against what the store says of it, byte for byte.
func Backup(ctx context.Context, path, dir string, o duck.Options) (copied []Copied, err error) {
	to := filepath.Join(dir, filepath.Base(path))
	_, err = patiently(ctx, func() (*os.File, error) {
		f, err := openFile(path)
		if err == nil { // nobody may have it open for writing meanwhile
			err = backupFile("copy store", f, to, 0o600, cmp.Or(share(f), unfinished(path)))
		}
		return f, err
	})
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return nil, err
	}
	copied = append(copied, Copied{filepath.Base(path), info.Size(), "copied"})
	o.TempDir = ""
	db, err := OpenPublished(ctx, to, o)
	if err != nil {
		return nil, Explain(err, path)
	}
	seals, err := Seals(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	for _, s := range seals {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := Copied{s.File, s.Bytes, "linked"}
		from, to := filepath.Join(filepath.Dir(path), s.File), filepath.Join(dir, s.File)
		if !sealFile.MatchString(s.File) {
			return nil, unsealed(from, errNoSealFile)
		}
		if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() || os.Link(from, to) != nil {
			f, err := openFile(from)
			if err != nil {
				return nil, unsealed(from, err)
			}
			if c.How, err = "copied", backupFile("copy sealed month", f, to, 0o400, nil); err != nil {
				return nil, err
			}
		}
		if err := s.Check(dir); err != nil {
			return nil, fmt.Errorf("%w (copied from %s)", err, from)
		}
		copied = append(copied, c)
	}
	return copied, plain.Sync(dir)
}

// backupFile copies a file, unless there is something against it.
func backupFile(doing string, f *os.File, to string, mode os.FileMode, against error) (err error) {
	if err = against; err == nil {
		err = copyFile(doing, f, to)
	}
	if err == nil {
		err = errors.Join(os.Chmod(to, mode), plain.Sync(to))
	}
	return errors.Join(err, f.Close())
}

// NewBackup makes the folder that a backup is written into, beside where it is to be: NameBackup gives it its name. There must be
// nothing of that name.
func NewBackup(dir string) (work string, err error) {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return "", errors.Join(err, fail.New(fail.Usage, "name a folder that is not there yet: each backup has its own", "%s is there already", dir))
	}
	if err = os.MkdirAll(filepath.Dir(dir), 0o700); err == nil {
		work, err = os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".partial-")
	}
	if err != nil {
		return "", fmt.Errorf("make backup: %w", err)
	}
	return work, nil
}

func NameBackup(work, dir string) error {
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("name backup: %w", err)
	}
	return plain.Sync(filepath.Dir(dir))
}
