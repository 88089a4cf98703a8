package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	"seats/internal/must"
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

func sum256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// scriptedSite is the scripts' GIM as an export, with what its regions have beside their name; it gives what runs a command there.
func scriptedSite(t *testing.T, dir, more string) func(args ...string) {
	t.Helper()
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
		t.Helper()
		inProcess(t, time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC), config, args...)
	}
}

func rewrite(t *testing.T, path, old, with string) {
	t.Helper()
	text := must.Have(os.ReadFile(path))(t)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, with)), 0o600))
}

func unzip(t *testing.T, path, dir string) {
	t.Helper()
	r := must.Have(zip.OpenReader(path))(t)
	defer r.Close() //nolint:errcheck // only read
	require.NoError(t, os.CopyFS(dir, r))
}

// texts are the files below a folder; those in Parquet also as the rows that they hold, a line each.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
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
	t.Helper()
	db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
	defer db.Close() //nolint:errcheck // only read
	rows := must.Have(db.Query("select table_name from duckdb_tables() where schema_name = '_data'"))(t)
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	var all strings.Builder
	for _, name := range names {
		var text string
		require.NoError(t, db.QueryRow("select coalesce(string_agg(t::varchar, chr(10)), '') from _data."+name+" as t").Scan(&text))
		all.WriteString(text)
	}
	return all.String()
}

// unmasked puts names in the place of what the masks put there.
func unmasked(t *testing.T, path, reason string) *strings.Replacer {
	t.Helper()
	key := must.Have(pseudonym.ReadKey(path, "acme"))(t)
	pairs := []string{"excluded-*", "bob", "(left out: it may name an agent)", reason}
	for _, name := range []string{"E1", "E2", "E3", "E4"} {
		pairs = append(pairs, key.Employee(name), name)
	}
	return strings.NewReplacer(pairs...)
}
