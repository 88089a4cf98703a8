package compute

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/compute/rule"
	"example.com/seats/compute/sweep"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// openStore gives a connection to an empty store in memory.
func openStore(t testing.TB) *sql.Conn {
	_, conn := openDB(t)
	return conn
}

// openDB is openStore, with what gives further connections.
func openDB(t testing.TB) (*sql.DB, *sql.Conn) {
	db := must.Have(duck.Open("", duck.Options{Threads: 1, TempDir: t.TempDir()}))(t)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn := must.Have(db.Conn(context.Background()))(t)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for _, name := range store.Schemas() {
		require.NoError(t, duck.Exec(context.Background(), conn, name))
	}
	return db, conn
}

// execSQL runs a statement of the test's own.
func execSQL(t require.TestingT, q duck.Queryer, text string, args ...any) {
	require.NoError(t, must.Err(q.ExecContext(context.Background(), text, args...)), text)
}

// scalar reads one number.
func scalar(t require.TestingT, conn *sql.Conn, query string, args ...any) (n int64) {
	require.NoError(t, conn.QueryRowContext(context.Background(), query, args...).Scan(&n))
	return n
}

// countDay looks at a day and counts it.
func countDay(conn *sql.Conn, t config.Tenant, day calendar.Date, computedTS int64) (DayResult, error) {
	return NewCounter(conn, t).Day(context.Background(), day, computedTS)
}

// mustCount is countDay where nothing may go wrong.
func mustCount(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date, computedTS int64) DayResult {
	return must.Have(countDay(conn, tenant, day, computedTS))(t)
}

// look looks at days.
func look(t require.TestingT, conn *sql.Conn, tenant config.Tenant, days ...calendar.Date) []Standing {
	return must.Have(Look(context.Background(), conn, tenant, days...))(t)
}

// loadDay reads a day's results.
func loadDay(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date) DayResult {
	return must.Have(Load(context.Background(), conn, look(t, conn, tenant, day)))(t)[0]
}

// sweepOf sweeps days by themselves.
func sweepOf(t require.TestingT, conn *sql.Conn, stands []Standing) []*sweep.Result {
	return must.Have(Sweep(context.Background(), conn, stands))(t)
}

const hour = 3600

// smallTenant has one region in UTC and one location with the switch L.
func smallTenant() config.Tenant {
	return config.Tenant{
		Name: "acme", SessionEnd: config.SessionEndExclusive, SettleHours: 1,
		Regions: []config.Region{{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}}},
	}
}

// twoSeats are two agents together from nine to ten of a day in UTC.
func twoSeats(day calendar.Date) history {
	nine := day.In(time.UTC).Start + 9*hour
	row := sessionRow{key: 1, resource: 101, start: nine, end: nine + hour}
	other := row
	other.key, other.resource = 2, 102
	return history{
		resources:  []resource{{key: 101, employee: "ann"}, {key: 102, employee: "bob"}},
		sessions:   []sessionRow{row, other},
		activities: []activityRow{{row, "leg", "L", ""}, {other, "leg", "L", ""}},
	}
}

// small is a store with twoSeats on a day, complete up to a time.
func small(t testing.TB, asOf int64) (*sql.Conn, config.Tenant, calendar.Date) {
	conn, tenant, day := openStore(t), smallTenant(), must.Date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, asOf, twoSeats(day))
	return conn, tenant, day
}

// history is the rows of a tenant, from which slices are cut.
type history struct {
	resources  []resource
	sessions   []sessionRow
	activities []activityRow
	calls      []activityRow // legs without an attempt's GUID
	beside     []sessionRow  // in a slice: those outside it that it keeps
	duplicates [][2]string   // table, key

	defaultGUIDs []string
	lookback     int64 // seconds; 0: unknown
}

type resource struct {
	key            int64
	word           string // how the case calls it
	employee, name string
}

type sessionRow struct {
	key, resource, start, end int64 // start and end may be sweep.Unknown
	active                    bool
}

type activityRow struct {
	sessionRow
	kind, switchName, guid string
}

// clearStore empties the tables of slices and results.
func clearStore(t require.TestingT, conn *sql.Conn) {
	for table := range strings.FieldsSeq(`slice slice_span default_guid voice_session ocs_activity other_leg other_session agent duplicate_key
		computation qualifying_session concurrency daily_concurrent enabled_daily monthly_enabled data_quality`) {
		execSQL(t, conn, "truncate _data."+table)
	}
}

