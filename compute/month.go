package compute

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// Month counts the agents of a month (R9), both ways, compares their sets (R12), and replaces the month's results in the store.
// Its days stand as they are: each by the rules that it is counted by (Look). Those that are stale are computed again first.
//
// The errors are those of Days; a *MissingError names every day of the month without a slice, and nothing is computed then.
func (c *Counter) Month(ctx context.Context, month calendar.Month, computedTS int64) (result MonthResult, err error) {
	if !slices.Contains(c.months, month) {
		c.months = append(c.months, month)
	}
	stands, err := c.complete(ctx, month)
	if err != nil {
		return result, err
	}
	if stale := slices.DeleteFunc(slices.Clone(stands), func(s Standing) bool { return !s.Stale() }); len(stale) > 0 {
		for _, one := range c.Days(ctx, stale, computedTS) {
			err = errors.Join(err, one.Err)
		}
		if err == nil {
			stands, err = c.complete(ctx, month)
		}
		defer func() { result.Recomputed = DaysOf(stale) }()
	}
	if err == nil {
		err = c.sweepLeft(ctx, stands)
	}
	if err != nil {
		return result, err
	}
	return c.countMonth(ctx, month, stands, computedTS)
}

func (c *Counter) complete(ctx context.Context, month calendar.Month) ([]Standing, error) {
	stands, err := Look(ctx, c.conn, c.tenant, c.tenant.DaysOf(month)...)
	for i, s := range stands { // a day that this counter has counted stands as it did, whether a number of it is issued or not
		if was, is := c.swept[s.Day]; is && s.done != nil && s.done.RulesSHA256 == was.by.RulesHash() {
			stands[i].By = was.by
		}
	}
	return stands, cmp.Or(err, missing("slice", stands...))
}

// sweepLeft sweeps the days of a month that were not swept as they stand.
func (c *Counter) sweepLeft(ctx context.Context, stands []Standing) error {
	left := slices.DeleteFunc(slices.Clone(stands), func(s Standing) bool {
		d := c.swept[s.Day]
		return d.slice.SHA256 == s.Slice.SHA256 && d.slice.AsOf == s.Slice.AsOf && d.by.RulesHash() == s.By.RulesHash()
	})
	for len(left) > 0 {
		n := Batch(left, batchRows)
		swept, err := Sweep(ctx, c.conn, left[:n])
		if err != nil {
			return err
		}
		c.remember(left[:n], swept)
		left = left[n:]
	}
	return nil
}

// countMonth counts by SQL, compares, and replaces the month's rows.
func (c *Counter) countMonth(ctx context.Context, month calendar.Month, stands []Standing, computedTS int64) (result MonthResult, err error) {
	base, err := basisOf(c.tenant, month, stands)
	if err != nil {
		return result, err
	}
	if err := duck.ExecAll(ctx, c.conn, ofMonth, duck.JSON("regions", base.regions)); err != nil {
		return result, err
	}
	return result, duck.InTx(ctx, c.conn, func(tx *sql.Tx) error {
		steps := slices.Concat(dropMonth, []string{"count/keep_rules", "count/monthly_enabled", "count/monthly_concurrent"})
		err := duck.ExecAll(ctx, tx, steps, sql.Named("month", month.String()), sql.Named("rules_sha256", base.rulesSHA256), sql.Named("rules", base.rules),
			sql.Named("sql_sha256", SQLSHA256()), sql.Named("computed_ts", computedTS))
		if err != nil {
			return err
		}
		if result, err = loadMonth(ctx, tx, c.tenant, month, stands); err != nil {
			return err
		}
		rolls := []roll{{left: c.agents(base, stands)}}
		counts := list.Of(result.Regions, func(r MonthRegion) Enabled { return r.Enabled })
		err = cmp.Or(strike(ctx, c.conn, rolls, "count/month_agent_list"), rolls[0].compare(month.String(), counts))
		for i := 0; err == nil && i < len(result.Regions); i++ {
			of := result.Regions[i]
			err = comparePeaks(month, of.Region, *of.Peak, c.peak(of.Region, base.regions[i].Days))
		}
		return err
	})
}

var dropMonth = []string{"count/delete_monthly_enabled", "count/delete_monthly_concurrent"}

