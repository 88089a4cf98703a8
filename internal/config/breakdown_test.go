package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
)

// A tenant's own list takes the place of globals', an empty one too; and none of it is a counting rule.
func TestBreakdownOfGlobalsAndTenants(t *testing.T) {
	const regions = "export_dir: e, regions: {US: {locations: {a: {switches: [A]}}}}"
	cfg := load(t, "globals: {breakdown: [agent_group, switch]}\ntenants:\n"+
		"  of-globals: {"+regions+"}\n  own: {breakdown: [location], "+regions+"}\n  none: {breakdown: [], "+regions+"}\n")
	require.Equal(t, []config.Unit{config.ByAgentGroup, config.BySwitch}, cfg.Tenants[0].Breakdown)
	require.True(t, cfg.Tenants[0].ReadsGroups())
	require.Equal(t, []config.Unit{config.ByLocation}, cfg.Tenants[1].Breakdown)
	require.False(t, cfg.Tenants[1].ReadsGroups())
	require.Empty(t, cfg.Tenants[2].Breakdown)
	require.Equal(t, cfg.Tenants[0].RulesHash(), cfg.Tenants[2].RulesHash())
}