// writeSlice cuts the slice of a day out of a history (R10) and writes it into the store.
func writeSlice(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date, asOf int64, h history) {
	var spans []calendar.Interval // of the day in any region of the tenant
	for _, r := range tenant.Regions {
		spans = append(spans, day.In(r.Zone))
	}
	spans = calendar.Union(spans)
	cut, tables := h.cut(spans, asOf), map[string][][]any{}
	add := func(table string, values ...any) {
		tables[table] = append(tables[table], append([]any{day.String()}, values...))
	}
	for _, span := range spans {
		add("slice_span", span.Start, span.End)
	}
	open := 0
	for _, s := range cut.sessions {
		if s.start != sweep.Unknown && s.isOpen() {
			open++
		}
		add("voice_session", s.key, 0, s.resource, orNull(s.start, sweep.Unknown), orNull(s.end, sweep.Unknown), s.active, 1)
	}
	for _, s := range cut.beside {
		add("other_session", s.key, 0, s.resource, orNull(s.start, sweep.Unknown), orNull(s.end, sweep.Unknown), s.active, 1)
	}
	for _, a := range cut.activities {
		if a.guid == "" {
			a.guid = fmt.Sprint("guid ", a.key)
		}
		add("ocs_activity", a.kind, a.key, 0, a.resource, orNull(a.start, sweep.Unknown), orNull(a.end, sweep.Unknown), a.active, orNull(a.switchName, ""), a.guid, nil, 1)
	}
	for _, c := range cut.calls {
		add("other_leg", c.key, 0, c.resource, orNull(c.start, sweep.Unknown), orNull(c.end, sweep.Unknown), c.active, c.switchName, 1)
	}
	for _, r := range h.resources {
		add("agent", r.key, orNull(r.employee, ""), orNull(r.name, ""))
	}
	for _, d := range h.duplicates {
		add("duplicate_key", d[0], d[1], 2)
	}
	for _, guid := range h.defaultGUIDs {
		add("default_guid", guid)
	}
	const columns = " (day, high_water, as_of, sessions, activities, agents, open_sessions, sha256, lookback_seconds, source, extracted_ts, state)"
	add("slice"+columns, asOf, asOf, len(cut.sessions), len(cut.activities), len(cut.resources), open, "hash of "+day.String(),
		orNull(h.lookback, 0), "test", 0, "final")
	for table, rows := range tables {
		row := "(?" + strings.Repeat(", ?", len(rows[0])-1) + ")"
		execSQL(t, conn, "insert into _data."+table+" values "+row+strings.Repeat(", "+row, len(rows)-1), slices.Concat(rows...)...)
	}
}

// orNull is NULL in place of the value that stands for it.
func orNull[T comparable](value, null T) any {
	if value == null {
		return nil
	}
	return value
}

// cut takes the sessions that share a second with a span, their end second included, and the activities that share one with a
// span or with such a session. What R2 or R3 rejects belongs where it starts; without a start it is in every slice.
func (h history) cut(spans []calendar.Interval, asOf int64) history {
	cut := history{resources: h.resources}
	touches := func(iv calendar.Interval) bool { return slices.ContainsFunc(spans, iv.Overlaps) }
	for _, s := range h.sessions {
		if s.start == sweep.Unknown || touches(s.wide(asOf)) {
			cut.sessions = append(cut.sessions, s)
		}
	}
	for _, a := range h.activities {
		wide := h.wide(a, asOf)
		if a.start == sweep.Unknown || touches(wide) || slices.ContainsFunc(cut.sessions, func(s sessionRow) bool {
			return s.start != sweep.Unknown && s.resource == a.resource && s.wide(asOf).Overlaps(wide)
		}) {
			cut.activities = append(cut.activities, a)
		}
	}
	for _, c := range h.calls {
		if c.isValid() && c.switchName != "" {
			cut.calls = append(cut.calls, c)
		}
	}
	for _, s := range h.sessions {
		started := func(a activityRow) bool {
			return a.start != sweep.Unknown && a.isOpen() && a.resource == s.resource && s.wide(asOf).Contains(a.start)
		}
		if s.isValid() && !slices.Contains(cut.sessions, s) && slices.ContainsFunc(slices.Concat(cut.activities, cut.calls), started) {
			cut.beside = append(cut.beside, s)
		}
	}
	return cut
}