func DropMonth(ctx context.Context, q duck.Queryer, month calendar.Month) error {
	return duck.ExecAll(ctx, q, dropMonth, sql.Named("month", month.String()))
}

// peak is the highest second of a region's days by the sweep.
func (c *Counter) peak(region string, days []calendar.Date) MonthPeak {
	top := MonthPeak{Peak: Peak{Region: region}}
	for _, day := range days {
		switch p := c.swept[day].peaks[region]; {
		case p.Agents == 0 || p.Agents < top.Agents:
		case p.Agents > top.Agents:
			top = MonthPeak{p, 1}
		default: // the days come in their order: the first second is that of the first of them
			top.PeakSeconds, top.Days = top.PeakSeconds+p.PeakSeconds, top.Days+1
		}
	}
	return top
}

// LoadMonth reads a month's results from the store, as Month left them, and tells whether they are still those of its days; a
// *MissingError where there are none, or where a slice is gone.
func LoadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month) (MonthResult, error) {
	stands, err := Look(ctx, q, t, t.DaysOf(month)...)
	if err != nil {
		return MonthResult{}, err
	}
	r, err := loadMonth(ctx, q, t, month, stands)
	if r.Stale = err == nil && slices.ContainsFunc(stands, Standing.Stale); err != nil || r.Stale {
		return r, err
	}
	base, err := basisOf(t, month, stands)
	r.Stale = r.RulesSHA256 != base.rulesSHA256 || slices.ContainsFunc(r.Regions, func(s MonthRegion) bool {
		// A region that was not configured when the month was counted has no numbers.
		return slices.ContainsFunc(base.regions, func(b regionBasis) bool {
			return b.Region == s.Region && (b.SlicesSHA256 != s.SlicesSHA256 || b.State != s.State)
		})
	})
	return r, err
}

func loadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month, stands []Standing) (MonthResult, error) {
	r := MonthResult{Month: month}
	stored, notStored := duck.By[string, struct {
		Agents                                      int64
		State, SlicesSHA256, RulesSHA256, SQLSHA256 string
	}](ctx, q, "count/month_count", sql.Named("month", month.String()))
	peaks, noPeaks := loadMonthPeaks(ctx, q, month)
	quality, noQuality := duck.By[calendar.Date, settle.Quality](ctx, q, "count/month_quality", duck.Span(month.First(), month.Last())...)
	if err := cmp.Or(notStored, noPeaks, noQuality); err != nil {
		return r, err
	}
	if len(stored) == 0 {
		return r, &MissingError{What: "result", Days: month.Days()}
	}
	if err := missing("slice", stands...); err != nil {
		return r, err
	}
	r.Quality = quality[month.Last()]
	for _, region := range t.Regions {
		for _, s := range stored[region.Name] {
			r.RulesSHA256, r.SQLSHA256 = s.RulesSHA256, s.SQLSHA256
			one, last := MonthRegion{Enabled: Enabled{region.Name, s.Agents}, State: s.State, SlicesSHA256: s.SlicesSHA256}, month.Last()
			for _, s := range standsIn(region, month, stands) {
				one.Slices, last = append(one.Slices, *s.Slice), s.Day
			}
			one.Quality = quality[last]
			if top, counted := peaks[region.Name]; counted {
				one.Peak = &top[0]
			}
			r.Regions = append(r.Regions, one)
		}
	}
	return r, nil
}

// loadMonthPeaks reads the highest second of each region. A store that an older version wrote has none.
func loadMonthPeaks(ctx context.Context, q duck.Queryer, month calendar.Month) (map[string][]MonthPeak, error) {
	const since = 5 // schema version
	if has, err := store.Has(ctx, q, since); err != nil || !has {
		return nil, err
	}
	return duck.By[string, MonthPeak](ctx, q, "count/month_peak", sql.Named("month", month.String()))
}

// standsIn are the days of a month that a region has, of those that it is counted from.
func standsIn(region config.Region, month calendar.Month, stands []Standing) []Standing {
	return slices.DeleteFunc(slices.Clone(stands), func(s Standing) bool { return len(region.DaysIn(month, []calendar.Date{s.Day})) == 0 })
}

// basis is what a month is counted from: its days as they stand.
type basis struct {
	rulesSHA256, rules string
	regions            []regionBasis // in the order of the configuration
}

