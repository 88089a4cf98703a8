package draft_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/cmd/seats/draft"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// parse reads a drafted configuration as the program does.
func parse(t rapid.TB, s draft.Settings, found draft.Traffic) config.Tenant {
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // in memory
	require.NoError(t, found.Place(context.Background(), db))
	text := s.Text("/srv/seats", found)
	cfg, err := config.Parse("/srv/seats/seats.yaml", []byte(text), func(name string) (string, bool) { return "sesame", name == "GIM_PASSWORD" })
	require.NoError(t, err, "%s", text)
	require.Len(t, cfg.Tenants, 1)
	return cfg.Tenants[0]
}

var export = draft.Settings{Tenant: "acme", Region: "ALL", Timezone: "UTC", ExportDir: "/mnt/exports"}

// What a GIM calls its switches is nobody's to foresee: every one is listed once, under its own name, and nothing is made of it.
func TestEverySwitchIsListedUnderItsOwnName(t *testing.T) {
	odd := rapid.SampledFrom([]string{"SIP_1", "SIP_2", "sip_1", "${GIM_PASSWORD}", "$${X}", "1001", "no", "true", "NULL", "null", "~", "a: b", "# x", "- y", `"`, `'`, "\t", "\\", "*a", "&a", "!t", "{", "[1]", "�x41", "é 1", "\u2028", "\x7f", "---", "other", "OTHER", "location"})
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.OneOf(odd, rapid.StringN(1, 20, -1)), rapid.ID[string]).Draw(t, "names")
		found := draft.Traffic{From: "2026-03-01", To: "2026-03-07", Unknown: &draft.Switch{Sessions: 1}}
		for _, name := range names {
			found.Switches = append(found.Switches, draft.Switch{Name: name})
		}
		region := parse(t, export, found).Regions[0]
		var listed []string
		for i, l := range region.Locations {
			require.Equal(t, i == len(region.Locations)-1, len(l.Switches) == 0, "the last is the default location")
			listed = append(listed, l.Switches...)
		}
		require.ElementsMatch(t, names, listed)
	})
}

func TestSwitchesThatDifferInANumberAreOneLocation(t *testing.T) {
	var found draft.Traffic
	for _, name := range []string{"1001", "1002", "SIP_ATL_7", "SIP_DAL_1", "SIP_DAL_2", "SIP_LON", "SIP-LON 12", "SIP-LON 13", "other"} {
		found.Switches = append(found.Switches, draft.Switch{Name: name})
	}
	var got []config.Location
	got = append(got, parse(t, export, found).Regions[0].Locations...)
	require.Equal(t, []config.Location{
		{Name: "1001", Switches: []string{"1001"}},
		{Name: "1002", Switches: []string{"1002"}},
		{Name: "SIP_ATL_7", Switches: []string{"SIP_ATL_7"}},
		{Name: "SIP_DAL", Switches: []string{"SIP_DAL_1", "SIP_DAL_2"}},
		{Name: "SIP_LON", Switches: []string{"SIP_LON"}},
		{Name: "SIP-LON", Switches: []string{"SIP-LON 12", "SIP-LON 13"}},
		{Name: "other", Switches: []string{"other"}},
		{Name: "other-2"},
	}, got)
}

func TestEverySettingIsWhatItWas(t *testing.T) {
	key := int64(math.MinInt64)
	s := draft.Settings{
		Tenant: "no", Region: "42", Timezone: "America/New_York", Host: "[::1]", Port: 5433, Database: "gim db", Schema: "off", User: "a: b #c",
		PasswordEnv: "GIM_PASSWORD", SSLMode: "verify-ca", SSLRootCert: "/srv/seats/keys/ca.pem", TenantKey: &key,
	}
	tenant := parse(t, s, draft.Traffic{})
	require.Equal(t, "no", tenant.Name)
	require.Equal(t, "42", tenant.Regions[0].Name)
	require.Equal(t, "America/New_York", tenant.Zone.String())
	require.Equal(t, &key, tenant.TenantKey)
	db := *tenant.GIM
	require.Equal(t, []any{"[::1]", 5433, "gim db", "off", "a: b #c", "sesame", "verify-ca", "/srv/seats/keys/ca.pem"},
		[]any{db.Host, db.Port, db.Database, db.Schema, db.User, must.Have(db.Password.Reveal())(t), db.SSLMode, db.SSLRootCert})
	require.Contains(t, s.Text("/srv/seats", draft.Traffic{}), "sslrootcert: keys/ca.pem\n")

	// What is not said is the program's own default.
	tenant = parse(t, draft.Settings{Tenant: "acme", Region: "ALL", Timezone: "UTC", Host: "gim", Database: "gim", User: "u"}, draft.Traffic{})
	require.Equal(t, []any{5432, "public", "verify-full", "", config.Secret{}},
		[]any{tenant.GIM.Port, tenant.GIM.Schema, tenant.GIM.SSLMode, tenant.GIM.SSLRootCert, tenant.GIM.Password})
	require.Nil(t, tenant.TenantKey)
	require.Equal(t, filepath.FromSlash("/mnt/exports"), parse(t, export, draft.Traffic{}).ExportDir)
}
