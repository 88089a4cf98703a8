package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// tables that the program reads, in the order of the demo exports.
var tables = []string{"media_type", "dialing_mode", "resource_", "sm_res_session_fact", "interaction_resource_fact",
	"irf_user_data_gen_1", "contact_attempt_fact"}

// gim is a GIM with the day 2026-03-10 (UTC) in it.
const day0 = 1773100800 // 2026-03-10T00:00:00Z

type gim struct {
	t      *testing.T
	db     *pgtest.DB
	gather bool   // rows, to insert them at once
	rows   string // that are gathered
}

// insert runs a statement, or gathers it.
func (g *gim) insert(format string, args ...any) {
	if g.rows += fmt.Sprintf(format, args...) + ";"; !g.gather {
		g.db.Exec(g.t, g.rows)
		g.rows = ""
	}
}

func newGIM(t *testing.T, ddl string) *gim { return newGIMIn(t, pgtest.Schema(t), ddl) }

func newGIMIn(t *testing.T, db *pgtest.DB, ddl string) *gim {
	g := &gim{t: t, db: db}
	g.db.Exec(t, ddl)
	g.db.Exec(t, `
		insert into media_type (media_type_key, media_name_code) values (1, 'VOICE'), (2, 'EMAIL');
		insert into dialing_mode (dialing_mode_key, dialing_mode_code) values (1, 'PREDICTIVE'), (3, 'PREVIEW'), (4, 'PUSH_PREVIEW');
		insert into resource_ (resource_key, resource_type_code, resource_name, employee_id, switch_name) values
			(-1, 'UNKNOWN', null, null, null), (-2, 'NONE', null, null, null),
			(1, 'AGENT', 'a1', 'E1', null), (2, 'AGENT', 'a2', 'E2', null), (3, 'AGENT', 'a3', null, null),
			(10, 'ENDPOINT', 'dn', null, 'SIP_A'), (11, 'ENDPOINT', 'dn', null, ''), (12, 'QUEUE', 'q', null, 'SIP_A')`)
	return g
}

func key(ts int64) int64 { return ts - ts%900 }

func (g *gim) session(id, resource, media, start, end int64, active int, audit int64) {
	g.insert(`insert into sm_res_session_fact values (%d, %d, 0, 1, %d, %d, 0, 1, %d, %s, %s, 0, 0, 0, %d)`,
		id, key(start), media, resource, audit, null(start), null(end), active)
}

func (g *gim) leg(id, resource, dn, start, end int64, guid string) {
	g.insert(`
		insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
			media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
		values (%d, %d, 1, 1, %d, %d, %d, %s, 0, 1, 1);
		insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, gsw_call_attempt_guid) values (%d, %d, 1, '%s')`,
		id, key(start), resource, dn, start, null(end), id, key(start), guid)
}

func (g *gim) attempt(id, resource, mode, start, end int64) {
	g.insert(`insert into contact_attempt_fact (contact_attempt_fact_key, tenant_key, create_audit_key, update_audit_key, media_type_key,
		start_date_time_key, end_date_time_key, dialing_mode_key, resource_key, call_attempt_id, start_ts, end_ts)
		values (%d, 1, 1, 1, 1, %d, 0, %d, %d, 'p%d', %d, %s)`, id, key(start), mode, resource, id, start, null(end))
}

func null(v int64) string {
	if v < 0 {
		return "null"
	}
	return fmt.Sprint(v)
}

// highWater writes a history of what was extracted and transformed: two T-Servers, one OCS, and sources of other types that lag far
// behind; and an extraction that runs ahead of all transformations.
func (g *gim) highWater(ts int64) {
	g.db.Exec(g.t, fmt.Sprintf(`insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts) values
		('a', 1, 1, %[1]d, '2026-03-11 02:00', 'j1', 1, 1), ('b', 1, 1, %[1]d - 900, '2026-03-11 02:00', 'j1', 1, 1),
		('a', 2, 1, %[1]d + 500, '2026-03-11 02:00', 'j1', 1, 1), ('a', 3, 3, %[1]d + 60, '2026-03-11 02:00', 'j1', 1, 1),
		('a', 4, 4, 1000, '2026-03-11 02:00', 'j1', 1, 1), ('a', 5, 2, 2000, '2026-03-11 02:00', 'j1', 1, 1),
		('a', 1, 1, %[1]d + 9000, '2026-03-11 02:15', 'j2', 1, 1);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key) values
		('t1', 1, '2026-03-11 02:01', '2026-03-11 02:20', 1, 1)`, ts))
}

