package cli

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/gimsim/sim"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

func gimsim(t testing.TB, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = Run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestHelpNamesTheCommands(t *testing.T) {
	status, stdout, _ := gimsim(t, "--help")
	require.Zero(t, status)
	require.Contains(t, stdout, "db --dsn=STRING --from=DATE")
	require.Contains(t, stdout, "export --dir=STRING --from=DATE")
}

func TestWrongUsageIs80(t *testing.T) {
	for _, args := range [][]string{
		{}, {"export"}, {"export", "--dir", "x", "--from", "yesterday"}, {"db", "--no-such-flag"},
	} {
		status, stdout, stderr := gimsim(t, args...)
		require.Equal(t, 80, status, "%q", args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "gimsim: ")
	}
}

func TestFailureIs1(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for want, args := range map[string][]string{"gimsim: export to " + file: {"--dir", file}, "agents 0": {"--dir", t.TempDir(), "--agents", "0"}} {
		status, _, stderr := gimsim(t, append([]string{"export", "--from", "2026-03-01"}, args...)...)
		require.Equal(t, 1, status)
		require.Contains(t, stderr, want)
	}
}

func TestDefaultsOfTheCommandLineAreThoseOfThePackage(t *testing.T) {
	var c commands
	must.Have(kong.Must(&c).Parse([]string{"export", "--dir", "x", "--from", "2026-03-01"}))(t)
	var o sim.Options
	must.Have(kong.Must(&o).Parse([]string{"--from", "2026-03-01"}))(t)
	require.Equal(t, o, c.Export.Options)
}

func TestSwitchesByName(t *testing.T) {
	var o sim.Options
	parser := kong.Must(&o)
	must.Have(parser.Parse([]string{"--from", "2026-03-01", "--switches", "A=Asia/Kolkata,B"}))(t)
	require.Equal(t, []sim.Switch{{Name: "A", Zone: "Asia/Kolkata"}, {Name: "B"}}, o.Switches)
	require.ErrorContains(t, must.Err(parser.Parse([]string{"--from", "2026-03-01", "--switches", "A,,B"})), `switch ""`)
}

func TestDBAndExportCountTheSameFacts(t *testing.T) {
	db := pgtest.Schema(t)
	flags := []string{"--from", "2026-03-01", "--agents", "20"}
	status, inDB, stderr := gimsim(t, append([]string{"db", "--dsn", db.ConnString(), "--schema", "my gim", "--create"}, flags...)...)
	defer db.Exec(t, `drop schema if exists "my gim" cascade`)
	require.Zero(t, status, stderr)
	status, exported, stderr := gimsim(t, append([]string{"export", "--dir", t.TempDir()}, flags...)...)
	require.Zero(t, status, stderr)
	require.Contains(t, inDB, exported)
	require.Contains(t, inDB, "ctl_extract_history")
}

const demo = "../../../testdata/demo"

// TestDemoExportsAreWhatTheirFlagsGive keeps testdata/demo/exports, which `make demo-data` writes, in step with the simulator.
// What the zips hold is compared, not their bytes: another Go release may compress differently.
func TestDemoExportsAreWhatTheirFlagsGive(t *testing.T) {
	flags := must.Have(os.ReadFile(filepath.Join(demo, "gimsim.flags")))(t)
	again := t.TempDir()
	status, _, stderr := gimsim(t, append([]string{"export", "--dir", again}, strings.Fields(string(flags))...)...)
	require.Zero(t, status, stderr)
	require.Equal(t, zips(t, again), zips(t, filepath.Join(demo, "exports")))
}

// zips returns the text of every file in every zip below a folder.
func zips(t *testing.T, dir string) map[string]string {
	paths := must.Have(filepath.Glob(filepath.Join(dir, "*", "*.zip")))(t)
	require.NotEmpty(t, paths)
	texts := map[string]string{}
	for _, path := range paths {
		archive := must.Have(zip.OpenReader(path))(t)
		for _, f := range archive.File {
			text := must.Have(fs.ReadFile(archive, f.Name))(t)
			texts[filepath.Base(path)+"/"+f.Name] = string(text)
		}
		require.NoError(t, archive.Close())
	}
	return texts
}

func TestDemoExportsAreSmall(t *testing.T) {
	paths := must.Have(filepath.Glob(filepath.Join(demo, "exports", "*", "*")))(t)
	size := int64(0)
	for _, path := range paths {
		info := must.Have(os.Stat(path))(t)
		size += info.Size()
	}
	require.Less(t, size, int64(2_000_000))
}
