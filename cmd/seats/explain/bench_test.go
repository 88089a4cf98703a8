package explain

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// bigStore writes and computes a day of a million sessions of 100,000 agents, with 1.2 million activities, and opens it for reading.
func bigStore(t testing.TB) (*Explainer, calendar.Date) {
	newYork := must.Have(time.LoadLocation("America/New_York"))(t)
	tenant := config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, SettleHours: 1, Regions: []config.Region{
		{Name: "US", Zone: newYork, Locations: []config.Location{{Name: "dallas", Switches: []string{"SIP_0", "SIP_1"}}, {Name: "other"}}},
		{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"SIP_2"}}, {Name: "paris", Switches: []string{"SIP_3"}}}},
	}}
	day, path := mustDate(t, "2026-03-10"), filepath.Join(t.TempDir(), "acme.duckdb")
	db, conn := storeAt(t, path, duck.Options{})
	for _, statement := range bigDay {
		insert(t, conn, statement, sql.Named("day", day.String()))
	}
	must.Have(compute.NewCounter(conn, tenant).Day(context.Background(), day, 1))(t)
	require.NoError(t, conn.Close())
	require.NoError(t, db.Close())
	_, conn = open(t, path, duck.Options{ReadOnly: true, Threads: 2})
	return New(conn, tenant), day
}

var bigDay = []string{
	`insert into _data.voice_session
	select $day::date, i, 0, i // 10, login, login + 600 + hash(i + 7) % 5000, 0, 1
	from (select i, epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 as login from range(1000000) as r(i))`,
	`insert into _data.ocs_activity
	select $day::date, case when a % 10 = 0 then 'preview' else 'leg' end, i * 10 + a, 0, i // 10,
	       login + a * 100, login + a * 100 + 60, 0, 'SIP_' || (i // 10) % 5, 'guid' || i, 'PREDICTIVE', 1
	from (select i, a, epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 as login from range(1000000) as r(i), range(2) as k(a))
	where a = 0 or i % 5 = 0
	order by i, a`,
	`insert into _data.agent select $day::date, i, 'emp' || i, 'Agent ' || i from range(100000) as r(i)`,
	`insert into _data.slice_span values ($day::date, epoch($day::timestamp)::bigint - 86400, epoch($day::timestamp)::bigint + 172800)`,
	`insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ($day::date, 'bench', epoch($day::timestamp)::bigint + 172800,
	     epoch($day::timestamp)::bigint + 172800, 0, 1000000, 1200000, 100000, 0, 'final', 'x')`,
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
		{"busiest", func() { require.Len(b, open().Curve.Busiest(10), 10) }},
		{"agent", func() { require.Len(b, must.Have(e.Agent(ctx, "emp77", []calendar.Date{date}, "", ""))(b), 10) }},
		{"sensitivity", func() { must.Have(open().Sensitivity(ctx, 60))(b) }},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				q.ask()
			}
		})
	}
}
