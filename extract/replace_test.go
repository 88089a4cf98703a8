package extract_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/gimschema"
)

// faulty is a source that fails once its first part is taken.
type faulty struct {
	extract.Source
	spoil func()
}

var errFaulty = errors.New("the source is gone")

func (f faulty) Activities(ctx context.Context, w extract.Window, reach calendar.Interval, take func() error) error {
	return f.Source.Activities(ctx, w, reach, func() error {
		if err := take(); err != nil {
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

// A slice is set aside while the new one is written, part by part. Whatever happens on the way, the old one comes
// back whole, and nothing of the new one stays.
func TestASourceThatFailsMidwayLeavesTheOldSlice(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+10, day0+8000, 0, 1)
	g.leg(1, 1, 10, day0+1000, day0+1050, "g1")
	r := newRig(t)
	cutter := func(spoil func()) *extract.Cutter {
		return &extract.Cutter{Conn: r.work.Conn, Source: faulty{openDB(t, r, g.config(2), nil), spoil}, SettleHours: 1, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
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
	require.NotErrorIs(t, err, extract.ErrHalf)
	require.Equal(t, before, r.strings(t, everyRow))

	r.cut(t, openDB(t, r, g.config(2), nil), utcDay)
	require.Len(t, r.strings(t, everyRow), 8)
	require.Empty(t, r.strings(t, "select day::varchar from _data.voice_session where day <> '2026-03-10'"))

	_, err = cutter(func() { r.exec(t, "drop table _data.duplicate_key") }).Cut(t.Context(), utcDay)
	require.ErrorIs(t, err, errFaulty)
	require.ErrorIs(t, err, extract.ErrHalf, "a slice that cannot be put back must not be published")
}

func (r *rig) exec(t *testing.T, statement string) {
	_, err := r.work.Conn.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}
