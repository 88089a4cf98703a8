package compute

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
)

var update = flag.Bool("update", false, "rewrite the expected numbers of testdata/cases")

// outcome is what an engine says of a day.
type outcome struct {
	peaks   []Peak
	enabled map[string]map[string]bool
	quality []Quality // what data-quality rules found: all of them by SQL, the blocking one by the sweep
}

// engines are the two ways of counting (R12). Each answers every case by itself.
var engines = []struct {
	name  string
	count counting
	want  func(expected string) string // what of a case's expectation the engine answers
}{
	{"sql", countedBySQL, func(expected string) string { return expected }},
	{"sweep", countedBySweep, withoutExamples},
}

// TestCases runs every case of testdata/cases through each engine alone, then through Day, which compares the two.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("../testdata/cases/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			conn := openStore(t)
			lines, cases := readCases(t, path)
			if *update {
				rewrite(t, conn, path, lines, cases)
				return
			}
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) { runCase(t, conn, c) })
			}
		})
	}
}

func runCase(t *testing.T, conn *sql.Conn, c *testCase) {
	clearStore(t, conn)
	for _, day := range c.days {
		writeSlice(t, conn, c.tenant, day, c.asOf, c.rows)
	}
	for _, e := range engines {
		require.Equal(t, e.want(c.want), c.answer(t, conn, e.count), "by the %s engine", e.name)
	}
	stands, err := Look(context.Background(), conn, c.tenant, c.days...)
	require.NoError(t, err)
	for _, one := range NewCounter(conn, c.tenant).Days(context.Background(), stands, 1) {
		require.NoError(t, one.Err)
	}
	if c.month != nil {
		_, err := countMonth(conn, c.tenant, *c.month, 1)
		require.NoError(t, err)
	}
}

