package compute

import (
	"cmp"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/compute/rule"
	"example.com/seats/compute/sweep"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
)

var update = flag.Bool("update", false, "rewrite the expected numbers of testdata/cases")

// testCase is one case of a file in testdata/cases; README.md there describes the language.
type testCase struct {
	name   string
	given  []string // the lines from `case` on ...
	expect []string // ... up to the first expected one

	tenant config.Tenant
	days   []calendar.Date
	month  *calendar.Month
	zone   *time.Location // of the times in the case
	asOf   int64
	rows   history
}

// TestCases runs every case of testdata/cases through both engines, which have to agree, and each has to say what is expected. With
// -update it puts what they say in the place of what was expected: look at the difference.
func TestCases(t *testing.T) {
	paths := must.Have(filepath.Glob("../testdata/cases/*.txt"))(t)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			conn := openStore(t)
			shared, cases := readCases(t, path)
			written := shared
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					clearStore(t, conn)
					for _, day := range c.days {
						writeSlice(t, conn, c.tenant, day, c.asOf, c.rows)
					}
					bySQL := c.answer(c.countedBySQL(t, conn))
					if *update {
						c.expect = bySQL
						written = slices.Concat(written, c.given, bySQL, []string{""})
					}
					require.Equal(t, c.expect, bySQL, "by the sql engine")
					require.Equal(t, withoutExamples(c.expect), c.answer(c.countedBySweep(t, conn)), "by the sweep engine")
					if c.month != nil {
						monthOf{t, conn, c.tenant, *c.month}.count(1)
					}
				})
			}
			if *update && !t.Failed() {
				text := strings.TrimRight(strings.Join(written, "\n"), "\n") + "\n"
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
		})
	}
}

// outcome is what an engine says of a day.
type outcome struct {
	peaks   []Peak
	enabled sets
	quality []settle.Quality // what data-quality rules found: all of them by SQL, the blocking one by the sweep
}

// countedBySQL is what the days' counting stores, once the sweep has agreed to it.
func (c *testCase) countedBySQL(t *testing.T, conn *sql.Conn) (all []outcome) {
	counted := NewCounter(conn, c.tenant).Days(t.Context(), look(t, conn, c.tenant, c.days...), 1)
	agents := must.Have(duck.By[int, agentOf](t.Context(), conn, "count/enabled_agent", duck.Days(c.days...)))(t)
	for i, one := range counted {
		require.NoError(t, one.Err)
		o := outcome{one.Peaks, sets{}, one.Quality}
		for _, e := range one.Enabled {
			o.enabled[e.Region] = map[string]bool{}
		}
		for _, a := range agents[i+1] {
			o.enabled[a.Region][a.Agent] = true
		}
		all = append(all, o)
	}
	return all
}

func (c *testCase) countedBySweep(t *testing.T, conn *sql.Conn) (all []outcome) {
	for _, swept := range sweepOf(t, conn, look(t, conn, c.tenant, c.days...)) {
		o := outcome{enabled: enabledOf(swept), quality: []settle.Quality{{Rule: blockingRule, Count: swept.Unmapped}}}
		for no, scope := range swept.Scopes {
			o.peaks = append(o.peaks, peakOf(scope, swept.Curve(no)))
		}
		all = append(all, o)
	}
	return all
}

