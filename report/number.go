package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/sign"
)

// Measure says which of the specification's two counts a number is.
type Measure string

// The measures of seats_outbound: Concurrent is daily (R8), Enabled is monthly (R9).
const (
	Concurrent Measure = "concurrent"
	Enabled    Measure = "enabled"
)

// measures are the specification's code of each measure, and how its periods are written, as package time has it.
var measures = map[Measure]struct {
	agentGroupName int
	layout         string
}{Concurrent: {1, time.DateOnly}, Enabled: {2, "2006-01"}}

// AgentGroupName is the specification's code of the measure: 1 or 2, and 0 for a measure that does not exist.
func (m Measure) AgentGroupName() int { return measures[m].agentGroupName }

// Number is one result to issue: a measure of a region in a period.
type Number struct {
	Tenant, Region string
	Measure        Measure
	Period         string           // "2026-03-10" for Concurrent, "2026-03" for Enabled
	Value          int64            // agents
	PeakAt         time.Time        // first second of the peak, in the region's zone; Concurrent above 0 only
	PeakSeconds    int64            // seconds of the day at the peak; Concurrent above 0 only
	State          string           // Final or Provisional
	Slices         []settle.Slice   // what it was counted from
	RulesHash      string           // of the configuration's counting rules
	SQLHash        string           // of the SQL that counted
	Quality        []settle.Quality // R11
}

// hasPeak tells whether the number has a moment: only a concurrent count above zero does.
func (n Number) hasPeak() bool { return n.Measure == Concurrent && n.Value > 0 }

// namePattern is what the configuration allows in names of tenants and regions. It is checked here again because these names
// become paths.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// validate returns why the number cannot be issued, nil when it can.
func (n Number) validate() error {
	measure, known := measures[n.Measure]
	parsed, err := time.Parse(measure.layout, n.Period)
	what := fmt.Sprintf("issue %s of %s for %s", n.Measure, n.Region, n.Period)
	switch {
	case !namePattern.MatchString(n.Tenant):
		return fmt.Errorf("issue number: tenant %q is no name (%s)", n.Tenant, namePattern)
	case !namePattern.MatchString(n.Region):
		return fmt.Errorf("issue number: region %q is no name (%s)", n.Region, namePattern)
	case !known:
		return fmt.Errorf("issue number of %s: unknown measure %q", n.Region, n.Measure)
	case err != nil || parsed.Format(measure.layout) != n.Period:
		return fmt.Errorf("issue number of %s: %q is no period of %s (%s)", n.Region, n.Period, n.Measure, measure.layout)
	case n.Value < 0:
		return fmt.Errorf("%s: a count of %d agents", what, n.Value)
	case n.State != settle.Final && n.State != settle.Provisional:
		return fmt.Errorf("%s: unknown state %q", what, n.State)
	case n.hasPeak() && (n.PeakAt.IsZero() || n.PeakSeconds < 1):
		return fmt.Errorf("%s: a peak of %d agents without its time", what, n.Value)
	}
	return nil
}

// Series identifies a chain of revisions.
type Series struct {
	Region  string
	Measure Measure
	Period  string
}

func (n Number) series() Series { return Series{n.Region, n.Measure, n.Period} }

// Series is the chain of revisions that the issue is one of.
func (i Issue) Series() Series { return Series{i.Region, i.Measure, i.Period} }

// wholeSecond is how manifests and the ledger keep moments: UTC, no fraction,
// so that the two agree after a round trip through either.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// LeftOuts lists by day what was left out of the slices that a store holds.
func LeftOuts(ctx context.Context, q duck.Queryer) (map[calendar.Date][]settle.LeftOut, error) {
	return duck.By[calendar.Date, settle.LeftOut](ctx, q, "store/left_out")
}

const (
	dataSuffix     = ".csv"
	manifestSuffix = ".manifest.json"
)

// stem is the data file's name up to its revision: CNT_<REGION>_PES_SEATS_OUTBOUND_<TENANT>_<YYYYMMDD or YYYYMM>. The number
// has been validated, so that the stem holds letters, digits, "_" and "-" alone.
func (n Number) stem() string {
	return fmt.Sprintf("CNT_%s_PES_SEATS_OUTBOUND_%s_%s", n.Region, n.Tenant, strings.ReplaceAll(n.Period, "-", ""))
}

