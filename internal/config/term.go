package config

import (
	"slices"

	"seats/internal/calendar"
)

// Term says on which days a tenant or a region is billed. It decides what is issued, never what is counted: a region that has ended
// keeps its switches, and so its sessions do not become another's.
type Term struct {
	Disabled bool
	Until    calendar.Date `key:"until"` // the last day; zero: no end
}

// Holds tells whether the day is billed.
func (t Term) Holds(day calendar.Date) bool { return !t.Disabled && !t.EndedBefore(day) }

// HoldsIn tells whether a day of the month is billed, up to LastIn.
func (t Term) HoldsIn(month calendar.Month) bool { return t.Holds(month.First()) }

// LastIn is the last day of the month, or the term's last one where that lies within the month.
func (t Term) LastIn(month calendar.Month) calendar.Date {
	if t.HoldsIn(month) && t.EndedBefore(month.Last()) {
		return t.Until
	}
	return month.Last()
}

// endWith ends a region with its tenant.
func (t *Term) endWith(tenant Term) {
	if t.Until.IsZero() || !tenant.Until.IsZero() && tenant.Until.Before(t.Until) {
		t.Until = tenant.Until
	}
}

// EndedBefore tells whether the last day lies before the day.
func (t Term) EndedBefore(day calendar.Date) bool { return !t.Until.IsZero() && t.Until.Before(day) }

// Bills tells whether a region of the tenant is billed on a day. One that the file no longer knows is: its numbers are of an
// earlier file.
func (t Tenant) Bills(region string, day calendar.Date) bool {
	for _, r := range t.Regions {
		if r.Name == region {
			return r.Holds(day)
		}
	}
	return true
}

// BillsIn tells whether a region of the tenant is billed in a month (R9); see Bills.
func (t Tenant) BillsIn(region string, month calendar.Month) bool {
	return t.Bills(region, month.First())
}

// DaysOf are the days that the enabled agents of a month are counted from (R9): those that the zone of a billed region has, up to
// the region's last one; where none is billed, up to the end of the month.
func (t Tenant) DaysOf(month calendar.Month) (days []calendar.Date) {
	isBilled := func(r Region) bool { return r.HoldsIn(month) }
	some := slices.ContainsFunc(t.Regions, isBilled)
	for _, day := range month.Days() {
		if slices.ContainsFunc(t.Regions, func(r Region) bool { return isBilled(r) == some && r.hasIn(month, day) }) {
			days = append(days, day)
		}
	}
	return days
}

// DaysIn are those of the days of a month that a region has.
func (r Region) DaysIn(month calendar.Month, of []calendar.Date) (days []calendar.Date) {
	for _, day := range of {
		if r.hasIn(month, day) {
			days = append(days, day)
		}
	}
	return days
}

// hasIn tells whether a day counts for the region's month: its zone did not skip it, and the region has not ended.
func (r Region) hasIn(month calendar.Month, day calendar.Date) bool {
	return !r.LastIn(month).Before(day) && day.In(r.Zone).Seconds() > 0
}
