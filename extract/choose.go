package extract

import (
	"context"
	"math"
	"os"
	"slices"

	"seats/internal/calendar"
	texts "seats/sql"
)

// exportReader reads the files of an export. Of the fact tables, which hold days and weeks, it keeps what can matter to the run's
// days, and every copy of that: whether the newest one matters, none of the others can tell. So a file is gone through twice: which
// ids matter in any copy, then which rows have such an id.
type exportReader struct {
	ExportOptions
	Reference
	files []exportFile
	rows  map[string]*Rows // by table

	asOf  int64                       // open sessions of the days last at least until then
	stays map[int64]calendar.Interval // of agents whose sessions reach out of the days

	driven func(id int64) bool // legs that Outbound Contact Server may have driven
}

func newExportReader(o ExportOptions) *exportReader {
	r := &exportReader{ExportOptions: o, rows: map[string]*Rows{}}
	for _, t := range slices.Concat(tables, groupTables, []texts.Table{sessionGroups}) {
		r.rows[t.Name] = newRows(t)
	}
	return r
}

func (r *exportReader) read(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.dimensions, r.sessions, r.attempts, r.legs, r.beside} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *exportReader) dimensions(ctx context.Context) error {
	for _, f := range r.files {
		if isFact(table(f.table)) {
			continue
		}
		if err := r.dimension(ctx, f); err != nil {
			return err
		}
	}
	r.takeCodes(r.rows["media_type"], r.rows["dialing_mode"])
	r.takeResources(r.rows["resource_"], false)
	return nil
}

// dimension reads a file that holds no facts.
func (r *exportReader) dimension(ctx context.Context, file exportFile) error {
	f := &factFile{exportFile: file}
	if err := f.look(ctx, math.MinInt64, func(*csvRow) bool { return false }); err != nil {
		return err
	}
	if err := f.choose(ctx, math.MinInt64, func(int64) bool { return true }); err != nil {
		return err
	}
	r.Progress(f.table, int64(f.rows.len))
	r.rows[f.table].add(f.rows)
	return checkStill(f.path, f.shown, f.before, r.Warn)
}

func (r *exportReader) sessions(ctx context.Context) error {
	files, ids, err := r.find(ctx, sessionTable, r.touchesDays)
	if err != nil {
		return err
	}
	among := newSieve(ids, idBits)
	if err := r.take(ctx, sessionTable, files, among.passes); err != nil {
		return err
	}
	if r.Groups {
		none := func(texts.Table) func(*csvRow) bool { return func(*csvRow) bool { return false } }
		files, _, err := r.find(ctx, sessionGroups.Name, none)
		if err != nil {
			return err
		}
		if err := r.take(ctx, sessionGroups.Name, files, among.passes); err != nil {
			return err
		}
	}
	r.stays = r.findStays()
	return nil
}

// findStays notes which agents' sessions touch the days and reach out of them: activities matter there too.
func (r *exportReader) findStays() map[int64]calendar.Interval {
	stays, days := map[int64]calendar.Interval{}, r.Days
	r.eachSession(func(s fact) {
		end := s.end
		if s.isOpen() {
			end = endless
		}
		if s.hasStart && s.start < days.End && end >= days.Start && (s.start < days.Start || end >= days.End) {
			stays[s.resource] = spreadOver(stays, s.resource, s.start, end)
		}
	})
	return stays
}

