package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
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
	Month  calendar.Month
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

// Seals are the sealed months of an open store, the oldest first.
func Seals(ctx context.Context, q duck.Queryer) ([]Seal, error) {
	const since = 2 // schema version
	if has, err := Has(ctx, q, since); err != nil || !has {
		return nil, err
	}
	return duck.All[Seal](ctx, q, "store/sealed_month")
}

// Check holds a sealed month's file in dir against what the store says of it, byte for byte.
func (s Seal) Check(dir string) error {
	path := filepath.Join(dir, s.File)
	sum, _, err := hashFile(path)
	if err == nil && sum != s.SHA256 {
		err = fmt.Errorf("it has SHA-256 %s, sealed was %s", sum, s.SHA256)
	}
	if err != nil {
		return unsealed(path, err)
	}
	return nil
}

// sealedParts are the tables whose rows are sealed.
var sealedParts = []part{row, groups, evidence}

// dir is the folder in which the store lies, with its sealed months; base what the names of these begin with.
func (w *Work) dir() string          { return filepath.Dir(w.path) }
func (w *Work) base() string         { return strings.TrimSuffix(filepath.Base(w.path), ".duckdb") + "." }
func digits(m calendar.Month) string { return strings.ReplaceAll(m.String(), "-", "") }

// sealSuffix is that of a sealed month that is being written; a run removes what another one left.
const sealSuffix = ".sealing"

// Seal moves the rows of a month into a sealed file. It is the last that is done to a work copy: what is published afterwards has
// room for no more than it holds.
func (w *Work) Seal(ctx context.Context, month calendar.Month, now int64) (s Seal, err error) {
	s = Seal{Month: month, Key: rand.Text()}
	if s.File, err = w.sealName(ctx, month); err != nil {
		return s, err
	}
	final, draft := filepath.Join(w.dir(), s.File), w.path+sealSuffix
	days := duck.Span(month.First(), month.Last())
	if err := w.writeSeal(ctx, draft, s, days); err != nil {
		return s, fmt.Errorf("seal %s: %w", month, errors.Join(err, os.RemoveAll(draft)))
	}
	if s.SHA256, s.Bytes, err = hashFile(draft); err != nil {
		return s, err
	}
	if err := fail.InTurn(ctx,
		func(context.Context) error { return errors.Join(os.Chmod(draft, 0o400), plain.Sync(draft)) },
		func(context.Context) error { return os.Rename(draft, final) },
		func(context.Context) error { return plain.Sync(w.dir()) }); err != nil {
		return s, err
	}
	err = duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
		if err := of(ctx, tx, "drop_days", days, sealedParts...); err != nil {
			return err
		}
		return duck.Exec(ctx, tx, "store/insert_sealed_month", sql.Named("month", s.Month.String()), sql.Named("file", s.File),
			sql.Named("key", s.Key), sql.Named("sha256", s.SHA256), sql.Named("bytes", s.Bytes), sql.Named("sealed_ts", now))
	})
	if err != nil {
		return s, errors.Join(fmt.Errorf("seal %s: %w", month, err), os.Remove(final))
	}
	w.crowded = true
	return s, nil
}

// sealName is a name for a month's file that none has had yet, by the ledger: a backup may have the others. And one that there is no file of.
func (w *Work) sealName(ctx context.Context, month calendar.Month) (string, error) {
	before, err := duck.One[int](ctx, w.Conn, "store/sealed_before", sql.Named("month", month.String()))
	for n := before + 1; err == nil; n++ {
		name := w.base() + digits(month)
		if n > 1 {
			name += fmt.Sprintf("_%d", n)
		}
		name += ".duckdb"
		if _, err = os.Lstat(filepath.Join(w.dir(), name)); errors.Is(err, os.ErrNotExist) {
			return name, nil
		}
	}
	return "", err
}

