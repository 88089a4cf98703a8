package extract_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
)

// Of a row that the source holds several times the newest copy counts, and none of the others says anything: neither
// where it ends, nor of which media, mode, agent or tenant it is. Whatever the copies are, in and around the day, both
// sources give the slice that looking at every row gives; so they do however small the pieces are that the day is cut
// into, and the batches of what is looked up around it.
func TestR11TheNewestCopyOfEveryRowCounts(t *testing.T) {
	t.Parallel()
	g, r := complete(t, gimschema.Tables), newRig(t) // no key is unique
	for seed := range uint64(16) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rows := drawCopies(rand.New(rand.NewPCG(seed, 1)))
			g.db.Exec(t, noFacts)
			rows.insert(g)
			g.db.Exec(t, "analyze interaction_resource_fact, irf_user_data_gen_1") // pieces are cut by the server's estimate
			tenant := []*int64{nil, new(int64)}[seed%2]
			if tenant != nil {
				*tenant = 1
			}
			want := rows.slice(tenant)
			options := exportOptions(t)
			options.TenantKey = tenant
			whole, small := openDB(t, r, g.config(2), tenant), openDB(t, r, g.config(2), tenant)
			small.Limit(1, 3)
			for name, src := range map[string]extract.Source{"whole": whole, "in pieces": small,
				"from an export": must.Have(extract.OpenExport(t.Context(), g.export("2026_03_11_02_00_00"), options))(t)} {
				r.forget(t)
				require.NotEmpty(t, r.cut(t, src, utcDay).SHA256)
				require.Equal(t, want, append(r.strings(t, heldSessionsSQL), r.strings(t, heldActivitiesSQL)...), name)
			}
		})
	}
}

const (
	heldSessionsSQL   = "select concat_ws(' ', 'session', sm_res_session_fact_key, resource_key, start_ts, coalesce(end_ts, -1), active_flag) from _data.voice_session order by sm_res_session_fact_key"
	heldActivitiesSQL = "select concat_ws(' ', kind, activity_key, resource_key, start_ts, coalesce(end_ts, -1), coalesce(active_flag, 0), coalesce(switch_name, '-')) from _data.ocs_activity order by kind, activity_key"
)

// noFacts empties the fact tables of a GIM.
const noFacts = "delete from sm_res_session_fact; delete from interaction_resource_fact; delete from irf_user_data_gen_1; delete from contact_attempt_fact"

// copyOf is one copy of a fact row; what a table lacks is not used.
type copyOf struct {
	id, timeKey, resource, start, end int64 // end -1: none
	active                            bool
	audit, tenant                     int64
	media, mode, dn                   int64
	guid                              string
}

func (row copyOf) flag() int {
	if row.active {
		return 1
	}
	return 0
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
	insert(`sm_res_session_fact (sm_res_session_fact_key, start_date_time_key, end_date_time_key, resource_group_combination_key, create_audit_key,
		update_audit_key, tenant_key, media_type_key, resource_key, start_ts, end_ts, active_flag)`, c.sessions, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, 0, 0, 1, %d, %d, %d, %d, %d, %s, %d", r.id, r.timeKey, r.audit, r.tenant, r.media, r.resource, r.start, null(r.end), r.flag())
	})
	insert(`interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key, media_resource_key,
		start_ts, end_ts, active_flag, create_audit_key, update_audit_key)`, c.legs, func(r copyOf) string {
		return fmt.Sprintf("%d, %d, %d, 1, %d, %d, %d, %s, %d, 1, %d", r.id, r.timeKey, r.tenant, r.resource, r.dn, r.start, null(r.end), r.flag(), r.audit)
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
		line := fmt.Sprintf("%s %d %d %d %d %d", kind, r.id, r.resource, r.start, r.end, r.flag())
		switch {
		case kind == "leg" && (r.dn == 10 || r.dn == 12):
			line += " SIP_A"
		case kind != "session":
			line += " -"
		}
		words = append(words, line)
	}
	return words
}

