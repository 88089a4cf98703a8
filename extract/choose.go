package extract

import (
	"context"
	"database/sql"
	"math"
	"os"
	"slices"
	"sync"

	"seats/internal/calendar"
	texts "seats/sql"
)

// exportReader reads the files of an export. Of the fact tables, which hold days and weeks, it keeps what can matter to the run's
// days, and every copy of that: whether the newest one matters, none of the others can tell. So a file is gone through twice: which
// ids matter in any copy, then which rows have such an id.
type exportReader struct {
	ExportOptions
	Reference
	conn   *sql.Conn
	duckDB sync.Mutex
	temp   string
	files  []exportFile
	rows   map[string]*Rows // by table

	asOf  int64                       // open sessions of the days last at least until then
	stays map[int64]calendar.Interval // of agents whose sessions reach out of the days

	driven func(id int64) bool // legs that Outbound Contact Server may have driven
}

func newExportReader(conn *sql.Conn, o ExportOptions, temp string) *exportReader {
	r := &exportReader{ExportOptions: o, conn: conn, temp: temp, rows: map[string]*Rows{}}
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
func (r *exportReader) dimension(ctx context.Context, f exportFile) error {
	before, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	h, err := checkHeader(f.path, f.shown, table(f.table))
	if err != nil {
		return err
	}
	rows, err := r.load(ctx, f, h)
	if err != nil {
		return err
	}
	r.Progress(f.table, int64(rows.len))
	r.rows[f.table].add(rows)
	return checkStill(f.path, f.shown, before, r.Warn)
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
		none := func(texts.Table) func(*plainRow) bool { return func(*plainRow) bool { return false } }
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
	of := func(t texts.Table) func(*plainRow) bool {
		isMode, touches := column(t, "dialing_mode_key"), r.touches(t)
		return func(row *plainRow) bool {
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
	data, ids, err := r.find(ctx, dataTable, func(t texts.Table) func(*plainRow) bool {
		id, guid := column(t, "interaction_resource_id"), column(t, "gsw_call_attempt_guid")
		return func(row *plainRow) bool { return row.has(guid) && near.passes(mixed(row.numbers[id])) }
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
func (r *exportReader) touchesDays(t texts.Table) func(*plainRow) bool {
	start, end, active := column(t, "start_ts"), column(t, "end_ts"), column(t, "active_flag")
	return func(row *plainRow) bool {
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
func (r *exportReader) touches(t texts.Table) func(*plainRow) bool {
	days, start, end, resource := r.touchesDays(t), column(t, "start_ts"), column(t, "end_ts"), column(t, "resource_key")
	return func(row *plainRow) bool {
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

// factFile is a file of a fact table that has been gone through once.
type factFile struct {
	exportFile
	before os.FileInfo
	plain  *plainFile // nil: it was read whole, into rows
	rows   *Rows
	last   int64   // its latest time key
	ids    []int64 // that matter
}

// find goes through the files of a fact table once. It returns the ids that matter, and reads whole the files that are small or not
// plain, whose ids all matter then: the copies in other files belong to them.
func (r *exportReader) find(ctx context.Context, name string, of func(texts.Table) func(*plainRow) bool) (files []*factFile, ids []int64, err error) {
	for _, f := range r.files {
		if f.table == name && !f.old {
			files = append(files, &factFile{exportFile: f, last: math.MinInt64})
		}
	}
	matters, n := of(table(name)), 0
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return r.look(ctx, files[i], matters) })
	for i, f := range files {
		if errs[i] != nil {
			return nil, nil, errs[i]
		}
		n += len(f.ids)
	}
	ids = make([]int64, 0, n)
	for _, f := range files {
		ids = append(ids, f.ids...)
		f.ids = nil
	}
	return files, ids, nil
}

// mixed spreads ids, which are given out in blocks, over all numbers: so a sieve lets few others through.
func mixed(id int64) int64 { return id * -0x61c8864680b583eb }

// look goes through a file for the first time.
func (r *exportReader) look(ctx context.Context, f *factFile, matters func(*plainRow) bool) (err error) {
	if f.before, err = os.Stat(f.path); err != nil {
		return err
	}
	t := table(f.table)
	h, err := checkHeader(f.path, f.shown, t)
	if err != nil {
		return err
	}
	if f.before.Size() > r.Small {
		plain, err := newPlainFile(f.path, h, t)
		if err != nil {
			return err
		}
		if plain != nil {
			if is, err := r.lookPlain(ctx, f, plain, matters); is || err != nil {
				f.plain = plain
				return err
			}
		}
	}
	if f.rows, err = r.load(ctx, f.exportFile, h); err != nil {
		return err
	}
	f.ids = nil
	for row := range f.rows.len {
		f.ids = append(f.ids, mixed(f.rows.number(0, row)))
	}
	return nil
}

func (r *exportReader) lookPlain(ctx context.Context, f *factFile, plain *plainFile, matters func(*plainRow) bool) (is bool, err error) {
	key := column(table(f.table), "start_date_time_key")
	return plain.look(ctx, func(row *plainRow) error {
		if row.numbers[key] < r.KeyFrom {
			return nil
		}
		f.last = max(f.last, row.numbers[key])
		if matters(row) {
			f.ids = append(f.ids, mixed(row.numbers[0]))
		}
		return nil
	})
}

// take reads the rows of files that have one of the ids, leaves the newest copy of each, and looks whether the files are
// still what they were.
func (r *exportReader) take(ctx context.Context, name string, files []*factFile, ids func(int64) bool) error {
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) error { return r.choose(ctx, files[i], ids) })
	all := newRows(table(name))
	for i, f := range files {
		if errs[i] != nil {
			return errs[i]
		}
		if f.rows != nil {
			r.Progress(f.table, int64(f.rows.len))
			all.add(f.rows)
			f.rows = nil
		}
		if err := checkStill(f.path, f.shown, f.before, r.Warn); err != nil {
			return err
		}
	}
	all.newest(false, r.TenantKey)
	r.rows[name] = all
	return nil
}

// choose reads the rows of a plain file that have one of the ids.
func (r *exportReader) choose(ctx context.Context, f *factFile, ids func(int64) bool) error {
	if f.plain == nil || f.last < r.KeyFrom {
		return nil
	}
	f.rows = newRows(table(f.table))
	key := column(f.rows.of, "start_date_time_key")
	is, err := f.plain.lookAgain(ctx, func(row *plainRow) bool {
		return row.numbers[key] >= r.KeyFrom && ids(mixed(row.numbers[0]))
	}, func(row *plainRow) error {
		f.rows.take(row, f.chunk)
		return nil
	})
	if err == nil && !is {
		err = changed(f.shown)
	}
	return err
}
