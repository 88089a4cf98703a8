package compute

import (
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
)

// brute counts a day a third way, slowly and plainly: it looks at every second of every scope and asks of
// every session whether it is there. At most 64 agents.
type brute struct {
	rules rule.Set
	rows  history
}

// seat is a qualifying session: who, when, where.
type seat struct {
	agent string
	calendar.Interval
	scopes map[string]bool
}

// curve is the number of agents and sessions in every second of a scope.
func (b brute) curve(scope rule.Scope) (agents, sessions []int32) {
	seats := b.seats()
	numbers := map[string]int{}
	for _, s := range seats {
		if _, known := numbers[s.agent]; !known {
			numbers[s.agent] = len(numbers)
		}
	}
	for second := scope.Day.Start; second < scope.Day.End; second++ {
		var there uint64
		n := int32(0)
		for _, s := range seats {
			if s.Contains(second) && s.scopes[scope.String()] {
				there |= 1 << numbers[s.agent]
				n++
			}
		}
		agents = append(agents, int32(bits.OnesCount64(there)))
		sessions = append(sessions, n)
	}
	return agents, sessions
}

// enabled is the set of agents of a scope.
func (b brute) enabled(scope rule.Scope) map[string]bool {
	enabled := map[string]bool{}
	for _, s := range b.seats() {
		if s.scopes[scope.String()] && s.Overlaps(scope.Day) {
			enabled[s.agent] = true
		}
	}
	return enabled
}

// seats are the sessions that qualify somewhere (R2 to R6).
func (b brute) seats() []seat {
	var seats []seat
	for _, s := range b.rows.sessions {
		iv, ok := b.occupied(s)
		if !ok || b.isExcluded(s.resource) {
			continue
		}
		if scopes := b.scopes(b.switches(s.resource, iv)); len(scopes) > 0 {
			seats = append(seats, seat{b.agent(s.resource), iv, scopes})
		}
	}
	return seats
}

// unmapped is how many sessions of the regions' days have a switch with nowhere to go (R5, R11).
func (b brute) unmapped() (n int64) {
	for _, s := range b.rows.sessions {
		iv, ok := b.occupied(s)
		if ok && !b.isExcluded(s.resource) && b.inSomeDay(iv) && b.hasNowhere(b.switches(s.resource, iv)) {
			n++
		}
	}
	return n
}

func (b brute) inSomeDay(iv calendar.Interval) bool {
	return slices.ContainsFunc(b.rules.Regions, func(r rule.Region) bool { return r.Day.Seconds() > 0 && iv.Overlaps(r.Day) })
}

// hasNowhere asks of each switch alone, a known one or the only unknown one, whether it leads to a location.
func (b brute) hasNowhere(switches []string) bool {
	known := slices.ContainsFunc(switches, func(s string) bool { return s != "" })
	return slices.ContainsFunc(switches, func(s string) bool {
		return (s != "" || !known) && len(b.scopes([]string{s})) == 0
	})
}

// occupied is R2.
func (b brute) occupied(s sessionRow) (calendar.Interval, bool) {
	end := s.end
	if s.isOpen() {
		end = max(b.rules.AsOf, s.start+1)
	}
	if s.start == sweep.Unknown || end < s.start {
		return calendar.Interval{}, false
	}
	if b.rules.EndSecondCounts {
		return calendar.Interval{Start: s.start, End: end + 1}, true
	}
	return calendar.Interval{Start: s.start, End: max(end, s.start+1)}, true
}

// switches are those of the activities that qualify a session (R3, R4), or, where none of these is known, of its other legs (R5);
// "" is an unknown one.
func (b brute) switches(resource int64, session calendar.Interval) []string {
	names := b.reached(b.rows.activities, resource, session)
	if len(names) == 0 || slices.ContainsFunc(names, func(s string) bool { return s != "" }) {
		return names
	}
	return append(names, b.reached(b.rows.calls, resource, session)...)
}

func (b brute) reached(activities []activityRow, resource int64, session calendar.Interval) (names []string) {
	for _, a := range activities {
		if a.start == sweep.Unknown || !a.isOpen() && a.end < a.start || a.resource != resource {
			continue
		}
		if session.Overlaps(calendar.Interval{Start: a.start, End: max(b.end(a), a.start+1)}) {
			names = append(names, a.switchName)
		}
	}
	return names
}

// end is R3: where an activity ends.
func (b brute) end(a activityRow) int64 {
	if !a.isOpen() {
		return a.end
	}
	end, started := b.rules.AsOf, false
	for _, s := range b.rows.sessions {
		if iv, ok := b.occupied(s); ok && s.resource == a.resource && iv.Contains(a.start) {
			if !started || iv.End > end {
				end = iv.End
			}
			started = true
		}
	}
	return end
}

// scopes is R5: where switches lead.
func (b brute) scopes(switches []string) map[string]bool {
	if known := slices.DeleteFunc(slices.Clone(switches), func(s string) bool { return s == "" }); len(known) > 0 {
		switches = known
	}
	scopes := map[string]bool{}
	for _, name := range switches {
		listed := false
		for _, pass := range []bool{false, true} {
			for _, r := range b.rules.Regions {
				for _, l := range r.Locations {
					here := slices.Contains(l.Switches, name)
					if here || pass && !listed && len(l.Switches) == 0 {
						scopes[r.Name], scopes[r.Name+"/"+l.Name] = true, true
					}
					listed = listed || here
				}
			}
		}
	}
	return scopes
}

// agent and isExcluded are R6.
func (b brute) agent(resourceKey int64) string {
	for _, r := range b.rows.resources {
		if r.key == resourceKey && r.employee != "" {
			return r.employee
		}
	}
	return fmt.Sprintf("#%d", resourceKey)
}

func (b brute) isExcluded(resourceKey int64) bool {
	for _, r := range b.rows.resources {
		if b.agent(r.key) != b.agent(resourceKey) {
			continue
		}
		for _, pattern := range b.rules.Exclude {
			text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
			if fits := regexp.MustCompile("^(?s:" + text + ")$"); fits.MatchString(r.employee) || fits.MatchString(r.name) {
				return true
			}
		}
	}
	return false
}
