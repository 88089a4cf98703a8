package compute

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/settle"
)

// monthOf is a month of a tenant in a store.
type monthOf struct {
	*testing.T
	*sql.Conn
	config.Tenant
	calendar.Month
}

// february has the slices of a month, complete one hour after each day; on two of its days there are the
// same two agents, on one of them a third.
func february(t *testing.T) monthOf {
	m := monthOf{t, openStore(t), smallTenant(), date(t, "2026-02-01").YearMonth()}
	for _, day := range m.Days() {
		rows := history{}
		switch day.Day {
		case 3:
			rows = twoSeats(day)
		case 17:
			rows = twoSeats(day)
			rows.resources[1] = resource{key: 103, employee: "cem"}
			rows.sessions[1].resource, rows.activities[1].resource = 103, 103
		}
		writeSlice(t, m.Conn, m.Tenant, day, day.In(time.UTC).End+hour, rows)
	}
	return m
}

// try counts the month, of which nothing is known yet.
func (m monthOf) try(computedTS int64) (MonthResult, error) {
	return NewCounter(m.Conn, m.Tenant).Month(m.Context(), m.Month, computedTS)
}

func (m monthOf) count(computedTS int64) MonthResult {
	result, err := m.try(computedTS)
	require.NoError(m, err)
	return result
}

func (m monthOf) fails(want string) {
	m.Helper()
	_, err := m.try(9)
	require.EqualError(m, err, want)
}

func (m monthOf) load() MonthResult {
	result, err := LoadMonth(m.Context(), m.Conn, m.Tenant, m.Month)
	require.NoError(m, err)
	return result
}

func (m monthOf) exec(text string, args ...any) { execSQL(m, m.Conn, text, args...) }
func (m monthOf) scalar(query string) int64     { return scalar(m, m.Conn, query) }

func TestR9Month(t *testing.T) {
	m := february(t)
	result := m.count(5)
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts())
	require.Equal(t, settle.Final, result.State())
	require.Equal(t, m.Days(), result.Recomputed)
	require.Len(t, result.Regions[0].Slices, 28)
	require.False(t, result.Blocked())

	loaded := m.load()
	loaded.Recomputed = result.Recomputed
	require.Equal(t, result, loaded)
}

// TestR9MonthRecomputesWhatIsStale: and nothing else.
func TestR9MonthRecomputesWhatIsStale(t *testing.T) {
	m := february(t)
	first := m.count(5)

	third := date(t, "2026-02-03")
	m.exec("delete from _data.voice_session where day = '2026-02-03' and resource_key = 102")
	m.exec("update _data.slice set sha256 = 'corrected', high_water = null where day = '2026-02-03'")
	second := m.count(6)
	require.Equal(t, []calendar.Date{third}, second.Recomputed)
	require.Equal(t, []Enabled{{"EU", 2}}, second.counts())
	require.Equal(t, settle.Provisional, second.State(), "one day is")
	require.NotEqual(t, first.Regions[0].SlicesSHA256, second.Regions[0].SlicesSHA256)
	require.EqualValues(t, 1, m.scalar("select count(*) from _data.monthly_enabled"))
}

func TestR9MissingDaysAreNamed(t *testing.T) {
	m := february(t)
	m.exec("delete from _data.slice where day in ('2026-02-01', '2026-02-27', '2026-02-28')")
	_, err := m.try(5)
	require.ErrorAs(t, err, new(*MissingError))
	require.EqualError(t, err, "no slice of 2026-02-01, 2026-02-27 to 2026-02-28")
	require.Zero(t, m.scalar("select count(*) from _data.computation"))
	_, err = LoadMonth(t.Context(), m.Conn, m.Tenant, m.Month)
	require.EqualError(t, err, "no result of 2026-02-01 to 2026-02-28")
}

// TestR12MonthComparesSets: a stored day that lost an agent is not stale, but the raw rows are swept again.
func TestR12MonthComparesSets(t *testing.T) {
	m := february(t)
	m.count(5)
	m.exec("update _data.qualifying_session set agent = 'dee', resource_key = 104 where agent = 'cem'")
	m.fails(`the two computations of 2026-02 differ in EU: enabled agent "dee": counted by SQL, not counted by the sweep`)
	require.EqualValues(t, 5, m.scalar("select max(computed_ts) from _data.monthly_enabled"))
}

func TestR11MonthSumsItsDays(t *testing.T) {
	m := february(t)
	m.exec("update _data.ocs_activity set switch_name = 'Z' where resource_key in (102, 103)")
	m.exec("insert into _data.duplicate_key select '2026-02-28', 'contact_attempt_fact', i::varchar, 2 from range(30) as r(i)")
	result := m.count(5)
	require.True(t, result.Blocked())
	require.Equal(t, []settle.Quality{{Rule: "unmapped_switch", Count: 2, Blocking: true, Examples: settle.Keys{"2 on Z", "2 on Z"}}}, Blocking(result.Quality))
	duplicates := result.Quality[slices.IndexFunc(result.Quality, func(q settle.Quality) bool { return q.Rule == "duplicate_key" })]
	require.EqualValues(t, 30, duplicates.Count)
	require.Len(t, duplicates.Examples, 20)
}

