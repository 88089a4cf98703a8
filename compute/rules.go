package compute

import (
	"encoding/json"

	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/config"
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

// rules places the rules on the day, and makes sure that the slice holds the day of every region as they do (R10).
func (s Standing) rules() (rule.Set, error) {
	if err := s.Missing(); err != nil {
		return rule.Set{}, err
	}
	rules := RulesFor(s.By, s.Day)
	rules.AsOf = s.Slice.AsOf
	covered := calendar.Union(s.spans)
	for _, r := range rules.Regions {
		if r.Day.Seconds() > 0 && !covers(covered, r.Day) {
			return rules, &CoverageError{Day: s.Day, Region: r.Name, Wants: r.Day}
		}
	}
	return rules, nil
}

// rulesOf are the rules of some days.
func rulesOf(stands []Standing) ([]rule.Set, error) {
	all := make([]rule.Set, len(stands))
	for i, s := range stands {
		var err error
		if all[i], err = s.rules(); err != nil {
			return nil, err
		}
	}
	return all, nil
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

// asJSON gives the rules of some days to the SQL engine, as count/rule reads them.
func asJSON(stands []Standing, rules []rule.Set) (string, error) {
	type location struct {
		Location  string   `json:"location"`
		IsDefault bool     `json:"is_default"`
		Switches  []string `json:"switches"`
	}
	type region struct {
		Region    string     `json:"region"`
		StartTS   int64      `json:"start_ts"`
		EndTS     int64      `json:"end_ts"`
		Locations []location `json:"locations"`
	}
	type day struct {
		Day             calendar.Date `json:"day"`
		AsOf            int64         `json:"as_of"`
		EndSecondCounts bool          `json:"end_second_counts"`
		Exclude         []string      `json:"exclude"`
		Regions         []region      `json:"regions"`
		State           string        `json:"state"`
		SliceSHA256     string        `json:"slice_sha256"`
		RulesSHA256     string        `json:"rules_sha256"`
		Rules           string        `json:"rules"`
	}
	var days []day
	for i, s := range stands {
		d := day{
			Day: s.Day, AsOf: rules[i].AsOf, EndSecondCounts: rules[i].EndSecondCounts, Exclude: rules[i].Exclude, State: s.state(rules[i].End()),
			SliceSHA256: s.Slice.SHA256, RulesSHA256: s.By.RulesHash(), Rules: string(s.By.Rules()),
		}
		for _, r := range rules[i].Regions {
			of := region{Region: r.Name, StartTS: r.Day.Start, EndTS: r.Day.End}
			for _, l := range r.Locations {
				of.Locations = append(of.Locations, location{l.Name, len(l.Switches) == 0, l.Switches})
			}
			d.Regions = append(d.Regions, of)
		}
		days = append(days, d)
	}
	text, err := json.Marshal(days)
	return string(text), err
}