// wide is the interval that decides whether an activity is in a slice: one without an end lasts until the sessions do in which it
// started (R3).
func (h history) wide(a activityRow, asOf int64) calendar.Interval {
	iv := a.sessionRow.wide(asOf)
	if a.start == sweep.Unknown || !a.isOpen() {
		return iv
	}
	ended := false
	for _, s := range h.sessions {
		login := s.wide(asOf)
		if s.isValid() && s.resource == a.resource && s.start <= a.start && a.start < max(login.End-1, s.start+1) {
			if !ended || login.End > iv.End {
				iv.End = login.End
			}
			ended = true
		}
	}
	return iv
}

// isValid is what R2 does not reject.
func (s sessionRow) isValid() bool {
	return s.start != sweep.Unknown && (s.isOpen() || s.end >= s.start)
}

func (s sessionRow) isOpen() bool { return s.active || s.end == sweep.Unknown }

// wide is the interval that decides whether a session is in a slice: never too short under any setting.
func (s sessionRow) wide(asOf int64) calendar.Interval {
	if s.isOpen() {
		return calendar.Interval{Start: s.start, End: max(asOf, s.start+1) + 1}
	}
	return calendar.Interval{Start: s.start, End: max(s.end, s.start) + 1}
}

// TestSQLEqualsSweepEqualsBruteForce: on any history, in every second of every region and location, the SQL
// engine, the sweep and a count by looking give the same agents and sessions, and the same sets of agents.
func TestSQLEqualsSweepEqualsBruteForce(t *testing.T) {
	t.Parallel()
	conn := openStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		clearStore(t, conn)
		writeSlice(t, conn, w.tenant, w.day, w.asOf, w.rows)

		require.NoError(t, must.Err(countDay(conn, w.tenant, w.day, 1)), "SQL and sweep")
		swept := sweepOf(t, conn, look(t, conn, w.tenant, w.day))[0]
		b := newBrute(w)
		require.Equal(t, b.unmapped, swept.Unmapped, "unmapped")
		for no, scope := range swept.Scopes {
			agents, sessions := b.curve(scope)
			curve := swept.Curve(no)
			requireSame(t, scope, "agents", agents, curve.Agents)
			requireSame(t, scope, "sessions", sessions, curve.Sessions)
			require.Equal(t, b.enabled(scope), swept.Enabled(no), "enabled in %s", scope)
		}
	})
}

func requireSame(t require.TestingT, scope rule.Scope, what string, want, got []int32) {
	require.Len(t, got, len(want), scope)
	for second := range want {
		if want[second] != got[second] {
			require.Equal(t, want[second], got[second], "%s in %s at %s", what, scope, settle.Epoch(scope.Day.Start+int64(second)))
		}
	}
}

// world is a tenant, a day and what happened.
type world struct {
	tenant config.Tenant
	day    calendar.Date
	asOf   int64
	rows   history
}

// oddDays have 23, 25, 23.5 and 24.5 hours somewhere, no midnight, no second at all, or nothing odd.
var oddDays = []string{"2026-03-08", "2026-11-01", "2026-10-04", "2026-04-05", "2018-11-04", "2011-12-30", "2026-03-10"}

var oddZones = []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia"}

func drawWorld(t *rapid.T) world {
	w := world{day: must.Date(t, rapid.SampledFrom(oddDays).Draw(t, "day")), tenant: config.Tenant{
		Name:          "acme",
		SessionEnd:    rapid.SampledFrom([]config.SessionEnd{config.SessionEndExclusive, config.SessionEndInclusive}).Draw(t, "session_end"),
		ExcludeAgents: rapid.SliceOfN(rapid.SampledFrom([]string{"TEST*", "e?", "*", "n_1"}), 0, 1).Draw(t, "exclude"),
		Regions: []config.Region{
			{Name: "US", Zone: must.Zone(t, rapid.SampledFrom(oddZones).Draw(t, "zone of US")), Locations: []config.Location{{Name: "dallas", Switches: []string{"D", "E"}}}},
			{Name: "EU", Zone: must.Zone(t, rapid.SampledFrom(oddZones).Draw(t, "zone of EU")), Locations: []config.Location{{Name: "london", Switches: []string{"L"}}, {Name: "paris", Switches: []string{"P"}}}},
		},
	}}
	if rapid.Bool().Draw(t, "default") {
		w.tenant.Regions[0].Locations = append(w.tenant.Regions[0].Locations, config.Location{Name: "other"})
	}
	moments := drawMoments(w.tenant, w.day)
	w.asOf = moments.Draw(t, "as_of")
	w.drawRows(t, moments)
	return w
}

