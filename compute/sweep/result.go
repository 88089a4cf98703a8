package sweep

import (
	"cmp"
	"slices"

	"example.com/seats/compute/rule"
)

// Result is a slice counted: who qualifies, and where. Curves are made when asked for, one scope at a time,
// so that memory does not grow with the number of locations.
type Result struct {
	Scopes   []rule.Scope // what was counted for: each region, followed by its locations
	Unmapped int64        // sessions that qualify and have a switch that no location takes, or none and no default location to go to (R11)

	inScope  [][]bool  // by scope, by set of places
	sessions []session // by their starts
	who      agents
	keys     []int64  // resource keys, by resource number
	people   []person // likewise
	stays    []stay
	counter  counter
}

// Result counts the rows given so far.
func (s *Sweep) Result() *Result {
	who := s.identify()
	where := newPlaces(s.rules.Regions)
	s.qualify(who, where)
	r := &Result{Scopes: s.rules.Scopes(), sessions: s.byStart(), who: who, keys: s.resources.keys, people: s.people}
	var unmapped []bool // by set of places
	r.inScope, unmapped = where.inScopes()
	for i := range r.sessions {
		if unmapped[r.sessions[i].places] {
			r.Unmapped++
		}
	}
	return r
}

// byStart gives the sessions by their starts, all that lie before the first of the days being one.
func (s *Sweep) byStart() []session {
	until := s.rules.End()
	from := until
	for _, r := range s.rules.Regions {
		from = min(from, r.Day.Start)
	}
	order := groupBy(int(until-from)+1, len(s.sessions), func(i int) int32 { return int32(min(max(s.sessions[i].start, from), until) - from) })
	sorted := make([]session, len(s.sessions))
	for i, row := range order.rows {
		sorted[i] = s.sessions[row]
	}
	return sorted
}

// inScopes tells which sets of places belong to which scope, and of which some place, or all, is nowhere to go (R5, R11). Sessions belong to the
// locations of their known switches; with no known one, to the default location. A region takes a session once, whatever the number of its locations.
func (p *places) inScopes() (table [][]bool, unmapped []bool) {
	for range p.scopes {
		table = append(table, make([]bool, len(p.members)))
	}
	for set, members := range p.members {
		unknown := p.onlyUnknown(placeSet(set))
		unmapped = append(unmapped, members[p.nowhere] == 1 || unknown && p.byDefault == p.nowhere)
		for no := range p.ofRegion {
			if members[no] == 1 || unknown && no == p.byDefault {
				table[p.ofRegion[no]][set], table[p.ofLocation[no]][set] = true, true
			}
		}
	}
	return table, unmapped
}

// Curve counts one scope (R8), by its place in Scopes. The next call overwrites the curve.
func (r *Result) Curve(scope int) Curve {
	day := r.Scopes[scope].Day
	r.stays = r.stays[:0]
	r.each(scope, func(s *session, start, end int64) {
		r.stays = append(r.stays, stay{int32(start - day.Start), int32(end - day.Start), r.who.of[s.resource]})
	})
	return r.counter.count(r.stays, int(day.Seconds()), len(r.who.names))
}

// each calls found with the scope's sessions, by their starts, and what of them lies in the scope's day.
func (r *Result) each(scope int, found func(s *session, start, end int64)) {
	day, inScope := r.Scopes[scope].Day, r.inScope[scope]
	for i := range r.sessions {
		s := &r.sessions[i]
		if start, end := max(s.start, day.Start), min(s.end, day.End); inScope[s.places] && start < end {
			found(s, start, end)
		}
	}
}

// Resources are the resource keys of a scope that have a qualifying session which shares a second with the day. A month knows
// agents by them, since a later slice may tell more of who is behind one (R6).
func (r *Result) Resources(scope int) (keys []int64) {
	for _, resource := range r.resources(scope) {
		keys = append(keys, r.keys[resource])
	}
	return keys
}

// Enabled is the set of agents of a scope (R9): those with a qualifying session that shares a second with the day.
func (r *Result) Enabled(scope int) map[string]bool {
	resources := r.resources(scope)
	enabled := make(map[string]bool, len(resources))
	for _, resource := range resources {
		enabled[r.who.names[r.who.of[resource]]] = true
	}
	return enabled
}

func (r *Result) resources(scope int) (numbers []int32) {
	seen := make([]bool, len(r.keys))
	r.each(scope, func(s *session, _, _ int64) {
		if !seen[s.resource] {
			seen[s.resource] = true
			numbers = append(numbers, s.resource)
		}
	})
	return numbers
}

// Said are the employee_ids of the resource keys that the slice says anything of.
func (r *Result) Said() map[int64]string {
	said := map[int64]string{}
	for resource, p := range r.people {
		if p.said {
			said[r.keys[resource]] = p.employeeID
		}
	}
	return said
}

// Curve is a scope's day second by second (R8). Both slices have one element for each second of the day.
type Curve struct {
	Agents   []int32
	Sessions []int32
}

// Peak is the top of a curve. Without any agent Second and Seconds are 0.
type Peak struct {
	Agents  int64
	Second  int64 // the first second at the peak, counted from the start of the day
	Seconds int64 // how many seconds of the day are at the peak
}

func (c Curve) Peak() Peak {
	var p Peak
	for second, agents := range c.Agents {
		switch n := int64(agents); {
		case n == 0 || n < p.Agents:
		case n == p.Agents:
			p.Seconds++
		default:
			p = Peak{Agents: n, Second: int64(second), Seconds: 1}
		}
	}
	return p
}

// stay is a qualifying session cut to the day, in seconds of the day: [start, end).
type stay struct {
	start, end, agent int32
}

// counter turns the stays of one scope into its curve. Its buffers serve one scope after the other.
type counter struct {
	curve   Curve
	reached []int32 // by agent: up to which second it has been counted
}

// count walks through the stays, which come in the order of their starts. An agent's stays may overlap: each adds only the
// seconds that the ones before it have not reached. The curve is the counter's own and is overwritten by the next call.
func (c *counter) count(stays []stay, seconds, agents int) Curve {
	// A second more, for the stays that last until the end of the day.
	c.curve.Agents, c.curve.Sessions = zeroed(c.curve.Agents, seconds+1), zeroed(c.curve.Sessions, seconds+1)
	c.reached = zeroed(c.reached, agents)
	there, sessions := c.curve.Agents, c.curve.Sessions
	for i := range stays {
		s := &stays[i]
		sessions[s.start]++
		sessions[s.end]--
		if reached := c.reached[s.agent]; s.end > reached {
			there[max(s.start, reached)]++
			there[s.end]--
			c.reached[s.agent] = s.end
		}
	}
	for second := 1; second < seconds; second++ {
		there[second] += there[second-1]
		sessions[second] += sessions[second-1]
	}
	return Curve{Agents: there[:seconds], Sessions: sessions[:seconds]}
}

func zeroed(buffer []int32, n int) []int32 {
	buffer = slices.Grow(buffer[:0], n)[:n]
	clear(buffer)
	return buffer
}

// qualify gives every session the set of places of the activities that share a second with it and are of the
// same resource (R4), and one without a known place those of its other legs (R5); sessions of excluded agents stay without.
func (s *Sweep) qualify(who agents, where *places) {
	placeOf := make([]int, len(s.switches.keys))
	for no, name := range s.switches.keys {
		place, listed := where.bySwitch[name]
		if !listed {
			place = where.byDefault
		}
		placeOf[no] = place
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
		own.load(s.sessions, slices.DeleteFunc(slices.Clone(own.order), func(i int32) bool { return !where.onlyUnknown(s.sessions[i].places) }))
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
