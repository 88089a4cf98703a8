package cli

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const demo = "../../../testdata/demo"

// TestDemoExportsAreWhatTheirFlagsGive keeps testdata/demo/exports, which `make
// demo-data` writes, in step with the simulator. What the zips hold is compared,
// not their bytes: another Go release may compress differently.
func TestDemoExportsAreWhatTheirFlagsGive(t *testing.T) {
	flags, err := os.ReadFile(filepath.Join(demo, "gimsim.flags"))
	require.NoError(t, err)
	again := t.TempDir()
	status, _, stderr := gimsim(t, append([]string{"export", "--dir", again}, strings.Fields(string(flags))...)...)
	require.Zero(t, status, stderr)
	require.Equal(t, zips(t, again), zips(t, filepath.Join(demo, "exports")))
}

// zips returns the text of every file in every zip below a folder.
func zips(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.zip"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	texts := map[string]string{}
	for _, path := range paths {
		archive, err := zip.OpenReader(path)
		require.NoError(t, err)
		defer archive.Close()
		for _, f := range archive.File {
			r, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			texts[filepath.Base(path)+"/"+f.Name] = string(text)
		}
	}
	return texts
}

func TestDemoExportsAreSmall(t *testing.T) {
	var size int64
	require.NoError(t, filepath.WalkDir(filepath.Join(demo, "exports"), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	}))
	require.Less(t, size, int64(2_000_000))
}
