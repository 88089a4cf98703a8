package extract

import (
	"context"
	"database/sql"
	"math"

	"seats/internal/calendar"
	"seats/internal/duck"
)

const hour = 3600 // seconds

// stayBits is how many bits the sieve of resources has for each of them: a night has few whose sessions run long, and all
// legs of some days are held against them.
const stayBits = 512

// crowded adds to the day's time keys the hours beside it in which many sessions run that reach into it: there it costs
// less to read everything, as in the day itself, than to look up what matters.
func (g *GIMDB) crowded(ctx context.Context, w Window) (calendar.Interval, error) {
	keys, hull := w.DayKeys(), w.Hull()
	var before, after int64
	err := duck.Each(ctx, g.stage.Conn, "slice/crowded", func(scan func(...any) error) error { return scan(&before, &after) },
		sql.Named("from", hull.Start), sql.Named("to", hull.End), sql.Named("crowd", g.crowd))
	return calendar.Interval{Start: keys.Start - before*hour, End: keys.End + after*hour}, err
}

// outside asks for the legs and previews before and after the hours that are read whole that can matter. They are few:
// those of sessions that ran long, and of those that nobody closed.
func (g *GIMDB) outside(ctx context.Context, read, keys calendar.Interval) ([]job, error) {
	resources, err := g.stage.keys(ctx, "slice/stay_outside", sql.Named("from", read.Start), sql.Named("to", read.End))
	if err != nil {
		return nil, err
	}
	modes, err := g.stage.keys(ctx, "slice/preview_mode_key")
	if err != nil {
		return nil, err
	}
	stays := newSieve(resources, stayBits)
	var jobs []job
	ask := func(span calendar.Interval, reaching, before int64) {
		for _, piece := range g.share(span) {
			jobs = append(jobs, job{table: "interaction_resource_fact", statement: "gim/leg_around",
				args: []any{piece.Start, piece.End, g.tenantKey, reaching, before, stays.bits, stays.prime,
					g.unique["interaction_resource_fact"], g.fractional["interaction_resource_fact.resource_key"]}})
			if !g.unique["contact_attempt_fact"] {
				jobs = append(jobs, g.attempts(piece, modes))
				continue
			}
			jobs = append(jobs, job{table: "contact_attempt_fact", statement: "gim/attempt_around",
				args: []any{piece.Start, piece.End, g.tenantKey, modes, reaching, before, stays.bits, stays.prime,
					g.fractional["contact_attempt_fact.resource_key"]}})
		}
	}
	ask(calendar.Interval{Start: keys.Start, End: read.Start}, read.Start, math.MinInt64)
	ask(calendar.Interval{Start: read.End, End: keys.End}, math.MaxInt64, read.End)
	return jobs, nil
}

// copies fetches every copy of the staged legs outside what is read whole, where there may be several: whether the newest one
// matters, none of the others can tell.
func (g *GIMDB) copies(ctx context.Context, read calendar.Interval) error {
	const table = "interaction_resource_fact"
	if g.unique[table] {
		return nil
	}
	jobs, err := g.byKey(ctx, read, func(ids, timeKeys []int64) job {
		return job{table: table, statement: "gim/leg_copies", args: []any{ids, timeKeys}}
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

// probe looks up the attached data of the staged legs outside what is read whole, by primary key.
func (g *GIMDB) probe(ctx context.Context, read calendar.Interval) error {
	jobs, err := g.byKey(ctx, read, func(ids, timeKeys []int64) job {
		return job{table: "irf_user_data_gen_1", statement: "gim/user_data_of_leg", args: []any{ids, timeKeys, g.unique["irf_user_data_gen_1"]}}
	})
	if err != nil {
		return err
	}
	return g.fetch(ctx, g.tasks(jobs...)...)
}

// byKey makes jobs of the keys of the staged legs outside what is read whole, so many keys to each.
func (g *GIMDB) byKey(ctx context.Context, read calendar.Interval, of func(ids, timeKeys []int64) job) (jobs []job, err error) {
	var ids, timeKeys []int64
	flush := func() {
		if len(ids) > 0 {
			jobs = append(jobs, of(ids, timeKeys))
			ids, timeKeys = nil, nil
		}
	}
	err = duck.Each(ctx, g.stage.Conn, "slice/leg_outside", func(scan func(...any) error) error {
		var id, key int64
		if err := scan(&id, &key); err != nil {
			return err
		}
		if ids, timeKeys = append(ids, id), append(timeKeys, key); len(ids) == g.probeBatch {
			flush()
		}
		return nil
	}, keyArgs(read)...)
	flush()
	return jobs, err
}

// SessionsOf stages the voice sessions of some resources that begin in a range of time keys.
func (g *GIMDB) SessionsOf(ctx context.Context, resources []int64, keys calendar.Interval) error {
	const table = "sm_res_session_fact"
	if err := g.stage.create(ctx, table); err != nil {
		return err
	}
	delete(g.sent, table)
	media, err := g.stage.keys(ctx, "slice/voice_media_key")
	if err != nil {
		return err
	}
	err = g.fetch(ctx, g.tasks(job{table: table, statement: "gim/session_of_resource",
		args: []any{keys.Start, keys.End, g.tenantKey, media, resources, g.unique[table]}})...)
	if err != nil {
		return err
	}
	return g.settle(ctx, table)
}

// LegsOf stages the legs of some resources that begin in a range of time keys and end no earlier than a time.
func (g *GIMDB) LegsOf(ctx context.Context, resources []int64, keys calendar.Interval, from int64) error {
	const table = "interaction_resource_fact"
	if err := g.clearPart(ctx); err != nil {
		return err
	}
	among := newSieve(resources, stayBits)
	var jobs []job
	for _, piece := range g.share(keys) {
		jobs = append(jobs, job{table: table, statement: "gim/leg_of_resource", args: []any{piece.Start, piece.End, g.tenantKey, from,
			among.bits, among.prime, g.unique[table], g.fractional[table+".resource_key"]}})
	}
	if err := g.fetch(ctx, g.tasks(jobs...)...); err != nil {
		return err
	}
	if err := g.copies(ctx, calendar.Interval{}); err != nil {
		return err
	}
	return g.settle(ctx, table)
}
