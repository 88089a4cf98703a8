package compute

import (
	"context"
	"database/sql"
	"slices"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
	texts "seats/sql"
)

// Day computes a day from its slice, both ways, compares them (R12), and replaces the day's results in the
// store. computedTS, epoch seconds, is kept beside them.
//
// A day without a slice gives a *MissingError, one whose slice does not cover the day of a region a
// *CoverageError, and two computations that differ a *DifferenceError; the store is then as it was. Results
// that a data-quality rule blocks are stored all the same: not issuing them is the caller's part.
func Day(ctx context.Context, conn *sql.Conn, t config.Tenant, day calendar.Date, computedTS int64) (DayResult, error) {
	result, _, err := computeDay(ctx, conn, t, day, computedTS)
	return result, err
}

// Would is Day, but leaves the store as it is.
func Would(ctx context.Context, conn *sql.Conn, t config.Tenant, day calendar.Date) (DayResult, error) {
	result, _, err := count(ctx, conn, t, day, 0, false)
	return result, err
}

// CountedBy is the tenant with the counting rules of a day. A day of which a number is issued stays with those that it was
// counted by, whatever became of the configuration since (R9).
func CountedBy(ctx context.Context, q duck.Queryer, t config.Tenant, day calendar.Date) (config.Tenant, error) {
	t = t.On(day)
	done, err := loadComputation(ctx, q, day)
	if err != nil || done == nil || !done.isIssued || done.rulesSHA256 == t.RulesHash() {
		return t, err
	}
	return t.WithRules([]byte(done.rules))
}

// Stale tells whether a day has to be computed again by the tenant's rules: never computed, or since then its slice, the rules
// or the statements have changed, or its rows were dropped with age. A day without a slice gives a *MissingError.
func Stale(ctx context.Context, conn *sql.Conn, t config.Tenant, day calendar.Date) (bool, error) {
	slice, err := LoadSlice(ctx, conn, day)
	if err != nil {
		return false, err
	}
	done, err := loadComputation(ctx, conn, day)
	if err != nil || done == nil {
		return err == nil, err
	}
	t = t.On(day)
	rules := RulesFor(t, day)
	if !done.hasCurve && rules.End() > 0 { // a day that has a second has a curve, if only one step
		sealed, err := isSealed(ctx, conn, day)
		if err != nil || !sealed {
			return err == nil, err
		}
	}
	state := stateOf(rules, slice, t.SettleHours)
	same := done.isOf(slice) && done.rulesSHA256 == t.RulesHash() &&
		done.sqlSHA256 == texts.ComputeSHA256() && done.state == state
	return !same, nil
}

// isSealed tells whether the rows of a day lie in a sealed month, as they were when it was counted.
func isSealed(ctx context.Context, q duck.Queryer, day calendar.Date) (bool, error) {
	seals, err := store.Seals(ctx, q)
	return slices.ContainsFunc(seals, func(s store.Seal) bool { return s.Month == day.YearMonth().String() }), err
}

// computeDay also returns what the sweep found, for the month.
func computeDay(ctx context.Context, conn *sql.Conn, t config.Tenant, day calendar.Date, computedTS int64) (DayResult, *sweep.Result, error) {
	return count(ctx, conn, t, day, computedTS, true)
}

// count computes a day and, where that is wanted, keeps its results.
func count(ctx context.Context, conn *sql.Conn, t config.Tenant, day calendar.Date, computedTS int64, keep bool) (DayResult, *sweep.Result, error) {
	t = t.On(day)
	slice, rules, err := prepare(ctx, conn, t, day)
	if err != nil {
		return DayResult{}, nil, err
	}
	// The sweep comes first: its rows are gone again before the SQL engine needs memory.
	swept, err := sweepDay(ctx, conn, rules, slice)
	if err != nil {
		return DayResult{}, nil, err
	}
	state := stateOf(rules, slice, t.SettleHours)
	if err := writeRules(ctx, conn, rules); err != nil {
		return DayResult{}, nil, err
	}
	if err := runSteps(ctx, conn, working, day, state); err != nil {
		return DayResult{}, nil, err
	}
	tx, err := duck.Begin(ctx, conn)
	if err != nil {
		return DayResult{}, nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := store.DropResults(ctx, tx, day); err != nil {
		return DayResult{}, nil, err
	}
	if err := runSteps(ctx, tx, results, day, state); err != nil {
		return DayResult{}, nil, err
	}
	if err := compareDay(ctx, conn, tx, day, swept); err != nil {
		return DayResult{}, nil, err
	}
	if err := keepRules(ctx, tx, t.RulesHash(), string(t.Rules())); err != nil {
		return DayResult{}, nil, err
	}
	_, err = duck.Exec(ctx, tx, "count/computation",
		sql.Named("day", day.String()),
		sql.Named("slice_sha256", slice.SHA256),
		sql.Named("as_of", slice.AsOf),
		sql.Named("rules_sha256", t.RulesHash()),
		sql.Named("sql_sha256", texts.ComputeSHA256()),
		sql.Named("rules", string(t.Rules())),
		sql.Named("state", state),
		sql.Named("computed_ts", computedTS))
	if err != nil {
		return DayResult{}, nil, err
	}
	result, err := LoadDay(ctx, tx, t, day)
	if err != nil || !keep {
		return result, nil, err
	}
	return result, swept, tx.Commit()
}

// keepRules keeps counting rules by their hash: a number that was issued by them may outlive the day's own.
func keepRules(ctx context.Context, q duck.Queryer, sha256, rules string) error {
	_, err := duck.Exec(ctx, q, "count/keep_rules", sql.Named("rules_sha256", sha256), sql.Named("rules", rules))
	return err
}

// prepare reads the slice and places the rules on the day.
func prepare(ctx context.Context, q duck.Queryer, t config.Tenant, day calendar.Date) (Slice, rule.Set, error) {
	slice, err := LoadSlice(ctx, q, day)
	if err != nil {
		return Slice{}, rule.Set{}, err
	}
	spans, err := loadSpans(ctx, q, day)
	if err != nil {
		return Slice{}, rule.Set{}, err
	}
	rules := RulesFor(t, day)
	rules.AsOf = slice.AsOf
	return slice, rules, checkCoverage(rules, day, spans)
}
