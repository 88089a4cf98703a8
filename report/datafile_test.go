package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/golden"
	"seats/internal/must"
	"seats/internal/settle"
	"seats/report"
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
	require.Equal(t, header, strings.Join(config.Fields(), ","))
}

func TestMonthlyFileIsGroupTwo(t *testing.T) {
	s := issuedSite(t, monthly(57))
	golden.Equal(t, "testdata/monthly.csv", s.files()[monthlyFile])
	golden.Equal(t, "testdata/monthly.manifest.json", s.files()[report.ManifestName(monthlyFile)])
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
			texts = append(texts, string(must.Have(os.ReadFile(filepath.Join(w.Dir, outcomes[0].Issue.File)))(rt)))
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
			outcomes, err := report.Writer{Dir: must.Have(os.MkdirTemp(root, ""))(rt)}.Issue([]report.Number{one}, nil, "", issuedAt)
			require.NoError(rt, err)
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
		Region: "APAC", Measure: report.Concurrent, Period: "2026-03-10", Revision: 1, Value: 7, State: settle.Final,
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
		golden.Equal(t, "testdata/"+test.file, text)
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
		golden.Equal(t, "testdata/values."+format, text)
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
