package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/pseudonym"
	"seats/internal/duck"
	"seats/internal/golden"
	"seats/internal/must"
	"seats/internal/store"
	"seats/report"
)

// Whoever has what leaves under --pseudonymize, and not the key, can try names: against a digest that a real name went into. So
// none may be in it, of whatever the store, the output folder, or a pack and a lake without pseudonyms hold or consist of;
// nor one of a text of its own with the names put back.
func TestNoDigestInWhatLeavesCanBeTriedWithNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	const reason = "Ms Bob-Smith's calls came late"
	seats := scriptedSite(t, dir, "")
	seats("run", "--from", "2026-03-09", "--to", "2026-03-10")
	rewrite(t, filepath.Join(dir, "seats.yaml"), "bob?", "bob")
	seats("run", "--date", "2026-03-10", "--restate", reason)
	real, masked := filepath.Join(dir, "real"), filepath.Join(dir, "masked")
	for to, flags := range map[string][]string{real: nil, masked: {"--pseudonymize", key}} {
		seats(append([]string{"audit", "--pack", to + ".zip"}, flags...)...)
		unzip(t, to+".zip", filepath.Join(to, "pack"))
		seats(append([]string{"export", "--lake", filepath.Join(to, "lake")}, flags...)...)
		seats(append([]string{"report", "--html", filepath.Join(to, "pages")}, flags...)...)
	}

	theirs, ours := texts(t, masked), texts(t, real)
	maps.Copy(ours, texts(t, filepath.Join(dir, "out")))
	ours["store"] = storeText(t, filepath.Join(dir, "var", "acme.duckdb"))
	known := map[string]string{} // real digests, with where they stand
	for name, text := range ours {
		for _, sum := range digestPattern.FindAllString(name+text, -1) {
			known[sum] = name
		}
		known[sum256(text)] = name
	}
	for name, text := range theirs { // what is the same with and without names tells none
		if ours[strings.Replace(name, masked, real, 1)] == text {
			delete(known, sum256(text))
		}
	}
	for name, text := range texts(t, filepath.Join(dir, "out")) {
		if strings.HasSuffix(name, ".csv") {
			delete(known, sum256(text)) // data files name nobody
		} else if m := (report.Manifest{}); json.Unmarshal([]byte(text), &m) == nil {
			delete(known, m.SQLHash)
		}
	}
	require.Greater(t, len(known), 30)

	given := map[string]string{}
	for name, text := range theirs {
		require.NotContains(t, text, "Bob-Smith", name)
		for _, sum := range digestPattern.FindAllString(name+text, -1) {
			if origin, is := known[sum]; is {
				t.Errorf("%s has the digest that %s has or is", name, origin)
			}
			given[sum] = name
		}
	}
	unmask := unmasked(t, key, reason)
	for name, text := range theirs {
		for _, part := range append(strings.SplitAfter(text, "\n"), strings.Split(text, "\n")...) {
			if guess := unmask.Replace(part); guess != part {
				require.Empty(t, given[sum256(guess)], name)
			}
		}
		if guess := unmask.Replace(text); guess != text {
			require.Empty(t, given[sum256(guess)], name)
		}
	}
}

var digestPattern = regexp.MustCompile(`[0-9a-f]{64}`)

