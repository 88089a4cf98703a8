package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/internal/gimschema"
	"seats/internal/must"
	"seats/internal/store"
)

// faulty is a source that fails once its first part is taken.
type faulty struct {
	extract.Source
	spoil func()
}

var errFaulty = errors.New("the source is gone")

func (f faulty) Activities(ctx context.Context, w extract.Window, reach calendar.Interval, logins extract.Logins, take func(extract.Part) error) error {
	return f.Source.Activities(ctx, w, reach, logins, func(p extract.Part) error {
		if err := take(p); err != nil {
			return err
		}
		f.spoil()
		return errFaulty
	})
}

const everyRow = `
	select 'slice ' || s from (select s::varchar as s from _data.slice as s) union all
	select 'span ' || s from (select s::varchar as s from _data.slice_span as s) union all
	select 'session ' || s from (select s::varchar as s from _data.voice_session as s) union all
	select 'activity ' || s from (select s::varchar as s from _data.ocs_activity as s) union all
	select 'agent ' || s from (select s::varchar as s from _data.agent as s) union all
	select 'duplicate ' || s from (select s::varchar as s from _data.duplicate_key as s) order by all`

// A slice is replaced in one transaction. Whatever happens on the way, the old one is there, whole, and nothing of the new one.
func TestASourceThatFailsMidwayLeavesTheOldSlice(t *testing.T) {
	g := complete(t, gimschema.DDL)
	g.session(1, 1, 1, day0+10, day0+8000, 0, 1)
	g.leg(1, 1, 10, day0+1000, day0+1050, "g1")
	r := newRig(t)
	cutter := func(spoil func()) *extract.Cutter {
		return &extract.Cutter{Stage: r.stage, Source: faulty{openDB(t, r, g.config(2), nil), spoil}, SettleHours: 1, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
	}
	require.ErrorIs(t, must.Err(cutter(func() {}).Cut(t.Context(), utcDay)), errFaulty)
	require.Empty(t, r.strings(t, everyRow), "there was no slice before")

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	before := r.strings(t, everyRow)
	require.Len(t, before, 5)
	g.session(2, 2, 1, day0+10, day0+8000, 0, 1)
	g.leg(2, 2, 10, day0+1000, day0+1050, "g2")
	require.ErrorIs(t, must.Err(cutter(func() {}).Cut(t.Context(), utcDay)), errFaulty)
	require.Equal(t, before, r.strings(t, everyRow))

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	require.Len(t, r.strings(t, everyRow), 8)
	require.Empty(t, r.strings(t, "select day::varchar from _data.voice_session where day <> '2026-03-10'"))

	before = r.strings(t, everyRow)
	require.ErrorIs(t, must.Err(cutter(func() { r.exec(t, "drop table _data.duplicate_key") }).Cut(t.Context(), utcDay)), errFaulty)
	require.Equal(t, before, r.strings(t, everyRow))
}

// unwritable is a source whose sessions cannot be written.
type unwritable struct {
	extract.Source
	spoil func()
}

func (u unwritable) Sessions(ctx context.Context, w extract.Window) (*extract.Rows, error) {
	rows, err := u.Source.Sessions(ctx, w)
	u.spoil()
	return rows, err
}

// Where the first rows of a new slice cannot be written, the old one stays.
func TestSessionsThatCannotBeWrittenLeaveTheOldSlice(t *testing.T) {
	g, r := complete(t, gimschema.DDL), newRig(t)
	g.session(1, 1, 1, day0+10, day0+8000, 0, 1)
	r.cutAgain(t, g)
	before := r.strings(t, everyRow)
	src := unwritable{openDB(t, r, g.config(2), nil), func() { r.exec(t, "drop table _data.voice_session") }}
	_, err := (&extract.Cutter{Stage: r.stage, Source: src, SettleHours: 1, Clock: time.Now}).Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "voice_session")
	require.Equal(t, before, r.strings(t, everyRow))
}

