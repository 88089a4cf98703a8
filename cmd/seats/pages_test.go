package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// notRun are the commands of the pages that want what is not there, and who tries them instead.
var notRun = map[string]string{
	"0 3 * * *  seats --config /etc/seats/seats.yaml run --wait 2h": "cron",
	"30 2 * * *  seats-export  /opt/seats/exports/export.sh":        "cron",
	"0  3 * * *  seats         seats run --wait 3h":                 "cron",
	"sudo ":                                 "an installed package: make dist-check looks into it",
	"seq 8 | parallel":                      "GNU parallel; the script shards runs shards",
	"seats sql\n":                           "a terminal: TestPrompt",
	`seats sql "select tenant, sum(agents)`: "several tenants: the script sql_set",
	`seats sql "from peak('US', '2026-03-10') where location is null and agents > 100"`: "several tenants: the script sql_set",
	"seats explain --trend":                         "half a year of days: the script explain_trend",
	"seats report --html pages   ":                  "README.md types it",
	"gimsim export --dir exports --from 2025-12-01": "a year of ten regions: by hand; pages that are written again: TestPagesAreWrittenWhereSomethingChanged",
	"seats run --from 2025-12-01 --to 2026-11-24":   "the same",
	"time seats report --html pages":                "the same",
	"spark-submit":                                  "Spark: make test-spark",
	"docs/exports/export.sh":                        "another database; on PostgreSQL: extract/inner_test.go",
	`.\sqlserver.ps1`:                               "Windows",
	"pip install ":                                  "Airflow, Dagster and dbt, by hand: the page says which; recipes tries what needs neither",
	"airflow dags test ":                            "Airflow",
	"dagster job ":                                  "Dagster",
	"dbt build ":                                    "dbt",
}

// pagesNow is when the pages are read: the demo's month is closed and sealed.
const pagesNow = "2026-05-10T13:00:00Z"

// meanwhile stands for what the pages start beside seats: make asks whether there is such a target, but for the demo, which it runs.
const meanwhile = `
make() {
	[ "$1" = build ] && return
	local how=-n; [ "$1" = demo ] && how=
	command make -s $how -f "$ROOT/Makefile" -o build "$@" SEATS='seats --config testdata/demo/seats.yaml' | if [ "$how" ]; then cat >/dev/null; else cat; fi
}
go() { [ "$1 ${2##*/}" = "run gimsim" ] && shift 2 && gimsim "$@"; }
xdg-open() { test -s "$1"; }
EDITOR="cp $PWD/edited.yaml"
exec 2>&1
set -o pipefail
`

// What the pages show is typed on the demo, a page in one shell, and every line that they show as its answer is there. A command
// ends with 0, or as the comment behind it says: # exit 7.
func TestThePages(t *testing.T) {
	root := t.TempDir()
	demo := filepath.Join(root, "testdata", "demo")
	require.NoError(t, os.CopyFS(filepath.Join(demo, "exports"), os.DirFS("../../testdata/demo/exports"))) // not what make demo left
	require.NoError(t, os.WriteFile(filepath.Join(demo, "seats.yaml"), must.Have(os.ReadFile("../../testdata/demo/seats.yaml"))(t), 0o600))
	for _, period := range [][]string{{"--date", "2026-03-10"}, {"--month", "2026-03"}} { // as make demo does
		run := exec.Command("seats", slices.Concat([]string{"--config", filepath.Join(demo, "seats.yaml"), "run"}, period)...)
		run.Env = append(os.Environ(), "SEATS_TEST_NOW="+pagesNow)
		out, err := run.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	t.Run("snapshot", func(t *testing.T) { snapshot(t, demo) })
	t.Run("recipes", func(t *testing.T) { recipes(t, demo) })
	pages := must.Have(filepath.Glob("../../docs/*.md"))(t)
	seen := map[string]bool{}
	for _, path := range append(pages, "../../README.md") {
		page := must.Have(os.ReadFile(path))(t)
		typed := commandsOf(t, string(page), seen)
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "root")
			out, err := exec.Command("cp", "-Rp", root, dir).CombinedOutput()
			require.NoError(t, err, "%s", out)
			if path != "../../README.md" {
				dir = filepath.Join(dir, "testdata", "demo")
			}
			tryCommands(t, dir, string(page), typed)
		})
	}
	for command := range notRun {
		require.True(t, seen[command], "not shown any more: %s", command)
	}
}

