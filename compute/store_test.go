package compute

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
)

// openStore gives a connection to an empty store in memory.
func openStore(t testing.TB) *sql.Conn {
	t.Helper()
	db, err := duck.Open("", duck.Options{Threads: 1, TempDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for _, name := range store.Schemas() {
		_, err := duck.Exec(context.Background(), conn, name)
		require.NoError(t, err)
	}
	return conn
}

// execSQL runs a statement of the test's own.
func execSQL(t require.TestingT, q duck.Queryer, text string, args ...any) {
	_, err := q.ExecContext(context.Background(), text, args...)
	require.NoError(t, err, text)
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
	result, err := countDay(conn, tenant, day, computedTS)
	require.NoError(t, err)
	return result
}

// look looks at days.
func look(t require.TestingT, conn *sql.Conn, tenant config.Tenant, days ...calendar.Date) []Standing {
	stands, err := Look(context.Background(), conn, tenant, days...)
	require.NoError(t, err)
	return stands
}

// loadDay reads a day's results.
func loadDay(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date) DayResult {
	results, err := Load(context.Background(), conn, look(t, conn, tenant, day))
	require.NoError(t, err)
	return results[0]
}

// sweepOf sweeps days by themselves.
func sweepOf(t require.TestingT, conn *sql.Conn, stands []Standing) []*sweep.Result {
	rules, err := rulesOf(stands)
	require.NoError(t, err)
	swept, err := sweepDays(context.Background(), conn, stands, rules)
	require.NoError(t, err)
	return swept
}

func date(t require.TestingT, s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	require.NoError(t, err)
	return d
}

func zone(t require.TestingT, name string) *time.Location {
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
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
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
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
