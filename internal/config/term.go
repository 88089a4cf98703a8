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

func (f fields) term() Term {
	t := Term{Disabled: !f.get("enabled").flag(true)}
	t.Until, _ = f.get("until").date()
	return t
}
