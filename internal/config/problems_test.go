package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
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
	cfg := load(t, must.Text(t, "testdata/overrides.yaml"))
	same, other := cfg.Tenants[0], cfg.Tenants[1]
	want := config.GIMDB{
		Host: "localhost", Port: 5433, Database: "gim", Schema: "public", User: "seats", SSLMode: "require", SSLRootCert: "system", Connections: 2, Retries: 5, RetiredAfterDays: 20,
	}
	require.Equal(t, []string{"p", "q"}, []string{take(t, &same.GIM.Password), take(t, &other.GIM.Password)})
	require.Equal(t, want, *same.GIM)
	require.Equal(t, "Europe/Berlin", same.Regions[0].Zone.String())

	want.Host, want.StatementTimeout = "gim.example", time.Hour
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
		"mark": "\ufefffrom file\r\n", "bare mark": "\ufefffrom file", "nothing": "", "mark alone": "\ufeff", // editors of Windows put one before a text
		"little end": "\xff\xfeg\x00e\x00\r\x00\n\x00", "big end": "\xfe\xff\x00g\x00e", "no mark": "g\x00e\x00",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600)) // nobody writes to it
	path := filepath.Join(dir, "seats.yaml")
	read := func(globals, tenant string) (*config.Config, error) {
		content := "globals: {gimdb: {host: h, database: d, user: u, " + globals + "}}\ntenants: {acme: {gimdb: {" + tenant + "}, " + strings.TrimSpace(someRegions) + "}}\n"
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return used(path, lookup)
	}
	for _, tt := range []struct{ name, globals, tenant, want string }{
		{"trims a newline", "password_file: unix", "", "from file"},
		{"trims a carriage return", "password_file: windows", "", "from file"},
		{"without newline", "password_file: bare", "", "from file"},
		{"trims a mark", "password_file: mark", "", "from file"},
		{"mark without newline", "password_file: bare mark", "", "from file"},
		{"absolute", "password_file: " + filepath.Join(dir, "unix"), "", "from file"},
		{"none given", "password_file: ''", "", ""},
		{"beside an empty password", "password: '', password_file: unix", "", "from file"},
		{"tenant's file replaces the password", "password: p", "password_file: unix", "from file"},
		{"tenant's password replaces the file", "password_file: unix", "password: q", "q"},
		{"tenant's empty file leaves the password", "password: p", "password_file: ''", "p"},
		{"tenant's empty password replaces the file", "password_file: unix", "password: ''", ""},
		{"both", "password: p, password_file: unix", "", "error: globals.gimdb.password_file: there is a password on line 1: give one of the two"},
		{"both of a tenant", "", "password: p, password_file: unix", "error: tenants.acme.gimdb.password_file: there is a password on line 2: give one of the two"},
		{"empty", "password_file: empty", "", "error: globals.gimdb.password_file: must hold the password on its one line"},
		{"two lines", "password_file: two", "", "error: globals.gimdb.password_file: must hold the password on its one line"},
		{"nothing", "password_file: nothing", "", "error: globals.gimdb.password_file: must hold the password on its one line"},
		{"a mark alone", "password_file: mark alone", "", "error: globals.gimdb.password_file: must hold the password on its one line"},
		{"UTF-16", "password_file: little end", "", "error: it is UTF-16"},
		{"UTF-16, the other", "password_file: big end", "", "error: it is UTF-16"},
		{"UTF-16 without a mark", "password_file: no mark", "", "error: it is UTF-16"},
		{"pipe", "password_file: pipe", "", "error: globals.gimdb.password_file: cannot be read: it is no plain file"},
		{"certificates from a pipe", "sslrootcert: pipe", "", "error: globals.gimdb.sslrootcert: cannot be read: it is no plain file"},
		{"folder", "password_file: .", "", "error: globals.gimdb.password_file: cannot be read: it is no plain file"},
		{"endless", "password_file: endless", "", "error: globals.gimdb.password_file: cannot be read: longer than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := read(tt.globals, tt.tenant)
			if says, fails := strings.CutPrefix(tt.want, "error: "); fails {
				require.ErrorContains(t, err, says)
				require.Len(t, err, 1)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, must.Have(cfg.Tenants[0].GIM.Password.Reveal())(t))
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
			require.Equal(t, tt.want, must.Have(cfg.Tenants[0].GIM.Password.Reveal())(t))
		})
	}
}

