package explain

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sort"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

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
func (c Curve) peak() (int64, int64) { return c.highest(func(s Step) int64 { return s.Agents }) }

// Sessions is the highest number of sessions at once, and the first second of it.
func (c Curve) Sessions() (int64, int64) { return c.highest(func(s Step) int64 { return s.Sessions }) }

func (c Curve) highest(of func(Step) int64) (most, second int64) {
	for _, s := range c {
		if n := of(s); n > most {
			most, second = n, s.Start
		}
	}
	return most, second
}

// Lasting is the highest number of agents that is not undercut for some seconds on end, and the first second of
// the first such span; 0 where there is none.
func (c Curve) Lasting(seconds int64) (agents, second int64) {
	lasts := func(agents int64) bool { // what is held, fewer are too
		begun := false
		for _, s := range c {
			if s.Agents < agents {
				begun = false
				continue
			}
			if !begun {
				begun, second = true, s.Start
			}
			if s.End-second >= seconds {
				return true
			}
		}
		return false
	}
	top, _ := c.peak()
	agents = int64(sort.Search(int(top), func(n int) bool { return !lasts(int64(n) + 1) }))
	if agents == 0 {
		return 0, 0
	}
	lasts(agents)
	return agents, second
}

// Minute is a minute of the day.
type Minute struct {
	Start        int64 // its first second
	Agents       int64 // the most at once in any second of it
	Seconds      int64 // how many of its seconds are at that number
	AgentSeconds int64 // the sum of the agents over its seconds
}

// Busiest are the n minutes with the most agents at once; among equals those with more agent-seconds first, and
// then the earlier ones. Minutes without anybody are left out.
func (c Curve) Busiest(n int) (minutes []Minute) {
	for _, s := range c {
		for from := s.Start; s.Agents > 0 && from < s.End; { // cut at every full minute
			start := from - from%60
			seconds := min(s.End, start+60) - from
			if last := len(minutes) - 1; last < 0 || minutes[last].Start != start {
				minutes = append(minutes, Minute{Start: start})
			}
			m := &minutes[len(minutes)-1]
			if s.Agents > m.Agents {
				m.Agents, m.Seconds = s.Agents, 0
			}
			if s.Agents == m.Agents {
				m.Seconds += seconds
			}
			m.AgentSeconds += s.Agents * seconds
			from += seconds
		}
	}
	slices.SortStableFunc(minutes, func(a, b Minute) int {
		return cmp.Or(cmp.Compare(b.Agents, a.Agents), cmp.Compare(b.AgentSeconds, a.AgentSeconds))
	})
	return minutes[:min(n, len(minutes))]
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
	Decision   Decision `duck:"-"` // why the first activity leads to the location
}

// Key is a primary key of a GIM fact table.
type Key struct{ ID, DateTimeKey int64 }

// told is another leg of a login, which tells its switch.
type told struct {
	Leg    int64
	Switch string
}

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
	agents, plateaus := d.Curve.Plateaus()
	if agents == 0 {
		return &Second{Day: d}, nil
	}
	s, err := d.Second(ctx, plateaus[0].Start)
	if s != nil {
		s.Plateaus = plateaus
	}
	return s, err
}

// Second explains a second of the day.
func (d *Day) Second(ctx context.Context, at int64) (*Second, error) {
	step, found := d.Curve.At(at)
	if !found {
		return nil, fail.New(fail.Usage, "", "%s is not in %s of region %s", time.Unix(at, 0).In(d.Zone).Format(time.RFC3339), d.Date, d.Scope.Region)
	}
	around := slices.DeleteFunc(d.Curve.at(step.Agents), func(span calendar.Interval) bool { return !span.Contains(at) })
	s := &Second{Day: d, At: at, Agents: step.Agents, Sessions: step.Sessions, Plateaus: around}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s, s.check()
}

func (s *Second) load(ctx context.Context) error {
	// The other legs of each session that there is, the earliest first, tell the switch of one whose activities know none (R5).
	told, err := duck.By[Key, told](ctx, s.conn, "ask/told", sql.Named("day", s.Date.String()), sql.Named("region", s.Scope.Region),
		sql.Named("at", s.At), sql.Named("last_second", lastSecond(s.tenant)))
	if err != nil {
		return err
	}
	places := placesOf(s.tenant)
	s.Seats, err = duck.All[Seat](ctx, s.conn, "ask/seat", s.where(sql.Named("at", s.At))...)
	for i := range s.Seats {
		t := &s.Seats[i]
		_, t.Decision = places.decide(t.First.Switch)
		for _, leg := range told[t.Session] {
			to, decision := places.decide(leg.Switch)
			if t.First.Switch == "" && to != nil && *to == (place{s.Scope.Region, t.Location}) {
				t.Decision = decision.toldBy(leg)
				break
			}
		}
	}
	return err
}

// check holds the list against the number it explains.
func (s *Second) check() error {
	listed := map[string]bool{}
	for _, t := range s.Seats {
		listed[t.Agent] = true
	}
	if int64(len(listed)) == s.Agents {
		return nil
	}
	return fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
		"explain %s at %d: %d agents are counted and %d are found", s.Scope, s.At, s.Agents, len(listed))
}

// Summary is the second in one row.
func (s *Second) Summary() report.Table {
	return one("tenant region location date state at agents sessions",
		s.tenant.Name, s.Scope.Region, text(s.Scope.Location), s.Date, s.State, instant(&s.At, s.Zone), s.Agents, s.Sessions)
}

// Spans are the plateaus, one a row.
func (s *Second) Spans() report.Table { return s.SpanTable(s.Plateaus) }

// Document is the second as one row that holds everything, for JSON.
func (s *Second) Document() report.Table {
	summary := s.Summary()
	return before(summary.Header, summary.Rows[0], one("plateaus seats", list(s.Spans()), list(s.seats())))
}

// seats have what identifies a seat in full: with the keys one finds every row in the GIM.
func (s *Second) seats() report.Table {
	return tableOf("agent resource_key location sm_res_session_fact_key start_date_time_key login logout occupied_until "+
		"activities kind activity_key activity_date_time_key activity_start switch call_attempt_guid decision", s.Seats, func(t Seat) []any {
		a := t.First
		return []any{t.Agent, t.Resource, t.Location, t.Session.ID, t.Session.DateTimeKey, instant(&t.Login, s.Zone), instant(t.Logout, s.Zone),
			instant(&t.Until, s.Zone), t.Activities, a.Kind, a.Key.ID, a.Key.DateTimeKey, instant(&a.Start, s.Zone), text(a.Switch), text(a.GUID), string(t.Decision)}
	})
}

// List is the seats with the second in every row, for CSV.
func (s *Second) List() report.Table {
	return before([]string{"tenant", "region", "date", "at"}, []any{s.tenant.Name, s.Scope.Region, s.Date, instant(&s.At, s.Zone)}, s.seats())
}

// Brief is the seats as far as a terminal is wide: without what follows from the rest.
func (s *Second) Brief() report.Table {
	return tableOf("agent session login logout location by activity start switch attempt decision", s.Seats, func(t Seat) []any {
		a := t.First
		return []any{t.Agent, t.Session.ID, s.clock(&t.Login), s.clock(t.Logout), t.Location, a.Kind, a.Key.ID, s.clock(&a.Start), text(a.Switch), text(a.GUID),
			string(t.Decision)}
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
