package store

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// Scratch is a store in memory, empty but for the schema, with a tenant's published store attached beside it, read-only, as
// `published`. What works on a store works on a scratch one too and can spoil nothing: it is never published. It keeps no run from
// working and sees one moment of the published store.
type Scratch struct {
	DB   *sql.DB
	Conn *sql.Conn // the one pinned connection, as Work has it

	temp string
}

// OpenScratch attaches the store at path, with those of its sealed months that are wanted, all where wanted is nil. The errors are
// those of OpenPublished, and ErrUnsealed.
func OpenScratch(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*Scratch, error) {
	return twice(func() (*Scratch, error) {
		temp, err := tempDir(path, o.TempDir, readerSuffix())
		if err != nil {
			return nil, err
		}
		s := &Scratch{temp: temp}
		if err := s.open(ctx, path, o, wanted); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	})
}

func (s *Scratch) open(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (err error) {
	o.TempDir, o.ReadOnly, o.Locked = s.temp, false, false
	if s.DB, err = duck.Open("", o); err != nil {
		return err
	}
	if s.Conn, err = s.DB.Conn(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.Conn, 0); err != nil {
		return err
	}
	y := assembly{conn: s.Conn}
	a := y.attach(ctx, path, "", wanted)
	y.describe(ctx, a)
	y.run(ctx, "attach ':memory:' as published")
	y.gather(ctx, a, "published")
	if y.err != nil {
		return y.err
	}
	for _, name := range y.catalogs["memory"].tables { // a store of an older version has not all: the others are there, without rows
		y.run(ctx, "create view if not exists published._data."+name+" as from memory._data."+name+" limit 0")
	}
	return y.err
}

// Close throws the scratch store away.
func (s *Scratch) Close() error { return errors.Join(closeBoth(&s.Conn, &s.DB), os.RemoveAll(s.temp)) }
