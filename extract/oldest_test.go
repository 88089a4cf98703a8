package extract_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/internal/gimschema"
)

// A day that ends before a source's first session of any medium was purged, or was never there; a day after it without a session
// is one on which nobody was there.
func TestADayBeforeTheFirstSessionOfASourceIsRefused(t *testing.T) {
	window := func(day int) extract.Window {
		d := utcDay.Day.AddDays(day)
		return extract.Window{Day: d, Spans: []calendar.Interval{d.In(time.UTC)}, Lookback: utcDay.Lookback}
	}
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 5*86400)
	g.session(7, 1, 1, day0+10, day0+8000, 0, 1)
	r := newRig(t)
	sources := map[string]extract.Source{"GIM DB": openDB(t, r, g.config(1), nil)}
	check := func(name string, src extract.Source, oldest *int64) {
		c := extract.Cutter{Stage: r.stage, Source: src, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
		_, err := c.Cut(t.Context(), window(-1))
		var never *extract.NeverThereError
		require.ErrorAs(t, err, &never, name)
		require.Equal(t, fail.Source, fail.CodeOf(err), name)
		require.Equal(t, oldest, never.Oldest, name)
		require.Empty(t, r.strings(t, everyRow), name)
		c.AcceptLoss = true
		s, err := c.Cut(t.Context(), window(-1))
		require.NoError(t, err, name)
		require.Contains(t, s.Accepted(), "never there", name)
		r.forget(t)
	}
	first := int64(day0)
	for name, src := range sources {
		check(name, src, &first)
		require.Zero(t, r.cut(t, src, window(1)).Sessions, name)
		r.forget(t)
	}
	g.db.Exec(t, "delete from sm_res_session_fact")
	check("empty GIM DB", openDB(t, r, g.config(1), nil), nil)
	check("export", openExport(t, r, exportOf(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 10, 8000, 1)}))), &first)
	check("empty export", openExport(t, r, exportOf(t, base(nil))), nil)
}

// forget empties the store of slices without rows.
func (r *rig) forget(t *testing.T) {
	_, err := r.work.Conn.ExecContext(t.Context(), "delete from _data.slice; delete from _data.slice_span")
	require.NoError(t, err)
}
