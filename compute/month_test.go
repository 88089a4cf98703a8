package compute

import (
	"context"
	"database/sql"
	"slices"
	"strings"
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
			rows.resources[1] = resource{key: 103, employee: "cem"}
			rows.sessions[1].resource, rows.activities[1].resource = 103, 103
		}
		writeSlice(t, conn, smallTenant(), day, day.In(time.UTC).End+hour, rows)
	}
	return month
}

func TestR9Month(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	result, err := countMonth(conn, smallTenant(), month, 5)
	require.NoError(t, err)
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts())
	require.Equal(t, Final, result.State())
	require.Equal(t, month.Days(), result.Recomputed)
	require.Len(t, result.Regions[0].Slices, 28)
	require.False(t, result.Blocked())

	loaded, err := LoadMonth(ctx, conn, smallTenant(), month)
	require.NoError(t, err)
	loaded.Recomputed = result.Recomputed
	require.Equal(t, result, loaded)
}

// TestR9MonthRecomputesWhatIsStale: and nothing else.
func TestR9MonthRecomputesWhatIsStale(t *testing.T) {
	conn := openStore(t)
	month := february(t, conn)
	first, err := countMonth(conn, smallTenant(), month, 5)
	require.NoError(t, err)

	third := date(t, "2026-02-03")
	execSQL(t, conn, "delete from _data.voice_session where day = '2026-02-03' and resource_key = 102")
	execSQL(t, conn, "update _data.slice set sha256 = 'corrected', high_water = null where day = '2026-02-03'")
	second, err := countMonth(conn, smallTenant(), month, 6)
	require.NoError(t, err)
	require.Equal(t, []calendar.Date{third}, second.Recomputed)
	require.Equal(t, []Enabled{{"EU", 2}}, second.counts())
	require.Equal(t, Provisional, second.State(), "one day is")
	require.NotEqual(t, first.Regions[0].SlicesSHA256, second.Regions[0].SlicesSHA256)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.monthly_enabled"))
}

func TestR9MissingDaysAreNamed(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "delete from _data.slice where day in ('2026-02-01', '2026-02-27', '2026-02-28')")
	_, err := countMonth(conn, smallTenant(), month, 5)
	require.ErrorAs(t, err, new(*MissingError))
	require.EqualError(t, err, "no slice of 2026-02-01, 2026-02-27 to 2026-02-28")
	require.Zero(t, scalar(t, conn, "select count(*) from _data.computation"))
	_, err = LoadMonth(ctx, conn, smallTenant(), month)
	require.EqualError(t, err, "no result of 2026-02-01 to 2026-02-28")
}

// TestR12MonthComparesSets: a stored day that lost an agent is not stale, but the raw rows are swept again.
func TestR12MonthComparesSets(t *testing.T) {
	conn := openStore(t)
	month := february(t, conn)
	_, err := countMonth(conn, smallTenant(), month, 5)
	require.NoError(t, err)
	execSQL(t, conn, "update _data.qualifying_session set agent = 'dee', resource_key = 104 where agent = 'cem'")
	_, err = countMonth(conn, smallTenant(), month, 6)
	require.EqualError(t, err, `the two computations of 2026-02 differ in EU: enabled agent "dee": counted by SQL, not counted by the sweep`)
	require.EqualValues(t, 5, scalar(t, conn, "select max(computed_ts) from _data.monthly_enabled"))
}

func TestR11MonthSumsItsDays(t *testing.T) {
	conn := openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "update _data.ocs_activity set switch_name = 'Z' where resource_key in (102, 103)")
	execSQL(t, conn, "insert into _data.duplicate_key select '2026-02-28', 'contact_attempt_fact', i::varchar, 2 from range(30) as r(i)")
	result, err := countMonth(conn, smallTenant(), month, 5)
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
	m := NewCounter(conn, smallTenant(), month)
	stands, err := Look(ctx, conn, smallTenant(), month.Days()...)
	require.NoError(t, err)
	for i, result := range m.Days(ctx, stands, 5) {
		require.NoError(t, result.Err)
		require.Equal(t, month.Days()[i], result.Day)
	}
	execSQL(t, conn, "delete from _data.voice_session")
	result, err := m.Month(ctx, month, 6)
	require.NoError(t, err, "no raw row is asked for again")
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts())
	require.Empty(t, result.Recomputed)

	_, err = countMonth(conn, smallTenant(), month, 7)
	require.EqualError(t, err, `the two computations of 2026-02 differ in EU: enabled agent "ann": counted by SQL, not counted by the sweep`)
}

// TestStaleMonth: what a month was counted from has moved since.
func TestStaleMonth(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	_, err := countMonth(conn, smallTenant(), month, 5)
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
			require.Equal(t, change != "" && !strings.Contains(change, "sql_sha256"), result.Stale, "what other statements counted stays valid")
		})
	}
}

