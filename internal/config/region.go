package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (v value) regions(fallback *time.Location) []Region {
	entries := v.named("region", true)
	distinctFiles(entries, "region")
	m := switchMap{bySwitch: map[string][]*listing{}}
	regions := make([]Region, len(entries))
	for i, e := range entries {
		f := e.value.fields()
		regions[i] = Region{Name: e.key, Zone: fallback, Locations: f.get("locations").locations(&m)}
		f.fill(&regions[i])
		regions[i].Disabled = f.get("enabled").isFalse()
	}
	m.settle()
	return regions
}

func (v value) locations(m *switchMap) []Location {
	entries := v.named("location", true)
	locations := make([]Location, len(entries))
	for i, e := range entries {
		list := e.value.fields().get("switches")
		locations[i].Name = e.key
		if e.value.is(kindMapping) && list.is(kindList) && len(list.node.all()) == 0 {
			m.addDefault(e.value)
		}
		for _, item := range list.items() {
			if d, place, ok := item.listedSwitch(); ok {
				m.bySwitch[d.Name] = append(m.bySwitch[d.Name], &listing{d, place, &locations[i]})
				m.order = append(m.order, d.Name)
			}
		}
	}
	return locations
}

// listedSwitch is a name, or a name with the days from which and until when it belongs to the location; and where the name stands.
func (v value) listedSwitch() (d Dated, name value, ok bool) {
	switch {
	case !v.given():
		v.complain("must not be empty", "")
		return d, v, false
	case v.node.kind != kindMapping:
		d.Name, ok = v.text()
		return d, v, ok
	}
	f := v.fields()
	name = f.get("name")
	if !name.given() {
		v.complain("needs a name", "")
		return d, v, false
	}
	f.fill(&d)
	if !d.Until.IsZero() && d.Until.Before(d.Since) {
		f.get("until").problem("lies before since "+d.Since.String(), "")
	}
	return d, name, d.Name != ""
}

// switchMap sees to it that each switch of a tenant has one location on a day, and that there is one default location at most (R5).
type switchMap struct {
	bySwitch  map[string][]*listing
	order     []string // of the file
	byDefault *value
}

// listing is a switch under a location.
type listing struct {
	Dated
	place    value
	location *Location
}

// settle gives the locations their switches. One that is listed with a day since when has left, the day before, the location that
// listed it until then.
func (m *switchMap) settle() {
	for _, name := range m.order {
		all := m.bySwitch[name]
		delete(m.bySwitch, name) // its other listings are settled with this one
		slices.SortStableFunc(all, func(a, b *listing) int { return strings.Compare(dayOrNone(a.Since), dayOrNone(b.Since)) })
		for i := 1; i < len(all); i++ {
			all[i-1].handOver(all[i])
		}
		for _, l := range all {
			if l.Since.IsZero() && l.Until.IsZero() {
				l.location.Switches = append(l.location.Switches, name)
			} else {
				l.location.Dated = append(l.location.Dated, l.Dated)
			}
		}
	}
}

// handOver ends a listing where the next one of the same switch begins.
func (l *listing) handOver(next *listing) {
	switch {
	case l.Since == next.Since:
		next.place.problem(fmt.Sprintf("is a switch that %s on line %d lists already", l.place.path, l.place.line), "")
	case l.Until.IsZero():
		l.Until = next.Since.AddDays(-1)
	case !l.Until.Before(next.Since):
		next.place.problem(fmt.Sprintf("is a switch that %s on line %d lists until %s", l.place.path, l.place.line, l.Until), "")
	}
}

func (m *switchMap) addDefault(location value) {
	if m.byDefault != nil {
		location.complain(fmt.Sprintf("has no switches, as %s on line %d: a tenant has one default location", m.byDefault.path, m.byDefault.line), "")
		return
	}
	m.byDefault = &location
}
