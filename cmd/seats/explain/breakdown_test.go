package explain

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
)

// The store breaks a day down by SQL; here each second is looked at, with what this package says of the sessions.
func (w world) sharesAddUpAndAnyBreakdownIsWhatLookingSays(t *rapid.T, conn *sql.Conn, histories map[string]judgedHistory) {
	groups := drawGroups(t, conn, w)
	for _, region := range []string{"US", "EU"} {
		day := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, region, ""))(t)
		for _, by := range config.Units {
			b := must.Have(day.Breakdown(context.Background(), by))(t)
			look := looking{t: t, world: w, day: day, at: place{region, ""}, histories: histories}
			requireBreakdown(t, day, by, b, look.parts(by, groups))
		}
	}
}

func requireBreakdown(t *rapid.T, day *Day, by config.Unit, b *Breakdown, want map[string]Part) {
	got, shares := map[string]Part{}, int64(0)
	for _, p := range b.Parts {
		got[p.Name] = p
		shares += p.Share
	}
	peak, _ := day.Curve.Plateaus()
	require.Equal(t, peak, shares, "shares of %s by %s", day.Scope, by)
	require.Len(t, got, len(b.Parts), "each name once")
	require.Equal(t, want, got, "%s by %s", day.Scope, by)
}

// drawGroups puts sessions into groups: none, one, or several.
func drawGroups(t *rapid.T, conn *sql.Conn, w world) map[int64][]string {
	groups, rows := map[int64][]string{}, rowsOf{}
	for key := range int64(8) {
		groups[key] = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Éa", "b", "c, d"}), 0, 3, rapid.ID).Draw(t, "groups")
		slices.Sort(groups[key])
		for _, name := range groups[key] {
			rows.add("session_group", w.day, key, 0, name)
		}
		if len(groups[key]) == 0 {
			rows.add("session_group", w.day, key, 0, nil)
		}
	}
	rows.write(t, conn)
	return groups
}

// parts is the breakdown of a region's day.
func (b looking) parts(by config.Unit, groups map[int64][]string) map[string]Part {
	type seat struct {
		*judged
		name string
	}
	peak, plateaus := b.day.Curve.Plateaus()
	spans, first := map[string]map[string][]calendar.Interval{}, map[string]seat{}
	b.spans(func(agent string, h *history, j *judged, span calendar.Interval) {
		names := b.names(by, h, j, groups)
		for _, name := range names {
			if spans[name] == nil {
				spans[name] = map[string][]calendar.Interval{}
			}
			spans[name][agent] = append(spans[name][agent], span)
		}
		if peak == 0 || !span.Contains(plateaus[0].Start) {
			return
		}
		held, has := first[agent]
		if !has || j.occupied.Start < held.occupied.Start || j.occupied.Start == held.occupied.Start && j.Key.ID < held.Key.ID {
			first[agent] = seat{j, names[0]}
		}
	})
	parts := map[string]Part{}
	for name, mine := range spans {
		p := Part{Name: name, Peak: most(mine), Enabled: int64(len(mine)), PeakTS: firstAt(mine, most(mine))}
		for _, s := range first {
			if s.name == name {
				p.Share++
			}
		}
		parts[name] = p
	}
	return parts
}

// firstAt is the first second in which so many agents are there: one at which a span begins.
func firstAt(spans map[string][]calendar.Interval, agents int64) int64 {
	var begins []int64
	for _, mine := range spans {
		for _, span := range mine {
			begins = append(begins, span.Start)
		}
	}
	slices.Sort(begins)
	for _, second := range begins {
		there := int64(0)
		for _, mine := range spans {
			if slices.ContainsFunc(mine, func(s calendar.Interval) bool { return s.Contains(second) }) {
				there++
			}
		}
		if there == agents {
			return second
		}
	}
	return 0
}

