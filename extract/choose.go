package extract

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
	texts "seats/sql"
)

// exportReader reads the files of an export into the stage. Of the fact tables, which hold days and weeks, it stages what
// can matter to the run's days, and every copy of that: whether the newest one matters, none of the others can tell. So a
// file is gone through twice, without DuckDB: which ids matter in any copy, then which rows have such an id.
type exportReader struct {
	ExportOptions
	stage *Stage
	temp  string
	files []exportFile

	asOf  int64                       // open sessions of the days last at least until then
	stays map[int64]calendar.Interval // of agents whose sessions reach out of the days

	driven func(id int64) bool // legs that Outbound Contact Server may have driven
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
		if err := r.loadFile(ctx, f); err != nil {
			return err
		}
	}
	if err := r.stage.merge(ctx, "resource_", false, r.TenantKey); err != nil {
		return err
	}
	if err := r.stage.resolveCodes(ctx); err != nil {
		return err
	}
	return r.stage.resolveResources(ctx)
}

func (r *exportReader) sessions(ctx context.Context) error {
	files, ids, err := r.find(ctx, "sm_res_session_fact", r.touchesDays)
	if err != nil {
		return err
	}
	among := newSieve(ids, idBits)
	if err := r.take(ctx, "sm_res_session_fact", files, among.passes); err != nil {
		return err
	}
	if r.Groups {
		if err := r.sessionGroups(ctx, among); err != nil {
			return err
		}
	}
	return r.findStays(ctx)
}

// sessionGroups stages what sessions that matter say of groups.
func (r *exportReader) sessionGroups(ctx context.Context, sessions sieve) error {
	none := func(texts.Table) func(*plainRow) bool { return func(*plainRow) bool { return false } }
	files, _, err := r.find(ctx, sessionGroups.Name, none)
	if err != nil {
		return err
	}
	return r.take(ctx, sessionGroups.Name, files, sessions.passes)
}

// findStays notes which agents' sessions reach out of the days: activities matter there too.
func (r *exportReader) findStays(ctx context.Context) error {
	r.stays = map[int64]calendar.Interval{}
	return duck.Each(ctx, r.stage.Conn, "slice/stay_around", func(scan func(...any) error) error {
		var resource int64
		var stay calendar.Interval
		err := scan(&resource, &stay.Start, &stay.End)
		r.stays[resource] = stay
		return err
	}, sql.Named("from", r.Days.Start), sql.Named("to", r.Days.End))
}

func (r *exportReader) attempts(ctx context.Context) error {
	modes, err := r.stage.keys(ctx, "slice/preview_mode_key")
	if err != nil {
		return err
	}
	of := func(t texts.Table) func(*plainRow) bool {
		isMode, touches := column(t, "dialing_mode_key"), r.touches(t)
		return func(row *plainRow) bool {
			mode, _ := row.number(isMode)
			return slices.Contains(modes, mode) && touches(row)
		}
	}
	files, ids, err := r.find(ctx, "contact_attempt_fact", of)
	if err != nil {
		return err
	}
	return r.take(ctx, "contact_attempt_fact", files, newSieve(ids, idBits).passes)
}

// legs stages the legs that Outbound Contact Server may have driven, with their attached data: those of which some copy
// holds an attempt GUID.
func (r *exportReader) legs(ctx context.Context) error {
	legs, ids, err := r.find(ctx, "interaction_resource_fact", r.touches)
	if err != nil {
		return err
	}
	near := newSieve(ids, idBits)
	data, ids, err := r.find(ctx, "irf_user_data_gen_1", func(t texts.Table) func(*plainRow) bool {
		id, guid := column(t, "interaction_resource_id"), column(t, "gsw_call_attempt_guid")
		return func(row *plainRow) bool { return row.has(guid) && near.passes(mixed(row.numbers[id])) }
	})
	if err != nil {
		return err
	}
	driven := newSieve(ids, idBits)
	if err := r.take(ctx, "irf_user_data_gen_1", data, driven.passes); err != nil {
		return err
	}
	r.driven = func(id int64) bool { return driven.passes(id) && near.passes(id) }
	return r.take(ctx, "interaction_resource_fact", legs, r.driven)
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
	header header
	before os.FileInfo
	plain  *plainFile // nil: DuckDB has read all of it
	last   int64      // its latest time key
	ids    []int64    // that matter
}

