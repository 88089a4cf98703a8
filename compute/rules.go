package compute

import (
	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/settle"
)

// RulesFor places a tenant's counting rules on a day. AsOf is the slice's and is left for the caller.
func RulesFor(t config.Tenant, day calendar.Date) rule.Set {
	t = t.On(day)
	rules := rule.Set{
		EndSecondCounts: t.SessionEnd == config.SessionEndInclusive,
		Exclude:         t.ExcludeAgents,
	}
	for _, r := range t.Regions {
		region := rule.Region{Name: r.Name, Day: day.In(r.Zone)}
		for _, l := range r.Locations {
			region.Locations = append(region.Locations, rule.Location{Name: l.Name, Switches: l.Switches})
		}
		rules.Regions = append(rules.Regions, region)
	}
	return rules
}

// checkCoverage makes sure that the slice holds the day of every region as the rules place it (R10).
func checkCoverage(rules rule.Set, day calendar.Date, spans []calendar.Interval) error {
	covered := calendar.Union(spans)
	for _, r := range rules.Regions {
		if r.Day.Seconds() > 0 && !covers(covered, r.Day) {
			return &CoverageError{Day: day, Region: r.Name, Wants: r.Day}
		}
	}
	return nil
}

// covers tells whether one of the spans, which do not touch, holds the whole day.
func covers(spans []calendar.Interval, day calendar.Interval) bool {
	for _, span := range spans {
		if span.Start <= day.Start && day.End <= span.End {
			return true
		}
	}
	return false
}

// stateOf is the state of a day's numbers (R10).
func stateOf(rules rule.Set, s Slice, settleHours int) string {
	return settle.State(s.HighWater, s.OpenSessions, rules.End(), settleHours)
}
