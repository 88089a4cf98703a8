package explain

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
)

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
	Decision   Decision // why the first activity leads to the location
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
	s := &Second{Day: d, At: at, Agents: step.Agents, Sessions: step.Sessions, Plateaus: d.Curve.around(at)}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s, s.check()
}

// around is the span around a second in which the number of agents stays the same.
func (c Curve) around(second int64) []calendar.Interval {
	at, _ := c.At(second)
	var same []calendar.Interval
	for _, s := range c {
		if s.Agents == at.Agents {
			same = append(same, s.Interval)
		}
	}
	for _, span := range calendar.Union(same) {
		if span.Contains(second) {
			return []calendar.Interval{span}
		}
	}
	return nil
}

func (s *Second) load(ctx context.Context) error {
	places := placesOf(s.tenant)
	told, err := s.told(ctx)
	if err != nil {
		return err
	}
	return duck.Each(ctx, s.conn, "ask/seat", func(scan func(...any) error) error {
		var t Seat
		a := &t.First
		err := scan(&t.Agent, &t.Resource, &t.Location, &t.Session.ID, &t.Session.DateTimeKey, &t.Login, &t.Logout, &t.Until,
			&t.Activities, &a.Kind, &a.Key.ID, &a.Key.DateTimeKey, &a.Start, &a.Switch, &a.GUID)
		_, t.Decision = places.decide(a.Switch)
		for _, leg := range told[t.Session] {
			if to, decision := places.decide(leg.Switch); a.Switch == "" && to != nil && to.location == t.Location && to.region == s.Scope.Region {
				t.Decision = decision.toldBy(leg)
				break
			}
		}
		s.Seats = append(s.Seats, t)
		return err
	}, append(s.where(), sql.Named("at", s.At))...)
}

// told are the other legs of each session that there is, the earliest first: they tell the switch of one whose activities know
// none (R5).
func (s *Second) told(ctx context.Context) (map[Key][]Activity, error) {
	told := map[Key][]Activity{}
	err := duck.Each(ctx, s.conn, "ask/told", func(scan func(...any) error) error {
		var session Key
		var leg Activity
		err := scan(&session.ID, &session.DateTimeKey, &leg.Key.ID, &leg.Switch)
		told[session] = append(told[session], leg)
		return err
	}, sql.Named("day", s.Date.String()), sql.Named("region", s.Scope.Region), sql.Named("at", s.At), sql.Named("last_second", lastSecond(s.tenant)))
	return told, err
}

// lastSecond is how many seconds a session occupies from its end on (R2).
func lastSecond(t config.Tenant) int64 {
	if t.SessionEnd == config.SessionEndInclusive {
		return 1
	}
	return 0
}

// check holds the list against the number it explains.
func (s *Second) check() error {
	listed, previous := int64(0), ""
	for _, t := range s.Seats {
		if t.Agent != previous {
			listed++
		}
		previous = t.Agent
	}
	if listed == s.Agents {
		return nil
	}
	return fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
		"explain %s at %d: %w", s.Scope, s.At, fmt.Errorf("%d agents are counted and %d are found", s.Agents, listed))
}