// find goes through the files of a fact table once. It returns the ids that matter, and stages the files that are not
// plain whole, whose ids all matter then: the copies in other files belong to them.
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
		if f.plain == nil {
			if err := r.load(ctx, f.exportFile, f.header); err != nil {
				return nil, nil, err
			}
			if f.ids, err = r.idsOfChunk(ctx, f.exportFile); err != nil {
				return nil, nil, err
			}
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

func (r *exportReader) idsOfChunk(ctx context.Context, f exportFile) (ids []int64, err error) {
	err = duck.EachOn(ctx, r.stage.Conn, "slice/each_id_of_chunk", table(f.table), func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, mixed(id))
		return err
	}, sql.Named("chunk", f.chunk))
	return ids, err
}

// mixed spreads ids, which are given out in blocks, over all numbers: so a sieve lets few others through.
func mixed(id int64) int64 { return id * -0x61c8864680b583eb }

// look goes through a file for the first time.
func (r *exportReader) look(ctx context.Context, f *factFile, matters func(*plainRow) bool) (err error) {
	if f.before, err = os.Stat(f.path); err != nil {
		return err
	}
	t := table(f.table)
	if f.header, err = checkHeader(f.path, f.shown, t); err != nil || f.before.Size() <= r.Small {
		return err
	}
	plain, err := newPlainFile(f.path, f.header, t)
	if err != nil || plain == nil {
		return err
	}
	id, key := column(t, t.Key[0]), column(t, "start_date_time_key")
	is, err := plain.look(ctx, func(row *plainRow) error {
		if row.numbers[key] < r.KeyFrom {
			return nil
		}
		f.last = max(f.last, row.numbers[key])
		if matters(row) {
			f.ids = append(f.ids, mixed(row.numbers[id]))
		}
		return nil
	})
	if is {
		f.plain = plain
	} else {
		f.ids = nil
	}
	return err
}

// take stages the rows of files that have one of the ids, leaves the newest copy of each, and looks whether the files are
// still what they were.
func (r *exportReader) take(ctx context.Context, name string, files []*factFile, ids func(int64) bool) error {
	chosen := make([]int64, len(files))
	path := func(i int) string { return filepath.Join(r.temp, fmt.Sprintf("chosen-%d.csv", i)) }
	errs := atOnce(ctx, len(files), func(ctx context.Context, i int) (err error) {
		if f := files[i]; f.plain != nil && f.last >= r.KeyFrom {
			chosen[i], err = r.choose(ctx, f, ids, path(i))
		}
		return err
	})
	for i, f := range files {
		if errs[i] != nil {
			return errs[i]
		}
		if chosen[i] > 0 {
			n, err := r.loadRows(ctx, f.exportFile, f.header, path(i), "")
			if err != nil {
				return fmt.Errorf("%s: %w", f.shown, err)
			}
			if n != chosen[i] {
				return fmt.Errorf("%s: %d rows matter, %d were loaded", f.shown, chosen[i], n)
			}
		}
		os.Remove(path(i)) //nolint:errcheck // the folder is removed in the end
		r.Progress(f.table, chosen[i])
		if err := checkStill(f.path, f.shown, f.before, r.Warn); err != nil {
			return err
		}
	}
	return r.stage.merge(ctx, name, false, r.TenantKey)
}

// choose copies the rows of a file that have one of the ids.
func (r *exportReader) choose(ctx context.Context, f *factFile, ids func(int64) bool, to string) (n int64, err error) {
	out, err := createTemp(to)
	if err != nil {
		return 0, err
	}
	defer out.Close() //nolint:errcheck // what is missing from it is found when it is loaded
	rows := bufio.NewWriterSize(out, 1<<18)
	writeLine(rows, f.plain.header) //nolint:errcheck // an error stays until Flush
	t := table(f.table)
	id, key := column(t, t.Key[0]), column(t, "start_date_time_key")
	is, err := f.plain.lookAgain(ctx, func(row *plainRow) error {
		if row.numbers[key] < r.KeyFrom || !ids(mixed(row.numbers[id])) {
			return nil
		}
		n++
		return writeLine(rows, row.text)
	})
	if err == nil {
		err = rows.Flush()
	}
	if err == nil && !is {
		err = changed(f.shown)
	}
	return n, err
}