// recipes runs the statements of the dbt project, whose tests find nothing, and has Python read the jobs.
func recipes(t *testing.T, demo string) {
	for _, scheduler := range []string{"airflow", "dagster"} {
		text := must.Have(os.ReadFile("../../docs/recipes/" + scheduler + "/seats_nightly.py"))(t)
		read := exec.Command("python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())")
		read.Stdin = bytes.NewReader(text)
		out, err := read.CombinedOutput()
		require.NoError(t, err, "%s", out)
		var exits []string
		for _, m := range regexp.MustCompile(`(?m)^    (\d+): `).FindAllStringSubmatch(string(text), -1) {
			exits = append(exits, m[1])
		}
		require.Equal(t, []string{"3", "6", "7", "9", "80"}, exits, "as docs/recipes.md says")
	}

	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	must.Have(db.Exec(fmt.Sprintf("attach '%s' as acme (read_only)", filepath.Join(demo, "var", "acme.duckdb"))))(t)
	tables := regexp.MustCompile(`\{\{ (?:source\('(\w+)', '(\w+)'\)|ref\('(\w+)'\)) \}\}`)
	statement := func(name string) string {
		text := string(must.Have(os.ReadFile("../../docs/recipes/dbt/" + name))(t))
		return strings.ReplaceAll(tables.ReplaceAllString(text, "$1.$2$3"), " .", " ")
	}
	for _, model := range []string{"daily_peak", "month"} {
		must.Have(db.Exec(fmt.Sprintf("create table %s as %s", model, statement("models/"+model+".sql"))))(t)
	}
	for _, test := range []string{"issued_is_counted", "one_row_a_day"} {
		rows := must.Have(db.Query(statement("tests/" + test + ".sql")))(t)
		require.False(t, rows.Next(), test)
		require.NoError(t, rows.Close())
	}
	var peak, enabled int
	require.NoError(t, db.QueryRow("select peak, enabled from month where region = 'US'").Scan(&peak, &enabled))
	require.Equal(t, []int{10, 35}, []int{peak, enabled})
}

// inProcess runs a command at a time, and gives what it prints.
func inProcess(t *testing.T, now time.Time, config string, args ...string) string {
	var out, said bytes.Buffer
	code := run(t.Context(), append([]string{"--config", config}, args...), world{
		stdin: strings.NewReader(""), stdout: &out, stderr: &said, clock: func() time.Time { return now }, sleep: sleep, env: os.LookupEnv})
	require.Zero(t, code, "%v\n%s", args, &said)
	return out.String()
}

// typedCommand is one that a page shows, with its answer.
type typedCommand struct {
	text, exit string
	shown      []string
}

var (
	pageBlock  = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	exitsWith  = regexp.MustCompile(`# exit (\d+)`)
	clientsSQL = regexp.MustCompile(`^-- duckdb, in (\w+)`)
)

// commandsOf are those of a page that can be run. It fails where one hides in a block that nobody looks into.
func commandsOf(t *testing.T, page string, seen map[string]bool) (all []typedCommand) {
	for _, block := range pageBlock.FindAllStringSubmatch(page, -1) {
		language, text := block[1], block[2]
		switch {
		case language == "crontab":
			for line := range strings.Lines(text) {
				require.NotEmpty(t, listed(line, seen), "neither run nor listed: %s", line)
			}
		case language == "sql" && clientsSQL.MatchString(text):
			all = append(all, typedCommand{text: fmt.Sprintf("(cd %s && duckdb) <<'END'\n%sEND\n", clientsSQL.FindStringSubmatch(text)[1], text), exit: "0"})
		case language != "console":
			require.NotRegexp(t, `(?m)^(\$|PS>|seats) `, text, "a command in a block that is no console")
			require.NotContains(t, []string{"sh", "bash", "shell"}, language)
		default:
			all = append(all, console(text, seen)...)
		}
	}
	return all
}

