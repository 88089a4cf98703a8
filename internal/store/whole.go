package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// attached are the databases of a store that is attached, with its sealed months.
type attached struct {
	live    string // that of the store itself
	version uint64
	sealed  []string
}

// attachAll attaches the store at path, and its sealed months that are wanted, all where wanted is nil. The suffix tells the databases
// of several stores apart.
func attachAll(ctx context.Context, conn *sql.Conn, path, suffix string, wanted func(calendar.Month) bool) (a attached, err error) {
	a.live = "live" + suffix
	if err := attempt(path, func() error { return attach(ctx, conn, path, a.live, "(read_only)") }); err != nil {
		return a, err
	}
	var seals []Seal
	err = within(ctx, conn, a.live, func() (err error) {
		if a.version, err = checkVersion(ctx, conn, path); err == nil {
			seals, err = Seals(ctx, conn)
		}
		return err
	})
	if err != nil {
		return a, err
	}
	for _, s := range only(seals, wanted) {
		name := "sealed_" + strings.ReplaceAll(s.Month, "-", "") + suffix
		if err := attachSeal(ctx, conn, filepath.Dir(path), s, name); err != nil {
			return a, err
		}
		a.sealed = append(a.sealed, name)
	}
	return a, nil
}

// catalog is what a database has: its tables, and its relations with the statements that make them.
type catalog struct{ tables, relations, views []string }

// catalogsOf are those of all that is attached. Of many stores it takes hardly longer than of one, which a question for each would not.
func catalogsOf(ctx context.Context, q duck.Queryer) (map[string]*catalog, error) {
	found := map[string]*catalog{}
	err := duck.Each(ctx, q, "store/catalog", func(scan func(...any) error) error {
		var database, name string
		var view sql.NullString
		if err := scan(&database, &name, &view); err != nil {
			return err
		}
		c := found[database]
		if c == nil {
			c = &catalog{}
			found[database] = c
		}
		if view.Valid {
			c.relations, c.views = append(c.relations, name), append(c.views, view.String)
		} else {
			c.tables = append(c.tables, name)
		}
		return nil
	})
	return found, err
}

// gather makes of a store and its sealed months one set of tables: views in the schema _data of another attached database.
func gather(ctx context.Context, conn *sql.Conn, a attached, catalogs map[string]*catalog, into string) error {
	return within(ctx, conn, into, func() error {
		made := []string{"create schema _data"}
		for _, name := range catalogs[a.live].tables {
			text := "create view _data." + name + " as from " + a.live + "._data." + name
			for _, sealed := range a.sealed { // it has the tables of the version that sealed it
				if rowsOf(name) && slices.Contains(catalogs[sealed].tables, name) {
					text += " union all by name from " + sealed + "._data." + name
				}
			}
			made = append(made, text)
		}
		return all(ctx, conn, made)
	})
}

// OpenWhole is OpenPublished with the rows of the sealed months, as if all lay in one file; of those alone that are wanted,
// all where wanted is nil.
func OpenWhole(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*sql.DB, error) {
	db, err := OpenPublished(ctx, path, o)
	if err != nil {
		return nil, err
	}
	seals, err := Seals(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if len(seals) == 0 {
		return db, nil
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return together(ctx, path, o, func(conn *sql.Conn) error {
		a, err := attachAll(ctx, conn, path, "", wanted)
		if err != nil {
			return err
		}
		catalogs, err := catalogsOf(ctx, conn)
		if err != nil {
			return err
		}
		s, err := assemble(ctx, conn, a, catalogs, "memory")
		if err != nil {
			return err
		}
		macros, err := macrosOf(ctx, conn)
		if err != nil {
			return err
		}
		for _, m := range macros[s.live] {
			if _, err := conn.ExecContext(ctx, m.statement(m.definition)); err != nil {
				return fmt.Errorf("gather %s: %w", m.name, err)
			}
		}
		return comment(ctx, conn, s)
	})
}

// together opens a database in memory beside the store at path and has stores attached to it, read-only. It is locked
// afterwards, where that is wanted.
func together(ctx context.Context, path string, o duck.Options, attachThem func(*sql.Conn) error) (*sql.DB, error) {
	db, err := openTogether(ctx, path, o, attachThem)
	if errors.Is(err, ErrUnsealed) { // a run may have brought it back meanwhile, and published
		return openTogether(ctx, path, o, attachThem)
	}
	return db, err
}

func openTogether(ctx context.Context, path string, o duck.Options, attachThem func(*sql.Conn) error) (db *sql.DB, err error) {
	if o.TempDir, err = tempDir(path, o.TempDir, readerSuffix()); err != nil {
		return nil, err
	}
	lock := o
	o.ReadOnly, o.Locked = false, false
	if db, err = duck.Open("", o); err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // what is attached belongs to all, where names lead to does not
	if err := prepare(ctx, db, lock, attachThem); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func prepare(ctx context.Context, db *sql.DB, lock duck.Options, attachThem func(*sql.Conn) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := attachThem(conn); err != nil || !lock.Locked {
		return err
	}
	return duck.Lock(ctx, conn, lock)
}

// shown is a store as it is shown in a database of a connection.
type shown struct {
	live, database string // the database of the store itself, and that in which its relations are
	version        uint64
	relations      []string
}

// assemble gives the relations of a store, those of the whole, to another attached database.
func assemble(ctx context.Context, conn *sql.Conn, a attached, catalogs map[string]*catalog, into string) (shown, error) {
	s := shown{live: a.live, database: into, version: a.version, relations: catalogs[a.live].relations}
	if err := gather(ctx, conn, a, catalogs, into); err != nil {
		return s, err
	}
	return s, within(ctx, conn, into, func() error { return all(ctx, conn, catalogs[a.live].views) })
}

type macro struct{ name, parameters, definition string }

// macrosOf are the macros of all stores that are attached, by the database. Of many stores it takes no longer than of one.
func macrosOf(ctx context.Context, conn *sql.Conn) (map[string][]macro, error) {
	found := map[string][]macro{}
	err := duck.Each(ctx, conn, "store/macro", func(scan func(...any) error) error {
		var database string
		var m macro
		err := scan(&database, &m.name, &m.parameters, &m.definition)
		found[database] = append(found[database], m)
		return err
	})
	return found, err
}

// statement makes the macro, with a query of the caller's.
func (m macro) statement(query string) string {
	return "create macro " + m.name + "(" + m.parameters + ") as table " + query
}

// comment gives the relations and macros of the database that names lead to the comments that a store has on its own.
func comment(ctx context.Context, conn *sql.Conn, s shown) error {
	var comments []string
	err := within(ctx, conn, s.live, func() (err error) {
		comments, err = textsOf(ctx, conn, "store/comment")
		return err
	})
	if err != nil {
		return err
	}
	return all(ctx, conn, comments)
}

func all(ctx context.Context, conn *sql.Conn, statements []string) error {
	for _, text := range statements {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("gather: %w", err)
		}
	}
	return nil
}
