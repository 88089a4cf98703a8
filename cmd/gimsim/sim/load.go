package sim

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"seats/internal/gimschema"
)

// Target is a schema of a PostgreSQL database. The tags are those of the command line.
type Target struct {
	DSN    string `required:"" help:"PostgreSQL connection string, URL or keywords."` // of a role that may create tables, or insert into them
	Schema string `default:"public" help:"Schema of the tables."`
	Create bool   `help:"Create schema and tables first, and keys, indexes and statistics afterwards."` // without it rows are added
}

// Load writes the rows as they are in the end. Each table is loaded by COPY on a connection of its own and in a transaction of
// its own: a load that fails, or is interrupted, may leave some tables filled.
func (s *Simulation) Load(ctx context.Context, to Target) (counts Counts, err error) {
	if to.Create {
		if err := to.exec(ctx, "create schema if not exists "+pgx.Identifier{to.Schema}.Sanitize(), gimschema.Tables); err != nil {
			return counts, fmt.Errorf("create tables: %w", err)
		}
	}
	if counts, err = s.copyAll(ctx, to); err != nil {
		return counts, err
	}
	after := []string{"analyze"}
	if to.Create {
		after = []string{"set maintenance_work_mem = '512MB'", gimschema.Keys, "analyze"}
	}
	if err := to.exec(ctx, after...); err != nil {
		return counts, fmt.Errorf("create keys: %w", err)
	}
	return counts, nil
}

// connect opens a connection whose unqualified names are those of the schema.
func (to Target) connect(ctx context.Context) (*pgx.Conn, error) {
	conf, err := pgx.ParseConfig(to.DSN)
	if err != nil {
		return nil, err
	}
	conf.RuntimeParams["search_path"] = pgx.Identifier{to.Schema}.Sanitize()
	return pgx.ConnectConfig(ctx, conf)
}

// exec runs each text, of one or more statements, as a transaction.
func (to Target) exec(ctx context.Context, texts ...string) error {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	for _, text := range texts {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// copyAll deals out the rows to one COPY for each table. The first table to fail stops the others.
func (s *Simulation) copyAll(ctx context.Context, to Target) (Counts, error) {
	copies, ctx := errgroup.WithContext(ctx)
	var feeds sinks
	for t := range tables {
		if !s.has(t) {
			continue
		}
		rows, feed := io.Pipe()
		feeds[t] = feed
		copies.Go(func() error {
			err := to.copyTable(ctx, t, rows)
			rows.CloseWithError(err) // nobody reads them any more
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.name(), err)
			}
			return nil
		})
	}
	counts, streamed := s.stream(ctx, Layout{Increments: 1}, []sinks{feeds})
	for _, feed := range feeds {
		if pipe, is := feed.(*io.PipeWriter); is {
			pipe.CloseWithError(streamed) // without an error it is the end of a complete table
		}
	}
	return counts, cmp.Or(copies.Wait(), streamed)
}

// copyTable copies rows, until they end, in one transaction. Into a table that was just created it goes frozen: no later reader
// has to mark rows as committed. That asks for a truncation in the same transaction.
func (to Target) copyTable(ctx context.Context, t table, rows io.Reader) error {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		options := "format csv"
		if to.Create {
			options += ", freeze"
			if _, err := tx.Exec(ctx, "truncate "+t.name()); err != nil {
				return err
			}
		}
		into := fmt.Sprintf("copy %s (%s) from stdin (%s)", t.name(), strings.Join(t.columns(false), ", "), options)
		_, err := conn.PgConn().CopyFrom(ctx, rows, into)
		return err
	})
}
