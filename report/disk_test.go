package report_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/report"
)

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
