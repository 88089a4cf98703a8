package compute

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
	texts "seats/sql"
)

// working are the SQL engine's first steps, in order: temporary tables of all days that are counted at once, each made from the
// ones before it. They are no part of a transaction: what a transaction has written itself, DuckDB reads with one thread only.
var working = []string{
	"count/rule",
	"count/rule_region_day",
	"count/rule_location",
	"count/rule_switch",
	"count/rule_exclude",
	"count/scope",
	"count/place",
	"count/counted_agent",
	"count/login",
	"count/occupied_session",
	"count/open_activity",
	"count/occupied_activity",
	"count/occupied_other_leg",
	"count/session_location",
	"count/presence",
	"count/step",
}

// results are the steps that write the results of the days; last, what was doubtful in the slices (R11).
var results = []string{
	"count/qualifying_session",
	"count/concurrency",
	"count/daily_concurrent",
	"count/enabled_daily",
	"count/data_quality",
}

// Steps names the statements that count days by SQL, in their order, for whoever wants to run them without this
// program: with $rules, on a store's tables.
func Steps() []string { return slices.Concat(working, results) }

// SQLSHA256 identifies the statements that give numbers. Manifests carry it, so that a number can be traced to them.
// What only tells of doubts, or reads, is none of them.
func SQLSHA256() string { return sqlSHA256() }

// sqlSHA256 is put together once: each day that is counted, and each that is audited, asks for it.
var sqlSHA256 = sync.OnceValue(func() string {
	gives := append(Steps(), "count/rule_region_month", "count/rule_month_day", "count/month_agent", "count/monthly_enabled", "count/quality_"+blockingRule)
	return texts.Identity(slices.DeleteFunc(gives, func(name string) bool { return name == "count/data_quality" }))
})

// Counter counts days and months of a tenant's store. Whom the sweep finds on a day of its months is remembered, so that the day
// need not be swept again for the month.
type Counter struct {
	conn   *sql.Conn
	tenant config.Tenant
	months []calendar.Month
	swept  map[calendar.Date]sweptDay
}

// NewCounter counts in the store that the connection has open. The months are those that will be asked for.
func NewCounter(conn *sql.Conn, t config.Tenant, months ...calendar.Month) *Counter {
	return &Counter{conn, t, months, map[calendar.Date]sweptDay{}}
}

// Counted is what became of a day.
type Counted struct {
	DayResult
	Err error
}

// batchRows is how many sessions and activities are counted at once: memory does not grow with the number of days.
const batchRows = 300_000

// Days computes days from their slices, both ways, compares them (R12), and replaces their results in the store, as many in one
// transaction as make a batch. computedTS, epoch seconds, is kept beside them. One that fails keeps back no other.
//
// A day without a slice gives a *MissingError, one whose slice does not cover the day of a region a
// *CoverageError, and two computations that differ a *DifferenceError; its results are then as they were. Results
// that a data-quality rule blocks are stored all the same: not issuing them is the caller's part.
func (c *Counter) Days(ctx context.Context, stands []Standing, computedTS int64) []Counted {
	counted := make([]Counted, len(stands))
	var batch []int // numbers of days
	rows := int64(0)
	count := func() {
		c.batch(ctx, stands, batch, computedTS, counted)
		batch, rows = nil, 0
	}
	for i, s := range stands {
		counted[i].Day = s.Day
		if _, counted[i].Err = s.rules(); counted[i].Err != nil {
			continue
		}
		if len(batch) > 0 && rows+s.size() > batchRows {
			count()
		}
		batch, rows = append(batch, i), rows+s.size()
	}
	count()
	return counted
}

// batch counts the days of a batch at once, or, where that fails, each by itself.
func (c *Counter) batch(ctx context.Context, stands []Standing, batch []int, computedTS int64, counted []Counted) {
	if len(batch) == 0 {
		return
	}
	some := make([]Standing, len(batch))
	for i, no := range batch {
		some[i] = stands[no]
	}
	results, err := c.count(ctx, some, computedTS, true)
	if err != nil && len(batch) > 1 && ctx.Err() == nil {
		for _, no := range batch {
			c.batch(ctx, stands, []int{no}, computedTS, counted)
		}
		return
	}
	for i, no := range batch {
		if counted[no].Err = err; err == nil {
			counted[no].DayResult = results[i]
		}
	}
}

// Would is Days for one day, but leaves the store as it is.
func (c *Counter) Would(ctx context.Context, s Standing) (DayResult, error) {
	if _, err := s.rules(); err != nil {
		return DayResult{}, err
	}
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
	// The sweep comes first: its rows are gone again before the SQL engine needs memory.
	swept, err := sweepDays(ctx, c.conn, stands, rules)
	if err != nil {
		return nil, err
	}
	asked, err := asJSON(stands, rules)
	if err != nil {
		return nil, err
	}
	for _, name := range working {
		var args []any
		if name == "count/rule" {
			args = append(args, sql.Named("rules", asked))
		}
		if _, err := duck.Exec(ctx, c.conn, name, args...); err != nil {
			return nil, err
		}
	}
	tx, err := duck.Begin(ctx, c.conn)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := store.DropResults(ctx, tx, daysOf(stands)...); err != nil {
		return nil, err
	}
	for _, name := range append(slices.Clone(results), "count/keep_rules_of_days") {
		if _, err := duck.Exec(ctx, tx, name); err != nil {
			return nil, err
		}
	}
	_, err = duck.Exec(ctx, tx, "count/computation", sql.Named("sql_sha256", SQLSHA256()), sql.Named("computed_ts", computedTS))
	if err != nil {
		return nil, err
	}
	numbers, err := loadNumbers(ctx, tx, stands)
	if err != nil {
		return nil, err
	}
	counted := make([]DayResult, len(stands))
	for i, s := range stands {
		counted[i] = numbers.result(s)
		counted[i].State, counted[i].ComputedTS = s.state(rules[i].End()), computedTS
		counted[i].RulesSHA256, counted[i].SQLSHA256 = s.By.RulesHash(), SQLSHA256()
	}
	if err := compareDays(ctx, c.conn, tx, counted, swept); err != nil || !keep {
		return counted, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	for i, s := range stands {
		c.remember(s, swept[i])
	}
	return counted, nil
}

// remember keeps what the sweep found on a day of the counter's months.
func (c *Counter) remember(s Standing, swept *sweep.Result) {
	if slices.Contains(c.months, s.Day.YearMonth()) {
		c.swept[s.Day] = sweptOf(s, swept)
	}
}

// Day looks at a day, counts it by the rules of the counter's tenant, whatever was issued of it, and keeps its results: Days for one.
func (c *Counter) Day(ctx context.Context, day calendar.Date, computedTS int64) (DayResult, error) {
	stands, err := LookAt(ctx, c.conn, c.tenant, day)
	if err != nil {
		return DayResult{}, err
	}
	stands.By = c.tenant.On(day)
	counted := c.Days(ctx, []Standing{stands}, computedTS)[0]
	return counted.DayResult, counted.Err
}

// failed joins the errors of days.
func failed(counted []Counted) error {
	var errs []error
	for _, one := range counted {
		errs = append(errs, one.Err)
	}
	return errors.Join(errs...)
}
