// Package explain takes numbers apart: who was there in a second and why each of them counts, what became of
// every session of an agent, and what a day would be under other readings of the specification.
//
// Promises: the store is only read, and may be a published one; what is explained is what is stored, computed
// from today's slice under today's configuration, or nothing at all (a *fail.Error says what to run first);
// a list holds exactly as many agents as the number it explains, or there is an error. Times are epoch seconds.
package explain

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/reading"
	"example.com/seats/compute"
	"example.com/seats/compute/rule"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/report"
)

// Explainer explains the numbers of a tenant. It keeps temporary tables on its connection.
type Explainer struct {
	conn   *sql.Conn
	tenant config.Tenant
}

// New takes a connection to the tenant's store, which may be open for reading only.
func New(conn *sql.Conn, t config.Tenant) *Explainer { return &Explainer{conn, t} }

// Day is the stored result of a scope on a day.
type Day struct {
	*Explainer
	Date  calendar.Date
	Scope rule.Scope
	Zone  *time.Location // the region's
	State string         // settle.Final or settle.Provisional
	Curve Curve

	stands compute.Standing
}

// Day opens the result of a region on a day, or of one location of it where location is not empty.
func (e *Explainer) Day(ctx context.Context, date calendar.Date, region, location string) (*Day, error) {
	stands, err := compute.Look(ctx, e.conn, e.tenant, date)
	if err != nil {
		return nil, err
	}
	d, err := e.On(stands[0], region, location)
	if err != nil {
		return nil, err
	}
	steps, err := duck.All[struct {
		State string
		Step
	}](ctx, e.conn, "ask/curve", d.where()...)
	for _, s := range steps {
		d.State, d.Curve = s.State, append(d.Curve, s.Step)
	}
	return d, err
}

// On opens the result of a region, or of one location of it, on a day that stands so. Its State and Curve are for the caller to fill in.
func (e *Explainer) On(stands compute.Standing, region, location string) (d *Day, err error) {
	d = &Day{Explainer: New(e.conn, stands.By), Date: stands.Day, stands: stands} // by the rules that the day is counted by (R9)
	if d.Scope, d.Zone, err = d.scope(d.Date, region, location); err != nil {
		return nil, err
	}
	return d, checkFresh(stands)
}

// scope finds a region, and a location of it, in the configuration: that of a day, where it is not the zero one.
func (e *Explainer) scope(date calendar.Date, region, location string) (rule.Scope, *time.Location, error) {
	on := ""
	if !date.IsZero() {
		on = " on " + date.String()
	}
	for _, r := range e.tenant.Regions {
		switch {
		case r.Name != region:
		case location == "" || slices.ContainsFunc(r.Locations, func(l config.Location) bool { return l.Name == location }):
			return rule.Scope{Region: region, Location: location, Day: date.In(r.Zone)}, r.Zone, nil
		default:
			return rule.Scope{}, nil, fail.New(fail.Usage, "", "region %s has no location %q%s", region, location, on)
		}
	}
	return rule.Scope{}, nil, fail.New(fail.Usage, "", "tenant %s has no region %q%s", e.tenant.Name, region, on)
}

// checkFresh refuses days whose results are missing, or come from another slice or other rules than those that they are counted
// by: explaining them would explain other numbers.
func checkFresh(stands ...compute.Standing) error {
	for _, s := range stands {
		if missing := s.Missing(); missing != nil {
			return fail.New(fail.NotReady, fmt.Sprintf("`seats run --date %s` reads and counts it", s.Day), "nothing to explain: %w", missing)
		}
		if s.Stale() {
			return fail.New(fail.Other, fmt.Sprintf("`seats compute --date %s` counts it", s.Day),
				"%s has no result for its slice under today's configuration", s.Day)
		}
	}
	return nil
}

// where binds the scope of the day.
func (d *Day) where(more ...any) []any {
	return append([]any{sql.Named("day", d.Date.String()), sql.Named("region", d.Scope.Region), sql.Named("location", d.Scope.Location)}, more...)
}

// Reading is the peak of a day under a reading of the specification.
type Reading struct {
	Name    string
	Value   int64
	At      int64 // the first second of the peak; 0 where the value is 0
	Meaning string
}