// drawMoments gives seconds that lie close together around the ends of the regions' days and a few hours in
// between, so that sessions touch, overlap and cross midnight all the time.
func drawMoments(tenant config.Tenant, day calendar.Date) *rapid.Generator[int64] {
	var anchors []int64
	for _, r := range tenant.Regions {
		d := day.In(r.Zone)
		anchors = append(anchors, d.Start, d.End, d.Start+7200, d.Start+d.Seconds()/2)
	}
	return rapid.Custom(func(t *rapid.T) int64 {
		return rapid.SampledFrom(anchors).Draw(t, "around") + rapid.Int64Range(-3, 3).Draw(t, "seconds")
	})
}

func (w *world) drawRows(t *rapid.T, moments *rapid.Generator[int64]) {
	for key := range int64(rapid.IntRange(1, 5).Draw(t, "resources")) {
		w.rows.resources = append(w.rows.resources, resource{
			key:      101 + key,
			employee: rapid.SampledFrom([]string{"", "e1", "ann", "TEST1"}).Draw(t, "employee"),
			name:     rapid.SampledFrom([]string{"", "n_1", "nx1"}).Draw(t, "name"),
		})
	}
	for key := range int64(rapid.IntRange(0, 9).Draw(t, "sessions")) {
		w.rows.sessions = append(w.rows.sessions, w.drawRow(t, moments, "session", key+1))
	}
	for key := range int64(rapid.IntRange(0, 16).Draw(t, "activities")) {
		a := activityRow{
			sessionRow: w.drawRow(t, moments, "activity", key+1),
			kind:       rapid.SampledFrom([]string{"leg", "preview", "call"}).Draw(t, "kind"),
			switchName: rapid.SampledFrom([]string{"", "", "D", "E", "L", "P", "X"}).Draw(t, "switch"),
		}
		into := &w.rows.activities
		if a.kind == "call" {
			a.kind, into = "leg", &w.rows.calls
		}
		*into = append(*into, a)
	}
}

// drawRow draws an ordinary interval three times in four; otherwise one that is open, broken or of no length.
func (w *world) drawRow(t *rapid.T, moments *rapid.Generator[int64], what string, key int64) sessionRow {
	label := fmt.Sprintf("%s %d", what, key)
	row := sessionRow{
		key:      key,
		resource: rapid.SampledFrom(w.rows.resources).Draw(t, label+" of").key,
		start:    moments.Draw(t, label+" from"),
		end:      moments.Draw(t, label+" to"),
	}
	switch rapid.IntRange(0, 15).Draw(t, label+" shape") {
	case 0:
		row.active = true
	case 1:
		row.end = sweep.Unknown
	case 2:
		row.start = sweep.Unknown
	case 3:
		row.end = row.start
	default:
		row.start, row.end = min(row.start, row.end), max(row.start, row.end)
	}
	return row
}

// brute counts a day a third way, slowly and plainly: it looks at every second of every scope and asks of
// every session whether it is there. At most 64 agents.
type brute struct {
	rules    rule.Set
	rows     history
	seats    []seat // the sessions that qualify somewhere (R2 to R6)
	unmapped int64  // sessions of the regions' days that have a switch with nowhere to go (R5, R11)
}

func newBrute(w world) brute {
	b := brute{rules: RulesFor(w.tenant, w.day), rows: w.rows}
	b.rules.AsOf = w.asOf
	for _, s := range b.rows.sessions {
		iv, ok := b.occupied(s)
		if !ok || b.isExcluded(s.resource) {
			continue
		}
		scopes, nowhere := b.scopes(b.switches(s.resource, iv))
		if len(scopes) > 0 {
			b.seats = append(b.seats, seat{b.agent(s.resource), iv, scopes})
		}
		if nowhere && slices.ContainsFunc(b.rules.Regions, func(r rule.Region) bool { return r.Day.Seconds() > 0 && iv.Overlaps(r.Day) }) {
			b.unmapped++
		}
	}
	return b
}

// seat is a qualifying session: who, when, where.
type seat struct {
	agent string
	calendar.Interval
	scopes map[string]bool
}

