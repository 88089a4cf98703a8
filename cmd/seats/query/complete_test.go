package query

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var aCatalog = catalog{
	columns: []column{
		{Relation: "agent", Name: "agent"}, {Relation: "agent", Name: "day"},
		{Relation: "daily_concurrent", Name: "agents"}, {Relation: "daily_concurrent", Name: "day"}, {Relation: "daily_concurrent", Name: "region"},
		{Relation: "enabled_daily", Name: "agents"}, {Relation: "enabled_daily", Name: "region"},
	},
	macros: []macro{{Name: "agents_at", Parameters: "of_region, moment"}},
}

// The bar is where the cursor stands.
func TestWhatMayStandAtTheCursor(t *testing.T) {
	for typed, want := range map[string]string{
		"sel|":                                    "select",
		"SEL|":                                    "select",
		"select * from |":                         "agent agents_at( daily_concurrent enabled_daily",
		"select *\nfrom\nda|":                     "daily_concurrent",
		"from agent\njoin e|":                     "enabled_daily",
		"select count(ag|":                        "agent agents_at(",
		"select reg| from enabled_daily":          "region",
		"select ag| from enabled_daily":           "agent agents agents_at(",
		"from daily_concurrent d where d.|":       "agents day region",
		"from daily_concurrent as d where D.r|":   "region",
		"from agent a, enabled_daily e where e.|": "agents region",
		"from daily_concurrent where agent.|":     "agent day",
		"from enabled_daily where exists (f|":     "false filter from",
		"from enabled_daily order by daily_conc|": "daily_concurrent",
		".|":            "describe help mode output quit tables timing",
		".de|":          "describe",
		".desc|":        "describe",
		".describe |":   "agent agents_at daily_concurrent enabled_daily",
		".describe ag|": "agent agents_at",
		".mode |":       "csv json parquet table",
		".timing o|":    "off on",
		// Where nothing is left to complete, a tab is a blank.
		"|":                       "_",
		"select|":                 "select_",
		"as|":                     "as_",
		"    |":                   "_",
		"select 1,|":              "_",
		"nobody|":                 "nobody_",
		"from nobody n where n.|": "_",
		"from enabled_daily|":     "enabled_daily_",
		".tables |":               "_",
		".output |":               "_",
	} {
		before, after, _ := strings.Cut(typed, "|")
		begun, words := aCatalog.complete(before, after)
		require.True(t, strings.HasSuffix(before, begun), typed)
		got := strings.Join(words, " ")
		if len(words) == 1 {
			got = strings.ReplaceAll(words[0], " ", "_")
		}
		require.Equal(t, want, got, typed)
	}
}
