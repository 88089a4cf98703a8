package report_test

import (
	"errors"
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
	"gotest.tools/v3/golden"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
)

// TestCases takes sites through the steps of testdata/case, each of which says below itself what it did: to the folder, where v1 is
// what a name held first and v2 what it held then, and what the ledger is to hold. -update writes what they do now.
func TestCases(t *testing.T) {
	for _, path := range must.Have(filepath.Glob("testdata/case/*.txt"))(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			c := &caseSite{}
			for line := range strings.Lines(must.Text(t, path)) {
				if strings.HasPrefix(line, "  ") {
					continue // said by an earlier run
				}
				c.out.WriteString(line)
				if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
					c.step(t, words[0], words[1:])
				}
			}
			golden.Assert(t, c.out.String(), must.Have(filepath.Abs(path))(t))
		})
	}
}

type caseSite struct {
	*site
	out      strings.Builder
	versions map[string][]string // of a file, by their hashes
	before   map[string]string
	kept     []report.Issue // the ledger as it was remembered
}

// fileNames are how the steps call files.
var fileNames = map[string]string{"data": dailyFile, "data2": dailyFileR2, "data3": dailyFileR3, "manifest": report.ManifestName(dailyFile),
	"manifest2": report.ManifestName(dailyFileR2), "manifest3": report.ManifestName(dailyFileR3)}

func (c *caseSite) step(t *testing.T, verb string, args []string) {
	if len(args) > 0 && fileNames[args[0]] != "" {
		args[0] = fileNames[args[0]]
	}
	switch verb {
	case "site":
		c.site, c.versions, c.before = newSite(t), map[string][]string{}, map[string]string{}
		return
	case "issue":
		c.issueAs(args)
	case "remove":
		c.remove(args[0])
	case "write":
		c.overwrite(args[0], spaced(args[1]))
	case "replace":
		text := c.files()[args[0]]
		require.Contains(t, text, spaced(args[1]))
		c.overwrite(args[0], strings.Replace(text, spaced(args[1]), spaced(args[2]), 1))
	case "folder": // is lost
		require.NoError(t, os.RemoveAll(c.writer.Dir))
	case "columns":
		c.writer.Columns = nil
		for _, name := range args {
			c.writer.Columns = append(c.writer.Columns, config.Column{Name: name})
		}
		return
	case "provisional_may_move":
		c.writer.ProvisionalMayMove = true
		return
	case "final_only":
		c.writer.FinalOnly = true
		return
	case "program":
		c.writer.Versions.Program = args[0]
		return
	case "ledger":
		switch args[0] {
		case "lost":
			c.ledger = nil
		case "remembered":
			c.kept = slices.Clone(c.ledger)
		case "behind":
			c.ledger = slices.Clone(c.kept)
		default:
			c.ledger[0].File = args[0]
		}
		return
	default:
		t.Fatalf("no step %q", verb)
	}
	c.look(verb == "issue")
}

func (c *caseSite) say(format string, args ...any) {
	fmt.Fprintf(&c.out, "  %s\n", strings.ReplaceAll(fmt.Sprintf(format, args...), c.writer.Dir, "DIR"))
}

