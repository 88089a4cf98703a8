package explain

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/report"
)

// judged are agents' days with what became of every session, by rules that are told here once more, in Go, and as it was counted.
func (w world) judged(t *rapid.T, conn *sql.Conn) (all []*history) {
	rows := must.Have(conn.QueryContext(context.Background(), must.Text(t, "testdata/agent.sql"), duck.Days(w.day),
		sql.Named("agents", slices.Sorted(maps.Keys(w.agents)))))(t)
	defer rows.Close()
	for rows.Next() {
		h := &history{Explainer: New(conn, w.tenant.On(w.day)), date: w.day, asOf: w.asOf}
		require.NoError(t, rows.Scan(new(string), &h.agent, h))
		h.judge()
		require.NoError(t, h.check())
		all = append(all, h)
	}
	require.NoError(t, rows.Err())
	return all
}

// Fate is a row of Agents: what became of a session of an agent on a day.
type Fate struct {
	Date          calendar.Date
	Resource      int64 // resource_key
	Session       Key
	Login, Logout *int64 // as GIM has them
	place                // "" where the session did not get so far
	Verdict       string // counted; counted once, where it shares seconds with another session of its agent; not counted
	Rule          string // the rule that decided, where it is not simply counted
	Reason        string
	Activities    int64    // how many put the session into the location
	First         Activity // the first of them; without a Kind: none
	Decision      string
}