// A source that was purged in part must not take the only copy of a day with it.
func TestASliceIsNotReplacedByOneThatLacksMuchOfIt(t *testing.T) {
	const one, three, all = 1, 3, 20
	for _, tt := range []struct {
		change string // what becomes of the source; $ is a key up to which
		lost   int
		says   string // empty: no more than may be lost
	}{
		{"delete from sm_res_session_fact where sm_res_session_fact_key <= $", three, "20 sessions, the source 17 and 3 of them no more"},
		{"delete from sm_res_session_fact where sm_res_session_fact_key <= $", one, ""},
		{"delete from sm_res_session_fact where sm_res_session_fact_key <= $", all, "20 sessions, the source none"},
		{"update sm_res_session_fact set sm_res_session_fact_key = sm_res_session_fact_key + 100 where sm_res_session_fact_key <= $", three,
			"20 sessions, the source 20 and 3 of them no more"},
		{"update irf_user_data_gen_1 set gsw_call_attempt_guid = null where interaction_resource_id <= $", three, "20 activities, the source 17 and 3 of them no more"},
		{"delete from interaction_resource_fact where interaction_resource_id <= $", all, "20 activities, the source none"},
		{"delete from resource_ where resource_key <= 100 + $", three,
			"20 sessions, the source 17 and 3 of them no more; 20 activities, the source 17 and 3 of them no more; 20 agents, the source 17 and 3 of them no more"},
		{"update sm_res_session_fact set end_ts = end_ts + 1 where sm_res_session_fact_key <= $", all, ""},
	} {
		change := strings.ReplaceAll(tt.change, "$", strconv.Itoa(tt.lost))
		t.Run(change, func(t *testing.T) {
			g, r := newGIM(t, gimschema.DDL), newRig(t)
			g.twentySeats()
			r.cutAgain(t, g)
			before := r.strings(t, everyRow)
			g.db.Exec(t, change)
			cutter := &extract.Cutter{Stage: r.stage, Source: openDB(t, r, g.config(2), nil), SettleHours: 1, Clock: time.Now}
			_, err := cutter.Cut(t.Context(), utcDay)
			if tt.says == "" {
				require.NoError(t, err)
				require.NotEqual(t, before, r.strings(t, everyRow))
				return
			}
			must.Fail(t, err, fail.Source, "of 2026-03-10 the store holds "+tt.says+": has it purged them?")
			require.Equal(t, before, r.strings(t, everyRow))

			cutter.AcceptLoss = true
			summary := must.Have(cutter.Cut(t.Context(), utcDay))(t)
			require.Equal(t, "loss accepted: of 2026-03-10 the store holds "+tt.says, summary.Accepted())
			require.NotEqual(t, before, r.strings(t, everyRow))
		})
	}
}

// Where the rows of a day were dropped, its numbers are all that is left of it.
func TestNumbersWhoseRowsWereDroppedAreNotReplacedByAPurgedSource(t *testing.T) {
	g, r := newGIM(t, gimschema.DDL), newRig(t)
	g.twentySeats()
	r.cutAgain(t, g)
	r.exec(t, "insert into _data.enabled_daily values ('2026-03-10', 'US', 20, 'final'), ('2026-03-10', 'EU', 3, 'final')")
	require.NoError(t, store.DropRows(t.Context(), r.work.Conn, utcDay.Day))
	r.cutAgain(t, g)
	require.NoError(t, store.DropRows(t.Context(), r.work.Conn, utcDay.Day))

	for _, purge := range []struct{ upTo, says string }{
		{"103", "20 enabled agents, the source 17 and 3 of them no more"},
		{"120", "20 enabled agents, the source none"},
	} {
		says := purge.says
		g.db.Exec(t, "delete from sm_res_session_fact where resource_key <= "+purge.upTo+"; delete from interaction_resource_fact where resource_key <= "+purge.upTo)
		cutter := &extract.Cutter{Stage: r.stage, Source: openDB(t, r, g.config(2), nil), SettleHours: 1, Clock: time.Now}
		_, err := cutter.Cut(t.Context(), utcDay)
		must.Fail(t, err, fail.Source, "of 2026-03-10 the store holds "+says+": has it purged them?", "the numbers are kept")
		require.Empty(t, r.strings(t, everyRow))
		cutter.AcceptLoss = true
		require.Contains(t, must.Have(cutter.Cut(t.Context(), utcDay))(t).Accepted(), says)
		require.NoError(t, store.DropRows(t.Context(), r.work.Conn, utcDay.Day))
	}
}

// A shorter day, or a shorter look back, is no loss of the source's.
func TestAnotherWindowIsNoLoss(t *testing.T) {
	g, r := newGIM(t, gimschema.DDL), newRig(t)
	g.twentySeats()
	for i := range int64(20) {
		g.session(i+101, 101+i, 1, day0+80000, day0+81000, 0, 1)
		g.leg(i+101, 101+i, 10, day0+80100, day0+80200, "g")
		g.session(i+201, 101+i, 1, day0-30*3600, day0+5, 0, 1)
	}
	require.EqualValues(t, 60, r.cutAgain(t, g).Sessions)
	shorter := utcDay
	shorter.Spans = []calendar.Interval{{Start: day0, End: day0 + 70000}}
	shorter.Lookback = 24 * time.Hour
	require.EqualValues(t, 20, r.cut(t, openDB(t, r, g.config(2), nil), shorter).Sessions)
}

