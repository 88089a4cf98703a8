package sweep

import "seats/compute/rule"

// Result is a slice counted: who qualifies, and where. Curves are made when asked for, one scope at a time,
// so that memory does not grow with the number of locations.
type Result struct {
	scopes   []rule.Scope
	inScope  [][]bool  // by scope, by set of places
	sessions []session // by their starts
	who      agents
	keys     []int64  // resource keys, by resource number
	people   []person // likewise
	unmapped int64
	stays    []stay
	counter  counter
}

// Result counts the rows given so far.
func (s *Sweep) Result() *Result {
	who := s.identify()
	where := newPlaces(s.rules.Regions)
	s.qualify(who, where)
	r := &Result{scopes: s.rules.Scopes(), sessions: s.byStart(), who: who, keys: s.resources.keys, people: s.people}
	var unmapped []bool // by set of places
	r.inScope, unmapped = where.scopes(s.rules.Regions)
	for i := range r.sessions {
		if unmapped[r.sessions[i].places] {
			r.unmapped++
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

// scopes tells which sets of places belong to which scope, in the order of rule.Set.Scopes, and of which some place, or all, is
// nowhere to go (R5, R11). A region takes a session once, whatever the number of its locations.
func (p *places) scopes(regions []rule.Region) (table [][]bool, unmapped []bool) {
	var ofRegion, ofLocation []int
	for _, region := range regions {
		ofRegion = append(ofRegion, len(table))
		table = append(table, make([]bool, len(p.members)))
		for range region.Locations {
			ofLocation = append(ofLocation, len(table))
			table = append(table, make([]bool, len(p.members)))
		}
	}
	unmapped = make([]bool, len(p.members))
	for set := range p.members {
		var at []int
		at, unmapped[set] = p.locations(placeSet(set))
		for _, no := range at {
			table[ofRegion[p.region[no]]][set] = true
			table[ofLocation[no]][set] = true
		}
	}
	return table, unmapped
}

// Scopes lists what was counted for: each region, followed by its locations.
func (r *Result) Scopes() []rule.Scope { return r.scopes }

// Curve counts one scope (R8), by its place in Scopes. The next call overwrites the curve.
func (r *Result) Curve(scope int) Curve {
	day := r.scopes[scope].Day
	r.stays = r.stays[:0]
	r.each(scope, func(s *session, start, end int64) {
		r.stays = append(r.stays, stay{int32(start - day.Start), int32(end - day.Start), r.who.of[s.resource]})
	})
	return r.counter.count(r.stays, int(day.Seconds()), len(r.who.names))
}

// each calls found with the scope's sessions, by their starts, and what of them lies in the scope's day.
func (r *Result) each(scope int, found func(s *session, start, end int64)) {
	day, inScope := r.scopes[scope].Day, r.inScope[scope]
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
	enabled := map[string]bool{}
	for _, resource := range r.resources(scope) {
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

// Unmapped is how many sessions the blocking rule unmapped_switch finds (R11): they qualify, and have a switch that
// no location takes, or none that is known and no default location to go to.
func (r *Result) Unmapped() int64 { return r.unmapped }
