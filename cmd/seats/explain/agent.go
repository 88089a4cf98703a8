package explain

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
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
	Date          calendar.Date
	Resource      int64 // resource_key
	Session       Key
	Login, Logout *int64 // as GIM has them
	place                // "" where the session did not get so far
	Verdict       Verdict
	Rule          string // the rule that decided, where it is not simply counted
	Reason        string
	Activities    int64     // how many put the session into the location
	First         *Activity // the first of them
	Decision      Decision
}

// Agent tells of every voice session of an agent in the slices of some days, counted or not, and why not. The
// agent is an employee_id, or #resource_key where that is empty (R6). With a region, and a location, whatever
// counts elsewhere is not counted, by R5.
func (e *Explainer) Agent(ctx context.Context, agent string, days []calendar.Date, region, location string) (fates []Fate, err error) {
	if region != "" {
		if _, _, err := e.scope(calendar.Date{}, region, location); err != nil {
			return nil, err
		}
	}
	all, err := e.judged(ctx, agent, days)
	for _, h := range all {
		for _, j := range h.found {
			fates = append(fates, j.asked(region, location)...)
		}
	}
	return fates, err
}

// judged are the agent's days with what became of every session, as it was counted.
func (e *Explainer) judged(ctx context.Context, agent string, days []calendar.Date) ([]*history, error) {
	all, err := e.histories(ctx, agent, days)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		h.judge()
		if err := h.check(agent); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asked leaves of a session's fates those of a region, or a location. Where none is left, the session belongs elsewhere.
func (j *judged) asked(region, location string) (here []Fate) {
	f, where := j.fates[0], ""
	for _, one := range j.fates {
		if region == "" || f.Region == "" || one.Region == region && (location == "" || one.Location == location) {
			here = append(here, one)
		}
		where += ", " + one.place.String()
	}
	if len(here) > 0 {
		return here
	}
	f.Verdict, f.Rule, f.Reason = NotCounted, "R5", "belongs to "+where[len(", "):]
	return []Fate{f}
}

// check holds the judgement against what was counted.
func (h *history) check(agent string) error {
	said := map[bool]Verdict{true: "counted", false: NotCounted}
	disagree := func(at seatKey, rules Verdict) error {
		return fail.New(fail.Store, fmt.Sprintf("`seats compute --date %s` counts the day again; should it stay so, keep the store and report it", h.date),
			"explain agent %s on %s: session %d in %s is %s by the rules and %s in the store", agent, h.date, at.Session.ID, at.place, rules, said[h.seats[at]])
	}
	judged := map[seatKey]bool{}
	for _, j := range h.found {
		for _, f := range j.fates {
			at := seatKey{f.Session, f.place}
			if judged[at] = true; h.seats[at] != (f.Verdict != NotCounted) {
				return disagree(at, f.Verdict)
			}
		}
	}
	for at := range h.seats {
		if !judged[at] {
			return disagree(at, NotCounted)
		}
	}
	return nil
}

// seatKey is a session in a location.
type seatKey struct {
	Session Key
	place
}

// history is all that the slice of a day holds of an agent.
type history struct {
	*Explainer // by the rules of the day
	date       calendar.Date
	asOf       int64
	resources  []*resource
	seats      map[seatKey]bool // that were counted
	found      []*judged        // what became of each session
}

type resource struct {
	Key            int64
	Employee, Name string
	sessions       []session
	beside         []session // outside the slice: activities without an end started in them (R3)
	activities     []activity
	others         []activity // legs that only tell a switch (R5)
}

type session struct {
	Key           Key
	Login, Logout *int64 // no logout: open
}

type activity struct {
	Activity
	HasStart bool
	End      *int64 // nil: open
}

// histories reads the rows of an agent on days whose results are up to date.
func (e *Explainer) histories(ctx context.Context, agent string, days []calendar.Date) (all []*history, err error) {
	stands, err := compute.Look(ctx, e.conn, e.tenant, days...)
	if err == nil {
		err = checkFresh(stands...)
	}
	if err != nil {
		return nil, err
	}
	var dates []string
	byDay := map[calendar.Date]*history{}
	for _, s := range stands {
		h := &history{Explainer: e.by(s), date: s.Day, asOf: s.Slice.AsOf, seats: map[seatKey]bool{}}
		all, dates, byDay[s.Day] = append(all, h), append(dates, s.Day.String()), h
	}
	on := sql.Named("days", dates)
	type ofDay struct{ Day calendar.Date }
	resources, err := duck.All[struct {
		ofDay
		resource
	}](ctx, e.conn, "ask/agent_resource", on, sql.Named("agent", agent))
	if err != nil {
		return nil, err
	}
	type at struct {
		Day calendar.Date
		Key int64
	}
	of := map[at]*resource{} // another day's may be another agent's
	var keys []int64
	for _, r := range resources {
		h := byDay[r.Day]
		h.resources, keys, of[at{r.Day, r.Key}] = append(h.resources, &r.resource), append(keys, r.Key), &r.resource
	}
	seats, err := duck.All[struct {
		ofDay
		seatKey
	}](ctx, e.conn, "ask/agent_seat", on, sql.Named("agent", agent))
	for _, s := range seats {
		byDay[s.Day].seats[s.seatKey] = true
	}
	if err != nil || len(keys) == 0 {
		return all, err
	}
	sessions, err := duck.All[struct {
		Of       at
		IsBeside bool
		session
	}](ctx, e.conn, "ask/agent_session", on, sql.Named("resource_keys", keys))
	for _, s := range sessions {
		if r := of[s.Of]; r != nil && s.IsBeside {
			r.beside = append(r.beside, s.session)
		} else if r != nil {
			r.sessions = append(r.sessions, s.session)
		}
	}
	if err != nil {
		return nil, err
	}
	activities, err := duck.All[struct {
		Of      at
		IsOther bool
		activity
	}](ctx, e.conn, "ask/agent_activity", on, sql.Named("resource_keys", keys))
	for _, a := range activities {
		if r := of[a.Of]; r != nil && a.IsOther {
			r.others = append(r.others, a.activity)
		} else if r != nil {
			r.activities = append(r.activities, a.activity)
		}
	}
	return all, err
}

// FateTable shows what became of an agent's sessions. Times are in the region's zone; where a session got to no
// region, in that of the agent's other sessions, or else the tenant's.
func (e *Explainer) FateTable(agent string, fates []Fate) report.Table {
	t := report.Table{Header: []string{
		"tenant", "agent", "date", "resource_key", "sm_res_session_fact_key", "start_date_time_key", "login", "logout", "region", "location",
		"verdict", "rule", "reason", "activities", "kind", "activity_key", "activity_date_time_key", "activity_start", "switch",
		"call_attempt_guid", "decision",
	}}
	zones := map[string]*time.Location{}
	for _, r := range e.tenant.Regions {
		zones[r.Name] = r.Zone
	}
	fallback := e.tenant.Zone
	for _, f := range fates {
		if zone := zones[f.Region]; zone != nil {
			fallback = zone
		}
	}
	for _, f := range fates {
		zone := zones[f.Region]
		if zone == nil {
			zone = fallback
		}
		first := []any{nil, nil, nil, nil, nil, nil}
		if a := f.First; a != nil {
			first = []any{text(a.Kind), a.Key.ID, a.Key.DateTimeKey, instant(&a.Start, zone), text(a.Switch), text(a.GUID)}
		}
		t.Rows = append(t.Rows, slices.Concat([]any{
			e.tenant.Name, agent, f.Date, f.Resource, f.Session.ID, f.Session.DateTimeKey, instant(f.Login, zone), instant(f.Logout, zone),
			text(f.Region), text(f.Location), string(f.Verdict), text(f.Rule), text(f.Reason), f.Activities,
		}, first, []any{text(f.Decision)}))
	}
	return t
}

// BriefFateTable is FateTable as far as a terminal is wide.
func (e *Explainer) BriefFateTable(fates []Fate) report.Table {
	t := report.Table{Header: []string{"date", "session", "login", "logout", "location", "verdict", "rule", "by", "activity", "switch", "why"}}
	full := e.FateTable("", fates)
	for i, f := range fates {
		row := full.Rows[i]
		location, why, logout := any(nil), f.Reason, row[7]
		if f.Region != "" {
			location = f.place.String()
		}
		if why == "" {
			why = string(f.Decision)
		}
		if logout == nil && f.Login != nil {
			logout = "open"
		}
		t.Rows = append(t.Rows, []any{f.Date, f.Session.ID, row[6], logout, location, row[10], row[11], row[14], row[15], row[18], why})
	}
	return t
}