// twentySeats are twenty agents with a session and a leg each.
func (g *gim) twentySeats() {
	g.highWater(day0 + 86400 + 7200)
	g.db.Exec(g.t, "insert into resource_ (resource_key, resource_type_code, employee_id) select k, 'AGENT', 'E' || k from generate_series(101, 120) as k")
	for i := range int64(20) {
		g.session(i+1, 101+i, 1, day0+10, day0+8000, 0, 1)
		g.leg(i+1, 101+i, 10, day0+1000, day0+1050, "g")
	}
}

func (r *rig) exec(t *testing.T, statement string) {
	must.Have(r.work.Conn.ExecContext(t.Context(), statement))(t)
}

var groupTables = []string{"group_", "resource_group_combination"}

const groupRows = "select sm_res_session_fact_key || ' ' || start_date_time_key || ' ' || coalesce(group_name, '-') from _data.session_group order by all"

// grouped is a GIM whose agents are in groups: session 1 in two, 2 in one, 3 in none, 4 in an unknown one, 5 in a combination
// that is no row, 6 in a group that is none.
func grouped(t *testing.T) *gim {
	g := complete(t, gimschema.DDL)
	g.db.Exec(t, `
		insert into group_ (group_key, group_name) values (-1, 'UNKNOWN'), (-2, 'NO_VALUE'), (1, 'Sales'), (2, 'Équipe, Paris'), (3, null);
		insert into resource_group_combination (group_combination_key, group_key) values (-1, -1), (-2, -2), (10, 1), (10, 2), (11, 2), (12, 3), (13, -1)`)
	for i, combination := range []int64{10, 11, -2, -1, 99, 12, 13} {
		id := int64(i + 1)
		g.session(id, 1+id%3, 1, day0+id*1000, day0+id*1000+500, 0, 1)
		g.leg(id, 1+id%3, 10, day0+id*1000, day0+id*1000+50, fmt.Sprint("g", id))
		g.db.Exec(t, fmt.Sprintf("update sm_res_session_fact set resource_group_combination_key = %d where sm_res_session_fact_key = %d", combination, id))
	}
	g.session(8, 1, 2, day0+100, day0+200, 0, 1) // no voice
	g.db.Exec(t, "update sm_res_session_fact set resource_group_combination_key = 10 where sm_res_session_fact_key = 8")
	return g
}

var wantGroups = []string{
	fmt.Sprintf("1 %d Sales", key(day0+1000)), fmt.Sprintf("1 %d Équipe, Paris", key(day0+1000)),
	fmt.Sprintf("2 %d Équipe, Paris", key(day0+2000)), fmt.Sprintf("3 %d -", key(day0+3000)), fmt.Sprintf("4 %d -", key(day0+4000)),
	fmt.Sprintf("5 %d -", key(day0+5000)), fmt.Sprintf("6 %d -", key(day0+6000)), fmt.Sprintf("7 %d -", key(day0+7000)),
}

func withGroups(t *testing.T, src *extract.GIMDB) string {
	return must.Have(src.WithGroups(t.Context()))(t)
}

// openGroups opens an export and gives what was warned of.
func openGroups(t *testing.T, r *rig, dir string) (src *extract.Export, warned string) {
	o := exportOptions(t)
	o.WithGroups, o.Warn = true, func(msg string) { warned += msg + "\n" }
	return must.Have(extract.OpenExport(t.Context(), dir, o))(t), warned
}

func TestGroupsAreTheSameFromBothSourcesAndNoPartOfTheSlice(t *testing.T) {
	g := grouped(t)
	plain := newRig(t)
	want := plain.cut(t, openDB(t, plain, g.config(2), nil), utcDay)
	require.Empty(t, plain.strings(t, groupRows), "nobody asked")

	db := newRig(t)
	src := openDB(t, db, g.config(2), nil)
	require.Empty(t, withGroups(t, src))
	require.Equal(t, want.SHA256, db.cut(t, src, utcDay).SHA256)
	require.Equal(t, wantGroups, db.strings(t, groupRows))
	require.Equal(t, want.SHA256, db.cut(t, src, utcDay).SHA256)
	require.Equal(t, wantGroups, db.strings(t, groupRows), "read anew, not beside the old ones")

	export := newRig(t)
	exported, warned := openGroups(t, export, g.export("2026_03_11_02_00_00", groupTables...))
	require.Empty(t, warned)
	require.Equal(t, want.SHA256, export.cut(t, exported, utcDay).SHA256)
	require.Equal(t, wantGroups, export.strings(t, groupRows))

	again := newRig(t)
	again.cut(t, openExport(t, again, g.export("2026_03_11_02_00_00", groupTables...)), utcDay)
	require.Empty(t, again.strings(t, groupRows))
}

