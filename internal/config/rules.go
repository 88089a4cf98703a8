package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// countingRules are the settings that decide how a slice is counted (R2, R5, R6,
// R7), in the form that is hashed.
type countingRules struct {
	SessionEnd    SessionEnd    `json:"session_end"`
	ExcludeAgents []string      `json:"exclude_agents"`
	Regions       []regionRules `json:"regions"`
}

type regionRules struct {
	Name      string          `json:"name"`
	Timezone  string          `json:"timezone"`
	Locations []locationRules `json:"locations"`
}

type locationRules struct {
	Name     string   `json:"name"`
	Switches []string `json:"switches"`
}

// Rules returns the settings that decide how the tenant's slices are counted, as
// canonical JSON. The order in the file and the way a default came about do not
// show: what counts alike has equal bytes.
func (t Tenant) Rules() []byte {
	rules := countingRules{SessionEnd: t.SessionEnd, ExcludeAgents: sorted(t.ExcludeAgents), Regions: []regionRules{}}
	for _, region := range t.Regions {
		r := regionRules{Name: region.Name, Timezone: region.Zone.String(), Locations: []locationRules{}}
		for _, location := range region.Locations {
			r.Locations = append(r.Locations, locationRules{Name: location.Name, Switches: sorted(location.Switches)})
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

// sorted returns the distinct texts in order; never nil, so that none is [] in JSON.
func sorted(texts []string) []string {
	distinct := append([]string{}, texts...)
	slices.Sort(distinct)
	return slices.Compact(distinct)
}