func TestExpansionIsNotRepeated(t *testing.T) {
	t.Setenv("WORD", "${WORD}")
	path := write(t, withTenant("export_dir: /x\nexclude_agents: ['${WORD}*']\n"+someRegions))
	require.Equal(t, []string{"${WORD}*"}, must.Have(config.Load(path, os.LookupEnv))(t).Tenants[0].ExcludeAgents)
}

func TestNumberFromTheEnvironment(t *testing.T) {
	cfg := load(t, withTenant("gimdb: {host: '${DB_HOST}', port: '${DB_PORT}', database: d, user: u}\n"+someRegions))
	require.Equal(t, "gim.example", cfg.Tenants[0].GIM.Host)
	require.Equal(t, 5433, cfg.Tenants[0].GIM.Port)
}

func TestAnchorsAliasesAndMergeKeys(t *testing.T) {
	cfg := load(t, must.Text(t, "testdata/anchors.yaml"))
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
		fmt.Fprintf(&b, "x%d: &x%[1]d [*x%d, *x%[2]d]\n", i+1, i)
	}
	require.Equal(t, []string{`seats.yaml:1: holds more than 1048576 values once its aliases are resolved`}, problems(t, b.String()))
}

func TestJSONIsRead(t *testing.T) {
	cfg := load(t, "{\n\t\"globals\": {\"gimdb\": {\"password\": \"a\\\"\\/\\u00e9\"}, \"readiness\": \"off\"},\n"+
		"\t\"tenants\": {\"acme\": {\n\t\t\"gimdb\": {\"host\": \"h\", \"database\": \"d\", \"user\": \"u\", \"port\": 5433},\n"+
		"\t\t\"exclude_agents\": [],\n\t\t\"regions\": {\"US\": {\"locations\": {\"all\": {\"switches\": [\"S\"]}}}}\n\t}}\n}\n")
	require.Equal(t, `a"/é`, must.Have(cfg.Tenants[0].GIM.Password.Reveal())(t))
	require.Equal(t, 5433, cfg.Tenants[0].GIM.Port)
}

func TestDocumentMarkersAndTextForms(t *testing.T) {
	cfg := load(t, "%YAML 1.2\n---\n# one tenant\n"+must.Text(t, "testdata/forms.yaml")+"...\n")
	require.Equal(t, "it's #1: x y", must.Have(cfg.Tenants[0].GIM.Password.Reveal())(t))
	require.Equal(t, "a b", cfg.Tenants[0].GIM.User)
	require.Equal(t, "gim: main", cfg.Tenants[0].GIM.Database)
}

func TestWindowsFile(t *testing.T) {
	require.Equal(t, "acme", load(t, "\ufeff"+strings.ReplaceAll(minimal, "\n", "\r\n")).Tenants[0].Name)
	require.Equal(t, "acme", load(t, "\ufeff"+strings.TrimSpace(minimal)).Tenants[0].Name)
}

// compiled are the two schemas, as a validator has them that is not the program's.
var compiled = sync.OnceValue(func() map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for _, text := range []string{config.Schema(), config.TenantSchema()} {
		compiler := jsonschema.NewCompiler()
		must.Now(0, compiler.AddResource("schema.json", must.Now(jsonschema.UnmarshalJSON(strings.NewReader(text)))))
		all[text] = compiler.MustCompile("schema.json")
	}
	return all
})

// against holds YAML against a schema, as an editor does.
func against(schema, content string) error {
	text, err := yaml.YAMLToJSON([]byte(strings.TrimPrefix(content, "\ufeff")))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return compiled()[schema].Validate(value)
}