// Sensitivity gives the day's number, and then what it would be under other readings of the specification, each
// for itself. Spikes are those shorter than so many seconds.
func (d *Day) Sensitivity(ctx context.Context, spike int64) ([]Reading, error) {
	err := reading.Stage(ctx, d.conn, d.Scope.Region, d.Scope.Location, false, []compute.Standing{d.stands}, nil)
	if err == nil {
		err = reading.Count(ctx, d.conn)
	}
	if err != nil {
		return nil, err
	}
	readings, err := duck.All[Reading](ctx, d.conn, "ask/number_of_day", sql.Named("day", d.Date.String()))
	if err != nil {
		return nil, err
	}
	if agents, at := d.Curve.peak(); readings[0].Value != agents || readings[0].At != at {
		return nil, fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
			"explain %s on %s: %d agents are counted and %d are found", d.Scope, d.Date, agents, readings[0].Value)
	}
	lasting, at := d.Curve.Lasting(spike)
	return slices.Insert(readings, 2, Reading{"spikes ignored", lasting, at, fmt.Sprintf("what is held for %d s on end", spike)}), nil
}

// ReadingTable shows readings with their difference from the first.
func (d *Day) ReadingTable(readings []Reading) report.Table {
	return tableOf("tenant region location date reading value difference peak_at meaning", readings, func(r Reading) []any {
		return []any{d.tenant.Name, d.Scope.Region, text(d.Scope.Location), d.Date, r.Name, r.Value, r.Value - readings[0].Value, instant(&r.At, d.Zone), r.Meaning}
	})
}

// Busiest are the n minutes of the day with the most agents at once, how many seconds they are that many, and the sum of the agents over
// all seconds; among equals those with more agent-seconds first, and then the earlier ones. Minutes without anybody are left out.
func (d *Day) Busiest(ctx context.Context, n int) (report.Table, error) {
	zone := func([]string, []any) *time.Location { return d.Zone }
	return report.Ask(ctx, d.conn, "ask/minute", zone, d.where(sql.Named("tenant", d.tenant.Name), sql.Named("top", n))...)
}

// SpanTable shows spans of the day; until is the first second after.
func (d *Day) SpanTable(spans []calendar.Interval) report.Table {
	return tableOf("from until seconds", spans, func(span calendar.Interval) []any {
		return []any{time.Unix(span.Start, 0).In(d.Zone), time.Unix(span.End, 0).In(d.Zone), span.Seconds()}
	})
}

// tableOf has a row for each of some things.
func tableOf[T any](header string, of []T, row func(T) []any) report.Table {
	return report.Table{Header: strings.Fields(header), Rows: list.Of(of, row)}
}

// one is a table of one row.
func one(header string, row ...any) report.Table {
	return report.Table{Header: strings.Fields(header), Rows: [][]any{row}}
}

// instant is an epoch second in a zone; what is missing, or 0, is blank.
func instant(ts *int64, zone *time.Location) any {
	if ts == nil || *ts == 0 {
		return nil
	}
	return time.Unix(*ts, 0).In(zone)
}

// text is blank where it is empty.
func text(s string) any { return report.OrNil(s != "", s) }

// before puts columns before those of a table.
func before(header []string, values []any, t report.Table) report.Table {
	return tableOf(strings.Join(slices.Concat(header, t.Header), " "), t.Rows, func(row []any) []any { return slices.Concat(values, row) })
}

// Step is a span of time in which the numbers stay the same.
type Step struct {
	calendar.Interval
	Agents, Sessions int64
}

// Curve is the steps of a scope through its whole day, one after the other (R8).
type Curve []Step

// At is the step that holds a second; false outside the day.
func (c Curve) At(second int64) (Step, bool) {
	at := slices.IndexFunc(c, func(s Step) bool { return s.Contains(second) })
	if at < 0 {
		return Step{}, false
	}
	return c[at], true
}

// at are the spans of time with so many agents.
func (c Curve) at(agents int64) (spans []calendar.Interval) {
	for _, s := range c {
		if s.Agents == agents {
			spans = append(spans, s.Interval)
		}
	}
	return calendar.Union(spans)
}

