package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
)

// A closed month's raw rows, and what was derived from them row by row, lie in a file of their own, the sealed month:
// `<data_dir>/<tenant>.<YYYYMM>.duckdb`. It is written once and then read only, so that a night does not copy what no
// longer changes. The store keeps everything else: what is said of each slice, all numbers, the issued files, the ledger.
//
// The store says which sealed months are its own (relation sealed_month), each with the file's name, hash and key; no other
// file counts. So a run that dies leaves at most a file that nobody asks for: a month is sealed before the store that
// lacks its rows is published. A file is never written over, and one that is no longer wanted stays for a night: whoever copies
// the store first and its sealed months afterwards finds those that his copy asks for.

// Seal is a sealed month as the store knows it.
type Seal struct {
	Month  string // YYYY-MM
	File   string // its name, beside the store
	Key    string // that the file carries too
	SHA256 string
	Bytes  int64
}

// Said is the line of the ledger's message that a seal leaves there.
func (s Seal) Said() string {
	return fmt.Sprintf("sealed %s: %s, SHA-256 %s", s.Month, s.File, s.SHA256)
}

// ErrUnsealed: a sealed month's file is missing, or is not the one that the store knows.
var ErrUnsealed = errors.New("sealed month cannot be read")

func unsealed(path string, err error) error {
	return fail.New(fail.Store, "bring the file back from a backup; the numbers of that month are in the store itself", "%w: %s: %w", ErrUnsealed, path, err)
}

// sealedVersion is the schema version from which on a store may have sealed months.
const sealedVersion = 2

// Seals are the sealed months of an open store, the oldest first.
func Seals(ctx context.Context, q duck.Queryer) ([]Seal, error) {
	if has, err := Has(ctx, q, sealedVersion); err != nil || !has {
		return nil, err
	}
	var seals []Seal
	err := duck.Each(ctx, q, "store/sealed_month", func(scan func(...any) error) error {
		var s Seal
		err := scan(&s.Month, &s.File, &s.Key, &s.SHA256, &s.Bytes)
		seals = append(seals, s)
		return err
	})
	return seals, err
}

// Check holds a sealed month's file in dir against what the store says of it, byte for byte.
func (s Seal) Check(dir string) error {
	path := filepath.Join(dir, s.File)
	sum, _, err := hashFile(path)
	if err != nil {
		return unsealed(path, err)
	}
	if sum != s.SHA256 {
		return unsealed(path, fmt.Errorf("it has SHA-256 %s, sealed was %s", sum, s.SHA256))
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

// Seal moves the rows of a month into a sealed file. It is the last that is done to a work copy: what is published
// afterwards has room for no more than it holds.
func (w *Work) Seal(ctx context.Context, month calendar.Month, now int64) (Seal, error) {
	s := Seal{Month: month.String(), Key: rand.Text()}
	var err error
	if s.File, err = w.sealName(ctx, month); err != nil {
		return s, err
	}
	final := filepath.Join(filepath.Dir(w.path), s.File)
	draft := w.path + sealSuffix
	if err := w.writeSeal(ctx, draft, month, s.Key); err != nil {
		return s, fmt.Errorf("seal %s: %w", month, errors.Join(err, os.RemoveAll(draft)))
	}
	if s.SHA256, s.Bytes, err = hashFile(draft); err != nil {
		return s, err
	}
	if err := errors.Join(os.Chmod(draft, 0o400), syncFile(draft)); err != nil {
		return s, err
	}
	if err := os.Rename(draft, final); err != nil {
		return s, err
	}
	if err := syncFile(filepath.Dir(final)); err != nil {
		return s, err
	}
	err = duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
		if err := of(ctx, tx, "drop_days", span(month.First(), month.Last()), row, groups, evidence); err != nil {
			return err
		}
		_, err := duck.Exec(ctx, tx, "store/insert_sealed_month", sql.Named("month", s.Month), sql.Named("file", s.File),
			sql.Named("key", s.Key), sql.Named("sha256", s.SHA256), sql.Named("bytes", s.Bytes), sql.Named("sealed_ts", now))
		return err
	})
	if err != nil {
		return s, errors.Join(fmt.Errorf("seal %s: %w", month, err), os.Remove(final))
	}
	w.crowded = true
	return s, nil
}

// sealSuffix is that of a sealed month that is being written; a run removes what another one left.
const sealSuffix = ".sealing"

