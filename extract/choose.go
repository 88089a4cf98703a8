package extract

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.com/seats/internal/calendar"
	texts "example.com/seats/sql"
)

// dimensions reads the tables that hold no facts.
func (e *Export) dimensions(ctx context.Context) error {
	for _, t := range slices.Concat(tables, groupTables) {
		if isFact(t) {
			continue
		}
		if _, err := e.readThose(ctx, t.Name, nil, none); err != nil {
			return err
		}
	}
	e.reference.takeCodes(e.rows["media_type"], e.rows["dialing_mode"])
	e.reference.takeResources(e.rows["resource_"])
	return nil
}

func (e *Export) sessions(ctx context.Context) (err error) {
	e.among, err = e.readThose(ctx, sessionTable, func(_ *csvRow, s fact) bool { return e.touchesDays(s) }, none)
	if err != nil {
		return err
	}
	if e.WithGroups {
		files, _, err := e.look(ctx, sessionGroups.Name, never)
		if err = cmp.Or(err, e.take(ctx, sessionGroups.Name, files, e.among)); err != nil {
			return err
		}
	}
	days := e.Days
	e.stays = map[int64]calendar.Interval{}
	e.eachSession(func(s fact) {
		end := s.end
		if s.isOpen() {
			end = endless
		}
		if s.hasStart && s.start < days.End && end >= days.Start && (s.start < days.Start || end >= days.End) {
			e.stays[s.resource] = spreadOver(e.stays, s.resource, s.start, end)
		}
	})
	return nil
}

// eachSession calls visit with the voice sessions of agents.
func (e *Export) eachSession(visit func(fact)) {
	all := e.rows[sessionTable]
	at, media := factsOf(all), column(all.of, "media_type_key")
	for row := range all.len {
		s := at(row)
		if e.reference.agent(s.resource) >= 0 && e.reference.voice[all.number(media, row)] {
			visit(s)
		}
	}
}

// spreadOver is the interval of a resource, from one moment to another at least.
func spreadOver(all map[int64]calendar.Interval, resource, from, to int64) calendar.Interval {
	i, has := all[resource]
	if !has {
		i = nothing()
	}
	return spread(i, from, to)
}

func (e *Export) attempts(ctx context.Context) error {
	mode := column(table(attemptTable), "dialing_mode_key")
	_, err := e.readThose(ctx, attemptTable, func(row *csvRow, a fact) bool {
		return e.reference.previews[row.numbers[mode]] != "" && row.has(mode) && e.touches(a)
	}, none)
	return err
}

// legs reads the legs that Outbound Contact Server may have driven, with their attached data: those of which some copy holds an attempt GUID.
func (e *Export) legs(ctx context.Context) error {
	legs, near, err := e.look(ctx, legTable, func(_ *csvRow, l fact) bool { return e.touches(l) })
	if err != nil {
		return err
	}
	guid := column(table(dataTable), "gsw_call_attempt_guid")
	e.driven, err = e.readThose(ctx, dataTable, func(row *csvRow, _ fact) bool { return row.has(guid) && near(row.numbers[0]) }, none)
	if err != nil {
		return err
	}
	return e.take(ctx, legTable, legs, e.driven)
}

// touchesDays tells of sessions which ones can belong to the run's days; of one that is open, has no start, or ends before it starts, others decide.
func (e *Export) touchesDays(f fact) bool {
	return f.isRejected() || f.isOpen() || f.start < e.Days.End && f.end >= e.Days.Start
}

// touches tells of activities which ones can share a second with the run's days, or with a session that reaches out of them.
func (e *Export) touches(f fact) bool {
	if e.touchesDays(f) {
		return true
	}
	stay, has := e.stays[f.resource]
	return has && f.start <= stay.End && f.end >= stay.Start
}

// column is where a table has a column; -1 where it has none of that name.
func column(t texts.Table, name string) int {
	return slices.IndexFunc(t.Columns, func(c texts.Column) bool { return c.Name == name })
}

