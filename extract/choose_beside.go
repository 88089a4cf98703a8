package extract

import (
	"context"
	"database/sql"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
	texts "seats/sql"
)

// beside stages what matters beside the run's days' own rows, where there is any: the legs that may tell a switch for sessions whose
// activities know none (R5), and the sessions outside the days in which activities without an end started (R3). For that
// their files are gone through again.
func (r *exportReader) beside(ctx context.Context) error {
	again := *r
	again.Warn = func(string) {} // they were looked at before
	if err := again.tellingLegs(ctx); err != nil {
		return err
	}
	return again.openedSessions(ctx)
}

// tellingLegs stages, besides the legs that are staged already, those of sessions that may know no switch.
func (r *exportReader) tellingLegs(ctx context.Context) error {
	if _, err := duck.Exec(ctx, r.stage.Conn, "slice/staged_activity"); err != nil {
		return err
	}
	lacking := map[int64]calendar.Interval{}
	err := duck.Each(ctx, r.stage.Conn, "slice/lacking_around", func(scan func(...any) error) error {
		var resource int64
		var login calendar.Interval
		err := scan(&resource, &login.Start, &login.End)
		lacking[resource] = login
		return err
	}, sql.Named("from", r.Days.Start), sql.Named("to", r.Days.End), sql.Named("as_of", r.asOf))
	if err != nil || len(lacking) == 0 {
		return err
	}
	const name = "interaction_resource_fact"
	return r.stageAgain(ctx, name, r.driven, func(t texts.Table) func(*plainRow) bool {
		resource, start, end := column(t, "resource_key"), column(t, "start_ts"), r.end(t)
		return func(row *plainRow) bool {
			who, _ := row.number(resource)
			login, is := lacking[who]
			from, begun := row.number(start)
			until, ended := end(row)
			return is && begun && from < login.End && (!ended || until >= login.Start)
		}
	})
}

// openedSessions stages, besides the sessions that touch the days, those in which activities without an end started that
// matter to them.
func (r *exportReader) openedSessions(ctx context.Context) error {
	opened := map[int64][]int64{}
	err := duck.Each(ctx, r.stage.Conn, "slice/opened_around", func(scan func(...any) error) error {
		var resource, start int64
		err := scan(&resource, &start)
		opened[resource] = append(opened[resource], start)
		return err
	}, sql.Named("from", r.Days.Start), sql.Named("to", r.Days.End))
	if err != nil || len(opened) == 0 {
		return err
	}
	const name = "sm_res_session_fact"
	none := func(int64) bool { return false }
	return r.stageAgain(ctx, name, none, func(t texts.Table) func(*plainRow) bool {
		resource, start, end, touches := column(t, "resource_key"), column(t, "start_ts"), r.end(t), r.touchesDays(t)
		return func(row *plainRow) bool {
			who, _ := row.number(resource)
			from, _ := row.number(start)
			until, ended := end(row)
			return touches(row) || slices.ContainsFunc(opened[who], func(at int64) bool { return from <= at && (!ended || at <= until) })
		}
	})
}

// stageAgain stages a fact table anew: the rows whose ids were chosen before, and those of which some copy matters now.
func (r *exportReader) stageAgain(ctx context.Context, name string, before func(id int64) bool, of func(texts.Table) func(*plainRow) bool) error {
	if err := r.stage.create(ctx, name); err != nil {
		return err
	}
	files, ids, err := r.find(ctx, name, of)
	if err != nil {
		return err
	}
	now := newSieve(ids, idBits)
	return r.take(ctx, name, files, func(id int64) bool { return before(id) || now.passes(id) })
}

// end tells of rows when they end; ended is false where they have no end yet.
func (r *exportReader) end(t texts.Table) func(*plainRow) (until int64, ended bool) {
	end, active := column(t, "end_ts"), column(t, "active_flag")
	return func(row *plainRow) (int64, bool) {
		until, ended := row.number(end)
		if active >= 0 {
			flag, _ := row.number(active)
			ended = ended && flag == 0
		}
		return until, ended
	}
}
