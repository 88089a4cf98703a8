package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

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
	require.Equal(t, "hunter2", cfg.Tenants[2].GIM.Password.Reveal())
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
	require.Equal(t, []string{filepath.Join(here, "known"), filepath.Join(here, "id")}, []string{a.KnownHosts, a.KeyFile})
	require.Equal(t, []string{filepath.Join(here, "tenants.d", "known"), filepath.Join(here, "tenants.d", "socket")}, []string{b.KnownHosts, b.Agent})
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

	_, err = config.Load(folder(t, "tenants_dir: tenants.d\n", nil), lookup)
	require.ErrorContains(t, err, "tenants: needs at least one tenant")
	_, err = config.Load(write(t, "tenants_dir: nowhere\n"), lookup)
	require.ErrorContains(t, err, `tenants_dir: cannot be read: no such file or directory, got "nowhere"`)
}
