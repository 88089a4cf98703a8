package extract_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/gimschema"
)

// Of a row that the source holds several times the newest copy counts, and none of the others says anything: neither
// where it ends, nor of which media, mode, agent or tenant it is. Whatever the copies are, in and around the day, both
// sources give the slice that looking at every row gives; so they do however small the pieces are that the day is cut
// into, and the batches of what is looked up around it.
func TestR11TheNewestCopyOfEveryRowCounts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(16) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			g := newGIM(t, gimschema.Tables) // no key is unique
			g.highWater(day0 + 86400 + 7200)
			rows := drawCopies(rand.New(rand.NewPCG(seed, 1)))
			rows.insert(g)
			g.db.Exec(t, "analyze") // pieces are cut by the server's estimate
			tenant := []*int64{nil, new(int64)}[seed%2]
			if tenant != nil {
				*tenant = 1
			}
			want := rows.slice(tenant)
			held := func(r *rig) []string {
				return append(r.strings(t, heldSessionsSQL), r.strings(t, heldActivitiesSQL)...)
			}
			whole, cut, export := newRig(t), newRig(t), newRig(t)
			whole.cut(t, openDB(t, whole, g.config(2), tenant), utcDay)
			require.Equal(t, want, held(whole))

			small := openDB(t, cut, g.config(2), tenant)
			small.Limit(1, 3)
			require.NotEmpty(t, cut.cut(t, small, utcDay).SHA256)
			require.Equal(t, want, held(cut), "in pieces")

			options := exportOptions(t)
			options.TenantKey = tenant
			src, err := extract.OpenExport(t.Context(), g.export("2026_03_11_02_00_00"), options)
			require.NoError(t, err)
			export.cut(t, src, utcDay)
			require.Equal(t, want, held(export), "from an export")
		})
	}
}

const (
	heldSessionsSQL   = "select concat_ws(' ', 'session', sm_res_session_fact_key, resource_key, start_ts, coalesce(end_ts, -1), active_flag) from _data.voice_session order by sm_res_session_fact_key"
	heldActivitiesSQL = "select concat_ws(' ', kind, activity_key, resource_key, start_ts, coalesce(end_ts, -1), coalesce(active_flag, 0), coalesce(switch_name, '-')) from _data.ocs_activity order by kind, activity_key"
)

// copyOf is one copy of a fact row; what a table lacks is not used.
type copyOf struct {
	id, timeKey, resource, start, end int64 // end -1: none
	active                            bool
	audit, tenant                     int64
	media, mode, dn                   int64
	guid                              string
}

type copies struct{ sessions, legs, data, attempts []copyOf }

// drawCopies draws up to four copies of every row, most of them of the row's first shape, in a shuffled order.
func drawCopies(r *rand.Rand) copies {
	var c copies
	draw := func(rows, days int64, longest int64) (all []copyOf) {
		for id := range rows {
			timeKey := key(day0 - days*86400 + r.Int64N((2*days+1)*86400))
			for audit := range 1 + r.Int64N(4) {
				row := copyOf{id: id + 1, timeKey: timeKey, audit: audit + 1, tenant: 1, media: 1, mode: 3, dn: 10 + r.Int64N(3),
					resource: 1 + r.Int64N(3), start: timeKey + r.Int64N(900), active: r.IntN(8) == 0, end: -1}
				if r.IntN(8) > 0 {
					row.end = row.start - 50 + r.Int64N(1<<r.Int64N(18))%longest
				}
				if r.IntN(5) == 0 {
					row.tenant, row.media, row.mode = 1+r.Int64N(2), 1+r.Int64N(2), 1+r.Int64N(4)
				}
				if r.IntN(10) == 0 {
					row.resource = 12
				}
				all = append(all, row)
			}
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all
	}
	c.sessions = draw(12, 2, 40*3600)
	c.legs = draw(120, 3, 60*3600)
	c.attempts = draw(40, 3, 3600)
	for _, leg := range c.legs { // attached data goes with the leg's key, in copies of its own
		leg.guid, leg.audit = []string{"", "g"}[min(1, r.IntN(4))], 10*leg.audit+r.Int64N(9)
		c.data = append(c.data, leg)
	}
	r.Shuffle(len(c.data), func(i, j int) { c.data[i], c.data[j] = c.data[j], c.data[i] })
	return c
}

func (c copies) insert(g *gim) {
	insert := func(columns string, rows []copyOf, values func(copyOf) string) {
		var all []string
		for _, row := range rows {
			all = append(all, "("+values(row)+")")
		}
		g.db.Exec(g.t, "insert into "+columns+" values "+strings.Join(all, ", "))
	}
	flag := func(row copyOf) int {
		if row.active {
			return 1
		}
		return 0
	}
	insert(`sm_res_session_fact (sm_res_session_fact_key, start_date_time_key, end_date_time_key, resource_group_combination_key, create_audit_key,
		update_audit_key, tenant_key, media_type_key, resource_key, start_ts, end_ts, active_flag)`, c.sessions, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, 0, 0, 1, %d, %d, %d, %d, %d, %s, %d", r.id, r.timeKey, r.audit, r.tenant, r.media, r.resource, r.start, null(r.end), flag(r))
	})
	insert(`interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key, media_resource_key,
		start_ts, end_ts, active_flag, create_audit_key, update_audit_key)`, c.legs, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, %d, 1, %d, %d, %d, %s, %d, 1, %d", r.id, r.timeKey, r.tenant, r.resource, r.dn, r.start, null(r.end), flag(r), r.audit)
	})
	insert("irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, gsw_call_attempt_guid, update_audit_key)", c.data, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, 1, nullif('%s', ''), %d", r.id, r.timeKey, r.guid, r.audit)
	})
	insert(`contact_attempt_fact (contact_attempt_fact_key, tenant_key, create_audit_key, update_audit_key, media_type_key, start_date_time_key,
		end_date_time_key, dialing_mode_key, resource_key, start_ts, end_ts)`, c.attempts, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, 1, %d, 1, %d, 0, %d, %d, %d, %s", r.id, r.tenant, r.audit, r.timeKey, r.mode, r.resource, r.start, null(r.end))
	})
}

