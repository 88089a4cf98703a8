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
	all, err := e.histories(ctx, agent, days)
	if err != nil {
		return nil, err
	}
	var fates []Fate
	for _, h := range all {
		found := h.judge()
		if err := h.check(agent, found); err != nil {
			return nil, err
		}
		for _, j := range found {
			fates = append(fates, j.asked(region, location)...)
		}
	}
	return fates, nil
}

// check holds the judgement against what was counted.
func (h *history) check(agent string, found []*judged) error {
	said := map[bool]Verdict{true: "counted", false: NotCounted}
	disagree := func(f Fate, stored bool) error {
		return fail.New(fail.Store, fmt.Sprintf("`seats compute --date %s` counts the day again; should it stay so, keep the store and report it", f.Date),
			"explain agent %s on %s: session %d in %s/%s is %s by the rules and %s in the store",
			agent, f.Date, f.Session.ID, f.Region, f.Location, f.Verdict, said[stored])
	}
	for _, j := range found {
		for _, f := range j.fates {
			seat := seatKey{f.Session, place{f.Region, f.Location}}
			if stored := h.seats[seat]; stored != (f.Verdict != NotCounted) {
				return disagree(f, stored)
			}
			delete(h.seats, seat)
		}
	}
	for left := range h.seats {
		return disagree(Fate{Date: h.date, Session: left.session, Region: left.region, Location: left.location, Verdict: NotCounted}, true)
	}
	return nil
}

// seatKey is a session in a location.
type seatKey struct {
	session Key
	place
}

// history is all that the slice of a day holds of an agent.
type history struct {
	*Explainer // by the rules of the day
	date       calendar.Date
	asOf       int64
	resources  []*resource
	seats      map[seatKey]bool // that were counted
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

// histories reads the rows of an agent on days whose results are up to date.
func (e *Explainer) histories(ctx context.Context, agent string, days []calendar.Date) ([]*history, error) {
	stands, err := compute.Look(ctx, e.conn, e.tenant, days...)
	if err == nil {
		err = checkFresh(stands...)
	}
	if err != nil {
		return nil, err
	}
	var all []*history
	var dates []string
	byDay := map[string]*history{}
	for _, s := range stands {
		h := &history{Explainer: e.by(s), date: s.Day, asOf: s.Slice.AsOf, seats: map[seatKey]bool{}}
		all, dates, byDay[s.Day.String()] = append(all, h), append(dates, s.Day.String()), h
	}
	type dayResource struct {
		day string
		key int64
	}
	resources := map[dayResource]*resource{} // another day's may be another agent's
	var keys []int64
	of := []any{sql.Named("days", dates), sql.Named("agent", agent)}
	err = duck.Each(ctx, e.conn, "ask/agent_resource", func(scan func(...any) error) error {
		var day string
		r := &resource{}
		err := scan(&day, &r.key, &r.employee, &r.name)
		byDay[day].resources = append(byDay[day].resources, r)
		resources[dayResource{day, r.key}], keys = r, append(keys, r.key)
		return err
	}, of...)
	if err != nil {
		return nil, err
	}
	err = duck.Each(ctx, e.conn, "ask/agent_seat", func(scan func(...any) error) error {
		var day string
		var k seatKey
		err := scan(&day, &k.session.ID, &k.session.DateTimeKey, &k.region, &k.location)
		byDay[day].seats[k] = true
		return err
	}, of...)
	if err != nil || len(keys) == 0 {
		return all, err
	}
	of[1] = sql.Named("resource_keys", keys)
	err = duck.Each(ctx, e.conn, "ask/agent_session", func(scan func(...any) error) error {
		var at dayResource
		var s session
		var isBeside bool
		err := scan(&at.day, &at.key, &isBeside, &s.key.ID, &s.key.DateTimeKey, &s.start, &s.end, &s.isActive)
		switch r := resources[at]; {
		case r == nil:
		case isBeside:
			r.beside = append(r.beside, s)
		default:
			r.sessions = append(r.sessions, s)
		}
		return err
	}, of...)
	if err != nil {
		return nil, err
	}
	return all, duck.Each(ctx, e.conn, "ask/agent_activity", func(scan func(...any) error) error {
		var at dayResource
		var a activity
		var isOther bool
		err := scan(&at.day, &at.key, &isOther, &a.Kind, &a.Key.ID, &a.Key.DateTimeKey, &a.start, &a.end, &a.isActive, &a.Switch, &a.GUID)
		if a.start != nil {
			a.Start = *a.start
		}
		switch r := resources[at]; {
		case r == nil:
		case isOther:
			r.others = append(r.others, a)
		default:
			r.activities = append(r.activities, a)
		}
		return err
	}, of...)
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
