package compute

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
)

// february writes the slices of a month, complete one hour after each day; on two of its days there are the
// same two agents, on one of them a third.
func february(t *testing.T, conn *sql.Conn) calendar.Month {
	month, err := calendar.ParseMonth("2026-02")
	require.NoError(t, err)
	for _, day := range month.Days() {
		rows := history{}
		switch day.Day {
		case 3:
			rows = twoSeats(t, day.String())
		case 17:
			rows = twoSeats(t, day.String())
			rows.resources[1].employee = "cem"
		}
		writeSlice(t, conn, smallTenant(), day, day.In(time.UTC).End+hour, rows)
	}
	return month
}

func TestR9Month(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	result, err := Month(ctx, conn, smallTenant(), month, 5)
	require.NoError(t, err)
	require.Equal(t, []Enabled{{"EU", 3}}, result.Regions)
	require.Equal(t, Final, result.State)
	require.Equal(t, month.Days(), result.Recomputed)
	require.Len(t, result.Slices, 28)
	require.False(t, result.Blocked())

	loaded, err := LoadMonth(ctx, conn, smallTenant(), month)
	require.NoError(t, err)
	loaded.Recomputed = result.Recomputed
	require.Equal(t, result, loaded)
}

// TestR9MonthRecomputesWhatIsStale: and nothing else.
func TestR9MonthRecomputesWhatIsStale(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	first, err := Month(ctx, conn, smallTenant(), month, 5)
	require.NoError(t, err)

	third := date(t, "2026-02-03")
	execSQL(t, conn, "delete from _data.voice_session where day = '2026-02-03' and resource_key = 102")
	execSQL(t, conn, "update _data.slice set sha256 = 'corrected', high_water = null where day = '2026-02-03'")
	second, err := Month(ctx, conn, smallTenant(), month, 6)
	require.NoError(t, err)
	require.Equal(t, []calendar.Date{third}, second.Recomputed)
	require.Equal(t, []Enabled{{"EU", 2}}, second.Regions)
	require.Equal(t, Provisional, second.State, "one day is")
	require.NotEqual(t, first.SlicesSHA256, second.SlicesSHA256)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.monthly_enabled"))
}

func TestR9MissingDaysAreNamed(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "delete from _data.slice where day in ('2026-02-01', '2026-02-27', '2026-02-28')")
	_, err := Month(ctx, conn, smallTenant(), month, 5)
	require.ErrorAs(t, err, new(*MissingError))
	require.EqualError(t, err, "no slice of 2026-02-01, 2026-02-27 to 2026-02-28")
	require.Zero(t, scalar(t, conn, "select count(*) from _data.computation"))
	_, err = LoadMonth(ctx, conn, smallTenant(), month)
	require.EqualError(t, err, "no result of 2026-02-01 to 2026-02-28")
}

// TestR12MonthComparesSets: a stored day that lost an agent is not stale, but the raw rows are swept again.
func TestR12MonthComparesSets(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	_, err := Month(ctx, conn, smallTenant(), month, 5)
	require.NoError(t, err)
	execSQL(t, conn, "update _data.qualifying_session set agent = 'dee' where agent = 'cem'")
	_, err = Month(ctx, conn, smallTenant(), month, 6)
	require.EqualError(t, err, `the two computations of 2026-02 differ in EU: enabled agent "dee": counted by SQL, not counted by the sweep`)
	require.EqualValues(t, 5, scalar(t, conn, "select max(computed_ts) from _data.monthly_enabled"))
}

func TestR11MonthSumsItsDays(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "update _data.ocs_activity set switch_name = 'Z' where resource_key = 102")
	execSQL(t, conn, "insert into _data.duplicate_key select '2026-02-28', 'contact_attempt_fact', i::varchar, 2 from range(30) as r(i)")
	result, err := Month(ctx, conn, smallTenant(), month, 5)
	require.NoError(t, err)
	require.True(t, result.Blocked())
	require.Equal(t, []Quality{{"unmapped_switch", true, 2, []string{"2 on Z", "2 on Z"}}}, Blocking(result.Quality))
	at := slices.IndexFunc(result.Quality, func(q Quality) bool { return q.Rule == "duplicate_key" })
	duplicates := result.Quality[at]
	require.EqualValues(t, 30, duplicates.Count)
	require.Len(t, duplicates.Examples, 20)
}

// TestR12MonthSweepsADayOnce: whom the sweep found on a day computed with its month is remembered; other days are swept
// from their raw rows, whatever the store says was computed.
func TestR12MonthSweepsADayOnce(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	m := NewMonthly(conn, smallTenant(), month)
	for _, day := range month.Days() {
		result, err := m.Day(ctx, day, 5)
		require.NoError(t, err)
		require.Equal(t, day, result.Day)
	}
	execSQL(t, conn, "delete from _data.voice_session")
	result, err := m.Month(ctx, 6)
	require.NoError(t, err, "no raw row is asked for again")
	require.Equal(t, []Enabled{{"EU", 3}}, result.Regions)
	require.Empty(t, result.Recomputed)

	_, err = Month(ctx, conn, smallTenant(), month, 7)
	require.EqualError(t, err, `the two computations of 2026-02 differ in EU: enabled agent "ann": counted by SQL, not counted by the sweep`)
}

// TestStaleMonth: what a month was counted from has moved since.
func TestStaleMonth(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	_, err := Month(ctx, conn, smallTenant(), month, 5)
	require.NoError(t, err)
	for _, change := range []string{
		"",
		"update _data.slice set sha256 = 'other' where day = '2026-02-28'",
		"update _data.slice set sha256 = 'other' where day = '2026-02-28'; update _data.computation set slice_sha256 = 'other' where day = '2026-02-28'",
		"update _data.slice set high_water = null where day = '2026-02-28'",
		"update _data.slice set high_water = null where day = '2026-02-28'; update _data.computation set state = 'provisional' where day = '2026-02-28'",
		"update _data.monthly_enabled set rules_sha256 = 'other'",
		"update _data.monthly_enabled set sql_sha256 = 'other'",
	} {
		t.Run(change, func(t *testing.T) {
			execSQL(t, conn, "begin;"+change)
			defer execSQL(t, conn, "rollback")
			result, err := LoadMonth(ctx, conn, smallTenant(), month)
			require.NoError(t, err)
			stale, err := StaleMonth(ctx, conn, smallTenant(), result)
			require.NoError(t, err)
			require.Equal(t, change != "", stale)
		})
	}
}
