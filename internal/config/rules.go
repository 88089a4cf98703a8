package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"seats/internal/calendar"
)

// countingRules are the settings that decide how a slice is counted (R2, R5, R6,
// R7), in the form that is hashed.
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

// Rules returns the settings that decide how the tenant's slices are counted, as
// canonical JSON. The order in the file and the way a default came about do not
// show: what counts alike has equal bytes. A day is counted by those of On(day).
func (t Tenant) Rules() []byte {
	rules := countingRules{SessionEnd: t.SessionEnd, ExcludeAgents: sorted(t.ExcludeAgents), Regions: []regionRules{}}
	for _, region := range t.Regions {
		r := regionRules{Name: region.Name, Timezone: region.Zone.String(), Locations: []locationRules{}}
		for _, location := range region.Locations {
			r.Locations = append(r.Locations, locationRules{Name: location.Name, Switches: sorted(location.Switches), Dated: dated(location.Dated)})
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

// dated are dated switches in order.
func dated(switches []Dated) []datedRules {
	var rules []datedRules
	for _, d := range switches {
		rules = append(rules, datedRules{d.Name, dayOrNone(d.Since), dayOrNone(d.Until)})
	}
	slices.SortFunc(rules, func(a, b datedRules) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Since, b.Since))
	})
	return rules
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
