package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
)

// FuzzLoad holds Load to its promise: a configuration that is whole, or problems that each have one line of text and a place in the
// file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", minimal, full, rulesFile, "{\"tenants\": {}}", "a: &a [*a]", "<<: [*x]", "a: !!str 1", "? [a]\n: b", "x: |\n  y\n", "- &a\n- *a",
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
