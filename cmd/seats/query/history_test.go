package query

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/must"
)

func TestWhatIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "seats", "sql_history")
	h := must.Have(openHistory(file))(t)
	for _, typed := range []string{
		"select 1;\n", "select 1;\n", " select 'secret';\n", "\n", "-- nothing\n", "select 'a\nb';\n", ".tables\n",
		"select 'it''s',\n  2 /* of\nlines */;\n", "select 1 -- one\n;\n", "select $$a\nb$$;\n", "select 1;\n",
	} {
		must.Have(h.add(typed))(t)
	}
	want := []string{"select 1;", "-- nothing", ".tables", "select 'it''s',   2 /* of lines */;", "select 1;"}
	require.Equal(t, want, h.entries)
	again := must.Have(openHistory(file))(t)
	require.Equal(t, want, again.entries)

	// What others could read is closed to them.
	require.NoError(t, os.Chmod(file, 0o644))
	must.Have(again.add("select 3;"))(t)
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(file))(t).Mode())
}

func TestAHistoryDoesNotGrowForEver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sql_history")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("select 1;\n", 2*kept)+"select 2;\n"), 0o600))
	require.Len(t, must.Have(openHistory(file))(t).entries, kept)
	text := must.Have(os.ReadFile(file))(t)
	require.Equal(t, kept, strings.Count(string(text), "\n"))
	require.True(t, strings.HasSuffix(string(text), "\nselect 2;\n"))
	require.Len(t, must.Have(os.ReadDir(filepath.Dir(file)))(t), 1)
}

func TestWhereTheHistoryIs(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"/state/seats/sql_history":                 {"XDG_STATE_HOME": "/state", "HOME": "/home/ann"},
		"/home/ann/.local/state/seats/sql_history": {"XDG_STATE_HOME": "relative", "HOME": "/home/ann"},
		"": {},
	} {
		require.Equal(t, want, HistoryFile(func(name string) (string, bool) { value, is := env[name]; return value, is }))
	}
}
