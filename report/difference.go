package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Difference is one thing that a restatement changed. Field is the manifest's
// own key, "slices.2026-03-10.sessions" or "quality.open_session" where it lies
// deeper. Before or After is nil where there was nothing.
type Difference struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// differences lists what moved from the superseded manifest to the new one, the
// number first and then its inputs, sorted. What differs with every issue, such
// as the revision or the times, is left out, and so is when a slice was read: the
// same rows with the same as_of are the same slice (R10).
func differences(before, after Manifest) []Difference {
	old, moved := facts(before), []Difference{}
	current := facts(after)
	for field, value := range current {
		if old[field] != value {
			moved = append(moved, Difference{Field: field, Before: old[field], After: value})
		}
	}
	for field, value := range old {
		if _, kept := current[field]; !kept {
			moved = append(moved, Difference{Field: field, Before: value})
		}
	}
	slices.SortFunc(moved, func(a, b Difference) int {
		return cmp.Or(rank(a.Field)-rank(b.Field), cmp.Compare(a.Field, b.Field))
	})
	return moved
}

// rank puts the value before everything and the inputs, whose names are
// deeper, after the result.
func rank(field string) int {
	switch {
	case field == "value":
		return 0
	case strings.HasPrefix(field, "slices.") || strings.HasPrefix(field, "quality."):
		return 2
	}
	return 1
}

// facts flattens what differences compares into comparable values by field.
func facts(m Manifest) map[string]any {
	out := map[string]any{
		"value": m.Value, "state": m.State, "rules_hash": m.RulesHash, "sql_hash": m.SQLHash,
	}
	if m.Peak != nil {
		out["peak.at"], out["peak.seconds"] = m.Peak.At.Format(time.RFC3339), m.Peak.Seconds
	}
	for _, s := range m.Slices {
		prefix := "slices." + s.Day + "."
		out[prefix+"source"], out[prefix+"sha256"] = s.Source, s.SHA256
		out[prefix+"as_of"] = s.AsOf.String()
		if s.HighWater != nil {
			out[prefix+"high_water"] = s.HighWater.String()
		}
		out[prefix+"sessions"], out[prefix+"activities"], out[prefix+"agents"] = s.Sessions, s.Activities, s.Agents
	}
	for _, q := range m.Quality {
		out["quality."+q.Rule] = q.Count
	}
	return out
}