// withoutExamples leaves of the data-quality rules the blocking one, and of that the count.
func withoutExamples(expected string) string {
	var lines []string
	for _, line := range strings.Split(expected, "\n") {
		if strings.HasPrefix(line, "  found "+blockingRule+" ") {
			line, _, _ = strings.Cut(line, ":")
		} else if strings.HasPrefix(line, "  found ") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// rewrite puts what both engines say in the place of what was expected, and refuses where they do not say the same.
// Look at the difference.
func rewrite(t *testing.T, conn *sql.Conn, path string, lines []string, cases []*testCase) {
	written := slices.Clone(lines[:cases[0].first])
	for _, c := range cases {
		clearStore(t, conn)
		for _, day := range c.days {
			writeSlice(t, conn, c.tenant, day, c.asOf, c.rows)
		}
		written = append(written, lines[c.first:c.expect]...)
		bySQL := c.answer(t, conn, countedBySQL)
		require.Equal(t, withoutExamples(bySQL), c.answer(t, conn, countedBySweep), "case %q: not rewritten: the sweep does not agree", c.name)
		written = append(written, strings.Split(bySQL, "\n")...)
		written = append(written, "")
	}
	text := strings.TrimRight(strings.Join(written, "\n"), "\n") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// answer writes what an engine says of a case, in the words of the case files.
func (c *testCase) answer(t *testing.T, conn *sql.Conn, count counting) string {
	var lines []string
	enabled := map[string]map[string]bool{}
	for _, day := range c.days {
		o := count(t, conn, c, day)
		for region, agents := range o.enabled {
			if enabled[region] == nil {
				enabled[region] = map[string]bool{}
			}
			maps.Copy(enabled[region], agents)
		}
		if c.month == nil {
			lines = append(lines, c.describe(day, o)...)
		}
	}
	if c.month != nil {
		lines = append(lines, "expect "+c.month.String())
		for _, r := range c.tenant.Regions {
			lines = append(lines, fmt.Sprintf("  %s: %s", r.Name, enabledInWords(enabled[r.Name])))
		}
	}
	return strings.Join(lines, "\n")
}

type counting = func(t require.TestingT, conn *sql.Conn, c *testCase, day calendar.Date) outcome

func (c *testCase) describe(day calendar.Date, o outcome) []string {
	lines := []string{"expect " + day.String()}
	for _, p := range o.peaks {
		line := fmt.Sprintf("  %s: none", p.scope())
		if p.Agents > 0 {
			line = fmt.Sprintf("  %s: %d at %s for %d s", p.scope(), p.Agents, c.moment(p.PeakTS), p.PeakSeconds)
		}
		if p.Location == "" {
			line += ", " + enabledInWords(o.enabled[p.Region])
		}
		lines = append(lines, line)
	}
	for _, q := range o.quality {
		if q.Count == 0 {
			continue
		}
		line := fmt.Sprintf("  found %s %d", q.Rule, q.Count)
		if len(q.Examples) > 0 {
			line += ": " + strings.Join(q.Examples, ", ")
		}
		lines = append(lines, line)
	}
	return lines
}

func (p Peak) scope() string {
	if p.Location == "" {
		return p.Region
	}
	return p.Region + "/" + p.Location
}

// moment writes a time as the cases do: with its offset where their zone is not UTC.
func (c *testCase) moment(ts int64) string {
	layout := "2006-01-02 15:04:05"
	if c.zone != time.UTC {
		layout += "-07:00"
	}
	return time.Unix(ts, 0).In(c.zone).Format(layout)
}

func enabledInWords(agents map[string]bool) string {
	words := append([]string{fmt.Sprintf("enabled %d", len(agents))}, slices.Sorted(maps.Keys(agents))...)
	return strings.Join(words, " ")
}

// standing looks at a day and places the rules on it.
func standing(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date) ([]Standing, []rule.Set) {
	stands := []Standing{look(t, conn, tenant, day)}
	rules, err := rulesOf(stands)
	require.NoError(t, err)
	return stands, rules
}

// countBySQL runs the SQL engine without a transaction of its own.
func countBySQL(t require.TestingT, q duck.Queryer, stands []Standing, rules []rule.Set) {
	asked, err := asJSON(stands, rules)
	require.NoError(t, err)
	require.NoError(t, store.DropResults(context.Background(), q, daysOf(stands)...))
	for _, name := range Steps() {
		var args []any
		if name == "count/rule" {
			args = append(args, sql.Named("rules", asked))
		}
		exec(t, q, name, args...)
	}
}

func countedBySQL(t require.TestingT, conn *sql.Conn, c *testCase, day calendar.Date) outcome {
	ctx := context.Background()
	stands, rules := standing(t, conn, c.tenant, day)
	countBySQL(t, conn, stands, rules)
	results, err := loadNumbers(ctx, conn, stands)
	require.NoError(t, err)
	result := results[0]
	o := outcome{peaks: result.Peaks, quality: result.Quality, enabled: map[string]map[string]bool{}}
	rows, err := conn.QueryContext(ctx, "select distinct region, agent from _data.qualifying_session where day = $1::date", day.String())
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // only read
	for rows.Next() {
		var region, agent string
		require.NoError(t, rows.Scan(&region, &agent))
		if o.enabled[region] == nil {
			o.enabled[region] = map[string]bool{}
		}
		o.enabled[region][agent] = true
	}
	require.NoError(t, rows.Err())
	return o
}

func countedBySweep(t require.TestingT, conn *sql.Conn, c *testCase, day calendar.Date) outcome {
	ctx := context.Background()
	stands, rules := standing(t, conn, c.tenant, day)
	all, err := sweepDays(ctx, conn, stands, rules)
	require.NoError(t, err)
	swept := all[0]
	o := outcome{enabled: enabledOf(swept), quality: []Quality{{Rule: blockingRule, Count: swept.Unmapped()}}}
	for no, scope := range swept.Scopes() {
		o.peaks = append(o.peaks, peakOf(scope, swept.Curve(no)))
	}
	return o
}
