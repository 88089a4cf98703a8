package explain

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/must"
)

// TestFates: one session for each thing that can become of one.
func TestFates(t *testing.T) {
	newYork := must.Have(time.LoadLocation("America/New_York"))(t)
	tenant := config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, ExcludeAgents: []string{"TEST*"}, Regions: []config.Region{
		{Name: "US", Zone: newYork, Locations: []config.Location{{Name: "dallas", Switches: []string{"D"}}}},
		{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}},
	}}
	eu, us := place{"EU", "london"}, place{"US", "dallas"}
	tests := []struct {
		agent, region string // asked for
		want          Fate
	}{
		{"counted", "", Fate{Verdict: Counted, place: eu, Decision: Listed}},
		{"reversed", "", Fate{Verdict: NotCounted, Rule: "R2", Reason: "rejected: end_ts before start_ts"}},
		{"timeless", "", Fate{Verdict: NotCounted, Rule: "R2", Reason: "rejected: no start_ts"}},
		{"idle", "", Fate{Verdict: NotCounted, Rule: "R4", Reason: "no activity of resource_key 4 shares a second with the session; " +
			"the nearest is leg 4, 1 s away; 1 of it rejected (R3)"}},
		{"unlisted", "", Fate{Verdict: NotCounted, Rule: "R5", Reason: "unmapped: switch X leads nowhere: no location lists it and there is no default location"}},
		{"counted", "US", Fate{Verdict: NotCounted, Rule: "R5", Reason: "belongs to EU/london", place: eu, Decision: Listed}},
		{"TEST1", "", Fate{Verdict: NotCounted, Rule: "R6", Reason: `exclude_agents "TEST*" fits employee_id "TEST1"`}},
		{"early", "", Fate{Verdict: NotCounted, Rule: "R8", Reason: "shares no second with 2026-03-10 in America/New_York", place: us, Decision: Listed}},
		{"#9", "", Fate{Verdict: Counted, place: eu, Decision: Listed}},
		{"told", "", Fate{Verdict: Counted, place: eu, Decision: "listed switch (L, told by leg 77 of the same login)"}},
	}
	conn := emptyStore(t)
	day := mustDate(t, "2026-03-10")
	for _, statement := range fateRows {
		insert(t, conn, statement)
	}
	must.Have(compute.NewCounter(conn, tenant).Day(context.Background(), day, 1))(t)
	for _, test := range tests {
		fates := must.Have(New(conn, tenant).Agent(context.Background(), test.agent, []calendar.Date{day}, test.region, ""))(t)
		require.Len(t, fates, 1, test.agent)
		f := fates[0]
		require.Equal(t, test.want, Fate{Verdict: f.Verdict, Rule: f.Rule, Reason: f.Reason, place: f.place, Decision: f.Decision}, test.agent)
	}

	second := must.Have(must.Have(New(conn, tenant).Day(context.Background(), day, "EU", ""))(t).Second(context.Background(), 1773136800+50))(t)
	require.Contains(t, decisions(second), "told: listed switch (L, told by leg 77 of the same login)")
	require.Contains(t, decisions(second), "counted: listed switch")

	twice := must.Have(New(conn, tenant).Agent(context.Background(), "twice", []calendar.Date{day}, "", ""))(t)
	require.Len(t, twice, 2)
	for i, other := range []string{"11", "10"} {
		require.Equal(t, CountedOnce, twice[i].Verdict)
		require.Equal(t, "shares seconds with session "+other+" of the same agent", twice[i].Reason)
	}
}