// regionBasis is what count/rule_region_month reads.
type regionBasis struct {
	Region       string          `json:"region"`
	State        string          `json:"state"` // Final when each of the days is (R10)
	SlicesSHA256 string          `json:"slices_sha256"`
	Days         []calendar.Date `json:"days"`
}

// basisOf looks at the days of a month. Of one whose days are not all computed it is the basis as far as it goes.
func basisOf(t config.Tenant, month calendar.Month, stands []Standing) (b basis, err error) {
	if b.rulesSHA256, b.rules, err = monthRules(stands); err != nil {
		return b, err
	}
	for _, r := range t.Regions {
		one, all := regionBasis{Region: r.Name, State: settle.Final}, sha256.New()
		for _, s := range standsIn(r, month, stands) {
			if s.done == nil || s.done.State != settle.Final {
				one.State = settle.Provisional
			}
			one.Days = append(one.Days, s.Day)
			fmt.Fprintf(all, "%s %s %d\n", s.Day, s.Slice.SHA256, s.Slice.AsOf) // what tells slices from others (R10)
		}
		one.SlicesSHA256 = hex.EncodeToString(all.Sum(nil))
		b.regions = append(b.regions, one)
	}
	return b, nil
}

// monthRules gives the rules of a month, and their hash: those of its days where they are all the same, else which day has which.
func monthRules(stands []Standing) (hash, text string, err error) {
	var runs []config.DayRules
	for _, s := range stands {
		switch last := len(runs) - 1; {
		case s.done == nil:
		case last >= 0 && runs[last].SHA256 == s.done.RulesSHA256:
			runs[last].To = s.Day
		default:
			hash, text = s.done.RulesSHA256, s.done.Rules
			runs = append(runs, config.DayRules{From: s.Day, To: s.Day, SHA256: hash})
		}
	}
	if len(runs) == 1 {
		return hash, text, nil
	}
	encoded, err := config.MonthRules(runs)
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), string(encoded), err
}

// sweptDay is what a month needs to know of a day that was swept.
type sweptDay struct {
	slice     settle.Slice
	by        config.Tenant      // whose rules it was swept by
	resources map[string][]int64 // resource keys that are enabled, by region
	peaks     map[string]Peak    // by region
	said      map[int64]string   // what the slice says of resource keys: the employee_id
}

// agents are the sweep's agents of the month by region, each by the newest word of the region's days for its resource key (R6).
func (c *Counter) agents(b basis, stands []Standing) sets {
	newest := map[calendar.Date]map[int64]string{} // by the last day that is heard
	agents := sets{}
	for _, r := range b.regions {
		agents[r.Region] = map[string]bool{}
		for _, day := range r.Days {
			last := r.Days[len(r.Days)-1]
			if newest[last] == nil {
				newest[last] = c.words(stands, last)
			}
			for _, key := range c.swept[day].resources[r.Region] {
				agents[r.Region][cmp.Or(newest[last][key], "#"+strconv.FormatInt(key, 10))] = true
			}
		}
	}
	return agents
}

// words are what the newest of the month's slices up to a day say of resource keys: the newest is that which knows the source up to
// a later time, then that which was read later, then that of the later day.
func (c *Counter) words(stands []Standing, last calendar.Date) map[int64]string {
	heard := slices.DeleteFunc(slices.Clone(stands), func(s Standing) bool { return last.Before(s.Day) })
	slices.SortStableFunc(heard, func(a, b Standing) int {
		one, other := c.swept[a.Day].slice, c.swept[b.Day].slice
		return cmp.Or(cmp.Compare(one.AsOf, other.AsOf), cmp.Compare(one.ExtractedTS, other.ExtractedTS))
	})
	words := map[int64]string{}
	for _, s := range heard {
		maps.Copy(words, c.swept[s.Day].said)
	}
	return words
}

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

// Blocking picks the blocking rules that found something: where one did, nothing may be issued.
func Blocking(found []settle.Quality) []settle.Quality {
	return slices.DeleteFunc(slices.Clone(found), func(q settle.Quality) bool { return !q.Blocking || q.Count == 0 })
}