// withoutExamples leaves of the data-quality rules the blocking one, and of that the count.
func withoutExamples(expected []string) (lines []string) {
	for _, line := range expected {
		if strings.HasPrefix(line, "  found "+blockingRule+" ") {
			line, _, _ = strings.Cut(line, ":")
		} else if strings.HasPrefix(line, "  found ") {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// answer writes what an engine says of a case, in the words of the case files.
func (c *testCase) answer(days []outcome) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if c.month != nil {
		say("expect %s", c.month)
		for _, r := range c.tenant.Regions {
			agents := map[string]bool{}
			for _, o := range days {
				maps.Copy(agents, o.enabled[r.Name])
			}
			say("  %s: %s", r.Name, enabledInWords(agents))
		}
		return lines
	}
	for i, o := range days {
		say("expect %s", c.days[i])
		for _, p := range o.peaks {
			said := "none"
			if p.Agents > 0 {
				said = fmt.Sprintf("%d at %s for %d s", p.Agents, c.moment(p.PeakTS), p.PeakSeconds)
			}
			if p.Location == "" {
				said += ", " + enabledInWords(o.enabled[p.Region])
			}
			say("  %s: %s", rule.Scope{Region: p.Region, Location: p.Location}, said)
		}
		for _, q := range o.quality {
			switch {
			case q.Count > 0 && len(q.Examples) > 0:
				say("  found %s %d: %s", q.Rule, q.Count, strings.Join(q.Examples, ", "))
			case q.Count > 0:
				say("  found %s %d", q.Rule, q.Count)
			}
		}
	}
	return lines
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
	return strings.Join(append([]string{fmt.Sprintf("enabled %d", len(agents))}, slices.Sorted(maps.Keys(agents))...), " ")
}

// readCases reads a file. Lines before the first case belong to every case.
func readCases(t *testing.T, path string) (shared []string, cases []*testCase) {
	parts := strings.Split("\n"+strings.TrimRight(must.Text(t, path), "\n"), "\ncase ")
	shared = strings.Split(strings.TrimPrefix(parts[0], "\n"), "\n")
	for _, part := range parts[1:] {
		given, expect, _ := strings.Cut(part, "\nexpect")
		c := &testCase{zone: time.UTC, tenant: config.Tenant{Name: "acme", SessionEnd: config.SessionEndExclusive},
			given: strings.Split("case "+given, "\n"), expect: strings.Split("expect"+strings.TrimRight(expect, "\n"), "\n")}
		c.name = strings.TrimPrefix(c.given[0], "case ")
		own := slices.ContainsFunc(c.given, func(line string) bool { return strings.HasPrefix(line, "region ") })
		for no, line := range slices.Concat(shared, c.given[1:]) {
			words := strings.Fields(line)
			if len(words) == 0 || strings.HasPrefix(line, "#") || no < len(shared) && own && (words[0] == "region" || words[0] == "location") {
				continue
			}
			require.NoError(t, c.read(words[0], words[1:]), "%s, case %q: %s", path, c.name, line)
		}
		cases = append(cases, c)
	}
	require.NotEmpty(t, cases, path)
	return shared, cases
}

// read reads a line that is not part of the expectation.
func (c *testCase) read(word string, words []string) (err error) {
	switch word {
	case "day":
		c.days = make([]calendar.Date, len(words))
		for i := range words {
			err = cmp.Or(err, c.days[i].UnmarshalText([]byte(words[i])))
		}
	case "month":
		c.month = new(calendar.Month)
		err = c.month.UnmarshalText([]byte(words[0]))
		c.days = c.month.Days()
	case "times":
		c.zone, err = time.LoadLocation(words[0])
	case "as_of":
		c.asOf, _, err = c.instant(words)
	case "session_end":
		c.tenant.SessionEnd = config.SessionEnd(words[0])
	case "exclude":
		c.tenant.ExcludeAgents = append(c.tenant.ExcludeAgents, words...)
	case "region":
		region := config.Region{Name: words[0], Zone: time.UTC}
		if len(words) == 3 && words[1] == "zone" {
			region.Zone, err = time.LoadLocation(words[2])
		}
		c.tenant.Regions = append(c.tenant.Regions, region)
	case "location":
		location := config.Location{Name: words[0]}
		if len(words) > 2 && words[1] == "switches" {
			location.Switches = words[2:]
		}
		region := &c.tenant.Regions[len(c.tenant.Regions)-1]
		region.Locations = append(region.Locations, location)
	case "agent":
		c.resource(words[0])
		r, key := &c.rows.resources[len(c.rows.resources)-1], ""
		err = pairs(words[1:], map[string]*string{"employee": &r.employee, "name": &r.name, "key": &key})
		r.employee, r.name = orNothing(r.employee), orNothing(r.name)
		if key != "" {
			r.key, err = strconv.ParseInt(key, 10, 64)
		}
	case "session":
		row, rest, err := c.span(words)
		row.key = int64(len(c.rows.sessions) + 1)
		c.rows.sessions = append(c.rows.sessions, row)
		return cmp.Or(err, pairs(rest, nil))
	case "leg", "preview", "call":
		row, rest, err := c.span(words)
		row.key = int64(len(c.rows.activities) + len(c.rows.calls) + 1)
		a, into := activityRow{sessionRow: row, kind: word}, &c.rows.activities
		if word == "call" {
			a.kind, into = "leg", &c.rows.calls
		}
		err = cmp.Or(err, pairs(rest, map[string]*string{"on": &a.switchName, "guid": &a.guid}))
		*into = append(*into, a)
		return err
	case "duplicate":
		c.rows.duplicates = append(c.rows.duplicates, [2]string{words[0], strings.Join(words[1:], " ")})
	case "default_guid":
		c.rows.defaultGUIDs = append(c.rows.defaultGUIDs, words...)
	case "lookback":
		c.rows.lookback, err = strconv.ParseInt(words[0], 10, 64)
		c.rows.lookback *= 3600
	default:
		err = fmt.Errorf("unknown word %q", word)
	}
	return err
}

// pairs reads words that come in pairs.
func pairs(words []string, into map[string]*string) error {
	for ; len(words) > 0; words = words[2:] {
		if into[words[0]] == nil || len(words) == 1 {
			return fmt.Errorf("what is %q?", words)
		}
		*into[words[0]] = words[1]
	}
	return nil
}

func orNothing(word string) string {
	if word == "none" {
		return ""
	}
	return word
}

// resource finds the key behind a word, and makes up an agent for a new one.
func (c *testCase) resource(word string) int64 {
	for _, r := range c.rows.resources {
		if r.word == word {
			return r.key
		}
	}
	key := int64(101 + len(c.rows.resources))
	c.rows.resources = append(c.rows.resources, resource{key: key, word: word, employee: word, name: word})
	return key
}

// span reads "WORD FROM to UNTIL [active]" and returns what is left of the words.
func (c *testCase) span(words []string) (row sessionRow, rest []string, err error) {
	row.resource = c.resource(words[0])
	if row.start, words, err = c.instant(words[1:]); err != nil {
		return row, nil, err
	}
	if len(words) < 2 || words[0] != "to" {
		return row, nil, fmt.Errorf("want the word to and an end after the start")
	}
	if words = words[1:]; words[0] == "open" {
		row.end, row.active, words = sweep.Unknown, true, words[1:]
	} else if row.end, words, err = c.instant(words); err != nil {
		return row, nil, err
	}
	if len(words) > 0 && words[0] == "active" {
		row.active, words = true, words[1:]
	}
	return row, words, nil
}

// instant reads a time: none, 15:04:05 on the first day of the case, or with a date before it; an offset
// from UTC may stand behind it.
func (c *testCase) instant(words []string) (int64, []string, error) {
	if len(words) == 0 {
		return 0, nil, fmt.Errorf("a time is missing")
	}
	if words[0] == "none" {
		return sweep.Unknown, words[1:], nil
	}
	date := ""
	if strings.Count(words[0], "-") == 2 && len(words) > 1 {
		date, words = words[0], words[1:]
	} else if len(c.days) > 0 {
		date = c.days[0].String()
	}
	if at, err := time.Parse("2006-01-02 15:04:05-07:00", date+" "+words[0]); err == nil {
		return at.Unix(), words[1:], nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", date+" "+words[0], c.zone)
	return at.Unix(), words[1:], err
}
