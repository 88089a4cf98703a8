// Package statement writes a tenant's month as a workbook for people: what is paid, the daily peaks with a chart, who was in the
// month's peak, what was doubtful or restated, and the hashes of what was issued.
//
// Promises: the numbers are those that the store holds and the files that stand, whatever the configuration says by now; who was in a
// peak is told by package explain, or why it cannot be. Numbers and dates are that, times stand by the region's clock, and no text
// becomes a formula. Equal stores give equal bytes: no clock is read. Memory grows with the month's peaks and the agents in one.
package statement

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"seats/cmd/seats/explain"
	"seats/cmd/seats/job"
	"seats/cmd/seats/pseudonym"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	texts "seats/sql"
)

// Month is a tenant's month, of which a statement is written.
type Month struct {
	calendar.Month
	Conn *sql.Conn // to the published store, with the month's rows
	Of   config.Tenant
	Mask *pseudonym.Key // nil: agents are named
	Log  job.Log
}

// table is what a sheet shows: numbers, texts, a calendar.Date, a time.Time by the clock that it is to be read by, or nil.
type table struct {
	header []string
	rows   [][]any
}

// zoneColumn is the header of the time zone by whose clock a row's instants are told.
const zoneColumn = "Time zone"

// Write writes the workbook. A month of which nothing is counted is an error of fail.NotReady.
func (m Month) Write(ctx context.Context, w io.Writer) error {
	var regions, zones []string
	var committed []int64
	for _, r := range m.Of.Regions {
		regions, zones, committed = append(regions, r.Name), append(zones, r.Zone.String()), append(committed, r.Committed)
	}
	month, masked := sql.Named("month", m.String()), sql.Named("masked", m.Mask != nil)
	billed := []any{month, sql.Named("regions", regions), sql.Named("zones", zones), sql.Named("committed", committed),
		sql.Named("elsewhere", m.Of.Zone.String())}
	asOf, err := duck.One[int64](ctx, m.Conn, "ask/page_as_of")
	if err != nil {
		return err
	}
	b := newBook(m, time.Unix(asOf, 0).UTC())
	defer b.Close() //nolint:errcheck // it has no files of its own
	hasContracts, err := store.Has(ctx, m.Conn, 5)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name, note, from string
		args             []any
	}{
		{"Month", "What the store held on " + time.Unix(asOf, 0).UTC().Format(time.DateTime) + " UTC. Times are those of the region's time zone.", "month", billed},
		{"Contracts", "What the contracts of each region say of the month, from the curves of its days.", "contract", []any{month}},
		{"Daily peaks", "The most agents at once in any second of the day.", "day", billed},
		{"Peak", "Who was in the first second of the month's peak, and the activity that qualifies each session.", "", nil},
		{"Quality", "What may be doubtful in the source, and how often it was found.", "quality", []any{month}},
		{"Restatements", "Files that were issued again, and what they superseded.", "revision", []any{month, masked}},
		{"Files", "The data files that stand. Whoever holds one can compare its SHA-256.", "file", []any{month, masked}},
	} {
		var t table
		switch {
		case s.name == "Contracts" && !hasContracts:
		case s.name == "Peak":
			t, err = m.peaks(ctx)
		default:
			t, err = m.read(ctx, "ask/statement_"+s.from, s.args...)
		}
		switch {
		case err != nil:
			return err
		case s.name == "Quality" && len(t.rows) == 0: // each day has all its rules
			return fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` reads and counts it", m), "nothing of %s is counted", m)
		case s.name == "Contracts" && len(t.rows) == 0:
			continue
		}
		b.sheet(s.name, s.note, t)
		if s.name == "Daily peaks" {
			b.chart(s.name, t)
		}
	}
	b.check(b.DeleteSheet("Sheet1"))
	b.settle()
	if b.err == nil {
		b.err = b.Write(w)
	}
	return b.err
}

// read gives what a statement finds, under the names that it gives its columns. An instant is told by the clock of the row's zone.
func (m Month) read(ctx context.Context, name string, args ...any) (t table, err error) {
	rows, err := m.Conn.QueryContext(ctx, texts.Text(name), args...)
	if err != nil {
		return t, fmt.Errorf("run sql/%s: %w", name, err)
	}
	defer rows.Close() //nolint:errcheck // read to the end
	types, err := rows.ColumnTypes()
	if err != nil {
		return t, err
	}
	for _, c := range types {
		t.header = append(t.header, c.Name())
	}
	for rows.Next() {
		row, into := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return t, err
		}
		for i, c := range types {
			ts, isTime := row[i].(time.Time)
			switch {
			case isTime && c.DatabaseTypeName() == "DATE":
				row[i] = calendar.DateOf(ts, time.UTC)
			case isTime && slices.Contains(t.header, zoneColumn):
				row[i] = ts.In(job.ZoneOf(m.Of, row[0].(string)))
			}
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// peaks tell who was in the first second of each region's highest in the month, or why that cannot be told: the rows are gone, or the
// configuration has changed.
func (m Month) peaks(ctx context.Context) (t table, err error) {
	t.header = []string{"Region", "Second", "Agent", "Location", "Session", "Login", "Logout", "First activity", "Kind", "Activity", "Switch", "Why", zoneColumn}
	days, err := duck.All[struct {
		Region string
		Day    calendar.Date
	}](ctx, m.Conn, "ask/statement_peak_day", sql.Named("month", m.String()))
	explainer := explain.New(m.Conn, m.Of)
	for _, d := range days {
		day, err := explainer.Day(ctx, d.Day, d.Region, "")
		var peak *explain.Second
		if err == nil {
			peak, err = day.Peak(ctx)
		}
		if told, is := errors.AsType[*fail.Error](err); is && ctx.Err() == nil {
			m.Log.Warn("who was in the peak cannot be told: "+told.Error(), "tenant", m.Of.Name, "region", d.Region, "day", d.Day)
			t.rows = append(t.rows, []any{d.Region, d.Day, nil, nil, nil, nil, nil, nil, nil, nil, nil, "cannot be told: " + told.Error(), nil})
			continue
		}
		if err != nil {
			return t, err
		}
		at := func(ts int64) time.Time { return time.Unix(ts, 0).In(day.Zone) }
		for _, s := range peak.Seats {
			agent, logout := s.Agent, any("open")
			if m.Mask != nil {
				agent = m.Mask.Agent(agent)
			}
			if s.Logout != nil {
				logout = at(*s.Logout)
			}
			t.rows = append(t.rows, []any{d.Region, at(peak.At), agent, s.Location, s.Session.ID, at(s.Login), logout, at(s.First.Start),
				s.First.Kind, s.First.Key.ID, s.First.Switch, string(s.Decision), day.Zone.String()})
		}
	}
	return t, err
}
