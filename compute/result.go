package compute

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/settle"
)

// Peak is the concurrent count of a scope on a day (R8), as count/peak has it.
type Peak struct {
	Region      string
	Location    string // "": the region as a whole
	Agents      int64
	PeakTS      int64 // first second at the peak, epoch seconds; 0 where there is no agent
	PeakSeconds int64 // how many seconds of the day are at the peak; 0 where there is no agent
}

// Enabled is the number of different agents of a region, on a day or in a month (R9).
type Enabled struct {
	Region string
	Agents int64
}

// Blocking picks the blocking rules that found something.
func Blocking(found []settle.Quality) []settle.Quality {
	return slices.DeleteFunc(slices.Clone(found), func(q settle.Quality) bool { return !q.Blocks() })
}

// DayResult is a day as computed.
type DayResult struct {
	Day         calendar.Date
	State       string           // Final or settle.Provisional
	Peaks       []Peak           // each region of the configuration, followed by its locations
	Enabled     []Enabled        // each region; for the analyst, in no data file
	Quality     []settle.Quality // every rule, by name
	Slice       settle.Slice
	RulesSHA256 string
	SQLSHA256   string
	ComputedTS  int64
	By          config.Tenant // with the counting rules of the result
}

// Regions are the peaks of the regions alone: what is billed.
func (r DayResult) Regions() []Peak {
	return slices.DeleteFunc(slices.Clone(r.Peaks), func(p Peak) bool { return p.Location != "" })
}

// Blocked tells whether a blocking rule found anything: then nothing may be issued.
func (r DayResult) Blocked() bool { return len(Blocking(r.Quality)) > 0 }

// MonthResult is a month as computed.
type MonthResult struct {
	Month       calendar.Month
	Regions     []MonthRegion    // in the order of the configuration
	Quality     []settle.Quality // of all its days together, by rule
	RulesSHA256 string           // of its days, where they are all counted by the same; else of a list of them
	SQLSHA256   string
	ComputedTS  int64
	Recomputed  []calendar.Date // days that were stale and have been computed again
	Stale       bool            // since it was counted, or since one of its days was, a slice, the rules or a state has changed
}

// MonthRegion is the number of a region in a month, and what it was counted from.
type MonthRegion struct {
	Enabled
	State        string           // Final when each of its days is
	Slices       []settle.Slice   // one for each of its days
	SlicesSHA256 string           // over the days, hashes and as_of of Slices
	Quality      []settle.Quality // up to its last day
}

// State is Final when every region's is.
func (r MonthResult) State() string {
	if slices.ContainsFunc(r.Regions, func(one MonthRegion) bool { return one.State != settle.Final }) {
		return settle.Provisional
	}
	return settle.Final
}

// Blocked tells whether a blocking rule found anything on any day of the month.
func (r MonthResult) Blocked() bool { return len(Blocking(r.Quality)) > 0 }

// counts are the numbers alone.
func (r MonthResult) counts() (counts []Enabled) {
	for _, region := range r.Regions {
		counts = append(counts, region.Enabled)
	}
	return counts
}

// Load reads the results of days from the store, as Days left them; a *MissingError where a slice or a result is missing. The
// rules that a day stands by give the order of regions and locations: any that the store does not know are left out.
func Load(ctx context.Context, q duck.Queryer, stands []Standing) ([]DayResult, error) {
	if err := cmp.Or(missing("slice", stands...), missing("result", stands...)); err != nil || len(stands) == 0 {
		return nil, err
	}
	results, err := loadNumbers(ctx, q, stands)
	for i := range results {
		r, done := &results[i], stands[i].done
		r.State, r.ComputedTS, r.RulesSHA256, r.SQLSHA256 = done.State, done.ComputedTS, done.RulesSHA256, done.SQLSHA256
	}
	return results, err
}

// onDay names a scope on a day in a map; location "" is the region as a whole.
type onDay struct {
	day              calendar.Date
	region, location string
}

// loadNumbers reads what the store has of some days, each in the order of its scopes.
func loadNumbers(ctx context.Context, q duck.Queryer, stands []Standing) ([]DayResult, error) {
	days := daysOf(stands)
	peaks, noPeaks := duck.By[calendar.Date, Peak](ctx, q, "count/peak", duck.Days(days...))
	enabled, notEnabled := duck.By[calendar.Date, Enabled](ctx, q, "count/enabled_count", duck.Days(days...))
	quality, noQuality := loadQuality(ctx, q, slices.MinFunc(days, calendar.Date.Compare), slices.MaxFunc(days, calendar.Date.Compare))
	if err := cmp.Or(noPeaks, notEnabled, noQuality); err != nil {
		return nil, err
	}
	qualityOn := map[calendar.Date][]settle.Quality{}
	for _, one := range quality {
		qualityOn[one.Day] = append(qualityOn[one.Day], one.Quality)
	}
	results := make([]DayResult, len(stands))
	for i, s := range stands {
		r := DayResult{Day: s.Day, Slice: *s.Slice, By: s.By, Quality: qualityOn[s.Day]}
		for _, scope := range RulesFor(s.By, s.Day).Scopes() {
			for _, p := range peaks[s.Day] {
				if p.Region == scope.Region && p.Location == scope.Location {
					r.Peaks = append(r.Peaks, p)
				}
			}
			for _, e := range enabled[s.Day] {
				if e.Region == scope.Region && scope.Location == "" {
					r.Enabled = append(r.Enabled, e)
				}
			}
		}
		results[i] = r
	}
	return results, nil
}

// foundOn is what a data-quality rule found on a day.
type foundOn struct {
	Day calendar.Date
	settle.Quality
}

// loadQuality reads what the data-quality rules found on the days of a range, both included, by rule and day.
func loadQuality(ctx context.Context, q duck.Queryer, from, to calendar.Date) ([]foundOn, error) {
	return duck.All[foundOn](ctx, q, "count/quality", duck.Span(from, to)...)
}

// sumQuality sums up by rule what was found on the days up to one, with up to 20 examples of the earliest.
func sumQuality(found []foundOn, to calendar.Date) (all []settle.Quality) {
	for _, one := range found {
		if to.Before(one.Day) {
			continue
		}
		if last := len(all) - 1; last < 0 || all[last].Rule != one.Rule {
			all = append(all, settle.Quality{Rule: one.Rule, Examples: settle.Keys{}})
		}
		sum := &all[len(all)-1]
		sum.Blocking, sum.Count = sum.Blocking || one.Blocking, sum.Count+one.Count
		sum.Examples = append(sum.Examples, one.Examples[:min(len(one.Examples), 20-len(sum.Examples))]...)
	}
	return all
}

// MissingError: days without a slice (R9), or, from the Load functions, without a result.
type MissingError struct {
	What string // "slice" or "result"
	Days []calendar.Date
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s of %s", e.What, calendar.Runs(e.Days, " to "))
}

// ExitCode is that of days missing (R9).
func (e *MissingError) ExitCode() int { return int(fail.NotReady) }

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

// ExitCode is that of R12.
func (e *DifferenceError) ExitCode() int { return int(fail.Differ) }

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