type DayResult struct {
	Day         calendar.Date
	State       string           // Final or settle.Provisional
	Peaks       []Peak           // each region of the configuration, followed by its locations
	Enabled     []Enabled        // each region
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

type MonthResult struct {
	Month       calendar.Month
	Regions     []MonthRegion    // in the order of the configuration
	Quality     []settle.Quality // of all its days together, by rule
	RulesSHA256 string           // of its days, where they are all counted by the same; else of a list of them
	SQLSHA256   string
	Recomputed  []calendar.Date // days that were stale and have been computed again
	Stale       bool            // since it was counted, or since one of its days was, a slice, the rules or a state has changed
}

// MonthPeak is the highest second of a region in a month, as count/monthly_concurrent has it.
type MonthPeak struct {
	Peak
	Days int64 // that reach it; 0 where there is no agent
}

// MonthRegion is the numbers of a region in a month, and what they were counted from.
type MonthRegion struct {
	Enabled
	Peak         *MonthPeak       // nil: an older version counted the month, which did not look for it
	State        string           // Final when each of its days is
	Slices       []settle.Slice   // one for each of its days
	SlicesSHA256 string           // over the days, hashes and as_of of Slices
	Quality      []settle.Quality // up to its last day
}

func (r MonthResult) State() string {
	if slices.ContainsFunc(r.Regions, func(one MonthRegion) bool { return one.State != settle.Final }) {
		return settle.Provisional
	}
	return settle.Final
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

type onDay struct {
	Day              calendar.Date
	Region, Location string
}

// loadNumbers reads what the store has of some days, each in the order of its scopes.
func loadNumbers(ctx context.Context, q duck.Queryer, stands []Standing) ([]DayResult, error) {
	days := DaysOf(stands)
	peaks, noPeaks := duck.By[onDay, Peak](ctx, q, "count/peak", duck.Days(days...))
	enabled, notEnabled := duck.By[onDay, Enabled](ctx, q, "count/enabled_count", duck.Days(days...))
	quality, noQuality := duck.By[calendar.Date, settle.Quality](ctx, q, "count/quality", duck.Days(days...))
	if err := cmp.Or(noPeaks, notEnabled, noQuality); err != nil {
		return nil, err
	}
	results := make([]DayResult, len(stands))
	for i, s := range stands {
		r := DayResult{Day: s.Day, Slice: *s.Slice, By: s.By, Quality: quality[s.Day]}
		for _, scope := range RulesFor(s.By, s.Day).Scopes() {
			at := onDay{s.Day, scope.Region, scope.Location}
			r.Peaks, r.Enabled = append(r.Peaks, peaks[at]...), append(r.Enabled, enabled[at]...)
		}
		results[i] = r
	}
	return results, nil
}

// MissingError: days without a slice (R9), or, from the Load functions, without a result.
type MissingError struct {
	What string // "slice" or "result"
	Days []calendar.Date
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s of %s", e.What, calendar.Runs(e.Days, " to "))
}

func (e *MissingError) ExitCode() int { return int(fail.NotReady) }
func (e *MissingError) Hint() string  { return "`seats run` or `seats extract` brings the missing days" }

// CoverageError: the slice does not cover the day of a region, whose time zone was changed since (R10).
type CoverageError struct {
	Day    calendar.Date
	Region string
	Wants  calendar.Interval // the region's day
}

func (e *CoverageError) Error() string {
	return fmt.Sprintf("the slice of %s does not cover the day of region %s, %s to %s: extract it again",
		e.Day, e.Region, settle.Epoch(e.Wants.Start), settle.Epoch(e.Wants.End))
}

func (e *CoverageError) Hint() string { return "`seats extract` reads the day again" }

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

func (e *DifferenceError) ExitCode() int { return int(fail.Differ) }
func (e *DifferenceError) Hint() string {
	return "nothing was issued; this is a defect of the program or a damaged store: keep the store and report it"
}

func (e *DifferenceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the two computations of %s differ in %s: %s", e.Period, e.Scope, e.What)
	if e.Second != 0 {
		fmt.Fprintf(&b, " at %s (%d)", settle.Epoch(e.Second), e.Second)
	}
	if e.Agent != "" {
		fmt.Fprintf(&b, " %q", e.Agent)
	}
	fmt.Fprintf(&b, ": %s by SQL, %s by the sweep", e.SQL, e.Sweep)
	return b.String()
}
