package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// gather attaches the sealed months of a store that is attached as `live`, and makes of all of them one set of tables: views in
// the schema _data of another attached database. The suffix tells the databases of several stores apart.
func gather(ctx context.Context, conn *sql.Conn, dir, suffix, into string, seals []Seal) error {
	live := "live" + suffix
	var attached []string
	for _, s := range seals {
		name := "sealed_" + strings.ReplaceAll(s.Month, "-", "") + suffix
		if err := attachSeal(ctx, conn, dir, s, name); err != nil {
			return err
		}
		attached = append(attached, name)
	}
	var names []string
	err := within(ctx, conn, live, func() (err error) {
		names, err = textsOf(ctx, conn, "store/table.sql")
		return err
	})
	if err != nil {
		return err
	}
	return within(ctx, conn, into, func() error {
		if _, err := conn.ExecContext(ctx, "create schema _data"); err != nil {
			return err
		}
		for _, name := range names {
			text := "create view _data." + name + " as from " + live + "._data." + name
			if rowsOf(name) {
				for _, sealed := range attached {
					has, err := sealHas(ctx, conn, sealed, name)
					if err != nil {
						return err
					}
					if has {
						text += " union all by name from " + sealed + "._data." + name
					}
				}
			}
			if _, err := conn.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("gather %s: %w", name, err)
			}
		}
		return nil
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
		s, err := assemble(ctx, conn, path, "", "memory", wanted)
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
func together(ctx context.Context, path string, o duck.Options, attachAll func(*sql.Conn) error) (*sql.DB, error) {
	db, err := attached(ctx, path, o, attachAll)
	if errors.Is(err, ErrUnsealed) { // a run may have brought it back meanwhile, and published
		return attached(ctx, path, o, attachAll)
	}
	return db, err
}

func attached(ctx context.Context, path string, o duck.Options, attachAll func(*sql.Conn) error) (db *sql.DB, err error) {
	if o.TempDir, err = tempDir(path, o.TempDir, readerSuffix()); err != nil {
		return nil, err
	}
	lock := o
	o.ReadOnly, o.Locked = false, false
	if db, err = duck.Open("", o); err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // what is attached belongs to all, where names lead to does not
	if err := prepare(ctx, db, lock, attachAll); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func prepare(ctx context.Context, db *sql.DB, lock duck.Options, attachAll func(*sql.Conn) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := attachAll(conn); err != nil || !lock.Locked {
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

// assemble attaches the store at path with its sealed months, and gives its relations, those of the whole, to another
// attached database.
func assemble(ctx context.Context, conn *sql.Conn, path, suffix, into string, wanted func(calendar.Month) bool) (shown, error) {
	s := shown{live: "live" + suffix, database: into}
	if err := attempt(path, func() error { return attach(ctx, conn, path, s.live, "(read_only)") }); err != nil {
		return s, err
	}
	var seals []Seal
	var views []string
	err := within(ctx, conn, s.live, func() (err error) {
		if s.version, err = checkVersion(ctx, conn, path); err != nil {
			return err
		}
		if seals, err = Seals(ctx, conn); err != nil {
			return err
		}
		if views, err = textsOf(ctx, conn, "store/view.sql"); err != nil {
			return err
		}
		s.relations, err = textsOf(ctx, conn, "store/relation.sql")
		return err
	})
	if err != nil {
		return s, err
	}
	if err := gather(ctx, conn, filepath.Dir(path), suffix, into, only(seals, wanted)); err != nil {
		return s, err
	}
	return s, within(ctx, conn, into, func() error { return all(ctx, conn, views) })
}

type macro struct{ name, parameters, definition string }

// macrosOf are the macros of all stores that are attached, by the database. Of many stores it takes no longer than of one.
func macrosOf(ctx context.Context, conn *sql.Conn) (map[string][]macro, error) {
	found := map[string][]macro{}
	err := duck.Each(ctx, conn, "store/macro.sql", func(scan func(...any) error) error {
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
		comments, err = textsOf(ctx, conn, "store/comment.sql")
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
