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
	"compute/scope.sql",
	"compute/place.sql",
	"compute/counted_agent.sql",
	"compute/login.sql",
	"compute/occupied_session.sql",
	"compute/open_activity.sql",
	"compute/occupied_activity.sql",
	"compute/occupied_other_leg.sql",
	"compute/session_location.sql",
	"compute/presence.sql",
}

// results are the steps that write the results of a day ...
var results = []string{
	"compute/qualifying_session.sql",
	"compute/concurrency.sql",
	"compute/daily_concurrent.sql",
	"compute/enabled_daily.sql",

	// ... and last, what was doubtful in the slice (R11).
	"compute/quality/agent_without_employee_id.sql",
	"compute/quality/common_guid.sql",
	"compute/quality/cut_off_session.sql",
	"compute/quality/damaged_name.sql",
	"compute/quality/duplicate_key.sql",
	"compute/quality/excluded_agent.sql",
	"compute/quality/long_session.sql",
	"compute/quality/open_activity.sql",
	"compute/quality/open_session.sql",
	"compute/quality/orphan_activity.sql",
	"compute/quality/other_key_activity.sql",
	"compute/quality/overlapping_sessions.sql",
	"compute/quality/rejected_activity.sql",
	"compute/quality/rejected_session.sql",
	"compute/quality/several_regions.sql",
	"compute/quality/unknown_switch.sql",
	"compute/quality/unmapped_switch.sql",
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

// ruleWriter runs the statements of sql/compute/rule until one fails.
type ruleWriter struct {
	ctx context.Context
	q   duck.Queryer
	err error
}

func (w *ruleWriter) exec(name string, args ...any) {
	if w.err == nil {
		_, w.err = duck.Exec(w.ctx, w.q, "compute/rule/"+name+".sql", args...)
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
