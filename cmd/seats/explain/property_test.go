package explain

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
)

func emptyStore(t testing.TB) *sql.Conn {
	_, conn := storeAt(t, "", duck.Options{Threads: 1})
	return conn
}

// storeAt makes an empty store, in memory where path is empty.
func storeAt(t testing.TB, path string, o duck.Options) (*sql.DB, *sql.Conn) {
	db, conn := open(t, path, o)
	for _, schema := range store.Schemas() {
		require.NoError(t, duck.Exec(context.Background(), conn, schema))
	}
	return db, conn
}

// TestAnyDayIsExplainedAsItWasCounted draws days and takes each apart in every way. One draw serves all
// properties, because computing a day is what takes the time.
func TestAnyDayIsExplainedAsItWasCounted(t *testing.T) {
	t.Parallel()
	conn := emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, conn)
		w.opened = map[place]*Day{}
		w.listAtAnySecondHasExactlyTheCountedAgents(t, conn)
		histories := w.histories(t, conn)
		w.everySessionHasItsFate(t, histories)
		w.fatesAreWhatTheRulesSay(t, conn, histories)
		w.groupsThatWereNotReadAreNamed(t, conn)
		w.sharesAddUpAndAnyBreakdownIsWhatLookingSays(t, conn, histories)
		w.readingsAreWhatLookingSays(t, conn, histories)
	})
}

// open gives the day of a scope, once.
func (w world) open(t *rapid.T, conn *sql.Conn, at place) *Day {
	if w.opened[at] == nil {
		w.opened[at] = must.Have(New(conn, w.tenant).Day(context.Background(), w.day, at.Region, at.Location))(t)
	}
	return w.opened[at]
}

// histories are those of all agents, with what became of their sessions, which is what was counted, or there were an error.
func (w world) histories(t *rapid.T, conn *sql.Conn) map[string]*history {
	all := map[string]*history{}
	for _, h := range w.judged(t, conn) {
		all[h.agent] = h
	}
	require.Len(t, all, len(w.agents))
	return all
}

// In every region, and in a location, the list at the first second of every step of the curve, which is where
// sessions begin and end, names as many agents and sessions as are counted there.
func (w world) listAtAnySecondHasExactlyTheCountedAgents(t *rapid.T, conn *sql.Conn) {
	for _, at := range []place{{"US", ""}, {"EU", ""}, rapid.SampledFrom(w.scopes()).Draw(t, "location")} {
		day := w.open(t, conn, at)
		require.NotEmpty(t, day.Curve)
		for _, step := range day.Curve {
			requireList(t, day, step)
		}
	}
}

func requireList(t *rapid.T, day *Day, step Step) {
	second := must.Have(day.Second(context.Background(), step.Start))(t)
	agents, sessions := map[string]bool{}, map[Key]bool{}
	for _, seat := range second.Seats {
		agents[seat.Agent], sessions[seat.Session] = true, true
		require.True(t, seat.Login <= step.Start && step.Start < seat.Until)
	}
	require.Len(t, agents, int(step.Agents), "agents in %s at %d", day.Scope, step.Start)
	require.Len(t, sessions, int(step.Sessions), "sessions in %s at %d", day.Scope, step.Start)
	require.Len(t, second.Plateaus, 1)
	require.True(t, second.Plateaus[0].Contains(step.Start))
}

// For every agent, no session is left out, and one that counts nowhere names its rule.
func (w world) everySessionHasItsFate(t *rapid.T, histories map[string]*history) {
	told := map[Key]bool{}
	for _, h := range histories {
		for _, j := range h.found {
			for _, f := range j.asked("", "") {
				told[f.Session] = true
				require.Equal(t, f.Verdict == Counted && f.Reason == "", f.Rule == "", "%+v", f)
				require.Equal(t, f.Verdict != NotCounted || f.Rule == "R8", f.Region != "", "%+v", f)
			}
		}
	}
	require.Len(t, told, w.sessions)
}

// In all, in a region, or in a location, the fates that the statement tells of an agent are those that the rules give here.
func (w world) fatesAreWhatTheRulesSay(t *rapid.T, conn *sql.Conn, histories map[string]*history) {
	at := rapid.SampledFrom(append(w.scopes(), place{})).Draw(t, "asked for")
	all := must.Have(New(conn, w.tenant).Agents(context.Background(), []calendar.Date{w.day}, at.Region, at.Location, slices.Collect(maps.Keys(histories))...))(t)
	got := fatesOf(all)
	for agent, h := range histories {
		var want []Fate
		for _, j := range h.found {
			want = append(want, j.asked(at.Region, at.Location)...)
		}
		require.Equal(t, want, got[agent], "agent %s in %s", agent, at)
	}
}