// curve is the number of agents and sessions in every second of a scope.
func (b brute) curve(scope rule.Scope) (agents, sessions []int32) {
	numbers := map[string]int{}
	for _, s := range b.seats {
		if _, known := numbers[s.agent]; !known {
			numbers[s.agent] = len(numbers)
		}
	}
	for second := scope.Day.Start; second < scope.Day.End; second++ {
		var there uint64
		n := int32(0)
		for _, s := range b.seats {
			if s.Contains(second) && s.scopes[scope.String()] {
				there |= 1 << numbers[s.agent]
				n++
			}
		}
		agents = append(agents, int32(bits.OnesCount64(there)))
		sessions = append(sessions, n)
	}
	return agents, sessions
}

// enabled is the set of agents of a scope.
func (b brute) enabled(scope rule.Scope) map[string]bool {
	enabled := map[string]bool{}
	for _, s := range b.seats {
		if s.scopes[scope.String()] && s.Overlaps(scope.Day) {
			enabled[s.agent] = true
		}
	}
	return enabled
}

// occupied is R2.
func (b brute) occupied(s sessionRow) (calendar.Interval, bool) {
	end := s.end
	if s.isOpen() {
		end = max(b.rules.AsOf, s.start+1)
	}
	if s.start == sweep.Unknown || end < s.start {
		return calendar.Interval{}, false
	}
	if b.rules.EndSecondCounts {
		return calendar.Interval{Start: s.start, End: end + 1}, true
	}
	return calendar.Interval{Start: s.start, End: max(end, s.start+1)}, true
}

// switches are those of the activities that qualify a session (R3, R4), or, where none of these is known, of its other legs (R5);
// "" is an unknown one.
func (b brute) switches(resource int64, session calendar.Interval) []string {
	names := b.reached(b.rows.activities, resource, session)
	if len(names) == 0 || slices.ContainsFunc(names, func(s string) bool { return s != "" }) {
		return names
	}
	return append(names, b.reached(b.rows.calls, resource, session)...)
}

func (b brute) reached(activities []activityRow, resource int64, session calendar.Interval) (names []string) {
	for _, a := range activities {
		if a.start == sweep.Unknown || !a.isOpen() && a.end < a.start || a.resource != resource {
			continue
		}
		if session.Overlaps(calendar.Interval{Start: a.start, End: max(b.end(a), a.start+1)}) {
			names = append(names, a.switchName)
		}
	}
	return names
}

// end is R3: where an activity ends.
func (b brute) end(a activityRow) int64 {
	if !a.isOpen() {
		return a.end
	}
	end, started := b.rules.AsOf, false
	for _, s := range b.rows.sessions {
		if iv, ok := b.occupied(s); ok && s.resource == a.resource && iv.Contains(a.start) {
			if !started || iv.End > end {
				end = iv.End
			}
			started = true
		}
	}
	return end
}

// scopes is R5: where switches lead, and whether one leads nowhere.
func (b brute) scopes(switches []string) (scopes map[string]bool, nowhere bool) {
	if known := slices.DeleteFunc(slices.Clone(switches), func(s string) bool { return s == "" }); len(known) > 0 {
		switches = known
	}
	scopes = map[string]bool{}
	for _, name := range switches {
		listed, leads := false, false
		for _, pass := range []bool{false, true} {
			for _, r := range b.rules.Regions {
				for _, l := range r.Locations {
					here := slices.Contains(l.Switches, name)
					if here || pass && !listed && len(l.Switches) == 0 {
						scopes[r.Name], scopes[r.Name+"/"+l.Name], leads = true, true, true
					}
					listed = listed || here
				}
			}
		}
		nowhere = nowhere || !leads
	}
	return scopes, nowhere
}

// agent and isExcluded are R6.
func (b brute) agent(resourceKey int64) string {
	for _, r := range b.rows.resources {
		if r.key == resourceKey && r.employee != "" {
			return r.employee
		}
	}
	return fmt.Sprintf("#%d", resourceKey)
}

func (b brute) isExcluded(resourceKey int64) bool {
	for _, r := range b.rows.resources {
		if b.agent(r.key) != b.agent(resourceKey) {
			continue
		}
		for _, pattern := range b.rules.Exclude {
			text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
			if fits := regexp.MustCompile("^(?s:" + text + ")$"); fits.MatchString(r.employee) || fits.MatchString(r.name) {
				return true
			}
		}
	}
	return false
}
