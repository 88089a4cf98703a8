package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

// TestProblems holds each case of the file against what is said of it.
func TestProblems(t *testing.T) {
	archive := must.Have(txtar.ParseFile("testdata/problems.txtar"))(t)
	for _, c := range archive.Files {
		where, _, _ := strings.Cut(c.Name, ":")
		lines, said, _ := strings.Cut(string(c.Data), "=> ")
		t.Run(c.Name, func(t *testing.T) {
			want := "seats.yaml:" + strings.ReplaceAll(strings.TrimSpace(said), "\n=> ", "\nseats.yaml:")
			line := strings.TrimSuffix(lines, "\n")
			content := map[string]string{"file": lines, "globals": withGlobals(lines), "tenant": withTenant(lines),
				"columns": "report: {columns: " + line + "}" + minimal, "deliver": twoTenants("", "deliver: "+line, "")}[where]
			require.Equal(t, want, strings.Join(problems(t, content), "\n"))
		})
	}
	require.Greater(t, len(archive.Files), 140)
}

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

func TestNoColumnsAreTheDefaultOnes(t *testing.T) {
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

func TestWhatIsNotAConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          []string
	}{
		{"not UTF-8", "globals: {}\ntenants: \"\xff\"\n", []string{`seats.yaml:2: is not UTF-8 text`}},
		{"deep", "globals:\n  data_dir: " + strings.Repeat("[", 100_000), []string{`seats.yaml:2: has more than 100 lists and mappings in one another`}},
		{"deep mappings", strings.Repeat("{a: ", 100_000), []string{`seats.yaml:1: has more than 100 lists and mappings in one another`}},
		{"deep lists", "tenants:\n  " + strings.Repeat("- ", 100_000), []string{`seats.yaml:2: has more than 100 lists and mappings in one another`}},
		{"not deep", "globals: [" + strings.Repeat("[],{},'[[',", 200) + "] # [[[", []string{`seats.yaml:1: globals: must be a mapping, not a list`, `seats.yaml:1: tenants: needs at least one tenant`}},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, problems(t, tt.content)) })
	}
}

func TestAConfigurationWithoutEnd(t *testing.T) {
	require.EqualError(t, must.Err(config.Load("/dev/zero", lookup)), "/dev/zero: cannot be read: it is larger than 64 MB")
}

func TestSeveralUnsetVariablesAreAllReported(t *testing.T) {
	require.Equal(t, []string{
		`seats.yaml:2: globals.data_dir: environment variable FIRST is not set`,
		`seats.yaml:2: globals.data_dir: environment variable SECOND is not set`,
		`seats.yaml:3: globals.gimdb.password: environment variable THIRD is not set`,
	}, problems(t, withGlobals("data_dir: ${FIRST}/${WORD}/${SECOND}\ngimdb: {password: '${THIRD}'}")))
}

func TestExpansion(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"whole", `${GIM_PASSWORD}`, "hunter2-from-env"},
		{"inside, twice", `<${WORD}-${WORD}>`, "<abc-abc>"},
		{"empty", `a${EMPTY}b`, "ab"},
		{"is not read as YAML", `${YAML}`, "{a: [1, 2]}"},
		{"literal", `$${WORD}`, "${WORD}"},
		{"dollar and literal", `$$${WORD}`, "$${WORD}"},
		{"dollars alone", `$5 $$ {WORD} $WORD$`, "$5 $$ {WORD} $WORD$"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, withTenant("gimdb: {host: h, database: d, user: u, password: '"+tt.text+"'}\n"+someRegions))
			require.Equal(t, tt.want, cfg.Tenants[0].GIM.Password.Reveal())
		})
	}
}

func TestExpansionIsNotRepeated(t *testing.T) {
	path := write(t, withTenant("export_dir: /x\nexclude_agents: ['${WORD}*']\n"+someRegions))
	require.Equal(t, []string{"${WORD}*"}, must.Have(configLoadWith(path, map[string]string{"WORD": "${WORD}"}))(t).Tenants[0].ExcludeAgents)
}