func never(*csvRow, fact) bool { return false }
func none(int64) bool          { return false }

// readThose reads the rows of a table of which some copy matters, but for those of ids that were read before. It tells which ids those are.
func (e *Export) readThose(ctx context.Context, name string, matters func(*csvRow, fact) bool, before func(id int64) bool) (ids func(int64) bool, err error) {
	files, found, err := e.look(ctx, name, matters)
	if err != nil {
		return nil, err
	}
	ids = func(id int64) bool { return found(id) && !before(id) }
	return ids, e.take(ctx, name, files, ids)
}

// look goes through the files of a table once, and tells which ids matter; where matters is nil, all do, and the rows are taken at once.
func (e *Export) look(ctx context.Context, name string, matters func(*csvRow, fact) bool) (files []*exportFile, ids func(int64) bool, err error) {
	files = slices.DeleteFunc(slices.Clone(e.files), func(f *exportFile) bool { return f.of.Name != name || f.old })
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return e.lookAt(ctx, files[i], matters) })
	if err := cmp.Or(errs...); err != nil {
		return nil, nil, err
	}
	var all []int64
	for _, f := range files {
		all = append(all, f.ids...)
		f.ids = nil
		e.notePast(f)
	}
	matter := newSieve(all, idBits)
	return files, func(id int64) bool { return matters == nil || matter.passes(mixed(id)) }, nil
}

// mixed spreads ids, which are given out in blocks, over all numbers: so a sieve lets few others through.
func mixed(id int64) int64 { return id * -0x61c8864680b583eb }

// lookAt goes through a file: of its rows those with a time key of at least KeyFrom can matter.
func (e *Export) lookAt(ctx context.Context, f *exportFile, matters func(*csvRow, fact) bool) error {
	key, tenant, at := column(f.of, "start_date_time_key"), column(f.of, "tenant_key"), placesOf(f.of)
	f.first, f.last = math.MaxInt64, math.MinInt64
	if matters == nil {
		f.rows = newRows(f.of)
		return f.csv.look(ctx, func(row *csvRow) { f.rows.take(row, f.in.number) })
	}
	return f.csv.look(ctx, func(row *csvRow) {
		if key >= 0 {
			began := row.numbers[key]
			if f.last = max(f.last, began); e.TenantKey == nil || tenant >= 0 && row.has(tenant) && row.numbers[tenant] == *e.TenantKey {
				f.first = min(f.first, began)
			}
			if began < e.KeyFrom {
				return
			}
		}
		if matters(row, at.fact(rowKey{}, row.number)) {
			f.ids = append(f.ids, mixed(row.numbers[0]))
		}
	})
}

// choose reads the rows that have one of the ids, unless they were taken already, and no word turned out to stand for nothing.
func (e *Export) choose(ctx context.Context, f *exportFile, ids func(int64) bool) error {
	if f.rows != nil && f.csv.atFirst == nil {
		return nil
	}
	f.rows = newRows(f.of)
	key := column(f.of, "start_date_time_key")
	if key >= 0 && f.last < e.KeyFrom {
		return nil
	}
	return f.csv.through(ctx, ids, func(row *csvRow) {
		if key < 0 || row.numbers[key] >= e.KeyFrom {
			f.rows.take(row, f.in.number)
		}
	})
}

// notePast notes when the oldest session of a file began.
func (e *Export) notePast(f *exportFile) {
	if f.of.Name == sessionTable && f.first < math.MaxInt64 && (e.oldest == nil || f.first < *e.oldest) {
		e.oldest = new(f.first)
	}
}

// past looks, where no session was read that began before the run's days, for one in the files of which no row can matter.
func (e *Export) past(ctx context.Context) error {
	for _, f := range e.files {
		if f.of.Name != sessionTable || !f.old || e.oldest != nil && *e.oldest < e.Days.Start {
			continue
		}
		f.old = false
		if err := e.open(f); err != nil {
			return err
		}
		if err := e.lookAt(ctx, f, never); err != nil {
			return err
		}
		e.notePast(f)
	}
	return nil
}

