package sweep

import (
	"cmp"
	"slices"
)

// qualify gives every session the set of places of the activities that share a second with it and are of the
// same resource (R4), and one without a known place those of its other legs (R5); sessions of excluded agents stay without.
func (s *Sweep) qualify(who agents, where *places) {
	placeOf := make([]int, len(s.switches.keys))
	for no, name := range s.switches.keys {
		placeOf[no] = where.ofSwitch(name)
	}
	resources := len(s.people)
	sessions := groupBy(resources, len(s.sessions), func(i int) int32 { return s.sessions[i].resource })
	beside := groupBy(resources, len(s.beside), func(i int) int32 { return s.beside[i].resource })
	activities := groupBy(resources, len(s.activities), func(i int) int32 { return s.activities[i].resource })
	others := groupBy(resources, len(s.others), func(i int) int32 { return s.others[i].resource })
	var own timeline
	for r := range resources {
		if who.excluded[who.of[r]] || sessions.size(r) == 0 {
			continue
		}
		mark := func(a *activity) {
			if a.end == Unknown {
				for _, i := range sessions.of(r) {
					a.lastAs(s.sessions[i])
				}
				for _, i := range beside.of(r) {
					a.lastAs(s.beside[i])
				}
				if a.end == Unknown {
					a.end = s.rules.AsOf
				}
				a.end = max(a.end, a.start+1)
			}
			place := where.unknown
			if a.switchNo != noSwitch {
				place = placeOf[a.switchNo]
			}
			own.mark(a, where, place)
		}
		own.load(s.sessions, sessions.of(r))
		for _, i := range activities.of(r) {
			mark(&s.activities[i])
		}
		if others.size(r) == 0 {
			continue
		}
		own.keepOnly(func(one *session) bool { return where.onlyUnknown(one.places) })
		for _, i := range others.of(r) {
			mark(&s.others[i])
		}
	}
}

// lastAs has an activity without an end last at least as long as a session of its resource in which it started: of several the one
// that ends last counts. One that started in none ends with the as-of; each after one second at least (R3).
func (a *activity) lastAs(login session) {
	if login.start <= a.start && a.start < login.end {
		a.end = max(a.end, login.end)
	}
}

// timeline is the sessions of one resource in the order of their starts. reach[i] is the latest end among the
// sessions up to i: it only grows, so the first session that can still be running is found by halving.
type timeline struct {
	sessions []session
	order    []int32
	reach    []int64
}

func (l *timeline) load(sessions []session, own []int32) {
	l.sessions, l.order = sessions, own
	if len(own) > 1 {
		slices.SortFunc(own, func(a, b int32) int { return cmp.Compare(sessions[a].start, sessions[b].start) })
	}
	l.reach = l.reach[:0]
	latest := int64(Unknown)
	for _, i := range own {
		latest = max(latest, sessions[i].end)
		l.reach = append(l.reach, latest)
	}
}

// keepOnly leaves out of the timeline the sessions that are not wanted.
func (l *timeline) keepOnly(wanted func(*session) bool) {
	kept := slices.DeleteFunc(slices.Clone(l.order), func(i int32) bool { return !wanted(&l.sessions[i]) })
	l.load(l.sessions, kept)
}

// mark adds the place to every session that shares a second with the activity.
func (l *timeline) mark(a *activity, where *places, place int) {
	first := 0
	if len(l.reach) > 1 {
		first, _ = slices.BinarySearch(l.reach, a.start+1)
	}
	for _, i := range l.order[first:] {
		session := &l.sessions[i]
		if session.start >= a.end {
			return
		}
		if session.end > a.start {
			session.places = where.with(session.places, place)
		}
	}
}

// groups lists row numbers by the small number they are grouped by, in the order of the rows.
type groups struct {
	rows  []int32
	start []int32 // by group; one more at the end
}

func (g groups) of(group int) []int32 { return g.rows[g.start[group]:g.start[group+1]] }
func (g groups) size(group int) int   { return int(g.start[group+1] - g.start[group]) }

// groupBy counts the rows of every group, and so knows where each row goes: no comparing.
func groupBy(count, rows int, group func(row int) int32) groups {
	g := groups{rows: make([]int32, rows), start: make([]int32, count+2)}
	after := g.start[1:] // where the next row of a group goes; ends as the start of the group after it
	for row := range rows {
		g.start[group(row)+2]++
	}
	for i := 1; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	for row := range rows {
		at := &after[group(row)]
		g.rows[*at] = int32(row)
		*at++
	}
	return g
}
