package explain

import (
	"bytes"
	"time"

	"seats/internal/calendar"
	"seats/report"
)

// list is a table inside a row: in JSON an array of objects.
type list report.Table

// MarshalJSON writes the rows as Table does.
func (l list) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := report.Table(l).Write(&b, report.FormatJSON)
	return b.Bytes(), err
}

// instant is an epoch second in a zone; what is missing, or 0, is blank.
func instant(ts *int64, zone *time.Location) any {
	if ts == nil || *ts == 0 {
		return nil
	}
	return time.Unix(*ts, 0).In(zone)
}

// text is blank where it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// key is blank where there is none.
func key(k int64, known bool) any {
	if !known {
		return nil
	}
	return k
}

// Summary is the second in one row.
func (s *Second) Summary() report.Table {
	return report.Table{Header: s.summaryHeader(), Rows: [][]any{s.summary()}}
}

func (s *Second) summaryHeader() []string {
	return []string{"tenant", "region", "location", "date", "state", "at", "agents", "sessions"}
}

func (s *Second) summary() []any {
	return []any{s.tenant.Name, s.Scope.Region, text(s.Scope.Location), s.Date, s.State, instant(&s.At, s.Zone), s.Agents, s.Sessions}
}

// Spans are the plateaus, one a row.
func (s *Second) Spans() report.Table { return s.SpanTable(s.Plateaus) }

// SpanTable shows spans of the day; until is the first second after.
func (d *Day) SpanTable(spans []calendar.Interval) report.Table {
	t := report.Table{Header: []string{"from", "until", "seconds"}}
	for _, span := range spans {
		t.Rows = append(t.Rows, []any{time.Unix(span.Start, 0).In(d.Zone), time.Unix(span.End, 0).In(d.Zone), span.Seconds()})
	}
	return t
}

// Document is the second as one row that holds everything, for JSON.
func (s *Second) Document() report.Table {
	return report.Table{
		Header: append(s.summaryHeader(), "plateaus", "seats"),
		Rows:   [][]any{append(s.summary(), list(s.Spans()), list(s.seats()))},
	}
}

// seatHeader names what identifies a seat in full: with the keys one finds every row in the GIM.
var seatHeader = []string{
	"agent", "resource_key", "location", "sm_res_session_fact_key", "start_date_time_key", "login", "logout", "occupied_until",
	"activities", "kind", "activity_key", "activity_date_time_key", "activity_start", "switch", "call_attempt_guid", "decision",
}

func (s *Second) seats() report.Table {
	t := report.Table{Header: seatHeader, Rows: make([][]any, 0, len(s.Seats))}
	for _, seat := range s.Seats {
		t.Rows = append(t.Rows, seat.row(s.Zone))
	}
	return t
}

func (t Seat) row(zone *time.Location) []any {
	a := t.First
	return []any{
		t.Agent, t.Resource, t.Location, t.Session.ID, t.Session.DateTimeKey, instant(&t.Login, zone), instant(t.Logout, zone), instant(&t.Until, zone),
		t.Activities, a.Kind, a.Key.ID, a.Key.DateTimeKey, instant(&a.Start, zone), text(a.Switch), text(a.GUID), string(t.Decision),
	}
}

// List is the seats with the second in every row, for CSV.
func (s *Second) List() report.Table {
	t := s.seats()
	t.Header = append([]string{"tenant", "region", "date", "at"}, t.Header...)
	for i, row := range t.Rows {
		t.Rows[i] = append([]any{s.tenant.Name, s.Scope.Region, s.Date, instant(&s.At, s.Zone)}, row...)
	}
	return t
}

// Brief is the seats as far as a terminal is wide: without what follows from the rest.
func (s *Second) Brief() report.Table {
	t := report.Table{Header: []string{"agent", "session", "login", "logout", "location", "by", "activity", "start", "switch", "attempt", "decision"}}
	for _, seat := range s.Seats {
		a := seat.First
		t.Rows = append(t.Rows, []any{
			seat.Agent, seat.Session.ID, clock(&seat.Login, s.Day), clock(seat.Logout, s.Day), seat.Location,
			a.Kind, a.Key.ID, clock(&a.Start, s.Day), text(a.Switch), text(a.GUID), string(seat.Decision),
		})
	}
	return t
}

