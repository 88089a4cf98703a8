package sim

import "fmt"

var groupNames = []string{"Outbound North", "Retention, evenings", "Équipe Paris", "Collections"}

// groups writes the agent groups, and their combinations: each group by itself, and with the next one.
func (s *Simulation) groups(b *Batch) {
	n := int64(s.Groups)
	if n == 0 {
		return
	}
	put := func(combination int64, of ...int64) {
		for _, g := range of {
			b.put(GroupCombination, state{always, cells{combination, g, 1}})
		}
	}
	b.put(Group, state{always, cells{unknownKey, unknownKey, "UNKNOWN"}})
	put(unknownKey, unknownKey)
	b.put(Group, state{always, cells{noValueKey, noValueKey, "NO_VALUE"}})
	put(noValueKey, noValueKey)
	for g := range n {
		name := groupNames[g%int64(len(groupNames))]
		if g >= int64(len(groupNames)) {
			name += fmt.Sprintf(" %d", 1+g/int64(len(groupNames)))
		}
		b.put(Group, state{always, cells{1 + g, 1, name}})
		put(1+g, 1+g)
		if n > 1 {
			put(1+n+g, 1+g, 1+(g+1)%n)
		}
	}
}

// combination is that of the groups that an agent is in on a day: mostly the same from day to day, but now and then she helps
// out elsewhere.
func (s *Simulation) combination(agent, day int64) int64 {
	n := int64(s.Groups)
	if n == 0 {
		return noValueKey
	}
	d := s.dice(forGroups, agent, 0)
	if lent := s.dice(forGroups, agent, day+1); lent.chance(0.05) {
		d = lent
	}
	first, fate := d.Int64N(n), d.Int64N(million)
	switch {
	case fate < parts(0.1):
		return noValueKey
	case fate < parts(0.3) && n > 1:
		return 1 + n + first
	}
	return 1 + first
}
