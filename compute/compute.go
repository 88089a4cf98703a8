// Package compute counts seats from the slices in a tenant's store, twice (R12): by the statements of
// sql/count, and by the sweep of compute/sweep. It knows nothing of GIM and of files.
//
// A question is put to a set of days: day is a column of every table on the way. Promises: days that are counted at once have
// the results that each has by itself; one transaction replaces the results of them all or leaves them; nothing is
// stored unless the two ways agree, second by second and agent by agent; equal slices and equal rules give
// equal results; no clock is read. A cancelled context ends the work and leaves the store as it was.
//
// Every function that takes a *sql.Conn keeps temporary tables on it, which the next call replaces; the connection must not be in a transaction.
package compute

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"

	"example.com/seats/compute/rule"
	"example.com/seats/compute/sweep"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// working are the SQL engine's first steps, in order: temporary tables of all days that are counted at once, each made from the
// ones before it. They are no part of a transaction: what a transaction has written itself, DuckDB reads with one thread only.
var working = slices.Concat(putting, []string{
	"count/scope", "count/place", "count/counted_agent", "count/login", "count/occupied_session", "count/open_activity",
	"count/occupied_activity", "count/occupied_other_leg", "count/session_location", "count/presence", "count/step",
})

// putting are the first of these, which put the rules of the days into tables.
var putting = []string{"count/rule", "count/rule_region_day", "count/rule_location", "count/rule_switch", "count/rule_exclude"}

// results are the steps that write the results of the days; last, what was doubtful in the slices (R11).
var results = []string{"count/qualifying_session", "count/concurrency", "count/daily_concurrent", "count/enabled_daily", "count/data_quality"}

// Steps names the statements that count days by SQL, in their order, for whoever wants to run them without this
// program: with $rules, on a store's tables.
func Steps() []string { return slices.Concat(working, results) }

var ofMonth = []string{"count/rule_region_month", "count/rule_month_day", "count/month_agent"}

// SQLSHA256 identifies the statements that give numbers. Manifests carry it, so that a number can be traced to them.
// What only tells of doubts, or reads, is none of them. It is put together once: each day that is counted or audited asks for it.
var SQLSHA256 = sync.OnceValue(func() string {
	gives := slices.Concat(Steps(), ofMonth, []string{"count/monthly_enabled", "count/monthly_concurrent", "count/quality_" + blockingRule})
	return texts.Identity(slices.DeleteFunc(gives, func(name string) bool { return name == "count/data_quality" }))
})

// Counter counts days and months of a tenant's store. Whom the sweep finds on a day of its months is remembered, so that the day
// need not be swept again for the month.
type Counter struct {
	Beside *sql.DB // gives a connection more to the same store, for the sweep to go on beside the SQL engine; nil: it comes first

	few    int64 // rows that are not worth a connection more
	conn   *sql.Conn
	tenant config.Tenant
	months []calendar.Month
	swept  map[calendar.Date]sweptDay
}

// NewCounter counts in the store that the connection has open. The months are those that will be asked for.
func NewCounter(conn *sql.Conn, t config.Tenant, months ...calendar.Month) *Counter {
	return &Counter{few: duck.FewRows, conn: conn, tenant: t, months: months, swept: map[calendar.Date]sweptDay{}}
}

// Counted is what became of a day.
type Counted struct {
	DayResult
	Err error
}

// Days computes days from their slices, both ways, compares them (R12), and replaces their results in the store, as many in one
// transaction as make a batch. computedTS, epoch seconds, is kept beside them. One that fails keeps back no other.
//
// A day without a slice gives a *MissingError, one whose slice does not cover the day of a region a
// *CoverageError, and two computations that differ a *DifferenceError; its results are then as they were. Results
// that a data-quality rule blocks are stored all the same: not issuing them is the caller's part.
func (c *Counter) Days(ctx context.Context, stands []Standing, computedTS int64) []Counted {
	counted := make([]Counted, len(stands))
	var can []Standing
	var numbers []int // of those that can be counted
	for i, s := range stands {
		counted[i].Day = s.Day
		if _, counted[i].Err = s.rules(); counted[i].Err == nil {
			can, numbers = append(can, s), append(numbers, i)
		}
	}
	for len(can) > 0 {
		n := Batch(can, batchRows)
		for i, one := range c.atOnce(ctx, can[:n], computedTS) {
			one.Day = can[i].Day
			counted[numbers[i]] = one
		}
		can, numbers = can[n:], numbers[n:]
	}
	return counted
}

