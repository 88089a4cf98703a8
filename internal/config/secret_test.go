package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/must"
)

const password = `hunter2"secret`

// printed returns v in every way that a program prints things by accident.
func printed(t *testing.T, v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	require.NoError(t, json.NewEncoder(&b).Encode(v))
	asYAML := must.Have(yaml.Marshal(v))(t)
	b.Write(asYAML)
	slog.New(slog.NewTextHandler(&b, nil)).Info("config", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("config", "v", v)
	return b.String()
}

func requireNoPassword(t *testing.T, text string) {
	require.NotContains(t, text, "hunter2")
	require.NotContains(t, text, fmt.Sprintf("%x", "hunter2"))
}

func TestSecretIsNeverPrinted(t *testing.T) {
	secret := config.Secret(password)
	requireNoPassword(t, printed(t, secret))
	requireNoPassword(t, printed(t, &secret))
	requireNoPassword(t, printed(t, []config.Secret{secret}))
	requireNoPassword(t, printed(t, map[string]config.Secret{"p": secret}))
	requireNoPassword(t, secret.String())
	require.Equal(t, "***", fmt.Sprint(secret))
	require.Equal(t, password, secret.Reveal())
}

func TestConfigPrintsNoPassword(t *testing.T) {
	cfg := load(t, withTenant(`gimdb: {host: h, database: d, user: u, password: 'hunter2"secret'}`+"\n"+someRegions))
	require.Equal(t, password, cfg.Tenants[0].GIM.Password.Reveal())
	// Zones do not survive every encoder, and hold no password.
	cfg.Tenants[0].Zone, cfg.Tenants[0].Regions = nil, nil
	for _, v := range []any{cfg, *cfg, cfg.Tenants[0], cfg.Tenants[0].GIM, *cfg.Tenants[0].GIM} {
		requireNoPassword(t, printed(t, v))
	}
}

func TestConfigPrintsNoPasswordOfAKey(t *testing.T) {
	cfg := load(t, withGlobals("sign_key: k\nsign_key_password: hunter2"))
	require.Equal(t, "hunter2", cfg.SignKeyPassword.Reveal())
	cfg.Tenants = nil
	for _, v := range []any{cfg, *cfg, []*config.Config{cfg}, struct{ C *config.Config }{cfg}} {
		requireNoPassword(t, printed(t, v))
	}
}

// TestErrorsPrintNoPassword puts the password where it does not belong.
func TestErrorsPrintNoPassword(t *testing.T) {
	t.Setenv("SEATS_TEST_PASSWORD", password)
	tests := []struct{ name, globals string }{
		{"beside another mistake", `gimdb: {password: 'hunter2"secret', port: 0}`},
		{"aliased by a number", `gimdb: {password: &p 'hunter2"secret', port: *p}`},
		{"aliased, long", `gimdb: {password: &p 'hunter2 and a good deal more, so that the value would have to be cut somewhere before its end', port: *p}`},
		{"written again", `gimdb: {password: 'hunter2"secret', sslmode: 'hunter2"secret'}`},
		{"inside another value", `gimdb: {password: 'hunter2"secret', schema: 'x hunter2"secret'}`},
		{"from the environment, elsewhere", `gimdb: {port: '${SEATS_TEST_PASSWORD}'}`},
		{"a list", `gimdb: {password: [hunter2]}`},
		{"a mapping", `gimdb: {password: {hunter2: 1}}`},
		{"a number", "gimdb: {password: 0x12, port: 0x12}"},
		{"a tag", "gimdb: {password: !hunter2}"},
		{"an alias", "gimdb: {password: *hunter2}"},
		{"an anchor", "gimdb: {password: &hunter2, port: 0}"},
		{"bad reference", "gimdb: {password: 'hunter2${'}"},
		{"unset reference", "gimdb: {password: 'hunter2${NOT_SET}'}"},
		{"key misspelt", "gimdb: {pasword: hunter2}"},
		{"space forgotten", "gimdb:\n  password:hunter2"},
		{"space forgotten in braces", "gimdb: {password:hunter2, port: 0}"},
		{"colon forgotten", "gimdb: {password hunter2}"},
		{"colon forgotten in a line", "gimdb:\n  password hunter2\n  port: 0"},
		{"equals sign", "gimdb: {password=hunter2: 1}"},
		{"quote not closed", "gimdb:\n  password: 'hunter2\n  port: 0"},
		{"bad escape", `gimdb: {password: "hunter2\q"}`},
		{"reserved character", "gimdb:\n  password: @hunter2"},
		{"colon inside", "gimdb:\n  password: hunter2: x"},
		{"in the host", "gimdb: {host: 'postgres://u:hunter2@h/d'}"},
		{"in gimdb itself", "gimdb: 'password=hunter2'"},
		{"twice", "gimdb: {password: hunter2, password: hunter2x}"},
		{"beside a file", "gimdb: {password: hunter2, password_file: hunter2}"},
		{"of a key", `sign_key: ''
sign_key_password: 'hunter2"secret'
timezone: 'hunter2"secret'`},
		{"of no key", "sign_key_password: hunter2"},
		{"of a key, a list", "{sign_key: k, sign_key_password: [hunter2]}"},
		{"of a key, a number", "sign_key: k\nsign_key_password: 0x12\nsettle_hours: 0x12"},
		{"of a key, space forgotten", "sign_key: k\nsign_key_password:hunter2"},
		{"of a key, colon forgotten", "sign_key: k\nsign_key_password hunter2\ntimezone: UTC"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(write(t, withGlobals(tt.globals)), os.LookupEnv)
			var problems config.Errors
			require.True(t, errors.As(err, &problems))
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

func configLoadWith(path string, env map[string]string) (*config.Config, error) {
	return config.Load(path, func(name string) (string, bool) {
		text, ok := env[name]
		return text, ok
	})
}

// What others can read is no secret: refused as keys are, wherever it stands. What comes from the environment stands nowhere.
func TestAPasswordThatOthersCanReadIsRefused(t *testing.T) {
	const file = "gimdb: {host: h, database: d, user: u, password_file: pw}"
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
		_, err := configLoadWith(path, map[string]string{"GIM_PASSWORD": password})
		if c.want == "" {
			require.NoError(t, err, "%+v", c)
			continue
		}
		require.ErrorContains(t, err, c.want, "%+v", c)
		requireNoPassword(t, err.Error())
	}
}

// Editors of Windows put a mark before a text and two characters behind a line.
func TestAPasswordIsReadWithoutWhatAnEditorPutsAroundIt(t *testing.T) {
	path := write(t, withGlobals("gimdb: {host: h, database: d, user: u, password_file: pw}"))
	for text, want := range map[string]string{
		"geheim": "", "geheim\n": "", "geheim\r\n": "", "\ufeffgeheim\r\n": "", "\ufeffgeheim": "",
		"\ufeff": "on its one line", "geheim\nmore": "on its one line", "": "on its one line",
		"\xff\xfeg\x00e\x00\r\x00\n\x00": "UTF-16", "\xfe\xff\x00g\x00e": "UTF-16", "g\x00e\x00": "UTF-16",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "pw"), []byte(text), 0o600))
		cfg, err := config.Load(path, os.LookupEnv)
		if want != "" {
			require.ErrorContains(t, err, want, "%q", text)
			continue
		}
		require.NoError(t, err, "%q", text)
		require.Equal(t, "geheim", cfg.Tenants[0].GIM.Password.Reveal(), "%q", text)
	}
}
