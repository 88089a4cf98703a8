package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
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

// TestSwitchesWithDates: the rules of a day say what applies on it, as if the file had always said so; a location with switches on
// other days alone is no default location.
func TestSwitchesWithDates(t *testing.T) {
	tenant := load(t, `
tenants:
  acme:
    export_dir: x
    regions:
      US: {locations: {dallas: {switches: [A, B]}, other: {}}}
      EU: {locations: {london: {switches: [{name: B, since: 2026-03-28}]}, paris: {switches: [C, {name: D, until: 2026-03-31}]}}}
`).Tenants[0]
	march := func(day int) calendar.Date { return calendar.Date{Year: 2026, Month: 3, Day: day} }
	plain := func(dallas, eu string) string {
		return load(t, "tenants: {acme: {export_dir: x, regions: {US: {locations: {dallas: {switches: "+dallas+"}, other: {}}}, EU: {locations: {"+eu+"}}}}}").Tenants[0].RulesHash()
	}
	for _, day := range []struct {
		day        int
		dallas, eu string
	}{
		{27, "[A, B]", "paris: {switches: [C, D]}"},
		{28, "[A]", "london: {switches: [B]}, paris: {switches: [C, D]}"},
		{31, "[A]", "london: {switches: [B]}, paris: {switches: [C, D]}"},
		{32, "[A]", "london: {switches: [B]}, paris: {switches: [C]}"},
	} {
		on := tenant.On(march(1).AddDays(day.day - 1))
		require.Equal(t, plain(day.dallas, day.eu), on.RulesHash(), day.day)
		require.Equal(t, on.RulesHash(), must.Have(on.WithRules(on.Rules()))(t).RulesHash())
	}
	require.Contains(t, string(tenant.Rules()), `"dated":[{"name":"B","since":"","until":"2026-03-27"}]`)
}
