package explain

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
)

// Verdict is what became of a session in a region.
type Verdict string

// The verdicts.
const (
	Counted     Verdict = "counted"
	CountedOnce Verdict = "counted once" // it qualifies, and shares seconds with another session of its agent
	NotCounted  Verdict = "not counted"
)

// Fate is what became of a session of an agent on a day: one for each location where it counts, or would but
// for the region's day (R8), and one in all where it counts nowhere.
type Fate struct {
	Date             calendar.Date
	Resource         int64 // resource_key
	Session          Key
	Login, Logout    *int64 // as GIM has them
	Region, Location string // "" where the session did not get so far
	Verdict          Verdict
	Rule             string // the rule that decided, where it is not simply counted
	Reason           string
	Activities       int64     // how many put the session into the location
	First            *Activity // the first of them
	Decision         Decision
}

// Agent tells of every voice session of an agent in the slices of some days, counted or not, and why not. The
// agent is an employee_id, or #resource_key where that is empty (R6). With a region, and a location, whatever
// counts elsewhere is not counted, by R5.
func (e *Explainer) Agent(ctx context.Context, agent string, days []calendar.Date, region, location string) ([]Fate, error) {
	if region != "" {
		if _, _, err := e.scope(calendar.Date{}, region, location); err != nil {
			return nil, err
		}
	}
	var fates []Fate
	for _, date := range days {
		if err := e.checkFresh(ctx, date); err != nil {
			return nil, err
		}
		on, err := e.on(ctx, date)
		if err != nil {
			return nil, err
		}
		found, err := on.agentOn(ctx, agent, date)
		if err != nil {
			return nil, err
		}
		for _, j := range found {
			fates = append(fates, j.asked(region, location)...)
		}
	}
	return fates, nil
}

// agentOn judges the sessions of a day, and holds the judgement against what was counted.
func (e *Explainer) agentOn(ctx context.Context, agent string, date calendar.Date) ([]*judged, error) {
	h, err := e.load(ctx, agent, date)
	if err != nil {
		return nil, err
	}
	found := h.judge()
	seats, err := e.counted(ctx, agent, date)
	if err != nil {
		return nil, err
	}
	for _, j := range found {
		for _, f := range j.fates {
			if f.Verdict != NotCounted && !seats[seatKey{f.Session, place{f.Region, f.Location}}] {
				return nil, disagree(agent, f, "not counted")
			}
			if f.Verdict == NotCounted && seats[seatKey{f.Session, place{f.Region, f.Location}}] {
				return nil, disagree(agent, f, "counted")
			}
			delete(seats, seatKey{f.Session, place{f.Region, f.Location}})
		}
	}
	for left := range seats {
		return nil, disagree(agent, Fate{Date: date, Session: left.session, Region: left.region, Location: left.location, Verdict: NotCounted}, "counted")
	}
	return found, nil
}

func disagree(agent string, f Fate, stored string) error {
	return fail.New(fail.Store, fmt.Sprintf("`seats compute --date %s` counts the day again; should it stay so, keep the store and report it", f.Date),
		"explain agent %s on %s: session %d in %s/%s is %s by the rules and %s in the store", agent, f.Date, f.Session.ID, f.Region, f.Location, f.Verdict, stored)
}

// seatKey is a session in a location.
type seatKey struct {
	session Key
	place
}

// counted are the seats of an agent that the store holds.
func (e *Explainer) counted(ctx context.Context, agent string, date calendar.Date) (map[seatKey]bool, error) {
	seats := map[seatKey]bool{}
	err := duck.Each(ctx, e.conn, "ask/agent_seat", func(scan func(...any) error) error {
		var k seatKey
		err := scan(&k.session.ID, &k.session.DateTimeKey, &k.region, &k.location)
		seats[k] = true
		return err
	}, sql.Named("day", date.String()), sql.Named("agent", agent))
	return seats, err
}

// history is all that a slice holds of an agent.
type history struct {
	*Explainer
	date      calendar.Date
	asOf      int64
	resources []resource
}

type resource struct {
	key            int64
	employee, name string
	sessions       []session
	activities     []activity
	others         []activity // legs that only tell a switch (R5)
	beside         []session  // outside the slice: activities without an end started in them (R3)
}

type session struct {
	key        Key
	start, end *int64
	isActive   bool
}

type activity struct {
	Activity
	start, end *int64
	isActive   bool
}

// load reads the rows of an agent.
func (e *Explainer) load(ctx context.Context, agent string, date calendar.Date) (*history, error) {
	slice, err := compute.LoadSlice(ctx, e.conn, date)
	if err != nil {
		return nil, err
	}
	h := &history{Explainer: e, date: date, asOf: slice.AsOf}
	day := sql.Named("day", date.String())
	err = duck.Each(ctx, e.conn, "ask/agent_resource", func(scan func(...any) error) error {
		var r resource
		err := scan(&r.key, &r.employee, &r.name)
		h.resources = append(h.resources, r)
		return err
	}, day, sql.Named("agent", agent))
	if err != nil {
		return nil, err
	}
	for i := range h.resources {
		if err := h.resources[i].load(ctx, e.conn, day); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (r *resource) load(ctx context.Context, q duck.Queryer, day sql.NamedArg) error {
	args := []any{day, sql.Named("resource_key", r.key)}
	for name, into := range map[string]*[]session{"ask/agent_session": &r.sessions, "ask/agent_other_session": &r.beside} {
		err := duck.Each(ctx, q, name, func(scan func(...any) error) error {
			var s session
			err := scan(&s.key.ID, &s.key.DateTimeKey, &s.start, &s.end, &s.isActive)
			*into = append(*into, s)
			return err
		}, args...)
		if err != nil {
			return err
		}
	}
	for name, into := range map[string]*[]activity{"ask/agent_activity": &r.activities, "ask/agent_other_leg": &r.others} {
		err := duck.Each(ctx, q, name, func(scan func(...any) error) error {
			var a activity
			err := scan(&a.Kind, &a.Key.ID, &a.Key.DateTimeKey, &a.start, &a.end, &a.isActive, &a.Switch, &a.GUID)
			if a.start != nil {
				a.Start = *a.start
			}
			*into = append(*into, a)
			return err
		}, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// asked leaves of a session's fates those of a region, or a location. Where none is left, the session belongs
// elsewhere.
func (j *judged) asked(region, location string) []Fate {
	if region == "" || j.fates[0].Region == "" {
		return j.fates
	}
	here := slices.DeleteFunc(slices.Clone(j.fates), func(f Fate) bool {
		return f.Region != region || location != "" && f.Location != location
	})
	if len(here) > 0 {
		return here
	}
	f := j.fates[0]
	f.Verdict, f.Rule, f.Reason = NotCounted, "R5", "belongs to "+place{f.Region, f.Location}.String()
	for _, other := range j.fates[1:] {
		f.Reason += ", " + place{other.Region, other.Location}.String()
	}
	return []Fate{f}
}
