// Package sink keeps what tenants have published in tables of a PostgreSQL: numbers, issued files and data quality, as docs/sink.md
// says. A tenant's rows there are those of its store, or those of it as it was: they change in one transaction.
package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

const (
	connectLimit = 10 * time.Second // for all up to the server's welcome
	tenantLimit  = 2 * time.Minute  // for a tenant's transaction
	version      = "Sink of seats, version 1"
)

// tables are those of the sink; each has the columns of a relation of the store that it holds, by their names.
var tables = []string{"issued_file", "daily_concurrent", "enabled_daily", "monthly_enabled", "monthly_concurrent", "data_quality"}

// Sink is an open one.
type Sink struct{ conn *pgx.Conn }

// Open connects. No error shows any part of where to.
func Open(ctx context.Context, to config.Secret) (*Sink, error) {
	text, err := to.Reveal()
	if err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fail.New(fail.Other, "give one as postgres://USER@HOST/DB", "sink: it is no connection string of PostgreSQL, or names a file that cannot be read")
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeExec // as poolers can
	ctx, stop := context.WithTimeout(ctx, connectLimit)
	defer stop()
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fail.New(fail.Other, "the next run that reaches it brings it up to date; its server's log knows more", "sink: connect: %s", reason(err))
	}
	return &Sink{conn}, nil
}

// reason is what can be said of a connection that failed without where to.
func reason(err error) string {
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return "the server refuses it, SQLSTATE " + pg.Code
	}
	if errno, is := errors.AsType[syscall.Errno](err); is {
		return errno.Error()
	}
	if dns, is := errors.AsType[*net.DNSError](err); is {
		return "the host is not found: " + dns.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", connectLimit)
	}
	return "the server answers otherwise than a PostgreSQL that agrees about TLS and password"
}

// Lost tells whether the connection is gone.
func (s *Sink) Lost() bool { return s.conn.IsClosed() }

// Close ends the connection.
func (s *Sink) Close() error {
	ctx, stop := context.WithTimeout(context.Background(), connectLimit)
	defer stop()
	return s.conn.Close(ctx)
}

// Bring makes the tenant's rows those of its store, which reading opens once it is this transaction's turn: an older state never
// comes after a newer one.
func (s *Sink) Bring(ctx context.Context, tenant string, reading func(func(duck.Queryer) error) error) error {
	return s.within(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, texts.Text("sink/turn"), tenant); err != nil {
			return err
		}
		err := reading(func(store duck.Queryer) error {
			for _, table := range tables {
				var rows string
				of := texts.Table{Name: table}
				if err := store.QueryRowContext(ctx, texts.Fill("sink/each_rows", of), sql.Named("tenant", tenant)).Scan(&rows); err != nil {
					return fmt.Errorf("read %s: %w", table, err)
				}
				if err := bring(ctx, tx, of, tenant, rows); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Commit(ctx)
	})
}

// Try finds out whether the sink could be written, and changes nothing.
func (s *Sink) Try(ctx context.Context) error {
	return s.within(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, table := range tables {
			if err := bring(ctx, tx, texts.Table{Name: table}, "", "[]"); err != nil {
				return err
			}
		}
		return nil
	})
}

// within works in a transaction, in which the tables are there. What is not committed is undone.
func (s *Sink) within(ctx context.Context, work func(context.Context, pgx.Tx) error) error {
	ctx, stop := context.WithTimeoutCause(ctx, tenantLimit, fmt.Errorf("sink: not done within %s", tenantLimit))
	defer stop()
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	defer tx.Rollback(ctx) //nolint:errcheck // after a commit there is nothing to undo
	var is string
	if _, err = tx.Exec(ctx, texts.Text("sink/settings")); err == nil {
		err = tx.QueryRow(ctx, texts.Text("sink/comment")).Scan(&is)
	}
	switch {
	case err != nil:
	case is == "":
		for _, name := range []string{"sink/making", "sink/schema"} {
			if _, err = tx.Exec(ctx, texts.Text(name)); err != nil {
				break
			}
		}
	case !strings.HasSuffix(is, version):
		err = fail.New(fail.Other, "drop its schema seats, and the next run makes it anew; or give another database", "the table seats.issued_file says %q, and not %q", is, version)
	}
	if err == nil {
		err = work(ctx, tx)
	}
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	return nil
}

func bring(ctx context.Context, tx pgx.Tx, of texts.Table, tenant, rows string) error {
	for _, name := range []string{"sink/each_gone", "sink/each_come"} {
		if _, err := tx.Exec(ctx, texts.Fill(name, of), tenant, rows); err != nil {
			return fmt.Errorf("write seats.%s: %w", of.Name, err)
		}
	}
	return nil
}
