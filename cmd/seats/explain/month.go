package explain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

// Month is who was enabled in a region in a month (R9).
type Month struct {
	*Explainer
	Month  calendar.Month
	Region string
	Zone   *time.Location
	State  string
	Agents []Enabled
}

// Enabled is an agent of the month, with the earliest session that made her one.
type Enabled struct {
	Agent    string
	Days     int64 // days on which a session of hers counted
	Date     calendar.Date
	Location string
	Session  Key
	Login    int64
	Kind     string // of the activity that qualified the session
	Activity int64  // its activity_key
	ActiveAt int64  // its start
}

// Month lists the enabled agents of a region in a month.
func (e *Explainer) Month(ctx context.Context, month calendar.Month, region string) (*Month, error) {
	_, zone, err := e.scope(calendar.Date{}, region, "")
	if err != nil {
		return nil, err
	}
	result, err := compute.LoadMonth(ctx, e.conn, e.tenant, month)
	if _, missing := errors.AsType[*compute.MissingError](err); missing {
		return nil, fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` brings what is missing", month), "nothing to explain: %w", err)
	}
	if err != nil {
		return nil, err
	}
	stands, err := compute.Look(ctx, e.conn, e.tenant, e.tenant.DaysOf(month)...)
	if err == nil {
		err = checkFresh(stands...)
	}
	if err != nil {
		return nil, err
	}
	again := fmt.Sprintf("`seats compute --month %s` counts it", month)
	if result.Stale {
		return nil, fail.New(fail.Other, again, "%s has no result for its slices under today's configuration", month)
	}
	m, days, counted := &Month{Explainer: e, Month: month, Region: region, Zone: zone}, []string{}, int64(0)
	for _, r := range result.Regions {
		if r.Region == region {
			m.State, counted = r.State, r.Agents
			for _, slice := range r.Slices {
				days = append(days, slice.Day.String())
			}
		}
	}
	m.Agents, err = duck.All[Enabled](ctx, m.conn, "ask/enabled_agent", sql.Named("region", m.Region), sql.Named("days", days))
	if n := int64(len(m.Agents)); n != counted && err == nil {
		err = fail.New(fail.Store, again+" again", "explain %s in %s: %d agents are counted and %d are found", region, month, counted, n)
	}
	return m, err
}

// DaysRead are the days of a month of which the store holds a slice, and those of which it does not.
func (e *Explainer) DaysRead(ctx context.Context, month calendar.Month) (read, missing []calendar.Date, err error) {
	slices, err := store.Slices(ctx, e.conn)
	for _, day := range month.Days() {
		if _, held := slices[day.String()]; held {
			read = append(read, day)
		} else {
			missing = append(missing, day)
		}
	}
	return read, missing, err
}

// Table lists the enabled agents of the month.
func (m *Month) Table() report.Table {
	t := report.Table{Header: []string{
		"tenant", "region", "month", "agent", "days", "first_date", "location", "sm_res_session_fact_key", "start_date_time_key", "login",
		"kind", "activity_key", "activity_start",
	}}
	for _, a := range m.Agents {
		t.Rows = append(t.Rows, []any{m.tenant.Name, m.Region, m.Month, a.Agent, a.Days, a.Date, a.Location, a.Session.ID, a.Session.DateTimeKey,
			instant(&a.Login, m.Zone), a.Kind, a.Activity, instant(&a.ActiveAt, m.Zone)})
	}
	return t
}

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

// breakDown asks for the parts of a region's day or month. Where its agent groups were not read, the error says what to do: which
// flag names the period.
func (e *Explainer) breakDown(ctx context.Context, statement string, by config.Unit, region string, period fmt.Stringer, flag string) ([]Part, error) {
	has, err := store.Has(ctx, e.conn, breakdownVersion)
	if err == nil && !has {
		err = fail.New(fail.Other, "the next `seats run` or `seats compute` brings the store up to date",
			"the store of tenant %s is an older version's, which cannot be broken down", e.tenant.Name)
	}
	if err != nil {
		return nil, err
	}
	parts, err := duck.All[Part](ctx, e.conn, statement, sql.Named("by", string(by)), sql.Named("region", region), sql.Named("period", period.String()))
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 && parts[0].Name == NotRead {
		err = fail.New(fail.NotReady,
			fmt.Sprintf("with agent_group in breakdown, `seats extract %s %s` reads them, where the source has them: see `seats check`", flag, period),
			"the agent groups of %s were not read", period)
	}
	return parts, err
}

// Breakdown breaks the day of a region down.
func (d *Day) Breakdown(ctx context.Context, by config.Unit) (*Breakdown, error) {
	parts, err := d.breakDown(ctx, "ask/breakdown", by, d.Scope.Region, d.Date, "--date")
	if err != nil && len(parts) == 0 {
		return nil, err
	}
	peak, at := d.Curve.peak()
	b := &Breakdown{
		Parts: parts,
		Whole: report.Table{
			Header: []string{"tenant", "region", "date", "state", "peak", "peak_at"},
			Rows:   [][]any{{d.tenant.Name, d.Scope.Region, d.Date, d.State, peak, instant(&at, d.Zone)}},
		},
		AsTable: report.Table{Header: []string{"tenant", "region", "date", "by", "name", "peak", "peak_at", "share_at_peak", "enabled"}},
	}
	var shares int64
	for _, p := range parts {
		b.AsTable.Rows = append(b.AsTable.Rows, []any{d.tenant.Name, d.Scope.Region, d.Date, string(by), p.Name, p.Peak, instant(&p.PeakTS, d.Zone), p.Share, p.Enabled})
		shares += p.Share
	}
	if shares != peak {
		return nil, fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
			"break %s down by %s: %d agents are counted and %d are found", d.Scope, by, peak, shares)
	}
	return b, err
}

// Breakdown breaks the enabled agents of the month down.
func (m *Month) Breakdown(ctx context.Context, by config.Unit) (*Breakdown, error) {
	parts, err := m.breakDown(ctx, "ask/enabled_by", by, m.Region, m.Month, "--month")
	if err != nil {
		return nil, err
	}
	b := &Breakdown{
		Parts: parts,
		Whole: report.Table{
			Header: []string{"tenant", "region", "month", "state", "enabled"},
			Rows:   [][]any{{m.tenant.Name, m.Region, m.Month, m.State, int64(len(m.Agents))}},
		},
		AsTable: report.Table{Header: []string{"tenant", "region", "month", "by", "name", "enabled"}},
	}
	for _, p := range parts {
		b.AsTable.Rows = append(b.AsTable.Rows, []any{m.tenant.Name, m.Region, m.Month, string(by), p.Name, p.Enabled})
	}
	return b, nil
}
