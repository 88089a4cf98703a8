// Package pgload fills a PostgreSQL schema with a simulated GIM.
//
// Each table is loaded by COPY on a connection of its own and in a transaction
// of its own: a load that fails, or is interrupted, may leave some tables filled.
package pgload

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"seats/cmd/gimsim/sim"
	"seats/internal/gimschema"
)

// Target is where the rows go.
type Target struct {
	DSN    string // connection string of a role that may create tables, or insert into them
	Schema string
	// Create makes schema and tables first, and keys, indexes and statistics
	// afterwards. Without it rows are added to tables that are there.
	Create bool
}

// Load writes the final state of a simulation and returns the number of rows of
// each table.
func Load(ctx context.Context, to Target, s *sim.Simulation) (map[sim.Table]int64, error) {
	if to.Create {
		if err := to.exec(ctx, "create schema if not exists "+pgx.Identifier{to.Schema}.Sanitize(), gimschema.Tables); err != nil {
			return nil, fmt.Errorf("create tables: %w", err)
		}
	}
	counts, err := to.copyAll(ctx, s)
	if err != nil {
		return nil, err
	}
	after := []string{"analyze"}
	if to.Create {
		after = []string{"set maintenance_work_mem = '512MB'", gimschema.Keys, "analyze"}
	}
	if err := to.exec(ctx, after...); err != nil {
		return nil, fmt.Errorf("create keys: %w", err)
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
	defer conn.Close(context.WithoutCancel(ctx))
	for _, text := range texts {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// copyAll deals out the simulation's batches to one COPY for each table. The
// first table to fail stops the others.
func (to Target) copyAll(ctx context.Context, s *sim.Simulation) (map[sim.Table]int64, error) {
	copies, ctx := errgroup.WithContext(ctx)
	feeds := map[sim.Table]*io.PipeWriter{}
	counts := map[sim.Table]int64{}
	for _, t := range sim.Tables() {
		if !s.Has(t) {
			continue
		}
		rows, feed := io.Pipe()
		feeds[t] = feed
		copies.Go(func() error {
			err := to.copyTable(ctx, t, rows)
			rows.CloseWithError(err) // nobody reads them any more
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.Name(), err)
			}
			return nil
		})
	}
	streamed := s.Stream(ctx, sim.Layout{Cuts: s.Cuts(1)}, func(b *sim.Batch) error {
		for t, feed := range feeds {
			text, rows := b.Increment(0, t)
			if rows == 0 {
				continue
			}
			counts[t] += rows
			if _, err := feed.Write(text); err != nil {
				return err
			}
		}
		return nil
	})
	for _, feed := range feeds {
		feed.CloseWithError(streamed) // without an error it is the end of a complete table
	}
	return counts, cmp.Or(copies.Wait(), streamed)
}

// copyTable copies rows, until they end, in one transaction. Into a
// table that was just created it goes frozen: no later reader has to mark rows as
// committed. That asks for a truncation in the same transaction.
func (to Target) copyTable(ctx context.Context, t sim.Table, rows io.Reader) error {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		options := "format csv"
		if to.Create {
			options += ", freeze"
			if _, err := tx.Exec(ctx, "truncate "+t.Name()); err != nil {
				return err
			}
		}
		into := fmt.Sprintf("copy %s (%s) from stdin (%s)", t.Name(), strings.Join(t.Columns(false), ", "), options)
		_, err := conn.PgConn().CopyFrom(ctx, rows, into)
		return err
	})
}