// In one region or location, every reading is what a plain definition of it gives: for those that a computation
// can give, another computation, for the others a look at every second. The store is no use afterwards.
func (w world) readingsAreWhatLookingSays(t *rapid.T, conn *sql.Conn, histories map[string]*history) {
	at := rapid.SampledFrom(w.scopes()).Draw(t, "scope")
	day := w.open(t, conn, at)
	got := must.Have(day.Sensitivity(context.Background(), 1))(t)
	b := looking{t: t, world: w, day: day, at: at, histories: histories}
	require.Equal(t, got[0].Value, valueOf(t, got, "spikes ignored"), "a second is long enough for --spike 1")
	require.Equal(t, b.wholeMinutes(), valueOf(t, got, "whole minutes"), "whole minutes in %s", at)
	require.Equal(t, b.activityOnly(), valueOf(t, got, "activity only"), "activity only in %s", at)
	if rapid.IntRange(0, 3).Draw(t, "recompute") == 0 {
		require.Equal(t, b.otherEnd(conn), got[len(got)-1].Value, "other end in %s", at)
		require.Equal(t, b.legsOnly(conn), valueOf(t, got, "legs only"), "legs only in %s", at)
	}
}

func valueOf(t *rapid.T, readings []Reading, name string) int64 {
	at := slices.IndexFunc(readings, func(r Reading) bool { return r.Name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return readings[at].Value
}

// looking counts readings plainly, from the fates of the sessions.
type looking struct {
	t *rapid.T
	world
	day       *Day
	at        place
	histories map[string]*history
}

// spans calls visit with every session that counts in the scope, cut to the day, and its agent.
func (b looking) spans(visit func(agent string, h *history, j *judged, span calendar.Interval)) {
	counts := func(f Fate) bool { return f.Verdict != NotCounted && b.isHere(f.place) }
	for agent, h := range b.histories {
		for _, j := range h.found {
			if span, cut := shared(j.occupied, b.day.Scope.Day); cut && slices.ContainsFunc(j.fates, counts) {
				visit(agent, h, j, span)
			}
		}
	}
}

func (b looking) isHere(p place) bool {
	return p.Region == b.at.Region && (b.at.Location == "" || p.Location == b.at.Location)
}

// most is the largest number of different agents in any second of some spans, and the first such second: it is reached where one
// begins.
func most(spans map[string][]calendar.Interval) (top, second int64) {
	for _, mine := range spans {
		for _, span := range mine {
			there := int64(0)
			for _, others := range spans {
				if slices.ContainsFunc(others, func(o calendar.Interval) bool { return o.Contains(span.Start) }) {
					there++
				}
			}
			if there > top || there == top && span.Start < second {
				top, second = there, span.Start
			}
		}
	}
	return top, second
}

func (b looking) wholeMinutes() int64 {
	spans := map[string][]calendar.Interval{}
	b.spans(func(agent string, _ *history, _ *judged, span calendar.Interval) {
		for minute := span.Start - span.Start%60; minute < span.End; minute += 60 {
			spans[agent] = append(spans[agent], calendar.Interval{Start: minute, End: minute + 60})
		}
	})
	for agent := range spans { // seldom, and long: keep the search short
		spans[agent] = calendar.Union(spans[agent])
	}
	top, _ := most(spans)
	return top
}

func (b looking) activityOnly() int64 {
	spans := map[string][]calendar.Interval{}
	places := placesOf(b.tenant)
	b.spans(func(agent string, h *history, j *judged, span calendar.Interval) {
		for _, a := range j.resource.Activities {
			iv, ok := h.interval(j.resource, a)
			to, _ := places.decide(a.Switch)
			if !ok || a.Switch != "" && (to == nil || !b.isHere(*to)) {
				continue
			}
			if iv, ok = shared(iv, span); ok {
				spans[agent] = append(spans[agent], iv)
			}
		}
	})
	top, _ := most(spans)
	return top
}

// otherEnd counts the day under the other session_end with the product's own means.
func (b looking) otherEnd(conn *sql.Conn) int64 {
	other := b.world
	other.tenant.SessionEnd = config.SessionEndInclusive
	if b.tenant.SessionEnd == config.SessionEndInclusive {
		other.tenant.SessionEnd = config.SessionEndExclusive
	}
	return b.recomputed(conn, other)
}

// legsOnly counts the day without its previews.
func (b looking) legsOnly(conn *sql.Conn) int64 {
	insert(b.t, conn, "delete from _data.ocs_activity where kind = 'preview'")
	return b.recomputed(conn, b.world)
}

// recomputed computes the day anew for a tenant.
func (b looking) recomputed(conn *sql.Conn, w world) int64 {
	recompute(b.t, conn, w)
	agents, _ := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, b.at.Region, b.at.Location))(b.t).Curve.Plateaus()
	return agents
}

