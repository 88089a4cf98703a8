package explain

import (
	"context"
	"database/sql"
	"fmt"

	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

// Breakdown is who used the seats of a region's day. An agent who belongs to several of what is asked for counts in the
// peak and in the enabled agents of each, but in one share: that of the session which began first of those that occupy the
// second (by key where two began at once), and of what it belongs to, of the group whose name comes first, or the location
// or switch that its earliest activity leads to. So the shares, and they alone, add up to the region's number.
//
// Of a month it is who was enabled (R9): an agent who belongs to several counts in each.
type Breakdown struct {
	Parts   []Part       // the largest share first; of a month their names and enabled agents, the most first
	Whole   report.Table // what the shares add up to, in one row
	AsTable report.Table // the parts
}

// Part is a group, a location or a switch.
type Part struct {
	Name    string // "(none)": in no group; "(unknown)": no known switch; NotRead
	Peak    int64  // its own
	PeakTS  int64  // the first second of that
	Share   int64  // of the region's peak, in the first second of that
	Enabled int64
}

// NotRead is the part of those whose agent groups were not read.
const NotRead = "(not read)"

// breakdownVersion is the schema version from which on a store has what a breakdown asks.
const breakdownVersion = 3

// Breakdown breaks the day of a region down. Where its groups were not read, the error says what to do.
func (d *Day) Breakdown(ctx context.Context, by config.Unit) (*Breakdown, error) {
	if err := d.canBreakDown(ctx); err != nil {
		return nil, err
	}
	b := &Breakdown{AsTable: report.Table{Header: []string{"tenant", "region", "date", "by", "name", "peak", "peak_at", "share_at_peak", "enabled"}}}
	var shares int64
	err := duck.Each(ctx, d.conn, "ask/breakdown", func(scan func(...any) error) error {
		var p Part
		err := scan(&p.Name, &p.Peak, &p.PeakTS, &p.Share, &p.Enabled)
		b.Parts = append(b.Parts, p)
		b.AsTable.Rows = append(b.AsTable.Rows, []any{d.tenant.Name, d.Scope.Region, d.Date, string(by), p.Name, p.Peak,
			instant(&p.PeakTS, d.Zone), p.Share, p.Enabled})
		shares += p.Share
		return err
	}, sql.Named("by", string(by)), sql.Named("region", d.Scope.Region), sql.Named("day", d.Date.String()))
	if err != nil {
		return nil, err
	}
	peak, at := d.Curve.peak()
	if shares != peak {
		return nil, fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
			"break %s down by %s: %d agents are counted and %d are found", d.Scope, by, peak, shares)
	}
	b.Whole = report.Table{
		Header: []string{"tenant", "region", "date", "state", "peak", "peak_at"},
		Rows:   [][]any{{d.tenant.Name, d.Scope.Region, d.Date, d.State, peak, instant(&at, d.Zone)}},
	}
	return b, b.wasRead(d.Date.String(), "--date ")
}

func (e *Explainer) canBreakDown(ctx context.Context) error {
	has, err := store.Has(ctx, e.conn, breakdownVersion)
	if err != nil || has {
		return err
	}
	return fail.New(fail.Other, "the next `seats run` or `seats compute` brings the store up to date", "the store of tenant %s is an older version's, which cannot be broken down", e.tenant.Name)
}

// wasRead is an error where the agent groups of a period, for which there is a flag, were not read.
func (b *Breakdown) wasRead(period, flag string) error {
	if len(b.Parts) != 1 || b.Parts[0].Name != NotRead {
		return nil
	}
	return fail.New(fail.NotReady,
		fmt.Sprintf("with agent_group in breakdown, `seats extract %s` reads them, where the source has them: see `seats check`", flag+period),
		"the agent groups of %s were not read", period)
}

// Breakdown breaks the enabled agents of the month down.
func (m *Month) Breakdown(ctx context.Context, by config.Unit) (*Breakdown, error) {
	if err := m.canBreakDown(ctx); err != nil {
		return nil, err
	}
	b := &Breakdown{
		Whole: report.Table{
			Header: []string{"tenant", "region", "month", "state", "enabled"},
			Rows:   [][]any{{m.tenant.Name, m.Region, m.Month, m.State, int64(len(m.Agents))}},
		},
		AsTable: report.Table{Header: []string{"tenant", "region", "month", "by", "name", "enabled"}},
	}
	err := duck.Each(ctx, m.conn, "ask/enabled_by", func(scan func(...any) error) error {
		var p Part
		err := scan(&p.Name, &p.Enabled)
		b.Parts = append(b.Parts, p)
		b.AsTable.Rows = append(b.AsTable.Rows, []any{m.tenant.Name, m.Region, m.Month, string(by), p.Name, p.Enabled})
		return err
	}, sql.Named("by", string(by)), sql.Named("region", m.Region), sql.Named("month", m.Month.String()))
	if err != nil {
		return nil, err
	}
	return b, b.wasRead(m.Month.String(), "--month ")
}
