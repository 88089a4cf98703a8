package extract

import (
	"maps"
	"slices"
)

// Reference is what the dimensions of a source tell, by their newest rows.
type Reference struct {
	voice    map[int64]bool     // media whose code is VOICE (R2): names are localized, codes are not
	previews map[int64]string   // dialing modes in which the agent sees the record before anything is dialled (R3), with their codes
	agents   map[int64]agent    // resources that are agents
	switches map[int64]string   // of resources that have one: DNs and queues
	groups   map[int64][]string // names of the agent groups that a combination stands for; nil: not told
}

// agent is a resource that is one: what is not there is nil.
type agent struct{ employee, name *string }

// takeCodes finds the media and dialing modes that matter.
func (f *Reference) takeCodes(media, modes *Rows) {
	f.voice, f.previews = map[int64]bool{}, map[int64]string{}
	media.newest(false, nil)
	for row := range media.len {
		if media.texts[1][row] == "VOICE" {
			f.voice[media.number(0, row)] = true
		}
	}
	modes.newest(false, nil)
	for row, code := range modes.texts[1] {
		if code == "PREVIEW" || code == "PUSH_PREVIEW" {
			f.previews[modes.number(0, row)] = code
		}
	}
}

// takeResources finds agents and switches.
func (f *Reference) takeResources(r *Rows, unique bool) {
	r.newest(unique, nil)
	f.agents, f.switches = map[int64]agent{}, map[int64]string{}
	kind, name, employee, of := column(r.of, "resource_type_code"), column(r.of, "resource_name"), column(r.of, "employee_id"), column(r.of, "switch_name")
	text := func(column, row int) *string {
		if !r.isThere(column, row) {
			return nil
		}
		return &r.texts[column][row]
	}
	for row := range r.len {
		if r.texts[kind][row] == "AGENT" {
			f.agents[r.number(0, row)] = agent{text(employee, row), text(name, row)}
		}
		if s := r.texts[of][row]; s != "" {
			f.switches[r.number(0, row)] = s
		}
	}
}

// takeGroups finds the names of groups. The keys -1 and -2, which stand for an unknown group and for none, name no group.
func (f *Reference) takeGroups(groups, combinations *Rows) {
	groups.newest(false, nil)
	combinations.newest(false, nil)
	f.groups = map[int64][]string{}
	for row := range combinations.len {
		combination, key := combinations.number(0, row), combinations.number(1, row)
		if at, known := groups.find(rowKey{key}); known && combination > 0 && key > 0 && groups.texts[1][at] != "" {
			f.groups[combination] = append(f.groups[combination], groups.texts[1][at])
		}
	}
}

// Switches are those of the source's DNs and queues, in order.
func (f *Reference) Switches() (names []string) {
	for _, s := range f.switches {
		names = append(names, s)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keysOf are the keys of a map, in order.
func keysOf[V any](m map[int64]V) []int64 {
	return slices.AppendSeq([]int64{}, slices.Values(slices.Sorted(maps.Keys(m)))) // not nil: that would be NULL
}