// export writes the GIM's tables, and more where they are named, as one chunk of an export folder.
func (g *gim) export(date string, more ...string) string {
	dir := g.t.TempDir()
	chunk := filepath.Join(dir, "export_42_"+date)
	require.NoError(g.t, os.Mkdir(chunk, 0o700))
	for _, table := range slices.Concat(tables, more) {
		f := must.Have(os.Create(filepath.Join(chunk, strings.ToUpper(table)+".csv")))(g.t)
		must.Have(g.db.Conn.PgConn().CopyTo(g.t.Context(), f, "copy "+table+" to stdout with (format csv, header)"))(g.t)
		require.NoError(g.t, f.Close())
	}
	return dir
}

func (g *gim) config(connections int) config.GIMDB {
	return config.GIMDB{Host: g.db.Host, Port: g.db.Port, Database: g.db.Database, Schema: g.db.Schema, User: g.db.User,
		SSLMode: "disable", Connections: connections, StatementTimeout: time.Minute}
}

// rig is a fresh store with a stage.
type rig struct {
	work  *store.Work
	stage *extract.Stage
}

// emptyStore is a store without a slice. It is made once: each test has a copy.
var emptyStore = sync.OnceValue(func() []byte {
	dir := must.Now(os.MkdirTemp("", "extract-*"))
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	path := filepath.Join(dir, "empty.duckdb")
	w := must.Now(store.Begin(context.Background(), path, duck.Options{}))
	must.Now(w, errors.Join(w.Publish(), w.Drop()))
	return must.Now(os.ReadFile(path))
})

// newWork is a work copy of an empty store.
func newWork(t testing.TB, o duck.Options) *store.Work {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, os.WriteFile(path, emptyStore(), 0o600))
	w := must.Have(store.Begin(context.Background(), path, o))(t)
	t.Cleanup(func() { require.NoError(t, w.Drop()) })
	return w
}

func newRig(t testing.TB) *rig {
	w := newWork(t, duck.Options{Threads: 1})
	return &rig{w, must.Have(extract.NewStage(w.Conn))(t)}
}

var utcDay = extract.Window{
	Day:      calendar.Date{Year: 2026, Month: 3, Day: 10},
	Spans:    []calendar.Interval{{Start: day0, End: day0 + 86400}},
	Lookback: 48 * time.Hour,
}

// complete is a newGIM whose day is over.
func complete(t *testing.T, ddl string) *gim {
	g := newGIM(t, ddl)
	g.highWater(day0 + 86400 + 7200)
	return g
}

func (r *rig) cut(t *testing.T, src extract.Source, w extract.Window) extract.Summary {
	return must.Have(cutter(r, src).Cut(t.Context(), w))(t)
}

func (r *rig) strings(t *testing.T, query string) []string { return must.Texts(t, r.work.Conn, query) }

func openDB(t *testing.T, r *rig, cfg config.GIMDB, tenantKey *int64) *extract.GIMDB {
	src := must.Have(extract.OpenGIMDB(t.Context(), cfg, tenantKey, none))(t)
	t.Cleanup(func() { require.NoError(t, src.Close()) })
	return src
}

func openExport(t *testing.T, r *rig, dir string) *extract.Export {
	return must.Have(extract.OpenExport(t.Context(), dir, exportOptions(t)))(t)
}

// readerClock is later than any export of the tests.
var readerClock = time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC)

func exportOptions(t testing.TB) extract.ExportOptions {
	return extract.ExportOptions{Now: readerClock, KeyFrom: 0, Days: utcDay.Hull(), TempDir: t.TempDir(), Warn: func(string) {}, Progress: func(string, int64) {}}
}

// eachSource runs a test of what a slice holds against both kinds of source.
func eachSource(t *testing.T, fill func(*gim), check func(*testing.T, *rig, extract.Summary)) {
	t.Parallel()
	g := complete(t, gimschema.DDL)
	fill(g)
	var sums []string
	for _, connections := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("gimdb with %d connections", connections), func(t *testing.T) {
			r := newRig(t)
			s := r.cut(t, openDB(t, r, g.config(connections), nil), utcDay)
			sums = append(sums, s.SHA256)
			check(t, r, s)
		})
	}
	t.Run("export", func(t *testing.T) {
		r := newRig(t)
		s := r.cut(t, openExport(t, r, g.export("2026_03_11_02_00_00")), utcDay)
		sums = append(sums, s.SHA256)
		check(t, r, s)
	})
	for _, sum := range sums {
		require.Equal(t, sums[0], sum, "the same rows from every source")
	}
}

func TestR10Final(t *testing.T) {
	const end = 1_000_000
	require.Equal(t, settle.Final, settle.Of(settle.Why(new(int64(end+3600)), 0, end, 1)))
	require.Equal(t, settle.Provisional, settle.Of(settle.Why(new(int64(end+3599)), 0, end, 1)), "attached data may still come")
	require.Equal(t, settle.Provisional, settle.Of(settle.Why(new(int64(end+3600)), 1, end, 1)), "a session is open")
	require.Equal(t, settle.Provisional, settle.Of(settle.Why[int64](nil, 0, end, 0)), "nobody knows")
	require.Equal(t, settle.Final, settle.Of(settle.Why(new(int64(end)), 0, end, 0)))
}

