package report

import (
	"fmt"
	"regexp"
	"time"
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

// AgentGroupName is the specification's code of the measure: 1 or 2, and 0
// for a measure that does not exist.
func (m Measure) AgentGroupName() int { return measures[m].agentGroupName }

// The states of a number (R10).
const (
	Final       = "final"
	Provisional = "provisional"
)

// Number is one result to issue: a measure of a region in a period.
type Number struct {
	Tenant, Region string
	Measure        Measure
	Period         string    // "2026-03-10" for Concurrent, "2026-03" for Enabled
	Value          int64     // agents
	PeakAt         time.Time // first second of the peak, in the region's zone; Concurrent above 0 only
	PeakSeconds    int64     // seconds of the day at the peak; Concurrent above 0 only
	State          string    // Final or Provisional
	Slices         []Slice   // what it was counted from
	RulesHash      string    // of the configuration's counting rules
	SQLHash        string    // of the SQL that counted
	Quality        []Quality // R11
}

// Quality is the count of one data-quality rule (R11) with example keys.
type Quality struct {
	Rule     string   `json:"rule"`
	Count    int64    `json:"count"`
	Blocking bool     `json:"blocking"`
	Examples []string `json:"examples"`
}

// hasPeak tells whether the number has a moment: only a concurrent count above
// zero does.
func (n Number) hasPeak() bool { return n.Measure == Concurrent && n.Value > 0 }

// namePattern is what the configuration allows in names of tenants and regions.
// It is checked here again because these names become paths.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// validate returns why the number cannot be issued, nil when it can.
func (n Number) validate() error {
	for _, name := range []struct{ what, value string }{{"tenant", n.Tenant}, {"region", n.Region}} {
		if !namePattern.MatchString(name.value) {
			return fmt.Errorf("issue number: %s %q is no name (%s)", name.what, name.value, namePattern)
		}
	}
	measure, known := measures[n.Measure]
	if !known {
		return fmt.Errorf("issue number of %s: unknown measure %q", n.Region, n.Measure)
	}
	parsed, err := time.Parse(measure.layout, n.Period)
	what := fmt.Sprintf("issue %s of %s for %s", n.Measure, n.Region, n.Period)
	switch {
	case err != nil || parsed.Format(measure.layout) != n.Period:
		return fmt.Errorf("issue number of %s: %q is no period of %s (%s)", n.Region, n.Period, n.Measure, measure.layout)
	case n.Value < 0:
		return fmt.Errorf("%s: a count of %d agents", what, n.Value)
	case n.State != Final && n.State != Provisional:
		return fmt.Errorf("%s: unknown state %q", what, n.State)
	case n.hasPeak() && (n.PeakAt.IsZero() || n.PeakSeconds < 1):
		return fmt.Errorf("%s: a peak of %d agents without its time", what, n.Value)
	}
	return nil
}
