package sql_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/sql"
)

// Nothing but a name gets into a statement.
func TestOnlyNamesAreFilledIn(t *testing.T) {
	const statement = "store/each_write_rows"
	good := sql.Table{Name: "a_1", Order: []string{"b", "c nulls first"}}
	require.Contains(t, sql.Fill(statement, good), "from _data.a_1\n    order by b, c nulls first\n")
	for _, bad := range []sql.Table{
		{},
		{Name: "a; drop table b"},
		{Name: "A"},
		{Name: "1a"},
		{Name: `a"`},
		{Name: "a", Key: []string{"b c"}},
		{Name: "a", Order: []string{"b desc"}},
		{Name: "a", Order: []string{"b nulls first nulls first"}},
		{Name: "a", Columns: []sql.Column{{Name: "b", Type: "bigint; "}}},
		{Name: "a", Columns: []sql.Column{{Name: "b-c", Type: "bigint"}}},
	} {
		require.Panics(t, func() { sql.Fill(statement, bad) }, "%+v", bad)
	}
	require.Panics(t, func() { sql.Fill("store/each_nothing", good) })
}

// The schema of a GIM is quoted, so that a capital in it stays one, and is nothing but a name.
func TestOnlyASchemaIsPutBeforeTheTablesOfAGIM(t *testing.T) {
	require.Contains(t, sql.InSchema("gim/media_type", "Tenant_B"), "from \"Tenant_B\".media_type\n")
	for _, bad := range []string{"", `a"b`, "a b", "1a", "a.b"} {
		require.Panics(t, func() { sql.InSchema("gim/media_type", bad) }, bad)
	}
}

// A reader of files that is left to itself takes a name=value of the path above a file for a column of it, and of a CSV file guesses how
// it is written.
func TestNoReaderOfFilesIsLeftToGuess(t *testing.T) {
	call := regexp.MustCompile(`read_(csv|parquet|json)[a-z_]*\(['"$]`)
	found := 0
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "testdata", "bench", "bin", "demo"}, d.Name()):
			return filepath.SkipDir
		case !slices.Contains([]string{".sql", ".go", ".md", ".py", ".ps1", ".sh"}, filepath.Ext(path)), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, at := range call.FindAllIndex(text, -1) {
			found++
			statement := regexp.MustCompile(`;|\n\n|\n\t+}`).Split(string(text[at[0]:]), 2)[0]
			if !strings.Contains(statement, "asTheyAre") { // of a script that is written by Go
				require.Contains(t, statement, "hive_partitioning = ", path)
			}
			if strings.HasPrefix(statement, "read_csv") {
				require.Contains(t, statement, "auto_detect = false", path)
			}
		}
		return err
	}))
	require.GreaterOrEqual(t, found, 6)
}
