package sweep

import "seats/compute/rule"

// Result is a slice counted: who qualifies, and where. Curves are made when asked for, one scope at a time,
// so that memory does not grow with the number of locations.
type Result struct {
	scopes   []rule.Scope
	inScope  [][]bool // by scope, by set of places
	sessions []session
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
	return &Result{
		scopes:   s.rules.Scopes(),
		inScope:  where.scopes(s.rules.Regions),
		sessions: s.sessions,
		who:      who,
		keys:     s.resources.keys,
		people:   s.people,
		unmapped: s.unmapped(where),
	}
}

// unmapped counts the sessions of which some activity has nowhere to go (R5, R11).
func (s *Sweep) unmapped(where *places) (n int64) {
	lost := make([]bool, len(where.members))
	for set := range where.members {
		_, lost[set] = where.locations(placeSet(set))
	}
	for i := range s.sessions {
		if lost[s.sessions[i].places] {
			n++
		}
	}
	return n
}

// scopes tells which sets of places belong to which scope, in the order of rule.Set.Scopes. A region takes
// a session once, whatever the number of its locations.
func (p *places) scopes(regions []rule.Region) (table [][]bool) {
	var ofRegion, ofLocation []int
	for _, region := range regions {
		ofRegion = append(ofRegion, len(table))
		table = append(table, make([]bool, len(p.members)))
		for range region.Locations {
			ofLocation = append(ofLocation, len(table))
			table = append(table, make([]bool, len(p.members)))
		}
	}
	for set := range p.members {
		at, _ := p.locations(placeSet(set))
		for _, no := range at {
			table[ofRegion[p.region[no]]][set] = true
			table[ofLocation[no]][set] = true
		}
	}
	return table
}

// Scopes lists what was counted for: each region, followed by its locations.
func (r *Result) Scopes() []rule.Scope { return r.scopes }

// Curve counts one scope (R8), by its place in Scopes. The next call overwrites the curve.
func (r *Result) Curve(scope int) Curve {
	r.gather(scope)
	return r.counter.count(r.stays, int(r.scopes[scope].Day.Seconds()), len(r.who.names))
}

// Enabled is the set of agents of a scope (R9): those with a qualifying session that shares a second with
// the day.
func (r *Result) Enabled(scope int) map[string]bool {
	r.gather(scope)
	seen := make([]bool, len(r.who.names))
	for i := range r.stays {
		seen[r.stays[i].agent] = true
	}
	enabled := map[string]bool{}
	for agent, in := range seen {
		if in {
			enabled[r.who.names[agent]] = true
		}
	}
	return enabled
}

// Resources are the resource keys of a scope that have a qualifying session which shares a second with the day. A month knows
// agents by them, since a later slice may tell more of who is behind one (R6).
func (r *Result) Resources(scope int) []int64 {
	day, inScope := r.scopes[scope].Day, r.inScope[scope]
	seen := make([]bool, len(r.keys))
	var keys []int64
	for i := range r.sessions {
		s := &r.sessions[i]
		if !seen[s.resource] && inScope[s.places] && max(s.start, day.Start) < min(s.end, day.End) {
			seen[s.resource] = true
			keys = append(keys, r.keys[s.resource])
		}
	}
	return keys
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

// gather cuts the scope's sessions to its day.
func (r *Result) gather(scope int) {
	day, inScope := r.scopes[scope].Day, r.inScope[scope]
	r.stays = r.stays[:0]
	for i := range r.sessions {
		s := &r.sessions[i]
		if !inScope[s.places] {
			continue
		}
		start, end := max(s.start, day.Start), min(s.end, day.End)
		if start < end {
			r.stays = append(r.stays, stay{int32(start - day.Start), int32(end - day.Start), r.who.of[s.resource]})
		}
	}
}
