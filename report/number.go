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

// AgentGroupName is the specification's code of the measure: 1 or 2, and 0
// for a measure that does not exist.
func (m Measure) AgentGroupName() int {
	switch m {
	case Concurrent:
		return 1
	case Enabled:
		return 2
	}
	return 0
}

// layout is how a period of the measure is written, as package time has it.
func (m Measure) layout() string {
	switch m {
	case Concurrent:
		return time.DateOnly
	case Enabled:
		return "2006-01"
	}
	return ""
}

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
	if n.Measure.AgentGroupName() == 0 {
		return fmt.Errorf("issue number of %s: unknown measure %q", n.Region, n.Measure)
	}
	parsed, err := time.Parse(n.Measure.layout(), n.Period)
	if err != nil || parsed.Format(n.Measure.layout()) != n.Period {
		return fmt.Errorf("issue number of %s: %q is no period of %s (%s)", n.Region, n.Period, n.Measure, n.Measure.layout())
	}
	return n.validateResult()
}

// validateResult looks at what was counted, validate at what it was counted for.
func (n Number) validateResult() error {
	switch {
	case n.Value < 0:
		return fmt.Errorf("issue %s of %s for %s: a count of %d agents", n.Measure, n.Region, n.Period, n.Value)
	case n.State != Final && n.State != Provisional:
		return fmt.Errorf("issue %s of %s for %s: unknown state %q", n.Measure, n.Region, n.Period, n.State)
	case n.hasPeak() && (n.PeakAt.IsZero() || n.PeakSeconds < 1):
		return fmt.Errorf("issue %s of %s for %s: a peak of %d agents without its time", n.Measure, n.Region, n.Period, n.Value)
	}
	return nil
}
