package explain

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
)

func emptyStore(t *testing.T) *sql.Conn {
	_, conn := open(t, "", duck.Options{Threads: 1})
	for _, schema := range store.Schemas() {
		must.Have(duck.Exec(context.Background(), conn, schema))(t)
	}
	return conn
}

// TestAnyDayIsExplainedAsItWasCounted draws days and takes each apart in every way. One draw serves all
// properties, because computing a day is what takes the time.
func TestAnyDayIsExplainedAsItWasCounted(t *testing.T) {
	t.Parallel()
	conn := emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, conn)
		w.listAtAnySecondHasExactlyTheCountedAgents(t, conn)
		w.everySessionHasTheFateThatWasCounted(t, conn)
		histories := w.histories(t, conn)
		w.groupsThatWereNotReadAreNamed(t, conn)
		w.sharesAddUpAndAnyBreakdownIsWhatLookingSays(t, conn, histories)
		w.readingsAreWhatLookingSays(t, conn, histories)
	})
}

// histories are those of all agents, with what became of their sessions.
func (w world) histories(t *rapid.T, conn *sql.Conn) map[string]judgedHistory {
	all := map[string]judgedHistory{}
	for agent := range w.agents {
		found := must.Have(New(conn, w.tenant).histories(context.Background(), agent, []calendar.Date{w.day}))(t)
		all[agent] = judgedHistory{found[0], found[0].judge()}
	}
	return all
}

type judgedHistory struct {
	*history
	judged []*judged
}

// In every region, and in a location, the list at the first second of every step of the curve, which is where
// sessions begin and end, names as many agents and sessions as are counted there.
func (w world) listAtAnySecondHasExactlyTheCountedAgents(t *rapid.T, conn *sql.Conn) {
	location := rapid.SampledFrom(w.scopes()).Draw(t, "location")
	for _, at := range []place{{"US", ""}, {"EU", ""}, location} {
		day := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, at.Region, at.Location))(t)
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

// For every agent, what the rules say of each session is what the store counted (Agent compares them and fails
// otherwise), no session is left out, and one that counts nowhere names its rule.
func (w world) everySessionHasTheFateThatWasCounted(t *rapid.T, conn *sql.Conn) {
	told := map[Key]bool{}
	for agent := range w.agents {
		fates := must.Have(New(conn, w.tenant).Agent(context.Background(), agent, []calendar.Date{w.day}, "", ""))(t)
		for _, f := range fates {
			told[f.Session] = true
			require.Equal(t, f.Verdict == Counted && f.Reason == "", f.Rule == "", "%+v", f)
			require.Equal(t, f.Verdict != NotCounted || f.Rule == "R8", f.Region != "", "%+v", f)
		}
	}
	require.Len(t, told, w.sessions)
}

// In one region or location, every reading is what a plain definition of it gives: for those that a computation
// can give, another computation, for the others a look at every second. The store is no use afterwards.
func (w world) readingsAreWhatLookingSays(t *rapid.T, conn *sql.Conn, histories map[string]judgedHistory) {
	at := rapid.SampledFrom(w.scopes()).Draw(t, "scope")
	day := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, at.Region, at.Location))(t)
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
	for _, r := range readings {
		if r.Name == name {
			return r.Value
		}
	}
	t.Fatalf("no reading %q", name)
	return 0
}

// looking counts readings plainly, from the fates of the sessions.
type looking struct {
	t *rapid.T
	world
	day       *Day
	at        place
	histories map[string]judgedHistory
}

// spans calls visit with every session that counts in the scope, cut to the day, and its agent.
func (b looking) spans(visit func(agent string, h *history, j *judged, span calendar.Interval)) {
	for agent, h := range b.histories {
		for _, j := range h.judged {
			if span, cut := j.occupied.Intersect(b.day.Scope.Day); cut && b.counts(j) {
				visit(agent, h.history, j, span)
			}
		}
	}
}

func (b looking) counts(j *judged) bool {
	for _, f := range j.fates {
		if f.Verdict != NotCounted && b.isHere(f.place) {
			return true
		}
	}
	return false
}

func (b looking) isHere(p place) bool {
	return p.Region == b.at.Region && (b.at.Location == "" || p.Location == b.at.Location)
}

// most is the largest number of different agents in any second of some spans: it is reached where one begins.
func most(spans map[string][]calendar.Interval) (top int64) {
	for _, mine := range spans {
		for _, span := range mine {
			there := int64(0)
			for _, others := range spans {
				for _, other := range others {
					if other.Contains(span.Start) {
						there++
						break
					}
				}
			}
			top = max(top, there)
		}
	}
	return top
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
	return most(spans)
}

func (b looking) activityOnly() int64 {
	spans := map[string][]calendar.Interval{}
	places := placesOf(b.tenant)
	b.spans(func(agent string, h *history, j *judged, span calendar.Interval) {
		for _, a := range j.resource.activities {
			iv, ok := h.interval(j.resource, a)
			to, _ := places.decide(a.Switch)
			if !ok || a.Switch != "" && (to == nil || !b.isHere(*to)) {
				continue
			}
			if iv, ok = iv.Intersect(span); ok {
				spans[agent] = append(spans[agent], iv)
			}
		}
	})
	return most(spans)
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
	day := must.Have(New(conn, w.tenant).Day(context.Background(), w.day, b.at.Region, b.at.Location))(b.t)
	agents, _ := day.Curve.Plateaus()
	return agents
}