// fateRows are sessions and activities of 2026-03-10; 1773100800 is its midnight in UTC, and New York's comes four hours later.
var fateRows = []string{
	"insert into _data.slice_span values ('2026-03-10', 0, 9999999999)",
	"insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ('2026-03-10', 'test', 1773300000, 1773300000, 0, 0, 0, 0, 0, 'final', 'hash')",
	`insert into _data.agent values ('2026-03-10', 1, 'counted', null), ('2026-03-10', 2, 'reversed', null), ('2026-03-10', 3, 'timeless', null),
	 ('2026-03-10', 4, 'idle', null), ('2026-03-10', 5, 'unlisted', null), ('2026-03-10', 6, 'TEST1', null), ('2026-03-10', 7, 'early', null),
	 ('2026-03-10', 10, 'twice', null), ('2026-03-10', 11, 'twice', null), ('2026-03-10', 12, 'told', null)`,
	`insert into _data.voice_session
	 select '2026-03-10', k, 0, k, 1773100800 + s, 1773100800 + e, 0, 1
	 from (values (1, 36000, 36100), (2, 36000, 35000), (3, null, 36100), (4, 36000, 36100), (5, 36000, 36100), (6, 36000, 36100),
	              (7, 3600, 7200), (9, 36000, 36100), (10, 36000, 36100), (11, 36050, 36200), (12, 36000, 36100)) as v(k, s, e)`,
	`insert into _data.ocs_activity
	 select '2026-03-10', 'leg', k, 0, k, 1773100800 + s, 1773100800 + e, 0, w, 'g', null, 1
	 from (values (1, 36000, 36100, 'L'), (4, 36100, 36200, 'L'), (4, 36050, 36000, 'L'), (5, 36000, 36100, 'X'), (6, 36000, 36100, 'L'),
	              (7, 3600, 3700, 'D'), (9, 36000, 36100, 'L'), (10, 36000, 36100, 'L'), (11, 36060, 36100, 'L'), (12, 36010, 36020, null)) as v(k, s, e, w)`,
	"insert into _data.other_leg values ('2026-03-10', 77, 0, 12, 1773136850, 1773136870, 0, 'L', 1)",
}

func decisions(s *Second) (words []string) {
	for _, seat := range s.Seats {
		words = append(words, seat.Agent+": "+string(seat.Decision))
	}
	return words
}

// curveOf makes a curve that begins at a second, from its agents second by second.
func curveOf(from int64, agents ...int64) Curve {
	var c Curve
	for i, n := range agents {
		at := from + int64(i)
		c = append(c, Step{calendar.Interval{Start: at, End: at + 1}, n, n})
	}
	return c
}

func TestPlateausAreAllSpansAtThePeak(t *testing.T) {
	agents, plateaus := curveOf(100, 0, 3, 3, 1, 3, 0).Plateaus()
	require.EqualValues(t, 3, agents)
	require.Equal(t, []calendar.Interval{{Start: 101, End: 103}, {Start: 104, End: 105}}, plateaus)
	agents, plateaus = curveOf(100, 0, 0).Plateaus()
	require.Zero(t, agents)
	require.Empty(t, plateaus, "nobody has no plateau")
}

func TestAtTellsWhetherASecondIsInTheDay(t *testing.T) {
	c := curveOf(100, 1, 2)
	for second, want := range map[int64]int64{99: -1, 100: 1, 101: 2, 102: -1} {
		step, found := c.At(second)
		require.Equal(t, want >= 0, found, second)
		if found {
			require.Equal(t, want, step.Agents, second)
		}
	}
}

// TestLastingIsTheBestOfTheLowestInAnyWindow: on any curve, Lasting is the largest, over all windows of the
// length, of the lowest number in the window, and the second is the first from which that many are held.
func TestLastingIsTheBestOfTheLowestInAnyWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents := rapid.SliceOfN(rapid.Int64Range(0, 4), 1, 30).Draw(t, "agents")
		length := rapid.Int64Range(1, 12).Draw(t, "seconds")
		want, wantAt := int64(0), int64(0)
		for from := 0; from+int(length) <= len(agents); from++ {
			lowest := agents[from]
			for _, n := range agents[from : from+int(length)] {
				lowest = min(lowest, n)
			}
			if lowest > want {
				want, wantAt = lowest, 1000+int64(from)
			}
		}
		got, at := curveOf(1000, agents...).Lasting(length)
		require.Equal(t, want, got)
		require.Equal(t, wantAt, at)
	})
}

func TestBusiestMinutes(t *testing.T) {
	c := Curve{
		{calendar.Interval{Start: 600, End: 630}, 2, 2},
		{calendar.Interval{Start: 630, End: 700}, 5, 5}, // 30 s of one minute, 40 of the next
		{calendar.Interval{Start: 700, End: 780}, 1, 1},
		{calendar.Interval{Start: 780, End: 900}, 0, 0},
	}
	want := []Minute{
		{Start: 660, Agents: 5, Seconds: 40, AgentSeconds: 220},
		{Start: 600, Agents: 5, Seconds: 30, AgentSeconds: 210},
		{Start: 720, Agents: 1, Seconds: 60, AgentSeconds: 60},
	}
	require.Equal(t, want, c.Busiest(10))
	require.Equal(t, want[:2], c.Busiest(2))
}
