package compute

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
)

// TestSQLEqualsSweepEqualsBruteForce: on any history, in every second of every region and location, the SQL
// engine, the sweep and a count by looking give the same agents and sessions, and the same sets of agents.
func TestSQLEqualsSweepEqualsBruteForce(t *testing.T) {
	conn := openStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		clearStore(t, conn)
		writeSlice(t, conn, w.tenant, w.day, w.asOf, w.rows)

		_, err := countDay(conn, w.tenant, w.day, 1)
		require.NoError(t, err, "SQL and sweep")
		stands, rules := standing(t, conn, w.tenant, w.day)
		all, err := sweepDays(context.Background(), conn, stands, rules)
		require.NoError(t, err)
		swept := all[0]
		b := brute{rules: w.rules(), rows: w.rows}
		require.Equal(t, b.unmapped(), swept.Unmapped(), "unmapped")
		for no, scope := range swept.Scopes() {
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
			require.Equal(t, want[second], got[second], "%s in %s at %s", what, scope, inWords(scope.Day.Start+int64(second)))
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

func (w world) rules() rule.Set {
	rules := RulesFor(w.tenant, w.day)
	rules.AsOf = w.asOf
	return rules
}

// oddDays have 23, 25, 23.5 and 24.5 hours somewhere, no midnight, no second at all, or nothing odd.
var oddDays = []string{"2026-03-08", "2026-11-01", "2026-10-04", "2026-04-05", "2018-11-04", "2011-12-30", "2026-03-10"}

var oddZones = []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia"}

func drawWorld(t *rapid.T) world {
	w := world{day: date(t, rapid.SampledFrom(oddDays).Draw(t, "day")), tenant: config.Tenant{
		Name:          "acme",
		SessionEnd:    rapid.SampledFrom([]config.SessionEnd{config.SessionEndExclusive, config.SessionEndInclusive}).Draw(t, "session_end"),
		ExcludeAgents: rapid.SliceOfN(rapid.SampledFrom([]string{"TEST*", "e?", "*", "n_1"}), 0, 1).Draw(t, "exclude"),
		Regions: []config.Region{
			{Name: "US", Zone: drawZone(t, "zone of US"), Locations: []config.Location{{Name: "dallas", Switches: []string{"D", "E"}}}},
			{Name: "EU", Zone: drawZone(t, "zone of EU"), Locations: []config.Location{{Name: "london", Switches: []string{"L"}}, {Name: "paris", Switches: []string{"P"}}}},
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

func drawZone(t *rapid.T, label string) *time.Location {
	zone, err := time.LoadLocation(rapid.SampledFrom(oddZones).Draw(t, label))
	require.NoError(t, err)
	return zone
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
		row := w.drawRow(t, moments, fmt.Sprintf("session %d", key+1))
		row.key = key + 1
		w.rows.sessions = append(w.rows.sessions, row)
	}
	for key := range int64(rapid.IntRange(0, 16).Draw(t, "activities")) {
		row := w.drawRow(t, moments, fmt.Sprintf("activity %d", key+1))
		row.key = key + 1
		a := activityRow{
			sessionRow: row,
			kind:       rapid.SampledFrom([]string{"leg", "preview", "call"}).Draw(t, "kind"),
			switchName: rapid.SampledFrom([]string{"", "", "D", "E", "L", "P", "X"}).Draw(t, "switch"),
		}
		switch a.kind {
		case "call":
			a.kind, w.rows.calls = "leg", append(w.rows.calls, a)
		default:
			w.rows.activities = append(w.rows.activities, a)
		}
	}
}

// drawRow draws an ordinary interval three times in four; otherwise one that is open, broken or of no length.
func (w *world) drawRow(t *rapid.T, moments *rapid.Generator[int64], label string) sessionRow {
	row := sessionRow{
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