// eachSession calls visit with the voice sessions of agents.
func (r *exportReader) eachSession(visit func(fact)) {
	all := r.rows[sessionTable]
	at, media := factsOf(all), column(all.of, "media_type_key")
	for row := range all.len {
		s := at(row)
		if _, known := r.agents[s.resource]; known && r.voice[all.number(media, row)] {
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

func (r *exportReader) attempts(ctx context.Context) error {
	of := func(t texts.Table) func(*csvRow) bool {
		isMode, touches := column(t, "dialing_mode_key"), r.touches(t)
		return func(row *csvRow) bool {
			mode, _ := row.number(isMode)
			return r.previews[mode] != "" && touches(row)
		}
	}
	files, ids, err := r.find(ctx, attemptTable, of)
	if err != nil {
		return err
	}
	return r.take(ctx, attemptTable, files, newSieve(ids, idBits).passes)
}

// legs reads the legs that Outbound Contact Server may have driven, with their attached data: those of which some copy
// holds an attempt GUID.
func (r *exportReader) legs(ctx context.Context) error {
	legs, ids, err := r.find(ctx, legTable, r.touches)
	if err != nil {
		return err
	}
	near := newSieve(ids, idBits)
	data, ids, err := r.find(ctx, dataTable, func(t texts.Table) func(*csvRow) bool {
		id, guid := column(t, "interaction_resource_id"), column(t, "gsw_call_attempt_guid")
		return func(row *csvRow) bool { return row.has(guid) && near.passes(mixed(row.numbers[id])) }
	})
	if err != nil {
		return err
	}
	driven := newSieve(ids, idBits)
	if err := r.take(ctx, dataTable, data, driven.passes); err != nil {
		return err
	}
	r.driven = func(id int64) bool { return driven.passes(id) && near.passes(id) }
	return r.take(ctx, legTable, legs, r.driven)
}

// touchesDays tells of sessions which ones can belong to the run's days; of one that is open, has no start, or ends before
// it starts, others decide.
func (r *exportReader) touchesDays(t texts.Table) func(*csvRow) bool {
	start, end, active := column(t, "start_ts"), column(t, "end_ts"), column(t, "active_flag")
	return func(row *csvRow) bool {
		from, begun := row.number(start)
		until, ended := row.number(end)
		if active >= 0 {
			flag, _ := row.number(active)
			ended = ended && flag == 0
		}
		return !begun || !ended || until < from || from < r.Days.End && until >= r.Days.Start
	}
}

// touches tells of activities which ones can share a second with the run's days, or with a session that reaches out of them.
func (r *exportReader) touches(t texts.Table) func(*csvRow) bool {
	days, start, end, resource := r.touchesDays(t), column(t, "start_ts"), column(t, "end_ts"), column(t, "resource_key")
	return func(row *csvRow) bool {
		if days(row) {
			return true
		}
		who, _ := row.number(resource)
		stay, has := r.stays[who]
		from, _ := row.number(start)
		until, _ := row.number(end)
		return has && from <= stay.End && until >= stay.Start
	}
}

// column is where a table has a column; -1 where it has none of that name.
func column(t texts.Table, name string) int {
	return slices.IndexFunc(t.Columns, func(c texts.Column) bool { return c.Name == name })
}

// factFile is a file that is gone through twice.
type factFile struct {
	exportFile
	csv    *csvFile
	before os.FileInfo
	last   int64   // its latest time key
	ids    []int64 // that matter
	rows   *Rows   // that were chosen
}

// find goes through the files of a fact table once, and returns the ids that matter.
func (r *exportReader) find(ctx context.Context, name string, of func(texts.Table) func(*csvRow) bool) (files []*factFile, ids []int64, err error) {
	for _, f := range r.files {
		if f.table == name && !f.old {
			files = append(files, &factFile{exportFile: f})
		}
	}
	matters := of(table(name))
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return files[i].look(ctx, r.KeyFrom, matters) })
	for i, f := range files {
		if errs[i] != nil {
			return nil, nil, errs[i]
		}
		ids = append(ids, f.ids...)
		f.ids = nil
	}
	return files, ids, nil
}

// mixed spreads ids, which are given out in blocks, over all numbers: so a sieve lets few others through.
func mixed(id int64) int64 { return id * -0x61c8864680b583eb }

// look goes through the file for the first time: of its rows those with a time key of at least keyFrom can matter.
func (f *factFile) look(ctx context.Context, keyFrom int64, matters func(*csvRow) bool) (err error) {
	if f.before, err = os.Stat(f.path); err != nil {
		return err
	}
	t := table(f.table)
	if f.csv, err = openCSV(f.path, f.shown, t); err != nil {
		return err
	}
	key := max(column(t, "start_date_time_key"), 0)
	f.last = math.MinInt64
	return f.csv.look(ctx, func(row *csvRow) {
		if row.numbers[key] < keyFrom {
			return
		}
		if f.last = max(f.last, row.numbers[key]); matters(row) {
			f.ids = append(f.ids, mixed(row.numbers[0]))
		}
	})
}

// choose reads the rows that have one of the ids.
func (f *factFile) choose(ctx context.Context, keyFrom int64, ids func(int64) bool) error {
	f.rows = newRows(table(f.table))
	if f.last < keyFrom {
		return nil
	}
	key := max(column(f.rows.of, "start_date_time_key"), 0)
	return f.csv.lookAgain(ctx, func(row *csvRow) bool { return row.numbers[key] >= keyFrom && ids(mixed(row.numbers[0])) },
		func(row *csvRow) { f.rows.take(row, f.chunk) })
}

// take reads the rows of files that have one of the ids, leaves the newest copy of each, and looks whether the files are
// still what they were.
func (r *exportReader) take(ctx context.Context, name string, files []*factFile, ids func(int64) bool) error {
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return files[i].choose(ctx, r.KeyFrom, ids) })
	all := newRows(table(name))
	for i, f := range files {
		r.Progress(f.table, int64(f.rows.Len()))
		if err := checkStill(f.path, f.shown, f.before, r.Warn); err != nil {
			return err
		}
		if errs[i] != nil {
			return errs[i]
		}
		all.add(f.rows)
		f.rows = nil
	}
	all.newest(false, r.TenantKey)
	r.rows[name] = all
	return nil
}