func console(text string, seen map[string]bool) (all []typedCommand) {
	var now *typedCommand
	for line := range strings.Lines(text) {
		typed, is := strings.CutPrefix(strings.TrimPrefix(line, "PS>"), "$ ")
		switch {
		case is || strings.HasPrefix(line, "PS>"):
			now = nil
			if listed(strings.TrimSpace(typed)+"\n", seen) == "" {
				all = append(all, typedCommand{text: typed, exit: "0"})
				now = &all[len(all)-1]
				if m := exitsWith.FindStringSubmatch(typed); m != nil {
					now.exit = m[1]
				}
			}
		case now == nil:
		case strings.HasSuffix(now.text, "\\\n"):
			now.text += line
		case strings.TrimSpace(line) != "...":
			now.shown = append(now.shown, strings.TrimRight(line, " \n"))
		}
	}
	return all
}

func listed(line string, seen map[string]bool) string {
	for command, why := range notRun {
		if strings.HasPrefix(line, command) {
			seen[command] = true
			return why
		}
	}
	return ""
}

func tryCommands(t *testing.T, dir, page string, typed []typedCommand) {
	if m := regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindStringSubmatch(page); m != nil {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "edited.yaml"), []byte(m[1]), 0o600))
	}
	root := must.Have(filepath.Abs("../.."))(t)
	script := meanwhile
	for _, c := range typed {
		script += c.text + "printf '\\n@@ %s\\n' $?\n"
	}
	shell := exec.Command("bash", "-c", script)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "ROOT="+root, "HOME="+dir, "SEATS_TEST_NOW="+pagesNow)
	out, err := shell.Output()
	require.NoError(t, err, "%s", out)
	answers := strings.Split(string(out), "\n@@ ")
	require.Len(t, answers, len(typed)+1, "%s", out)
	for i, c := range typed {
		answer := answers[i]
		if i > 0 {
			_, answer, _ = strings.Cut(answer, "\n")
		}
		exit, _, _ := strings.Cut(answers[i+1], "\n")
		require.Equal(t, c.exit, exit, "%s%s", c.text, answer)
		for _, line := range c.shown {
			require.True(t, answersWith(answer, line), "not seen: %s\nof %s%s", line, c.text, answer)
		}
	}
}

