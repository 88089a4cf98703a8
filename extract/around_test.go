package extract_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/gimschema"
)

// A GIM DB is asked for a part of its legs only: those that a sieve of ids, or of hours in which sessions run, lets
// through. An export is read whole. Whatever lies around the day, both give the same slice.
func TestBothSourcesGiveTheSameSliceWhateverLiesAroundTheDay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			g := newGIM(t, gimschema.DDL)
			g.highWater(day0 + 86400 + 7200)
			moment := func(days int64) int64 { return day0 - days*86400 + r.Int64N((2*days+1)*86400) }
			length := func(longest int64) int64 { return r.Int64N(1<<r.Int64N(18)) % longest }
			var logins []int64
			for i := range int64(3 + 2*seed) {
				start, active := moment(2), r.IntN(12)/11
				logins = append(logins, start)
				g.session(i+1, 1+r.Int64N(3), 1, start, start+length(40*3600), active, 1)
			}
			for i := range int64(300) {
				start, end := moment(3), int64(-1)
				if r.IntN(2) > 0 { // not long before somebody logs in
					start = logins[r.IntN(len(logins))] - r.Int64N(4000)
				}
				if r.IntN(20) > 0 {
					end = start + length(60*3600)
				}
				guid := ""
				if r.IntN(3) > 0 {
					guid = fmt.Sprintf("g%d", i)
				}
				if i%4 == 0 {
					g.attempt(i+1, 1+r.Int64N(3), 1+r.Int64N(4), start, end)
				} else {
					g.leg(i*2048+1, 1+r.Int64N(3), 10, start, end, guid)
				}
			}
			// Some time keys do not fit the start, and some of these rows end before they start.
			shift := (1 - 2*r.Int64N(2)) * 900 * (1 + r.Int64N(90))
			g.db.Exec(t, fmt.Sprintf(`
				update interaction_resource_fact set start_date_time_key = start_date_time_key + %[1]d, end_ts = end_ts - (interaction_resource_id %% 3) * 40000 where interaction_resource_id %% 5 = 0;
				update irf_user_data_gen_1 set start_date_time_key = start_date_time_key + %[1]d where interaction_resource_id %% 5 = 0;
				update contact_attempt_fact set start_date_time_key = start_date_time_key + %[1]d, end_ts = end_ts - (contact_attempt_fact_key %% 3) * 40000 where contact_attempt_fact_key %% 5 = 0`, shift))
			db, export := newRig(t), newRig(t)
			src := openDB(t, db, g.config(2), nil)
			if seed%2 > 0 { // in many pieces, and batches of few
				g.db.Exec(t, "analyze")
				src.Limit(1, 3)
			}
			got := db.cut(t, src, utcDay)
			want := export.cut(t, openExport(t, export, g.export("2026_03_11_02_00_00")), utcDay)
			rows := "select kind || ' ' || activity_key || ' ' || resource_key || ' ' || start_ts || ' ' || coalesce(end_ts, -1) from _data.ocs_activity order by activity_key"
			require.Equal(t, export.strings(t, rows), db.strings(t, rows))
			require.Equal(t, want.SHA256, got.SHA256)
		})
	}
}

// Legs that Outbound Contact Server did not drive stay where they are, but for the few that a sieve lets through.
func TestLegsWithoutAGUIDStayAtHome(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+10, day0+80000, 0, 1)
	for i := range int64(20) {
		g.leg(i+1, 1, 10, day0+1000+i*100, day0+1050+i*100, fmt.Sprintf("g%d", i))
	}
	staged := func() (int64, string) {
		r := newRig(t)
		var legs atomic.Int64
		src, err := extract.OpenGIMDB(t.Context(), g.config(2), nil, extract.Told{Expect: func(int64) {}, Arrive: func(table string, n int64) {
			if table == "interaction_resource_fact" {
				legs.Add(n)
			}
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, src.Close()) }()
		sum := r.cut(t, src, utcDay).SHA256
		return legs.Load(), sum
	}
	legs, without := staged()
	require.EqualValues(t, 20, legs)

	g.db.Exec(t, fmt.Sprintf(`insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
			media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
		select 1000 + i, %d, 1, 1, 1, 10, %d, %d, 0, 1, 1 from generate_series(1, 2000) as i`, key(day0+5000), day0+5000, day0+5060))
	legs, with := staged()
	require.Less(t, legs, int64(20+2000/4))
	require.Equal(t, without, with)
}
