package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/gimschema"
	"seats/internal/must"
	"seats/internal/pgtest"
	"seats/internal/store"
)

// tables that the program reads, in the order of the demo exports.
var tables = []string{"media_type", "dialing_mode", "resource_", "sm_res_session_fact", "interaction_resource_fact",
	"irf_user_data_gen_1", "contact_attempt_fact"}

// gim is a GIM with the day 2026-03-10 (UTC) in it.
const day0 = 1773100800 // 2026-03-10T00:00:00Z

type gim struct {
	t   *testing.T
	db  *pgtest.DB
	ddl string
}

func newGIM(t *testing.T, ddl string) *gim { return newGIMIn(t, pgtest.Schema(t), ddl) }

func newGIMIn(t *testing.T, db *pgtest.DB, ddl string) *gim {
	g := &gim{t: t, db: db, ddl: ddl}
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
	g.db.Exec(g.t, fmt.Sprintf(`insert into sm_res_session_fact values (%d, %d, 0, 1, %d, %d, 0, 1, %d, %s, %s, 0, 0, 0, %d)`,
		id, key(start), media, resource, audit, null(start), null(end), active))
}

func (g *gim) leg(id, resource, dn, start, end int64, guid string) {
	g.db.Exec(g.t, fmt.Sprintf(`
		insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
			media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
		values (%d, %d, 1, 1, %d, %d, %d, %s, 0, 1, 1);
		insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, gsw_call_attempt_guid) values (%d, %d, 1, '%s')`,
		id, key(start), resource, dn, start, null(end), id, key(start), guid))
}

func (g *gim) attempt(id, resource, mode, start, end int64) {
	g.db.Exec(g.t, fmt.Sprintf(`insert into contact_attempt_fact (contact_attempt_fact_key, tenant_key, create_audit_key, update_audit_key, media_type_key,
		start_date_time_key, end_date_time_key, dialing_mode_key, resource_key, call_attempt_id, start_ts, end_ts)
		values (%d, 1, 1, 1, 1, %d, 0, %d, %d, 'p%d', %d, %s)`, id, key(start), mode, resource, id, start, null(end)))
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
	c := extract.Cutter{Stage: r.stage, Source: openDB(t, r, g.config(1), nil), SettleHours: 1, Clock: time.Now}
	require.ErrorContains(t, must.Err(c.Cut(t.Context(), utcDay)), "has it purged them?")
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
	g := newGIM(t, gimschema.DDL)
	g.session(1, 1, 1, day0+10, day0+20, 0, 1)
	r := newRig(t)
	src := openDB(t, r, g.config(2), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := extract.Cutter{Stage: r.stage, Source: src, Clock: time.Now}
	require.ErrorIs(t, must.Err(c.Cut(ctx, utcDay)), context.Canceled)
	require.Equal(t, []string{"0"}, r.strings(t, "select count(*) from _data.slice"))
}
