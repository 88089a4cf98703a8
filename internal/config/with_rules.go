package config

import (
	"encoding/json"
	"fmt"
	"time"

	"seats/internal/calendar"
)

// WithRules returns the tenant with the counting rules that an earlier call of Rules gave of a day (On) in place of its own:
// what is kept beside a result is enough to count by it again.
func (t Tenant) WithRules(text []byte) (Tenant, error) {
	var rules countingRules
	if err := json.Unmarshal(text, &rules); err != nil {
		return Tenant{}, fmt.Errorf("read counting rules: %w", err)
	}
	t.SessionEnd, t.ExcludeAgents, t.Regions = rules.SessionEnd, rules.ExcludeAgents, nil
	for _, r := range rules.Regions {
		zone, err := time.LoadLocation(r.Timezone)
		if err != nil {
			return Tenant{}, fmt.Errorf("read counting rules: %w", err)
		}
		region := Region{Name: r.Name, Zone: zone}
		for _, l := range r.Locations {
			region.Locations = append(region.Locations, Location{Name: l.Name, Switches: l.Switches})
		}
		t.Regions = append(t.Regions, region)
	}
	return t, nil
}

// RuleFacts takes the counting rules apart into single statements, one a line, in the order of the text: two
// sets of rules differ in the lines that only one of them has.
func RuleFacts(text []byte) ([]string, error) {
	var rules countingRules
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, fmt.Errorf("read counting rules: %w", err)
	}
	if len(rules.Days) > 0 {
		var facts []string
		for _, d := range rules.Days {
			facts = append(facts, d.From.String()+" to "+d.To.String()+": counting rules "+d.SHA256)
		}
		return facts, nil
	}
	facts := []string{"session_end: " + string(rules.SessionEnd)}
	for _, pattern := range rules.ExcludeAgents {
		facts = append(facts, fmt.Sprintf("exclude_agents: %q", pattern))
	}
	for _, r := range rules.Regions {
		facts = append(facts, "region "+r.Name, "region "+r.Name+": timezone "+r.Timezone)
		for _, l := range r.Locations {
			place := "location " + r.Name + "/" + l.Name
			facts = append(facts, place)
			if len(l.Switches) == 0 {
				facts = append(facts, place+": no switches, the default location")
			}
			for _, s := range l.Switches {
				facts = append(facts, fmt.Sprintf("%s: switch %q", place, s))
			}
		}
	}
	return facts, nil
}

// MonthRules says which day of a month was counted by which rules, as canonical JSON like that of Rules.
func MonthRules(days []DayRules) ([]byte, error) {
	return json.Marshal(struct {
		Days []DayRules `json:"days"`
	}{days})
}

// RulesOfDays gives the hash of the rules of each day, none where the text is no MonthRules.
func RulesOfDays(text []byte) (map[calendar.Date]string, error) {
	var rules countingRules
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, fmt.Errorf("read counting rules: %w", err)
	}
	days := map[calendar.Date]string{}
	for _, d := range rules.Days {
		for day := d.From; !d.To.Before(day); day = day.AddDays(1) {
			days[day] = d.SHA256
		}
	}
	return days, nil
}
