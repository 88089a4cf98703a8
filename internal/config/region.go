package config

import (
	"fmt"
	"time"
)

// maxCommitted bounds a number of agents that somebody has agreed to: more is a slip of the hand.
const maxCommitted = 10_000_000

var (
	regionKeys   = []string{"timezone", "locations", "enabled", "until", "committed"}
	locationKeys = []string{"switches"}
)

func (l *loader) regions(v value, fallback *time.Location) []Region {
	entries := v.named("region")
	if len(entries) == 0 && v.is(kindMapping) {
		v.complain("needs at least one region", "")
	}
	distinctFiles(entries, "region")
	m := switchMap{bySwitch: map[string]value{}}
	regions := make([]Region, len(entries))
	for i, e := range entries {
		f := e.value.fields(regionKeys...)
		regions[i] = Region{
			Name:      e.key,
			Zone:      f.get("timezone").zone(fallback),
			Locations: l.locations(f.get("locations"), &m),
			Term:      f.term(),
		}
		regions[i].Committed, _ = f.get("committed").integer(1, maxCommitted)
	}
	return regions
}

func (l *loader) locations(v value, m *switchMap) []Location {
	entries := v.named("location")
	if len(entries) == 0 && v.is(kindMapping) {
		v.complain("needs at least one location", "")
	}
	locations := make([]Location, len(entries))
	for i, e := range entries {
		list := e.value.fields(locationKeys...).get("switches")
		switches, places := list.texts()
		locations[i] = Location{Name: e.key, Switches: switches}
		if e.value.is(kindMapping) && list.is(kindList) && !list.hasItems() {
			m.addDefault(e.value)
		}
		for j, name := range switches {
			m.add(name, places[j])
		}
	}
	return locations
}

// switchMap sees to it that each switch of a tenant has one location and that
// there is one default location at most (R5).
type switchMap struct {
	bySwitch  map[string]value
	byDefault *value
}

func (m *switchMap) add(name string, place value) {
	if first, seen := m.bySwitch[name]; seen {
		place.problem(fmt.Sprintf("is a switch that %s on line %d lists already", first.path, first.at.line), "")
		return
	}
	m.bySwitch[name] = place
}

func (m *switchMap) addDefault(location value) {
	if m.byDefault != nil {
		location.complain(fmt.Sprintf("has no switches, as %s on line %d: a tenant has one default location", m.byDefault.path, m.byDefault.at.line), "")
		return
	}
	m.byDefault = &location
}