func TestR10SliceHoldsWhatSharesASecondWithTheDay(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.session(1, 1, 1, day0-3600, day0-1, 0, 1)            // ends before the day
		g.session(2, 1, 1, day0-3600, day0+60, 0, 1)           // crosses midnight
		g.session(3, 2, 1, day0+100, day0+100, 0, 1)           // zero length
		g.session(4, 2, 1, day0+86399, day0+90000, 0, 1)       // last second
		g.session(5, 2, 1, day0+86400, day0+90000, 0, 1)       // next day
		g.session(6, 2, 2, day0+100, day0+200, 0, 1)           // not voice
		g.session(7, 12, 1, day0+100, day0+200, 0, 1)          // not an agent
		g.session(8, 3, 1, day0-48*3600, -1, 1, 1)             // open, as early as it is looked for
		g.session(9, 3, 1, day0-48*3600-1, day0+86400*3, 0, 1) // earlier than that
		g.session(10, 3, 1, day0+500, day0+400, 0, 1)          // rejected, in the day
		g.session(11, 3, 1, day0-500, day0-600, 0, 1)          // rejected, the day before
		g.session(12, 99, 1, day0+100, day0+200, 0, 1)         // of nobody known
		g.db.Exec(g.t, fmt.Sprintf(`insert into sm_res_session_fact values (13, %d, 0, 1, 1, 1, 0, 1, 1, null, null, 0, 0, 0, 0)`, day0+900))
	}, func(t *testing.T, r *rig, s extract.Summary) {
		require.Equal(t, []string{"2", "3", "4", "8", "10", "13"},
			r.strings(t, "select sm_res_session_fact_key from voice_session order by 1"))
		require.EqualValues(t, 6, s.Sessions)
		require.Equal(t, "provisional", s.State, "session 8 is open")
		require.Equal(t, []string{fmt.Sprint(day0 + 86400 + 7200)}, r.strings(t, "select as_of from _data.slice"))
	})
}

func TestR10SliceHoldsActivitiesOfItsSessionsAndOfTheDay(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.session(1, 1, 1, day0-7200, day0+60, 0, 1)
		g.session(2, 2, 1, day0+86300, day0+90000, 0, 1)
		g.leg(1, 1, 10, day0-7000, day0-6900, "g1")      // before the day, in session 1
		g.leg(2, 2, 10, day0-7000, day0-6900, "g2")      // before the day, its agent logged out
		g.leg(3, 2, 10, day0+88000, day0+88100, "g3")    // after the day, in session 2
		g.leg(4, 1, 10, day0+88000, day0+88100, "g4")    // after the day, its agent logged out
		g.leg(5, 3, 10, day0+1000, day0+1100, "g5")      // in the day, in no session
		g.leg(6, 1, 10, day0+10, day0+20, "")            // not OCS-driven
		g.leg(7, 12, 10, day0+10, day0+20, "g7")         // of a queue
		g.leg(8, 1, 10, day0-10*3600, day0-7200+1, "g8") // long, reaches into session 1
		g.leg(9, 1, 10, day0-10*3600, day0-7200, "g9")   // long, ends as session 1 begins
		g.leg(10, 3, 11, day0-100, day0+5, "g10")        // reaches into the day, switch unknown
		g.leg(11, 3, 99, day0+5, -1, "g11")              // no end: until as_of
		g.leg(12, 3, 10, day0+700, day0+600, "g12")      // rejected
		g.leg(13, 2, 10, day0+88200, -1, "g13")          // after the day, in session 2, no end: until as_of
		g.attempt(1, 1, 3, day0+30, day0+40)             // preview
		g.attempt(2, 1, 4, day0-7100, day0-7000)         // push preview before the day, in session 1
		g.attempt(3, 1, 1, day0+30, day0+40)             // predictive
		g.attempt(4, -2, 3, day0+30, day0+40)            // nobody's
		g.attempt(5, 2, 3, day0+88300, -1)               // after the day, in session 2, no end
		g.db.Exec(g.t, fmt.Sprintf(`insert into irf_user_data_gen_1 values (500, %d, 1, 1, 1, null, 'segment')`, key(day0+10)))
		g.db.Exec(g.t, fmt.Sprintf(`insert into irf_user_data_gen_1 values (1, %d, 1, 1, 1, null, 'other key')`, key(day0+10)))
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"leg 1", "leg 3", "leg 5", "leg 8", "leg 10", "leg 11", "leg 12", "leg 13", "preview 1", "preview 2", "preview 5"},
			r.strings(t, "select kind || ' ' || activity_key from ocs_activity order by kind, activity_key"))
		require.Equal(t, []string{"1 SIP_A", "10 -", "11 -"},
			r.strings(t, "select activity_key || ' ' || coalesce(switch_name, '-') from ocs_activity where activity_key in (1, 10, 11) and kind = 'leg' order by activity_key"))
		require.Equal(t, []string{"1 E1", "2 E2", "3 #3"}, r.strings(t, "select resource_key || ' ' || agent from agent order by resource_key"))
	})
}

