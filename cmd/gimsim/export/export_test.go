package export_test

import (
	"archive/zip"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/export"
	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
)

func simulation(t testing.TB) *sim.Simulation {
	t.Helper()
	o := sim.Defaults(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC))
	o.Agents, o.Days, o.Groups = 20, 2, 3
	s, err := sim.New(o)
	require.NoError(t, err)
	return s
}

// write exports and returns the names of the folders, in order.
func write(t testing.TB, o export.Options) (dir string, folders []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "exports")
	_, err := export.Write(t.Context(), dir, simulation(t), o)
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	return dir, folders
}

func read(t testing.TB, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

func TestFoldersHoldTheIncrements(t *testing.T) {
	o := export.Options{Increments: 3, Header: "lower"}
	dir, folders := write(t, o)
	require.Len(t, folders, 3)
	s := simulation(t)
	want := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(3)})
	for i, folder := range folders {
		require.Regexp(t, regexp.MustCompile(`^export_\d+_2026_03_\d\d_\d\d_\d\d_\d\d$`), folder)
		for _, table := range sim.Tables() {
			path := filepath.Join(dir, folder, table.Name()+".csv")
			if !table.Exported() {
				require.NoFileExists(t, path)
				continue
			}
			header := strings.Join(table.Columns(false), ",") + "\n"
			require.Equal(t, header+want[i][table], read(t, path))
		}
	}
	require.True(t, strings.HasSuffix(folders[2], "_2026_03_09_08_00_00"), "newest data: %s", folders[2])
}

func TestHeaderCaseLineEndsAndExtraColumns(t *testing.T) {
	dir, folders := write(t, export.Options{Increments: 1, Header: "UPPER", CRLF: true, ExtraColumns: true})
	text := read(t, dir, folders[0], "resource_.csv")
	require.True(t, strings.HasPrefix(text, "RESOURCE_KEY,TENANT_KEY,RESOURCE_CFG_DBID,"), text[:60])
	header, rows, _ := strings.Cut(text, "\r\n")
	require.NotContains(t, header, "\n")
	people := simtest.Parse(t, sim.Resource, rows, true)
	require.Equal(t, "several\nlines, and a \"quote\"", people[1]["extension_notes"])

	dir, folders = write(t, export.Options{Increments: 1, Header: "Mixed"})
	require.True(t, strings.HasPrefix(read(t, dir, folders[0], "tenant.csv"), "Tenant_key,Tenant_name\n"))
}

func TestZipsHoldTheSameFilesAndMatchTheirSum(t *testing.T) {
	plain, folders := write(t, export.Options{Increments: 2, Header: "UPPER"})
	zipped, same := write(t, export.Options{Increments: 2, Header: "UPPER", Zip: true})
	require.Equal(t, folders, same)
	for _, folder := range folders {
		name := folder + ".zip"
		bytes := read(t, zipped, folder, name)
		sum := sha1.Sum([]byte(bytes))
		require.Equal(t, hex.EncodeToString(sum[:])+"  "+name+"\n", read(t, zipped, folder, name+".sha1"))

		archive, err := zip.OpenReader(filepath.Join(zipped, folder, name))
		require.NoError(t, err)
		defer archive.Close()
		require.Len(t, archive.File, len(sim.Tables())-2) // but for what was extracted and transformed
		for _, f := range archive.File {
			r, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, read(t, plain, folder, f.Name), string(text))
			require.NoFileExists(t, filepath.Join(zipped, folder, f.Name))
		}
	}
}

func TestZipsAreTheSameEveryTime(t *testing.T) {
	o := export.Options{Increments: 1, Header: "UPPER", Zip: true}
	one, folders := write(t, o)
	two, _ := write(t, o)
	name := filepath.Join(folders[0], folders[0]+".zip")
	require.Equal(t, read(t, one, name), read(t, two, name))
}

func TestNothingIsOverwritten(t *testing.T) {
	dir, _ := write(t, export.Options{Increments: 1})
	_, err := export.Write(t.Context(), dir, simulation(t), export.Options{Increments: 1})
	require.ErrorIs(t, err, os.ErrExist)
}
