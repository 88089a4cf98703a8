package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
)

// environment is what ${NAME} finds in these tests.
var environment = map[string]string{
	"GIM_PASSWORD": "hunter2-from-env", "DB_HOST": "gim.example", "DB_PORT": "5433", "EMPTY": "", "YAML": "{a: [1, 2]}", "WORD": "abc",
}

func lookup(name string) (string, bool) {
	text, ok := environment[name]
	return text, ok
}

// write puts content into seats.yaml in a folder of its own and returns its path.
func write(t testing.TB, content string) string {
	path := filepath.Join(t.TempDir(), "seats.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// load reads content, which must be valid.
func load(t testing.TB, content string) *config.Config {
	cfg := must.Have(config.Load(write(t, content), lookup))(t)
	fits(t, content)
	return cfg
}

// used is Load for who uses every secret.
func used(path string, env func(string) (string, bool)) (*config.Config, error) {
	cfg, err := config.Load(path, env)
	if err != nil {
		return nil, err
	}
	secrets := []config.Secret{cfg.SignKey, cfg.SignKeyPassword, cfg.Sink}
	for _, t := range cfg.Tenants {
		if t.GIM != nil {
			secrets = append(secrets, t.GIM.Password)
		}
		if t.Deliver != nil {
			secrets = append(secrets, t.Deliver.KeyFile, t.Deliver.Agent)
		}
	}
	if err := config.Lookup(secrets...); err != nil {
		return nil, err
	}
	return cfg, nil
}

// take reveals a secret, and leaves none: a function is like no other, and so two secrets are never equal.
func take(t testing.TB, s *config.Secret) string {
	text := must.Have(s.Reveal())(t)
	*s = config.Secret{}
	return text
}

// problems reads content, which must not be valid or name secrets that are not there, and returns one line a problem, with the file
// called seats.yaml.
func problems(t testing.TB, content string) []string {
	path := write(t, content)
	cfg, err := used(path, lookup)
	require.Nil(t, cfg)
	require.IsType(t, config.Errors{}, err)
	found := strings.Split(strings.ReplaceAll(err.Error(), path, "seats.yaml"), "\n")
	misfits(t, content, found)
	return found
}

const minimal = `
tenants:
  acme:
    gimdb: {host: gim.example, database: gim, user: seats}
    regions:
      US: {locations: {dallas: {switches: [SIP]}}}
`

func TestDefaults(t *testing.T) {
	path := write(t, minimal)
	cfg := must.Have(config.Load(path, lookup))(t)
	dir := filepath.Dir(path)

	require.Equal(t, path, cfg.Path)
	require.Equal(t, config.DefaultColumns(), cfg.Columns)
	require.Empty(t, cfg.Metrics)
	require.Equal(t, []config.Tenant{{
		Name: "acme",
		GIM: &config.GIMDB{
			Host: "gim.example", Port: 5432, Database: "gim", Schema: "public", User: "seats",
			SSLMode: "verify-full", Connections: 2, StatementTimeout: 30 * time.Minute, ReadTimeout: 5 * time.Minute, Retries: 2, RetiredAfterDays: 7,
		},
		DataDir: filepath.Join(dir, "var"), OutputDir: filepath.Join(dir, "out"),
		Zone: time.UTC, MaxSessionHours: 48, SettleHours: 1, RetiredAfterDays: 7,
		Readiness: config.ReadinessRequire, SessionEnd: config.SessionEndExclusive,
		Engine:  config.Engine{MemoryLimit: 2e9},
		Regions: []config.Region{{Name: "US", Zone: time.UTC, Locations: []config.Location{{Name: "dallas", Switches: []string{"SIP"}}}}},
	}}, cfg.Tenants)
	require.Equal(t, filepath.Join(dir, "var", "acme.duckdb"), cfg.Tenants[0].StorePath())
}

func TestFullFile(t *testing.T) {
	path := write(t, must.Text(t, "testdata/full.yaml"))
	cfg := must.Have(config.Load(path, lookup))(t)
	dir := filepath.Dir(path)
	seven, eight := int64(7), int64(8)

	common := config.Tenant{
		DataDir: "/srv/seats", OutputDir: filepath.Join(filepath.Dir(dir), "files"),
		MaxSessionHours: 72, SettleHours: 0, Readiness: config.ReadinessOff, SessionEnd: config.SessionEndInclusive,
		RunTimeout: 3 * time.Hour, RetryLock: 10 * time.Minute, Issue: "final", ProvisionalMayMove: true,
		Access: plain.Access{OutputMode: 0o640, OutputGroup: "billing"},
		Engine: config.Engine{MemoryLimit: 512 << 20, Threads: 4, TempDir: filepath.Join(dir, "scratch")},
	}
	zeta, acme := common, common
	zeta.Name, zeta.TenantKey, zeta.Zone = "zeta", &seven, must.Zone(t, "Asia/Kolkata")
	zeta.GIM = &config.GIMDB{
		Host: "localhost", Port: 5433, Database: "gim", Schema: "readers", User: "seats_ro",
		SSLMode: "verify-ca", SSLRootCert: filepath.Join(dir, "certs/root.pem"), Connections: 3, StatementTimeout: 90 * time.Second, ReadTimeout: 20 * time.Second, RetiredAfterDays: 30,
	}
	zeta.RunTimeout, zeta.RetiredAfterDays, zeta.RetryLock, zeta.Issue, zeta.ProvisionalMayMove = 90*time.Minute, 30, 0, "provisional", false
	zeta.Access = plain.Access{OutputMode: 0o604}
	zeta.ExcludeAgents = []string{"TEST*", "?bot"}
	zeta.Regions = []config.Region{
		{Name: "US", Zone: must.Zone(t, "America/New_York"), Locations: []config.Location{{Name: "dallas", Switches: []string{"SIP_DAL_1", "SIP_DAL_2"}}, {Name: "us-other"}}},
		{Name: "NO", Zone: must.Zone(t, "Asia/Kolkata"), Locations: []config.Location{{Name: "oslo", Switches: []string{"1001"}}}, Committed: 12, Contracts: []config.Contract{
			{Name: "seats", Aggregate: "max", Committed: 250, AlertAt: []float64{0.8, 1, 1.2505}}, {Name: "busy", Aggregate: "p95"},
			{Name: "days", Aggregate: "top_days", Parameter: 5, Committed: 20}, {Name: "quarter", Aggregate: "sustained", Parameter: 900},
			{Name: "month", Aggregate: "accumulated", Parameter: 2678400}, {Name: "committed", Aggregate: "max", Committed: 12},
		}},
	}
	acme.Name, acme.TenantKey, acme.Zone = "acme", &eight, must.Zone(t, "Europe/Berlin")
	acme.ExportDir = filepath.Join(dir, "exports/acme")
	acme.Regions = []config.Region{{Name: "42", Zone: must.Zone(t, "Europe/Berlin"), Locations: []config.Location{{Name: "all"}}}}

	require.Equal(t, "hunter2-from-env", take(t, &cfg.Tenants[0].GIM.Password))
	require.Equal(t, []config.Tenant{zeta, acme}, cfg.Tenants, "in the order of the file")
	require.Equal(t, []config.Column{
		{Name: "TenantID", Field: "TenantID"},
		{Name: "Seats", Field: "MessageSize"},
		{Name: "Channel", Value: "4", Constant: true},
		{Name: "Note", Constant: true},
	}, cfg.Columns)
	require.Equal(t, filepath.Join(dir, "collected"), cfg.Metrics)
	require.Equal(t, filepath.Join(dir, "site"), cfg.Pages)
	require.Equal(t, "/srv/lake", cfg.Lake)
	require.Equal(t, []string{filepath.Join(dir, "bin/tell"), "--all"}, cfg.Notify)
	require.Equal(t, filepath.Join(dir, "keys/seats.key"), must.Have(cfg.SignKey.Reveal())(t))
	require.Equal(t, "hunter2-from-env", must.Have(cfg.SignKeyPassword.Reveal())(t))
}

func TestProblemHasItsParts(t *testing.T) {
	path := write(t, "globals:\n  gimdb:\n    port: abc\n"+minimal)
	_, err := config.Load(path, lookup)
	require.Equal(t, config.Errors{{
		File: path, Line: 3, Column: 5, Key: "globals.gimdb.port", Value: `"abc"`, Msg: "must be 1..65535",
	}}, err)
}

func TestFileThatCannotBeRead(t *testing.T) {
	_, err := config.Load("missing/seats.yaml", lookup)
	require.EqualError(t, err, "missing/seats.yaml: cannot be read: no such file or directory")
	require.IsType(t, config.Errors{}, err)
}

func replace(t *testing.T, text, old, with string) string {
	require.Contains(t, text, old)
	return strings.ReplaceAll(text, old, with)
}

// folder writes a configuration and the files of its tenants.d.
func folder(t *testing.T, main string, files map[string]string) string {
	path := write(t, main)
	dir := filepath.Join(filepath.Dir(path), "tenants.d")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return path
}

const ofDir = `
globals: {gimdb: {host: gim, user: seats, password_file: secret, sslrootcert: ca.pem}, settle_hours: 3}
tenants_dir: tenants.d
tenants: {zulu: {gimdb: {database: z}, regions: {US: {locations: {a: {switches: [A]}}}}}}
`

func TestTenantsOfAFolder(t *testing.T) {
	path := folder(t, ofDir, map[string]string{
		"beta.yaml":   "gimdb: {database: b, sslrootcert: own.pem}\nregions: {US: {locations: {a: {switches: [A]}}}}",
		"acme.json":   `{"export_dir": "exports", "regions": {"US": {"locations": {"a": {"switches": ["A"]}}}}}`,
		".hidden.yml": "nonsense",
		"notes.txt":   "nonsense",
	})
	here := filepath.Dir(path)
	require.NoError(t, os.WriteFile(filepath.Join(here, "secret"), []byte("hunter2"), 0o600))
	cfg := must.Have(config.Load(path, lookup))(t)
	var names []string
	for _, tenant := range cfg.Tenants {
		names = append(names, tenant.Name)
		require.Equal(t, 3, tenant.SettleHours)
		require.Equal(t, filepath.Join(here, "var"), tenant.DataDir, "what is in globals is relative to its own file")
	}
	require.Equal(t, []string{"zulu", "acme", "beta"}, names)
	require.Equal(t, filepath.Join(here, "tenants.d", "exports"), cfg.Tenants[1].ExportDir, "and what is in a tenant's, to that")
	require.Equal(t, filepath.Join(here, "ca.pem"), cfg.Tenants[0].GIM.SSLRootCert)
	require.Equal(t, filepath.Join(here, "tenants.d", "own.pem"), cfg.Tenants[2].GIM.SSLRootCert)
	require.Equal(t, "hunter2", must.Have(cfg.Tenants[2].GIM.Password.Reveal())(t))
}

func TestWhatATenantOfAFolderTakesOfGlobalsDeliverIsRelativeToTheirFile(t *testing.T) {
	const regions = "export_dir: e\nregions: {US: {locations: {a: {switches: [A]}}}}\n"
	path := folder(t, "globals: {deliver: {host: h, user: u, folder: away, known_hosts: known, key_file: id}}\ntenants_dir: tenants.d\n", map[string]string{
		"a.yaml": regions,
		"b.yaml": regions + "deliver: {known_hosts: known, agent: socket}\n",
		"c.yaml": regions + "deliver: {host: ''}\n",
		"d.yaml": regions + "deliver: {host: '', folder: away}\n",
	})
	here := filepath.Dir(path)
	cfg := must.Have(config.Load(path, lookup))(t)
	a, b := cfg.Tenants[0].Deliver, cfg.Tenants[1].Deliver
	require.Equal(t, []string{filepath.Join(here, "known"), filepath.Join(here, "id")}, []string{a.KnownHosts, must.Have(a.KeyFile.Reveal())(t)})
	require.Equal(t, []string{filepath.Join(here, "tenants.d", "known"), filepath.Join(here, "tenants.d", "socket")}, []string{b.KnownHosts, must.Have(b.Agent.Reveal())(t)})
	require.Equal(t, filepath.Join(here, "away"), cfg.Tenants[2].Deliver.Folder)
	require.Equal(t, filepath.Join(here, "tenants.d", "away"), cfg.Tenants[3].Deliver.Folder)
}

func TestWhatIsWrongInAFolderOfTenants(t *testing.T) {
	regions := "regions: {US: {locations: {a: {switches: [A]}}}}\n"
	path := folder(t, strings.ReplaceAll(ofDir, "password_file: secret", "password: hunter2"), map[string]string{
		"Zulu.yaml":  "gimdb: {database: b}\n" + regions,
		"zulu.yml":   "gimdb: {database: b}\n" + regions,
		"a b.yaml":   "",
		"empty.yaml": "# nothing\n",
		"wrong.yaml": "gimdb: {database: b}\n" + regions + "timezone: hunter2\nexclude: [x]\n",
	})
	_, err := config.Load(path, lookup)
	require.IsType(t, config.Errors{}, err)
	here := filepath.Dir(path)
	require.Equal(t, []string{
		`tenants.d/Zulu.yaml:1: differs only in capital letters from the tenant zulu in seats.yaml`,
		`tenants.d/a b.yaml: is no name for a tenant (1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit, before .yaml)`,
		`tenants.d/empty.yaml:1: is empty: it needs regions`,
		`tenants.d/wrong.yaml:3: timezone: is no time zone, got *** (an IANA name such as America/New_York)`,
		`tenants.d/wrong.yaml:4: exclude: unknown key`,
		`tenants.d/zulu.yml:1: is a tenant that there is already, in seats.yaml`,
	}, strings.Split(strings.ReplaceAll(err.Error(), here+"/", ""), "\n"))

	require.ErrorContains(t, must.Err(config.Load(folder(t, "tenants_dir: tenants.d\n", nil), lookup)), "tenants: needs at least one tenant")
	_, err = config.Load(write(t, "tenants_dir: nowhere\n"), lookup)
	require.ErrorContains(t, err, `tenants_dir: cannot be read: no such file or directory, got "nowhere"`)
}

// FuzzLoad holds Load to its promise: a configuration that is whole, or problems that each have one line of text and a place in the
// file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", minimal, must.Text(f, "testdata/full.yaml"), rulesFile, "{\"tenants\": {}}", "a: &a [*a]", "<<: [*x]", "a: !!str 1", "? [a]\n: b", "x: |\n  y\n", "- &a\n- *a",
		"tenants: {a: {export_dir: '${WORD}', regions: {r: {locations: {l: }}}}}", "report: {columns: [{name: 1, value: ~}]}", "%YAML 1.2\n---\na: b",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "seats.yaml")
	f.Fuzz(func(t *testing.T, content string) {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		cfg, err := config.Load(path, lookup)
		if err != nil {
			requireProblems(t, err, strings.Count(content, "\n")+strings.Count(content, "\r")+1)
			return
		}
		requireWhole(t, cfg)
	})
}

