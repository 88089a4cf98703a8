package lake

import (
	"encoding/json"

	"seats/compute"
	"seats/internal/config"
)

// ruleRow is a row of the relation rule: what does not belong to its kind is null.
type ruleRow struct {
	Kind       string `json:"kind"` // day, region, location, switch or exclude
	Region     string `json:"region,omitempty"`
	Location   string `json:"location,omitempty"`
	IsDefault  *bool  `json:"is_default,omitempty"`
	Switch     string `json:"switch_name,omitempty"`
	Pattern    string `json:"pattern,omitempty"`
	Timezone   string `json:"timezone,omitempty"`
	StartTS    *int64 `json:"start_ts,omitempty"`
	EndTS      *int64 `json:"end_ts,omitempty"`
	AsOfTS     *int64 `json:"as_of_ts,omitempty"`
	Extracted  *int64 `json:"extracted_ts,omitempty"`
	SessionEnd string `json:"session_end,omitempty"`
}

// ruleRows are the rules of a day as rows, as JSON. The tenant has the rules that the day was computed by.
func ruleRows(t config.Tenant, d day) (string, error) {
	rules := compute.RulesFor(t, d.Date)
	rows := []ruleRow{{Kind: "day", AsOfTS: &d.AsOf, Extracted: &d.Extracted, SessionEnd: string(t.SessionEnd)}}
	for at, r := range rules.Regions {
		rows = append(rows, ruleRow{Kind: "region", Region: r.Name, Timezone: t.Regions[at].Zone.String(), StartTS: &r.Day.Start, EndTS: &r.Day.End})
		for _, l := range r.Locations {
			isDefault := len(l.Switches) == 0
			rows = append(rows, ruleRow{Kind: "location", Region: r.Name, Location: l.Name, IsDefault: &isDefault})
			for _, s := range l.Switches {
				rows = append(rows, ruleRow{Kind: "switch", Region: r.Name, Location: l.Name, Switch: s})
			}
		}
	}
	for _, pattern := range rules.Exclude {
		rows = append(rows, ruleRow{Kind: "exclude", Pattern: pattern})
	}
	text, err := json.Marshal(rows)
	return string(text), err
}