func TestNumberFromTheEnvironment(t *testing.T) {
	cfg := load(t, withTenant("gimdb: {host: '${DB_HOST}', port: '${DB_PORT}', database: d, user: u}\n"+someRegions))
	require.Equal(t, "gim.example", cfg.Tenants[0].GIM.Host)
	require.Equal(t, 5433, cfg.Tenants[0].GIM.Port)
}

func TestAnchorsAliasesAndMergeKeys(t *testing.T) {
	cfg := load(t, `
tenants:
  acme: &acme
    gimdb: &db {host: h, database: d, user: u, port: 1}
    regions: &regions
      US: {locations: {dallas: {switches: &switches [A, B]}}}
  zeta:
    <<: *acme
    gimdb: {<<: [{port: 2, user: v}, *db], user: w}
  beta: {gimdb: *db, regions: {EU: {locations: {x: {switches: *switches}}}}}
`)
	acme, zeta, beta := cfg.Tenants[0], cfg.Tenants[1], cfg.Tenants[2]
	require.Equal(t, acme.Regions, zeta.Regions)
	require.Equal(t, "h", zeta.GIM.Host)
	require.Equal(t, 2, zeta.GIM.Port, "the first merged mapping wins over the next")
	require.Equal(t, "w", zeta.GIM.User, "what is written out wins over what is merged")
	require.Equal(t, acme.GIM, beta.GIM)
	require.Equal(t, []string{"A", "B"}, beta.Regions[0].Locations[0].Switches)
}

func TestAliasesCannotBlowUp(t *testing.T) {
	var b strings.Builder
	b.WriteString("x0: &x0 [a]\n")
	for i := range 40 {
		at := string(rune('A' + i%26))
		if i >= 26 {
			at += at
		}
		last := "x0"
		if i > 0 {
			prev := i - 1
			last = string(rune('A' + prev%26))
			if prev >= 26 {
				last += last
			}
		}
		b.WriteString("k" + at + ": &" + at + " [*" + last + ", *" + last + "]\n")
	}
	require.Equal(t, []string{`seats.yaml:1: holds more than 1048576 values once its aliases are resolved`}, problems(t, b.String()))
}

func TestJSONIsRead(t *testing.T) {
	cfg := load(t, "{\n\t\"globals\": {\"gimdb\": {\"password\": \"a\\\"\\/\\u00e9\"}, \"readiness\": \"off\"},\n"+
		"\t\"tenants\": {\"acme\": {\n\t\t\"gimdb\": {\"host\": \"h\", \"database\": \"d\", \"user\": \"u\", \"port\": 5433},\n"+
		"\t\t\"exclude_agents\": [],\n\t\t\"regions\": {\"US\": {\"locations\": {\"all\": {\"switches\": [\"S\"]}}}}\n\t}}\n}\n")
	require.Equal(t, `a"/é`, cfg.Tenants[0].GIM.Password.Reveal())
	require.Equal(t, 5433, cfg.Tenants[0].GIM.Port)

	require.Equal(t, []string{`seats.yaml:3: tenants.acme.regions: needs at least one region`},
		problems(t, "{\n\t\"tenants\": {\n\t\t\"acme\": {\"export_dir\": \"x\"}\n\t}\n}\n"))
}

func TestDocumentMarkersAndTextForms(t *testing.T) {
	cfg := load(t, "%YAML 1.2\n---\n# one tenant"+withTenantComment+"...\n")
	require.Equal(t, "it's #1: x y", cfg.Tenants[0].GIM.Password.Reveal())
	require.Equal(t, "a b", cfg.Tenants[0].GIM.User)
	require.Equal(t, "gim: main", cfg.Tenants[0].GIM.Database)
}

const withTenantComment = `
"tenants":
  'acme':
    gimdb:
      host: h # a comment
      database: "gim: main"
      user: >-
        a
        b
      password: 'it''s #1: x
        y'
    regions: {US: {locations: {all: }}}
`

func TestWindowsFile(t *testing.T) {
	require.Equal(t, "acme", load(t, "\ufeff"+strings.ReplaceAll(minimal, "\n", "\r\n")).Tenants[0].Name)
	require.Equal(t, "acme", load(t, "\ufeff"+strings.TrimSpace(minimal)).Tenants[0].Name)
}