// TestR12MonthSweepsADayOnce: whom the sweep found on a day computed with its month is remembered; other days are swept
// from their raw rows, whatever the store says was computed.
func TestR12MonthSweepsADayOnce(t *testing.T) {
	m := february(t)
	c := NewCounter(m.Conn, m.Tenant, m.Month)
	for i, result := range c.Days(t.Context(), look(t, m.Conn, m.Tenant, m.Days()...), 5) {
		require.NoError(t, result.Err)
		require.Equal(t, m.Days()[i], result.Day)
	}
	m.exec("delete from _data.voice_session")
	result, err := c.Month(t.Context(), m.Month, 6)
	require.NoError(t, err, "no raw row is asked for again")
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts())
	require.Empty(t, result.Recomputed)

	m.fails(`the two computations of 2026-02 differ in EU: enabled agent "ann": counted by SQL, not counted by the sweep`)
}

// TestStaleMonth: what a month was counted from has moved since.
func TestStaleMonth(t *testing.T) {
	m := february(t)
	m.count(5)
	for _, change := range []string{
		"",
		"update _data.slice set sha256 = 'other' where day = '2026-02-28'",
		"update _data.slice set sha256 = 'other' where day = '2026-02-28'; update _data.computation set slice_sha256 = 'other' where day = '2026-02-28'",
		"update _data.slice set high_water = null where day = '2026-02-28'",
		"update _data.slice set high_water = null where day = '2026-02-28'; update _data.computation set state = 'provisional' where day = '2026-02-28'",
		"update _data.monthly_enabled set rules_sha256 = 'other'",
		"update _data.monthly_enabled set sql_sha256 = 'other'",
	} {
		m.exec("begin;" + change)
		stale := change != "" && !strings.Contains(change, "sql_sha256")
		require.Equal(t, stale, m.load().Stale, "%s: what other statements counted stays valid", change)
		m.exec("rollback")
	}
}

// TestR6AMonthKnowsAgentsByTheNewestWord: the newest slice that says anything of a resource key tells who it is, whether he
// had a session that counts there or not; one that a later day was read before says less.
func TestR6AMonthKnowsAgentsByTheNewestWord(t *testing.T) {
	m := february(t)
	says := func(day, employee string) {
		m.exec("insert into _data.agent values ($1::date, 102, nullif($2, ''), 'n')", day, employee)
	}
	count := func() []Enabled { return m.count(5).counts() }
	m.exec("update _data.agent set employee_id = null where resource_key = 102")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "ann, cem and #102")
	says("2026-02-05", "ann")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "102 is ann")
	says("2026-02-20", "cem")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "102 is cem")
	says("2026-02-21", "")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "nobody knows any more")
	m.exec("update _data.slice set as_of = 1 where day >= '2026-02-20'")
	require.Equal(t, []Enabled{{"EU", 2}}, count(), "the word of the fifth is the newest")
	m.exec("update _data.slice set as_of = 7")
	m.exec("update _data.slice set extracted_ts = 9 where day = '2026-02-21'")
	require.Equal(t, []Enabled{{"EU", 3}}, count(), "read last")
}

// TestR9ARegionThatEndsWithinTheMonth has its number of the days up to then, final when these are; another that goes on has its
// own.
func TestR9ARegionThatEndsWithinTheMonth(t *testing.T) {
	m := february(t)
	m.Regions[0].Until = date(t, "2026-02-16")
	m.exec("update _data.slice set high_water = null where day = '2026-02-17'")
	result := m.count(5)
	require.Equal(t, []Enabled{{"EU", 2}}, result.counts(), "cem comes on the 17th")
	require.Equal(t, settle.Final, result.State())
	require.Len(t, result.Regions[0].Slices, 16)

	m.exec("delete from _data.slice where day > '2026-02-16'")
	require.Equal(t, []Enabled{{"EU", 2}}, m.count(5).counts(), "no later day is wanted")
	m.exec("delete from _data.slice where day = '2026-02-16'")
	m.fails("no slice of 2026-02-16")
	m.Regions[0].Until = calendar.Date{}
	m.fails("no slice of 2026-02-16 to 2026-02-28")
}

// TestR9AMonthOfAZoneThatSkippedADay: nobody wants a slice of a date that no billed region has.
func TestR9AMonthOfAZoneThatSkippedADay(t *testing.T) {
	m := monthOf{t, openStore(t), smallTenant(), date(t, "2011-12-01").YearMonth()}
	apia := zone(t, "Pacific/Apia")
	m.Regions[0].Zone = apia
	for _, day := range m.Days() {
		if day.Day != 30 {
			writeSlice(t, m.Conn, m.Tenant, day, day.In(apia).End+hour, history{})
		}
	}
	result := m.count(5)
	require.Equal(t, settle.Final, result.State())
	require.Len(t, result.Regions[0].Slices, 30)

	other := m.Regions[0]
	other.Name, other.Zone = "UK", time.UTC
	m.Regions = append(m.Regions, other)
	m.fails("no slice of 2011-12-30") // a region has that day
}

// TestR9AMonthIsCountedFromItsDaysAsTheyStand: each issued day by the rules that it was counted by, both ways; the rest by
// today's. What the month was counted by is kept.
func TestR9AMonthIsCountedFromItsDaysAsTheyStand(t *testing.T) {
	m := february(t)
	m.count(5)
	m.exec(issued, "2026-02-03")
	m.ExcludeAgents = []string{"ann", "bob"}
	result := m.count(6)
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts(), "ann and bob on the third, cem on the 17th")
	require.Len(t, result.Recomputed, 27)
	require.EqualValues(t, 5, m.scalar("select computed_ts from _data.computation where day = '2026-02-03'"))
	require.EqualValues(t, 3, m.scalar("select count(*) from _data.counting_rules where sha256(rules) = sha256"), "two sets, and which day has which")
	require.False(t, m.load().Stale)
}
