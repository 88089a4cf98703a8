package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
)

func TestDayThatCannotBeComputed(t *testing.T) {
	d := calendar.Date{Year: 2026, Month: 2, Day: 26}
	differ, explained := failure(d, &compute.DifferenceError{Period: "2026-02-26", Scope: "US/dallas", What: "agents", SQL: "1", Sweep: "2"})
	require.Equal(t, "computations_differ", differ.Rule)
	require.Equal(t, "US", differ.Region)
	require.Contains(t, differ.What, "1 by SQL, 2 by the sweep")

	require.True(t, explained)

	uncovered, explained := failure(d, &compute.CoverageError{Day: d, Region: "EU"})
	require.True(t, explained)
	require.Equal(t, "cannot_compute", uncovered.Rule)
	_, explained = failure(d, errors.New("disk"))
	require.False(t, explained)
}

func TestEveryRuleIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range catalogue {
		require.False(t, seen[k.rule], k.rule)
		seen[k.rule] = true
		require.NotEmpty(t, k.advice, k.rule)
		require.NotEmpty(t, k.check, k.rule)
	}
	for _, file := range []string{"history.go", "recompute.go"} {
		for _, named := range regexp.MustCompile(`(?:Rule: |Rule = |of\(i, |said\(|", )"(\w+_\w+)"`).FindAllStringSubmatch(must.Text(t, file), -1) {
			require.True(t, seen[named[1]], "%s: %s", file, named[0])
		}
	}
}

// TestFactsOfRules: rules are compared statement by statement, in the order of their text.
func TestFactsOfRules(t *testing.T) {
	was := config.Tenant{Name: "acme", SessionEnd: config.SessionEndInclusive, ExcludeAgents: []string{"T*", "A?"},
		Regions: []config.Region{{Name: "EU", Zone: must.Zone(t, "Europe/Berlin"), Locations: []config.Location{{Name: "b", Switches: []string{"S2", "S1"}}, {Name: "a"}}}}}
	ofMonth := must.Have(config.MonthRules([]config.DayRules{{From: must.Date(t, "2026-02-01"), To: must.Date(t, "2026-02-03"), SHA256: "ab"}}))(t)
	rules := must.Have(json.Marshal(map[string]string{"day": string(was.Rules()), "month": string(ofMonth), "odd": "{"}))(t)
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	require.NoError(t, duck.On(context.Background(), db, func(conn *duck.Conn) error {
		require.NoError(t, duck.Exec(context.Background(), conn, "ask/rule_fact", sql.Named("rules", string(rules))))
		for sum, want := range map[string][]string{
			"day": {"session_end: inclusive", `exclude_agents: "A?"`, `exclude_agents: "T*"`, "region EU", "region EU: timezone Europe/Berlin",
				"location EU/a", "location EU/a: no switches, the default location", "location EU/b", `location EU/b: switch "S1"`, `location EU/b: switch "S2"`},
			"month": {"2026-02-01 to 2026-02-03: counting rules ab"},
			"odd":   {"counting rules that cannot be read"},
		} {
			var facts settle.Keys
			require.NoError(t, conn.QueryRowContext(context.Background(), "select facts from rule_fact where sum = ?", sum).Scan(&facts))
			require.EqualValues(t, want, facts, sum)
		}
		return nil
	}))
}
