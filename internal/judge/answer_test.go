// Package judge answers what seats computes from slices from the rows of a GIM alone, in PostgreSQL. Both of seats' own
// computations count the same slice (R12), and a slice that was cut wrongly makes both of them wrong; the judge has none.
//
// It is written from the rules, and knows the configuration and the calendar, but nothing of extract, compute and their
// statements. It is there for tests alone: seats itself never asks it.
package judge

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
)

// Period is a day or a month: in each zone it is other seconds (R7).
type Period interface {
	In(zone *time.Location) calendar.Interval
}

// wholeMonth is a month from the first instant of its first day to the end of its last.
type wholeMonth struct{ calendar.Month }

func (m wholeMonth) In(zone *time.Location) calendar.Interval {
	return calendar.Interval{Start: m.First().In(zone).Start, End: m.Last().In(zone).End}
}

// Question is what a GIM is asked about a tenant's period, in the terms of the statements' parameters. Lists that belong
// together are as long as each other. Times are epoch seconds.
type Question struct {
	TenantKey       *int64
	AsOf            int64
	Lookback        int64    // seconds before the period in which a session may have begun, and before that an activity
	EndSecondCounts bool     // session_end: inclusive
	Excluded        []string // patterns, as LIKE has them

	Regions      []string
	Starts, Ends []int64 // of the period in the regions
	From, Until  int64   // of the period in any region

	Switches, Locations, SwitchRegions []string // where a switch belongs; the empty one is the default location's
}

// Ask puts the question of a tenant's period, of a GIM that is complete up to asOf.
func Ask(t config.Tenant, period Period, asOf int64) Question {
	q := Question{TenantKey: t.TenantKey, AsOf: asOf, Lookback: int64(t.MaxSessionHours) * 3600,
		EndSecondCounts: t.SessionEnd == config.SessionEndInclusive, From: math.MaxInt64, Until: math.MinInt64}
	for _, r := range t.Regions {
		span := period.In(r.Zone)
		if span.Seconds() > 0 { // a zone may skip a date
			q.From, q.Until = min(q.From, span.Start), max(q.Until, span.End)
		}
		q.Regions, q.Starts, q.Ends = append(q.Regions, r.Name), append(q.Starts, span.Start), append(q.Ends, span.End)
		for _, l := range r.Locations {
			names := l.Switches
			if len(names) == 0 {
				names = []string{""}
			}
			for _, name := range names {
				q.Switches, q.Locations, q.SwitchRegions = append(q.Switches, name), append(q.Locations, l.Name), append(q.SwitchRegions, r.Name)
			}
		}
	}
	for _, pattern := range t.ExcludeAgents {
		q.Excluded = append(q.Excluded, strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(pattern))
	}
	return q
}

// Peak is the concurrent count of a region, or of a location of it, on a day (R8).
type Peak struct {
	Region   string
	Location string // "": the region as a whole
	Agents   int64  `db:"peak"`
	At       int64  `db:"peak_ts"`      // first second at the peak; 0 where there is no agent
	Seconds  int64  `db:"peak_seconds"` // how many seconds of the day are at the peak
}

// RegionPeaks answers for the regions alone, by name, and as fast as it can: for a GIM with primary keys and one tenant,
// session_end: exclusive, and a day that is long over. Answer knows the rest.
func (q Question) RegionPeaks(ctx context.Context, conn *pgx.Conn) (peaks []Peak, err error) {
	err = read(ctx, conn, &peaks, "region_peak", q.Regions, q.Starts, q.Ends, q.Switches, q.SwitchRegions, q.DefaultRegion(), q.AsOf,
		q.From-q.Lookback, q.From-2*q.Lookback, q.Until, q.Excluded)
	return peaks, err
}

// DefaultRegion is the region of the default location, "" where there is none.
func (q Question) DefaultRegion() string {
	if i := slices.Index(q.Switches, ""); i >= 0 {
		return q.SwitchRegions[i]
	}
	return ""
}

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