// answersWith tells whether a line is in an answer; where it leaves something out (...), blanks are not counted.
func answersWith(answer, shown string) bool {
	if !strings.Contains(shown, "...") {
		return slices.ContainsFunc(strings.Split(answer, "\n"), func(line string) bool { return strings.TrimRight(line, " ") == shown })
	}
	parts := strings.Split(strings.Join(strings.Fields(shown), " "), "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	want := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	return slices.ContainsFunc(strings.Split(answer, "\n"), func(line string) bool { return want.MatchString(strings.Join(strings.Fields(line), " ")) })
}

// duckDB is DuckDB's own client, as far as the pages need one: it runs statements and prints the rows of the last.
func duckDB(in io.Reader, out io.Writer) {
	db := must.Now(duck.Open("", duck.Options{}))
	defer db.Close() //nolint:errcheck // in memory
	rows := must.Now(db.Query(string(must.Now(io.ReadAll(in)))))
	columns := len(must.Now(rows.Columns()))
	for rows.Next() {
		values, at := make([]any, columns), make([]any, columns)
		for i := range values {
			at[i] = &values[i]
		}
		must.Now(0, rows.Scan(at...))
		for i, v := range values {
			if moment, is := v.(time.Time); is {
				values[i] = moment.UTC().Format("2006-01-02 15:04:05-07")
			}
		}
		fmt.Fprintf(out, strings.TrimSuffix(strings.Repeat("%v  ", columns), "  ")+"\n", values...)
	}
	must.Now(0, rows.Err())
}

// README.md is for the first ten minutes.
func TestTheREADMEIsShort(t *testing.T) {
	lines := strings.Split(strings.TrimRight(must.Text(t, "../../README.md"), "\n"), "\n")
	require.LessOrEqual(t, len(lines), 300)
	for _, line := range lines {
		require.LessOrEqual(t, len([]rune(line)), 120, line)
	}
}

// Links between the pages lead to files and headings that there are.
func TestLinksOfThePages(t *testing.T) {
	pages := must.Have(filepath.Glob("../../docs/*.md"))(t)
	link := regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)`)
	for _, path := range append(pages, "../../README.md", "../../CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(pageBlock.ReplaceAllString(string(must.Have(os.ReadFile(path))(t)), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to := path
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(path), m[1])
			}
			require.NoError(t, must.Err(os.Stat(to)), "%s: %s", path, m[0])
			if m[2] != "" {
				require.Contains(t, anchors(t, to), m[2], "%s: %s", path, m[0])
			}
		}
	}
}

// anchors are those that GitHub gives a page's headings.
func anchors(t *testing.T, path string) (all []string) {
	text := must.Have(os.ReadFile(path))(t)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(pageBlock.ReplaceAllString(string(text), ""), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return all
}

// model is the command line as the program has it.
func model(t require.TestingT) *kong.Kong {
	app := must.Have(commandLine(&cli{}, kong.Exit(func(int) { panic("exit") })))(t)
	return app
}

// elsewhere tells the examples that want a GIM DB, or somebody who answers.
func elsewhere(example string) bool {
	return strings.Contains(example, "gim.internal") || example == "seats init"
}

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	for _, n := range commands(model(t).Model.Node) {
		lines := examples(n)
		require.GreaterOrEqual(t, len(lines), 2, n.FullPath())
		for _, line := range lines {
			_, ours, found := strings.Cut(line, "seats")
			require.True(t, found, line)
			ours, _, _ = strings.Cut(ours, " > ")
			ours, _, _ = strings.Cut(ours, " | ")
			parsed, err := model(t).Parse(shellWords(strings.TrimSuffix(ours, ")")))
			require.NoError(t, err, line)
			require.True(t, parsed.Selected() == nil || strings.HasPrefix(parsed.Command(), strings.TrimPrefix(n.FullPath(), "seats ")), "%s is an example of %s", line, n.FullPath())
		}
	}
}

// shellWords are those of a command line, in which double quotes keep some together.
func shellWords(line string) (all []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// examplesCommand runs the examples of every command in the script's folder, in the order of the help, but for those that
// lead elsewhere.
func examplesCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for _, n := range commands(model(tb(ts)).Model.Node) {
		for _, example := range examples(n) {
			if elsewhere(example) {
				continue
			}
			if err := ts.Exec("bash", "-c", "set -o pipefail; "+example); err != nil {
				ts.Fatalf("%s: %v", example, err)
			}
		}
	}
}

// codes are the exit codes of internal/fail, as its source declares them, with what a user is told of each.
func codes(t *testing.T) map[fail.Code]string {
	text := must.Have(os.ReadFile(filepath.Join("..", "..", "internal", "fail", "fail.go")))(t)
	declared := map[fail.Code]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +Code = (\d+)`).FindAllStringSubmatch(string(text), -1) {
		n := must.Have(strconv.Atoi(m[2]))(t)
		declared[fail.Code(n)] = m[1]
	}
	require.Len(t, declared, 11)
	return declared
}

func TestExitCodesAreTheOnesPromised(t *testing.T) {
	require.Equal(t, map[fail.Code]string{
		0: "OK", 1: "Other", 3: "Differ", 4: "NotReady", 5: "Source", 6: "Quality", 7: "Restatement", 8: "Store",
		9: "BadConfig", 80: "Usage", 130: "Interrupted",
	}, codes(t))
}