// fileName is the name of the data file of a revision, counted from 1.
func (n Number) fileName(revision int) string {
	if revision == 1 {
		return n.stem() + dataSuffix
	}
	return n.stem() + "_R" + strconv.Itoa(revision) + dataSuffix
}

// ManifestName is the name of the manifest beside a data file.
func ManifestName(dataFile string) string { return dataFile + manifestSuffix }

// SignatureName is the name of the signature of that manifest.
func SignatureName(dataFile string) string { return ManifestName(dataFile) + sign.Suffix }

// IsOf tells whether a name is one that the data files, manifests and signatures of a tenant have.
func IsOf(tenant, name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, sign.Suffix), manifestSuffix)
	_, rest, ours := strings.Cut(name, "_PES_SEATS_OUTBOUND_"+tenant+"_")
	return ours && strings.HasPrefix(name, "CNT_") && periodOfName.MatchString(rest)
}

var periodOfName = regexp.MustCompile(`^[0-9]{6}(?:[0-9]{2})?(?:_R[0-9]+)?\.csv$`)

// revisionOf is the revision that the name of a data file of this number carries, and 0 for any other name.
func (n Number) revisionOf(name string) int {
	digits, _ := strings.CutPrefix(strings.TrimSuffix(name, dataSuffix), n.stem()+"_R")
	if revision, err := strconv.Atoi(digits); err == nil && revision > 1 && n.fileName(revision) == name {
		return revision
	}
	if n.fileName(1) == name {
		return 1
	}
	return 0
}

// The specification's constants ("Resulting data file details").
const (
	metricName   = "seats_outbound"
	channelType  = "4"
	serviceClass = "23"
	activityType = "5"
	statusText   = "AGENT_SEATS"
)

// dataFileRows is how many rows a data file has below its header: one region and one period make one row.
const dataFileRows = 1

// fieldValues are what a column of a data file can show: one for each of config.Fields, which a test holds them to.
var fieldValues = map[string]func(Number) string{
	"TenantID":       func(n Number) string { return n.Tenant },
	"Region":         func(n Number) string { return n.Region },
	"MetricName":     func(Number) string { return metricName },
	"Period":         func(n Number) string { return n.Period },
	"ChannelType":    func(Number) string { return channelType },
	"ServiceClass":   func(Number) string { return serviceClass },
	"ActivityType":   func(Number) string { return activityType },
	"Status":         func(Number) string { return statusText },
	"AgentGroupName": func(n Number) string { return strconv.Itoa(n.Measure.AgentGroupName()) },
	"MessageSize":    func(n Number) string { return strconv.FormatInt(n.Value, 10) },
}

// renderDataFile gives the bytes of the number's data file: a header and one row, RFC 4180 with "\n". They depend on the
// number's identity and value and on the columns, not on its state or its slices.
//
// A spreadsheet may take text that begins with =, +, - or @ for a formula. No name can begin so, and counts are digits; only a
// constant of the operator's own configuration can, and it is written as configured.
func renderDataFile(n Number, columns []config.Column) ([]byte, error) {
	if len(columns) == 0 {
		columns = config.DefaultColumns()
	}
	var header, row []string
	for _, column := range columns {
		value, known := column.Value, column.Constant
		if !known { // a column that names no field shows the field of its own name
			var show func(Number) string
			if show, known = fieldValues[cmp.Or(column.Field, column.Name)]; known {
				value = show(n)
			}
		}
		if !known {
			return nil, fmt.Errorf("render data file: column %q: unknown field %q", column.Name, cmp.Or(column.Field, column.Name))
		}
		header, row = append(header, column.Name), append(row, value)
	}
	var out bytes.Buffer
	if err := writeCSV(&out, [][]string{header, row}); err != nil {
		return nil, fmt.Errorf("render data file: %w", err)
	}
	return out.Bytes(), nil
}

// writeCSV writes RFC 4180 with "\n". A row of one empty field is written as a
// quoted one: a blank line would be skipped by readers, package csv's included.
func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		if len(row) == 1 && row[0] == "" {
			out.Flush()
			if _, err := io.WriteString(w, "\"\"\n"); err != nil {
				return err
			}
			continue
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
