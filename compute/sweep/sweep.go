// Package sweep counts seats the second of two ways (R12): in Go, by counting over the seconds of the day.
//
// It is given the raw rows of a slice and the rules, and shares nothing else with the SQL engine: not the merging of intervals, not the identity of
// agents, not wildcards, not the lookup of switches. Time grows with the rows and with the seconds of the days, not with their logarithm, and nothing
// is allocated for a single row. Rows may come in any order; results do not depend on it.
package sweep

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/seats/compute/rule"
)

// Unknown stands for a time that the source does not give (NULL).
const Unknown = math.MinInt64

// Sweep takes the rows of one slice and counts them. Not for use by several goroutines at once.
type Sweep struct {
	rules rule.Set

	resources  numbering[int64]
	byKey      []int32 // 1 more than the number of a resource by its key, as far as these are close
	switches   numbering[string]
	people     []person // by resource number
	sessions   []session
	activities []activity
	others     []activity // legs that only tell a switch (R5)
	beside     []session  // sessions that are not counted but end what started in them (R3)
}

// person is what the slice says of the agent behind a resource (R6).
type person struct {
	employeeID, name string
	said             bool // or there are only sessions and activities
}

// session is a voice session with the interval it occupies (R2), and the locations found for it so far.
type session struct {
	start, end int64
	resource   int32
	places     placeSet
}

// activity is an OCS-driven activity with its interval (R3). Its switch is a number, or noSwitch. One without an end has
// Unknown for it, until all sessions are known.
type activity struct {
	start, end int64
	resource   int32
	switchNo   int32
}

const noSwitch = -1

// New returns a sweep without rows. The hints say how many sessions and activities to expect.
func New(rules rule.Set, sessions, activities int) *Sweep {
	return &Sweep{rules: rules, sessions: make([]session, 0, sessions), activities: make([]activity, 0, activities)}
}

// Agent adds what is known of a resource. Empty strings stand for NULL, as in the source.
func (s *Sweep) Agent(resourceKey int64, employeeID, name string) {
	s.people[s.resource(resourceKey)] = person{employeeID, name, true}
}

// Session adds a voice session as read: epoch seconds or Unknown. One that R2 rejects is let go; one that shares no second with the
// day of any region, or lies outside the slice, is not counted: activities without an end may have started in it (R3).
func (s *Sweep) Session(resourceKey, start, end int64, active, inSlice bool) {
	switch {
	case start == Unknown:
		return
	case active || end == Unknown:
		end = max(s.rules.AsOf, start+1)
	case end < start:
		return
	}
	if s.rules.EndSecondCounts || end == start {
		end++
	}
	into := &s.beside
	for _, r := range s.rules.Regions {
		if inSlice && start < r.Day.End && r.Day.Start < end && r.Day.Start < r.Day.End {
			into = &s.sessions
		}
	}
	*into = append(*into, session{start: start, end: end, resource: s.resource(resourceKey)})
}

// Activity adds an activity as read: epoch seconds or Unknown, the name of its switch, empty where that is unknown. One that R3
// rejects is let go. A leg that qualifies no session only tells the switch of one whose own activities know none (R5).
func (s *Sweep) Activity(resourceKey, start, end int64, active bool, switchName string, qualifies bool) {
	switch {
	case start == Unknown:
		return
	case active || end == Unknown:
		end = Unknown
	case end < start:
		return
	case end == start:
		end++
	}
	a := activity{start: start, end: end, resource: s.resource(resourceKey), switchNo: noSwitch}
	if switchName != "" {
		a.switchNo = s.switches.number(switchName)
	}
	if qualifies {
		s.activities = append(s.activities, a)
	} else {
		s.others = append(s.others, a)
	}
}

// closeKeys are, for each row, the resource keys that a list is kept for: a GIM counts them up from 1.
const closeKeys = 64

func (s *Sweep) resource(key int64) int32 {
	isClose := 0 <= key && key < int64(closeKeys*cap(s.sessions))
	if isClose && key < int64(len(s.byKey)) && s.byKey[key] > 0 {
		return s.byKey[key] - 1
	}
	n := s.resources.number(key)
	if int(n) == len(s.people) {
		s.people = append(s.people, person{})
	}
	if isClose {
		s.byKey = append(s.byKey, make([]int32, max(0, int(key)+1-len(s.byKey)))...)
		s.byKey[key] = n + 1
	}
	return n
}

