package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/config"
	"seats/internal/golden"
	"seats/internal/must"
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
	s := newSite(t)
	s.writer.Columns = []config.Column{
		{Name: "Seats, counted", Field: "MessageSize"},
		{Name: "Region"},
		{Name: "Unit", Value: `the "unit"`, Constant: true},
		{Name: "Blank", Constant: true},
	}
	s.must(report.Written, daily(42), "", issuedAt)
	golden.Equal(t, "testdata/columns.csv", s.files()[dailyFile])
}

func TestSingleEmptyColumnIsNoBlankLine(t *testing.T) {
	s := newSite(t)
	s.writer.Columns = []config.Column{{Name: "Blank", Constant: true}}
	s.must(report.Written, daily(42), "", issuedAt)
	require.Equal(t, "Blank\n\"\"\n", s.files()[dailyFile])
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
		b.State = rapid.SampledFrom([]string{report.Final, report.Provisional}).Draw(rt, "state")
		b.RulesHash = rapid.String().Draw(rt, "rules")
		b.PeakSeconds += rapid.Int64Range(0, 9).Draw(rt, "seconds")
		b.Slices = append(b.Slices, report.Slice{Day: "2026-03-09"})
		base := must.Have(os.MkdirTemp(root, ""))(rt)
		var texts []string
		for i, n := range []report.Number{a, b} {
			w := report.Writer{Dir: filepath.Join(base, string(rune('a'+i)))}
			outcomes := must.Have(w.Issue([]report.Number{n}, nil, "", issuedAt.AddDate(0, 0, i)))(rt)
			require.NoError(rt, outcomes[0].Err)
			text := must.Have(os.ReadFile(filepath.Join(w.Dir, outcomes[0].Issue.File)))(rt)
			texts = append(texts, string(text))
		}
		require.Equal(rt, texts[0], texts[1])
	})
}

func TestPropertyManifestDoesNotShowTheOrderOfItsInputs(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n := monthly(9)
		for _, day := range []string{"2026-03-01", "2026-03-02", "2026-03-03"} {
			n.Slices = append(n.Slices, report.Slice{Day: day, Source: "x"})
			n.Quality = append(n.Quality, report.Quality{Rule: "rule_" + day})
		}
		shuffled := n
		shuffled.Slices = rapid.Permutation(n.Slices).Draw(rt, "slices")
		shuffled.Quality = rapid.Permutation(n.Quality).Draw(rt, "quality")
		var sums []string
		for _, one := range []report.Number{n, shuffled} {
			dir := must.Have(os.MkdirTemp(root, ""))(rt)
			outcomes, err := report.Writer{Dir: dir}.Issue([]report.Number{one}, nil, "", issuedAt)
			require.NoError(rt, err)
			sums = append(sums, outcomes[0].Issue.ManifestSHA256)
		}
		require.Equal(rt, sums[0], sums[1])
	})
}
