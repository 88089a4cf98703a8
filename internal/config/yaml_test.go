package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

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
	_, err := config.Load("/dev/zero", lookup)
	require.EqualError(t, err, "/dev/zero: cannot be read: it is larger than 64 MB")
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
