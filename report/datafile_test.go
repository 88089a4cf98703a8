package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
	"pgregory.net/rapid"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/report"
)

func TestDataFileIsTheContractsExample(t *testing.T) {
	s := issuedSite(t, daily(42))
	require.Equal(t,
		"TenantID,Region,MetricName,Period,ChannelType,ServiceClass,ActivityType,Status,AgentGroupName,MessageSize\n"+
			"acme,US,seats_outbound,2026-03-10,4,23,5,AGENT_SEATS,1,42\n",
		s.files()[dailyFile])
}

func TestConfiguredFieldsAreTheDefaultHeaderAndAllAreKnown(t *testing.T) {
	configured, unconfigured := newSite(t), newSite(t)
	configured.writer.Columns = config.DefaultColumns()
	configured.must(report.Written, daily(0), "", issuedAt)
	unconfigured.must(report.Written, daily(0), "", issuedAt)
	require.Equal(t, configured.files(), unconfigured.files())
	header, _, _ := strings.Cut(configured.files()[dailyFile], "\n")
	require.Equal(t, header+",BusinessUnitName", strings.Join(config.Fields(), ","))
	configured.writer.Columns = []config.Column{{Name: "Unit", Field: "BusinessUnitName"}, {Name: "MessageSize"}}
	configured.must(report.Restated, daily(7), "one row, of all", laterAt)
	require.Equal(t, "Unit,MessageSize\n,7\n", configured.files()[dailyFileR2])
}

func TestMonthlyFileIsGroupTwo(t *testing.T) {
	s := issuedSite(t, monthly(57))
	golden.Assert(t, s.files()[monthlyFile], "monthly.csv")
	golden.Assert(t, s.files()[report.ManifestName(monthlyFile)], "monthly.manifest.json")
	require.Equal(t, 1, report.Concurrent.AgentGroupName())
	require.Equal(t, 2, report.Enabled.AgentGroupName())
	require.Equal(t, 0, report.Measure("").AgentGroupName())
}

func TestRegionWithoutUseGetsItsRow(t *testing.T) {
	s := newSite(t)
	outcome := s.must(report.Written, daily(0), "", issuedAt)
	require.Contains(t, s.files()[dailyFile], ",AGENT_SEATS,1,0\n")
	require.Nil(t, outcome.Issue.PeakAt)
	require.Nil(t, s.manifest(dailyFile).Peak)
}

func TestColumnsAreTheOperators(t *testing.T) {
	for _, test := range []struct {
		want    string
		columns []config.Column
	}{
		{"\"Seats, counted\",Region,Unit,Blank\n42,US,\"the \"\"unit\"\"\",\n", []config.Column{{Name: "Seats, counted", Field: "MessageSize"}, {Name: "Region"},
			{Name: "Unit", Value: `the "unit"`, Constant: true}, {Name: "Blank", Constant: true}}},
		{"Blank\n\"\"\n", []config.Column{{Name: "Blank", Constant: true}}}, // no blank line
	} {
		s := newSite(t)
		s.writer.Columns = test.columns
		s.must(report.Written, daily(42), "", issuedAt)
		require.Equal(t, test.want, s.files()[dailyFile])
	}
}

func TestUnknownFieldFailsBeforeAnythingIsWritten(t *testing.T) {
	s := newSite(t)
	s.writer.Columns = []config.Column{{Name: "X", Field: "Seats"}}
	outcome := s.issue(daily(42), "", issuedAt)
	require.ErrorContains(t, outcome.Err, `unknown field "Seats"`)
	require.Equal(t, report.Failed, outcome.Action)
	require.NoDirExists(t, s.writer.Dir)
}

func TestPropertyEqualNumbersGiveEqualBytesWhateverTheirStateTimeOrOrder(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.Int64Range(0, 1<<40).Draw(rt, "value")
		a, b := daily(value), daily(value)
		b.State = rapid.SampledFrom([]string{settle.Final, settle.Provisional}).Draw(rt, "state")
		b.RulesHash = rapid.String().Draw(rt, "rules")
		b.PeakSeconds += rapid.Int64Range(0, 9).Draw(rt, "seconds")
		b.Slices = append(b.Slices, settle.Slice{Day: calendar.Date{Year: 2026, Month: 3, Day: 9}})
		base := must.Have(os.MkdirTemp(root, ""))(rt)
		var texts []string
		for i, n := range []report.Number{a, b} {
			w := report.Writer{Dir: filepath.Join(base, string(rune('a'+i)))}
			outcomes := must.Have(w.Issue([]report.Number{n}, nil, "", issuedAt.AddDate(0, 0, i)))(rt)
			require.NoError(rt, outcomes[0].Err)
			texts = append(texts, must.Text(rt, w.Dir, outcomes[0].Issue.File))
		}
		require.Equal(rt, texts[0], texts[1])
	})
}