// newest are the rows with the highest update_audit_key, by key.
func newest(all []copyOf) map[[2]int64]copyOf {
	rows := map[[2]int64]copyOf{}
	for _, row := range all {
		at := [2]int64{row.id, row.timeKey}
		if had, is := rows[at]; !is || had.audit < row.audit {
			rows[at] = row
		}
	}
	return rows
}

// span is what a row occupies, and whether it is rejected (R2, R3): then it is placed by its start.
func (row copyOf) span() (calendar.Interval, bool) {
	const asOf = day0 + 86400 + 7200
	switch {
	case row.active || row.end < 0:
		return calendar.Interval{Start: row.start, End: max(asOf, row.start+1)}, false
	case row.end < row.start:
		return calendar.Interval{Start: row.start, End: row.start + 1}, true
	}
	return calendar.Interval{Start: row.start, End: row.end}, false
}

// slice looks at every row (R2, R3, R10), in the words of heldSessionsSQL and heldActivitiesSQL.
func (c copies) slice(tenant *int64) []string {
	own := func(row copyOf) bool { return (tenant == nil || row.tenant == *tenant) && row.resource <= 3 }
	day := utcDay.Spans[0]
	var sessions, stays []copyOf
	reach := day
	for _, row := range newest(c.sessions) {
		span, rejected := row.span()
		if !rejected {
			span.End++ // the second of its end counts under one setting
		}
		if !own(row) || row.media != 1 || !span.Overlaps(day) || row.start < utcDay.SessionFrom() && !rejected {
			continue
		}
		sessions = append(sessions, row)
		if !rejected {
			stays = append(stays, row)
			reach = calendar.Interval{Start: min(reach.Start, span.Start), End: max(reach.End, span.End)}
		}
	}
	matters := func(row copyOf) bool {
		span, rejected := row.span()
		if row.active || row.end < 0 {
			span.End = c.endOf(row, span.End, own, stays)
		}
		span.End = max(span.End, span.Start+1)
		if !own(row) || row.start < utcDay.ActivityFrom(reach) && !rejected {
			return false
		}
		return span.Overlaps(day) || !rejected && slices.ContainsFunc(stays, func(s copyOf) bool {
			stay, _ := s.span()
			stay.End++
			return s.resource == row.resource && stay.Overlaps(span)
		})
	}
	data := newest(c.data)
	var legs, previews []copyOf
	for at, row := range newest(c.legs) {
		if data[at].guid != "" && matters(row) {
			legs = append(legs, row)
		}
	}
	for row := range maps.Values(newest(c.attempts)) {
		row.active = false
		if row.mode >= 3 && matters(row) {
			previews = append(previews, row)
		}
	}
	return append(append(inOrder("session", sessions), inOrder("leg", legs)...), inOrder("preview", previews)...)
}

// endOf is where an activity without an end does (R3): with the session in which it started, of the slice or looked for as far
// before it as a session is before the day.
func (c copies) endOf(row copyOf, asOf int64, own func(copyOf) bool, stays []copyOf) int64 {
	ends, ended := int64(math.MinInt64), false
	for _, s := range append(slices.Collect(maps.Values(newest(c.sessions))), stays...) {
		span, rejected := s.span()
		near := slices.Contains(stays, s) || s.start >= row.start-int64(utcDay.Lookback.Seconds())
		if rejected || !own(s) || s.media != 1 || s.resource != row.resource || !near || row.start < s.start || row.start >= max(span.End, s.start+1) {
			continue
		}
		ends, ended = max(ends, span.End+1), true // the second of its end counts under one setting
	}
	if !ended {
		return asOf
	}
	return ends
}

func inOrder(kind string, rows []copyOf) (words []string) {
	slices.SortFunc(rows, func(a, b copyOf) int { return cmp.Compare(a.id, b.id) })
	for _, r := range rows {
		active := 0
		if r.active {
			active = 1
		}
		line := fmt.Sprintf("%s %d %d %d %d %d", kind, r.id, r.resource, r.start, r.end, active)
		switch {
		case kind == "leg" && r.dn == 10:
			line += " SIP_A"
		case kind == "leg" && r.dn == 12:
			line += " SIP_A"
		case kind != "session":
			line += " -"
		}
		words = append(words, line)
	}
	return words
}
