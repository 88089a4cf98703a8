package report_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
	"seats/internal/settle"
	"seats/internal/sign"
	"seats/report"
)

const (
	dailyFile   = "CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv"
	dailyFileR2 = "CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R2.csv"
	dailyFileR3 = "CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R3.csv"
	monthlyFile = "CNT_US_PES_SEATS_OUTBOUND_acme_202603.csv"
)

var (
	newYorkSummer = time.FixedZone("EDT", -4*3600)
	issuedAt      = time.Date(2026, 3, 11, 5, 30, 0, 123456789, time.UTC)
	laterAt       = time.Date(2026, 3, 12, 5, 30, 0, 0, time.UTC)
)

// daily is a concurrent number of 2026-03-10 with the given value.
func daily(value int64) report.Number {
	highWater := settle.Epoch(time.Date(2026, 3, 11, 5, 0, 0, 0, time.UTC).Unix())
	n := report.Number{
		Tenant: "acme", Region: "US", Measure: report.Concurrent, Period: "2026-03-10",
		Value: value, State: settle.Final,
		Slices: []settle.Slice{{
			Day: calendar.Date{Year: 2026, Month: 3, Day: 10}, Source: "gimdb gim-acme/gim", AsOf: highWater, HighWater: &highWater,
			ExtractedTS: settle.Epoch(time.Date(2026, 3, 11, 5, 10, 0, 0, time.UTC).Unix()),
			Sessions:    120, Activities: 3400, Agents: 77, SHA256: "aa11",
		}},
		RulesHash: "rules-1", SQLHash: "sql-1",
		Quality: []settle.Quality{
			{Rule: "unmapped_switch", Count: 0, Blocking: true},
			{Rule: "long_session", Count: 1, Examples: []string{"4711"}},
		},
	}
	if value > 0 {
		n.PeakAt, n.PeakSeconds = time.Date(2026, 3, 10, 14, 3, 7, 0, newYorkSummer), 12
	}
	return n
}

func provisional(n report.Number) report.Number {
	n.State = settle.Provisional
	return n
}

// monthly is an enabled number of March 2026 with the given value.
func monthly(value int64) report.Number {
	n := daily(0)
	n.Measure, n.Period, n.Value = report.Enabled, "2026-03", value
	return n
}

// site is a tenant's folder with the ledger that a store would keep.
type site struct {
	t      *testing.T
	writer report.Writer
	ledger []report.Issue
}

func newSite(t *testing.T) *site {
	return &site{t: t, writer: report.Writer{
		Dir:      filepath.Join(t.TempDir(), "out", "acme"),
		Versions: report.Versions{Program: "1.0.0", DuckDB: "v1.5.6", Go: "go1.26"},
	}}
}

// issuedSite has issued a number.
func issuedSite(t *testing.T, n report.Number) *site {
	s := newSite(t)
	s.must(report.Written, n, "", issuedAt)
	return s
}

// issue issues one number and keeps the ledger as the store would.
func (s *site) issue(n report.Number, reason string, at time.Time) report.Outcome {
	outcomes := must.Have(s.writer.Issue([]report.Number{n}, s.ledger, reason, at))(s.t)
	require.Len(s.t, outcomes, 1)
	if outcomes[0].Err == nil {
		for _, issue := range append(outcomes[0].Recovered, outcomes[0].Issue) {
			s.enter(issue)
		}
	}
	return outcomes[0]
}

// must issues one number and requires the action.
func (s *site) must(action report.Action, n report.Number, reason string, at time.Time) report.Outcome {
	outcome := s.issue(n, reason, at)
	require.NoError(s.t, outcome.Err)
	require.Equal(s.t, action, outcome.Action)
	return outcome
}

func (s *site) enter(issue report.Issue) {
	for i, known := range s.ledger {
		if known.Region == issue.Region && known.Measure == issue.Measure &&
			known.Period == issue.Period && known.Revision == issue.Revision {
			s.ledger[i] = issue
			return
		}
	}
	s.ledger = append(s.ledger, issue)
}

func (s *site) path(name string) string { return filepath.Join(s.writer.Dir, name) }

// files gives name and content of everything in the folder.
func (s *site) files() map[string]string {
	entries := must.Have(os.ReadDir(s.writer.Dir))(s.t)
	out := make(map[string]string)
	for _, entry := range entries {
		out[entry.Name()] = string(must.Have(os.ReadFile(s.path(entry.Name())))(s.t))
	}
	return out
}

func (s *site) manifest(name string) report.Manifest {
	m, _, err := report.ReadManifest(s.path(report.ManifestName(name)))
	require.NoError(s.t, err)
	return m
}

func (s *site) overwrite(name, text string) {
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o600))
}

func (s *site) remove(name string) {
	require.NoError(s.t, os.Remove(s.path(name)))
}

// signer is a writer that signs, as run 7 of a ledger.
func signer(t *testing.T, dir string) report.Writer {
	text := must.Have(os.ReadFile(filepath.Join("..", "internal", "sign", "testdata", "encrypted.key")))(t)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return report.Writer{Dir: dir, Signing: &report.Signing{Key: must.Have(sign.ReadKey(path, "sesame"))(t), Run: 7, Previous: "ab12"}}
}

// requireSigned wants the signature of the daily file's manifest to be right, and gives its comment.
func requireSigned(t *testing.T, w report.Writer) string {
	manifest := must.Have(os.ReadFile(filepath.Join(w.Dir, report.ManifestName(dailyFile))))(t)
	signature := must.Have(os.ReadFile(filepath.Join(w.Dir, report.SignatureName(dailyFile))))(t)
	require.NoError(t, w.Signing.Key.Public().Check(manifest, signature))
	return sign.Comment(signature)
}

func TestASignatureNamesItsPlaceInTheLedger(t *testing.T) {
	w := signer(t, t.TempDir())
	must.Have(w.Issue([]report.Number{daily(42)}, nil, "", issuedAt))(t)
	mark := must.Have(report.ParseMark(requireSigned(t, w)))(t)
	require.Equal(t, report.Mark{Tenant: "acme", Manifest: report.ManifestName(dailyFile), Run: 7, Previous: "ab12"}, mark)

	first := report.Mark{Tenant: "acme", Manifest: "m", Run: 1}
	require.Equal(t, first, must.Have(report.ParseMark(first.String()))(t))
	for _, other := range []string{"", "timestamp:1795634774\tfile:x\thashed", first.String() + " more", "tenant=a file=b run=x previous_sha256=c"} {
		_, err := report.ParseMark(other)
		require.Error(t, err, other)
	}
}

// A run that dies between the manifest, whose state moved, and its signature leaves no signature at all, and the next
// run makes it. One that died earlier left the old pair as it was.
func TestASignatureThatARunDidNotGetToIsMadeByTheNext(t *testing.T) {
	w := signer(t, t.TempDir())
	provisional := daily(42)
	provisional.State = settle.Provisional
	ledger := []report.Issue{must.Have(w.Issue([]report.Number{provisional}, nil, "", issuedAt))(t)[0].Issue}

	must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt))(t)
	requireSigned(t, w)
	require.NoError(t, os.Remove(filepath.Join(w.Dir, report.SignatureName(dailyFile))))

	again := must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt.AddDate(0, 0, 1)))(t)
	require.NoError(t, again[0].Err)
	require.Equal(t, report.State, again[0].Action)
	requireSigned(t, w)

	ledger = []report.Issue{again[0].Issue}
	require.Equal(t, report.Unchanged, must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt))(t)[0].Action)
}
