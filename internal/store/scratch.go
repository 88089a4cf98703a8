package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"

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

// OpenScratch attaches the store at path. The errors are those of OpenPublished.
func OpenScratch(ctx context.Context, path string, o duck.Options) (*Scratch, error) {
	temp, err := tempDir(path, o.TempDir, readerSuffix())
	if err != nil {
		return nil, err
	}
	s := &Scratch{temp: temp}
	if err := s.open(ctx, path, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Scratch) open(ctx context.Context, path string, o duck.Options) (err error) {
	o.TempDir, o.ReadOnly, o.Sealed = s.temp, false, false
	if s.DB, err = duck.Open("", o); err != nil {
		return err
	}
	if s.Conn, err = s.DB.Conn(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.Conn, 0); err != nil {
		return err
	}
	// ATTACH takes no parameter: this is the one value that stands in a statement, as a quoted literal.
	attach := "attach '" + strings.ReplaceAll(path, "'", "''") + "' as published (read_only)"
	err = attempt(path, func() error {
		_, err := s.Conn.ExecContext(ctx, attach)
		return err
	})
	if err != nil {
		return err
	}
	_, err = checkVersionOf(ctx, s.Conn, "audit/version.sql", path)
	return err
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