// Where a row may come in several copies, the newest one says which groups they are.
func TestTheNewestCopyOfASessionTellsItsGroups(t *testing.T) {
	g := grouped(t)
	g.db.Exec(t, `
		alter table sm_res_session_fact drop constraint sm_res_session_fact_pkey;
		insert into sm_res_session_fact select sm_res_session_fact_key, start_date_time_key, end_date_time_key, tenant_key, media_type_key, resource_key,
			11, create_audit_key, update_audit_key + 1, start_ts, end_ts, total_duration, lead_clip_duration, trail_clip_duration, active_flag
		from sm_res_session_fact where sm_res_session_fact_key = 1`)
	r := newRig(t)
	src := openDB(t, r, g.config(1), nil)
	require.Empty(t, withGroups(t, src))
	r.cut(t, src, utcDay)
	require.Equal(t, wantGroups[1:], r.strings(t, groupRows))
}

// A GIM without groups, or one that does not show them, has slices all the same, and says what is missing.
func TestWithoutGroupsThereAreSlices(t *testing.T) {
	for name, c := range map[string]struct{ spoil, why string }{
		"no table":  {"drop table group_", "missing: table group_"},
		"no column": {"alter table sm_res_session_fact drop column resource_group_combination_key", "missing: column sm_res_session_fact.resource_group_combination_key"},
		"type":      {"alter table group_ alter group_key type text", "wrong type: group_.group_key is text"},
	} {
		t.Run(name, func(t *testing.T) {
			g := grouped(t)
			g.db.Exec(t, c.spoil)
			r := newRig(t)
			src := openDB(t, r, g.config(2), nil)
			require.Contains(t, withGroups(t, src), c.why)
			require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
			require.Empty(t, r.strings(t, groupRows))
			require.Contains(t, must.Have(extract.InspectGIMDB(t.Context(), g.config(1), time.UTC))(t).NoGroups, c.why)
		})
	}
}

func TestAnExportWithoutGroupsHasSlices(t *testing.T) {
	all := grouped(t).export("2026_03_11_02_00_00", groupTables...)
	for file, why := range map[string]string{
		"GROUP_.csv":                     "no file for group_",
		"RESOURCE_GROUP_COMBINATION.csv": "no file for resource_group_combination",
		"":                               "no file for sm_res_session_fact with column resource_group_combination_key",
	} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(all)))
		chunk := filepath.Join(dir, "export_42_2026_03_11_02_00_00")
		if file != "" {
			require.NoError(t, os.Remove(filepath.Join(chunk, file)))
		} else {
			path := filepath.Join(chunk, "SM_RES_SESSION_FACT.csv")
			text := must.Have(os.ReadFile(path))(t)
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "resource_group_combination_key", "other", 1)), 0o600))
		}
		r := newRig(t)
		src, warned := openGroups(t, r, dir)
		require.Contains(t, warned, "the agent groups cannot be told: export "+dir+": "+why)
		require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
		require.Empty(t, r.strings(t, groupRows))
		f := must.Have(extract.InspectExport(t.Context(), dir, "", t.TempDir(), 0, true, readerClock))(t)
		require.Equal(t, why, f.NoGroups)
		require.Equal(t, "7 tables in 1 chunks, the newest export_42_2026_03_11_02_00_00", f.Detail)
	}
}

// Where the column came with a later chunk, of sessions that are not in it nothing is known: they are not in no group.
func TestSessionsOfChunksWithoutGroupsHaveNone(t *testing.T) {
	g := grouped(t)
	dir := g.export("2026_03_11_02_00_00", groupTables...)
	path := filepath.Join(dir, "export_42_2026_03_11_02_00_00", "SM_RES_SESSION_FACT.csv")
	text := must.Have(os.ReadFile(path))(t)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "resource_group_combination_key", "other", 1)), 0o600))
	g.db.Exec(t, "delete from sm_res_session_fact where sm_res_session_fact_key not in (2, 3)")
	later := "export_43_2026_03_11_03_00_00"
	require.NoError(t, os.Rename(filepath.Join(g.export("2026_03_11_03_00_00"), "export_42_2026_03_11_03_00_00"), filepath.Join(dir, later)))
	r := newRig(t)
	src, warned := openGroups(t, r, dir)
	require.Empty(t, warned)
	require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
	require.Equal(t, wantGroups[2:4], r.strings(t, groupRows))
}

// The groups of a slice that could not be replaced come back with it.
func TestASourceThatFailsMidwayLeavesTheOldGroups(t *testing.T) {
	g := grouped(t)
	r := newRig(t)
	src := openDB(t, r, g.config(1), nil)
	require.Empty(t, withGroups(t, src))
	r.cut(t, src, utcDay)
	c := cutter(r, faulty{src, func() {}})
	require.ErrorIs(t, must.Err(c.Cut(t.Context(), utcDay)), errFaulty)
	require.Equal(t, wantGroups, r.strings(t, groupRows))
}
