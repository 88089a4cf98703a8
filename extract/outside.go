package extract

import (
	"context"
	"database/sql"
	"math"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// probeBatch is how many legs' attached data is asked for in one statement.
const probeBatch = 20_000

// outside stages the legs before and after the day that can matter, and looks up their attached data by
// primary key. They are few: those of night shifts and of sessions nobody closed.
func (g *GIMDB) outside(ctx context.Context, day, keys, hull calendar.Interval) error {
	early, err := g.stage.keys(ctx, "stage/early_resource.sql", sql.Named("before", hull.Start))
	if err != nil {
		return err
	}
	late, err := g.stage.keys(ctx, "stage/late_resource.sql", sql.Named("after", hull.End))
	if err != nil {
		return err
	}
	jobs := []job{{"interaction_resource_fact", "gim/leg_of_resource.sql", []any{keys.Start, day.Start, g.tenantKey, early, hull.Start}}}
	if keys.End > day.End && len(late) > 0 {
		jobs = append(jobs, job{"interaction_resource_fact", "gim/leg_of_resource.sql", []any{day.End, keys.End, g.tenantKey, late, int64(math.MaxInt64)}})
	}
	if err := g.fetch(ctx, jobs...); err != nil {
		return err
	}
	return g.probe(ctx, day)
}

// probe asks for the attached data of the staged legs outside the day.
func (g *GIMDB) probe(ctx context.Context, day calendar.Interval) error {
	var ids, timeKeys []int64
	var jobs []job
	flush := func() {
		if len(ids) > 0 {
			jobs = append(jobs, job{"irf_user_data_gen_1", "gim/user_data_of_leg.sql", []any{ids, timeKeys}})
			ids, timeKeys = nil, nil
		}
	}
	err := duck.Each(ctx, g.stage.Conn, "stage/leg_outside.sql", func(scan func(...any) error) error {
		var id, key int64
		if err := scan(&id, &key); err != nil {
			return err
		}
		if ids, timeKeys = append(ids, id), append(timeKeys, key); len(ids) == probeBatch {
			flush()
		}
		return nil
	}, keyArgs(day)...)
	if err != nil {
		return err
	}
	flush()
	return g.fetch(ctx, jobs...)
}