// batchRows is how many sessions and activities are counted at once: memory does not grow with the number of days.
const batchRows = 300_000

// Batch is how many of the days, from the first on, have so many sessions and activities at most: one at least.
func Batch(stands []Standing, most int64) int {
	rows := int64(0)
	for i, s := range stands {
		if rows += s.Size(); i > 0 && rows > most {
			return i
		}
	}
	return len(stands)
}

// atOnce counts the days of a batch at once, or, where that fails, each by itself.
func (c *Counter) atOnce(ctx context.Context, stands []Standing, computedTS int64) (counted []Counted) {
	results, err := c.count(ctx, stands, computedTS, true)
	for i := range stands {
		switch {
		case err == nil:
			counted = append(counted, Counted{DayResult: results[i]})
		case len(stands) > 1 && ctx.Err() == nil:
			counted = append(counted, c.atOnce(ctx, stands[i:i+1], computedTS)...)
		default:
			counted = append(counted, Counted{Err: err})
		}
	}
	return counted
}

// Would is Days for one day, but leaves the store as it is.
func (c *Counter) Would(ctx context.Context, s Standing) (DayResult, error) {
	results, err := c.count(ctx, []Standing{s}, 0, false)
	if err != nil {
		return DayResult{}, err
	}
	return results[0], nil
}

