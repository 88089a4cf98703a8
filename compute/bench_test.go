package compute

import (
	"database/sql"
	"testing"
	"time"

	"seats/internal/config"
)

// million is the size of the benchmarks' day: sessions of 100,000 agents, and 1.2 activities for each.
const million = 1_000_000

// bigDay writes a slice of a million sessions of one day into the store.
func bigDay(t testing.TB, conn *sql.Conn, day string) {
	execSQL(t, conn, `insert into _data.voice_session
		select $day::date, i, 0, i // 10,
		       epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000,
		       epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 + 600 + hash(i + 7) % 5000, 0, 1
		from range(1000000) as r(i)`, sql.Named("day", day))
	execSQL(t, conn, `insert into _data.ocs_activity
		select $day::date, case when a % 10 = 0 then 'preview' else 'leg' end, i * 10 + a, 0, i // 10,
		       epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 + a * 100,
		       epoch($day::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 + a * 100 + 60, 0,
		       'SIP_' || (i // 10) % 5, 'guid' || i, 'PREDICTIVE', 1
		from range(1000000) as r(i), range(2) as k(a)
		where a = 0 or i % 5 = 0
		order by i, a`, sql.Named("day", day))
	execSQL(t, conn, `insert into _data.agent
		select $day::date, i, 'emp' || i, 'Agent ' || i from range(100000) as r(i)`, sql.Named("day", day))
	execSQL(t, conn, `insert into _data.slice_span
		values ($day::date, epoch($day::timestamp)::bigint - 86400, epoch($day::timestamp)::bigint + 172800)`, sql.Named("day", day))
	execSQL(t, conn, `insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256)
		values ($day::date, 'bench', epoch($day::timestamp)::bigint + 172800, epoch($day::timestamp)::bigint + 172800, 0, 1000000, 1200000, 100000, 0, 'final', 'x')`, sql.Named("day", day))
}

func bigTenant(t testing.TB) config.Tenant {
	return config.Tenant{Name: "acme", SessionEnd: config.SessionEndExclusive, SettleHours: 1, Regions: []config.Region{
		{Name: "US", Zone: zone(t, "America/New_York"), Locations: []config.Location{{Name: "dallas", Switches: []string{"SIP_0", "SIP_1"}}, {Name: "other"}}},
		{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"SIP_2"}}, {Name: "paris", Switches: []string{"SIP_3"}}}},
	}}
}

func BenchmarkDay(b *testing.B) {
	conn, day := openStore(b), date(b, "2026-03-10")
	bigDay(b, conn, day.String())
	for b.Loop() {
		mustCount(b, conn, bigTenant(b), day, 1)
	}
}

// BenchmarkSweepDay reads the raw rows and counts them.
func BenchmarkSweepDay(b *testing.B) {
	conn, day := openStore(b), date(b, "2026-03-10")
	bigDay(b, conn, day.String())
	b.ReportAllocs()
	for b.Loop() {
		sweepOf(b, conn, look(b, conn, bigTenant(b), day))
	}
	b.ReportMetric(million*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msessions/s")
}