// names are what a session belongs to in the region, that first which its seat is attributed to.
func (b looking) names(by config.Unit, h *history, j *judged, groups map[int64][]string) (names []string) {
	switch by {
	case config.ByAgentGroup:
		names = groups[j.Key.ID]
		if len(names) == 0 {
			names = []string{"(none)"}
		}
	case config.ByLocation:
		for _, f := range j.fates {
			if b.isHere(f.place) {
				names = append(names, f.Location)
			}
		}
		if !slices.ContainsFunc(h.sharing(j, j.resource.activities), func(a Activity) bool { return a.Switch != "" }) {
			slices.Sort(names) // told by other legs: they have the first activity in common, and the name decides
		}
	case config.BySwitch:
		activities, places := h.sharing(j, j.resource.activities), placesOf(b.tenant)
		known := slices.ContainsFunc(activities, func(a Activity) bool { return a.Switch != "" })
		if told := h.sharing(j, j.resource.others); !known && len(told) > 0 {
			activities, known = told, true
		}
		for _, a := range activities {
			to, _ := places.decide(a.Switch)
			name := a.Switch
			if name == "" {
				name = "(unknown)"
			}
			if to != nil && b.isHere(*to) && (a.Switch != "" || !known) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// A day whose groups were not read says so.
func (w world) groupsThatWereNotReadAreNamed(t *rapid.T, conn *sql.Conn) {
	day := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, "US", ""))(t)
	b, err := day.Breakdown(context.Background(), config.ByAgentGroup)
	if len(day.Curve) == 1 && day.Curve[0].Agents == 0 {
		require.NoError(t, err)
		require.Empty(t, b.Parts)
		return
	}
	require.ErrorContains(t, err, "the agent groups of "+w.day.String()+" were not read")
}

// What a draw seldom hits: a session that ends in the very second in which the peak begins, and one inside another of the
// same agent.
func TestABreakdownAtTheEdgesOfSessions(t *testing.T) {
	conn := emptyStore(t)
	regions := []config.Region{{Name: "US", Zone: time.UTC, Locations: []config.Location{{Name: "dallas", Switches: []string{"D"}}}}}
	w := world{tenant: config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, Regions: regions}, day: mustDate(t, "2026-03-10")}
	const noon = 1773144000
	for _, s := range []struct{ key, agent, from, until int64 }{
		{1, 1, 0, 180}, {2, 3, 180, 200}, {3, 4, 180, 190}, // 1 leaves as 3 and 4 come
		{4, 2, 100, 200}, {5, 2, 120, 150}, {6, 2, 160, 400}, // of 2, one inside the other, one that reaches on
	} {
		insert(t, conn, "insert into _data.voice_session values ('2026-03-10', ?, 0, ?, ?, ?, 0, 1)", s.key, s.agent, noon+s.from, noon+s.until)
		insert(t, conn, "insert into _data.ocs_activity values ('2026-03-10', 'leg', ?, 0, ?, ?, ?, 0, 'D', 'g', null, 1)", s.key, s.agent, noon+s.from, noon+s.until)
		insert(t, conn, "insert into _data.session_group values ('2026-03-10', ?, 0, 'g')", s.key)
	}
	for agent := range 4 {
		insert(t, conn, "insert into _data.agent values ('2026-03-10', ?, ?, null)", agent+1, fmt.Sprint("E", agent+1))
	}
	insert(t, conn, "insert into _data.slice_span values ('2026-03-10', 0, 9999999999)")
	insert(t, conn, "insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ('2026-03-10', 'test', 0, 0, 0, 6, 6, 4, 0, 'final', 'hash')")
	must.Have(compute.NewCounter(conn, w.tenant).Day(t.Context(), w.day, 1))(t)
	day := must.Have(New(conn, w.tenant).Day(t.Context(), w.day, "US", ""))(t)
	for by, name := range map[config.Unit]string{config.ByAgentGroup: "g", config.ByLocation: "dallas", config.BySwitch: "D"} {
		b := must.Have(day.Breakdown(t.Context(), by))(t)
		require.Equal(t, []Part{{Name: name, Peak: 3, PeakTS: noon + 180, Share: 3, Enabled: 4}}, b.Parts)
	}
}

func TestAnOlderStoreIsNotBrokenDown(t *testing.T) {
	_, conn := open(t, "", duck.Options{Threads: 1})
	for _, schema := range []string{"store/schema_1", "store/schema_2"} {
		must.Have(duck.Exec(t.Context(), conn, schema))(t)
	}
	_, err := New(conn, config.Tenant{Name: "acme"}).breakDown(t.Context(), "ask/breakdown", config.ByLocation, "US", mustDate(t, "2026-03-10"), "--date")
	require.ErrorContains(t, err, "the store of tenant acme is an older version's, which cannot be broken down")
	require.Equal(t, []string{"the next `seats run` or `seats compute` brings the store up to date"}, fail.Hints(err))
}
