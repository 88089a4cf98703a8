package sweep

import "strconv"

// agents tells who is behind every resource (R6).
type agents struct {
	names    []string // by agent number
	excluded []bool   // by agent number
	of       []int32  // agent number by resource number
}

// identify gives resources of one employee one agent, and marks the agents that exclude_agents leaves out: a
// pattern that matches one resource of an agent leaves out all of them.
func (s *Sweep) identify() agents {
	var names numbering[string]
	a := agents{of: make([]int32, len(s.people))}
	for resource, p := range s.people {
		name := p.employeeID
		if name == "" {
			name = "#" + strconv.FormatInt(s.resources.keys[resource], 10)
		}
		no := names.number(name)
		if int(no) == len(a.excluded) {
			a.excluded = append(a.excluded, false)
		}
		a.of[resource] = no
		if s.isExcluded(p) {
			a.excluded[no] = true
		}
	}
	a.names = names.keys
	return a
}

func (s *Sweep) isExcluded(p person) bool {
	for _, pattern := range s.rules.Exclude {
		if matches([]rune(pattern), []rune(p.employeeID)) || matches([]rune(pattern), []rune(p.name)) {
			return true
		}
	}
	return false
}

// matches tells whether the whole text fits the pattern: * is any number of characters, ? is one.
// On a mismatch the last star takes one character more; earlier stars never need to be tried again.
func matches(pattern, text []rune) bool {
	p, t := 0, 0
	star, taken := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			taken++
			p, t = star+1, taken
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
