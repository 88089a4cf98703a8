// Package sink keeps what tenants have published in tables of a PostgreSQL, for whoever asks by SQL (docs/sink.md). A tenant's rows there
// are those of its store, or those of it as it was: they change in one transaction.
package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// Fill brings the sink's rows of each tenant to those of its store. What one tenant is refused costs the others nothing. Without
// tenants it only finds out whether it could, and changes nothing.
func Fill(ctx context.Context, to config.Secret, tenants []config.Tenant) (failed error) {
	conn, err := open(ctx, to)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // all is committed
	if err := within(ctx, conn, nil, len(tenants) > 0); err != nil {
		return fmt.Errorf("sink: %w", err) // said once, and not of every tenant
	}
	for _, t := range tenants {
		if err := within(ctx, conn, &t, true); err != nil {
			failed = errors.Join(failed, fmt.Errorf("sink: tenant %s: %w", t.Name, err))
		}
		if conn.IsClosed() {
			break
		}
	}
	return failed
}

// open connects, within ten seconds. No error shows any part of where to.
func open(ctx context.Context, to config.Secret) (*pgx.Conn, error) {
	text, err := to.Reveal()
	if err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fail.New(fail.Other, "give one as postgres://USER@HOST/DB", "sink: it is no connection string of PostgreSQL, or names a file that cannot be read")
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeExec // as poolers can
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fail.New(fail.Other, "the next run that reaches it brings it up to date; its server's log knows more", "sink: %s", reason(err))
	}
	return conn, nil
}

// reason is what can be said of a connection that failed without where to.
func reason(err error) string {
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return "the server refuses it, SQLSTATE " + pg.Code
	}
	if dns, is := errors.AsType[*net.DNSError](err); is {
		return "the host is not found: " + dns.Err
	}
	if op, is := errors.AsType[*net.OpError](err); is {
		return op.Err.Error() // of the system, without the address
	}
	return "the server answers otherwise than a PostgreSQL that agrees about TLS and password"
}

// within works in a transaction, in which the tables are there, for a tenant or for none; where it is not to be kept, all is undone.
func within(ctx context.Context, conn *pgx.Conn, t *config.Tenant, keep bool) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}) // sees what was committed while it waited
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // after a commit there is nothing to undo
	_, err = tx.Exec(ctx, texts.Text("sink/schema"))
	if err == nil && t != nil {
		err = bring(ctx, tx, *t)
	}
	if err != nil || !keep {
		return err
	}
	return tx.Commit(ctx)
}

// bring sends the months that changed. The store is read once no other run of the tenant is at it, so that an older state never comes
// after a newer one. A tenant without a store keeps its rows.
func bring(ctx context.Context, tx pgx.Tx, t config.Tenant) error {
	if _, err := tx.Exec(ctx, texts.Text("sink/turn"), t.Name); err != nil {
		return err
	}
	var loaded string
	if err := tx.QueryRow(ctx, texts.Text("sink/loaded"), t.Name).Scan(&loaded); err != nil {
		return err
	}
	db, err := store.OpenPublished(ctx, t.StorePath(), duck.Of(t.Engine))
	if errors.Is(err, store.ErrMissing) {
		return nil
	} else if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	changes, err := duck.All[struct{ Table, Months string }](ctx, db, "sink/change", sql.Named("tenant", t.Name), sql.Named("loaded", loaded))
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, c := range changes {
		for _, name := range []string{"sink/each_gone", "sink/each_come"} {
			batch.Queue(texts.Fill(name, texts.Table{Name: c.Table}), t.Name, c.Months)
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}
