package sweep

import (
	"strings"

	"seats/compute/rule"
)

// placeSet names a set of places where a session was seen; 0 is the empty set, a session that does not
// qualify. Sets are few however many sessions there are, so each is kept once.
type placeSet int32

// places knows the tenant's locations, numbered through all regions (R5). Two numbers more are no location:
// nowhere for a known switch that no location takes, unknown for a switch that is not known.
type places struct {
	region           []int // by location number: number of its region
	bySwitch         map[string]int
	byDefault        int // the default location, or nowhere
	nowhere, unknown int

	members []string // by set: a byte for each place, 1 where it is one of the set
	known   map[string]placeSet
	buffer  []byte
}

func newPlaces(regions []rule.Region) *places {
	p := &places{bySwitch: map[string]int{}, known: map[string]placeSet{}, byDefault: -1}
	for r, region := range regions {
		for _, location := range region.Locations {
			no := len(p.region)
			p.region = append(p.region, r)
			for _, name := range location.Switches {
				p.bySwitch[name] = no
			}
			if len(location.Switches) == 0 {
				p.byDefault = no
			}
		}
	}
	p.nowhere = len(p.region)
	p.unknown = p.nowhere + 1
	if p.byDefault < 0 {
		p.byDefault = p.nowhere
	}
	p.buffer = make([]byte, p.unknown+1)
	p.name()
	return p
}

// ofSwitch finds the place of a known switch.
func (p *places) ofSwitch(name string) int {
	if no, listed := p.bySwitch[name]; listed {
		return no
	}
	return p.byDefault
}

// with returns the set that has the place too.
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

// locations decides where the sessions of a set belong: to the locations of their known switches; with no
// known one, to the default location. unmapped: some of it, or all, has nowhere to go.
func (p *places) locations(set placeSet) (at []int, unmapped bool) {
	members := p.members[set]
	for no := range p.region {
		if members[no] == 1 {
			at = append(at, no)
		}
	}
	switch {
	case !p.onlyUnknown(set):
		return at, members[p.nowhere] == 1
	case p.byDefault == p.nowhere:
		return nil, true
	}
	return []int{p.byDefault}, false
}

// onlyUnknown tells whether nothing is known of where the sessions of a set were but that it is unknown.
func (p *places) onlyUnknown(set placeSet) bool {
	return strings.IndexByte(p.members[set], 1) == p.unknown
}