func TestR10OpenStuckSessionPullsInActivitiesUntilAsOf(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.session(1, 1, 1, day0+1000, -1, 1, 1)
		g.leg(1, 1, 10, day0+86400+7100, day0+86400+7150, "g1") // still before as_of
		g.leg(2, 1, 10, day0+86400+7300, day0+86400+7350, "g2") // after it
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"1"}, r.strings(t, "select activity_key from ocs_activity order by 1"))
	})
}

func TestSliceIsReplacedWhole(t *testing.T) {
	g := complete(t, gimschema.DDL)
	g.session(1, 1, 1, day0+10, day0+20, 0, 1)
	r := newRig(t)
	first := r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	g.session(2, 2, 1, day0+10, day0+20, 0, 1)
	g.db.Exec(t, "delete from sm_res_session_fact where sm_res_session_fact_key = 1")
	require.NotEqual(t, first.SHA256, r.cutAgain(t, g).SHA256, "in a new snapshot, on the same stage")
	require.Equal(t, []string{"2"}, r.strings(t, "select sm_res_session_fact_key from voice_session"))
	require.Equal(t, []string{"2"}, r.strings(t, "select resource_key from agent"))
	require.Equal(t, []string{"1"}, r.strings(t, "select count(*) from slice"))

	g.db.Exec(t, "delete from sm_res_session_fact")
	require.ErrorContains(t, must.Err(cutter(r, openDB(t, r, g.config(1), nil)).Cut(t.Context(), utcDay)), "has it purged them?")
	require.Equal(t, []string{"2"}, r.strings(t, "select sm_res_session_fact_key from voice_session"))
}

// cutAgain reads the GIM as it is now, in a new snapshot, on the same stage, and gives back the locks of the snapshot.
func (r *rig) cutAgain(t *testing.T, g *gim) extract.Summary { return r.cutOver(t, g, 2) }

func (r *rig) cutOver(t *testing.T, g *gim, connections int) extract.Summary {
	src := must.Have(extract.OpenGIMDB(t.Context(), g.config(connections), nil, none))(t)
	defer func() { require.NoError(t, src.Close()) }()
	return r.cut(t, src, utcDay)
}

func TestCancelledExtractionLeavesTheSliceAsItWas(t *testing.T) {
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	src := openDB(t, r, g.config(2), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, must.Err(cutter(r, src).Cut(ctx, utcDay)), context.Canceled)
	require.Equal(t, []string{"0"}, r.strings(t, "select count(*) from _data.slice"))
}

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
	spoiled := func(spoil func()) *extract.Cutter { return cutter(r, faulty{openDB(t, r, g.config(2), nil), spoil}) }
	require.ErrorIs(t, must.Err(spoiled(func() {}).Cut(t.Context(), utcDay)), errFaulty)
	require.Empty(t, r.strings(t, everyRow), "there was no slice before")

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	before := r.strings(t, everyRow)
	require.Len(t, before, 5)
	g.session(2, 2, 1, day0+10, day0+8000, 0, 1)
	g.leg(2, 2, 10, day0+1000, day0+1050, "g2")
	require.ErrorIs(t, must.Err(spoiled(func() {}).Cut(t.Context(), utcDay)), errFaulty)
	require.Equal(t, before, r.strings(t, everyRow))

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	require.Len(t, r.strings(t, everyRow), 8)
	require.Empty(t, r.strings(t, "select day::varchar from _data.voice_session where day <> '2026-03-10'"))

	before = r.strings(t, everyRow)
	require.ErrorIs(t, must.Err(spoiled(func() { r.exec(t, "drop table _data.duplicate_key") }).Cut(t.Context(), utcDay)), errFaulty)
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
	require.ErrorContains(t, must.Err(cutter(r, src).Cut(t.Context(), utcDay)), "voice_session")
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
			cutter := cutter(r, openDB(t, r, g.config(2), nil))
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
		cutter := cutter(r, openDB(t, r, g.config(2), nil))
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
			require.Contains(t, must.Have(extract.InspectGIMDB(t.Context(), g.config(1), nil, time.UTC))(t).NoGroups, c.why)
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
	require.ErrorIs(t, must.Err(cutter(r, faulty{src, func() {}}).Cut(t.Context(), utcDay)), errFaulty)
	require.Equal(t, wantGroups, r.strings(t, groupRows))
}