// count computes days at once and, where that is wanted, keeps their results.
func (c *Counter) count(ctx context.Context, stands []Standing, computedTS int64, keep bool) ([]DayResult, error) {
	rules, err := rulesOf(stands)
	if err != nil {
		return nil, err
	}
	rows := rowsOf(stands)
	beside := c.Beside != nil && rows > c.few && rows <= manyRows
	lane, end := context.WithCancel(ctx)
	sweeping := sync.OnceValues(func() ([]*sweep.Result, error) { return c.sweep(lane, beside, stands) })
	defer func() { end(); sweeping() }() //nolint:errcheck // it only waits
	busy := 0
	if beside {
		busy = 1
		go sweeping() //nolint:errcheck // whoever asks again has the error
	} else if _, err := sweeping(); err != nil {
		return nil, err
	}
	if err := duck.Spread(ctx, c.conn, c.tenant.Engine.Threads, rows, busy); err != nil {
		return nil, err
	}
	if err := duck.ExecAll(ctx, c.conn, working, asked(stands, rules)); err != nil {
		return nil, err
	}
	tx, err := duck.Begin(ctx, c.conn)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	before := slices.DeleteFunc(slices.Clone(stands), func(s Standing) bool { return s.done == nil })
	if err := store.DropResults(ctx, tx, DaysOf(before)...); err != nil {
		return nil, err
	}
	steps := slices.Concat(results, []string{"count/keep_rules_of_days", "count/computation"})
	if err := duck.ExecAll(ctx, tx, steps, sql.Named("sql_sha256", SQLSHA256()), sql.Named("computed_ts", computedTS)); err != nil {
		return nil, err
	}
	counted, err := loadNumbers(ctx, tx, stands)
	if err != nil {
		return nil, err
	}
	for i, s := range stands {
		counted[i].State, counted[i].ComputedTS = s.state(rules[i].End()), computedTS
		counted[i].RulesSHA256, counted[i].SQLSHA256 = s.By.RulesHash(), SQLSHA256()
	}
	swept, err := sweeping()
	if err == nil {
		err = compareDays(ctx, c.conn, tx, counted, swept)
	}
	if err != nil || !keep {
		return counted, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	c.remember(stands, swept)
	return counted, nil
}

// manyRows would take too much memory for both ways at once: the sweep's are gone again before the SQL engine needs it.
const manyRows = 3_000_000

// sweep has the days swept, if wanted on a connection of its own.
func (c *Counter) sweep(ctx context.Context, beside bool, stands []Standing) ([]*sweep.Result, error) {
	if !beside {
		return Sweep(ctx, c.conn, stands)
	}
	conn, err := c.Beside.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // only read
	return Sweep(ctx, conn, stands)
}

func (c *Counter) remember(stands []Standing, swept []*sweep.Result) {
	for i, s := range stands {
		if !slices.Contains(c.months, s.Day.YearMonth()) {
			continue
		}
		d := sweptDay{*s.Slice, s.By, map[string][]int64{}, map[string]Peak{}, swept[i].Said()}
		for no, scope := range swept[i].Scopes {
			if scope.Location == "" {
				d.resources[scope.Region], d.peaks[scope.Region] = swept[i].Resources(no), peakOf(scope, swept[i].Curve(no))
			}
		}
		c.swept[s.Day] = d
	}
}

// Day looks at a day, counts it by the rules of the counter's tenant, whatever was issued of it, and keeps its results: Days for one.
func (c *Counter) Day(ctx context.Context, day calendar.Date, computedTS int64) (DayResult, error) {
	stands, err := Look(ctx, c.conn, c.tenant, day)
	if err != nil {
		return DayResult{}, err
	}
	stands[0].By = c.tenant.On(day)
	counted := c.Days(ctx, stands, computedTS)[0]
	return counted.DayResult, counted.Err
}

// Standing is what a store says of a day: its slice, how it was counted, and by which rules it is to be.
type Standing struct {
	Day   calendar.Date
	By    config.Tenant // with the counting rules of the day; of one that is issued, with those that it was counted by (R9)
	Slice *settle.Slice // nil: none

	spans  []calendar.Interval // of time that the slice covers
	done   *computation        // nil: never counted
	sealed bool                // the rows lie in a sealed month, as they were when they were counted
}

// computation is what the store says of how a day was counted, as count/computed has it.
type computation struct {
	SliceSHA256, RulesSHA256, SQLSHA256 string
	AsOf                                *settle.Epoch // of the slice; nil where an older version counted, and it is not known
	Rules                               string        // as JSON
	State                               string
	ComputedTS                          int64
	HasCurve                            bool
	IsIssued                            bool
}

// Look asks a store for some days, in their order. A day of which a number is issued stays with the rules that it was counted by,
// whatever became of the configuration since.
func Look(ctx context.Context, q duck.Queryer, t config.Tenant, days ...calendar.Date) ([]Standing, error) {
	held, noSlices := duck.By[calendar.Date, settle.Slice](ctx, q, "count/slice", duck.Days(days...))
	spans, noSpans := duck.By[calendar.Date, calendar.Interval](ctx, q, "count/slice_span", duck.Days(days...))
	done, notDone := duck.By[calendar.Date, computation](ctx, q, "count/computed", duck.Days(days...))
	if err := cmp.Or(noSlices, noSpans, notDone); err != nil {
		return nil, err
	}
	seals, err := store.Seals(ctx, q)
	stands := make([]Standing, len(days))
	for i, day := range days {
		sealed := slices.ContainsFunc(seals, func(one store.Seal) bool { return one.Month == day.YearMonth() })
		s := Standing{Day: day, By: t.On(day), sealed: sealed, spans: spans[day]}
		for _, one := range held[day] {
			s.Slice = &one
		}
		for _, c := range done[day] {
			if s.done = &c; err == nil && c.IsIssued && c.RulesSHA256 != s.By.RulesHash() {
				s.By, err = s.By.WithRules([]byte(c.Rules))
			}
		}
		stands[i] = s
	}
	return stands, err
}

// Missing is the error of a day without a slice, else nil.
func (s Standing) Missing() error { return missing("slice", s) }

// missing is the error of days that lack a slice, or a result; nil where none does.
func missing(what string, stands ...Standing) error {
	e := &MissingError{What: what}
	for _, s := range stands {
		if s.Slice == nil || what == "result" && s.done == nil {
			e.Days = append(e.Days, s.Day)
		}
	}
	if len(e.Days) == 0 {
		return nil
	}
	return e
}

// Stale tells whether a day that has a slice is to be counted again: never counted, or since then its slice or its rules
// changed, or its rows were dropped with age. What other statements counted stays valid: its number names them.
func (s Standing) Stale() bool {
	if s.done == nil {
		return true
	}
	end := RulesFor(s.By, s.Day).End()
	return !s.done.HasCurve && end > 0 && !s.sealed ||
		s.done.SliceSHA256 != s.Slice.SHA256 || s.done.AsOf == nil || *s.done.AsOf != s.Slice.AsOf || // R10 tells slices apart by both
		s.done.RulesSHA256 != s.By.RulesHash() || s.done.State != s.state(end)
}

// state is the state of the day's numbers (R10), whose day ends then in the last region.
func (s Standing) state(end int64) string {
	return settle.Of(settle.Why(s.Slice.HighWater, s.Slice.OpenSessions, end, s.By.SettleHours))
}

// Basis tells results apart that may not be the same: all that a day's are counted from, and how they were; not when.
func (s Standing) Basis() any {
	done := *cmp.Or(s.done, &computation{})
	done.ComputedTS = 0
	return []any{s.Slice, s.By.RulesHash(), s.sealed, done}
}

// Size is how many rows the slice has of those that are counted; 0 where there is none.
func (s Standing) Size() int64 {
	if s.Slice == nil {
		return 0
	}
	return s.Slice.Sessions + s.Slice.Activities
}

func rowsOf(stands []Standing) (rows int64) {
	for _, s := range stands {
		rows += s.Size()
	}
	return rows
}

// RulesFor places a tenant's counting rules on a day. AsOf is the slice's and is left for the caller.
func RulesFor(t config.Tenant, day calendar.Date) rule.Set {
	t = t.On(day)
	rules := rule.Set{EndSecondCounts: t.SessionEnd == config.SessionEndInclusive, Exclude: t.ExcludeAgents}
	for _, r := range t.Regions {
		locations := list.Of(r.Locations, func(l config.Location) rule.Location { return rule.Location{Name: l.Name, Switches: l.Switches} })
		rules.Regions = append(rules.Regions, rule.Region{Name: r.Name, Day: day.In(r.Zone), Locations: locations})
	}
	return rules
}

// rules places the rules on the day, and makes sure that the slice holds the day of every region as they do (R10).
func (s Standing) rules() (rule.Set, error) {
	if err := s.Missing(); err != nil {
		return rule.Set{}, err
	}
	rules := RulesFor(s.By, s.Day)
	rules.AsOf = int64(s.Slice.AsOf)
	covered := calendar.Union(s.spans) // these do not touch: one of them has to hold the whole day
	for _, r := range rules.Regions {
		holds := func(span calendar.Interval) bool { return span.Start <= r.Day.Start && r.Day.End <= span.End }
		if r.Day.Seconds() > 0 && !slices.ContainsFunc(covered, holds) {
			return rules, &CoverageError{Day: s.Day, Region: r.Name, Wants: r.Day}
		}
	}
	return rules, nil
}

func rulesOf(stands []Standing) (all []rule.Set, err error) {
	all = make([]rule.Set, len(stands))
	for i, s := range stands {
		if all[i], err = s.rules(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asked gives the rules of some days to the SQL engine, as count/rule reads them.
func asked(stands []Standing, rules []rule.Set) sql.NamedArg {
	type day struct {
		rule.Set
		Day         calendar.Date `json:"day"`
		State       string        `json:"state"`
		SliceSHA256 string        `json:"slice_sha256"`
		RulesSHA256 string        `json:"rules_sha256"`
		Rules       string        `json:"rules"`
	}
	days := make([]day, len(stands))
	for i, s := range stands {
		days[i] = day{rules[i], s.Day, s.state(rules[i].End()), s.Slice.SHA256, s.By.RulesHash(), string(s.By.Rules())}
	}
	return duck.JSON("rules", days)
}

// PutRules puts the counting rules of days, as they stand, and the agents and sessions of their slices where the first statements of
// count would have them, for whoever counts the same rows otherwise. The errors are those of Days.
func PutRules(ctx context.Context, conn *sql.Conn, stands []Standing) error {
	rules, err := rulesOf(stands)
	if err != nil {
		return err
	}
	return duck.ExecAll(ctx, conn, slices.Concat(putting, []string{"count/counted_agent", "count/login"}), asked(stands, rules))
}

// DaysOf are the days that stand so.
func DaysOf(stands []Standing) []calendar.Date {
	return list.Of(stands, func(s Standing) calendar.Date { return s.Day })
}
