package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"seats/internal/calendar"
	"seats/internal/config"
)

// judged is a session with what became of it.
type judged struct {
	resource *resource
	session
	occupied calendar.Interval // R2
	fates    []Fate
}

// judge takes every session of the agent through the rules, in their order, up to the one that stops it.
func (h *history) judge() []*judged {
	excluded := h.excluded()
	var all []*judged
	for _, r := range h.resources {
		for _, s := range r.sessions {
			j := &judged{resource: r, session: s}
			all = append(all, j)
			switch reason := h.reject(j); {
			case reason != "":
				j.stop(h.date, "R2", reason)
			case excluded != "":
				j.stop(h.date, "R6", excluded)
			default:
				h.qualify(j)
			}
		}
	}
	h.once(all)
	return all
}

// fate starts a row about the session.
func (j *judged) fate(date calendar.Date) Fate {
	return Fate{Date: date, Resource: j.resource.key, Session: j.key, Login: j.start, Logout: j.loggedOut(), Verdict: Counted}
}

// stop ends the way of the session at a rule.
func (j *judged) stop(date calendar.Date, rule, reason string) {
	f := j.fate(date)
	f.Verdict, f.Rule, f.Reason = NotCounted, rule, reason
	j.fates = []Fate{f}
}

// loggedOut is the logout; nil while the session is open, whatever its row says.
func (s session) loggedOut() *int64 {
	if s.isActive {
		return nil
	}
	return s.end
}

// reject is R2: it sets the occupied interval, or says why there is none.
func (h *history) reject(j *judged) (reason string) {
	if j.start == nil {
		return "rejected: no start_ts"
	}
	out := j.loggedOut()
	if out == nil {
		until := max(h.asOf, *j.start+1)
		out = &until
	}
	if *out < *j.start {
		return "rejected: end_ts before start_ts"
	}
	j.occupied = calendar.Interval{Start: *j.start, End: max(*out, *j.start+1)}
	if h.tenant.SessionEnd == config.SessionEndInclusive {
		j.occupied.End = *out + 1
	}
	return ""
}

// interval is R3; false where the activity is rejected.
func (h *history) interval(r *resource, a activity) (calendar.Interval, bool) {
	if a.start == nil {
		return calendar.Interval{}, false
	}
	var until int64
	switch {
	case a.isActive || a.end == nil:
		until = h.endOf(r, *a.start)
	case *a.end < *a.start:
		return calendar.Interval{}, false
	default:
		until = *a.end
	}
	return calendar.Interval{Start: *a.start, End: max(until, *a.start+1)}, true
}

// endOf is where an activity without an end does: with the session in which it started, or at the as-of.
func (h *history) endOf(r *resource, start int64) int64 {
	var ends []int64
	for _, s := range slices.Concat(r.sessions, r.beside) {
		j := &judged{resource: r, session: s}
		if h.reject(j) == "" && j.occupied.Contains(start) {
			ends = append(ends, j.occupied.End)
		}
	}
	if len(ends) == 0 {
		return h.asOf
	}
	return slices.Max(ends)
}

// excluded is R6: why the agent is left out, or nothing.
func (h *history) excluded() string {
	for _, pattern := range h.tenant.ExcludeAgents {
		text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		fits := regexp.MustCompile("^(?s:" + text + ")$")
		for _, r := range h.resources {
			if fits.MatchString(r.employee) {
				return fmt.Sprintf("exclude_agents %q fits employee_id %q", pattern, r.employee)
			}
			if fits.MatchString(r.name) {
				return fmt.Sprintf("exclude_agents %q fits resource_name %q", pattern, r.name)
			}
		}
	}
	return ""
}

// qualify is R4, R5 and R8: which activities the session has, where they lead, and whether it touches the day
// there.
func (h *history) qualify(j *judged) {
	activities := h.sharing(j, j.resource.activities)
	if len(activities) == 0 {
		j.stop(h.date, "R4", h.withoutActivity(j))
		return
	}
	known := slices.DeleteFunc(slices.Clone(activities), func(a Activity) bool { return a.Switch == "" })
	switch told := h.sharing(j, j.resource.others); {
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
func (h *history) sharing(j *judged, activities []activity) []Activity {
	var sharing []Activity
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
	at := map[place]int{}
	var nowhere []string
	for _, a := range telling {
		to, decision := places.decide(a.Switch)
		if to == nil {
			nowhere = append(nowhere, nameOf(a.Switch))
			continue
		}
		no, seen := at[*to]
		if !seen {
			no = len(j.fates)
			at[*to] = no
			f := j.fate(h.date)
			f.Region, f.Location, f.First, f.Decision = to.region, to.location, &a, decision
			if others != nil {
				f.First, f.Activities, f.Decision = &others[0], int64(len(others)), decision.toldBy(a)
			}
			j.fates = append(j.fates, f)
		}
		if others == nil {
			j.fates[no].Activities++
		}
	}
	if others == nil {
		others = telling
	}
	slices.Sort(nowhere)
	reason := strings.Join(slices.Compact(nowhere), ", ") + " leads nowhere: no location lists it and there is no default location"
	switch {
	case len(j.fates) == 0:
		j.stop(h.date, "R5", "unmapped: "+reason)
		j.fates[0].First, j.fates[0].Activities = &others[0], int64(len(others))
	case len(nowhere) > 0:
		for i := range j.fates {
			j.fates[i].Rule, j.fates[i].Reason = "R5", "in part unmapped: "+reason
		}
	}
}

func nameOf(switchName string) string {
	if switchName == "" {
		return "an unknown switch"
	}
	return "switch " + switchName
}

// withoutActivity says what there is instead of an activity of the session.
func (h *history) withoutActivity(j *judged) string {
	reason := fmt.Sprintf("no activity of resource_key %d shares a second with the session", j.resource.key)
	rejected, nearest, gap := 0, Activity{}, int64(-1)
	for _, a := range j.resource.activities {
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
	return reason + h.ofOthers(j)
}

// ofOthers names another resource of the same agent that was active during the session: it does not help (R4).
func (h *history) ofOthers(j *judged) string {
	for _, r := range h.resources {
		for _, a := range r.activities {
			if iv, ok := h.interval(r, a); ok && r.key != j.resource.key && iv.Overlaps(j.occupied) {
				return fmt.Sprintf("; one of resource_key %d, the same agent, does", r.key)
			}
		}
	}
	return ""
}

// once is R8: sessions of one agent that share seconds of a region's day add one agent, not two.
func (h *history) once(all []*judged) {
	for _, j := range all {
		for i := range j.fates {
			f := &j.fates[i]
			if f.Verdict == NotCounted {
				continue
			}
			if other := h.beside(all, j, *f); other != nil {
				f.Verdict = CountedOnce
				f.Rule = strings.TrimPrefix(f.Rule+", R8", ", ")
				f.Reason = strings.TrimPrefix(fmt.Sprintf("%s; shares seconds with session %d of the same agent", f.Reason, other.key.ID), "; ")
			}
		}
	}
}

// beside finds another session that counts in the same region and shares a second of the day.
func (h *history) beside(all []*judged, j *judged, f Fate) *judged {
	scope, _, err := h.scope(h.date, f.Region, "")
	if err != nil {
		return nil
	}
	mine, _ := j.occupied.Intersect(scope.Day)
	for _, other := range all {
		counts := slices.ContainsFunc(other.fates, func(o Fate) bool { return o.Region == f.Region && o.Verdict != NotCounted })
		if other != j && counts && other.occupied.Overlaps(mine) {
			return other
		}
	}
	return nil
}