// take reads the rows of files that have one of the ids, leaves the newest copy of each, and looks whether the files are still what they were.
func (e *Export) take(ctx context.Context, name string, files []*exportFile, ids func(int64) bool) error {
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return e.choose(ctx, files[i], ids) })
	all := newRows(table(name))
	for i, f := range files {
		if errs[i] == nil {
			e.Progress(name, int64(f.rows.len))
		}
		if err := cmp.Or(e.checkStill(f), errs[i]); err != nil {
			return err
		}
		all.add(f.rows)
		f.rows = nil
	}
	all.newest(e.TenantKey)
	e.rows[name].add(all)
	return nil
}

// Beside the run's days' own rows, where there is any, there matter the legs that may tell a switch for sessions whose activities know none (R5), and
// the sessions outside the days in which activities without an end started (R3). For that their files are gone through again.

// tellingLegs reads, besides the legs that are read already, those of sessions that may know no switch.
func (e *Export) tellingLegs(ctx context.Context) error {
	lacking := e.mayLack()
	if len(lacking) == 0 {
		return nil
	}
	_, err := e.readThose(ctx, legTable, func(_ *csvRow, l fact) bool {
		login, is := lacking[l.resource]
		return is && l.hasStart && l.start < login.End && (l.isOpen() || l.end >= login.Start)
	}, e.driven)
	return err
}

// mayLack are the agents with a voice session that touches the run's days and whose own activities may know no switch (R5): from when until when such
// sessions last, so far as can be told before the slices are cut. An open one lasts at least until asOf, and has no end; an activity without an end
// counts as long as it may last where its switch is unknown, and where it is known, not at all.
func (e *Export) mayLack() map[int64]calendar.Interval {
	var all []login
	e.eachSession(func(s fact) {
		if s.isRejected() || s.start >= e.Days.End || !s.isOpen() && s.end < e.Days.Start {
			return
		}
		l := s.login(e.reference.agent(s.resource), e.asOf)
		if s.isOpen() {
			l.until = endless
		}
		all = append(all, l)
	})
	sessions := newLogins(all, e.reference.resources.len)
	Part{Legs: e.rows[legTable], Data: e.rows[dataTable], Previews: e.rows[attemptTable]}.each(&e.reference, func(a activity) {
		agent, known := e.reference.agent(a.resource), len(a.switchName) > 0
		if agent < 0 || a.isRejected() {
			return
		}
		from, until := a.activity()
		own := sessions.of(agent)
		for i, s := range own {
			shares := s.shares(login{start: from, end: until, until: until})
			own[i].told[1].any = s.told[1].any || shares[1] && !known
			own[i].told[0].aSwitch = s.told[0].aSwitch || shares[0] && known && until < endless
		}
	})
	lacking := map[int64]calendar.Interval{}
	for _, s := range sessions.all {
		if s.told[1].any && !s.told[0].aSwitch {
			lacking[s.resource] = spreadOver(lacking, s.resource, s.start, s.until)
		}
	}
	return lacking
}

// openedSessions reads, besides the sessions that touch the days, those in which activities without an end started, outside the
// days, that matter to them.
func (e *Export) openedSessions(ctx context.Context) error {
	opened := map[int64][]int64{}
	for _, facts := range []*Rows{e.rows[legTable], e.rows[attemptTable]} {
		at := factsOf(facts)
		for row := range facts.len {
			f := at(row)
			if e.reference.agent(f.resource) >= 0 && f.isOpen() && f.hasStart && !e.Days.Contains(f.start) {
				opened[f.resource] = append(opened[f.resource], f.start)
			}
		}
	}
	if len(opened) == 0 {
		return nil
	}
	_, err := e.readThose(ctx, sessionTable, func(_ *csvRow, s fact) bool {
		return slices.ContainsFunc(opened[s.resource], func(at int64) bool { return s.start <= at && (s.isOpen() || at <= s.end) })
	}, e.among)
	return err
}