func requireProblems(t *testing.T, err error, lines int) {
	var problems config.Errors
	require.True(t, errors.As(err, &problems))
	require.NotEmpty(t, problems)
	for _, p := range problems {
		require.NotContains(t, p.String(), "\n")
		require.NotEmpty(t, p.Msg)
		require.True(t, 1 <= p.Line && p.Line <= lines, "line %d of %d: %s", p.Line, lines, p)
	}
}

func requireWhole(t *testing.T, cfg *config.Config) {
	require.NotEmpty(t, cfg.Columns)
	require.NotEmpty(t, cfg.Tenants)
	for _, tenant := range cfg.Tenants {
		require.Equal(t, tenant.GIM == nil, tenant.ExportDir != "", "one source")
		require.True(t, filepath.IsAbs(tenant.StorePath()) && filepath.IsAbs(tenant.OutputDir))
		require.NotEmpty(t, tenant.Regions)
		require.Len(t, tenant.RulesHash(), 64)
		for _, region := range tenant.Regions {
			require.NotNil(t, region.Zone)
			require.NotEmpty(t, region.Locations)
		}
	}
}

const password = `hunter2"secret`

// printed returns v in every way that a program prints things by accident.
func printed(t *testing.T, v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	require.NoError(t, json.NewEncoder(&b).Encode(v))
	b.Write(must.Have(yaml.Marshal(v))(t))
	slog.New(slog.NewTextHandler(&b, nil)).Info("config", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("config", "v", v)
	return b.String()
}

func requireNoPassword(t *testing.T, text string) {
	require.NotContains(t, text, "hunter2")
	require.NotContains(t, text, fmt.Sprintf("%x", "hunter2"))
}

func TestSecretIsNeverPrinted(t *testing.T) {
	secret := config.Hide(password)
	require.Equal(t, "***", fmt.Sprint(secret))
	require.Equal(t, password, must.Have(secret.Reveal())(t))
	cfg := load(t, withTenant(`gimdb: {host: h, database: d, user: u, password: 'hunter2"secret'}`+"\n"+someRegions))
	require.Equal(t, password, must.Have(cfg.Tenants[0].GIM.Password.Reveal())(t))
	ofKey := load(t, withGlobals("sign_key: k\nsign_key_password: hunter2"))
	require.Equal(t, "hunter2", must.Have(ofKey.SignKeyPassword.Reveal())(t))
	// Zones do not survive every encoder, and hold no password.
	cfg.Tenants[0].Zone, cfg.Tenants[0].Regions, ofKey.Tenants = nil, nil, nil
	for _, v := range []any{secret, &secret, []config.Secret{secret}, map[string]config.Secret{"p": secret}, cfg, *cfg, cfg.Tenants[0], cfg.Tenants[0].GIM,
		*cfg.Tenants[0].GIM, ofKey, *ofKey, []*config.Config{ofKey}, struct{ C *config.Config }{ofKey}} {
		requireNoPassword(t, printed(t, v))
	}
}

// TestErrorsPrintNoPassword puts the password where it does not belong.
func TestErrorsPrintNoPassword(t *testing.T) {
	t.Setenv("SEATS_TEST_PASSWORD", password)
	archive := must.Have(txtar.ParseFile("testdata/passwords.txtar"))(t)
	require.Len(t, archive.Files, 34)
	for _, c := range archive.Files {
		t.Run(c.Name, func(t *testing.T) {
			_, err := used(write(t, withGlobals(string(c.Data))), os.LookupEnv)
			problems, is := errors.AsType[config.Errors](err)
			require.True(t, is)
			requireNoPassword(t, printed(t, problems))
			requireNoPassword(t, err.Error())
		})
	}
	// A number is a password too.
	require.NotContains(t, fmt.Sprint(problems(t, withGlobals("gimdb: {password: 0x12, port: 0x12}"))), "0x12")
}

func TestErrorsPrintNoPasswordOfAFile(t *testing.T) {
	path := write(t, withGlobals("gimdb: {password_file: pw, schema: 'hunter2\"secret'}"))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "pw"), []byte(password), 0o600))
	_, err := config.Load(path, lookup)
	require.ErrorContains(t, err, "globals.gimdb.schema: must be a plain SQL identifier, got ***")
	requireNoPassword(t, err.Error())
}

