package compute

import (
	"fmt"
	"strings"
	"time"

	"seats/internal/calendar"
)

// MissingError: days without a slice (R9), or, from the Load functions, without a result.
type MissingError struct {
	What string // "slice" or "result"
	Days []calendar.Date
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s of %s", e.What, calendar.Runs(e.Days, " to "))
}

// CoverageError: the slice does not cover the day of a region, whose time zone was changed since (R10).
type CoverageError struct {
	Day    calendar.Date
	Region string
	Wants  calendar.Interval // the region's day
}

func (e *CoverageError) Error() string {
	return fmt.Sprintf("the slice of %s does not cover the day of region %s, %s to %s: extract it again",
		e.Day, e.Region, inWords(e.Wants.Start), inWords(e.Wants.End))
}

// DifferenceError: the two computations disagree (R12). It names the first difference found.
type DifferenceError struct {
	Period string // the day or the month
	Scope  string // "US", or "US/dallas" for a location
	What   string // "agents", "sessions", "first second of the peak", "seconds at the peak", ...
	Second int64  // epoch seconds, of a second that differs; 0 where the difference is not one in time
	Agent  string // where a set of agents differs
	SQL    string // what the SQL engine has
	Sweep  string // what the sweep has
}

func (e *DifferenceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the two computations of %s differ in %s: %s", e.Period, e.Scope, e.What)
	if e.Second != 0 {
		fmt.Fprintf(&b, " at %s (%d)", inWords(e.Second), e.Second)
	}
	if e.Agent != "" {
		fmt.Fprintf(&b, " %q", e.Agent)
	}
	fmt.Fprintf(&b, ": %s by SQL, %s by the sweep", e.SQL, e.Sweep)
	return b.String()
}

func inWords(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }
