package query

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
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

var aCatalog = catalog{
	columns: []column{
		{Relation: "agent", Name: "agent"}, {Relation: "agent", Name: "day"},
		{Relation: "daily_concurrent", Name: "agents"}, {Relation: "daily_concurrent", Name: "day"}, {Relation: "daily_concurrent", Name: "region"},
		{Relation: "enabled_daily", Name: "agents"}, {Relation: "enabled_daily", Name: "region"},
	},
	macros: []macro{{Name: "agents_at", Parameters: "of_region, moment"}},
}

// The bar is where the cursor stands.
func TestWhatMayStandAtTheCursor(t *testing.T) {
	for typed, want := range map[string]string{
		"sel|":                                    "select",
		"SEL|":                                    "select",
		"select * from |":                         "agent agents_at( daily_concurrent enabled_daily",
		"select *\nfrom\nda|":                     "daily_concurrent",
		"from agent\njoin e|":                     "enabled_daily",
		"select count(ag|":                        "agent agents_at(",
		"select reg| from enabled_daily":          "region",
		"select ag| from enabled_daily":           "agent agents agents_at(",
		"from daily_concurrent d where d.|":       "agents day region",
		"from daily_concurrent as d where D.r|":   "region",
		"from agent a, enabled_daily e where e.|": "agents region",
		"from daily_concurrent where agent.|":     "agent day",
		"from enabled_daily where exists (f|":     "false filter from",
		"from enabled_daily order by daily_conc|": "daily_concurrent",
		".|":            "describe help mode output quit tables timing",
		".de|":          "describe",
		".desc|":        "describe",
		".describe |":   "agent agents_at daily_concurrent enabled_daily",
		".describe ag|": "agent agents_at",
		".mode |":       "csv json parquet table",
		".timing o|":    "off on",
		// Where nothing is left to complete, a tab is a blank.
		"|":                       "_",
		"select|":                 "select_",
		"as|":                     "as_",
		"    |":                   "_",
		"select 1,|":              "_",
		"nobody|":                 "nobody_",
		"from nobody n where n.|": "_",
		"from enabled_daily|":     "enabled_daily_",
		".tables |":               "_",
		".output |":               "_",
	} {
		before, after, _ := strings.Cut(typed, "|")
		begun, words := aCatalog.complete(before, after)
		require.True(t, strings.HasSuffix(before, begun), typed)
		got := strings.Join(words, " ")
		if len(words) == 1 {
			got = strings.ReplaceAll(words[0], " ", "_")
		}
		require.Equal(t, want, got, typed)
	}
}