// structural are the problems that a key or a value has by itself. What is quoted out of the environment, and how a number is
// written, no schema can know.
var structural = regexp.MustCompile(`unknown key|must be (a mapping|a list|text|true or false|[0-9]+\.\.|a whole number|a duration|a number and one of|a field,|` +
	`a plain SQL identifier|disable,|require,|exclusive|agent_group)|must not be empty|must end in|needs (at least one|a name|either|one of)|is no name for|is no field|is not for all tenants`)

var unknowable = regexp.MustCompile(`got the value of|got 0[0-9x]|[0-9]{10}TB|PostgreSQL|environment`)

// fits wants of a valid file that it fits the schema.
func fits(t testing.TB, content string) { require.NoError(t, against(config.Schema(), content)) }

// misfits wants of a file with problems that are structural, as all of its lines are told, that it does not.
func misfits(t testing.TB, content string, problems []string) {
	if !slices.ContainsFunc(problems, func(p string) bool { return structural.MatchString(p) && !unknowable.MatchString(p) }) {
		return
	}
	require.Error(t, against(config.Schema(), content), "%s", strings.Join(problems, "\n"))
}

// section is a schema, or a part of it.
type section = map[string]any

func definitions(t *testing.T) section {
	var doc struct{ Definitions section }
	require.NoError(t, json.Unmarshal([]byte(config.Schema()), &doc))
	return doc.Definitions
}

// A key that the program reads and the schema lacks does not pass a single load; here, that each in the schema is read: what is
// nothing but nonsense is wrong under every one of them.
func TestEveryKeyOfTheSchemaIsTold(t *testing.T) {
	places := map[string][]string{
		"configuration": {}, "globals": {"globals"}, "gimdb": {"globals", "gimdb"}, "engine": {"globals", "engine"}, "deliver": {"globals", "deliver"}, "notify": {"globals", "notify"},
		"tenant": {"tenants", "a"}, "tenant_gimdb": {"tenants", "a", "gimdb"}, "region": {"tenants", "a", "regions", "r"},
		"location": {"tenants", "a", "regions", "r", "locations", "l"}, "contract": {"tenants", "a", "regions", "r", "contracts", "c"}, "report": {"report"},
	}
	all, told := definitions(t), 0
	check := func(key string, property any, place []string, wrap func(any) any) {
		require.NotEmpty(t, property.(section)["description"], "%s.%s", place, key)
		var content any = wrap(section{key: section{"nonsense": []bool{true}}})
		for _, step := range slices.Backward(place) {
			content = section{step: content}
		}
		text := must.Have(json.Marshal(content))(t)
		_, err := config.Parse("seats.yaml", text, lookup)
		require.Regexp(t, regexp.QuoteMeta(strings.Join(append(place, key), "."))+`[.:\[]`, regexp.MustCompile(`\[0\]`).ReplaceAllString(err.Error(), ""), string(text))
		told++
	}
	for name, place := range places {
		require.Equal(t, false, all[name].(section)["additionalProperties"], name)
		for key, property := range all[name].(section)["properties"].(section) {
			check(key, property, place, func(v any) any { return v })
		}
	}
	inList := func(v any) any { return []any{v} }
	for key, property := range all["switch"].(section)["properties"].(section) {
		check(key, property, append(places["location"], "switches"), func(v any) any {
			return inList(mergedWith(v, section{"name": "S"}))
		})
	}
	for _, form := range all["column"].(section)["anyOf"].([]any) {
		if properties, is := form.(section)["properties"].(section); is {
			for key, property := range properties {
				others := maps.Clone(properties)
				for other := range others {
					others[other] = "MessageSize"
				}
				check(key, property, []string{"report", "columns"}, func(v any) any { return inList(mergedWith(v, others)) })
			}
		}
	}
	require.Greater(t, told, 70)
}

// mergedWith gives a mapping with what another has beside it.
func mergedWith(v any, others section) section {
	merged := maps.Clone(others)
	maps.Copy(merged, v.(section))
	return merged
}

