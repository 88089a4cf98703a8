package config

import "seats/internal/calendar"

// Term says on which days a tenant or a region is billed. It decides what is issued, never what is counted: a
// region that has ended keeps its switches, and so its sessions do not become another's.
type Term struct {
	Disabled bool
	Until    calendar.Date // the last day; zero: no end
}

// Holds tells whether the day is billed. A month is where its last day is: it is issued whole or not at all.
func (t Term) Holds(day calendar.Date) bool { return !t.Disabled && !t.EndedBefore(day) }

// EndedBefore tells whether the last day lies before the day.
func (t Term) EndedBefore(day calendar.Date) bool {
	return t.Until != calendar.Date{} && t.Until.Before(day)
}

// Bills tells whether a region of the tenant is billed on a day. One that the file no longer knows is: its numbers are
// of an earlier file.
func (t Tenant) Bills(region string, day calendar.Date) bool {
	for _, r := range t.Regions {
		if r.Name == region {
			return r.Holds(day)
		}
	}
	return true
}

func (f fields) term() Term {
	t := Term{Disabled: !f.get("enabled").flag(true)}
	t.Until, _ = f.get("until").date()
	return t
}