// sealName is a name for a month's file that none has had yet, by the ledger: a backup may have the others. And one that
// there is no file of.
func (w *Work) sealName(ctx context.Context, month calendar.Month) (string, error) {
	base := strings.TrimSuffix(filepath.Base(w.path), ".duckdb") + "." + strings.ReplaceAll(month.String(), "-", "")
	var before int
	err := duck.Each(ctx, w.Conn, "store/sealed_before", func(scan func(...any) error) error { return scan(&before) }, sql.Named("month", month.String()))
	if err != nil {
		return "", err
	}
	for n := before + 1; ; n++ {
		name := base + ".duckdb"
		if n > 1 {
			name = fmt.Sprintf("%s_%d.duckdb", base, n)
		}
		_, err := os.Lstat(filepath.Join(filepath.Dir(w.path), name))
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// strayAge is how long a sealed month stays that the store no longer wants.
const strayAge = 20 * time.Hour

// RemoveStray removes sealed months that the published store does not want: those that were brought back, sealed anew or dropped
// with age, and what a run left that died before it could publish. All that they hold is in the store, or in another file that is
// there and whole, or was dropped on purpose. A store that came from a backup, or was made anew, may lack some days: what has
// them, and what cannot be read, is left alone.
func (w *Work) RemoveStray(ctx context.Context, now time.Time) error {
	seals, err := Seals(ctx, w.Conn)
	if err != nil {
		return err
	}
	dir := filepath.Dir(w.path)
	listed := map[string]Seal{}
	for _, s := range seals {
		listed[strings.ReplaceAll(s.Month, "-", "")] = s
	}
	base := strings.TrimSuffix(filepath.Base(w.path), ".duckdb") + "."
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), base)
		if !ours || !sealFile.MatchString(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		seal, sealed := listed[rest[:6]]
		if sealed && seal.File == e.Name() || !isOld(path, now) || sealed && seal.Check(dir) != nil {
			continue
		}
		if has, err := w.hasDaysOf(ctx, path); err != nil {
			return err
		} else if !has {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove work file: %w", err)
		}
	}
	return nil
}

// isOld tells whether a file that is no longer wanted has stayed for strayAge. One of a time that is still to come, when the clock
// was ahead, counts from now on.
func isOld(path string, now time.Time) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	if info.ModTime().After(now) && info.Mode().IsRegular() {
		_ = os.Chtimes(path, now, now)
	}
	return now.Sub(info.ModTime()) >= strayAge
}

// hasDaysOf tells whether the store has a slice of every day of which a sealed month has rows, or has dropped it with age.
func (w *Work) hasDaysOf(ctx context.Context, path string) (has bool, err error) {
	if attempt(path, func() error { return attach(ctx, w.Conn, path, "stray", "(read_only)") }) != nil {
		return false, ctx.Err() // whatever it is
	}
	defer func() { err = errors.Join(err, detach(ctx, w.Conn, "stray")) }()
	lacking, err := textsOf(ctx, w.Conn, "store/stray_day")
	if err != nil {
		return false, ctx.Err() // it is no sealed month
	}
	return len(lacking) == 0, nil
}

// writeSeal writes a month's rows, and the views that show them, into a new file.
func (w *Work) writeSeal(ctx context.Context, path string, month calendar.Month, key string) (err error) {
	if err := attach(ctx, w.Conn, path, "sealing", ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, detach(ctx, w.Conn, "sealing")) }()
	if _, err := duck.Exec(ctx, w.Conn, "store/seal", sql.Named("key", key), sql.Named("month", month.String())); err != nil {
		return err
	}
	if err := of(ctx, w.Conn, "seal", span(month.First(), month.Last()), row, groups, evidence); err != nil {
		return err
	}
	if err := w.sealViews(ctx); err != nil {
		return err
	}
	_, err = w.Conn.ExecContext(ctx, "checkpoint sealing")
	return err
}

