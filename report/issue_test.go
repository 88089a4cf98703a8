package report_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/golden"
	"seats/internal/must"
	"seats/internal/settle"
	"seats/report"
)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestR13FirstIssueWritesBothFilesForTheirOwnerAlone(t *testing.T) {
	s := newSite(t)
	outcome := s.must(report.Written, daily(42), "reason is for restatements", issuedAt)
	files := s.files()
	require.Len(t, files, 2)
	golden.Equal(t, "testdata/daily.manifest.json", files[report.ManifestName(dailyFile)])

	peakAt := daily(42).PeakAt
	require.Equal(t, report.Issue{
		Region: "US", Measure: report.Concurrent, Period: "2026-03-10", Revision: 1, Value: 42, State: settle.Final,
		File: dailyFile, SHA256: hash(files[dailyFile]), ManifestSHA256: hash(files[report.ManifestName(dailyFile)]),
		PeakAt: &peakAt, PeakSeconds: 12, IssuedAt: issuedAt.Truncate(1e9), RulesSHA256: "rules-1",
	}, outcome.Issue)
	for name, mode := range map[string]os.FileMode{
		".": 0o700, "..": 0o700, dailyFile: 0o600, report.ManifestName(dailyFile): 0o600,
	} {
		require.Equal(t, mode, must.Have(os.Stat(s.path(name)))(t).Mode().Perm(), name)
	}
}

func TestAManifestOfARestatement(t *testing.T) {
	s := issuedSite(t, daily(42))
	moved := daily(43)
	moved.Slices[0].Sessions, moved.Slices[0].SHA256, moved.RulesHash = 121, "bb22", "rules-2"
	s.must(report.Restated, moved, "late <correction> of GIM", laterAt)
	golden.Equal(t, "testdata/restated.manifest.json", s.files()[report.ManifestName(dailyFileR2)])
}

func TestR13OneRefusalDoesNotKeepBackTheOthers(t *testing.T) {
	s := issuedSite(t, daily(42))
	other := daily(5)
	other.Region = "EU"
	broken := daily(6)
	broken.Region = "../../etc"
	outcomes := must.Have(s.writer.Issue([]report.Number{daily(43), broken, other, monthly(50)}, s.ledger, "", laterAt))(t)
	var actions []report.Action
	for _, outcome := range outcomes {
		actions = append(actions, outcome.Action)
	}
	require.Equal(t, []report.Action{report.Refused, report.Failed, report.Written, report.Written}, actions)
	require.Len(t, s.files(), 6)
}

func TestInvalidNumbersAreNotIssued(t *testing.T) {
	for name, spoil := range map[string]func(*report.Number){
		"region with a path":     func(n *report.Number) { n.Region = "a/b" },
		"region with a line end": func(n *report.Number) { n.Region = "US\n" },
		"tenant like a formula":  func(n *report.Number) { n.Tenant = "=1" },
		"no tenant":              func(n *report.Number) { n.Tenant = "" },
		"unknown measure":        func(n *report.Number) { n.Measure = "peak" },
		"month of a day":         func(n *report.Number) { n.Period = "2026-03" },
		"day that is none":       func(n *report.Number) { n.Period = "2026-02-30" },
		"negative count":         func(n *report.Number) { n.Value = -1 },
		"unknown state":          func(n *report.Number) { n.State = "done" },
		"peak without its time":  func(n *report.Number) { n.PeakSeconds = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			n := daily(42)
			spoil(&n)
			outcome := s.issue(n, "", issuedAt)
			require.Error(t, outcome.Err)
			require.Equal(t, report.Failed, outcome.Action)
			require.NoDirExists(t, s.writer.Dir)
		})
	}
}

func TestCallersMistakesWriteNothing(t *testing.T) {
	s := newSite(t)
	stranger := daily(1)
	stranger.Tenant = "globex"
	for _, numbers := range [][]report.Number{{daily(1), stranger}, {daily(1), daily(2)}} {
		_, err := s.writer.Issue(numbers, nil, "", issuedAt)
		require.Error(t, err)
	}
	_, err := s.writer.Issue([]report.Number{daily(1)}, nil, " ", issuedAt)
	require.Error(t, err)
	require.NoDirExists(t, s.writer.Dir)
	require.Empty(t, must.Have(s.writer.Issue(nil, nil, "", issuedAt))(t))
}

func TestReasonIsOneLineOfText(t *testing.T) {
	for _, good := range []string{"x", "späte Korrektur", strings.Repeat("é", 500)} {
		require.NoError(t, report.ValidateReason(good), good)
	}
	for _, bad := range []string{"", "  ", "two\nlines", "a\rb", "a\tb", "\x1b[2J", "a\u2028b", "\xff", strings.Repeat("é", 501)} {
		require.Error(t, report.ValidateReason(bad), "%q", bad)
	}
}

func TestFolderThatCannotBeMadeIsNamed(t *testing.T) {
	s := newSite(t)
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	s.writer.Dir = filepath.Join(blocked, "acme")
	_, err := s.writer.Issue([]report.Number{daily(42)}, nil, "", issuedAt)
	require.ErrorContains(t, err, s.writer.Dir)
	require.False(t, errors.Is(err, fs.ErrNotExist))
}
