package query

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/must"
)

func TestAFileIsWholeAndNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.csv")
	text := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(failed, err)
		}
	}
	require.ErrorContains(t, create(path, text("half", errors.New("torn"))), "write "+path+": torn")
	left := must.Have(os.ReadDir(dir))(t)
	require.Empty(t, left)

	require.NoError(t, create(path, text("whole", nil)))
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())

	// Neither one that was there nor one that came meanwhile is written over.
	require.ErrorContains(t, create(path, text("other", nil)), "it is there already")
	late := filepath.Join(dir, "late.csv")
	require.ErrorContains(t, create(late, func(io.Writer) error { return os.WriteFile(late, []byte("first"), 0o600) }), "it is there already")
	for file, want := range map[string]string{path: "whole", late: "first"} {
		text := must.Have(os.ReadFile(file))(t)
		require.Equal(t, want, string(text))
	}
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")))
	require.ErrorContains(t, create(filepath.Join(dir, "link"), text("x", nil)), "it is there already")
	left = must.Have(os.ReadDir(dir))(t)
	require.Len(t, left, 3)
}

func TestAFormatByTheNameOfTheFile(t *testing.T) {
	require.Equal(t, "csv", formatFor("table", "x.csv"))
	require.Equal(t, "parquet", formatFor("table", "dir.json/x.parquet"))
	require.Equal(t, "json", formatFor("json", "x.csv"))
	require.Equal(t, "table", formatFor("table", "x.txt"))
	require.Equal(t, "table", formatFor("table", ""))
}

func TestThePagerOfTheUser(t *testing.T) {
	pager := func(env map[string]string) string {
		return DefaultPager(func(name string) (string, bool) { value, is := env[name]; return value, is })
	}
	require.Equal(t, "ours", pager(map[string]string{"SEATS_PAGER": "ours", "PAGER": "theirs"}))
	require.Equal(t, "theirs", pager(map[string]string{"PAGER": "theirs"}))
	require.Equal(t, "", pager(map[string]string{"SEATS_PAGER": "", "PAGER": "theirs"}))
	t.Setenv("PATH", t.TempDir())
	require.Equal(t, "", pager(nil))
	require.NoError(t, os.WriteFile(filepath.Join(os.Getenv("PATH"), "less"), nil, 0o700))
	require.Equal(t, "less -FRSX", pager(nil))
}