// Plateaus are all spans of time at the highest number of agents; none where it is 0.
func (c Curve) Plateaus() (agents int64, plateaus []calendar.Interval) {
	if agents, _ = c.peak(); agents > 0 {
		plateaus = c.at(agents)
	}
	return agents, plateaus
}

// peak is the highest number of agents, and the first second of it, 0 where there is nobody.
func (c Curve) peak() (most, second int64) {
	for _, s := range c {
		if s.Agents > most {
			most, second = s.Agents, s.Start
		}
	}
	return most, second
}

// Lasting is the highest number of agents that is not undercut for some seconds on end, and the first second of
// the first such span; 0 where there is none.
func (c Curve) Lasting(seconds int64) (agents, second int64) {
	for i, first := range c {
		lowest := first.Agents
		for _, s := range c[i:] {
			if lowest = min(lowest, s.Agents); lowest <= agents {
				break
			}
			if s.End-first.Start >= seconds {
				agents, second = lowest, first.Start
				break
			}
		}
	}
	return agents, second
}

// Second is who was there in a second, and why each of them counts.
type Second struct {
	*Day
	At       int64 // 0 where the peak was asked for and nobody was there all day
	Agents   int64
	Sessions int64
	Plateaus []calendar.Interval // of the peak, or the one span around At in which the number stays the same
	Seats    []Seat              // by agent; several where she has several sessions or is in several locations
}

// Seat is a qualifying session in a location.
type Seat struct {
	Agent      string
	Resource   int64 // resource_key
	Location   string
	Session    Key
	Login      int64
	Logout     *int64 // as GIM has it; nil: the session was open
	Until      int64  // end of the occupied interval (R2), exclusive
	Activities int64  // how many put the session into the location
	First      Activity
	Decision   string // why the first activity leads to the location (R5), as ask/seat and ask/agent have it
}

// Key is a primary key of a GIM fact table.
type Key struct{ ID, DateTimeKey int64 }

// Activity is an activity driven by Outbound Contact Server (R3).
type Activity struct {
	Kind   string // leg or preview
	Key    Key
	Start  int64
	Switch string // "": unknown
	GUID   string // of the attempt
}

// Peak explains the first second of the day's peak; Plateaus are all its spans.
func (d *Day) Peak(ctx context.Context) (*Second, error) {
	peaks, untold, err := d.Peaks(ctx, d)
	return peaks[0], cmp.Or(err, untold[0])
}

// Peaks does what Peak does for days of as many regions, each region's day once. What keeps one from being told is not in the way of the others.
func (e *Explainer) Peaks(ctx context.Context, days ...*Day) (peaks []*Second, untold []error, err error) {
	for _, d := range days {
		s := &Second{Day: d}
		if s.Agents, s.Plateaus = d.Curve.Plateaus(); s.Agents > 0 {
			step, _ := d.Curve.At(s.Plateaus[0].Start)
			s.At, s.Sessions = step.Start, step.Sessions
		}
		peaks = append(peaks, s)
	}
	untold, err = e.load(ctx, peaks...)
	return peaks, untold, err
}

// Second explains a second of the day.
func (d *Day) Second(ctx context.Context, at int64) (*Second, error) {
	step, found := d.Curve.At(at)
	if !found {
		return nil, fail.New(fail.Usage, "", "%s is not in %s of region %s", time.Unix(at, 0).In(d.Zone).Format(time.RFC3339), d.Date, d.Scope.Region)
	}
	around := slices.DeleteFunc(d.Curve.at(step.Agents), func(span calendar.Interval) bool { return !span.Contains(at) })
	s := &Second{Day: d, At: at, Agents: step.Agents, Sessions: step.Sessions, Plateaus: around}
	untold, err := d.load(ctx, s)
	return s, cmp.Or(err, untold[0])
}

// inPeriod is a region in a day or a month.
type inPeriod struct{ Period, Region string }

func (d *Day) key() inPeriod { return inPeriod{d.Date.String(), d.Scope.Region} }