// issueAs issues a number: daily or monthly, its value, and what else it is.
func (c *caseSite) issueAs(args []string) {
	value := must.Have(strconv.ParseInt(args[1], 10, 64))(c.t)
	n, reason, at := map[string]func(int64) report.Number{"daily": daily, "monthly": monthly}[args[0]](value), "", issuedAt
	n.Quality = slices.Clone(n.Quality)
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		number, _ := strconv.Atoi(value)
		switch name {
		case "provisional":
			n.State = settle.Provisional
		case "reason":
			reason = spaced(value)
		case "why":
			n.Why = spaced(value)
		case "day": // after the first
			at = at.AddDate(0, 0, number)
		case "peak_hours_later":
			n.PeakAt = n.PeakAt.Add(time.Duration(number) * time.Hour)
		case "peak_seconds":
			n.PeakSeconds = int64(number)
		case "slice":
			n.Slices[0].SHA256 = value
		case "sessions":
			n.Slices[0].Sessions = int64(number)
		case "as_of_later":
			n.Slices[0].AsOf += settle.Epoch(number)
		case "read_days_later":
			n.Slices[0].ExtractedTS += settle.Epoch(number * 24 * 3600)
		case "no_high_water":
			n.Slices[0].HighWater = nil
		case "rules":
			n.RulesHash = value
		case "sql":
			n.SQLHash = value
		case "long_sessions":
			n.Quality[1].Count = int64(number)
		default:
			c.t.Fatalf("no %q of a number", arg)
		}
	}
	o := c.issue(n, reason, at)
	if o.Err != nil {
		c.say("%s: %v", o.Action, o.Err)
		for _, hint := range fail.Hints(o.Err) {
			c.say("hint: %s", hint)
		}
		c.say("%s, exit %d", strings.TrimPrefix(fmt.Sprintf("%T", errors.Unwrap(fmt.Errorf("%w", o.Err))), "*report."), fail.CodeOf(o.Err))
		return
	}
	if o.Action == report.Held {
		c.say("held")
		return
	}
	c.say("%s %s", o.Action, o.Issue.File)
	for _, i := range append(o.Recovered, o.Issue) {
		c.say("ledger: %s revision %d, %d %s, data %s, manifest %s, issued %s, rules %s%s", i.File, i.Revision, i.Value, i.State, c.version(i.File, i.SHA256),
			c.version(report.ManifestName(i.File), i.ManifestSHA256), i.IssuedAt.Format(time.RFC3339), i.RulesSHA256, why(i.Supersedes, i.Reason))
		if i.PeakAt != nil {
			c.say("        peak at %s for %d s", i.PeakAt.Format(time.RFC3339), i.PeakSeconds)
		}
	}
}

func why(supersedes, reason string) string {
	if supersedes == "" && reason == "" {
		return ""
	}
	return fmt.Sprintf(", supersedes %s because %q", supersedes, reason)
}

// version names what a file holds, or held.
func (c *caseSite) version(name, sum string) string {
	at := slices.Index(c.versions[name], sum)
	if at < 0 {
		at, c.versions[name] = len(c.versions[name]), append(c.versions[name], sum)
	}
	return fmt.Sprint("v", at+1)
}

// look tells what became of the folder.
func (c *caseSite) look(tell bool) {
	now := map[string]string{}
	if _, err := os.Stat(c.writer.Dir); err == nil {
		now = c.files()
	}
	if tell && maps.Equal(now, c.before) {
		c.say("folder: as before")
	}
	for _, name := range slices.Sorted(maps.Keys(c.before)) {
		if _, there := now[name]; tell && !there {
			c.say("folder: %s is gone", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if text := now[name]; tell && text != c.before[name] {
			c.say("folder: %s %s", name, c.version(name, hash(text)))
			if strings.HasSuffix(name, ".csv") {
				c.say("        %s", text[strings.Index(text, "\n")+1:len(text)-1])
			} else {
				c.manifestLines(strings.TrimSuffix(name, ".manifest.json"))
			}
		}
	}
	c.before = now
}

func (c *caseSite) manifestLines(file string) {
	m := c.manifest(file)
	is := "not what is there"
	if text, there := c.files()[file]; there && m.SHA256 == hash(text) && m.Size == int64(len(text)) {
		is = "what is there"
	}
	if m.Supersedes != nil {
		is += why(*m.Supersedes, *m.Reason)
	}
	c.say("        revision %d, %d %s, issued %s; %s", m.Revision, m.Value, m.State, m.IssuedAt.Format(time.RFC3339), is)
	if m.Why != "" {
		c.say("        provisional: %s", m.Why)
	}
	for _, s := range m.Slices {
		c.say("        slice %s of %d sessions", s.SHA256, s.Sessions)
	}
	if m.Peak != nil {
		c.say("        peak at %s for %d s", m.Peak.At.Format(time.RFC3339), m.Peak.Seconds)
	}
	for _, d := range m.Differences {
		c.say("        restated: %s was %v, is %v", d.Field, d.Before, d.After)
	}
	for _, u := range m.Updates {
		c.say("        updated %s, before it was %s", u.At.Format(time.RFC3339), c.version(report.ManifestName(file), u.ManifestSHA256))
		for _, d := range u.Differences {
			c.say("          %s was %v, is %v", d.Field, d.Before, d.After)
		}
	}
	if m.UpdatedAt != nil {
		require.Equal(c.t, m.Updates[len(m.Updates)-1].At, *m.UpdatedAt)
	}
}

// spaced is a word of a step with its spaces.
func spaced(word string) string { return strings.NewReplacer("~", " ", `\n`, "\n").Replace(word) }
