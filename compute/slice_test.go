package compute

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
)

// clearStore empties the tables of slices and results.
func clearStore(t require.TestingT, conn *sql.Conn) {
	for _, table := range []string{
		"slice", "slice_span", "default_guid", "voice_session", "ocs_activity", "other_leg", "other_session", "agent", "duplicate_key", "computation", "qualifying_session",
		"concurrency", "daily_concurrent", "enabled_daily", "monthly_enabled", "data_quality",
	} {
		execSQL(t, conn, "delete from _data."+table)
	}
}

// writeSlice cuts the slice of a day out of a history (R10) and writes it into the store.
func writeSlice(t require.TestingT, conn *sql.Conn, tenant config.Tenant, day calendar.Date, asOf int64, h history) {
	spans := spansOf(tenant, day)
	cut := h.cut(spans, asOf)
	arg := sql.Named("day", day.String())
	for _, span := range spans {
		execSQL(t, conn, "insert into _data.slice_span values ($day::date, $s, $e)", arg, sql.Named("s", span.Start), sql.Named("e", span.End))
	}
	for _, s := range cut.sessions {
		execSQL(t, conn, "insert into _data.voice_session values ($day::date, $key, 0, $resource, $s, $e, $active, 1)",
			append(s.args(), arg)...)
	}
	for _, a := range cut.activities {
		execSQL(t, conn, "insert into _data.ocs_activity values ($day::date, $kind, $key, 0, $resource, $s, $e, $active, $switch, $guid, null, 1)",
			append(a.args(), arg, sql.Named("kind", a.kind), sql.Named("switch", orNull(a.switchName)), sql.Named("guid", cmp.Or(a.guid, fmt.Sprint("guid ", a.key))))...)
	}
	for _, c := range cut.calls {
		execSQL(t, conn, "insert into _data.other_leg values ($day::date, $key, 0, $resource, $s, $e, $active, $switch, 1)",
			append(c.args(), arg, sql.Named("switch", c.switchName))...)
	}
	for _, s := range cut.beside {
		execSQL(t, conn, "insert into _data.other_session values ($day::date, $key, 0, $resource, $s, $e, $active, 1)",
			append(s.args(), arg)...)
	}
	for _, r := range h.resources {
		execSQL(t, conn, "insert into _data.agent values ($day::date, $key, $employee, $name)", arg, sql.Named("key", r.key),
			sql.Named("employee", orNull(r.employee)), sql.Named("name", orNull(r.name)))
	}
	for _, d := range h.duplicates {
		table, key, _ := strings.Cut(d, " ")
		execSQL(t, conn, "insert into _data.duplicate_key values ($day::date, $table, $key, 2)", arg, sql.Named("table", table), sql.Named("key", key))
	}
	for _, guid := range h.defaultGUIDs {
		execSQL(t, conn, "insert into _data.default_guid values ($day::date, $guid)", arg, sql.Named("guid", guid))
	}
	writeSliceRow(t, conn, day, asOf, cut)
}

func writeSliceRow(t require.TestingT, conn *sql.Conn, day calendar.Date, asOf int64, cut history) {
	open := 0
	for _, s := range cut.sessions {
		if s.start != sweep.Unknown && s.isOpen() {
			open++
		}
	}
	_, err := conn.ExecContext(context.Background(),
		"insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256, lookback_seconds) values ($day::date, 'test', $as_of, $as_of, 0, $sessions, $activities, $agents, $open, 'final', 'hash of ' || $day, nullif($lookback, 0))",
		sql.Named("day", day.String()), sql.Named("as_of", asOf), sql.Named("sessions", len(cut.sessions)), sql.Named("activities", len(cut.activities)),
		sql.Named("agents", len(cut.resources)), sql.Named("open", open), sql.Named("lookback", cut.lookback))
	require.NoError(t, err)
}

// spansOf is the time of a day in any region of the tenant.
func spansOf(tenant config.Tenant, day calendar.Date) []calendar.Interval {
	var spans []calendar.Interval
	for _, r := range tenant.Regions {
		spans = append(spans, day.In(r.Zone))
	}
	return calendar.Union(spans)
}

// cut takes the sessions that share a second with a span, their end second included, and the activities that
// share one with a span or with such a session. What R2 or R3 rejects belongs where it starts; without a start
// it is in every slice.
func (h history) cut(spans []calendar.Interval, asOf int64) history {
	cut := history{resources: h.resources, duplicates: h.duplicates, lookback: h.lookback}
	touches := func(iv calendar.Interval) bool {
		for _, span := range spans {
			if span.Overlaps(iv) {
				return true
			}
		}
		return false
	}
	for _, s := range h.sessions {
		if s.start == sweep.Unknown || touches(s.wide(asOf)) {
			cut.sessions = append(cut.sessions, s)
		}
	}
	for _, a := range h.activities {
		if wide := h.wide(a, asOf); a.start == sweep.Unknown || touches(wide) || cut.holds(a, wide, asOf) {
			cut.activities = append(cut.activities, a)
		}
	}
	for _, c := range h.calls {
		if c.start != sweep.Unknown && (c.isOpen() || c.end >= c.start) && c.switchName != "" {
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

func (h history) holds(a activityRow, wide calendar.Interval, asOf int64) bool {
	for _, s := range h.sessions {
		if s.start != sweep.Unknown && s.resource == a.resource && s.wide(asOf).Overlaps(wide) {
			return true
		}
	}
	return false
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

func (s sessionRow) args() []any {
	active := 0
	if s.active {
		active = 1
	}
	return []any{
		sql.Named("key", s.key), sql.Named("resource", s.resource), sql.Named("active", active),
		sql.Named("s", sql.NullInt64{Int64: s.start, Valid: s.start != sweep.Unknown}),
		sql.Named("e", sql.NullInt64{Int64: s.end, Valid: s.end != sweep.Unknown}),
	}
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
