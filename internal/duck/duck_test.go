package duck_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// What memory_limit allows is for the whole program: see docs/performance.md.
func TestBuffersHaveHalfOfTheMemory(t *testing.T) {
	db := must.Have(duck.Open("", duck.Of(config.Engine{MemoryLimit: 2 << 30, Threads: 3, TempDir: t.TempDir()})))(t)
	defer db.Close() //nolint:errcheck // the test is over
	var limit, threads string
	require.NoError(t, db.QueryRow("select current_setting('memory_limit'), current_setting('threads')").Scan(&limit, &threads))
	require.Equal(t, "1.0 GiB", limit)
	require.Equal(t, "3", threads)
}

func TestAllFillsTheFieldsOfAStruct(t *testing.T) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // the test is over
	must.Have(db.Exec(`create schema _data;
		create table _data.concurrency (day date, region text, location text, start_ts bigint, end_ts bigint, agents bigint);
		insert into _data.concurrency values ('2026-03-10', 'US', null, 1, 2, 3), ('2026-03-10', 'US', null, 2, 4, 0);
		create table _data.monthly_enabled (month text, region text, agents bigint, state text);
		insert into _data.monthly_enabled values ('2026-03', 'US', null, 'final')`))(t)
	type step struct {
		Region, Location string
		calendar.Interval
		Agents int64
	}
	steps := must.Have(duck.All[step](t.Context(), db, "ask/page_curve", sql.Named("day", "2026-03-10")))(t)
	require.Equal(t, []step{{"US", "", calendar.Interval{Start: 1, End: 2}, 3}, {"US", "", calendar.Interval{Start: 2, End: 4}, 0}}, steps)
	type number struct {
		Month  calendar.Month
		Region string
		Agents *int64
		State  string
	}
	months := must.Have(duck.All[number](t.Context(), db, "ask/page_month"))(t)
	require.Equal(t, []number{{Month: calendar.Month{Year: 2026, Month: 3}, Region: "US", State: "final"}}, months)
	days, err := duck.All[int64](t.Context(), db, "ask/page_as_of")
	require.ErrorContains(t, err, "_data.run")
	require.Empty(t, days)
}