// writeSeal writes a month's rows, and the store's own views of them, into a new file.
func (w *Work) writeSeal(ctx context.Context, path string, s Seal, days []any) (err error) {
	if err := attach(ctx, w.Conn, path, "sealing", blocksOf(duck.LargeBlocks)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, detach(ctx, w.Conn, "sealing")) }()
	return fail.InTurn(ctx,
		func(context.Context) error {
			return duck.Exec(ctx, w.Conn, "store/seal", sql.Named("key", s.Key), sql.Named("month", s.Month.String()))
		},
		func(context.Context) error { return of(ctx, w.Conn, "seal", days, sealedParts...) },
		func(context.Context) error {
			views, err := duck.All[string](ctx, w.Conn, "store/sealing_view")
			if err != nil {
				return err
			}
			return within(ctx, w.Conn, "sealing", func() error { return run(ctx, w.Conn, views...) })
		},
		func(context.Context) error { return run(ctx, w.Conn, "checkpoint sealing") })
}

// RemoveStray removes sealed months that the published store does not want: those that were brought back, sealed anew or dropped with age, and what a
// run left that died before it could publish. All that they hold is in the store, or in another file that is there and whole, or was dropped on
// purpose. A store that came from a backup, or was made anew, may lack some days: what has them, and what cannot be read, is left alone.
func (w *Work) RemoveStray(ctx context.Context, now time.Time) error {
	seals, err := Seals(ctx, w.Conn)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(w.dir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), w.base())
		if !ours || !sealFile.MatchString(e.Name()) {
			continue
		}
		path := filepath.Join(w.dir(), e.Name())
		is := func(s Seal) bool { return s.File == e.Name() }
		notWhole := func(s Seal) bool { return digits(s.Month) == rest[:6] && s.Check(w.dir()) != nil }
		if slices.ContainsFunc(seals, is) || !isOld(path, now) || slices.ContainsFunc(seals, notWhole) {
			continue
		}
		has, err := w.hasDaysOf(ctx, path)
		if err == nil && has {
			err = os.Remove(path)
		}
		if err != nil {
			return fmt.Errorf("remove work file: %w", err)
		}
	}
	return nil
}

// isOld tells whether a file that is no longer wanted has stayed for a night. One of a time that is still to come, when the clock
// was ahead, counts from now on.
func isOld(path string, now time.Time) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	if info.ModTime().After(now) && info.Mode().IsRegular() {
		_ = os.Chtimes(path, now, now)
	}
	return now.Sub(info.ModTime()) >= 20*time.Hour
}

// hasDaysOf tells whether the store has a slice of every day of which a sealed month has rows, or has dropped it with age.
func (w *Work) hasDaysOf(ctx context.Context, path string) (has bool, err error) {
	if attempt(WithPatience(ctx, Patience{}), path, func() error { return attach(ctx, w.Conn, path, "stray", "(read_only)") }) != nil {
		return false, ctx.Err() // whatever it is
	}
	defer func() { err = errors.Join(err, detach(ctx, w.Conn, "stray")) }()
	lacking, err := duck.All[string](ctx, w.Conn, "store/stray_day")
	if err != nil {
		return false, ctx.Err() // it is no sealed month
	}
	return len(lacking) == 0, nil
}

// Unseal brings the rows of a sealed month back into the work copy. Its file is a stray from now on.
func (w *Work) Unseal(ctx context.Context, s Seal, now time.Time) error {
	// Byte for byte: what is taken back takes the place of the file.
	if err := s.Check(w.dir()); err != nil {
		return err
	}
	if err := attachSeal(ctx, w.Conn, w.path, s, "sealed"); err != nil {
		return err
	}
	err := duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
		there, err := duck.All[string](ctx, tx, "store/sealed_table")
		for _, t := range tablesOf(sealedParts...) {
			if err == nil && slices.Contains(there, t.Name) {
				err = duck.ExecOn(ctx, tx, "store/each_unseal", t)
			}
		}
		return err
	})
	if err := errors.Join(err, detach(ctx, w.Conn, "sealed")); err != nil {
		return fmt.Errorf("unseal %s: %w", s.Month, err)
	}
	return w.Unlist(ctx, s.Month, now)
}