// clock is the time of day, with the date where it is another; "open" where there is none.
func clock(ts *int64, d *Day) string {
	if ts == nil {
		return "open"
	}
	at := time.Unix(*ts, 0).In(d.Zone)
	if d.Scope.Day.Contains(*ts) {
		return at.Format("15:04:05")
	}
	return at.Format("2006-01-02 15:04:05")
}

// MinuteTable shows minutes of the day.
func (d *Day) MinuteTable(minutes []Minute) report.Table {
	t := report.Table{Header: []string{"tenant", "region", "location", "minute", "agents", "seconds", "agent_seconds"}}
	for _, m := range minutes {
		t.Rows = append(t.Rows, []any{d.tenant.Name, d.Scope.Region, text(d.Scope.Location), instant(&m.Start, d.Zone), m.Agents, m.Seconds, m.AgentSeconds})
	}
	return t
}

// ReadingTable shows readings with their difference from the first.
func (d *Day) ReadingTable(readings []Reading) report.Table {
	t := report.Table{Header: []string{"tenant", "region", "location", "date", "reading", "value", "difference", "peak_at", "meaning"}}
	for _, r := range readings {
		t.Rows = append(t.Rows, []any{d.tenant.Name, d.Scope.Region, text(d.Scope.Location), d.Date, r.Name, r.Value,
			r.Value - readings[0].Value, instant(&r.At, d.Zone), r.Meaning})
	}
	return t
}

// FateTable shows what became of an agent's sessions. Times are in the region's zone; where a session got to no
// region, in that of the agent's other sessions, or else the tenant's.
func (e *Explainer) FateTable(agent string, fates []Fate) report.Table {
	t := report.Table{Header: []string{
		"tenant", "agent", "date", "resource_key", "sm_res_session_fact_key", "start_date_time_key", "login", "logout", "region", "location",
		"verdict", "rule", "reason", "activities", "kind", "activity_key", "activity_date_time_key", "activity_start", "switch",
		"call_attempt_guid", "decision",
	}}
	fallback := e.tenant.Zone
	for _, f := range fates {
		fallback = e.zoneOf(f.Region, fallback)
	}
	for _, f := range fates {
		zone := e.zoneOf(f.Region, fallback)
		known, a := f.First != nil, Activity{}
		if known {
			a = *f.First
		}
		t.Rows = append(t.Rows, []any{
			e.tenant.Name, agent, f.Date, f.Resource, f.Session.ID, f.Session.DateTimeKey, instant(f.Login, zone), instant(f.Logout, zone),
			text(f.Region), text(f.Location), string(f.Verdict), text(f.Rule), text(f.Reason), f.Activities, text(a.Kind),
			key(a.Key.ID, known), key(a.Key.DateTimeKey, known), instant(&a.Start, zone), text(a.Switch), text(a.GUID), text(string(f.Decision)),
		})
	}
	return t
}

// zoneOf is the zone of a region, or the fallback where there is no such region.
func (e *Explainer) zoneOf(region string, fallback *time.Location) *time.Location {
	for _, r := range e.tenant.Regions {
		if r.Name == region {
			return r.Zone
		}
	}
	return fallback
}

// BriefFateTable is FateTable as far as a terminal is wide.
func (e *Explainer) BriefFateTable(fates []Fate) report.Table {
	t := report.Table{Header: []string{"date", "session", "login", "logout", "location", "verdict", "rule", "by", "activity", "switch", "why"}}
	full := e.FateTable("", fates)
	for i, f := range fates {
		row := full.Rows[i]
		location, why := any(nil), f.Reason
		if f.Region != "" {
			location = place{f.Region, f.Location}.String()
		}
		if why == "" {
			why = string(f.Decision)
		}
		logout := row[7]
		if logout == nil && f.Login != nil {
			logout = "open"
		}
		t.Rows = append(t.Rows, []any{f.Date, f.Session.ID, row[6], logout, location, row[10], row[11], row[14], row[15], row[18], why})
	}
	return t
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