// What others can read is no secret: refused as keys are, wherever it stands. What comes from the environment stands nowhere.
func TestAPasswordThatOthersCanReadIsRefused(t *testing.T) {
	const file = "gimdb: {host: h, database: d, user: u, password_file: pw}"
	t.Setenv("GIM_PASSWORD", password)
	for _, c := range []struct {
		globals    string
		own, other os.FileMode // of the configuration and of the file of the password
		want       string
	}{
		{"gimdb: {host: h, database: d, user: u, password: hunter2}", 0o600, 0, ""},
		{"gimdb: {host: h, database: d, user: u, password: hunter2}", 0o644, 0,
			"globals.gimdb.password: others can read it here (mode of the file: -rw-r--r--) (chmod 600, or take it from the environment: ${NAME})"},
		{"gimdb: {host: h, database: d, user: u, password: hunter2}", 0o640, 0, "-rw-r-----"},
		{"gimdb: {host: h, database: d, user: u, password: '$${hunter2'}", 0o644, 0, "globals.gimdb.password: others"},
		{"gimdb: {host: h, database: d, user: u, password: '${GIM_PASSWORD}'}", 0o644, 0, ""},
		{"gimdb: {host: h, database: d, user: u, password: ''}", 0o644, 0, ""},
		{"sign_key: k\nsign_key_password: hunter2", 0o644, 0, "globals.sign_key_password: others"},
		{"sign_key: k\nsign_key_password: '${GIM_PASSWORD}'", 0o644, 0, ""},
		{"sink: 'postgres://u:hunter2@h/d'", 0o644, 0, "globals.sink: others"},
		{"sink: 'host=h dbname=d password=hunter2'", 0o644, 0, "globals.sink: others"},
		{"sink: 'postgres://u@h:5432/d'", 0o644, 0, ""},
		{"sink: 'postgres://u:${GIM_PASSWORD}@h/d'", 0o644, 0, ""},
		{file, 0o644, 0o600, ""},
		{file, 0o644, 0o400, ""},
		{file, 0o600, 0o644, "globals.gimdb.password_file: others can read that file (mode -rw-r--r--), got \"pw\" (chmod 600)"},
		{file, 0o600, 0o602, "-rw-----w-"},
		{file, 0o600, 0o660, "-rw-rw----"},
	} {
		path := write(t, withGlobals(c.globals))
		pw := filepath.Join(filepath.Dir(path), "pw")
		require.NoError(t, os.WriteFile(pw, []byte(password), 0o600))
		require.NoError(t, os.Chmod(pw, c.other))
		require.NoError(t, os.Chmod(path, c.own))
		_, err := used(path, os.LookupEnv)
		if c.want == "" {
			require.NoError(t, err, "%+v", c)
			continue
		}
		require.ErrorContains(t, err, c.want, "%+v", c)
		requireNoPassword(t, err.Error())
	}
}

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
	require.Equal(t, "/run/agent", take(t, &cfg.Tenants[0].Deliver.Agent))
	require.Equal(t, &config.Delivery{Folder: "/in/a", Host: "sftp.example", Port: 2222, User: "u",
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