func sum256(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// scriptedSite is the scripts' GIM as an export, with what its regions have beside their name; it gives what runs a command there.
func scriptedSite(t *testing.T, dir, more string) func(args ...string) {
	require.NoError(t, os.CopyFS(filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00"), os.DirFS("testdata/gim")))
	config := filepath.Join(dir, "seats.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`globals: {data_dir: var, output_dir: out}
tenants:
  acme:
    export_dir: exports
    exclude_agents: ["bob?"]
    regions:
      US: {timezone: America/New_York, `+more+`locations: {dallas: {switches: [SIP_DAL_1, SIP_DAL_2]}, other: {switches: []}}}
      EU: {timezone: Europe/London, locations: {london: {switches: [SIP_LON]}}}
`), 0o600))
	return func(args ...string) {
		inProcess(t, time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC), config, args...)
	}
}

func rewrite(t *testing.T, path, old, with string) {
	text := must.Have(os.ReadFile(path))(t)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, with)), 0o600))
}

func unzip(t *testing.T, path, dir string) {
	r := must.Have(zip.OpenReader(path))(t)
	defer r.Close() //nolint:errcheck // only read
	require.NoError(t, os.CopyFS(dir, r))
}

// texts are the files below a folder; those in Parquet also as the rows that they hold, a line each.
func texts(t *testing.T, dir string) map[string]string {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		if filepath.Ext(path) == ".parquet" {
			var rows string
			err = db.QueryRow("select coalesce(string_agg(t::varchar, chr(10)), '') from read_parquet($file, hive_partitioning = false) as t", path).Scan(&rows)
			all[path+" rows"] = rows
		}
		return err
	}))
	return all
}

// storeText is every row of a store's own tables.
func storeText(t *testing.T, path string) string {
	db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
	defer db.Close() //nolint:errcheck // only read
	var all strings.Builder
	for _, name := range must.Texts(t, db, "select table_name from duckdb_tables() where schema_name = '_data'") {
		var text string
		require.NoError(t, db.QueryRow("select coalesce(string_agg(t::varchar, chr(10)), '') from _data."+name+" as t").Scan(&text))
		all.WriteString(text)
	}
	return all.String()
}

// unmasked puts names in the place of what the masks put there.
func unmasked(t *testing.T, path, reason string) *strings.Replacer {
	key := must.Have(pseudonym.ReadKey(path, "acme"))(t)
	pairs := []string{"excluded-*", "bob", "(left out: it may name an agent)", reason}
	for _, name := range []string{"E1", "E2", "E3", "E4"} {
		pairs = append(pairs, key.Employee(name), name)
	}
	return strings.NewReplacer(pairs...)
}

// The page describes what is in a store, and its questions are answered by one. `go test -update-golden` writes it anew.
func snapshot(t *testing.T, demo string) {
	const path = "../../docs/snapshot.md"
	page := must.Text(t, path)
	page = between(t, page, "relations", relationsOfAStore(t))
	page = between(t, page, "macros", macrosOfAStore(t))
	page = answered(t, page, demo)
	golden.Equal(t, path, page)
	require.NotContains(t, page, "|  |\n", "a column without a comment")
	_, questions, _ := strings.Cut(page, "## Fifteen questions")
	require.Equal(t, 15, strings.Count(questions, "\n### "))
}

// between puts text between a marker and its end.
func between(t *testing.T, page, marker, text string) string {
	begin, end := "<!-- "+marker+" -->\n", "<!-- end of "+marker+" -->"
	before, rest, found := strings.Cut(page, begin)
	require.True(t, found, marker)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, marker)
	return before + begin + text + end + after
}

// askStore runs a query on an empty store and gives each of its rows in one text.
func askStore(t *testing.T, query string) (rows []string) {
	w := must.Have(store.Begin(t.Context(), filepath.Join(t.TempDir(), "acme.duckdb"), duck.Options{}))(t)
	defer func() { require.NoError(t, w.Drop()) }()
	rows = must.Texts(t, w.Conn, query)
	require.NotEmpty(t, rows)
	return rows
}

// relationsOfAStore are its views, each with a table of its columns.
func relationsOfAStore(t *testing.T) string {
	return "\n" + strings.Join(askStore(t, `
		select '### ' || v.view_name || chr(10) || chr(10) || v.comment || '.' || chr(10) || chr(10) || '| column | type | |' || chr(10) || '|---|---|---|' || chr(10)
			|| string_agg('| `+"`' || c.column_name || '` | `' || c.data_type || '`"+` | ' || coalesce(c.comment, '') || ' |' || chr(10), '' order by c.column_index)
		from duckdb_views() as v
		join duckdb_columns() as c on c.table_oid = v.view_oid and c.database_name = v.database_name
		where v.schema_name = 'main' and not v.internal and v.database_name = current_database()
		group by v.view_name, v.comment
		order by v.view_name`), "\n") + "\n"
}

func macrosOfAStore(t *testing.T) string {
	return "\n" + strings.Join(askStore(t, `
		select '- `+"`' || function_name || '(' || list_aggregate(parameters, 'string_agg', ', ') || ')`"+`: ' || comment || '.'
		from duckdb_functions()
		where schema_name = 'main' and function_type = 'table_macro' and not internal and database_name = current_database()
		order by function_name`), "\n") + "\n\n"
}

var question = regexp.MustCompile("(?s)```sql\n(.*?)\n```\n(?:\n```\n.*?\n```\n)?")

// answered puts its answer behind every question, by the demo's store.
func answered(t *testing.T, page, demo string) string {
	return question.ReplaceAllStringFunc(page, func(block string) string {
		query := question.FindStringSubmatch(block)[1]
		answer := inProcess(t, time.Date(2026, 5, 10, 13, 0, 0, 0, time.UTC), filepath.Join(demo, "seats.yaml"), "sql", query)
		require.Greater(t, strings.Count(answer, "\n"), 1, "no row answers\n%s", query)
		return fmt.Sprintf("```sql\n%s\n```\n\n```\n%s```\n", query, answer)
	})
}
