// Package pgload fills a PostgreSQL schema with a simulated GIM.
//
// Each table is loaded by COPY on a connection of its own and in a transaction
// of its own: a load that fails, or is interrupted, may leave some tables filled.
package pgload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

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
		if err := to.exec(ctx, createSchema(to.Schema), gimschema.Tables); err != nil {
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

func createSchema(name string) string {
	return "create schema if not exists " + pgx.Identifier{name}.Sanitize()
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
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	feeds := map[sim.Table]chan []byte{}
	counts := map[sim.Table]int64{}
	var copies sync.WaitGroup
	for _, t := range sim.Tables() {
		if !s.Has(t) {
			continue
		}
		feed := make(chan []byte, 8)
		feeds[t] = feed
		copies.Go(func() {
			if err := to.copyTable(ctx, t, feed); err != nil {
				fail(fmt.Errorf("copy %s: %w", t.Name(), err))
			}
		})
	}
	err := s.Stream(ctx, sim.Layout{Cuts: s.Cuts(1)}, func(b *sim.Batch) error {
		for t, feed := range feeds {
			text, rows := b.Increment(0, t)
			if rows == 0 {
				continue
			}
			counts[t] += rows
			select {
			case feed <- text:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	if err != nil {
		fail(err) // before the feeds end: an ended feed is a complete table
	}
	for _, feed := range feeds {
		close(feed)
	}
	copies.Wait()
	return counts, context.Cause(ctx)
}

// copyTable copies what feed gives, until it ends, in one transaction. Into a
// table that was just created it goes frozen: no later reader has to mark rows as
// committed. That asks for a truncation in the same transaction.
func (to Target) copyTable(ctx context.Context, t sim.Table, feed <-chan []byte) (err error) {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	options := "format csv"
	if _, err = conn.Exec(ctx, "begin"); err != nil {
		return err
	}
	if to.Create {
		options += ", freeze"
		if _, err = conn.Exec(ctx, "truncate "+t.Name()); err != nil {
			return err
		}
	}
	into := fmt.Sprintf("copy %s (%s) from stdin (%s)", t.Name(), strings.Join(t.Columns(false), ", "), options)
	if _, err = conn.PgConn().CopyFrom(ctx, &feedReader{ctx: ctx, feed: feed}, into); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "commit")
	return err
}

// feedReader reads texts off a channel as one stream.
type feedReader struct {
	ctx  context.Context
	feed <-chan []byte
	rest []byte
}

func (r *feedReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		select {
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case text, more := <-r.feed:
			if !more && r.ctx.Err() != nil {
				return 0, r.ctx.Err()
			}
			if !more {
				return 0, io.EOF
			}
			r.rest = text
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
