package extract

import (
	"context"
	"database/sql"
	"math"

	"seats/internal/calendar"
	"seats/internal/duck"
)

const (
	hour  = 3600      // what legs outside the day are sieved by, seconds
	hours = 1_000_000 // more than have passed since 1970
)

// outside asks for the legs before and after the day that can matter. They are few: those of night shifts and of
// sessions nobody closed.
func (g *GIMDB) outside(ctx context.Context, day, keys, hull calendar.Interval) ([]job, error) {
	stays, err := g.stays(ctx, hull)
	if err != nil {
		return nil, err
	}
	legs := func(from, to, reaching int64) job {
		return job{table: "interaction_resource_fact", statement: "gim/leg_around.sql",
			args: []any{from, to, g.tenantKey, reaching, stays.bits, stays.prime, g.unique["interaction_resource_fact"]}}
	}
	jobs := []job{legs(keys.Start, day.Start, hull.Start)}
	if day.End < keys.End {
		jobs = append(jobs, legs(day.End, keys.End, math.MaxInt64))
	}
	return jobs, nil
}

// stays are the hours in which sessions run that are not wholly inside the day, and the hour before each, in which
// a leg may begin that reaches into the session.
func (g *GIMDB) stays(ctx context.Context, hull calendar.Interval) (sieve, error) {
	var keys []int64
	err := duck.Each(ctx, g.stage.Conn, "stage/stay_around.sql", func(scan func(...any) error) error {
		var resource, from, until int64
		err := scan(&resource, &from, &until)
		for h := from/hour - 1; h*hour < until; h++ {
			keys = append(keys, resource*hours+h)
		}
		return err
	}, sql.Named("from", hull.Start), sql.Named("to", hull.End))
	return newSieve(keys), err
}

// copies fetches every copy of the staged legs outside the day, where there may be several: whether the newest one
// matters, none of the others can tell.
func (g *GIMDB) copies(ctx context.Context, day calendar.Interval) error {
	const table = "interaction_resource_fact"
	if g.unique[table] {
		return nil
	}
	jobs, err := g.byKey(ctx, day, func(ids, timeKeys []int64) job {
		return job{table: table, statement: "gim/leg_copies.sql", args: []any{ids, timeKeys}}
	})
	if err != nil {
		return err
	}
	if err := g.verify(ctx, table); err != nil {
		return err
	}
	delete(g.sent, table)
	if err := g.stage.create(ctx, table); err != nil {
		return err
	}
	return g.fetch(ctx, g.tasks(jobs...)...)
}

// probe looks up the attached data of the staged legs outside the day, by primary key.
func (g *GIMDB) probe(ctx context.Context, day calendar.Interval) error {
	jobs, err := g.byKey(ctx, day, func(ids, timeKeys []int64) job {
		return job{table: "irf_user_data_gen_1", statement: "gim/user_data_of_leg.sql", args: []any{ids, timeKeys, g.unique["irf_user_data_gen_1"]}}
	})
	if err != nil {
		return err
	}
	return g.fetch(ctx, g.tasks(jobs...)...)
}

// byKey makes jobs of the keys of the staged legs outside the day, so many keys to each.
func (g *GIMDB) byKey(ctx context.Context, day calendar.Interval, of func(ids, timeKeys []int64) job) (jobs []job, err error) {
	var ids, timeKeys []int64
	flush := func() {
		if len(ids) > 0 {
			jobs = append(jobs, of(ids, timeKeys))
			ids, timeKeys = nil, nil
		}
	}
	err = duck.Each(ctx, g.stage.Conn, "stage/leg_outside.sql", func(scan func(...any) error) error {
		var id, key int64
		if err := scan(&id, &key); err != nil {
			return err
		}
		if ids, timeKeys = append(ids, id), append(timeKeys, key); len(ids) == g.probeBatch {
			flush()
		}
		return nil
	}, keyArgs(day)...)
	flush()
	return jobs, err
}
