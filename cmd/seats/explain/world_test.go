package explain

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/compute"
	"example.com/seats/compute/rule"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// world is a tenant and a day of hers in a store, with a few resources whose sessions and activities lie close
// together, so that everything touches, overlaps, is broken or open now and then.
type world struct {
	tenant config.Tenant
	day    calendar.Date
	asOf   int64
	agents map[string]bool // every name that could be asked for

	sessions int
	opened   map[place]*Day
}

// drawWorld writes a random day into the store and computes it.
func drawWorld(t *rapid.T, conn *sql.Conn) world {
	w := world{day: must.Date(t, rapid.SampledFrom([]string{"2026-03-08", "2026-11-01", "2026-03-10"}).Draw(t, "day")), agents: map[string]bool{}}
	w.tenant = drawTenant(t)
	w.asOf = w.moment(t, "as_of")
	rows := rowsOf{}
	resources := int64(rapid.IntRange(1, 5).Draw(t, "resources"))
	w.agents[fmt.Sprintf("#%d", resources+1)] = true // the resource without a row of its own
	for key := int64(1); key <= resources; key++ {
		employee := rapid.SampledFrom([]string{"", "e1", "ann", "TEST1"}).Draw(t, "employee")
		rows.add("agent", w.day, key, orNull(employee), orNull(rapid.SampledFrom([]string{"", "n.1", "nx1"}).Draw(t, "name")))
		w.agents[employee], w.agents[fmt.Sprintf("#%d", key)] = true, true
	}
	delete(w.agents, "")
	of := func() int64 { return rapid.Int64Range(1, resources+1).Draw(t, "of") }
	for key := range rapid.IntRange(0, 8).Draw(t, "sessions") {
		start, end, active := w.span(t, "session")
		rows.add("voice_session", w.day, key, 0, of(), start, end, active, 1)
		w.sessions++
	}
	for key := range rapid.IntRange(0, 10).Draw(t, "activities") {
		start, end, active := w.span(t, "activity")
		kind, name := "preview", any(nil)
		if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
			kind, name = "leg", rapid.SampledFrom([]any{nil, "", "D", "E", "L", "X"}).Draw(t, "switch")
		}
		rows.add("ocs_activity", w.day, kind, key, 0, of(), start, end, active, name, "g", nil, 1)
	}
	for key := range rapid.IntRange(0, 6).Draw(t, "other legs") {
		if start, end, active := w.span(t, "other leg"); start != nil {
			rows.add("other_leg", w.day, 100+key, 0, of(), start, end, active, rapid.SampledFrom([]string{"D", "E", "L", "X"}).Draw(t, "switch"), 1)
		}
	}
	for key := range rapid.IntRange(0, 2).Draw(t, "other sessions") {
		if start, end, active := w.span(t, "other session"); start != nil {
			rows.add("other_session", w.day, 100+key, 0, of(), start, end, active, 1)
		}
	}
	rows.addSlice(w.day, w.asOf)
	rows.write(t, conn, "computation", "qualifying_session", "concurrency", "daily_concurrent", "enabled_daily", "data_quality", "session_group", "other_leg",
		"other_session", "ocs_activity", "voice_session")
	recompute(t, conn, w)
	return w
}

// rowsOf are rows of tables, as values of a statement.
type rowsOf map[string][]string

func (r rowsOf) add(table string, values ...any) {
	var texts []string
	for _, v := range values {
		switch v.(type) {
		case nil:
			texts = append(texts, "null")
		case string, calendar.Date:
			texts = append(texts, fmt.Sprintf("'%s'", v))
		default:
			texts = append(texts, fmt.Sprint(v))
		}
	}
	r[table] = append(r[table], "("+strings.Join(texts, ", ")+")")
}

