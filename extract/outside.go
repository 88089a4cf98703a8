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

// stays are the times that sessions span outside the day, one a resource, as parallel arrays.
type stays struct {
	resources, from, to []int64
}

func (g *GIMDB) stays(ctx context.Context, name string, edge int64) (s stays, err error) {
	err = duck.Each(ctx, g.stage.Conn, name, func(scan func(...any) error) error {
		var resource, from, to int64
		err := scan(&resource, &from, &to)
		s.resources, s.from, s.to = append(s.resources, resource), append(s.from, from), append(s.to, to)
		return err
	}, sql.Named("edge", edge))
	return s, err
}

// outside stages the legs before and after the day that can matter, and looks up their attached data by
// primary key. They are few: those of night shifts and of sessions nobody closed.
func (g *GIMDB) outside(ctx context.Context, day, keys, hull calendar.Interval) error {
	early, err := g.stays(ctx, "stage/early_stay.sql", hull.Start)
	if err != nil {
		return err
	}
	late, err := g.stays(ctx, "stage/late_stay.sql", hull.End)
	if err != nil {
		return err
	}
	legs := func(from, to int64, s stays, reaching int64) job {
		return job{"interaction_resource_fact", "gim/leg_of_resource.sql", []any{from, to, g.tenantKey, s.resources, s.from, s.to, reaching}}
	}
	jobs := []job{legs(keys.Start, day.Start, early, hull.Start)}
	if len(late.resources) > 0 {
		jobs = append(jobs, legs(day.End, keys.End, late, math.MaxInt64))
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
