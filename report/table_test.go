package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/golden"
	"seats/internal/must"
	"seats/report"
)

func rows(t *testing.T) []report.Outcome {
	s := newSite(t)
	unused, refused := provisional(daily(0)), daily(1043)
	unused.Region, refused.Region = "EU", "APAC"
	s.ledger = []report.Issue{{
		Region: "APAC", Measure: report.Concurrent, Period: "2026-03-10", Revision: 1, Value: 7, State: report.Final,
		File: "CNT_APAC_PES_SEATS_OUTBOUND_acme_20260310.csv",
	}}
	outcomes := must.Have(s.writer.Issue([]report.Number{daily(42), unused, refused, monthly(57)}, s.ledger, "", issuedAt))(t)
	return outcomes
}

func TestMeasurementsAsTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Measurements(rows(t)).Write(&out, report.FormatTable))
	golden.Equal(t, "testdata/measurements.txt", out.String())
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), " \n")
}

func TestMeasurementsAsCSV(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Measurements(rows(t)).Write(&out, report.FormatCSV))
	golden.Equal(t, "testdata/measurements.csv", out.String())
}

func TestMeasurementsAsJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Measurements(rows(t)).Write(&out, report.FormatJSON))
	golden.Equal(t, "testdata/measurements.json", out.String())
	var decoded []map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &decoded))
	require.Len(t, decoded, 4)
}

func TestMeasurementInJSONIsTheContractsExample(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Measurements(rows(t)[:1]).Write(&out, report.FormatJSON))
	require.Equal(t, `[{"tenant":"acme","region":"US","measure":"concurrent","period":"2026-03-10","value":42,`+
		`"peak_at":"2026-03-10T14:03:07-04:00","peak_seconds":12,"state":"final","revision":1,`+
		`"file":"CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv"}]`+"\n", out.String())
}

func TestNoMeasurements(t *testing.T) {
	for format, want := range map[string]string{
		report.FormatJSON:  "[]\n",
		report.FormatCSV:   "tenant,region,measure,period,value,peak_at,peak_seconds,state,revision,file\n",
		report.FormatTable: "tenant  region  measure  period  value  peak_at  peak_seconds  state  revision  file\n",
	} {
		var out bytes.Buffer
		require.NoError(t, report.Measurements(nil).Write(&out, format))
		require.Equal(t, want, out.String(), format)
	}
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
		var out bytes.Buffer
		require.NoError(t, values().Write(&out, format))
		golden.Equal(t, "testdata/values."+format, out.String())
		if format == report.FormatJSON {
			require.True(t, json.Valid(out.Bytes()))
		}
	}
}

func TestTableAlignsColumnsOfNumbersToTheRight(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Table{
		Header: []string{"n", "mixed", "text"},
		Rows:   [][]any{{int64(1), 1, "a"}, {nil, "x", "b"}, {int64(1000), 3, "c"}},
	}.Write(&out, report.FormatTable))
	require.Equal(t, "   n  mixed  text\n   1  1      a\n      x      b\n1000  3      c\n", out.String())
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