// numbering gives out small numbers in the order of first sight. Rows of one agent mostly come together, so the last key is remembered.
type numbering[K comparable] struct {
	numbers map[K]int32
	keys    []K
	last    int32
}

func (n *numbering[K]) number(key K) int32 {
	if len(n.keys) > 0 && n.keys[n.last] == key {
		return n.last
	}
	no, seen := n.numbers[key]
	if !seen {
		if n.numbers == nil {
			n.numbers = map[K]int32{}
		}
		no = int32(len(n.keys))
		n.numbers[key] = no
		n.keys = append(n.keys, key)
	}
	n.last = no
	return no
}

// agents tells who is behind every resource (R6).
type agents struct {
	names    []string // by agent number
	excluded []bool   // by agent number
	of       []int32  // agent number by resource number
}

// identify gives resources of one employee one agent, and marks the agents that exclude_agents leaves out: a
// pattern that matches one resource of an agent leaves out all of them.
func (s *Sweep) identify() agents {
	names := numbering[string]{numbers: make(map[string]int32, len(s.people))}
	a := agents{of: make([]int32, len(s.people))}
	var exclude []*regexp.Regexp
	for _, pattern := range s.rules.Exclude {
		exclude = append(exclude, wildcard(pattern))
	}
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
		if slices.ContainsFunc(exclude, func(w *regexp.Regexp) bool { return w.MatchString(p.employeeID) || w.MatchString(p.name) }) {
			a.excluded[no] = true
		}
	}
	a.names = names.keys
	return a
}

// wildcard is what a whole text must fit: * is any number of characters, ? is one.
func wildcard(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^(?s:" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + ")$")
}

// placeSet names a set of places where a session was seen; 0 is the empty set, a session that does not
// qualify. Sets are few however many sessions there are, so each is kept once.
type placeSet int32

// places knows the tenant's locations, numbered through all regions (R5). Two numbers more are no location:
// nowhere for a known switch that no location takes, unknown for a switch that is not known.
type places struct {
	scopes           int   // in the order of rule.Set.Scopes: each region, followed by its locations
	ofRegion         []int // by location number: which scope its region is
	ofLocation       []int // likewise: which it is itself
	bySwitch         map[string]int
	byDefault        int // the default location, or nowhere
	nowhere, unknown int

	members []string // by set: a byte for each place, 1 where it is one of the set
	known   map[string]placeSet
	buffer  []byte
}

func newPlaces(regions []rule.Region) *places {
	p := &places{bySwitch: map[string]int{}, known: map[string]placeSet{}, byDefault: -1}
	for _, region := range regions {
		ofRegion := p.scopes
		p.scopes++
		for _, location := range region.Locations {
			no := len(p.ofRegion)
			p.ofRegion, p.ofLocation = append(p.ofRegion, ofRegion), append(p.ofLocation, p.scopes)
			p.scopes++
			for _, name := range location.Switches {
				p.bySwitch[name] = no
			}
			if len(location.Switches) == 0 {
				p.byDefault = no
			}
		}
	}
	p.nowhere = len(p.ofRegion)
	p.unknown = p.nowhere + 1
	if p.byDefault < 0 {
		p.byDefault = p.nowhere
	}
	p.buffer = make([]byte, p.unknown+1)
	p.name()
	return p
}

func (p *places) with(set placeSet, place int) placeSet {
	if p.members[set][place] == 1 {
		return set
	}
	copy(p.buffer, p.members[set])
	p.buffer[place] = 1
	return p.name()
}

// name returns the name of the set in the buffer, a new one where it was not met before.
func (p *places) name() placeSet {
	name, met := p.known[string(p.buffer)]
	if !met {
		name = placeSet(len(p.members))
		p.members = append(p.members, string(p.buffer))
		p.known[p.members[name]] = name
	}
	return name
}

// onlyUnknown tells whether nothing is known of where the sessions of a set were but that it is unknown.
func (p *places) onlyUnknown(set placeSet) bool {
	return strings.IndexByte(p.members[set], 1) == p.unknown
}
