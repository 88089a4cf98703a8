package sweep

import (
	"slices"

	"seats/compute/rule"
)

// placeSet names a set of places where a session was seen; 0 is the empty set, a session that does not
// qualify. Sets are few however many sessions there are, so each is kept once, and adding a place to a set
// is a look into a table.
type placeSet int32

// places knows the tenant's locations, numbered through all regions (R5). Two numbers more are no location:
// nowhere for a known switch that no location takes, unknown for a switch that is not known.
type places struct {
	region    []int // by location number: number of its region
	bySwitch  map[string]int
	byDefault int // the default location, or nowhere
	nowhere   int
	unknown   int

	members [][]bool   // by set, by place
	next    []placeSet // by set and place: the set that has the place too, or notYet
	known   map[string]placeSet
}

const notYet placeSet = -1

func newPlaces(regions []rule.Region) *places {
	p := &places{bySwitch: map[string]int{}, known: map[string]placeSet{}}
	byDefault := -1
	for r, region := range regions {
		for _, location := range region.Locations {
			no := len(p.region)
			p.region = append(p.region, r)
			for _, name := range location.Switches {
				p.bySwitch[name] = no
			}
			if len(location.Switches) == 0 {
				byDefault = no
			}
		}
	}
	p.nowhere = len(p.region)
	p.unknown = p.nowhere + 1
	p.byDefault = p.nowhere
	if byDefault >= 0 {
		p.byDefault = byDefault
	}
	p.set(make([]bool, p.width()))
	return p
}

// width is the number of places, nowhere and unknown included.
func (p *places) width() int { return p.unknown + 1 }

// ofSwitch finds the place of a known switch.
func (p *places) ofSwitch(name string) int {
	if no, listed := p.bySwitch[name]; listed {
		return no
	}
	return p.byDefault
}

// with returns the set that has the place too.
func (p *places) with(set placeSet, place int) placeSet {
	if next := p.next[int(set)*p.width()+place]; next != notYet {
		return next
	}
	members := slices.Clone(p.members[set])
	members[place] = true
	next := p.set(members)
	p.next[int(set)*p.width()+place] = next
	return next
}

// set returns the name of a set, a new one where it was not met before.
func (p *places) set(members []bool) placeSet {
	key := make([]byte, len(members))
	for i, in := range members {
		if in {
			key[i] = 1
		}
	}
	if name, met := p.known[string(key)]; met {
		return name
	}
	name := placeSet(len(p.members))
	p.known[string(key)] = name
	p.members = append(p.members, members)
	p.next = append(p.next, slices.Repeat([]placeSet{notYet}, len(members))...)
	return name
}

// locations decides where the sessions of a set belong: to the locations of their known switches; with no
// known one, to the default location. unmapped: some of it, or all, has nowhere to go.
func (p *places) locations(set placeSet) (at []int, unmapped bool) {
	members := p.members[set]
	for no := range p.region {
		if members[no] {
			at = append(at, no)
		}
	}
	if !p.onlyUnknown(set) {
		return at, members[p.nowhere]
	}
	if p.byDefault == p.nowhere {
		return nil, true
	}
	return []int{p.byDefault}, false
}

// onlyUnknown tells whether nothing is known of where the sessions of a set were but that it is unknown.
func (p *places) onlyUnknown(set placeSet) bool {
	members := p.members[set]
	return members[p.unknown] && !slices.Contains(members[:p.unknown], true)
}
