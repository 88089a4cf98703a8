package compute

import (
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/settle"
)

// The states of a result (R10).
const (
	Final       = settle.Final
	Provisional = settle.Provisional
)

// Slice is the slice that a result was computed from. Times are epoch seconds.
type Slice struct {
	Day                          calendar.Date
	Source                       string
	HighWater                    *int64 // nil where unknown
	AsOf                         int64
	ExtractedTS                  int64
	Sessions, Activities, Agents int64
	OpenSessions                 int64
	SHA256                       string
}

// Peak is the concurrent count of a scope on a day (R8).
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

// Quality is what one data-quality rule found (R11).
type Quality struct {
	Rule     string
	Blocking bool // any occurrence keeps the tenant's numbers from being issued
	Count    int64
	Examples []string // up to 20 keys
}

// DayResult is a day as computed.
type DayResult struct {
	Day         calendar.Date
	State       string    // Final or Provisional
	Peaks       []Peak    // each region of the configuration, followed by its locations
	Enabled     []Enabled // each region; for the analyst, in no data file
	Quality     []Quality // every rule, by name
	Slice       Slice
	RulesSHA256 string
	SQLSHA256   string
	ComputedTS  int64
	By          config.Tenant // with the counting rules of the result
}

// Regions are the peaks of the regions alone: what is billed.
func (r DayResult) Regions() []Peak {
	var regions []Peak
	for _, p := range r.Peaks {
		if p.Location == "" {
			regions = append(regions, p)
		}
	}
	return regions
}

// Blocked tells whether a blocking rule found anything: then nothing may be issued.
func (r DayResult) Blocked() bool { return len(Blocking(r.Quality)) > 0 }

// MonthResult is a month as computed.
type MonthResult struct {
	Month       calendar.Month
	Regions     []MonthRegion // in the order of the configuration
	Quality     []Quality     // of all its days together, by rule
	RulesSHA256 string        // of its days, where they are all counted by the same; else of a list of them
	SQLSHA256   string
	ComputedTS  int64
	Recomputed  []calendar.Date // days that were stale and have been computed again
	Stale       bool            // since it was counted, or since one of its days was, a slice, the rules or a state has changed
}

// MonthRegion is the number of a region in a month, and what it was counted from.
type MonthRegion struct {
	Enabled
	State        string    // Final when each of its days is
	Slices       []Slice   // one for each of its days
	SlicesSHA256 string    // over the days, hashes and as_of of Slices
	Quality      []Quality // up to its last day
}

// State is Final when every region's is.
func (r MonthResult) State() string {
	for _, region := range r.Regions {
		if region.State != Final {
			return Provisional
		}
	}
	return Final
}

// counts are the numbers alone.
func (r MonthResult) counts() (counts []Enabled) {
	for _, region := range r.Regions {
		counts = append(counts, region.Enabled)
	}
	return counts
}

// Blocked tells whether a blocking rule found anything on any day of the month.
func (r MonthResult) Blocked() bool { return len(Blocking(r.Quality)) > 0 }

// Blocking picks the blocking rules that found something.
func Blocking(found []Quality) []Quality {
	var blocking []Quality
	for _, q := range found {
		if q.Blocking && q.Count > 0 {
			blocking = append(blocking, q)
		}
	}
	return blocking
}