func TestPropertyManifestDoesNotShowTheOrderOfItsInputs(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n := monthly(9)
		for _, day := range (calendar.Month{Year: 2026, Month: 3}).Days()[:3] {
			n.Slices = append(n.Slices, settle.Slice{Day: day, Source: "x"})
			n.Quality = append(n.Quality, settle.Quality{Rule: "rule_" + day.String()})
		}
		shuffled := n
		shuffled.Slices = rapid.Permutation(n.Slices).Draw(rt, "slices")
		shuffled.Quality = rapid.Permutation(n.Quality).Draw(rt, "quality")
		var sums []string
		for _, one := range []report.Number{n, shuffled} {
			outcomes := must.Have(report.Writer{Dir: must.Have(os.MkdirTemp(root, ""))(rt)}.Issue([]report.Number{one}, nil, "", issuedAt))(rt)
			sums = append(sums, outcomes[0].Issue.ManifestSHA256)
		}
		require.Equal(rt, sums[0], sums[1])
	})
}

func rows(t *testing.T) []report.Outcome {
	s := newSite(t)
	unused, refused := provisional(daily(0)), daily(1043)
	unused.Region, refused.Region = "EU", "APAC"
	s.ledger = []report.Issue{{
		Series: report.Series{Region: "APAC", Measure: report.Concurrent, Period: "2026-03-10"}, Revision: 1, Value: 7, State: settle.Final,
		File: "CNT_APAC_PES_SEATS_OUTBOUND_acme_20260310.csv",
	}}
	return must.Have(s.writer.Issue([]report.Number{daily(42), unused, refused, monthly(57)}, s.ledger, "", issuedAt))(t)
}

func printed(t *testing.T, table report.Table, format string) string {
	var out bytes.Buffer
	require.NoError(t, table.Write(&out, format))
	return out.String()
}

func TestMeasurements(t *testing.T) {
	for format, test := range map[string]struct{ file, none string }{
		report.FormatTable: {"measurements.txt", "tenant  region  measure  period  value  peak_at  peak_seconds  state  revision  file\n"},
		report.FormatCSV:   {"measurements.csv", "tenant,region,measure,period,value,peak_at,peak_seconds,state,revision,file\n"},
		report.FormatJSON:  {"measurements.json", "[]\n"},
	} {
		text := printed(t, report.Measurements(rows(t)), format)
		golden.Assert(t, text, test.file)
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, " \n")
		require.Equal(t, test.none, printed(t, report.Measurements(nil), format))
	}
	var decoded []map[string]any
	require.NoError(t, json.Unmarshal([]byte(printed(t, report.Measurements(rows(t)), report.FormatJSON)), &decoded))
	require.Len(t, decoded, 4)
	require.Equal(t, `[{"tenant":"acme","region":"US","measure":"concurrent","period":"2026-03-10","value":42,`+
		`"peak_at":"2026-03-10T14:03:07-04:00","peak_seconds":12,"state":"final","revision":1,`+
		`"file":"CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv"}]`+"\n",
		printed(t, report.Measurements(rows(t)[:1]), report.FormatJSON), "the contract's example")
}

// named has a text of its own.
type named int

func (named) String() string { return "named" }

func values() report.Table {
	at := time.Date(2026, 3, 10, 14, 3, 7, 500, time.UTC)
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	three := int64(3)
	return report.Table{Header: []string{"what", "value"}, Rows: [][]any{
		{"null", nil}, {"absent", report.Absent}, {"nil time", (*time.Time)(nil)}, {"int64", int64(math.MaxInt64)},
		{"pointer", &three}, {"bool", true}, {"float", 0.1}, {"nan", math.NaN()}, {"huge", huge}, {"time", at}, {"time pointer", &at},
		{"bytes", []byte{0xca, 0xfe}}, {"stringer", named(1)}, {"list", []any{int32(1), nil, "a<b", at}},
		{"map", map[string]any{"b": math.Inf(1), "a": []string{"x"}}},
		{"text", "a<b & \"c\", d"}, {"control", "a\x1b[2J\nb\tc\x00\u202e"}, {"broken", "a\xffb"}, {"wide", "日本 é"},
	}}
}