// The store breaks a day down by SQL; here each second is looked at, with what this package says of the sessions.
func (w world) sharesAddUpAndAnyBreakdownIsWhatLookingSays(t *rapid.T, conn *sql.Conn, histories map[string]*history) {
	groups := drawGroups(t, conn, w)
	regions := []place{{"US", ""}, {"EU", ""}}
	days := []*Day{w.open(t, conn, regions[0]), w.open(t, conn, regions[1])}
	for _, by := range []config.Unit{config.ByAgentGroup, config.ByLocation, config.BySwitch} {
		found, untold, err := days[0].Breakdowns(context.Background(), by, days...)
		require.NoError(t, errors.Join(append(untold, err)...))
		for i, day := range days {
			look := looking{t: t, world: w, day: day, at: regions[i], histories: histories}
			requireBreakdown(t, day, by, found[i], look.parts(by, groups))
		}
	}
}

func requireBreakdown(t *rapid.T, day *Day, by config.Unit, b Breakdown, want map[string]Part) {
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
		p := Part{Name: name, Enabled: int64(len(mine))}
		p.Peak, p.PeakTS = most(mine)
		for _, s := range first {
			if s.name == name {
				p.Share++
			}
		}
		parts[name] = p
	}
	return parts
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
		if !slices.ContainsFunc(h.sharing(j, j.resource.Activities), func(a Activity) bool { return a.Switch != "" }) {
			slices.Sort(names) // told by other legs: they have the first activity in common, and the name decides
		}
	case config.BySwitch:
		activities, places := h.sharing(j, j.resource.Activities), placesOf(b.tenant)
		known := slices.ContainsFunc(activities, func(a Activity) bool { return a.Switch != "" })
		if told := h.sharing(j, j.resource.Others); !known && len(told) > 0 {
			activities, known = told, true
		}
		for _, a := range activities {
			to, _ := places.decide(a.Switch)
			name := cmp.Or(a.Switch, "(unknown)")
			if to != nil && b.isHere(*to) && (a.Switch != "" || !known) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// A day whose groups were not read says so.
func (w world) groupsThatWereNotReadAreNamed(t *rapid.T, conn *sql.Conn) {
	day := w.open(t, conn, place{"US", ""})
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
	w := world{tenant: config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, Regions: regions}, day: must.Date(t, "2026-03-10")}
	const noon = 1773144000
	rows := rowsOf{}
	for _, s := range []struct{ key, agent, from, until int64 }{
		{1, 1, 0, 180}, {2, 3, 180, 200}, {3, 4, 180, 190}, // 1 leaves as 3 and 4 come
		{4, 2, 100, 200}, {5, 2, 120, 150}, {6, 2, 160, 400}, // of 2, one inside the other, one that reaches on
	} {
		rows.add("voice_session", w.day, s.key, 0, s.agent, noon+s.from, noon+s.until, 0, 1)
		rows.add("ocs_activity", w.day, "leg", s.key, 0, s.agent, noon+s.from, noon+s.until, 0, "D", "g", nil, 1)
		rows.add("session_group", w.day, s.key, 0, "g")
	}
	for agent := 1; agent <= 4; agent++ {
		rows.add("agent", w.day, agent, fmt.Sprint("E", agent), nil)
	}
	rows.addSlice(w.day, 0)
	rows.write(t, conn)
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
		require.NoError(t, duck.Exec(t.Context(), conn, schema))
	}
	_, err := New(conn, config.Tenant{Name: "acme"}).breakDown(t.Context(), "ask/breakdown", config.ByLocation)
	require.ErrorContains(t, err, "the store of tenant acme is an older version's, which cannot be broken down")
	require.Equal(t, []string{"the next `seats run` or `seats compute` brings the store up to date"}, fail.Hints(err))
}

// shared are the seconds that both intervals have, and false when there are none.
func shared(a, b calendar.Interval) (calendar.Interval, bool) {
	if !a.Overlaps(b) {
		return calendar.Interval{}, false
	}
	return calendar.Interval{Start: max(a.Start, b.Start), End: min(a.End, b.End)}, true
}