// A GIM DB is asked for a part of its legs only: those that a sieve of ids, or of hours in which sessions run, lets
// through. An export is read whole. Whatever lies around the day, both give the same slice.
func TestBothSourcesGiveTheSameSliceWhateverLiesAroundTheDay(t *testing.T) {
	t.Parallel()
	g, rig := complete(t, gimschema.DDL), newRig(t)
	for seed := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			g.db.Exec(t, noFacts)
			moment := func(days int64) int64 { return day0 - days*86400 + r.Int64N((2*days+1)*86400) }
			length := func(longest int64) int64 { return r.Int64N(1<<r.Int64N(18)) % longest }
			var logins []int64
			g.gather = true
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
			g.gather = false
			g.insert(`
				update interaction_resource_fact set start_date_time_key = start_date_time_key + %[1]d, end_ts = end_ts - (interaction_resource_id %% 3) * 40000 where interaction_resource_id %% 5 = 0;
				update irf_user_data_gen_1 set start_date_time_key = start_date_time_key + %[1]d where interaction_resource_id %% 5 = 0;
				update contact_attempt_fact set start_date_time_key = start_date_time_key + %[1]d, end_ts = end_ts - (contact_attempt_fact_key %% 3) * 40000 where contact_attempt_fact_key %% 5 = 0`, shift)
			src := openDB(t, rig, g.config(2), nil)
			if seed%2 > 0 { // in many pieces, and batches of few
				g.db.Exec(t, "analyze interaction_resource_fact, irf_user_data_gen_1")
				src.Limit(1, 3)
			}
			const rows = "select kind || ' ' || activity_key || ' ' || resource_key || ' ' || start_ts || ' ' || coalesce(end_ts, -1) from _data.ocs_activity order by activity_key"
			rig.forget(t)
			got := rig.cut(t, src, utcDay)
			read := rig.strings(t, rows)
			rig.forget(t)
			want := rig.cut(t, openExport(t, rig, g.export("2026_03_11_02_00_00")), utcDay)
			require.Equal(t, rig.strings(t, rows), read)
			require.Equal(t, want.SHA256, got.SHA256)
		})
	}
}

// Legs that Outbound Contact Server did not drive stay where they are, but for the few that a sieve lets through.
func TestLegsWithoutAGUIDStayAtHome(t *testing.T) {
	g := complete(t, gimschema.DDL)
	g.session(1, 1, 1, day0+10, day0+80000, 0, 1)
	for i := range int64(20) {
		g.leg(i+1, 1, 10, day0+1000+i*100, day0+1050+i*100, fmt.Sprintf("g%d", i))
	}
	staged := func() (int64, string) {
		r := newRig(t)
		var legs atomic.Int64
		src := must.Have(extract.OpenGIMDB(t.Context(), g.config(2), nil, extract.Told{Expect: func(int64) {}, Arrive: func(table string, n int64) {
			if table == "interaction_resource_fact" {
				legs.Add(n)
			}
		}}))(t)
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

// What a slice keeps beside its own rows, from either source: the sessions in which activities without an end started, and the legs that
// tell the switch of logins whose activities know none.
func TestR3R5WhatASliceKeepsBesideItsRows(t *testing.T) {
	eachSource(t, func(g *gim) {
		// R3. Agent 1: her session of the day before has ended what she never closed then, but for one leg whose session reaches into the day.
		g.session(1, 1, 1, day0-40*3600, day0-39*3600, 0, 1)
		g.session(2, 1, 1, day0-3*3600, day0-1800, 0, 1)
		g.session(3, 1, 1, day0-3600, day0+600, 0, 1)
		g.session(4, 1, 1, day0+3600, day0+7200, 0, 1)
		g.leg(1, 1, 10, day0-39*3600-100, -1, "g1") // in session 1 alone
		g.leg(2, 1, 10, day0-2*3600, -1, "g2")      // in session 2, which shares a second with session 3
		g.leg(3, 1, 10, day0+3700, -1, "g3")        // in session 4
		g.attempt(1, 1, 3, day0-38*3600, -1)        // in none
		// R5. Agent 2: previews alone in session 5, and a leg that knows its switch beside a preview in session 6.
		g.session(5, 2, 1, day0+1000, day0+5000, 0, 1)
		g.session(6, 2, 1, day0+6000, day0+9000, 0, 1)
		g.attempt(2, 2, 3, day0+1100, day0+1200)
		g.attempt(3, 2, 3, day0+6100, day0+6200)
		g.leg(10, 2, 10, day0+6300, day0+6400, "g10")
		g.leg(11, 2, 10, day0+6500, day0+6600, "") // tells what is known
		g.leg(12, 2, 11, day0+1300, day0+1400, "") // on an unknown switch
		g.leg(13, 2, 10, day0+500, day0+1001, "")  // the earliest that tells
		g.leg(14, 2, 10, day0+1500, day0+1600, "") // a later one on the same switch
		g.leg(15, 2, 13, day0+1700, day0+1800, "") // the earliest on another
		g.leg(16, 2, 13, day0+500, day0+1000, "")  // ends as session 5 begins
		g.leg(17, 3, 10, day0+1300, day0+1400, "") // of somebody else
		g.session(7, 3, 1, day0-50*3600, day0-7300, 0, 1)
		g.session(8, 3, 1, day0-7200, day0+500, 0, 1)
		g.attempt(4, 3, 3, day0+100, day0+200)
		g.leg(18, 3, 13, day0-7250, -1, "") // never closed, began in no session
		g.leg(19, 3, 10, day0-7400, -1, "") // never closed, ended with session 7
		g.db.Exec(g.t, "insert into resource_ (resource_key, resource_type_code, resource_name, switch_name) values (13, 'ENDPOINT', 'dn', 'SIP_B')")
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"leg 2", "leg 3", "leg 10", "preview 1", "preview 2", "preview 3", "preview 4"},
			r.strings(t, "select kind || ' ' || activity_key from ocs_activity order by kind, activity_key"))
		require.Equal(t, []string{"2"}, r.strings(t, "select sm_res_session_fact_key from other_session order by 1"))
		require.Equal(t, []string{"13 SIP_A", "15 SIP_B", "18 SIP_B"}, r.strings(t, "select activity_key || ' ' || switch_name from other_leg order by activity_key"))
	})
}