func TestTableWritesEveryKindOfValue(t *testing.T) {
	for _, format := range report.Formats() {
		text := printed(t, values(), format)
		golden.Assert(t, text, "values."+format)
		require.True(t, format != report.FormatJSON || json.Valid([]byte(text)))
	}
}

func TestTableAlignsColumnsOfNumbersToTheRight(t *testing.T) {
	require.Equal(t, "   n  mixed  text\n   1  1      a\n      x      b\n1000  3      c\n", printed(t, report.Table{
		Header: []string{"n", "mixed", "text"},
		Rows:   [][]any{{int64(1), 1, "a"}, {nil, "x", "b"}, {int64(1000), 3, "c"}},
	}, report.FormatTable))
}

func TestTableRefusesWhatItCannotWrite(t *testing.T) {
	var out bytes.Buffer
	require.ErrorContains(t, report.Table{}.Write(&out, "xml"), `unknown format "xml" (want table, json, csv)`)
	require.Error(t, report.Table{Header: []string{"a"}, Rows: [][]any{{1, 2}}}.Write(&out, report.FormatCSV))
	require.Empty(t, out.String())
}

// full is a writer on a full disk.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestTableReportsAFailingWriter(t *testing.T) {
	for _, format := range report.Formats() {
		require.ErrorIs(t, values().Write(full{}, format), errFull, format)
		require.ErrorIs(t, report.Table{Header: []string{"a"}}.Write(full{}, format), errFull, format)
	}
}

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
		Tenant: "acme", Series: report.Series{Region: "US", Measure: report.Concurrent, Period: "2026-03-10"},
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
	if outcomes[0].Err == nil && outcomes[0].Action != report.Held {
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
		if known.Series == issue.Series && known.Revision == issue.Revision {
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
		out[entry.Name()] = must.Text(s.t, s.path(entry.Name()))
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

func (s *site) remove(name string) { require.NoError(s.t, os.Remove(s.path(name))) }

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
		require.Error(t, must.Err(report.ParseMark(other)), other)
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

func hash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func TestR13FirstIssueWritesBothFilesForTheirOwnerAlone(t *testing.T) {
	s := newSite(t)
	outcome := s.must(report.Written, daily(42), "reason is for restatements", issuedAt)
	files := s.files()
	require.Len(t, files, 2)
	golden.Assert(t, files[report.ManifestName(dailyFile)], "daily.manifest.json")

	peakAt := daily(42).PeakAt
	require.Equal(t, report.Issue{
		Series: daily(42).Series, Revision: 1, Value: 42, State: settle.Final,
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
	golden.Assert(t, s.files()[report.ManifestName(dailyFileR2)], "restated.manifest.json")
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
		require.Error(t, must.Err(s.writer.Issue(numbers, nil, "", issuedAt)))
	}
	require.Error(t, must.Err(s.writer.Issue([]report.Number{daily(1)}, nil, " ", issuedAt)))
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

// namedBy gives the template of report.file_name.
func namedBy(t *testing.T, template string) config.FileName {
	text := `{"report": {"file_name": "` + template + `"}, "tenants": {"acme": {"export_dir": "x", "regions": {"US": {"locations": {"all": {}}}}}}}`
	return must.Have(config.Parse("seats.yaml", []byte(text), os.LookupEnv))(t).Tenants[0].FileName
}

// TestNamesWithTheSecondOfIssue: each file has a second of its own, and what a run left that died is found by its manifest.
func TestNamesWithTheSecondOfIssue(t *testing.T) {
	s := newSite(t)
	s.writer.Names = namedBy(t, "CNT_{region}_{tenant}_{issued}Z.CSV")
	const first, second, third = "CNT_US_acme_20260311053000Z.CSV", "CNT_US_acme_20260311053001Z.CSV", "CNT_US_acme_20260311053002Z.CSV"
	outcomes := must.Have(s.writer.Issue([]report.Number{daily(42), monthly(50)}, nil, "", issuedAt))(t)
	require.Equal(t, []string{first, second}, []string{outcomes[0].Issue.File, outcomes[1].Issue.File})
	require.Equal(t, issuedAt.Truncate(1e9), outcomes[1].Issue.IssuedAt, "the name alone is of a later second")

	require.Equal(t, second, s.must(report.Adopted, monthly(50), "", laterAt).Issue.File, "the ledger was lost")
	require.Equal(t, first, s.must(report.Adopted, daily(42), "", laterAt).Issue.File)
	require.Equal(t, third, s.must(report.Restated, daily(43), "corrected", issuedAt).Issue.File)
	require.Equal(t, first, *s.manifest(third).Supersedes)

	s.remove(third) // and the ledger lost with it: nothing was issued by a manifest alone
	s.ledger = slices.DeleteFunc(s.ledger, func(i report.Issue) bool { return i.File == third })
	require.Equal(t, third, s.must(report.Restated, daily(43), "corrected", laterAt).Issue.File, "no manifest is left over")
	require.Len(t, s.files(), 6)

	s.overwrite("CNT_US_acme_20260101000000Z.CSV", "whose?")
	require.ErrorContains(t, s.issue(daily(43), "", laterAt).Err, "it has no manifest, and the ledger does not know it")
	s.overwrite("CNT_EU_acme_20260101000000Z.CSV", "another region's")
	s.remove("CNT_US_acme_20260101000000Z.CSV")
	s.must(report.Unchanged, daily(43), "", laterAt)
}

// TestNamesThatWereChanged: what was issued keeps its name, and no name is given twice.
func TestNamesThatWereChanged(t *testing.T) {
	s := issuedSite(t, daily(42))
	s.writer.Names = namedBy(t, "{region}_{tenant}_{measure}_{period}{revision}.CSV")
	s.overwrite(".US_acme_CONCURRENT_20260310_R2.CSV.manifest.json.tmp", "what a run that died left")
	s.overwrite("."+dailyFile+".tmp", "likewise, under a name of before")
	s.overwrite(".notes.tmp", "somebody's own")
	s.must(report.Unchanged, daily(42), "", laterAt)
	require.Len(t, s.files(), 3)
	s.remove(dailyFile)
	require.Equal(t, dailyFile, s.must(report.Restored, daily(42), "", laterAt).Issue.File)
	restated := s.must(report.Restated, daily(43), "corrected", laterAt).Issue
	require.Equal(t, []string{"US_acme_CONCURRENT_20260310_R2.CSV", dailyFile}, []string{restated.File, restated.Supersedes})

	s.ledger = append(s.ledger, report.Issue{Series: report.Series{Region: "EU"}, File: "US_acme_ENABLED_202603.CSV"})
	require.ErrorContains(t, s.issue(monthly(50), "", laterAt).Err, "the ledger has a file of another number under this name")

	// A store of another tenant, whose files lie here too: its numbers are not taken for this one's.
	other := daily(43)
	other.Tenant = "globex"
	require.ErrorContains(t, s.issue(other, "", laterAt).Err, `the ledger calls the file of revision 2 "US_acme_CONCURRENT_20260310_R2.CSV"`)
}

// A terminal's width breaks cells, never a row into one that is wider; where nothing would be left to read, rows become records.
func TestATableFitsTheTerminal(t *testing.T) {
	table := report.Table{Header: []string{"tenant", "agents", "what"}, Rows: [][]any{{"acme", 12, "the quick brown fox\n\tjumps over the lazy dog"}, {"beta", 3, nil}}}
	whole := printed(t, table, report.FormatTable)
	require.Equal(t, "tenant  agents  what\nacme        12  the quick brown fox jumps over the lazy dog\nbeta         3\n", whole)
	for width, want := range map[int]string{
		80: whole,
		40: "tenant  agents  what\nacme        12  the quick brown fox\n                jumps over the lazy dog\nbeta         3\n",
		20: "tenant         acme\nagents         12\nwhat           the quick brown fox jumps over the lazy dog\n\ntenant         beta\nagents         3\n\n",
	} {
		table.Width = width
		require.Equal(t, want, printed(t, table, report.FormatTable), width)
	}
}