func (r rowsOf) addSlice(day calendar.Date, asOf int64) {
	r.add("slice_span", day, 0, 9999999999)
	r.add("slice", day, "test", asOf, asOf, 0, 0, 0, 0, 0, "final", "hash")
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// write leaves those rows in the tables, and others empty.
func (r rowsOf) write(t require.TestingT, conn *sql.Conn, empty ...string) {
	var all strings.Builder
	for _, table := range append(slices.Collect(maps.Keys(r)), empty...) {
		fmt.Fprintf(&all, "delete from _data.%s;", table)
	}
	for table, rows := range r {
		columns := ""
		if table == "slice" {
			columns = "(day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256)"
		}
		fmt.Fprintf(&all, "insert into _data.%s %s values %s;", table, columns, strings.Join(rows, ", "))
	}
	insert(t, conn, "begin; "+all.String()+" commit")
}

func drawTenant(t *rapid.T) config.Tenant {
	newYork := must.Zone(t, "America/New_York")
	tenant := config.Tenant{
		Name: "acme", Zone: time.UTC,
		SessionEnd:    rapid.SampledFrom([]config.SessionEnd{config.SessionEndExclusive, config.SessionEndInclusive}).Draw(t, "session_end"),
		ExcludeAgents: rapid.SliceOfN(rapid.SampledFrom([]string{"TEST*", "e?", "n.1"}), 0, 1).Draw(t, "exclude"),
		Regions: []config.Region{
			{Name: "US", Zone: newYork, Locations: []config.Location{{Name: "dallas", Switches: []string{"D"}}, {Name: "reno", Switches: []string{"E"}}}},
			{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}},
		},
	}
	if rapid.Bool().Draw(t, "default") {
		tenant.Regions[0].Locations = append(tenant.Regions[0].Locations, config.Location{Name: "other"})
	}
	return tenant
}

// moment is a second near the ends of a region's day, or near its noon.
func (w *world) moment(t *rapid.T, label string) int64 {
	var anchors []int64
	for _, r := range w.tenant.Regions {
		day := w.day.In(r.Zone)
		anchors = append(anchors, day.Start, day.End, day.Start+12*3600)
	}
	return rapid.SampledFrom(anchors).Draw(t, label) + rapid.Int64Range(-90, 90).Draw(t, label)
}

// span draws times as GIM may have them.
func (w *world) span(t *rapid.T, label string) (start, end any, active int) {
	a, b := w.moment(t, label+" from"), w.moment(t, label+" to")
	switch rapid.IntRange(0, 11).Draw(t, label+" shape") {
	case 0:
		return a, nil, 0
	case 1:
		return nil, b, 0
	case 2:
		return a, b, 1
	case 3:
		return a, b, 0
	case 4:
		return a, a, 0
	}
	return min(a, b), max(a, b), 0
}

func recompute(t *rapid.T, conn *sql.Conn, w world) {
	must.Have(compute.NewCounter(conn, w.tenant).Day(context.Background(), w.day, 1))(t)
}

func insert(t require.TestingT, conn *sql.Conn, statement string, args ...any) {
	require.NoError(t, must.Err(conn.ExecContext(context.Background(), statement, args...)), statement)
}

// scopes are all that can be explained.
func (w *world) scopes() (scopes []place) {
	for _, r := range w.tenant.Regions {
		scopes = append(scopes, place{r.Name, ""})
		for _, l := range r.Locations {
			scopes = append(scopes, place{r.Name, l.Name})
		}
	}
	return scopes
}

// open gives a connection to a store, in memory where path is empty.
func open(t testing.TB, path string, o duck.Options) (*sql.DB, *sql.Conn) {
	db := must.Have(duck.Open(path, o))(t)
	t.Cleanup(func() { db.Close() })
	conn := must.Have(db.Conn(context.Background()))(t)
	t.Cleanup(func() { conn.Close() })
	return db, conn
}

// bigStore writes and computes a day of a million sessions of 100,000 agents, with 1.2 million activities, and opens it for reading.
func bigStore(t testing.TB) (*Explainer, calendar.Date) {
	newYork := must.Zone(t, "America/New_York")
	tenant := config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, SettleHours: 1, Regions: []config.Region{
		{Name: "US", Zone: newYork, Locations: []config.Location{{Name: "dallas", Switches: []string{"SIP_0", "SIP_1"}}, {Name: "other"}}},
		{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"SIP_2"}}, {Name: "paris", Switches: []string{"SIP_3"}}}},
	}}
	day, path := must.Date(t, "2026-03-10"), filepath.Join(t.TempDir(), "acme.duckdb")
	db, conn := storeAt(t, path, duck.Options{})
	insert(t, conn, must.Text(t, "testdata/big_day.sql"))
	must.Have(compute.NewCounter(conn, tenant).Day(context.Background(), day, 1))(t)
	require.NoError(t, conn.Close())
	require.NoError(t, db.Close())
	_, conn = open(t, path, duck.Options{ReadOnly: true, Threads: 2})
	return New(conn, tenant), day
}

