package config_test

import (
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
	since := must.Have(calendar.ParseDate("2026-03-01"))(t)
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

func TestDeliveryRules(t *testing.T) {
	for _, test := range []struct{ name, deliver, want string }{
		{"no folder", "{retries: 1}", `6: tenants.a.deliver.folder: is required, here or in globals.deliver (an empty one delivers nothing)`},
		{"no key", "{host: h, folder: f, user: u, known_hosts: k}", `6: tenants.a.deliver.key_file: is required, here or in globals.deliver (or agent: ${SSH_AUTH_SOCK})`},
		{"two keys", "{host: h, folder: f, user: u, known_hosts: k, key_file: a, agent: b}", `6: tenants.a.deliver.agent: there is a key_file on line 6: give one of the two`},
		{"no known hosts", "{host: h, folder: f, user: u, key_file: k}", `6: tenants.a.deliver.known_hosts: is required, here or in globals.deliver`},
		{"no user", "{host: h, folder: f, known_hosts: k, key_file: k}", `6: tenants.a.deliver.user: is required, here or in globals.deliver`},
		{"a URL", "{host: 'sftp://u@h', folder: f, user: u, known_hosts: k, key_file: k}", `6: tenants.a.deliver.host: must be a host name or an address (user, port and folder have keys of their own)`},
		{"SFTP without a host", "{folder: f, user: u}", `6: tenants.a.deliver.user: is for SFTP, and there is no host`},
		{"a mode that lets others write", "{folder: f, mode: 0666}", `6: tenants.a.deliver.mode: must be a mode such as 0640, in octal, got 0666 (0600 to 0664, and nobody runs them)`},
		{"a mode in words", "{folder: f, mode: 'u=rw'}", `6: tenants.a.deliver.mode: must be a mode such as 0640, in octal, got "u=rw" (0600 to 0664, and nobody runs them)`},
		{"a secret key", "{folder: f, age_recipients: [AGE-SECRET-KEY-1QQQ]}", `6: tenants.a.deliver.age_recipients[0]: is no public key of age (age-keygen -y prints it: age1...)`},
		{"two keys in one", "{folder: f, age_recipients: [\"" + someRecipient + "\\n" + someRecipient + "\"]}", `6: tenants.a.deliver.age_recipients[0]: is no public key of age (age-keygen -y prints it: age1...)`},
		{"a password", "{folder: f, password: p}", `6: tenants.a.deliver.password: unknown key (it belongs in globals.gimdb)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, []string{"seats.yaml:" + test.want}, problems(t, twoTenants("", "deliver: "+test.deliver, "")))
		})
	}
	require.Equal(t, []string{`seats.yaml:1: globals.deliver.port: must be 1..65535, got 0`}, problems(t, twoTenants("deliver: {port: 0}", "deliver: {folder: ''}", "deliver: {folder: ''}")),
		"what is wrong in globals is wrong where no tenant delivers")
}