// The table that begins with `| exit | meaning |`: a row for each code, and no others.
func TestTheREADMEListsTheExitCodes(t *testing.T) {
	_, table, found := strings.Cut(must.Text(t, "../../README.md"), "\n| exit | meaning |")
	require.True(t, found, "README.md has a table | exit | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []fail.Code
	for _, m := range regexp.MustCompile("(?m)^\\| *`?(\\d+)`? *\\| *[^| ]").FindAllStringSubmatch(table, -1) {
		listed = append(listed, fail.Code(must.Have(strconv.Atoi(m[1]))(t)))
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(codes(t))), listed)
}

func TestHelpListsTheExitCodes(t *testing.T) {
	for code, name := range codes(t) {
		require.Regexp(t, fmt.Sprintf(`[ :]%d [a-z]`, code), description, name)
	}
}

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
		seats(append([]string{"report", "--statement", to + ".xlsx", "--month", "2026-03"}, flags...)...)
		unzip(t, to+".xlsx", filepath.Join(to, "statement"))
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

// The page describes what is in a store, and its questions are answered by one. `go test -update` writes it anew.
func snapshot(t *testing.T, demo string) {
	const path = "../../docs/snapshot.md"
	page := must.Text(t, path)
	page = between(t, page, "relations", relationsOfAStore(t))
	page = between(t, page, "macros", macrosOfAStore(t))
	page = answered(t, page, demo)
	golden.Assert(t, page, must.Have(filepath.Abs(path))(t))
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

// askStore runs a query on an empty store that was published, which is when it gets its comments, and gives each of its rows in one text.
func askStore(t *testing.T, query string) (rows []string) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
	defer db.Close() //nolint:errcheck // only read
	rows = must.Texts(t, db, query)
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

// inAnyClient asks questions of the file alone, by its catalogue, and as the program opens it: the answers are the same, in whatever client.
func inAnyClient(t *testing.T, demo string, queries []string) {
	file := filepath.Join(demo, "var", "acme.duckdb")
	ask := func(db *sql.DB, before string) (answers [][]string) {
		db.SetMaxOpenConns(1)
		defer db.Close() //nolint:errcheck // only read
		require.NoError(t, must.Err(db.Exec(before)))
		for _, query := range queries {
			answers = append(answers, must.Texts(t, db, "select t::varchar from ("+query+") as t"))
		}
		return answers
	}
	opened := ask(must.Have(duck.Open(file, duck.Options{ReadOnly: true}))(t), "select 1")
	catalogue := must.Text(t, filepath.Join(demo, "var", "acme.attach.sql"))
	require.Equal(t, opened, ask(must.Have(duck.Open("", duck.Options{}))(t), catalogue))
	whole := must.Have(store.OpenWhole(t.Context(), file, duck.Options{}, nil))(t)
	require.Equal(t, opened, ask(whole, "select 1"))
}

// answered puts its answer behind every question, by the demo's store.
func answered(t *testing.T, page, demo string) string {
	var queries []string
	page = question.ReplaceAllStringFunc(page, func(block string) string {
		query := question.FindStringSubmatch(block)[1]
		answer := inProcess(t, time.Date(2026, 5, 10, 13, 0, 0, 0, time.UTC), filepath.Join(demo, "seats.yaml"), "sql", query)
		require.Greater(t, strings.Count(answer, "\n"), 1, "no row answers\n%s", query)
		queries = append(queries, query)
		return fmt.Sprintf("```sql\n%s\n```\n\n```\n%s```\n", query, answer)
	})
	inAnyClient(t, demo, queries)
	return page
}

// What the program calls itself is the newest release that the CHANGELOG tells of.
func TestTheReleaseIsTheNewestOfTheCHANGELOG(t *testing.T) {
	newest := regexp.MustCompile(`(?m)^## (\d\S*) - \d{4}-\d\d-\d\d$`).FindStringSubmatch(must.Text(t, "../../CHANGELOG.md"))
	require.Equal(t, release, newest[1])
}
