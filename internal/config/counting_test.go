package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const rulesFile = `
globals: {session_end: inclusive}
tenants:
  acme:
    export_dir: x
    timezone: Europe/Berlin
    exclude_agents: [B*, A*, B*]
    regions:
      US: {timezone: America/New_York, locations: {dallas: {switches: [S2, S1]}, austin: {}}}
      EU: {locations: {london: {switches: [S3]}}}
`

func TestRulesAreCanonicalJSON(t *testing.T) {
	tenant := load(t, rulesFile).Tenants[0]
	require.Equal(t, `{"session_end":"inclusive","exclude_agents":["A*","B*"],"regions":[`+
		`{"name":"EU","timezone":"Europe/Berlin","locations":[{"name":"london","switches":["S3"]}]},`+
		`{"name":"US","timezone":"America/New_York","locations":[{"name":"austin","switches":[]},{"name":"dallas","switches":["S1","S2"]}]}]}`,
		string(tenant.Rules()))
	require.Equal(t, []string{"S2", "S1"}, tenant.Regions[0].Locations[0].Switches, "the file's order stays")
	require.Regexp(t, `^[0-9a-f]{64}$`, tenant.RulesHash())
}

func TestRulesHashShowsMeaningAlone(t *testing.T) {
	hash := load(t, rulesFile).Tenants[0].RulesHash()
	same := `
globals: {session_end: inclusive, timezone: Europe/Berlin, settle_hours: 9, readiness: warn}
tenants:
  zeta:
    gimdb: {host: h, database: d, user: u}
    exclude_agents: [A*, B*]
    regions:
      EU: {timezone: Europe/Berlin, locations: {london: {switches: [S3]}}}
      US: {timezone: America/New_York, locations: {austin: {switches: []}, dallas: {switches: [S1, S2]}}}
`
	require.Equal(t, hash, load(t, same).Tenants[0].RulesHash())

	for _, change := range []struct{ name, file string }{
		{"session_end", replace(t, rulesFile, "inclusive", "exclusive")},
		{"zone", replace(t, rulesFile, "Europe/Berlin", "Europe/Paris")},
		{"excluded agents", replace(t, rulesFile, "[B*, A*, B*]", "[A*]")},
		{"switch", replace(t, rulesFile, "S3", "S4")},
		{"switch moved", replace(t, replace(t, rulesFile, "[S2, S1]", "[S2]"), "[S3]", "[S3, S1]")},
		{"region name", replace(t, rulesFile, "EU", "EMEA")},
		{"location name", replace(t, rulesFile, "austin", "houston")},
	} {
		require.NotEqual(t, hash, load(t, change.file).Tenants[0].RulesHash(), change.name)
	}
}