// fatesOf are the rows by agent, whose clocks are put back.
func fatesOf(t report.Table) map[string][]Fate {
	of := map[string][]Fate{}
	text := func(cell any) string { return fmt.Sprint(cmp.Or[any](cell, "")) }
	number := func(cell any) int64 { return cmp.Or[any](cell, int64(0)).(int64) }
	second := func(cell any) *int64 {
		if cell == nil {
			return nil
		}
		return new(cell.(time.Time).Unix())
	}
	for _, r := range t.Rows {
		agent := text(r[1])
		of[agent] = append(of[agent], Fate{
			Date: r[2].(calendar.Date), Resource: number(r[3]), Session: Key{number(r[4]), number(r[5])}, Login: second(r[6]), Logout: second(r[7]),
			place: place{text(r[8]), text(r[9])}, Verdict: text(r[10]), Rule: text(r[11]), Reason: text(r[12]), Activities: number(r[13]),
			First:    Activity{text(r[14]), Key{number(r[15]), number(r[16])}, *cmp.Or(second(r[17]), new(int64)), text(r[18]), text(r[19])},
			Decision: text(r[20]),
		})
	}
	return of
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
func (h *history) check() error {
	said := map[bool]string{true: "counted", false: NotCounted}
	var judged []seatKey
	for _, j := range h.found {
		for _, f := range j.fates {
			at := seatKey{f.Session, f.place}
			if counted := slices.Contains(h.Seats, at); counted != (f.Verdict != NotCounted) {
				return h.disagree(at, f.Verdict, said[counted])
			}
			judged = append(judged, at)
		}
	}
	for _, at := range h.Seats {
		if !slices.Contains(judged, at) {
			return h.disagree(at, NotCounted, said[true])
		}
	}
	return nil
}

func (h *history) disagree(at seatKey, rules, store string) error {
	return fmt.Errorf("agent %s on %s: session %d in %s is %s by the rules and %s in the store", h.agent, h.date, at.Session.ID, at.place, rules, store)
}

// place is a location of a region.
type place struct{ Region, Location string }

func (p place) String() string { return p.Region + "/" + p.Location }

// seatKey is a session in a location.
type seatKey struct {
	Session Key
	place
}

// history is all that the slice of a day holds of an agent, as testdata/agent.sql reads it.
type history struct {
	*Explainer `json:"-"` // by the rules of the day
	date       calendar.Date
	agent      string
	asOf       int64
	Resources  []*resource
	Seats      []seatKey // that were counted
	found      []*judged // what became of each session
}

// Scan implements sql.Scanner.
func (h *history) Scan(value any) error { return json.Unmarshal(fmt.Append(nil, value), h) }

type resource struct {
	Key            int64
	Employee, Name string
	Sessions       []session
	Beside         []session // outside the slice: activities without an end started in them (R3)
	Activities     []activity
	Others         []activity // legs that only tell a switch (R5)
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

// judged is a session with what became of it.
type judged struct {
	resource *resource
	session
	occupied calendar.Interval // R2
	fates    []Fate
}

// judge takes every session of the agent through the rules, in their order, up to the one that stops it.
func (h *history) judge() {
	excluded := h.excluded()
	for _, r := range h.Resources {
		for _, s := range r.Sessions {
			j := &judged{resource: r, session: s}
			h.found = append(h.found, j)
			var rejected string
			switch j.occupied, rejected = h.occupied(s); {
			case rejected != "":
				j.stop(h.date, "R2", "rejected: "+rejected)
			case excluded != "":
				j.stop(h.date, "R6", excluded)
			default:
				h.qualify(j)
			}
		}
	}
	h.once()
}

// fate starts a row about the session.
func (j *judged) fate(date calendar.Date) Fate {
	return Fate{Date: date, Resource: j.resource.Key, Session: j.Key, Login: j.Login, Logout: j.Logout, Verdict: Counted}
}

// stop ends the way of the session at a rule.
func (j *judged) stop(date calendar.Date, rule, reason string) {
	f := j.fate(date)
	f.Verdict, f.Rule, f.Reason = NotCounted, rule, reason
	j.fates = []Fate{f}
}

// occupied is R2: the occupied interval, or why there is none.
func (h *history) occupied(s session) (span calendar.Interval, rejected string) {
	switch last := lastSecond(h.tenant); {
	case s.Login == nil:
		return span, "no start_ts"
	case s.Logout == nil:
		return calendar.Interval{Start: *s.Login, End: max(h.asOf, *s.Login+1) + last}, ""
	case *s.Logout < *s.Login:
		return span, "end_ts before start_ts"
	default:
		return calendar.Interval{Start: *s.Login, End: max(*s.Logout+last, *s.Login+1)}, ""
	}
}

// interval is R3; false where the activity is rejected. One without an end ends with the session in which it started, or at the
// as-of.
func (h *history) interval(r *resource, a activity) (calendar.Interval, bool) {
	if !a.HasStart || a.End != nil && *a.End < a.Start {
		return calendar.Interval{}, false
	}
	until := int64(0)
	if a.End != nil {
		until = *a.End
	} else {
		for _, s := range slices.Concat(r.Sessions, r.Beside) {
			if span, _ := h.occupied(s); span.Contains(a.Start) {
				until = max(until, span.End)
			}
		}
		if until == 0 {
			until = h.asOf
		}
	}
	return calendar.Interval{Start: a.Start, End: max(until, a.Start+1)}, true
}

// excluded is R6: why the agent is left out, or nothing.
func (h *history) excluded() string {
	for _, pattern := range h.tenant.ExcludeAgents {
		text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		fits := regexp.MustCompile("^(?s:" + text + ")$")
		for _, r := range h.Resources {
			if fits.MatchString(r.Employee) {
				return fmt.Sprintf("exclude_agents %q fits employee_id %q", pattern, r.Employee)
			}
			if fits.MatchString(r.Name) {
				return fmt.Sprintf("exclude_agents %q fits resource_name %q", pattern, r.Name)
			}
		}
	}
	return ""
}

// qualify is R4, R5 and R8: which activities the session has, where they lead, and whether it touches the day there.
func (h *history) qualify(j *judged) {
	activities := h.sharing(j, j.resource.Activities)
	if len(activities) == 0 {
		j.stop(h.date, "R4", h.withoutActivity(j))
		return
	}
	known := slices.DeleteFunc(slices.Clone(activities), func(a Activity) bool { return a.Switch == "" })
	switch told := h.sharing(j, j.resource.Others); {
	case len(known) > 0:
		h.locate(j, known, nil)
	case len(told) > 0:
		h.locate(j, told, activities)
	default:
		h.locate(j, activities, nil)
	}
	for i := range j.fates {
		f := &j.fates[i]
		if scope, zone, err := h.scope(h.date, f.Region, ""); err == nil && !scope.Day.Overlaps(j.occupied) {
			f.Verdict, f.Rule, f.Reason = NotCounted, "R8", fmt.Sprintf("shares no second with %s in %s", h.date, zone)
		}
	}
}

// sharing are those of the activities that share a second with a session (R4), the earliest first.
func (h *history) sharing(j *judged, activities []activity) (sharing []Activity) {
	for _, a := range activities {
		if iv, ok := h.interval(j.resource, a); ok && iv.Overlaps(j.occupied) {
			sharing = append(sharing, a.Activity)
		}
	}
	return sharing
}

// locate makes a row for every location that the activities lead to (R5), or that the legs of the login do which tell the switch
// of others. What leads nowhere is told only of a session that has no place at all, and beside the others otherwise.
func (h *history) locate(j *judged, telling, others []Activity) {
	places := placesOf(h.tenant)
	var nowhere []string
	for _, a := range telling {
		to, decision := places.decide(a.Switch)
		switch {
		case to == nil && a.Switch == "":
			nowhere = append(nowhere, "an unknown switch")
			continue
		case to == nil:
			nowhere = append(nowhere, "switch "+a.Switch)
			continue
		}
		no := slices.IndexFunc(j.fates, func(f Fate) bool { return f.place == *to })
		if no < 0 {
			no = len(j.fates)
			f := j.fate(h.date)
			f.place, f.First, f.Decision = *to, a, decision
			if others != nil {
				f.First, f.Activities, f.Decision = others[0], int64(len(others)), toldBy(decision, told{a.Key.ID, a.Switch})
			}
			j.fates = append(j.fates, f)
		}
		if others == nil {
			j.fates[no].Activities++
		}
	}
	if len(nowhere) == 0 {
		return
	}
	slices.Sort(nowhere)
	reason := strings.Join(slices.Compact(nowhere), ", ") + " leads nowhere: no location lists it and there is no default location"
	if len(j.fates) > 0 {
		for i := range j.fates {
			j.fates[i].Rule, j.fates[i].Reason = "R5", "in part unmapped: "+reason
		}
		return
	}
	if others == nil {
		others = telling
	}
	j.stop(h.date, "R5", "unmapped: "+reason)
	j.fates[0].First, j.fates[0].Activities = others[0], int64(len(others))
}

// withoutActivity says what there is instead of an activity of the session. Another resource of the same agent that was active
// during the session does not help (R4).
func (h *history) withoutActivity(j *judged) string {
	reason := fmt.Sprintf("no activity of resource_key %d shares a second with the session", j.resource.Key)
	rejected, nearest, gap := 0, Activity{}, int64(-1)
	for _, a := range j.resource.Activities {
		iv, ok := h.interval(j.resource, a)
		if !ok {
			rejected++
			continue
		}
		if away := max(iv.Start-j.occupied.End, j.occupied.Start-iv.End) + 1; gap < 0 || away < gap {
			nearest, gap = a.Activity, away
		}
	}
	if gap >= 0 {
		reason += fmt.Sprintf("; the nearest is %s %d, %d s away", nearest.Kind, nearest.Key.ID, gap)
	}
	if rejected > 0 {
		reason += fmt.Sprintf("; %d of it rejected (R3)", rejected)
	}
	for _, r := range h.Resources {
		if other := (&judged{resource: r, occupied: j.occupied}); r != j.resource && len(h.sharing(other, r.Activities)) > 0 {
			return reason + fmt.Sprintf("; one of resource_key %d, the same agent, does", r.Key)
		}
	}
	return reason
}

// once is R8: sessions of one agent that count in the same region and share seconds of its day add one agent, not two.
func (h *history) once() {
	for _, j := range h.found {
		for i := range j.fates {
			f := &j.fates[i]
			scope, _, err := h.scope(h.date, f.Region, "")
			if err != nil || f.Verdict == NotCounted {
				continue
			}
			mine, _ := shared(j.occupied, scope.Day)
			counts := func(o Fate) bool { return o.Region == f.Region && o.Verdict != NotCounted }
			at := slices.IndexFunc(h.found, func(o *judged) bool {
				return o != j && slices.ContainsFunc(o.fates, counts) && o.occupied.Overlaps(mine)
			})
			if at >= 0 {
				f.Verdict = CountedOnce
				f.Rule = strings.TrimPrefix(f.Rule+", R8", ", ")
				f.Reason = strings.TrimPrefix(fmt.Sprintf("%s; shares seconds with session %d of the same agent", f.Reason, h.found[at].Key.ID), "; ")
			}
		}
	}
}

// The verdicts.
const (
	Counted     = "counted"
	CountedOnce = "counted once" // it qualifies, and shares seconds with another session of its agent
	NotCounted  = "not counted"
)

// The decisions.
const (
	Listed   = "listed switch"
	Unlisted = "default: switch not listed"
	Unknown  = "default: switch unknown"
)

// toldBy is the decision on a switch that another leg of the login told, since the activities know none.
func toldBy(d string, leg told) string {
	return fmt.Sprintf("%s (%s, told by leg %d of the same login)", d, leg.Switch, leg.Leg)
}

// places knows where switches lead.
type places struct {
	bySwitch  map[string]place
	byDefault *place
}

func placesOf(t config.Tenant) places {
	p := places{bySwitch: map[string]place{}}
	for _, r := range t.Regions {
		for _, l := range r.Locations {
			for _, name := range l.Switches {
				p.bySwitch[name] = place{r.Name, l.Name}
			}
			if len(l.Switches) == 0 {
				p.byDefault = &place{r.Name, l.Name}
			}
		}
	}
	return p
}

// decide finds the place of a switch, "" for an unknown one; nil where there is none.
func (p places) decide(switchName string) (*place, string) {
	if switchName == "" {
		return p.byDefault, Unknown
	}
	if at, listed := p.bySwitch[switchName]; listed {
		return &at, Listed
	}
	return p.byDefault, Unlisted
}

// told is another leg of a login, which tells its switch.
type told struct {
	Leg    int64
	Switch string
}

// lastSecond is how many seconds a session occupies from its end on (R2).
func lastSecond(t config.Tenant) int64 {
	if t.SessionEnd == config.SessionEndInclusive {
		return 1
	}
	return 0
}