// A day without any of it keeps nothing, and its hash is that of versions before.
func TestASliceWithNothingBesideHasTheHashThatItHad(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.session(1, 1, 1, day0+1000, day0+5000, 0, 1)
		g.leg(1, 1, 10, day0+1100, day0+1200, "g1")
	}, func(t *testing.T, r *rig, s extract.Summary) {
		require.Equal(t, []string{"0"}, r.strings(t, "select (select count(*) from other_leg) + (select count(*) from other_session)"))
		require.Equal(t, "cd2ed2f2b2d59586406814ec3ca0ccd9f03ff2741981b21ce629fd2e683f6533", s.SHA256)
	})
}

// All resources of the slice's people are kept, and of nobody else.
func TestR6ASliceKnowsAllResourcesOfItsPeople(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.db.Exec(g.t, `insert into resource_ (resource_key, resource_type_code, resource_name, employee_id) values
			(21, 'AGENT', 'TEST_a1', 'E1'), (22, 'AGENT', 'x', 'E9'), (23, 'AGENT', 'y', null), (24, 'QUEUE', 'TEST_q', 'E1'), (25, 'AGENT', 'z', '')`)
		g.session(1, 1, 1, day0+1000, day0+5000, 0, 1)
		g.session(2, 3, 1, day0+1000, day0+5000, 0, 1) // without an employee_id
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"1 a1", "3 a3", "21 TEST_a1"}, r.strings(t, "select resource_key || ' ' || resource_name from agent order by resource_key"))
	})
}

// However the copies of rows are spread over chunks, and whichever files are such that DuckDB has to read all of them, the
// slice is the one that looking at every row gives.
func TestEveryCopyIsReadOfWhatMattersInAnyChunk(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			rows := drawCopies(r)
			dir := exportOf(t, rows.chunks(r, 4)...)
			var tenant *int64
			if seed%2 == 1 {
				tenant = new(int64)
				*tenant = 1
			}
			held := newRig(t)
			o := exportOptions(t)
			o.TenantKey = tenant
			held.cut(t, openAt{must.Have(extract.OpenExport(t.Context(), dir, o))(t), day0 + 86400 + 7200}, utcDay)
			require.Equal(t, rows.slice(tenant), append(held.strings(t, heldSessionsSQL), held.strings(t, heldActivitiesSQL)...))
		})
	}
}

// openAt is a source with another high-water mark.
type openAt struct {
	extract.Source
	mark int64
}

func (o openAt) Horizon() extract.Horizon { return extract.Horizon{HighWater: &o.mark} }

// chunks deals the copies out among so many chunks. Some files have an empty line behind their rows, or a number in quotes
// that is empty: DuckDB reads these whole.
func (c copies) chunks(r *rand.Rand, n int) []files {
	all := make([]files, n)
	for i := range all {
		all[i] = files{}
	}
	all[0] = base(nil)
	all[0]["resource_"] = "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,a1,E1,\n2,AGENT,a2,E2,\n3,AGENT,a3,,\n" +
		"10,ENDPOINT,dn,,SIP_A\n11,ENDPOINT,dn,,\n12,QUEUE,q,,SIP_A\n"
	all[0]["dialing_mode"] = "DIALING_MODE_KEY,DIALING_MODE_CODE\n1,PREDICTIVE\n3,PREVIEW\n4,PUSH_PREVIEW\n"
	write := func(table, header string, rows []copyOf, line func(copyOf) string) {
		texts := make([]string, n)
		for _, row := range rows {
			texts[r.IntN(n)] += line(row)
		}
		for i, text := range texts {
			switch r.IntN(4) {
			case 0:
				text += "\n"
			case 1:
				text = strings.ReplaceAll(text, "\n", "\r\n")
				header = strings.TrimRight(header, "\r\n") + "\r\n"
			case 2:
				text = quoted(text)
			}
			all[i][table] = header + text
			header = strings.TrimRight(header, "\r\n") + "\n"
		}
	}
	write("sm_res_session_fact", sessionHeader, c.sessions, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.media, x.resource, x.start, int(x.end), x.flag(), x.audit)
	})
	write("interaction_resource_fact", legHeader, c.legs, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.resource, x.dn, x.start, int(x.end), x.flag(), x.audit)
	})
	write("irf_user_data_gen_1", dataHeader, c.data, func(x copyOf) string { return row(x.id, x.timeKey, x.guid, x.audit) })
	write("contact_attempt_fact", attemptHeader, c.attempts, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.mode, x.resource, "", x.start, int(x.end), x.audit)
	})
	return all
}
