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
type Breakdown struct {
	*Day
	By    config.Unit
	Parts []Part // the largest share first
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
	b := &Breakdown{Day: d, By: by}
	var shares int64
	err := duck.Each(ctx, d.conn, "ask/breakdown", func(scan func(...any) error) error {
		var p Part
		err := scan(&p.Name, &p.Peak, &p.PeakTS, &p.Share, &p.Enabled)
		b.Parts = append(b.Parts, p)
		shares += p.Share
		return err
	}, sql.Named("by", string(by)), sql.Named("region", d.Scope.Region), sql.Named("day", d.Date.String()))
	if err != nil {
		return nil, err
	}
	if peak, _ := d.Curve.Plateaus(); shares != peak {
		return nil, fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
			"break %s down by %s: %d agents are counted and %d are found", d.Scope, by, peak, shares)
	}
	if len(b.Parts) == 1 && b.Parts[0].Name == NotRead {
		return nil, notRead(d.Date.String(), "--date "+d.Date.String())
	}
	return b, nil
}

func (e *Explainer) canBreakDown(ctx context.Context) error {
	has, err := store.Has(ctx, e.conn, breakdownVersion)
	if err != nil || has {
		return err
	}
	return fail.New(fail.Other, "the next `seats run` or `seats compute` brings the store up to date", "the store of tenant %s is an older version's, which cannot be broken down", e.tenant.Name)
}

func notRead(period, flags string) error {
	return fail.New(fail.NotReady, fmt.Sprintf("with agent_group in breakdown, `seats extract %s` reads them, where the source has them: see `seats check`", flags),
		"the agent groups of %s were not read", period)
}

// Table shows the parts.
func (b *Breakdown) Table() report.Table {
	t := report.Table{Header: []string{"tenant", "region", "date", "by", "name", "peak", "peak_at", "share_at_peak", "enabled"}}
	for _, p := range b.Parts {
		t.Rows = append(t.Rows, []any{b.tenant.Name, b.Scope.Region, b.Date, string(b.By), p.Name, p.Peak, instant(&p.PeakTS, b.Zone), p.Share, p.Enabled})
	}
	return t
}

// Summary is what the shares add up to, in one row.
func (b *Breakdown) Summary() report.Table {
	agents, plateaus := b.Curve.Plateaus()
	var at *int64
	if agents > 0 {
		at = &plateaus[0].Start
	}
	return report.Table{
		Header: []string{"tenant", "region", "date", "state", "peak", "peak_at"},
		Rows:   [][]any{{b.tenant.Name, b.Scope.Region, b.Date, b.State, agents, instant(at, b.Zone)}},
	}
}

// MonthBreakdown is who was enabled in a region's month (R9). An agent who belongs to several counts in each.
type MonthBreakdown struct {
	*Month
	By    config.Unit
	Parts []Part // their names and enabled agents, the most first
}

// Breakdown breaks the enabled agents of the month down.
func (m *Month) Breakdown(ctx context.Context, by config.Unit) (*MonthBreakdown, error) {
	if err := m.canBreakDown(ctx); err != nil {
		return nil, err
	}
	b := &MonthBreakdown{Month: m, By: by}
	err := duck.Each(ctx, m.conn, "ask/enabled_by", func(scan func(...any) error) error {
		var p Part
		err := scan(&p.Name, &p.Enabled)
		b.Parts = append(b.Parts, p)
		return err
	}, sql.Named("by", string(by)), sql.Named("region", m.Region), sql.Named("month", m.Month.String()))
	if err == nil && len(b.Parts) == 1 && b.Parts[0].Name == NotRead {
		err = notRead(m.Month.String(), "--month "+m.Month.String())
	}
	return b, err
}

// Table shows the parts.
func (b *MonthBreakdown) Table() report.Table {
	t := report.Table{Header: []string{"tenant", "region", "month", "by", "name", "enabled"}}
	for _, p := range b.Parts {
		t.Rows = append(t.Rows, []any{b.tenant.Name, b.Region, b.Month.Month, string(b.By), p.Name, p.Enabled})
	}
	return t
}

// Summary is the region's number, in one row.
func (b *MonthBreakdown) Summary() report.Table {
	return report.Table{
		Header: []string{"tenant", "region", "month", "state", "enabled"},
		Rows:   [][]any{{b.tenant.Name, b.Region, b.Month.Month, b.State, int64(len(b.Agents))}},
	}
}