// BenchmarkDayOfAMillionSessions asks every question of such a day.
func BenchmarkDayOfAMillionSessions(b *testing.B) {
	ctx := context.Background()
	e, date := bigStore(b)
	open := func() *Day { return must.Have(e.Day(ctx, date, "US", ""))(b) }
	for _, q := range []struct {
		name string
		ask  func()
	}{
		{"peak", func() { require.Greater(b, must.Have(open().Peak(ctx))(b).Agents, int64(10_000)) }},
		{"busiest", func() { require.Len(b, must.Have(open().Busiest(ctx, 10))(b).Rows, 10) }},
		{"agent", func() { require.Len(b, must.Have(e.Agents(ctx, []calendar.Date{date}, "", "", "emp77"))(b).Rows, 10) }},
		{"sensitivity", func() { must.Have(open().Sensitivity(ctx, 60))(b) }},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				q.ask()
			}
		})
	}
}

// TestFates: one session for each thing that can become of one.
func TestFates(t *testing.T) {
	newYork := must.Zone(t, "America/New_York")
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
	day := must.Date(t, "2026-03-10")
	insert(t, conn, must.Text(t, "testdata/fates.sql"))
	must.Have(compute.NewCounter(conn, tenant).Day(context.Background(), day, 1))(t)
	for _, test := range tests {
		fates := fatesOf(must.Have(New(conn, tenant).Agents(context.Background(), []calendar.Date{day}, test.region, "", test.agent))(t))[test.agent]
		require.Len(t, fates, 1, test.agent)
		f := fates[0]
		require.Equal(t, test.want, Fate{Verdict: f.Verdict, Rule: f.Rule, Reason: f.Reason, place: f.place, Decision: f.Decision}, test.agent)
	}

	second := must.Have(must.Have(New(conn, tenant).Day(context.Background(), day, "EU", ""))(t).Second(context.Background(), 1773136800+50))(t)
	require.Contains(t, decisions(second), "told: listed switch (L, told by leg 77 of the same login)")
	require.Contains(t, decisions(second), "counted: listed switch")

	twice := fatesOf(must.Have(New(conn, tenant).Agents(context.Background(), []calendar.Date{day}, "", "", "twice"))(t))["twice"]
	require.Len(t, twice, 2)
	for i, other := range []string{"11", "10"} {
		require.Equal(t, CountedOnce, twice[i].Verdict)
		require.Equal(t, "shares seconds with session "+other+" of the same agent", twice[i].Reason)
	}

	insert(t, conn, "insert into _data.qualifying_session select * replace ('paris' as location) from _data.qualifying_session where agent = 'counted'")
	_, err := New(conn, tenant).Agents(context.Background(), []calendar.Date{day}, "", "", "counted")
	require.ErrorContains(t, err, "session 1 in EU/paris is not counted by the rules and counted in the store")
}

func decisions(s *Second) (words []string) {
	for _, seat := range s.Seats {
		words = append(words, seat.Agent+": "+seat.Decision)
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
	conn := emptyStore(t)
	insert(t, conn, `insert into _data.concurrency (day, region, location, start_ts, end_ts, agents, sessions)
		select '2026-03-10', 'US', location, unnest([600, 630, 700, 780]), unnest([630, 700, 780, 900]), unnest([2, 5, 1, 0]) + more, 9
		from (values (null, 0), ('dallas', 1)) as of (location, more)`) // the second step: 30 s of one minute, 40 of the next
	day := Day{Explainer: New(conn, config.Tenant{Name: "acme"}), Date: must.Date(t, "2026-03-10"), Scope: rule.Scope{Region: "US"}, Zone: time.UTC}
	at := func(second int64) time.Time { return time.Unix(second, 0).UTC() }
	want := [][]any{
		{"acme", "US", nil, at(660), int64(5), int64(40), int64(220)},
		{"acme", "US", nil, at(600), int64(5), int64(30), int64(210)},
		{"acme", "US", nil, at(720), int64(1), int64(60), int64(60)},
	}
	minutes := must.Have(day.Busiest(t.Context(), 10))(t)
	require.Equal(t, strings.Fields("tenant region location minute agents seconds agent_seconds"), minutes.Header)
	require.Equal(t, want, minutes.Rows)
	require.Equal(t, want[:2], must.Have(day.Busiest(t.Context(), 2))(t).Rows)
}