// load reads who was there in seconds of days of regions, each region's day once, all of them with the same location or none, and holds
// each list against the number that it explains.
func (e *Explainer) load(ctx context.Context, all ...*Second) (untold []error, err error) {
	untold = make([]error, len(all))
	seconds := slices.DeleteFunc(slices.Clone(all), func(s *Second) bool { return s.At == 0 })
	if len(seconds) == 0 {
		return untold, nil
	}
	by := map[calendar.Date]compute.Standing{}
	for _, s := range seconds {
		by[s.Date] = s.stands
	}
	seats, err := duck.By[inPeriod, Seat](ctx, e.conn, "ask/seat", duck.Days(list.Of(seconds, func(s *Second) calendar.Date { return s.Date })...),
		sql.Named("regions", list.Of(seconds, func(s *Second) string { return s.Scope.Region })),
		sql.Named("ats", list.Of(seconds, func(s *Second) int64 { return s.At })),
		sql.Named("location", seconds[0].Scope.Location), rulesOf(slices.Collect(maps.Values(by))...))
	for i, s := range all {
		s.Seats = seats[s.key()]
		listed := slices.Compact(list.Of(s.Seats, func(t Seat) string { return t.Agent }))
		if int64(len(listed)) != s.Agents {
			untold[i] = fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
				"explain %s at %d: %d agents are counted and %d are found", s.Scope, s.At, s.Agents, len(listed))
		}
	}
	return untold, err
}

// Answer is an explanation as it is printed: a document as JSON, a list as CSV, and tables for people.
type Answer struct {
	Document, List report.Table
	Tables         []report.Table
}

// Answer is the second in one row that holds everything, its seats, and for people the spans of time and who.
func (s *Second) Answer() Answer {
	return s.under(one("tenant region location date state at agents sessions",
		s.tenant.Name, s.Scope.Region, text(s.Scope.Location), s.Date, s.State, instant(&s.At, s.Zone), s.Agents, s.Sessions))
}

// under is the answer with what there is to the second behind a summary of one row.
func (s *Second) under(summary report.Table) Answer {
	spans := s.SpanTable(s.Plateaus)
	document := before(summary.Header, summary.Rows[0], one("plateaus seats", spans, s.seats()))
	return Answer{document, s.List(), []report.Table{summary, spans, s.brief()}}
}

// seats have what identifies a seat in full: with the keys one finds every row in the GIM.
func (s *Second) seats() report.Table {
	return tableOf("agent resource_key location sm_res_session_fact_key start_date_time_key login logout occupied_until "+
		"activities kind activity_key activity_date_time_key activity_start switch call_attempt_guid decision", s.Seats, func(t Seat) []any {
		a := t.First
		return []any{t.Agent, t.Resource, t.Location, t.Session.ID, t.Session.DateTimeKey, instant(&t.Login, s.Zone), instant(t.Logout, s.Zone),
			instant(&t.Until, s.Zone), t.Activities, a.Kind, a.Key.ID, a.Key.DateTimeKey, instant(&a.Start, s.Zone), text(a.Switch), text(a.GUID), t.Decision}
	})
}

// List is the seats with the second in every row, for CSV.
func (s *Second) List() report.Table {
	return before([]string{"tenant", "region", "date", "at"}, []any{s.tenant.Name, s.Scope.Region, s.Date, instant(&s.At, s.Zone)}, s.seats())
}

// brief is the seats as far as a terminal is wide: without what follows from the rest.
func (s *Second) brief() report.Table {
	return tableOf("agent session login logout location by activity start switch attempt decision", s.Seats, func(t Seat) []any {
		a := t.First
		return []any{t.Agent, t.Session.ID, s.clock(&t.Login), s.clock(t.Logout), t.Location, a.Kind, a.Key.ID, s.clock(&a.Start), text(a.Switch), text(a.GUID),
			t.Decision}
	})
}

// clock is the time of day, with the date where it is another; "open" where there is none.
func (d *Day) clock(ts *int64) string {
	switch {
	case ts == nil:
		return "open"
	case d.Scope.Day.Contains(*ts):
		return time.Unix(*ts, 0).In(d.Zone).Format(time.TimeOnly)
	}
	return time.Unix(*ts, 0).In(d.Zone).Format(time.DateTime)
}
