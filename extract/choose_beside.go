package extract

import (
	"context"
	"slices"

	"seats/internal/calendar"
	texts "seats/sql"
)

// beside reads what matters beside the run's days' own rows, where there is any: the legs that may tell a switch for sessions whose
// activities know none (R5), and the sessions outside the days in which activities without an end started (R3). For that
// their files are gone through again.
func (r *exportReader) beside(ctx context.Context) error {
	warn := r.Warn
	r.Warn = func(string) {} // they were looked at before
	defer func() { r.Warn = warn }()
	if err := r.tellingLegs(ctx); err != nil {
		return err
	}
	return r.openedSessions(ctx)
}

// tellingLegs reads, besides the legs that are read already, those of sessions that may know no switch.
func (r *exportReader) tellingLegs(ctx context.Context) error {
	lacking := r.mayLack()
	if len(lacking) == 0 {
		return nil
	}
	return r.readAgain(ctx, legTable, r.driven, func(t texts.Table) func(*csvRow) bool {
		resource, start, end := column(t, "resource_key"), column(t, "start_ts"), r.end(t)
		return func(row *csvRow) bool {
			who, _ := row.number(resource)
			login, is := lacking[who]
			from, begun := row.number(start)
			until, ended := end(row)
			return is && begun && from < login.End && (!ended || until >= login.Start)
		}
	})
}

// mayLack are the agents with a voice session that touches the run's days and whose own activities may know no switch (R5): from
// when until when such sessions last, so far as can be told before the slices are cut. An open one lasts at least until asOf, and
// has no end; an activity without an end counts as long as it may last where its switch is unknown, and where it is known, not at
// all.
func (r *exportReader) mayLack() map[int64]calendar.Interval {
	type told struct {
		from, until int64
		known       bool
	}
	activities, unknown := map[int64][]told{}, map[int64]bool{}
	Part{Legs: r.rows[legTable], Data: r.rows[dataTable], Previews: r.rows[attemptTable]}.each(&r.Reference, func(a activity) {
		if a.isRejected() {
			return
		}
		from, until := a.activity()
		activities[a.resource] = append(activities[a.resource], told{from, until, a.switchName != ""})
		unknown[a.resource] = unknown[a.resource] || a.switchName == ""
	})
	lacking := map[int64]calendar.Interval{}
	r.eachSession(func(s fact) {
		if !unknown[s.resource] || s.isRejected() || s.start >= r.Days.End || !s.isOpen() && s.end < r.Days.Start {
			return
		}
		least, until := max(min(s.end, lastTime), s.moment()), min(s.end, lastTime)+1
		if s.isOpen() {
			least, until = max(r.asOf, s.moment()), endless
		}
		lacks, knows := false, false
		for _, a := range activities[s.resource] {
			if a.from < until && a.until > s.start {
				lacks = lacks || !a.known
				knows = knows || a.known && a.until < endless && a.from < least
			}
		}
		if lacks && !knows {
			lacking[s.resource] = spreadOver(lacking, s.resource, s.start, until)
		}
	})
	return lacking
}

// openedSessions reads, besides the sessions that touch the days, those in which activities without an end started, outside the
// days, that matter to them.
func (r *exportReader) openedSessions(ctx context.Context) error {
	opened := map[int64][]int64{}
	for _, facts := range []*Rows{r.rows[legTable], r.rows[attemptTable]} {
		at := factsOf(facts)
		for row := range facts.len {
			f := at(row)
			if _, known := r.agents[f.resource]; known && f.isOpen() && f.hasStart && !r.Days.Contains(f.start) {
				opened[f.resource] = append(opened[f.resource], f.start)
			}
		}
	}
	if len(opened) == 0 {
		return nil
	}
	none := func(int64) bool { return false }
	return r.readAgain(ctx, sessionTable, none, func(t texts.Table) func(*csvRow) bool {
		resource, start, end, touches := column(t, "resource_key"), column(t, "start_ts"), r.end(t), r.touchesDays(t)
		return func(row *csvRow) bool {
			who, _ := row.number(resource)
			from, _ := row.number(start)
			until, ended := end(row)
			return touches(row) || slices.ContainsFunc(opened[who], func(at int64) bool { return from <= at && (!ended || at <= until) })
		}
	})
}

// readAgain reads a fact table anew: the rows whose ids were chosen before, and those of which some copy matters now.
func (r *exportReader) readAgain(ctx context.Context, name string, before func(id int64) bool, of func(texts.Table) func(*csvRow) bool) error {
	files, ids, err := r.find(ctx, name, of)
	if err != nil {
		return err
	}
	now := newSieve(ids, idBits)
	return r.take(ctx, name, files, func(id int64) bool { return before(id) || now.passes(id) })
}

// end tells of rows when they end; ended is false where they have no end yet.
func (r *exportReader) end(t texts.Table) func(*csvRow) (until int64, ended bool) {
	end, active := column(t, "end_ts"), column(t, "active_flag")
	return func(row *csvRow) (int64, bool) {
		until, ended := row.number(end)
		if active >= 0 {
			flag, _ := row.number(active)
			ended = ended && flag == 0
		}
		return until, ended
	}
}
