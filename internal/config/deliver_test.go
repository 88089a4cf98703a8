package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/must"
)

const someRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// twoTenants returns a valid file but for what delivers: in globals, and for each of two tenants.
func twoTenants(globals, a, b string) string {
	source := "\n    export_dir: e\n    regions: {US: {locations: {all: {}}}}\n    "
	return "globals: {" + globals + "}\ntenants:\n  a:" + source + a + "\n  b:" + source + b + "\n"
}

func TestDeliveryOverridesGlobalsKeyByKey(t *testing.T) {
	path := write(t, twoTenants(
		"deliver: {host: sftp.example, user: u, known_hosts: kh, key_file: id, folder: in/all, age_recipients: ["+someRecipient+"], since: 2026-03-01}",
		"deliver: {folder: /in/a, port: 2222, agent: /run/agent, age_recipients: [], retries: 0, timeout: 5s}",
		"deliver: {host: '', folder: away}"))
	cfg := must.Have(config.Load(path, lookup))(t)
	dir := filepath.Dir(path)
	since := must.Date(t, "2026-03-01")
	require.Equal(t, &config.Delivery{Folder: "/in/a", Host: "sftp.example", Port: 2222, User: "u", Agent: "/run/agent",
		KnownHosts: filepath.Join(dir, "kh"), Since: since, Timeout: 5 * time.Second}, cfg.Tenants[0].Deliver)
	require.Equal(t, "sftp://u@sftp.example:2222/in/a", cfg.Tenants[0].Deliver.Target())
	b := cfg.Tenants[1].Deliver
	require.Equal(t, filepath.Join(dir, "away"), b.Target())
	require.Equal(t, []string{someRecipient}, b.AgeRecipients)

	cfg = load(t, twoTenants("deliver: {host: '::1', user: u, known_hosts: kh, key_file: id, folder: in}", "", "deliver: {folder: ''}"))
	require.Equal(t, "sftp://u@[::1]:22/~/in", cfg.Tenants[0].Deliver.Target())
	require.Nil(t, cfg.Tenants[1].Deliver)
	require.Nil(t, load(t, twoTenants("", "", "")).Tenants[0].Deliver)
}

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

func TestTerm(t *testing.T) {
	cfg := load(t, must.Text(t, "testdata/term.yaml"))
	acme, beta := cfg.Tenants[0], cfg.Tenants[1]
	require.Equal(t, must.Date(t, "2026-02-01"), acme.ProductionDate, "its own")
	require.Equal(t, must.Date(t, "2026-01-01"), beta.ProductionDate, "of globals")

	require.True(t, acme.Holds(must.Date(t, "2026-03-31")), "the last day")
	require.False(t, acme.Holds(must.Date(t, "2026-04-01")))
	require.False(t, beta.Holds(must.Date(t, "2026-03-31")))
	us, eu := acme.Regions[0], acme.Regions[1]
	require.False(t, us.Holds(must.Date(t, "2026-01-01")))
	require.True(t, eu.Holds(must.Date(t, "2026-03-15")))
	require.False(t, eu.Holds(must.Date(t, "2026-03-16")))
}

func TestRulesComeBackFromTheirText(t *testing.T) {
	berlin := must.Zone(t, "Europe/Berlin")
	was := config.Tenant{Name: "acme", SessionEnd: config.SessionEndInclusive, ExcludeAgents: []string{"T*", "A?"},
		Regions: []config.Region{{Name: "EU", Zone: berlin, Locations: []config.Location{{Name: "b", Switches: []string{"S2", "S1"}}, {Name: "a"}}}}}
	is := must.Have(config.Tenant{Name: "acme", SettleHours: 3}.WithRules(was.Rules()))(t)
	require.Equal(t, was.Rules(), is.Rules())
	require.Equal(t, 3, is.SettleHours, "what is no counting rule stays")

	facts := must.Have(config.RuleFacts(was.Rules()))(t)
	require.Equal(t, []string{"session_end: inclusive", `exclude_agents: "A?"`, `exclude_agents: "T*"`, "region EU", "region EU: timezone Europe/Berlin",
		"location EU/a", "location EU/a: no switches, the default location", "location EU/b", `location EU/b: switch "S1"`, `location EU/b: switch "S2"`}, facts)

	for _, text := range []string{"{", `{"regions":[{"name":"EU","timezone":"No/Where"}]}`} {
		require.ErrorContains(t, must.Err(was.WithRules([]byte(text))), "read counting rules")
	}
}

var rulesFile = string(must.Now(os.ReadFile("testdata/rules.yaml")))

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
	ended := replace(t, rulesFile, "EU: {", "EU: {until: 2026-03-15, ")
	agreed := replace(t, rulesFile, "EU: {", "EU: {committed: 12, ")
	for what, file := range map[string]string{"written in another way": must.Text(t, "testdata/same_rules.yaml"), "held against the peaks, on pages": agreed,
		"billed, which is not how it is counted": replace(t, ended, "US: {", "US: {enabled: false, ")} {
		require.Equal(t, hash, load(t, file).Tenants[0].RulesHash(), what)
	}
	regions := load(t, agreed).Tenants[0].Regions
	require.Equal(t, []int64{0, 12}, []int64{regions[0].Committed, regions[1].Committed})

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
	tenant := load(t, must.Text(t, "testdata/dated.yaml")).Tenants[0]
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
