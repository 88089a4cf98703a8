package compute

import (
	"context"
	"database/sql"

	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/duck"
)

// working are the SQL engine's first steps, in order: temporary tables, each made from the ones before it. They are no
// part of a transaction: what a transaction has written itself, DuckDB reads with one thread only.
var working = []string{
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
}

// results are the steps that write the results of a day ...
var results = []string{
	"count/qualifying_session",
	"count/concurrency",
	"count/daily_concurrent",
	"count/enabled_daily",

	// ... and last, what was doubtful in the slice (R11).
	"count/quality_agent_without_employee_id",
	"count/quality_common_guid",
	"count/quality_cut_off_session",
	"count/quality_damaged_name",
	"count/quality_duplicate_key",
	"count/quality_excluded_agent",
	"count/quality_long_session",
	"count/quality_open_activity",
	"count/quality_open_session",
	"count/quality_orphan_activity",
	"count/quality_other_key_activity",
	"count/quality_overlapping_sessions",
	"count/quality_rejected_activity",
	"count/quality_rejected_session",
	"count/quality_several_regions",
	"count/quality_unknown_switch",
	"count/quality_unmapped_switch",
}

// runSteps runs the SQL engine's steps on a day.
func runSteps(ctx context.Context, q duck.Queryer, steps []string, day calendar.Date, state string) error {
	for _, name := range steps {
		if _, err := duck.Exec(ctx, q, name, sql.Named("day", day.String()), sql.Named("state", state)); err != nil {
			return err
		}
	}
	return nil
}

// writeRules puts the rules into temporary tables of the connection.
func writeRules(ctx context.Context, q duck.Queryer, rules rule.Set) error {
	w := ruleWriter{ctx: ctx, q: q}
	w.exec("rule")
	w.exec("region_day")
	w.exec("location")
	w.exec("switch")
	w.exec("exclude")
	w.exec("add_rule", sql.Named("as_of", rules.AsOf), sql.Named("end_second_counts", rules.EndSecondCounts))
	for _, pattern := range rules.Exclude {
		w.exec("add_exclude", sql.Named("pattern", pattern))
	}
	for _, r := range rules.Regions {
		w.region(r)
	}
	return w.err
}

// ruleWriter runs the statements of sql/count/rule.sql until one fails.
type ruleWriter struct {
	ctx context.Context
	q   duck.Queryer
	err error
}

func (w *ruleWriter) exec(name string, args ...any) {
	if w.err == nil {
		_, w.err = duck.Exec(w.ctx, w.q, "count/rule_"+name, args...)
	}
}

func (w *ruleWriter) region(r rule.Region) {
	region := sql.Named("region", r.Name)
	w.exec("add_region_day", region, sql.Named("start_ts", r.Day.Start), sql.Named("end_ts", r.Day.End))
	for _, l := range r.Locations {
		location := sql.Named("location", l.Name)
		w.exec("add_location", region, location, sql.Named("is_default", len(l.Switches) == 0))
		if len(l.Switches) > 0 {
			w.exec("add_switch", region, location, sql.Named("switch_names", l.Switches))
		}
	}
}
