package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

// withGlobals returns a valid file but for what is put under globals.
func withGlobals(lines string) string {
	return "globals:\n  " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n  ") + minimal
}

// withTenant returns a valid file but for what is put under the tenant.
func withTenant(lines string) string {
	return "tenants:\n  acme:\n    " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n    ") + "\n"
}

const (
	someSource  = "gimdb: {host: h, database: d, user: u}\n"
	someRegions = "regions: {US: {locations: {all: {}}}}\n"
)

func TestGlobalsRules(t *testing.T) {
	tests := []struct{ name, globals, want string }{
		{"port zero", "gimdb: {port: 0}", `2: globals.gimdb.port: must be 1..65535, got 0`},
		{"port too high", "gimdb: {port: 65536}", `2: globals.gimdb.port: must be 1..65535, got 65536`},
		{"port quoted", "gimdb: {port: '5432'}", `2: globals.gimdb.port: must be 1..65535, got "5432"`},
		{"port with a fraction", "gimdb: {port: 54.32}", `2: globals.gimdb.port: must be 1..65535, got 54.32`},
		{"port octal", "gimdb: {port: 0777}", `2: globals.gimdb.port: must be 1..65535, got 0777`},
		{"port hexadecimal", "gimdb: {port: 0x1F}", `2: globals.gimdb.port: must be 1..65535, got 0x1F`},
		{"port a list", "gimdb: {port: [1]}", `2: globals.gimdb.port: must be 1..65535`},
		{"port from the environment, no number", "gimdb: {port: '${WORD}'}", `2: globals.gimdb.port: must be 1..65535, got the value of "${WORD}"`},
		{"connections zero", "gimdb: {connections: 0}", `2: globals.gimdb.connections: must be 1..16, got 0`},
		{"connections too many", "gimdb: {connections: 17}", `2: globals.gimdb.connections: must be 1..16, got 17`},
		{"host empty", "gimdb: {host: ''}", `2: globals.gimdb.host: must not be empty, got ""`},
		{"host a truth value", "gimdb: {host: true}", `2: globals.gimdb.host: must be text, got true (put it in quotes)`},
		{"host a connection string", "gimdb: {host: 'host=h password=hunter2'}", `2: globals.gimdb.host: must be a host name, an address or a socket directory, not a connection string`},
		{"schema with a quote", `gimdb: {schema: 'a"; drop table x'}`, `2: globals.gimdb.schema: must be a plain SQL identifier, got "a\"; drop table x" (1 to 63 of A-Z a-z 0-9 _ $, the first no digit and no $)`},
		{"schema too long", "gimdb: {schema: " + strings.Repeat("a", 64) + "}", `2: globals.gimdb.schema: must be a plain SQL identifier, got "` + strings.Repeat("a", 64) + `" (1 to 63 of A-Z a-z 0-9 _ $, the first no digit and no $)`},
		{"schema empty", "gimdb: {schema: ''}", `2: globals.gimdb.schema: must be a plain SQL identifier, got "" (1 to 63 of A-Z a-z 0-9 _ $, the first no digit and no $)`},
		{"sslmode unknown", "gimdb: {sslmode: on}", `2: globals.gimdb.sslmode: must be disable, allow, prefer, require, verify-ca or verify-full, got "on"`},
		{"timeout negative", "gimdb: {statement_timeout: -1s}", `2: globals.gimdb.statement_timeout: must be a duration such as "30m", or 0 for none, got "-1s"`},
		{"timeout without unit", "gimdb: {statement_timeout: 30}", `2: globals.gimdb.statement_timeout: must be a duration such as "30m", or 0 for none, got 30 (give it a unit: ms, s, m or h)`},
		{"timeout that would round to none", "gimdb: {statement_timeout: 10us}", `2: globals.gimdb.statement_timeout: must be 0, or from 1ms to 596h, got "10us"`},
		{"timeout beyond 32 bits", "gimdb: {statement_timeout: 597h}", `2: globals.gimdb.statement_timeout: must be 0, or from 1ms to 596h, got "597h"`},
		{"silence without unit", "gimdb: {read_timeout: 30}", `2: globals.gimdb.read_timeout: must be a duration such as "30m", or 0 for none, got 30 (give it a unit: ms, s, m or h)`},
		{"retries negative", "gimdb: {retries: -1}", `2: globals.gimdb.retries: must be 0..100, got -1`},
		{"run timeout without unit", "run_timeout: 2", `2: globals.run_timeout: must be a duration such as "30m", or 0 for none, got 2 (give it a unit: ms, s, m or h)`},
		{"tenant_key of all", "gimdb: {tenant_key: 1}", `2: globals.gimdb.tenant_key: is not for all tenants, got 1 (it belongs in a tenant's gimdb)`},
		{"gimdb text", "gimdb: password=hunter2", `2: globals.gimdb: must be a mapping, not text`},
		{"gimdb key misspelt", "gimdb: {databse: d}", `2: globals.gimdb.databse: unknown key (did you mean database?)`},
		{"gimdb key in globals", "sslmode: prefer", `2: globals.sslmode: unknown key (it belongs in globals.gimdb)`},
		{"engine key in globals", "threads: 2", `2: globals.threads: unknown key (it belongs in globals.engine)`},
		{"tenant key in globals", "exclude_agents: []", `2: globals.exclude_agents: unknown key (it belongs in a tenant)`},
		{"production_date no date", "production_date: 1.4.2026", `2: globals.production_date: must be an existing date as YYYY-MM-DD, got "1.4.2026"`},
		{"until in globals", "until: 2026-03-31", `2: globals.until: unknown key (it belongs in a tenant)`},
		{"data_dir empty", "data_dir: ''", `2: globals.data_dir: must not be empty, got ""`},
		{"output_dir empty from the environment", "output_dir: ${EMPTY}", `2: globals.output_dir: must not be empty, got the value of "${EMPTY}"`},
		{"timezone empty", "timezone: ''", `2: globals.timezone: must not be empty, got ""`},
		{"timezone Local", "timezone: Local", `2: globals.timezone: is no time zone, got "Local" (an IANA name such as America/New_York)`},
		{"timezone with leap seconds", "timezone: right/UTC", `2: globals.timezone: is no time zone, got "right/UTC" (an IANA name such as America/New_York)`},
		{"timezone outside the zone files", "timezone: ../../etc/passwd", `2: globals.timezone: is no time zone, got "../../etc/passwd" (an IANA name such as America/New_York)`},
		{"session hours zero", "max_session_hours: 0", `2: globals.max_session_hours: must be 1..8784, got 0`},
		{"session hours too many", "max_session_hours: 8785", `2: globals.max_session_hours: must be 1..8784, got 8785`},
		{"settle hours negative", "settle_hours: -1", `2: globals.settle_hours: must be 0..8784, got -1`},
		{"settle hours too many", "settle_hours: 8785", `2: globals.settle_hours: must be 0..8784, got 8785`},
		{"retired days too many", "retired_after_days: 3661", `2: globals.retired_after_days: must be 0..3660, got 3661`},
		{"readiness a truth value", "readiness: false", `2: globals.readiness: must be text, got false (put it in quotes)`},
		{"breakdown unknown", "breakdown: [agent_group, group]", `2: globals.breakdown[1]: must be agent_group, location or switch, got "group"`},
		{"breakdown twice", "breakdown: [switch, switch]", `2: globals.breakdown[1]: is there already, got "switch"`},
		{"breakdown no list", "breakdown: switch", `2: globals.breakdown: must be a list, not text`},
		{"readiness unknown", "readiness: warning", `2: globals.readiness: must be require, warn or off, got "warning"`},
		{"session_end unknown", "session_end: inclusiv", `2: globals.session_end: must be exclusive or inclusive, got "inclusiv" (did you mean inclusive?)`},
		{"memory limit in percent", "engine: {memory_limit: 80%}", `2: globals.engine.memory_limit: must be a number and one of KB MB GB TB KiB MiB GiB TiB, got "80%"`},
		{"memory limit zero", "engine: {memory_limit: 0GB}", `2: globals.engine.memory_limit: must be a number and one of KB MB GB TB KiB MiB GiB TiB, got "0GB"`},
		{"memory limit beyond all numbers", "engine: {memory_limit: 9999999999TB}", `2: globals.engine.memory_limit: must be a number and one of KB MB GB TB KiB MiB GiB TiB, got "9999999999TB"`},
		{"memory limit without unit", "engine: {memory_limit: 2}", `2: globals.engine.memory_limit: must be a number and one of KB MB GB TB KiB MiB GiB TiB, got 2`},
		{"threads negative", "engine: {threads: -1}", `2: globals.engine.threads: must be 0..1024, got -1`},
		{"metrics file empty", "metrics_file: ''", `2: globals.metrics_file: must not be empty, got ""`},
		{"metrics file that is a store", "metrics_file: var/acme.duckdb", `2: globals.metrics_file: must end in .prom, got "var/acme.duckdb" (Prometheus' textfile collector reads no other files)`},
		{"sign key empty", "sign_key: ''", `2: globals.sign_key: must not be empty, got ""`},
		{"sign key's password empty", "sign_key: k\nsign_key_password: ''", `3: globals.sign_key_password: must not be empty`},
		{"sign key's password alone", "sign_key_password: p", `2: globals.sign_key_password: is for a sign_key, and there is none`},
		{"password a number", "gimdb: {password: 12345}", `2: globals.gimdb.password: must be text (put it in quotes)`},
		{"password file missing", "gimdb: {password_file: none}", `2: globals.gimdb.password_file: cannot be read: no such file or directory, got "none"`},
		{"variable not set", "data_dir: ${HOME_OF_SEATS}/x", `2: globals.data_dir: environment variable HOME_OF_SEATS is not set`},
		{"variable not closed", "data_dir: ${WORD", `2: globals.data_dir: has a ${ that starts no ${NAME}, got "${WORD" (a literal ${ is written $${)`},
		{"variable with a bad name", "data_dir: ${A-B}", `2: globals.data_dir: has a ${ that starts no ${NAME}, got "${A-B}" (a literal ${ is written $${)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, []string{"seats.yaml:" + tt.want}, problems(t, withGlobals(tt.globals)))
		})
	}
}

func TestTenantRules(t *testing.T) {
	tests := []struct{ name, tenant, want string }{
		{"no host", "gimdb: {database: d, user: u}\n" + someRegions, `3: tenants.acme.gimdb.host: is required, here or in globals.gimdb`},
		{"host without value", "gimdb: {host: , database: d, user: u}\n" + someRegions, `3: tenants.acme.gimdb.host: is required, here or in globals.gimdb`},
		{"two sources", "export_dir: x\ngimdb: {host: h, user: u, tenant_key: 1}\n" + someRegions, `3: tenants.acme.export_dir: a tenant has one source, and there is also gimdb.host, gimdb.user (with export_dir, gimdb may hold tenant_key alone)`},
		{"marker of no export", "export_marker: _SUCCESS\n" + someSource + someRegions, `3: tenants.acme.export_marker: there is no export_dir that it could speak of`},
		{"marker a path", "export_dir: x\nexport_marker: ../done\n" + someRegions, `4: tenants.acme.export_marker: must be the name of a file, got "../done" (such as _SUCCESS in a chunk's folder, or .done for export_... .done beside a chunk)`},
		{"marker a folder", "export_dir: x\nexport_marker: ..\n" + someRegions, `4: tenants.acme.export_marker: must be the name of a file, got ".." (such as _SUCCESS in a chunk's folder, or .done for export_... .done beside a chunk)`},
		{"marker empty", "export_dir: x\nexport_marker: ''\n" + someRegions, `4: tenants.acme.export_marker: must not be empty, got ""`},
		{"export_dir empty", "export_dir: ''\n" + someRegions, `3: tenants.acme.export_dir: must not be empty, got ""`},
		{"tenant_key text", "gimdb: {host: h, database: d, user: u, tenant_key: one}\n" + someRegions, `3: tenants.acme.gimdb.tenant_key: must be a whole number, got "one"`},
		{"globals key in a tenant", someSource + "data_dir: x\n" + someRegions, `4: tenants.acme.data_dir: unknown key (it belongs in globals)`},
		{"no regions", someSource, `2: tenants.acme.regions: needs at least one region`},
		{"regions empty", someSource + "regions: {}", `4: tenants.acme.regions: needs at least one region`},
		{"regions a list", someSource + "regions: [US]", `4: tenants.acme.regions: must be a mapping, not a list`},
		{"no locations", someSource + "regions:\n  US:", `5: tenants.acme.regions.US.locations: needs at least one location`},
		{"locations empty", someSource + "regions:\n  US:\n    locations: {}", `6: tenants.acme.regions.US.locations: needs at least one location`},
		{"location a list", someSource + "regions: {US: {locations: {a: {}, b: [S]}}}", `4: tenants.acme.regions.US.locations.b: must be a mapping, not a list`},
		{"switches text", someSource + "regions: {US: {locations: {a: {switches: S}}}}", `4: tenants.acme.regions.US.locations.a.switches: must be a list, not text`},
		{"switch empty", someSource + "regions: {US: {locations: {a: {switches: [S, '']}}}}", `4: tenants.acme.regions.US.locations.a.switches[1]: must not be empty, got ""`},
		{"switch null", someSource + "regions: {US: {locations: {a: {switches: [~]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0]: must not be empty`},
		{"switch a number", someSource + "regions: {US: {locations: {a: {switches: [1001]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0]: must be text, got 1001 (put it in quotes)`},
		{"region zone", someSource + "regions: {US: {timezone: EDT5, locations: {a: {}}}}", `4: tenants.acme.regions.US.timezone: is no time zone, got "EDT5" (an IANA name such as America/New_York)`},
		{"production_date no date", someSource + "production_date: 2026-02-30\n" + someRegions, `4: tenants.acme.production_date: must be an existing date as YYYY-MM-DD, got "2026-02-30"`},
		{"until a number", someSource + "until: 20260331\n" + someRegions, `4: tenants.acme.until: must be text, got 20260331 (put it in quotes)`},
		{"until before production_date", someSource + "production_date: 2026-03-02\nuntil: 2026-03-01\n" + someRegions, `5: tenants.acme.until: lies before production_date 2026-03-02, got "2026-03-01"`},
		{"enabled a word", someSource + "enabled: no\n" + someRegions, `4: tenants.acme.enabled: must be true or false, got "no"`},
		{"region committed", someSource + "regions: {US: {committed: 0, locations: {a: {}}}}", `4: tenants.acme.regions.US.committed: must be 1..10000000, got 0`},
		{"region until", someSource + "regions: {US: {until: soon, locations: {a: {}}}}", `4: tenants.acme.regions.US.until: must be an existing date as YYYY-MM-DD, got "soon"`},
		{"tenant zone", someSource + "timezone: 5\n" + someRegions, `4: tenants.acme.timezone: must be text, got 5 (put it in quotes)`},
		{"pattern empty", someSource + "exclude_agents:\n  - 'A*'\n  - ''\n" + someRegions, `6: tenants.acme.exclude_agents[1]: must not be empty, got ""`},
		{"patterns text", someSource + "exclude_agents: A*\n" + someRegions, `4: tenants.acme.exclude_agents: must be a list, not text`},
		{"region name", someSource + "regions: {_US: {locations: {a: {}}}}", `4: tenants.acme.regions._US: is no name for a region, got "_US" (1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit)`},
		{"location name", someSource + "regions: {US: {locations: {a/b: {}}}}", `4: tenants.acme.regions.US.locations.a…: is no name for a location, got "a/b" (1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit)`},
		{"regions that are one file", someSource + "regions:\n  US: {locations: {a: {switches: [S]}}}\n  us: {locations: {b: {switches: [T]}}}", `6: tenants.acme.regions.us: differs only in capital letters from the region US on line 5`},
		{"switch in two regions", someSource + "regions:\n  US: {locations: {a: {switches: [S]}}}\n  EU: {locations: {b: {switches: [T, S]}}}", `6: tenants.acme.regions.EU.locations.b.switches[1]: is a switch that tenants.acme.regions.US.locations.a.switches[0] on line 5 lists already, got "S"`},
		{"dated switch twice on a day", someSource + "regions:\n  US: {locations: {a: {switches: [{name: S, until: 2026-03-28}]}}}\n  EU: {locations: {b: {switches: [{name: S, since: 2026-03-28}]}}}", `6: tenants.acme.regions.EU.locations.b.switches[0].name: is a switch that tenants.acme.regions.US.locations.a.switches[0].name on line 5 lists until 2026-03-28, got "S"`},
		{"dated switch since one day twice", someSource + "regions: {US: {locations: {a: {switches: [{name: S, since: 2026-03-28}]}, b: {switches: [{name: S, since: 2026-03-28}]}}}}", `4: tenants.acme.regions.US.locations.b.switches[0].name: is a switch that tenants.acme.regions.US.locations.a.switches[0].name on line 4 lists already, got "S"`},
		{"dated switch that ends before it begins", someSource + "regions: {US: {locations: {a: {switches: [{name: S, since: 2026-03-28, until: 2026-03-27}]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0].until: lies before since 2026-03-28, got "2026-03-27"`},
		{"dated switch without a name", someSource + "regions: {US: {locations: {a: {switches: [{since: 2026-03-28}]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0]: needs a name`},
		{"dated switch with no date", someSource + "regions: {US: {locations: {a: {switches: [{name: S, since: 28.3.}]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0].since: must be an existing date as YYYY-MM-DD, got "28.3."`},
		{"dated switch misspelt", someSource + "regions: {US: {locations: {a: {switches: [{name: S, from: 2026-03-28}]}}}}", `4: tenants.acme.regions.US.locations.a.switches[0].from: unknown key`},
		{"two default locations", someSource + "regions:\n  US: {locations: {a: {switches: []}}}\n  EU: {locations: {b: }}", `6: tenants.acme.regions.EU.locations.b: has no switches, as tenants.acme.regions.US.locations.a on line 5: a tenant has one default location`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, []string{"seats.yaml:" + tt.want}, problems(t, withTenant(tt.tenant)))
		})
	}
}

func TestTenantWithoutAnySource(t *testing.T) {
	require.Equal(t, []string{
		`seats.yaml:2: tenants.acme.gimdb.database: is required, here or in globals.gimdb (or give the tenant an export_dir)`,
		`seats.yaml:2: tenants.acme.gimdb.host: is required, here or in globals.gimdb (or give the tenant an export_dir)`,
		`seats.yaml:2: tenants.acme.gimdb.user: is required, here or in globals.gimdb (or give the tenant an export_dir)`,
	}, problems(t, withTenant(someRegions)))
}

func TestTenantsThatAreOneFile(t *testing.T) {
	tenant := ": {export_dir: x, " + strings.TrimSpace(someRegions) + "}\n"
	require.Equal(t, []string{`seats.yaml:4: tenants.ACME: differs only in capital letters from the tenant acme on line 2`},
		problems(t, "tenants:\n  acme"+tenant+"  zeta"+tenant+"  ACME"+tenant))
}

func TestNoTenants(t *testing.T) {
	require.Equal(t, []string{`seats.yaml:1: tenants: needs at least one tenant`}, problems(t, "report: {}"))
	require.Equal(t, []string{`seats.yaml:2: tenants: needs at least one tenant`}, problems(t, "report: {}\ntenants: {}"))
	require.Equal(t, []string{`seats.yaml:1: tenants: must be a mapping, not a list`}, problems(t, "tenants: [acme]"))
}

func TestColumnRules(t *testing.T) {
	tests := []struct{ name, columns, want string }{
		{"no count", "[Region]", `1: report.columns: must show the field MessageSize: a data file without the count is none`},
		{"count in the name only", "[{name: MessageSize, value: 1}]", `1: report.columns: must show the field MessageSize: a data file without the count is none`},
		{"unknown field", "[MessageSize, Tenant]", `1: report.columns[1]: is no field of the data file, got "Tenant" (did you mean TenantID?)`},
		{"unknown named field", "[MessageSize, {name: N, field: Peak}]", `1: report.columns[1].field: is no field of the data file, got "Peak" (one of TenantID, Region, MetricName, Period, ChannelType, ServiceClass, ActivityType, Status, AgentGroupName, MessageSize)`},
		{"same name twice", "[MessageSize, {name: MessageSize, field: Region}]", `1: report.columns[1]: has the name of the column on line 1`},
		{"empty name", "[MessageSize, {name: '', field: Region}]", `1: report.columns[1].name: must not be empty, got ""`},
		{"no name", "[MessageSize, {value: 1}]", `1: report.columns[1]: needs a name`},
		{"field and value", "[MessageSize, {name: N, field: Region, value: 1}]", `1: report.columns[1]: needs either field or value`},
		{"neither", "[MessageSize, {name: N}]", `1: report.columns[1]: needs either field or value`},
		{"number", "[MessageSize, 4]", `1: report.columns[1]: must be a field, {name, field} or {name, value}, got 4`},
		{"unknown key", "[MessageSize, {name: N, valeu: 1, value: 2}]", `1: report.columns[1].valeu: unknown key (did you mean value?)`},
		{"not a list", "MessageSize", `1: report.columns: must be a list, not text`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, []string{"seats.yaml:" + tt.want}, problems(t, "report: {columns: "+tt.columns+"}"+minimal))
		})
	}
	require.Equal(t, config.DefaultColumns(), load(t, "report: {columns: []}"+minimal).Columns)
}

func TestSSLModeDefault(t *testing.T) {
	for host, want := range map[string]string{
		"gim.example": "verify-full", "10.0.0.1": "verify-full", "localhost.example": "verify-full", "2001:db8::1": "verify-full",
		"localhost": "prefer", "LOCALHOST": "prefer", "127.0.0.1": "prefer", "127.9.9.9": "prefer", "::1": "prefer", "::ffff:127.0.0.1": "prefer",
		"/run/postgresql": "prefer", "@abstract": "prefer",
	} {
		cfg := load(t, withTenant("gimdb: {host: '"+host+"', database: d, user: u}\n"+someRegions))
		require.Equal(t, want, cfg.Tenants[0].GIM.SSLMode, host)
	}
}

func TestTenantOverridesGlobalsKeyByKey(t *testing.T) {
	cfg := load(t, `
globals:
  timezone: Europe/Berlin
  retired_after_days: 20
  gimdb: {host: localhost, port: 5433, database: gim, user: seats, password: p, sslmode: require, statement_timeout: 0, read_timeout: 0, retries: 5, sslrootcert: system}
tenants:
  same: {regions: {US: {locations: {all: }}}}
  other:
    timezone: Asia/Kolkata
    retired_after_days: 0
    gimdb: {host: gim.example, port: , password: q, statement_timeout: 1h, read_timeout: 2m, retries: 0}
    regions: {US: {locations: {all: }}, EU: {timezone: UTC, locations: {x: {switches: [S]}}}}
`)
	same, other := cfg.Tenants[0], cfg.Tenants[1]
	want := config.GIMDB{
		Host: "localhost", Port: 5433, Database: "gim", Schema: "public", User: "seats", Password: "p", SSLMode: "require", SSLRootCert: "system", Connections: 2, Retries: 5, RetiredAfterDays: 20,
	}
	require.Equal(t, want, *same.GIM)
	require.Equal(t, "Europe/Berlin", same.Regions[0].Zone.String())

	want.Host, want.Password, want.StatementTimeout = "gim.example", "q", time.Hour
	want.ReadTimeout, want.Retries, want.RetiredAfterDays = 2*time.Minute, 0, 0
	require.Equal(t, want, *other.GIM)
	require.Equal(t, "Asia/Kolkata", other.Zone.String())
	require.Equal(t, "Asia/Kolkata", other.Regions[0].Zone.String())
	require.Equal(t, "UTC", other.Regions[1].Zone.String())
}

func TestPasswordFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"endless": strings.Repeat("x", 70000), "unix": "from file\n", "windows": "from file\r\n", "bare": "from file", "empty": "\n", "two": "a\nb\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600)) // nobody writes to it
	path := filepath.Join(dir, "seats.yaml")
	read := func(globals, tenant string) (*config.Config, error) {
		content := "globals: {gimdb: {host: h, database: d, user: u, " + globals + "}}\ntenants: {acme: {gimdb: {" + tenant + "}, " + strings.TrimSpace(someRegions) + "}}\n"
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return config.Load(path, lookup)
	}
	for _, tt := range []struct{ name, globals, tenant, want string }{
		{"trims a newline", "password_file: unix", "", "from file"},
		{"trims a carriage return", "password_file: windows", "", "from file"},
		{"without newline", "password_file: bare", "", "from file"},
		{"absolute", "password_file: " + filepath.Join(dir, "unix"), "", "from file"},
		{"none given", "password_file: ''", "", ""},
		{"beside an empty password", "password: '', password_file: unix", "", "from file"},
		{"tenant's file replaces the password", "password: p", "password_file: unix", "from file"},
		{"tenant's password replaces the file", "password_file: unix", "password: q", "q"},
		{"tenant's empty file leaves the password", "password: p", "password_file: ''", "p"},
		{"tenant's empty password replaces the file", "password_file: unix", "password: ''", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, must.Have(read(tt.globals, tt.tenant))(t).Tenants[0].GIM.Password.Reveal())
		})
	}
	for _, tt := range []struct{ name, globals, tenant, want string }{
		{"both", "password: p, password_file: unix", "", "globals.gimdb.password_file: there is a password on line 1: give one of the two"},
		{"both of a tenant", "", "password: p, password_file: unix", "tenants.acme.gimdb.password_file: there is a password on line 2: give one of the two"},
		{"empty", "password_file: empty", "", "globals.gimdb.password_file: must hold the password on its one line"},
		{"two lines", "password_file: two", "", "globals.gimdb.password_file: must hold the password on its one line"},
		{"pipe", "password_file: pipe", "", "globals.gimdb.password_file: cannot be read: it is no plain file"},
		{"certificates from a pipe", "sslrootcert: pipe", "", "globals.gimdb.sslrootcert: cannot be read: it is no plain file"},
		{"folder", "password_file: .", "", "globals.gimdb.password_file: cannot be read: it is no plain file"},
		{"endless", "password_file: endless", "", "globals.gimdb.password_file: cannot be read: longer than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.globals, tt.tenant)
			require.ErrorContains(t, err, tt.want)
			require.Len(t, err, 1)
		})
	}
}
