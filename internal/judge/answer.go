package judge

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

//go:embed *.sql
var statements embed.FS

// Answer is what the judge finds for a day.
type Answer struct {
	Seats   []Seat
	Peaks   []Peak // of each region and each location, by name
	Enabled []Enabled
	Doubts  []Doubt // of the data-quality rules that doubt.sql knows, by name
}

// Seat is a qualifying session (R4) in a location (R5) with whose region's period it shares a second.
type Seat struct {
	Region, Location string
	Agent            string
	SessionKey       int64
	StartKey         int64 `db:"start_date_time_key"`
	Start            int64 `db:"start_ts"`
	Until            int64 `db:"until_ts"` // the first second that it does not occupy
	Activities       int64 // that put it into the location
}

// Enabled is an agent of a region in the period (R9).
type Enabled struct{ Region, Agent string }

// Doubt is how often a data-quality rule applies (R11).
type Doubt struct {
	Rule  string
	Count int64
}

// Answer answers for a day, whatever the GIM is like: it may hold several tenants and have no primary keys.
func (q Question) Answer(ctx context.Context, conn *pgx.Conn) (a Answer, err error) {
	err = q.seated(ctx, conn, func(tx pgx.Tx) error {
		return errors.Join(
			read(ctx, tx, &a.Seats, "placed", q.Regions, q.Starts, q.Ends),
			read(ctx, tx, &a.Peaks, "peak", q.Regions, q.Starts, q.Ends, q.Locations, q.SwitchRegions),
			read(ctx, tx, &a.Enabled, "enabled", q.Regions, q.Starts, q.Ends),
			read(ctx, tx, &a.Doubts, "doubt", q.Starts, q.Ends))
	})
	return a, err
}

// EnabledAgents answers for the agents alone, of a month or a day.
func (q Question) EnabledAgents(ctx context.Context, conn *pgx.Conn) (agents []Enabled, err error) {
	err = q.seated(ctx, conn, func(tx pgx.Tx) error { return read(ctx, tx, &agents, "enabled", q.Regions, q.Starts, q.Ends) })
	return agents, err
}

// HighWater is up to when a GIM is complete (R10), epoch seconds.
func HighWater(ctx context.Context, conn *pgx.Conn) (mark int64, err error) {
	err = conn.QueryRow(ctx, text("high_water")).Scan(&mark)
	return mark, err
}

// seated finds the qualifying sessions, and reads from them what is asked for.
func (q Question) seated(ctx context.Context, conn *pgx.Conn, ask func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, step := range []struct {
			name string
			args []any
		}{
			{"tables", nil},
			{"person", []any{q.Excluded}},
			{"session", []any{q.TenantKey, q.AsOf, q.EndSecondCounts, q.From - q.Lookback, q.Starts, q.Ends}},
			{"activity", []any{q.TenantKey, q.AsOf, q.From, q.Lookback, q.EndSecondCounts}},
			{"seat", []any{q.Switches, q.Locations, q.SwitchRegions}},
		} {
			if _, err := tx.Exec(ctx, text(step.name), step.args...); err != nil {
				return fmt.Errorf("run judge/%s.sql: %w", step.name, err)
			}
		}
		return ask(tx)
	})
}

// read asks a query for its rows.
func read[T any](ctx context.Context, on interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, into *[]T, name string, args ...any) error {
	rows, err := on.Query(ctx, text(name), args...)
	if err == nil {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
	}
	if err != nil {
		return fmt.Errorf("ask judge/%s.sql: %w", name, err)
	}
	return nil
}

func text(name string) string {
	b, err := statements.ReadFile(name + ".sql")
	if err != nil {
		panic(err) // a name that is in no file is a mistake of the program
	}
	return string(b)
}