// yamlOf gives the YAML blocks of a page's chapter.
func yamlOf(t *testing.T, page, chapter string) (blocks []string) {
	_, after, found := strings.Cut("\n"+must.Text(t, "..", "..", page), "\n"+chapter+"\n")
	require.True(t, found, chapter)
	after, _, _ = strings.Cut(after, "\n## ")
	for _, m := range regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindAllStringSubmatch(after, -1) {
		blocks = append(blocks, m[1])
	}
	require.NotEmpty(t, blocks, chapter)
	return blocks
}

var (
	pageLine = regexp.MustCompile(`^( *)(?:# )?([\w-]+):(?: +(.*?))?(?: +# (.*))?$`)
	inBraces = regexp.MustCompile(`^\{([\w-]+):`)
	asides   = regexp.MustCompile(`^optional[:,]? ?|:? ?see "[^"]*"`)
)

// What an editor says of a key is what the pages say.
func TestTheSchemaSaysOfAKeyWhatThePagesSay(t *testing.T) {
	told := 0
	check := func(block string, under ...string) {
		path := slices.Clone(under)
		for line := range strings.Lines(block) {
			m := pageLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil {
				continue
			}
			path = append(path[:len(under)+len(m[1])/2], m[2])
			said := asides.ReplaceAllString(m[4], "")
			if said == "" {
				continue
			}
			description := config.Described(path...)
			if inner := inBraces.FindStringSubmatch(m[3]); description == "" && inner != nil {
				description = config.Described(append(slices.Clone(path), inner[1])...)
			}
			require.Contains(t, description, said, "%s", path)
			told++
		}
	}
	check(yamlOf(t, "docs/configuration.md", "## Every key")[0])
	check(yamlOf(t, "docs/delivery.md", "## Delivering")[0], "globals")
	require.Greater(t, told, 35)
}

func TestTheConfigurationsOfTheProjectFitTheSchema(t *testing.T) {
	for _, name := range []string{"testdata/demo/seats.yaml", "cmd/seats/packaging/seats.yaml"} {
		fits(t, must.Text(t, "..", "..", name))
	}
	fits(t, yamlOf(t, "docs/configuration.md", "## Every key")[0])
	fits(t, yamlOf(t, "docs/configuration.md", "# Configuration")[0])
	fits(t, yamlOf(t, "README.md", "## From nothing to the first page")[0])
	fits(t, "tenants_dir: tenants.d\nglobals:\n"+regexp.MustCompile(`(?m)^`).ReplaceAllString(yamlOf(t, "docs/delivery.md", "## Delivering")[0], "  "))

	// In the scripts each is a file that somebody once thought of.
	scripts := must.Have(filepath.Glob(filepath.Join("..", "..", "cmd", "seats", "testdata", "script", "*.txtar")))(t)
	seen := 0
	for _, script := range scripts {
		archive := must.Have(os.ReadFile(script))(t)
		for _, file := range strings.Split(string(archive), "\n-- ")[1:] {
			name, content, _ := strings.Cut(file, " --\n")
			if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") || filepath.Base(script) == "exit9_config.txtar" || name == "wrong.yaml" {
				continue
			}
			schema := config.Schema()
			if !strings.Contains(content, "tenants") { // it is one's own
				schema = config.TenantSchema()
			}
			require.NoError(t, against(schema, content), "%s in %s", name, script)
			seen++
		}
	}
	require.Greater(t, seen, 50)
}

func TestAFileOfTenantsDirHasASchemaOfItsOwn(t *testing.T) {
	const tenant = "export_dir: exports\nregions: {US: {locations: {all: {switches: []}}}}\n"
	require.NoError(t, against(config.TenantSchema(), tenant))
	require.Error(t, against(config.TenantSchema(), tenant+"globals: {}\n"))
	require.Error(t, against(config.TenantSchema(), minimal))
	var misfit *jsonschema.ValidationError
	require.True(t, errors.As(against(config.Schema(), tenant), &misfit))
}
