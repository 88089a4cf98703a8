package config_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/internal/config"
)

// named loads a configuration of some tenants with accounts, and gives it, or what is wrong with it.
func named(t rapid.TB, measures, template string) (*config.Config, string) {
	text := fmt.Sprintf(`{"report": {"measures": [%s], "file_name": %q}, "tenants": {
		"acme": {"account": "001", "export_dir": "x", "regions": {"US": {"locations": {"all": {}}}, "US_R2": {"locations": {"b": {"switches": ["B"]}}}}},
		"globex": {"account": "002", "export_dir": "y", "regions": {"US": {"locations": {"all": {}}}}}}}`, measures, template)
	cfg, err := config.Parse("seats.yaml", []byte(text), func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, err.Error()
	}
	return cfg, ""
}

const allMeasures = `"daily_concurrent", "daily_enabled", "monthly_concurrent", "monthly_enabled"`

// TestNamesThatDoNotTellFilesApart: each template under which two of the measures' files could have one name is refused, with two that
// would.
func TestNamesThatDoNotTellFilesApart(t *testing.T) {
	for template, want := range map[string]string{
		"{region}_{measure}_{period}{revision}.csv":                   "acme US concurrent 2026-03-30 revision 1, and globex US ",
		"{tenant}_{measure}_{period}{revision}.csv":                   "acme US concurrent 2026-03-30 revision 1, and acme US_R2 ",
		"{tenant}_{region}{revision}.csv":                             "acme US concurrent 2026-03-30 revision 1, and acme US concurrent 2026-03-31 ",
		"{tenant}_{region}_{period}{revision}.csv":                    "acme US concurrent 2026-03-30 revision 1, and acme US enabled 2026-03-30 ",
		"{tenant}_{region}_{period:2006-01}_{measure}{revision}.csv":  "acme US concurrent 2026-03-30 revision 1, and acme US concurrent 2026-03-31 ",
		"{tenant}_{region}_{period:060102}_{measure}{revision}.csv":   "cannot be used from \"{period:060102}",
		"{account}_{region}_{period:20060102}{measure}{revision}.csv": "acme US concurrent 2026-03-31 revision 1, and acme US concurrent 2026-03 ",
		"{account}_{region}_{period}_{measure}.csv":                   "acme US concurrent 2026-03-30 revision 1, and acme US concurrent 2026-03-30 revision 2",
		"{account}_{region}_{issued:200601021504}.csv":                "acme US concurrent 2026-03-30 revision 1, and acme US concurrent 2026-03-31 ",
		"{account}{account}_{region}_{issued}.csv":                    "cannot be used from \"{account}_",
		"{account}_{region:2006}_{issued}.csv":                        "cannot be used from \"{region:2006}",
		"{account}_{region}_{number}.csv":                             "cannot be used from \"{number}",
		"../{tenant}_{region}_{issued}.csv":                           "cannot be used from \"/{tenant}",
		"{tenant} {region}_{issued}.csv":                              "cannot be used from \" {region}",
		".{tenant}_{region}_{issued}.csv":                             "does not begin with . or -",
		"{revision}-{tenant}_{region}_{period}{measure}.csv":          "gives the name -acme_US_20260330CONCURRENT.csv, ",
		"{tenant}_{region}_{issued}.csv.manifest.JSON":                "nor end as manifests",
		"{tenant}_{region}_{issued}.html":                             "nor end as manifests",
		"":                                                            "must not be empty",
		"{tenant}_{region}_{issued}" + strings.Repeat("x", 180):       "one of 200 bytes at most",
	} {
		_, problem := named(t, allMeasures, template)
		require.Contains(t, problem, want, template)
		require.Regexp(t, `^seats.yaml:1: report.file_name: `, problem, template)
	}
	for _, good := range []string{"{tenant}_{region}_{issued}", "{account}-{region}-{issued:2006-01-02T15.04.05Z}.CSV", "{account}{region}_{measure}_{period}{revision}.txt"} {
		_, problem := named(t, allMeasures, good)
		require.Empty(t, problem, good)
	}
	_, problem := named(t, `"daily_enabled"`, "{tenant}_{region}_{period:20060102}{revision}.csv")
	require.Empty(t, problem, "one measure needs none to be told")
}

// TestNamesAreTakenApartAgain: a template that is taken gives names that are one safe path element each, different ones for different
// files, of which it knows whose they are, and of no other's.
func TestNamesAreTakenApartAgain(t *testing.T) {
	parts := []string{"{region}", "{metric}", "{tenant}", "{account}", "{measure}", "{period}", "{period:2006.01.02}", "{issued}", "{issued:2006-01-02T150405}", "{revision}"}
	safe := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	rapid.Check(t, func(t *rapid.T) {
		template := rapid.StringMatching("[A-Za-z_]{0,3}").Draw(t, "before") + strings.Join(rapid.Permutation(parts).Draw(t, "parts")[:rapid.IntRange(3, 8).Draw(t, "n")],
			rapid.SampledFrom([]string{"_", "-", "."}).Draw(t, "between")) + rapid.SampledFrom([]string{"", ".csv", ".CSV"}).Draw(t, "end")
		cfg, problem := named(t, allMeasures, template)
		if problem != "" {
			t.Skip(problem)
		}
		seen, second := map[string]config.Named{}, int64(1774944000)
		for _, tenant := range cfg.Tenants {
			for _, r := range tenant.Regions {
				for _, measure := range []string{"concurrent", "enabled"} {
					for _, period := range []string{"2026-03-10", "2026-03-11", "2026-03"} {
						for revision := 1; revision <= 3; revision++ {
							second++
							n := config.Named{tenant.Name, tenant.Account, r.Name, measure, period, time.Unix(second, 0), revision}
							name := tenant.FileName.Of(n)
							require.Regexp(t, safe, name)
							require.NotContains(t, seen, name, "%v and %v", n, seen[name])
							seen[name] = n
						}
					}
				}
			}
		}
		for name, n := range seen {
			asked := n
			asked.Issued, asked.Revision = time.Time{}, 0
			read, is := cfg.Tenants[0].FileName.Read(name, asked)
			require.True(t, is, name)
			if read.Revision != 0 {
				require.Equal(t, n.Revision, read.Revision, name)
			}
			whose, is := cfg.Tenants[0].FileName.Read(name, config.Named{Tenant: n.Tenant, Account: n.Account})
			require.True(t, is, name)
			if whose.Period != "" {
				require.Equal(t, n.Period, whose.Period, name)
			}
			_, is = cfg.Tenants[0].FileName.Read(name, config.Named{Tenant: "initech", Account: "003"})
			require.False(t, is, name)
		}
	})
}
