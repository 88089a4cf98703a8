// Package sink keeps the issued files and numbers of tenants in tables of a PostgreSQL, for whoever asks by SQL (docs/sink.md).
package sink

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

const (
	version = 1
	// patience is for connecting, and for each transaction, by the client's own clock.
	patience = 2 * time.Minute
)

// relations are the tables that hold tenants' rows.
var relations = []string{"issued_file", "daily_concurrent", "enabled_daily", "monthly_enabled", "monthly_concurrent", "data_quality"}

// Fill makes the sink's rows of each tenant those of its store, in a transaction each, and the tables where there are none. Only months
// that differ are sent. A tenant without a store keeps the rows that it has. What one tenant is refused costs the others nothing.
func Fill(ctx context.Context, target config.Secret, tenants []config.Tenant) (failed error) {
	s, err := open(ctx, target)
	if err != nil {
		return err
	}
	defer s.Close(context.WithoutCancel(ctx)) //nolint:errcheck // all is committed
	if err := s.in(ctx, s.prepare); err != nil {
		return err
	}
	for _, t := range tenants {
		if err := s.in(ctx, func(ctx context.Context, tx pgx.Tx) error { return fill(ctx, tx, t) }); err != nil {
			failed = errors.Join(failed, fmt.Errorf("tenant %s: %w", t.Name, err))
		}
		if s.IsClosed() {
			break
		}
	}
	return failed
}

// Try tells whether Fill could write, and gives where the sink is. It changes nothing.
func Try(ctx context.Context, target config.Secret) (where string, err error) {
	s, err := open(ctx, target)
	if err != nil {
		return "", err
	}
	defer s.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is to be kept
	undo := errors.New("tried")
	err = s.in(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := s.prepare(ctx, tx)
		for _, r := range append([]string{"loaded"}, relations...) {
			if err == nil {
				_, err = tx.Exec(ctx, texts.Fill("sink/each_writable", texts.Table{Name: r}))
			}
		}
		return cmp.Or(err, undo)
	})
	if errors.Is(err, undo) {
		err = nil
	}
	c := s.Config()
	return fmt.Sprintf("%s:%d, database %s, schema %s", c.Host, c.Port, c.Database, s.schema), err
}

type conn struct {
	*pgx.Conn
	schema string // quoted
}

// open connects. No error holds the target, which may have a password in it.
func open(ctx context.Context, target config.Secret) (*conn, error) {
	dsn, err := target.Reveal()
	if err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fail.New(fail.Other, "set it as postgres://USER@HOST/DB", "globals.sink: is no connection string of PostgreSQL")
	}
	schema := pgx.Identifier{cmp.Or(c.RuntimeParams["search_path"], "seats")}.Sanitize()
	delete(c.RuntimeParams, "search_path") // a pooler may refuse it
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	to, err := pgx.ConnectConfig(ctx, c)
	return &conn{to, schema}, err
}

// in works in a transaction, which ends with all of the work or none.
func (s *conn) in(ctx context.Context, work func(context.Context, pgx.Tx) error) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	return pgx.BeginFunc(ctx, s, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, texts.Text("sink/settings"), s.schema); err != nil {
			return err
		}
		return work(ctx, tx)
	})
}

// prepare makes schema and tables where they are not there yet.
func (s *conn) prepare(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, texts.Text("sink/lock"), "tables"); err != nil {
		return err
	}
	var noSchema, noTables bool
	if err := tx.QueryRow(ctx, texts.Text("sink/missing"), s.schema).Scan(&noSchema, &noTables); err != nil {
		return err
	}
	if noSchema {
		if _, err := tx.Exec(ctx, "create schema "+s.schema); err != nil {
			return err
		}
	}
	if noTables {
		_, err := tx.Conn().PgConn().Exec(ctx, texts.Text("sink/schema_1")).ReadAll()
		return err
	}
	var is int
	if err := tx.QueryRow(ctx, texts.Text("sink/version")).Scan(&is); err != nil || is == version {
		return err
	}
	return fail.New(fail.Other, "use the program that made it, or another schema", "the sink's tables are of version %d, and this program's of %d", is, version)
}

type part struct{ Relation, Month, Rows string }

// fill brings a tenant's rows up to date. The store is read once no other run of the tenant is at it.
func fill(ctx context.Context, tx pgx.Tx, t config.Tenant) error {
	if _, err := tx.Exec(ctx, texts.Text("sink/lock"), "tenant "+t.Name); err != nil {
		return err
	}
	db, err := store.OpenPublished(ctx, t.StorePath(), duck.Of(t.Engine))
	if errors.Is(err, store.ErrMissing) {
		return nil
	} else if err != nil {
		return err
	}
	parts, err := duck.All[part](ctx, db, "sink/part", sql.Named("tenant", t.Name))
	if err = cmp.Or(err, db.Close()); err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, texts.Text("sink/loaded"), t.Name) // its error comes with the rows
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByPos[part])
	if err != nil {
		return err
	}
	had := map[part]string{} // hashes, by table and month
	for _, p := range loaded {
		had[part{p.Relation, p.Month, ""}] = p.Rows
	}
	send := &pgx.Batch{}
	drop := func(p part) {
		send.Queue(texts.Fill("sink/each_delete", texts.Table{Name: p.Relation}), t.Name, p.Month)
		send.Queue(texts.Text("sink/forget"), t.Name, p.Relation, p.Month)
	}
	for _, p := range parts {
		is, hash := part{p.Relation, p.Month, ""}, fmt.Sprintf("%x", sha256.Sum256([]byte(p.Rows)))
		if had[is] != hash {
			drop(p)
			send.Queue(texts.Fill("sink/each_insert", texts.Table{Name: p.Relation}), p.Rows)
			send.Queue(texts.Text("sink/remember"), t.Name, p.Relation, p.Month, hash)
		}
		delete(had, is)
	}
	for p := range had { // what the store no longer has
		drop(p)
	}
	return tx.SendBatch(ctx, send).Close()
}
