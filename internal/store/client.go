package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/plain"
	texts "example.com/seats/sql"
)

// A client of the user's own sees all rows too. The relations of a store ask the sealed months by their paths, which DuckDB can since
// 1.5, and fail where these are not. For older clients, for a store that was moved, and for several tenants at once there is a catalogue:
// a file of statements, `<tenant>.attach.sql`, that attach all and make the relations anew.

// whole has the relations and macros of the store, to which names lead, ask its sealed months too.
func (w *Work) whole(ctx context.Context) error {
	seals, err := Seals(ctx, w.Conn)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(w.dir())
	if err != nil {
		return err
	}
	type sealed struct {
		Path   string   `json:"path"`
		Tables []string `json:"tables"` // nil: it cannot be read
	}
	all, there := []sealed{}, []bool{}
	for _, s := range seals {
		_, err := os.Stat(filepath.Join(dir, s.File))
		all, there = append(all, sealed{Path: filepath.Join(dir, s.File)}), append(there, err == nil)
	}
	w.sealed = len(seals) > 0
	w.state = sum([]byte(fmt.Sprint(texts.Text("store/region"), texts.Text("store/whole"), texts.Text("store/gather"), Version, all, there)))
	if was, err := duck.One[string](ctx, w.Conn, "store/whole_state"); err != nil || was == w.state {
		return err
	}
	for i, s := range seals {
		if attachSeal(ctx, w.Conn, w.path, s, "sealed") != nil {
			continue
		}
		all[i].Tables, err = duck.All[string](ctx, w.Conn, "store/sealed_table")
		if err := errors.Join(err, detach(ctx, w.Conn, "sealed")); err != nil {
			return err
		}
	}
	return duck.InTx(ctx, w.Conn, func(tx *sql.Tx) error {
		return cmp.Or(duck.Exec(ctx, tx, "store/region"),
			making(ctx, tx, "store/whole", sql.Named("tables", names(sealedParts...)), duck.JSON("sealed", all), sql.Named("state", w.state)),
			duck.Exec(ctx, tx, "store/comment"))
	})
}

// own makes what this program asks in place of what whole has changed.
func own(ctx context.Context, conn *sql.Conn) error {
	return cmp.Or(duck.Exec(ctx, conn, "store/region"), making(ctx, conn, "store/own"))
}

// writeCatalogue writes the catalogue of the published store, unless there is none and no sealed month: any client sees all of that.
func (w *Work) writeCatalogue(ctx context.Context) error {
	path := cataloguePath(w.path)
	if _, err := os.Lstat(path); !w.sealed && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return catalogue(ctx, path, w.state, func(conn *sql.Conn) ([]string, error) {
		return attachOne(ctx, conn, w.path, "memory", nil)
	})
}

func cataloguePath(store string) string { return strings.TrimSuffix(store, ".duckdb") + ".attach.sql" }

// WriteSet writes the catalogue of several tenants, beside the first one's store, where one of theirs has changed. Those that have no
// store yet are left out.
func WriteSet(ctx context.Context, members []Member) error {
	state := fmt.Sprint(texts.Text("store/gather"), Version)
	for _, m := range members {
		text, err := os.ReadFile(cataloguePath(m.Path))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		head, _, _ := bytes.Cut(text, []byte("\n"))
		state += fmt.Sprint(m, string(head))
	}
	return catalogue(ctx, filepath.Join(filepath.Dir(members[0].Path), "attach.sql"), sum([]byte(state)), func(conn *sql.Conn) ([]string, error) {
		made, _, err := attachSet(ctx, conn, members)
		return made, err
	})
}

// catalogue writes the statements that were run to attach stores, unless the file there is of the same state. Where a store has other
// sealed months by now, they end with an error.
func catalogue(ctx context.Context, path, state string, attach func(*sql.Conn) ([]string, error)) error {
	head := "-- Of state " + state + "\n"
	if text, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(text), head) {
		return nil
	}
	s, err := inMemory(ctx, path, duck.Options{}, func(conn *sql.Conn) error {
		made, err := attach(conn)
		if err != nil {
			return err
		}
		guards, err := duck.All[string](ctx, conn, "store/guard")
		return errors.Join(err, plain.Create(path, func(w io.Writer) error {
			_, err := io.WriteString(w, head+texts.Text("store/catalogue")+strings.Join(append(made, guards...), ";\n")+";\n")
			return err
		}, os.Rename))
	})
	if errors.Is(err, ErrUnsealed) {
		return nil // the one of before attaches what is not there, and says so
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return s.Close()
}