// Unlist makes the store forget a sealed month, if it has one. The file is a stray from now on, by its time of modification.
func (w *Work) Unlist(ctx context.Context, month calendar.Month, now time.Time) error {
	files, err := duck.All[string](ctx, w.Conn, "store/delete_sealed_month", sql.Named("month", month.String()))
	for _, file := range files {
		if no := os.Chtimes(filepath.Join(w.dir(), file), now, now); no != nil && !errors.Is(no, os.ErrNotExist) {
			err = errors.Join(err, no)
		}
	}
	return err
}

// compact writes what the work copy holds into a new file in its place, in blocks of so many bytes: DuckDB keeps the room that dropped rows
// took, and the blocks that a file began with.
func (w *Work) compact(ctx context.Context, blocks int) error {
	small := w.copy + ".small"
	return fail.InTurn(ctx,
		func(context.Context) error { return attach(ctx, w.Conn, small, "small", blocksOf(blocks)) },
		func(context.Context) error {
			return within(ctx, w.Conn, "small", func() error { return migrate(ctx, w.Conn, 0) })
		},
		func(context.Context) error {
			return duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
				return of(ctx, tx, "compact", nil, self, head, aside, row, groups, evidence, result, monthly, record, sent, sealing)
			})
		},
		func(context.Context) error { return within(ctx, w.Conn, "small", func() error { return w.whole(ctx) }) },
		func(context.Context) error { return run(ctx, w.Conn, "checkpoint small") },
		func(context.Context) error {
			return errors.Join(detach(ctx, w.Conn, "small"), w.closeDB(), os.Chmod(small, 0o600))
		},
		func(context.Context) error { return os.Rename(small, w.copy) })
}

// attachSeal attaches a sealed month of a store for reading, and makes sure that it is the one that the store knows.
func attachSeal(ctx context.Context, conn *sql.Conn, store string, s Seal, name string) error {
	path := filepath.Join(filepath.Dir(store), s.File)
	if !sealFile.MatchString(s.File) {
		return unsealed(path, errNoSealFile)
	}
	if err := attempt(ctx, path, func() error { return attach(ctx, conn, path, name, "(read_only)") }); err != nil {
		return unsealed(path, err)
	}
	var key string
	err := conn.QueryRowContext(ctx, "select key from "+name+"._data.seal").Scan(&key)
	if err == nil && key != s.Key {
		err = errors.New("it is another one than the store knows")
	}
	if err != nil {
		return errors.Join(unsealed(path, err), detach(ctx, conn, name))
	}
	return nil
}

// attach puts a file beside what a connection has open, under one of this package's own names. ATTACH takes no parameters: the path
// stands in the statement as a quoted literal.
func attach(ctx context.Context, conn *sql.Conn, path, name, how string) error {
	return run(ctx, conn, "attach "+duck.Literal(path)+" as "+name+" "+how)
}

func blocksOf(size int) string { return fmt.Sprintf("(block_size %d)", size) }

// attaching is the statement by which a client of the user's own does.
func attaching(path, name string) string {
	return "attach " + duck.Literal(path) + " as " + name + " (read_only)"
}

func detach(ctx context.Context, conn *sql.Conn, name string) error {
	return run(context.WithoutCancel(ctx), conn, "detach "+name)
}

// run runs statements whose only names are this package's own, or the catalog's.
func run(ctx context.Context, q duck.Queryer, statements ...string) error {
	_, err := q.ExecContext(ctx, strings.Join(statements, ";\n"))
	return err
}

// making runs the statements that an embedded query gives.
func making(ctx context.Context, q duck.Queryer, name string, args ...any) error {
	statements, err := duck.All[string](ctx, q, name, args...)
	if err == nil && len(statements) > 0 {
		err = run(ctx, q, statements...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// within does work with another database as the one that names lead to.
func within(ctx context.Context, conn *sql.Conn, name string, work func() error) error {
	var home string
	if err := conn.QueryRowContext(ctx, "select current_database()").Scan(&home); err != nil {
		return err
	}
	if err := run(ctx, conn, "use "+name); err != nil {
		return err
	}
	return errors.Join(work(), run(context.WithoutCancel(ctx), conn, `use "`+strings.ReplaceAll(home, `"`, `""`)+`"`))
}
