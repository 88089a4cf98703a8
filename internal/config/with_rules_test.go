package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

func TestRulesComeBackFromTheirText(t *testing.T) {
	berlin := must.Have(time.LoadLocation("Europe/Berlin"))(t)
	was := config.Tenant{Name: "acme", SessionEnd: config.SessionEndInclusive, ExcludeAgents: []string{"T*", "A?"},
		Regions: []config.Region{{Name: "EU", Zone: berlin, Locations: []config.Location{{Name: "b", Switches: []string{"S2", "S1"}}, {Name: "a"}}}}}
	is := must.Have(config.Tenant{Name: "acme", SettleHours: 3}.WithRules(was.Rules()))(t)
	require.Equal(t, was.Rules(), is.Rules())
	require.Equal(t, 3, is.SettleHours, "what is no counting rule stays")

	facts := must.Have(config.RuleFacts(was.Rules()))(t)
	require.Equal(t, []string{"session_end: inclusive", `exclude_agents: "A?"`, `exclude_agents: "T*"`, "region EU", "region EU: timezone Europe/Berlin",
		"location EU/a", "location EU/a: no switches, the default location", "location EU/b", `location EU/b: switch "S1"`, `location EU/b: switch "S2"`}, facts)

	for _, text := range []string{"{", `{"regions":[{"name":"EU","timezone":"No/Where"}]}`} {
		_, err := was.WithRules([]byte(text))
		require.ErrorContains(t, err, "read counting rules")
	}
}
