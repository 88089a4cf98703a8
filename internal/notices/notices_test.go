package notices_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"example.com/seats/internal/must"
)

// licence are the names of files that hold licences and notices.
var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.(txt|md))?$`)

// Every module that is linked into the program, DuckDB's bundled libraries, uPlot and the runtimes stand in notices.txt.
func TestTheNoticesAreThoseOfWhatIsLinked(t *testing.T) {
	all := linked(t)
	require.Greater(t, len(all), 30)
	for name, path := range map[string]string{"Go, its standard library and runtime": goroot(t), "uPlot, in the pages": "../../cmd/seats/page/assets/uplot"} {
		all[name] = licencesIn(t, path, path)
	}
	bundled := must.Have(filepath.Glob("texts/*.txt"))(t)
	require.NotEmpty(t, bundled)
	for _, path := range bundled {
		name, isDuckDB := strings.CutPrefix(strings.TrimSuffix(filepath.Base(path), ".txt"), "duckdb-")
		if isDuckDB {
			name = "DuckDB: " + name
		}
		all[name] = []string{path}
	}
	golden.Assert(t, written(t, all), "../notices.txt")
}

// DuckDB's library names the archives that it is linked from: each of other people has its text.
func TestEveryArchiveOfDuckDBHasItsNotice(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{if .Module}}{{range .CgoLDFLAGS}}{{.}}\n{{end}}{{end}}", "example.com/seats/cmd/seats")
	out := must.Have(list.Output())(t)
	archives := regexp.MustCompile(`(?m)^-lduckdb_(\w+)$|^-l(\w+)_extension$`).FindAllStringSubmatch(string(out), -1)
	require.Greater(t, len(archives), 10)
	ours := map[string]bool{"static": true, "generated_extension_loader": true, "autocomplete": true, "core_functions": true, "json": true}
	elsewhere := map[string]string{"pg_query": "libpg_query", "skiplistlib": "skiplist", "tpch": "tpc", "tpcds": "tpc"}
	for _, a := range archives {
		name := a[1] + a[2]
		if ours[name] {
			continue
		}
		require.FileExists(t, "texts/duckdb-"+cmp.Or(elsewhere[name], name)+".txt")
	}
}

// linked are the licences of each module that the program has code of, from the folders of that code and those above.
func linked(t *testing.T) map[string][]string {
	list := exec.Command("go", "list", "-deps", "-tags=netgo,osusergo", "-json=Dir,Module", "example.com/seats/cmd/seats")
	list.Stderr = os.Stderr
	out := must.Have(list.Output())(t)
	all := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			Dir    string
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		require.NoError(t, d.Decode(&p))
		if p.Module == nil || p.Module.Main {
			continue
		}
		name := platform.ReplaceAllString(p.Module.Path, "/lib/*") + " " + p.Module.Version
		all[name] = append(all[name], licencesIn(t, p.Dir, p.Module.Dir)...)
		require.NotEmpty(t, all[name], "%s has no licence", name)
	}
	return all
}

// platform is the end of the modules with DuckDB's library, one a platform.
var platform = regexp.MustCompile(`/lib/[a-z0-9]+-[a-z0-9]+$`)

// licencesIn are the files with licences in a folder and those above it, up to root.
func licencesIn(t *testing.T, dir, root string) (found []string) {
	for ; strings.HasPrefix(dir, root); dir = filepath.Dir(dir) {
		for _, e := range must.Have(os.ReadDir(dir))(t) {
			if licence.MatchString(e.Name()) && !e.IsDir() {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	return found
}

func goroot(t *testing.T) string {
	return strings.TrimSpace(string(must.Have(exec.Command("go", "env", "GOROOT").Output())(t)))
}

// written is each text once, below all that it is of.
func written(t *testing.T, all map[string][]string) string {
	of := map[string][]string{} // names by text
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, path := range all[name] {
			b := must.Have(os.ReadFile(path))(t)
			text := strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\f", ""))
			if !slices.Contains(of[text], name) {
				of[text] = append(of[text], name)
			}
		}
	}
	texts := slices.Collect(maps.Keys(of))
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(of[a][0], of[b][0]), cmp.Compare(a, b)) })
	var out strings.Builder
	out.WriteString("What is linked into seats, and under which licences. The program's own is MIT; see LICENSE.\n")
	for _, text := range texts {
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(of[text], "\n"), strings.Repeat("=", 80), text)
	}
	return out.String()
}