// TestR6AMonthKnowsAgentsByTheNewestWord: the newest slice that says anything of a resource key tells who it is, whether he
// had a session that counts there or not; one that a later day was read before says less.
func TestR6AMonthKnowsAgentsByTheNewestWord(t *testing.T) {
	conn := openStore(t)
	month := february(t, conn)
	says := func(day, employee string) {
		execSQL(t, conn, "insert into _data.agent values ($day::date, 102, nullif($employee, ''), 'n')", sql.Named("day", day), sql.Named("employee", employee))
	}
	count := func() []Enabled {
		result, err := countMonth(conn, smallTenant(), month, 5)
		require.NoError(t, err)
		return result.counts()
	}
	execSQL(t, conn, "update _data.agent set employee_id = null where resource_key = 102")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "ann, cem and #102")
	says("2026-02-05", "ann")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "102 is ann")
	says("2026-02-20", "cem")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "102 is cem")
	says("2026-02-21", "")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "nobody knows any more")
	execSQL(t, conn, "update _data.slice set as_of = 1 where day >= '2026-02-20'")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "the word of the fifth is the newest")
	execSQL(t, conn, "update _data.slice set as_of = 7")
	execSQL(t, conn, "update _data.slice set extracted_ts = 9 where day = '2026-02-21'")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "read last")
}

// TestR9ARegionThatEndsWithinTheMonth has its number of the days up to then, final when these are; another that goes on has its
// own.
func TestR9ARegionThatEndsWithinTheMonth(t *testing.T) {
	conn, tenant := openStore(t), smallTenant()
	month := february(t, conn)
	tenant.Regions[0].Until = date(t, "2026-02-16")
	execSQL(t, conn, "update _data.slice set high_water = null where day = '2026-02-17'")
	result, err := countMonth(conn, tenant, month, 5)
	require.NoError(t, err)
	require.Equal(t, []Enabled{{"EU", 2}}, result.counts(), "cem comes on the 17th")
	require.Equal(t, Final, result.State())
	require.Len(t, result.Regions[0].Slices, 16)

	execSQL(t, conn, "delete from _data.slice where day > '2026-02-16'")
	result, err = countMonth(conn, tenant, month, 5)
	require.NoError(t, err, "no later day is wanted")
	require.Equal(t, []Enabled{{"EU", 2}}, result.counts())
	execSQL(t, conn, "delete from _data.slice where day = '2026-02-16'")
	_, err = countMonth(conn, tenant, month, 5)
	require.EqualError(t, err, "no slice of 2026-02-16")
	tenant.Regions[0].Until = calendar.Date{}
	_, err = countMonth(conn, tenant, month, 5)
	require.EqualError(t, err, "no slice of 2026-02-16 to 2026-02-28")
}

// TestR9AMonthOfAZoneThatSkippedADay: nobody wants a slice of a date that no billed region has.
func TestR9AMonthOfAZoneThatSkippedADay(t *testing.T) {
	conn, tenant := openStore(t), smallTenant()
	apia, err := time.LoadLocation("Pacific/Apia")
	require.NoError(t, err)
	tenant.Regions[0].Zone = apia
	month := date(t, "2011-12-01").YearMonth()
	for _, day := range month.Days() {
		if day.Day != 30 {
			writeSlice(t, conn, tenant, day, day.In(apia).End+hour, history{})
		}
	}
	result, err := countMonth(conn, tenant, month, 5)
	require.NoError(t, err)
	require.Equal(t, Final, result.State())
	require.Len(t, result.Regions[0].Slices, 30)

	other := tenant.Regions[0]
	other.Name, other.Zone = "UK", time.UTC
	tenant.Regions = append(tenant.Regions, other)
	_, err = countMonth(conn, tenant, month, 5)
	require.EqualError(t, err, "no slice of 2011-12-30", "a region has that day")
}

// TestR9AMonthIsCountedFromItsDaysAsTheyStand: each issued day by the rules that it was counted by, both ways; the rest by
// today's. What the month was counted by is kept.
func TestR9AMonthIsCountedFromItsDaysAsTheyStand(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	_, err := countMonth(conn, smallTenant(), month, 5)
	require.NoError(t, err)
	execSQL(t, conn, "insert into _data.issued_file (region, measure, period, revision, value, state, file, sha256, manifest_sha256, issued_ts) values ('EU', 'concurrent', '2026-02-03', 1, 2, 'final', 'f', '', '', 1)")
	moved := smallTenant()
	moved.ExcludeAgents = []string{"ann", "bob"}
	result, err := countMonth(conn, moved, month, 6)
	require.NoError(t, err)
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts(), "ann and bob on the third, cem on the 17th")
	require.Len(t, result.Recomputed, 27)
	require.EqualValues(t, 5, scalar(t, conn, "select computed_ts from _data.computation where day = '2026-02-03'"))
	require.EqualValues(t, 3, scalar(t, conn, "select count(*) from _data.counting_rules where sha256(rules) = sha256"), "two sets, and which day has which")
	loaded, err := LoadMonth(ctx, conn, moved, month)
	require.NoError(t, err)
	stale := loaded.Stale
	require.False(t, stale)
}
