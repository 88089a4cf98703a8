package extract_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/internal/gimschema"
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
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+10, day0+8000, 0, 1)
	g.leg(1, 1, 10, day0+1000, day0+1050, "g1")
	r := newRig(t)
	cutter := func(spoil func()) *extract.Cutter {
		return &extract.Cutter{Stage: r.stage, Source: faulty{openDB(t, r, g.config(2), nil), spoil}, SettleHours: 1, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
	}
	_, err := cutter(func() {}).Cut(t.Context(), utcDay)
	require.ErrorIs(t, err, errFaulty)
	require.Empty(t, r.strings(t, everyRow), "there was no slice before")

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	before := r.strings(t, everyRow)
	require.Len(t, before, 5)
	g.session(2, 2, 1, day0+10, day0+8000, 0, 1)
	g.leg(2, 2, 10, day0+1000, day0+1050, "g2")
	_, err = cutter(func() {}).Cut(t.Context(), utcDay)
	require.ErrorIs(t, err, errFaulty)
	require.Equal(t, before, r.strings(t, everyRow))

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	require.Len(t, r.strings(t, everyRow), 8)
	require.Empty(t, r.strings(t, "select day::varchar from _data.voice_session where day <> '2026-03-10'"))

	before = r.strings(t, everyRow)
	_, err = cutter(func() { r.exec(t, "drop table _data.duplicate_key") }).Cut(t.Context(), utcDay)
	require.ErrorIs(t, err, errFaulty)
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
	g, r := newGIM(t, gimschema.DDL), newRig(t)
	g.highWater(day0 + 86400 + 7200)
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
			require.ErrorContains(t, err, "of 2026-03-10 the store holds "+tt.says+": has it purged them?")
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.Equal(t, before, r.strings(t, everyRow))

			cutter.AcceptLoss = true
			summary, err := cutter.Cut(t.Context(), utcDay)
			require.NoError(t, err)
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
		require.ErrorContains(t, err, "of 2026-03-10 the store holds "+says+": has it purged them?")
		require.Equal(t, fail.Source, fail.CodeOf(err))
		require.Contains(t, fail.Hints(err)[0], "the numbers are kept")
		require.Empty(t, r.strings(t, everyRow))
		cutter.AcceptLoss = true
		summary, err := cutter.Cut(t.Context(), utcDay)
		require.NoError(t, err)
		require.Contains(t, summary.Accepted(), says)
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
	_, err := r.work.Conn.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}
