package store

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// Scratch is a store in memory, empty but for the schema, with a tenant's published store attached beside it,
// read-only, as `published`. What works on a store works on a scratch one too and can spoil nothing: it is never
// published. It keeps no run from working and sees one moment of the published store.
type Scratch struct {
	DB   *sql.DB
	Conn *sql.Conn // the one pinned connection, as Work has it

	temp string
}

// OpenScratch attaches the store at path, with those of its sealed months that are wanted, all where wanted is nil. The errors
// are those of OpenPublished, and ErrUnsealed.
func OpenScratch(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*Scratch, error) {
	s, err := openScratch(ctx, path, o, wanted)
	if errors.Is(err, ErrUnsealed) { // a run may have brought it back meanwhile, and published
		return openScratch(ctx, path, o, wanted)
	}
	return s, err
}

func openScratch(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*Scratch, error) {
	temp, err := tempDir(path, o.TempDir, readerSuffix())
	if err != nil {
		return nil, err
	}
	s := &Scratch{temp: temp}
	if err := s.open(ctx, path, o, wanted); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
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
	a, err := attachAll(ctx, s.Conn, path, "", wanted)
	if err != nil {
		return err
	}
	catalogs, err := catalogsOf(ctx, s.Conn)
	if err != nil {
		return err
	}
	if _, err := s.Conn.ExecContext(ctx, "attach ':memory:' as published"); err != nil {
		return err
	}
	if err := gather(ctx, s.Conn, a, catalogs, "published"); err != nil {
		return err
	}
	return s.fill(ctx, catalogs["memory"].tables)
}

// fill gives a published store of an older version the tables that it has not yet, without rows.
func (s *Scratch) fill(ctx context.Context, tables []string) error {
	for _, name := range tables {
		if _, err := s.Conn.ExecContext(ctx, "create view if not exists published._data."+name+" as from memory._data."+name+" limit 0"); err != nil {
			return err
		}
	}
	return nil
}

// Close throws the scratch store away.
func (s *Scratch) Close() error {
	var err error
	if s.Conn != nil {
		err = s.Conn.Close()
	}
	if s.DB != nil {
		err = errors.Join(err, s.DB.Close())
	}
	return errors.Join(err, os.RemoveAll(s.temp))
}
