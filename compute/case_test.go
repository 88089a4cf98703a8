package compute

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
)

// testCase is one case of a file in testdata/cases; README.md there describes the language.
type testCase struct {
	name   string
	first  int // lines of the file: of `case`, ...
	expect int // ... of the first expected line, ...
	last   int // ... and of the first line after the case

	tenant config.Tenant
	days   []calendar.Date
	month  *calendar.Month
	zone   *time.Location // of the times in the case
	asOf   int64
	rows   history
	want   string
}

// history is the rows of a tenant, from which slices are cut.
type history struct {
	resources  []resource
	sessions   []sessionRow
	activities []activityRow
	calls      []activityRow // legs without an attempt's GUID
	beside     []sessionRow  // in a slice: those outside it that it keeps
	duplicates []string

	defaultGUIDs []string
	lookback     int64 // seconds; 0: unknown
}

type resource struct {
	key            int64
	word           string // how the case calls it
	employee, name string
}

type sessionRow struct {
	key, resource, start, end int64 // start and end may be sweep.Unknown
	active                    bool
}

type activityRow struct {
	sessionRow
	kind, switchName, guid string
}

// readCases reads a file. Lines before the first case belong to every case.
func readCases(t *testing.T, path string) (lines []string, cases []*testCase) {
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	lines = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	shared, from := []string(nil), -1
	for no := 0; no <= len(lines); no++ {
		if no < len(lines) && !strings.HasPrefix(lines[no], "case ") {
			continue
		}
		if from < 0 {
			shared = lines[:no]
		} else {
			cases = append(cases, readCase(t, path, shared, lines, from, no))
		}
		from = no
	}
	require.NotEmpty(t, cases, path)
	return lines, cases
}

func readCase(t *testing.T, path string, shared, lines []string, from, to int) *testCase {
	c := &testCase{name: strings.TrimPrefix(lines[from], "case "), first: from, zone: time.UTC}
	c.tenant = config.Tenant{Name: "acme", SessionEnd: config.SessionEndExclusive}
	own := lines[from+1 : to]
	c.expect, c.last = from+1+len(own), to
	for i, line := range own {
		if strings.HasPrefix(line, "expect") {
			c.expect = from + 1 + i
			break
		}
	}
	own = lines[from+1 : c.expect]
	if contains(own, "region ") {
		shared = without(without(shared, "region "), "location ")
	}
	for no, line := range append(append([]string{}, shared...), own...) {
		if err := c.line(line); err != nil {
			require.NoError(t, err, "%s, case %q, line %d: %s", path, c.name, no+1, line)
		}
	}
	c.want = strings.TrimRight(strings.Join(lines[c.expect:to], "\n"), "\n")
	return c
}

func contains(lines []string, prefix string) bool { return len(without(lines, prefix)) < len(lines) }

func without(lines []string, prefix string) (kept []string) {
	for _, line := range lines {
		if !strings.HasPrefix(line, prefix) {
			kept = append(kept, line)
		}
	}
	return kept
}

// line reads one line that is not part of the expectation.
func (c *testCase) line(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	read, known := directives[words[0]]
	if !known {
		return fmt.Errorf("unknown word %q", words[0])
	}
	return read(c, words[1:])
}

var directives = map[string]func(*testCase, []string) error{
	"day":          (*testCase).readDay,
	"month":        (*testCase).readMonth,
	"times":        (*testCase).readTimes,
	"as_of":        (*testCase).readAsOf,
	"session_end":  (*testCase).readSessionEnd,
	"exclude":      (*testCase).readExclude,
	"region":       (*testCase).readRegion,
	"location":     (*testCase).readLocation,
	"agent":        (*testCase).readAgent,
	"session":      (*testCase).readSession,
	"leg":          (*testCase).readLeg,
	"preview":      (*testCase).readPreview,
	"call":         (*testCase).readCall,
	"duplicate":    (*testCase).readDuplicate,
	"default_guid": (*testCase).readDefaultGUID,
	"lookback":     (*testCase).readLookback,
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

// span reads "FROM to UNTIL [active]" and returns what is left of the words.
func (c *testCase) span(words []string) (row sessionRow, rest []string, err error) {
	if row.start, words, err = c.instant(words); err != nil {
		return row, nil, err
	}
	if len(words) == 0 || words[0] != "to" {
		return row, nil, fmt.Errorf("want the word to after the start")
	}
	words = words[1:]
	switch {
	case len(words) > 0 && words[0] == "open":
		row.end, row.active, words = sweep.Unknown, true, words[1:]
	default:
		if row.end, words, err = c.instant(words); err != nil {
			return row, nil, err
		}
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
