package report_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/golden"
	"seats/internal/must"
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
		Region: "US", Measure: report.Concurrent, Period: "2026-03-10", Revision: 1, Value: 42, State: report.Final,
		File: dailyFile, SHA256: hash(files[dailyFile]), ManifestSHA256: hash(files[report.ManifestName(dailyFile)]),
		PeakAt: &peakAt, PeakSeconds: 12, IssuedAt: issuedAt.Truncate(1e9), RulesSHA256: "rules-1",
	}, outcome.Issue)
	for name, mode := range map[string]os.FileMode{
		".": 0o700, "..": 0o700, dailyFile: 0o600, report.ManifestName(dailyFile): 0o600,
	} {
		info := must.Have(os.Stat(s.path(name)))(t)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestR13SameNumberAgainWritesNothing(t *testing.T) {
	s := newSite(t)
	first := s.must(report.Written, daily(42), "", issuedAt)
	before := s.files()
	again := daily(42)
	again.Slices[0].ExtractedAt = laterAt // the same slice, read again
	outcome := s.must(report.Unchanged, again, "", laterAt)
	require.Equal(t, before, s.files())
	require.Equal(t, first.Issue, outcome.Issue)
	s.must(report.Unchanged, again, "a reason changes nothing here", laterAt)
	require.Equal(t, before, s.files())
}

// TestR13WhatIsBehindANumberMoves: the data file stays, and the manifest says what the store holds by now, and what it said
// before.
func TestR13WhatIsBehindANumberMoves(t *testing.T) {
	for field, move := range map[string]func(*report.Number){
		"peak.at":                      func(n *report.Number) { n.PeakAt = n.PeakAt.Add(time.Hour) },
		"peak.seconds":                 func(n *report.Number) { n.PeakSeconds = 99 },
		"slices.2026-03-10.sha256":     func(n *report.Number) { n.Slices[0].SHA256 = "bb22" },
		"slices.2026-03-10.as_of":      func(n *report.Number) { n.Slices[0].AsOf++ },
		"slices.2026-03-10.high_water": func(n *report.Number) { n.Slices[0].HighWater = nil },
		"rules_hash":                   func(n *report.Number) { n.RulesHash = "rules-2" },
		"sql_hash":                     func(n *report.Number) { n.SQLHash = "sql-2" },
		"quality.long_session": func(n *report.Number) {
			n.Quality = append([]report.Quality(nil), n.Quality...)
			n.Quality[slices.IndexFunc(n.Quality, func(q report.Quality) bool { return q.Rule == "long_session" })].Count = 7
		},
		"state": func(n *report.Number) { n.State = report.Final },
	} {
		t.Run(field, func(t *testing.T) {
			s := newSite(t)
			n := daily(42)
			if field == "state" {
				n.State = report.Provisional
			}
			s.must(report.Written, n, "", issuedAt)
			data, first := s.files()[dailyFile], s.ledger[0].ManifestSHA256
			moved := daily(42)
			move(&moved)
			want := report.Updated
			if field == "state" {
				want = report.State
			}
			outcome := s.must(want, moved, "", laterAt)
			require.Equal(t, data, s.files()[dailyFile])
			m := s.manifest(dailyFile)
			require.Equal(t, laterAt, *m.UpdatedAt)
			require.Len(t, m.Updates, 1)
			require.Equal(t, first, m.Updates[0].ManifestSHA256)
			require.Len(t, m.Updates[0].Differences, 1)
			require.Equal(t, field, m.Updates[0].Differences[0].Field)
			require.Equal(t, moved.RulesHash, outcome.Issue.RulesSHA256)
			require.Equal(t, moved.PeakSeconds, outcome.Issue.PeakSeconds)
			s.must(report.Unchanged, moved, "", laterAt.AddDate(0, 0, 1))
			if field != "state" { // that never goes back
				s.must(report.Updated, n, "", laterAt.AddDate(0, 0, 2))
				require.Len(t, s.manifest(dailyFile).Updates, 2)
			}
		})
	}
}

func TestR13OtherNumberIsRefusedAndBothAreNamed(t *testing.T) {
	s := issuedSite(t, daily(42))
	before := s.files()
	outcome := s.issue(daily(43), "", laterAt)
	var refused *report.RestatementError
	require.ErrorAs(t, outcome.Err, &refused)
	require.Equal(t, report.Refused, outcome.Action)
	require.Equal(t, report.RestatementError{
		File: s.path(dailyFile), Revision: 1, Measure: report.Concurrent, Issued: 42, Computed: 43,
	}, *refused)
	require.Equal(t, 7, refused.ExitCode())
	for _, part := range []string{dailyFile, "42", "43"} {
		require.Contains(t, refused.Error(), part)
	}
	require.Contains(t, refused.Hint(), "--restate REASON to issue revision 2")
	require.Equal(t, before, s.files())
}

func TestR13RestatementIssuesTheNextRevisions(t *testing.T) {
	s := issuedSite(t, daily(42))
	before := s.files()
	moved := daily(43)
	moved.Slices[0].Sessions, moved.Slices[0].SHA256, moved.RulesHash = 121, "bb22", "rules-2"
	second := s.must(report.Restated, moved, "late <correction> of GIM", laterAt)
	require.Equal(t, dailyFileR2, second.Issue.File)
	require.Equal(t, 2, second.Issue.Revision)
	require.Equal(t, dailyFile, second.Issue.Supersedes)
	require.Equal(t, "late <correction> of GIM", second.Issue.Reason)
	after := s.files()
	require.Equal(t, before[dailyFile], after[dailyFile])
	require.Equal(t, before[report.ManifestName(dailyFile)], after[report.ManifestName(dailyFile)])
	require.Contains(t, after[dailyFileR2], ",43\n")
	golden.Equal(t, "testdata/restated.manifest.json", after[report.ManifestName(dailyFileR2)])

	require.Error(t, s.issue(daily(42), "", laterAt).Err, "the first revision no longer stands")
	third := s.must(report.Restated, daily(0), "nobody worked after all", laterAt)
	require.Equal(t, dailyFileR3, third.Issue.File)
	require.Equal(t, dailyFileR2, third.Issue.Supersedes)
	s.must(report.Unchanged, daily(0), "", laterAt)
	require.Len(t, s.files(), 6)
}

func TestR13RestatementOverAChangedManifestComparesTheNumberAlone(t *testing.T) {
	s := issuedSite(t, daily(42))
	name := report.ManifestName(dailyFile)
	s.overwrite(name, strings.Replace(s.files()[name], `"sessions": 120`, `"sessions": 1`, 1))
	s.must(report.Restated, daily(43), "late correction", laterAt)
	require.Equal(t, []report.Difference{{Field: "value", Before: float64(42), After: float64(43)}},
		s.manifest(dailyFileR2).Differences)
}

func TestR13ProvisionalBecomesFinalInTheManifestAlone(t *testing.T) {
	s := issuedSite(t, provisional(daily(42)))
	before := s.files()
	settled := daily(42)
	settled.Slices[0].SHA256, settled.PeakSeconds = "cc33", 15
	outcome := s.must(report.State, settled, "", laterAt)
	require.Equal(t, before[dailyFile], s.files()[dailyFile])
	m := s.manifest(dailyFile)
	require.Equal(t, report.Final, m.State)
	require.Equal(t, "cc33", m.Slices[0].SHA256)
	require.Equal(t, issuedAt.Truncate(1e9), m.IssuedAt)
	require.Equal(t, laterAt, *m.UpdatedAt)
	require.Equal(t, report.Final, outcome.Issue.State)
	require.EqualValues(t, 15, outcome.Issue.PeakSeconds)
	require.Equal(t, hash(s.files()[report.ManifestName(dailyFile)]), outcome.Issue.ManifestSHA256)
}

func TestR13StateOfARestatementMovesAndKeepsItsReason(t *testing.T) {
	s := issuedSite(t, provisional(daily(42)))
	s.must(report.Restated, provisional(daily(43)), "late correction", issuedAt)
	before := s.manifest(dailyFileR2)
	s.must(report.State, daily(43), "", laterAt)
	after := s.manifest(dailyFileR2)
	require.Equal(t, before.Reason, after.Reason)
	require.Equal(t, before.Supersedes, after.Supersedes)
	require.Contains(t, after.Differences, report.Difference{Field: "value", Before: float64(42), After: float64(43)})
}

func TestR13FinalStaysFinal(t *testing.T) {
	s := issuedSite(t, daily(42))
	before := s.files()
	outcome := s.must(report.Unchanged, provisional(daily(42)), "", laterAt)
	require.Equal(t, report.Final, outcome.Issue.State)
	require.Equal(t, before, s.files())
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
	outcomes := must.Have(s.writer.Issue(nil, nil, "", issuedAt))(t)
	require.Empty(t, outcomes)
}

func TestReasonIsOneLineOfText(t *testing.T) {
	for _, good := range []string{"x", "späte Korrektur", strings.Repeat("é", 500)} {
		require.NoError(t, report.ValidateReason(good), good)
	}
	for _, bad := range []string{"", "  ", "two\nlines", "a\rb", "a\tb", "\x1b[2J", "a\u2028b", "\xff", strings.Repeat("é", 501)} {
		require.Error(t, report.ValidateReason(bad), "%q", bad)
	}
}

func TestColumnsChangedSinceDoNotTouchAnIssuedFile(t *testing.T) {
	s := issuedSite(t, daily(42))
	before := s.files()
	s.writer.Columns = []config.Column{{Name: "MessageSize"}}
	s.must(report.Unchanged, daily(42), "", laterAt)
	require.Equal(t, before, s.files())
}

// refused requires a conflict that names the file, and a folder left as it was.
func (s *site) refused(n report.Number, reason, file string) *report.ConflictError {
	s.t.Helper()
	before := s.files()
	outcome := s.issue(n, reason, laterAt)
	var conflict *report.ConflictError
	require.ErrorAs(s.t, outcome.Err, &conflict)
	require.Equal(s.t, report.Refused, outcome.Action)
	require.Equal(s.t, s.path(file), conflict.File)
	require.Contains(s.t, conflict.Error(), s.path(file))
	require.Contains(s.t, conflict.Hint(), "nothing was overwritten")
	require.Equal(s.t, 7, conflict.ExitCode())
	require.Equal(s.t, before, s.files())
	return conflict
}

func TestVanishedDataFileIsRestoredByteForByte(t *testing.T) {
	s := newSite(t)
	first := s.must(report.Written, daily(42), "", issuedAt)
	before := s.files()
	s.remove(dailyFile)
	outcome := s.must(report.Restored, daily(42), "", laterAt)
	require.Equal(t, before, s.files())
	require.Equal(t, first.Issue, outcome.Issue)
}

func TestVanishedDataFileIsNotRestoredFromOtherColumns(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.remove(dailyFile)
	s.writer.Columns = []config.Column{{Name: "MessageSize"}}
	require.Contains(t, s.refused(daily(42), "", dailyFile).Problem, "report.columns")
}

func TestVanishedDataFileIsRestoredWhileTheStateMoves(t *testing.T) {
	s := issuedSite(t, provisional(daily(42)))
	data := s.files()[dailyFile]
	s.remove(dailyFile)
	s.must(report.Restored, daily(42), "", laterAt)
	require.Equal(t, data, s.files()[dailyFile])
	m := s.manifest(dailyFile)
	require.Equal(t, report.Final, m.State)
	require.EqualValues(t, len(data), m.Size)
	s.must(report.Unchanged, daily(42), "", laterAt)
}

func TestVanishedManifestIsWrittenAgain(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.remove(report.ManifestName(dailyFile))
	moved := daily(42)
	moved.PeakSeconds = 15
	outcome := s.must(report.Restored, moved, "", laterAt)
	require.EqualValues(t, len(s.files()[dailyFile]), s.manifest(dailyFile).Size)
	require.EqualValues(t, 15, s.manifest(dailyFile).Peak.Seconds)
	require.EqualValues(t, 15, outcome.Issue.PeakSeconds, "ledger and manifest tell one peak")
	s.must(report.Unchanged, moved, "", laterAt)
}

func TestWholeFolderLostIsRestoredFromTheLedger(t *testing.T) {
	s := issuedSite(t, daily(42))
	data := s.files()[dailyFile]
	require.NoError(t, os.RemoveAll(s.writer.Dir))
	s.must(report.Restored, daily(42), "", laterAt)
	require.Equal(t, data, s.files()[dailyFile])
}

func TestTamperedDataFileIsNamedAndLeft(t *testing.T) {
	for _, value := range []int64{42, 43} {
		s := issuedSite(t, daily(42))
		s.overwrite(dailyFile, strings.Replace(s.files()[dailyFile], "42", "24", 1))
		require.Contains(t, s.refused(daily(value), "with a reason", dailyFile).Problem, "changed since it was issued")
	}
}

func TestTamperedManifestIsNamedAndLeft(t *testing.T) {
	s := issuedSite(t, daily(42))
	name := report.ManifestName(dailyFile)
	s.overwrite(name, strings.Replace(s.files()[name], `"sessions": 120`, `"sessions": 1`, 1))
	s.refused(daily(42), "", name)
	s.remove(name)
	s.must(report.Restored, daily(42), "", laterAt)
}

func TestCrashAfterRewritingAManifestHeals(t *testing.T) {
	s := issuedSite(t, daily(42))
	behind := append([]report.Issue(nil), s.ledger...)
	s.remove(report.ManifestName(dailyFile))
	s.must(report.Restored, daily(42), "", laterAt)
	s.ledger = behind // the run died before its ledger was kept
	files := s.files()
	s.writer.Versions.Program = "1.0.1"
	s.must(report.Adopted, daily(42), "", laterAt.AddDate(0, 0, 1))
	s.must(report.Unchanged, daily(42), "", laterAt.AddDate(0, 0, 1))
	require.Equal(t, files, s.files())
}

func TestCrashAfterTheStateMovedHeals(t *testing.T) {
	s := issuedSite(t, provisional(daily(42)))
	behind, first := append([]report.Issue(nil), s.ledger...), s.ledger[0]
	s.must(report.State, daily(42), "", laterAt)
	s.ledger = behind
	s.must(report.State, daily(42), "", laterAt.AddDate(0, 0, 1))
	s.must(report.Unchanged, daily(42), "", laterAt)

	s.ledger = []report.Issue{first} // and the source has gone on meanwhile
	further := daily(42)
	further.Slices[0].AsOf++
	s.must(report.State, further, "", laterAt.AddDate(0, 0, 1))
	require.Len(t, s.manifest(dailyFile).Updates, 2)
}

func TestLostLedgerIsRebuiltFromTheFolder(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.must(report.Restated, daily(43), "late correction", laterAt)
	before, files := s.ledger, s.files()
	s.ledger = nil
	outcome := s.must(report.Adopted, daily(43), "", laterAt)
	require.Len(t, outcome.Recovered, 1)
	require.Equal(t, files, s.files())
	require.Len(t, s.ledger, 2)
	for i := range before {
		require.True(t, before[i].PeakAt.Equal(*s.ledger[i].PeakAt))
		before[i].PeakAt, s.ledger[i].PeakAt = nil, nil
	}
	require.Equal(t, before, s.ledger)
	s.must(report.Unchanged, daily(43), "", laterAt)
}

func TestLostLedgerDoesNotOpenTheWayToAnotherNumber(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.ledger = nil
	before := s.files()
	var refused *report.RestatementError
	require.ErrorAs(t, s.issue(daily(43), "", laterAt).Err, &refused)
	require.EqualValues(t, 42, refused.Issued)
	require.Equal(t, before, s.files())

	outcome := s.must(report.Restated, daily(43), "late correction", laterAt)
	require.Equal(t, 2, outcome.Issue.Revision)
	require.Len(t, outcome.Recovered, 1)
	require.Equal(t, dailyFile, outcome.Recovered[0].File)
	require.Equal(t, "value", s.manifest(dailyFileR2).Differences[0].Field)
}

func TestLostLedgerOfAProvisionalNumberMovesItsState(t *testing.T) {
	s := issuedSite(t, provisional(daily(42)))
	s.ledger = nil
	s.must(report.State, daily(42), "", laterAt)
	require.Equal(t, report.Final, s.ledger[0].State)
}

func TestLedgerBehindTheFolderAdoptsTheLaterRevision(t *testing.T) {
	s := issuedSite(t, daily(42))
	behind := append([]report.Issue(nil), s.ledger...)
	s.must(report.Restated, daily(43), "late correction", laterAt)
	s.ledger = behind
	outcome := s.must(report.Adopted, daily(43), "late correction", laterAt)
	require.Equal(t, 2, outcome.Issue.Revision)
	require.Empty(t, outcome.Recovered)
}

func TestUnissuedDataFileIsNeverOverwritten(t *testing.T) {
	for name, prepare := range map[string]func(s *site){
		"no manifest":        func(s *site) { s.remove(report.ManifestName(dailyFile)) },
		"damaged manifest":   func(s *site) { s.overwrite(report.ManifestName(dailyFile), "{") },
		"manifest of future": func(s *site) { s.overwrite(report.ManifestName(dailyFile), `{"manifest_format": 2}`) },
		"another's manifest": func(s *site) {
			text := s.files()[report.ManifestName(dailyFile)]
			s.overwrite(report.ManifestName(dailyFile), strings.Replace(text, `"region": "US"`, `"region": "EU"`, 1))
		},
		"changed data": func(s *site) { s.overwrite(dailyFile, "x\n") },
	} {
		t.Run(name, func(t *testing.T) {
			s := issuedSite(t, daily(42))
			s.ledger = nil
			prepare(s)
			s.refused(daily(42), "", dailyFile)
			s.refused(daily(43), "even with a reason", dailyFile)
		})
	}
}

func TestCrashBetweenManifestAndDataFileIsCompleted(t *testing.T) {
	for _, value := range []int64{42, 43} {
		s := issuedSite(t, daily(42))
		s.remove(dailyFile)
		s.ledger = nil
		s.must(report.Written, daily(value), "", laterAt)
		require.Equal(t, value, s.manifest(dailyFile).Value)
		require.Equal(t, hash(s.files()[dailyFile]), s.manifest(dailyFile).SHA256)
		s.must(report.Unchanged, daily(value), "", laterAt)
	}
}

func TestCrashWithinARestatementLeavesTheFirstRevisionStanding(t *testing.T) {
	s := issuedSite(t, daily(42))
	behind := append([]report.Issue(nil), s.ledger...)
	s.must(report.Restated, daily(43), "late correction", laterAt)
	s.remove(dailyFileR2)
	s.ledger = behind
	s.must(report.Unchanged, daily(42), "", laterAt)
	require.Error(t, s.issue(daily(43), "", laterAt).Err)
	s.must(report.Restated, daily(43), "late correction", laterAt)
	require.Contains(t, s.files()[dailyFileR2], ",43\n")
}

func TestUnfinishedFilesAreRemoved(t *testing.T) {
	s := issuedSite(t, daily(42))
	before := s.files()
	s.overwrite("."+dailyFileR2+".tmp", "TenantID,Reg")
	s.must(report.Unchanged, daily(42), "", laterAt)
	require.Equal(t, before, s.files())
}

func TestOtherFilesInTheFolderDoNotMatter(t *testing.T) {
	s := issuedSite(t, daily(42))
	for _, name := range []string{
		"notes.txt", ".hidden.tmp", "CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R02.csv",
		"CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R1.csv", "CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R2.csv.bak",
		"CNT_US_PES_SEATS_OUTBOUND_acme_20260310R2.csv",
	} {
		s.overwrite(name, "?")
	}
	before := s.files()
	s.must(report.Unchanged, daily(42), "", laterAt)
	require.Equal(t, before, s.files())
}

func TestLedgerOfAnotherTenantIsNotFollowed(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.ledger[0].File = "../../etc/passwd"
	s.refused(daily(42), "", dailyFile)
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
