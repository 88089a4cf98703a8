package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"seats/internal/calendar"
)

// countingRules are the settings that decide how a slice is counted (R2, R5, R6, R7), in the form that is hashed.
type countingRules struct {
	SessionEnd    SessionEnd    `json:"session_end"`
	ExcludeAgents []string      `json:"exclude_agents"`
	Regions       []regionRules `json:"regions"`
	Days          []DayRules    `json:"days,omitempty"` // in those of a month alone: see MonthRules
}

// DayRules names the rules of a month's days, both included, by their hash.
type DayRules struct {
	From   calendar.Date `json:"from"`
	To     calendar.Date `json:"to"`
	SHA256 string        `json:"rules_sha256"`
}

type regionRules struct {
	Name      string          `json:"name"`
	Timezone  string          `json:"timezone"`
	Locations []locationRules `json:"locations"`
}

type locationRules struct {
	Name     string       `json:"name"`
	Switches []string     `json:"switches"`
	Dated    []datedRules `json:"dated,omitempty"` // not in those of a day, which say what applies on it
}

type datedRules struct {
	Name  string `json:"name"`
	Since string `json:"since"`
	Until string `json:"until"`
}

// Rules returns the settings that decide how the tenant's slices are counted, as canonical JSON. The order in the file and the way
// a default came about do not show: what counts alike has equal bytes. A day is counted by those of On(day).
func (t Tenant) Rules() []byte {
	rules := countingRules{SessionEnd: t.SessionEnd, ExcludeAgents: sorted(t.ExcludeAgents), Regions: []regionRules{}}
	for _, region := range t.Regions {
		r := regionRules{Name: region.Name, Timezone: region.Zone.String(), Locations: []locationRules{}}
		for _, location := range region.Locations {
			l := locationRules{Name: location.Name, Switches: sorted(location.Switches)}
			for _, d := range location.Dated {
				l.Dated = append(l.Dated, datedRules{d.Name, dayOrNone(d.Since), dayOrNone(d.Until)})
			}
			slices.SortFunc(l.Dated, func(a, b datedRules) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Since, b.Since)) })
			r.Locations = append(r.Locations, l)
		}
		slices.SortFunc(r.Locations, func(a, b locationRules) int { return strings.Compare(a.Name, b.Name) })
		rules.Regions = append(rules.Regions, r)
	}
	slices.SortFunc(rules.Regions, func(a, b regionRules) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal(rules)
	if err != nil {
		panic(fmt.Sprintf("encode counting rules: %v", err)) // there is nothing but strings in them
	}
	return text
}

// RulesHash returns the SHA-256 of Rules, in hexadecimal.
func (t Tenant) RulesHash() string {
	sum := sha256.Sum256(t.Rules())
	return hex.EncodeToString(sum[:])
}

func dayOrNone(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// sorted returns the distinct texts in order; never nil, so that none is [] in JSON.
func sorted(texts []string) []string {
	distinct := append([]string{}, texts...)
	slices.Sort(distinct)
	return slices.Compact(distinct)
}

func readRules(text []byte) (rules countingRules, err error) {
	if err := json.Unmarshal(text, &rules); err != nil {
		return rules, fmt.Errorf("read counting rules: %w", err)
	}
	return rules, nil
}

// WithRules returns the tenant with the counting rules that an earlier call of Rules gave of a day (On) in place of its own: what
// is kept beside a result is enough to count by it again.
func (t Tenant) WithRules(text []byte) (Tenant, error) {
	rules, err := readRules(text)
	if err != nil {
		return Tenant{}, err
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

// RuleFacts takes the counting rules apart into single statements, one a line, in the order of the text: two sets of rules differ
// in the lines that only one of them has.
func RuleFacts(text []byte) (facts []string, err error) {
	rules, err := readRules(text)
	if err != nil {
		return nil, err
	}
	for _, d := range rules.Days {
		facts = append(facts, d.From.String()+" to "+d.To.String()+": counting rules "+d.SHA256)
	}
	if len(facts) > 0 {
		return facts, nil
	}
	facts = []string{"session_end: " + string(rules.SessionEnd)}
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
	rules, err := readRules(text)
	if err != nil {
		return nil, err
	}
	days := map[calendar.Date]string{}
	for _, d := range rules.Days {
		for day := d.From; !d.To.Before(day); day = day.AddDays(1) {
			days[day] = d.SHA256
		}
	}
	return days, nil
}
