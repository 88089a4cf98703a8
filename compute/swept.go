package compute

import (
	"cmp"
	"strconv"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
)

// sweptDay is what a month needs to know of a day that was swept.
type sweptDay struct {
	slice     Slice
	rules     string             // the hash of those that it was swept by
	resources map[string][]int64 // resource keys that are enabled, by region
	said      map[int64]string   // what the slice says of resource keys: the employee_id
}

// isOf tells whether the day was swept from the slice, by the tenant's rules.
func (d sweptDay) isOf(s Slice, t config.Tenant) bool {
	return d.slice.SHA256 == s.SHA256 && d.slice.AsOf == s.AsOf && d.rules == t.RulesHash()
}

func sweptOf(slice Slice, t config.Tenant, swept *sweep.Result) sweptDay {
	d := sweptDay{slice: slice, rules: t.RulesHash(), resources: map[string][]int64{}, said: map[int64]string{}}
	for no, scope := range swept.Scopes() {
		if scope.Location == "" {
			d.resources[scope.Region] = swept.Resources(no)
		}
	}
	swept.Said(func(resourceKey int64, employeeID string) { d.said[resourceKey] = employeeID })
	return d
}

// agents are the sweep's agents of the month by region, each by the newest word of the region's days for its resource key (R6).
func (m *Monthly) agents(b basis) map[string]map[string]bool {
	newest := map[calendar.Date]words{} // by the last day that is heard
	agents := map[string]map[string]bool{}
	for _, r := range b.regions {
		agents[r.region] = map[string]bool{}
		if len(r.days) == 0 {
			continue
		}
		last := r.days[len(r.days)-1]
		if newest[last] == nil {
			newest[last] = m.words(last)
		}
		for _, day := range r.days {
			for _, key := range m.swept[day].resources[r.region] {
				agents[r.region][newest[last].nameOf(key)] = true
			}
		}
	}
	return agents
}

// words are employee_ids by resource key.
type words map[int64]string

// words are the newest of the month's days up to one.
func (m *Monthly) words(last calendar.Date) words {
	found, from := words{}, map[int64]Slice{}
	for _, day := range m.days {
		if last.Before(day) {
			break
		}
		slice := m.swept[day].slice
		for key, employee := range m.swept[day].said {
			if before, said := from[key]; !said || isNewer(slice, before) {
				found[key], from[key] = employee, slice
			}
		}
	}
	return found
}

// isNewer orders slices by up to when they know the source, then by when they were read, then by their days.
func isNewer(a, b Slice) bool {
	return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.ExtractedTS, b.ExtractedTS), cmp.Compare(a.Day.String(), b.Day.String())) > 0
}

func (w words) nameOf(resourceKey int64) string {
	if name := w[resourceKey]; name != "" {
		return name
	}
	return "#" + strconv.FormatInt(resourceKey, 10)
}