// sealViews gives a sealed month the store's own views of its tables.
func (w *Work) sealViews(ctx context.Context) error {
	views, err := textsOf(ctx, w.Conn, "store/view")
	if err != nil {
		return err
	}
	return within(ctx, w.Conn, "sealing", func() error {
		for _, view := range views {
			if table, is := strings.CutPrefix(view, "CREATE VIEW "); is && rowsOf(strings.Fields(table)[0]) {
				if _, err := w.Conn.ExecContext(ctx, view); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// rowsOf tells whether a table's rows are sealed.
func rowsOf(name string) bool {
	for _, t := range tables {
		if t.Name == name {
			return t.part == row || t.part == groups || t.part == evidence
		}
	}
	return false
}

// Unseal brings the rows of the sealed months that a range of days touches back into the work copy. Their files are strays from
// now on.
func (w *Work) Unseal(ctx context.Context, from, to calendar.Date, now time.Time) error {
	seals, err := Seals(ctx, w.Conn)
	if err != nil {
		return err
	}
	for _, s := range seals {
		month, err := calendar.ParseMonth(s.Month)
		if err != nil {
			return err
		}
		if month.Last().Before(from) || to.Before(month.First()) {
			continue
		}
		// Byte for byte: what is taken back takes the place of the file.
		if err := s.Check(filepath.Dir(w.path)); err != nil {
			return err
		}
		if err := attachSeal(ctx, w.Conn, filepath.Dir(w.path), s, "sealed"); err != nil {
			return err
		}
		err = duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error { return unseal(ctx, tx) })
		if err := errors.Join(err, detach(ctx, w.Conn, "sealed")); err != nil {
			return fmt.Errorf("unseal %s: %w", s.Month, err)
		}
		if err := w.Unlist(ctx, month, now); err != nil {
			return err
		}
	}
	return nil
}

// unseal takes the rows of all tables that the attached sealed month has.
func unseal(ctx context.Context, q duck.Queryer) error {
	catalogs, err := catalogsOf(ctx, q)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !rowsOf(t.Name) || !slices.Contains(catalogs["sealed"].tables, t.Name) {
			continue
		}
		if _, err := duck.ExecOn(ctx, q, "store/each_unseal", t.Table); err != nil {
			return err
		}
	}
	return nil
}

// Unlist makes the store forget a sealed month, if it has one. The file is a stray from now on, by its time of modification.
func (w *Work) Unlist(ctx context.Context, month calendar.Month, now time.Time) error {
	seals, err := Seals(ctx, w.Conn)
	if err != nil {
		return err
	}
	for _, s := range seals {
		if s.Month != month.String() {
			continue
		}
		if _, err := duck.Exec(ctx, w.Conn, "store/delete_sealed_month", sql.Named("month", s.Month)); err != nil {
			return err
		}
		if err := os.Chtimes(filepath.Join(filepath.Dir(w.path), s.File), now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// compact writes what the work copy holds into a new file in its place: DuckDB keeps the room that dropped rows took.
func (w *Work) compact(ctx context.Context) error {
	small := w.copy + ".small"
	if err := attach(ctx, w.Conn, small, "small", ""); err != nil {
		return err
	}
	err := within(ctx, w.Conn, "small", func() error { return migrate(ctx, w.Conn, 0) })
	if err != nil {
		return err
	}
	err = duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
		return of(ctx, tx, "compact", nil, self, head, aside, row, groups, evidence, result, monthly, record, sent, sealing)
	})
	if err != nil {
		return err
	}
	if _, err := w.Conn.ExecContext(ctx, "checkpoint small"); err != nil {
		return err
	}
	if err := errors.Join(detach(ctx, w.Conn, "small"), w.closeDB(), os.Chmod(small, 0o600)); err != nil {
		return err
	}
	return os.Rename(small, w.copy)
}

// attachSeal attaches a sealed month for reading, and makes sure that it is the one that the store knows.
func attachSeal(ctx context.Context, conn *sql.Conn, dir string, s Seal, name string) error {
	path := filepath.Join(dir, s.File)
	if !sealFile.MatchString(s.File) {
		return unsealed(path, errors.New("that is no name of a sealed month"))
	}
	err := attempt(path, func() error { return attach(ctx, conn, path, name, "(read_only)") })
	if err != nil {
		return unsealed(path, err)
	}
	var key string
	err = conn.QueryRowContext(ctx, "select key from "+name+"._data.seal").Scan(&key)
	if err == nil && key != s.Key {
		err = errors.New("it is another one than the store knows")
	}
	if err != nil {
		return errors.Join(unsealed(path, err), detach(ctx, conn, name))
	}
	return nil
}

var sealFile = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*\.[0-9]{6}(?:_[0-9]+)?\.duckdb$`)

// attach puts a file beside what a connection has open, under one of this package's own names. ATTACH takes no
// parameters: the path stands in the statement as a quoted literal.
func attach(ctx context.Context, conn *sql.Conn, path, name, how string) error {
	_, err := conn.ExecContext(ctx, "attach "+duck.Literal(path)+" as "+name+" "+how)
	return err
}

func detach(ctx context.Context, conn *sql.Conn, name string) error {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "detach "+name)
	return err
}

// within does work with another database as the one that names lead to.
func within(ctx context.Context, conn *sql.Conn, name string, work func() error) (err error) {
	var home string
	if err := conn.QueryRowContext(ctx, "select current_database()").Scan(&home); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "use "+name); err != nil {
		return err
	}
	defer func() {
		_, back := conn.ExecContext(context.WithoutCancel(ctx), `use "`+strings.ReplaceAll(home, `"`, `""`)+`"`)
		err = errors.Join(err, back)
	}()
	return work()
}

// textsOf reads a query of one text column.
func textsOf(ctx context.Context, q duck.Queryer, name string, args ...any) (found []string, err error) {
	err = duck.Each(ctx, q, name, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		found = append(found, text)
		return err
	}, args...)
	return found, err
}

// only are the sealed months that are wanted.
func only(seals []Seal, wanted func(calendar.Month) bool) []Seal {
	return slices.DeleteFunc(seals, func(s Seal) bool {
		month, err := calendar.ParseMonth(s.Month)
		return err == nil && wanted != nil && !wanted(month)
	})
}
