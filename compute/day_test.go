package compute

import (
	"context"
	"database/sql"
	"errors"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/compute/sweep"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	texts "example.com/seats/sql"
)

func TestDayStoresWhatItReturns(t *testing.T) {
	end, nine := must.Date(t, "2026-03-10").In(time.UTC).End, must.Date(t, "2026-03-10").In(time.UTC).Start+9*hour
	conn, tenant, day := small(t, end+hour)
	result := mustCount(t, conn, tenant, day, 77)
	require.Equal(t, []Peak{{"EU", "", 2, nine, hour}, {"EU", "london", 2, nine, hour}}, result.Peaks)
	require.Equal(t, []Peak{{"EU", "", 2, nine, hour}}, result.Regions())
	require.Equal(t, []Enabled{{"EU", 2}}, result.Enabled)
	require.Equal(t, settle.Final, result.State)
	require.Equal(t, settle.Slice{
		Day: day, Source: "test", HighWater: new(settle.Epoch(end + hour)), AsOf: settle.Epoch(end + hour),
		Sessions: 2, Activities: 2, Agents: 2, SHA256: "hash of 2026-03-10",
	}, result.Slice)
	require.EqualValues(t, 77, result.ComputedTS)
	require.Empty(t, Blocking(result.Quality))

	require.Equal(t, result, loadDay(t, conn, tenant, day))
	require.Equal(t, result, mustCount(t, conn, tenant, day, 77))
	require.EqualValues(t, 2, scalar(t, conn, "select count(*) from _data.qualifying_session"), "replaced, not added")
}

// TestR6ResourceWithoutAgentRow: an unknown resource is an agent by its key, for both ways of counting.
func TestR6ResourceWithoutAgentRow(t *testing.T) {
	conn, tenant, day := small(t, 0)
	execSQL(t, conn, "delete from _data.agent where resource_key = 102")
	require.EqualValues(t, 2, mustCount(t, conn, tenant, day, 1).Regions()[0].Agents)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.qualifying_session where agent = '#102'"))
}

func TestR10MissingSlice(t *testing.T) {
	conn, day := openStore(t), must.Date(t, "2026-03-10")
	_, err := countDay(conn, smallTenant(), day, 1)
	require.Equal(t, &MissingError{What: "slice", Days: []calendar.Date{day}}, err)
	require.EqualError(t, err, "no slice of 2026-03-10")

	writeSlice(t, conn, smallTenant(), day, 0, history{})
	require.EqualError(t, must.Err(Load(t.Context(), conn, look(t, conn, smallTenant(), day))), "no result of 2026-03-10")
}

func TestR10SliceMustCoverEveryRegion(t *testing.T) {
	conn, tenant, day := small(t, 0)
	tenant.Regions = append(tenant.Regions, config.Region{Name: "IN", Zone: must.Zone(t, "Asia/Kolkata"), Locations: []config.Location{{Name: "pune", Switches: []string{"P"}}}})

	_, err := countDay(conn, tenant, day, 1)
	uncovered, _ := errors.AsType[*CoverageError](err)
	require.Equal(t, "IN", uncovered.Region)
	require.ErrorContains(t, err, "2026-03-09T18:30:00Z to 2026-03-10T18:30:00Z: extract it again")
}

// TestR10State: final needs a known high-water mark, settle_hours past the end of the day in every region, and no open session.
func TestR10State(t *testing.T) {
	tenant, day := smallTenant(), must.Date(t, "2026-03-10")
	tenant.Regions = append(tenant.Regions, config.Region{Name: "US", Zone: must.Zone(t, "America/New_York")})
	late := settle.Epoch(day.In(must.Zone(t, "America/New_York")).End + hour)
	state := func(highWater *settle.Epoch, open int64) string {
		return Standing{Day: day, By: tenant, Slice: &settle.Slice{HighWater: highWater, OpenSessions: open}}.state(RulesFor(tenant, day).End())
	}
	require.Equal(t, settle.Provisional, state(nil, 0), "unknown")
	require.Equal(t, settle.Final, state(new(late), 0), "an hour past the last region's end")
	require.Equal(t, settle.Provisional, state(new(late-1), 0), "a second less")
	require.Equal(t, settle.Provisional, state(new(late), 1), "an open session")
}

func TestStaleAfterAnyChange(t *testing.T) {
	conn, day := openStore(t), must.Date(t, "2026-03-10")
	others, later := smallTenant(), smallTenant()
	others.ExcludeAgents, later.SettleHours = []string{"TEST*"}, 2
	for _, tt := range []struct {
		name, change string
		tenant       config.Tenant
		stale        bool
	}{
		{"nothing", "select 1", smallTenant(), false},
		{"statements: what others counted stays valid", "update _data.computation set sql_sha256 = 'other'", smallTenant(), false},
		{"slice", "update _data.slice set sha256 = 'other'", smallTenant(), true},
		{"rules", "select 1", others, true},
		{"settle_hours", "select 1", later, true},
		{"rows dropped with age, and read again", "delete from _data.concurrency", smallTenant(), true},
		{"never computed", "delete from _data.computation", smallTenant(), true},
	} {
		clearStore(t, conn)
		writeSlice(t, conn, smallTenant(), day, day.In(time.UTC).End+hour, twoSeats(day))
		mustCount(t, conn, smallTenant(), day, 1)
		execSQL(t, conn, tt.change)
		require.Equal(t, tt.stale, look(t, conn, tt.tenant, day)[0].Stale(), tt.name)
	}
	clearStore(t, conn)
	require.ErrorAs(t, look(t, conn, smallTenant(), day)[0].Missing(), new(*MissingError))
}

// TestDayThatItsZoneSkipped: it has no second and so no curve, and is computed and fresh all the same.
func TestDayThatItsZoneSkipped(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), must.Date(t, "2011-12-30")
	tenant.Regions[0].Zone = must.Zone(t, "Pacific/Apia")
	writeSlice(t, conn, tenant, day, 0, history{})
	require.Zero(t, mustCount(t, conn, tenant, day, 1).Regions()[0].Agents)
	require.Zero(t, scalar(t, conn, "select count(*) from _data.concurrency"))
	require.False(t, look(t, conn, tenant, day)[0].Stale())
}

func TestBlockedResultsAreStored(t *testing.T) {
	conn, tenant, day := small(t, 0)
	execSQL(t, conn, "update _data.ocs_activity set switch_name = 'NOWHERE' where resource_key = 102")
	result := mustCount(t, conn, tenant, day, 1)
	require.NotEmpty(t, Blocking(result.Quality))
	require.Equal(t, []settle.Quality{{Rule: "unmapped_switch", Count: 1, Blocking: true, Examples: settle.Keys{"2 on NOWHERE"}}}, Blocking(result.Quality))
	require.EqualValues(t, 1, result.Regions()[0].Agents)
}

// TestFailedDayLeavesTheStoreAsItWas: the last statement fails, and everything before it is undone.
func TestFailedDayLeavesTheStoreAsItWas(t *testing.T) {
	conn, tenant, day := small(t, 0)
	execSQL(t, conn, "drop table _data.computation")
	execSQL(t, conn, `create table _data.computation (day date, slice_sha256 varchar, rules_sha256 varchar, sql_sha256 varchar,
		rules varchar, state varchar, computed_ts bigint check (computed_ts <> 13), as_of bigint)`)
	before := mustCount(t, conn, tenant, day, 1)

	execSQL(t, conn, "delete from _data.voice_session where sm_res_session_fact_key = 2")
	require.ErrorContains(t, must.Err(countDay(conn, tenant, day, 13)), "sql/count/computation")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, must.Err(NewCounter(conn, tenant).Day(cancelled, day, 2)), context.Canceled)

	require.Equal(t, before, loadDay(t, conn, tenant, day))
}

const issued = "insert into _data.issued_file (region, measure, period, revision, value, state, file, sha256, manifest_sha256, issued_ts) values ('EU', 'concurrent', $1, 1, 2, 'final', 'f', '', '', 1)"

// TestR9AnIssuedDayKeepsItsRules: also where it has to be counted again; one that is not issued has today's.
func TestR9AnIssuedDayKeepsItsRules(t *testing.T) {
	conn, tenant, day := small(t, 0)
	moved := smallTenant()
	moved.ExcludeAgents = []string{"ann"}
	mustCount(t, conn, tenant, day, 1)
	require.Equal(t, moved, look(t, conn, moved, day)[0].By)

	execSQL(t, conn, issued, "2026-03-10")
	stands := look(t, conn, moved, day)[0]
	require.Equal(t, smallTenant().RulesHash(), stands.By.RulesHash())
	require.False(t, stands.Stale())

	stands.By = moved
	require.EqualValues(t, 1, must.Have(NewCounter(conn, moved).Would(t.Context(), stands))(t).Regions()[0].Agents)
	require.EqualValues(t, 2, loadDay(t, conn, moved, day).Regions()[0].Agents)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.counting_rules"))
}

// TestR10AnotherAsOfIsAnotherSlice: with the very rows of the one before.
func TestR10AnotherAsOfIsAnotherSlice(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), must.Date(t, "2026-03-10")
	rows := twoSeats(day)
	rows.sessions[1].end, rows.sessions[1].active = sweep.Unknown, true
	writeSlice(t, conn, tenant, day, day.In(time.UTC).Start+10*hour, rows)
	first := mustCount(t, conn, tenant, day, 1)
	execSQL(t, conn, "update _data.slice set as_of = as_of - 1800")
	require.True(t, look(t, conn, tenant, day)[0].Stale())
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from ("+strings.TrimSpace(texts.Text("store/uncounted"))+")"))
	require.Equal(t, first.Regions()[0].PeakSeconds-1800, mustCount(t, conn, tenant, day, 2).Regions()[0].PeakSeconds)
}

// Days that are counted at once have the results that each has by itself, however the batches are cut.
func TestDaysAtOnceAreThoseOneByOne(t *testing.T) {
	month := february(t)
	conn, tenant := month.Conn, month.Tenant
	execSQL(t, conn, "update _data.slice set sessions = 160000 where day in ('2026-02-03', '2026-02-17', '2026-02-18')") // two make a batch too large
	var want []DayResult
	for _, day := range month.Days() {
		want = append(want, mustCount(t, conn, tenant, day, 7))
	}
	const rows = "select sum(hash(c)::hugeint % 1000000)::bigint from _data.concurrency as c"
	before := scalar(t, conn, rows)
	for i, one := range NewCounter(conn, tenant).Days(t.Context(), look(t, conn, tenant, month.Days()...), 7) {
		require.NoError(t, one.Err)
		require.Equal(t, want[i], one.DayResult)
	}
	require.Equal(t, before, scalar(t, conn, rows))
	require.Equal(t, want, must.Have(Load(t.Context(), conn, look(t, conn, tenant, month.Days()...)))(t))
}

// A day that cannot be counted keeps back no other, whatever is the matter with it.
func TestADayThatFailsKeepsBackNoOther(t *testing.T) {
	month := february(t)
	conn, tenant := month.Conn, month.Tenant
	for _, spoil := range []string{
		"delete from _data.slice where day = '2026-02-05'",
		"delete from _data.slice_span where day = '2026-02-06'",
		"drop table _data.enabled_daily",
		"create table _data.enabled_daily (day date check (day <> '2026-02-03'), region varchar, agents bigint, state varchar)",
	} {
		execSQL(t, conn, spoil)
	}
	for i, one := range NewCounter(conn, tenant).Days(t.Context(), look(t, conn, tenant, month.Days()...), 7) {
		switch i + 1 {
		case 3:
			require.ErrorContains(t, one.Err, "sql/count/enabled_daily")
		case 5:
			require.ErrorAs(t, one.Err, new(*MissingError))
		case 6:
			require.ErrorAs(t, one.Err, new(*CoverageError))
		default:
			require.NoError(t, one.Err)
		}
		require.Equal(t, month.Days()[i], one.Day)
	}
	require.EqualValues(t, 25, scalar(t, conn, "select count(*) from _data.computation"))
}

// TestR12DifferenceIsFoundAndNamed spoils what the SQL engine stored in one place each time.
func TestR12DifferenceIsFoundAndNamed(t *testing.T) {
	const prefix = "the two computations of 2026-03-10 differ in "
	tests := []struct{ name, spoil, want string }{
		{"agents of a step", "update _data.concurrency set agents = 3 where agents = 2 and location is null",
			"EU: agents at 2026-03-10T09:00:00Z (1773133200): 3 by SQL, 2 by the sweep"},
		{"sessions of a step", "update _data.concurrency set sessions = 1 where sessions = 2 and location = 'london'",
			"EU/london: sessions at 2026-03-10T09:00:00Z (1773133200): 1 by SQL, 2 by the sweep"},
		{"one second", "update _data.concurrency set end_ts = end_ts - 1 where agents = 2 and location is null; update _data.concurrency set start_ts = start_ts - 1 where start_ts = 1773136800 and location is null",
			"EU: agents at 2026-03-10T09:59:59Z (1773136799): 0 by SQL, 2 by the sweep"},
		{"a gap", "delete from _data.concurrency where agents = 2 and location is null",
			"EU: a step of the curve at 2026-03-10T09:00:00Z (1773133200): one from 1773136800 to 1773187200 by SQL, none that does not begin here or leaves the day by the sweep"},
		{"the end", "delete from _data.concurrency where start_ts = 1773136800 and location is null",
			"EU: the curve at 2026-03-10T10:00:00Z (1773136800): ends by SQL, goes on by the sweep"},
		{"the peak", "update _data.daily_concurrent set agents = 1 where location is null",
			"EU: agents at the peak at 2026-03-10T09:00:00Z (1773133200): 1 by SQL, 2 by the sweep"},
		{"its first second", "update _data.daily_concurrent set peak_ts = peak_ts + 1 where location = 'london'",
			"EU/london: first second of the peak at 2026-03-10T09:00:00Z (1773133200): 1773133201 by SQL, 1773133200 by the sweep"},
		{"its length", "update _data.daily_concurrent set peak_seconds = 1 where location is null",
			"EU: seconds at the peak at 2026-03-10T09:00:00Z (1773133200): 1 by SQL, 3600 by the sweep"},
		{"an agent too few", "delete from _data.qualifying_session where agent = 'bob'",
			`EU: enabled agent "bob": not counted by SQL, counted by the sweep`},
		{"another agent", "update _data.qualifying_session set agent = 'cem' where agent = 'bob'",
			`EU: enabled agent "cem": counted by SQL, not counted by the sweep`},
		{"the number of agents", "update _data.enabled_daily set agents = 1",
			"EU: enabled agents: 1 by SQL, 2 by the sweep"},
		{"an unmapped session", "update _data.data_quality set occurrences = 1 where rule = 'unmapped_switch'",
			"every region: unmapped_switch: 1 by SQL, 0 by the sweep"},
	}
	conn, tenant, day := small(t, 0)
	mustCount(t, conn, tenant, day, 1)
	stands := look(t, conn, tenant, day)
	swept := sweepOf(t, conn, stands)
	for _, tt := range tests {
		tx := must.Have(conn.BeginTx(t.Context(), nil))(t)
		compare := func() error {
			return compareDays(t.Context(), conn, tx, must.Have(loadNumbers(t.Context(), tx, stands))(t), swept)
		}
		require.NoError(t, compare(), tt.name)
		execSQL(t, tx, tt.spoil)
		err := compare()
		require.ErrorAs(t, err, new(*DifferenceError), tt.name)
		require.EqualError(t, err, prefix+tt.want, tt.name)
		require.NoError(t, tx.Rollback())
	}
}

func TestDaysInWords(t *testing.T) {
	day := must.Date(t, "2026-02-27")
	e := MissingError{What: "slice", Days: append(day.YearMonth().Days()[:1], day, day.AddDays(1), day.AddDays(2), day.AddDays(7))}
	require.EqualError(t, &e, "no slice of 2026-02-01, 2026-02-27 to 2026-03-01, 2026-03-06")
}

// What a number is traced to changes with the statements that give numbers alone: not with comments, white space, and what tells of doubts.
func TestTheIdentityOfTheStatements(t *testing.T) {
	require.NotContains(t, Steps(), "count/peak", "it only reads")
	one := texts.Identity([]string{"count/presence"})
	require.Len(t, one, 64)
	require.NotEqual(t, one, texts.Identity([]string{"count/scope"}))
	require.Equal(t, SQLSHA256(), SQLSHA256())
}

// TestStatementsPrepareAgainstEmptyStore prepares every statement of sql/count. The steps are
// run before, because they make the temporary tables that others read.
func TestStatementsPrepareAgainstEmptyStore(t *testing.T) {
	month := february(t)
	month.count(1)
	names := texts.Names("count/")
	require.NotEmpty(t, names)
	for _, name := range names {
		statement, err := month.PrepareContext(t.Context(), texts.Text(name))
		require.NoError(t, err, name)
		require.NoError(t, statement.Close(), name)
	}
	require.Subset(t, names, Steps())
}

// TestStepsBindNothingButRules: the driver binds a parameter that it is not given to any other value.
func TestStepsBindNothingButRules(t *testing.T) {
	comment, parameter := regexp.MustCompile(`(?m)--.*$`), regexp.MustCompile(`\$[a-z_]+`)
	for _, name := range Steps() {
		for _, bound := range parameter.FindAllString(comment.ReplaceAllString(texts.Text(name), ""), -1) {
			require.Equal(t, "count/rule $rules", name+" "+bound)
		}
	}
}

// TestR12SweepSharesNothingWithSQL: the sweep may know the rules and the calendar, and nothing of DuckDB.
func TestR12SweepSharesNothingWithSQL(t *testing.T) {
	paths := must.Have(filepath.Glob("sweep/*.go"))(t)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		for _, imported := range must.Have(parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly))(t).Imports {
			name := strings.Trim(imported.Path.Value, `"`)
			if !strings.HasSuffix(path, "_test.go") && strings.Contains(name, "/") {
				require.Equal(t, "example.com/seats/compute/rule", name, path)
			}
		}
	}
}

// TestEmptySliceGivesZeros: a slice without a row has a curve of one step, and its peak is 0.
func TestEmptySliceGivesZeros(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), must.Date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, history{})
	result := mustCount(t, conn, tenant, day, 1)
	require.Equal(t, []Peak{{Region: "EU"}, {Region: "EU", Location: "london"}}, result.Peaks)
	require.Equal(t, []Enabled{{Region: "EU"}}, result.Enabled)
	require.Len(t, result.Quality, 17, "every rule reports, if only a zero")
}

// TestTheSweepGoesOnBeside: with a connection more a day has the result that it has without, and what ends either way ends both.
func TestTheSweepGoesOnBeside(t *testing.T) {
	db, conn := openDB(t)
	tenant, day := smallTenant(), must.Date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, twoSeats(day))
	alone, c := mustCount(t, conn, tenant, day, 1), NewCounter(conn, tenant)
	c.Beside, c.few = db, 0
	require.Equal(t, alone, must.Have(c.Day(t.Context(), day, 1))(t))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, must.Err(c.Day(cancelled, day, 2)), context.Canceled)
	c.Beside = must.Have(duck.Open("", duck.Options{}))(t)
	defer c.Beside.Close()
	require.ErrorContains(t, must.Err(c.Day(t.Context(), day, 2)), "slice_row", "there are no rows to sweep")
	c.Beside = db
	execSQL(t, conn, "alter table _data.daily_concurrent rename to gone")
	require.ErrorContains(t, must.Err(c.Day(t.Context(), day, 2)), "daily_concurrent", "the results have no place")
	execSQL(t, conn, "alter table _data.gone rename to daily_concurrent")
	require.Equal(t, alone, loadDay(t, conn, tenant, day))
}

// TestR12TheSweepIsFedRawRowsAlone: what it is given can be read where there is nothing but the slice's raw rows, none of
// the SQL engine's tables.
func TestR12TheSweepIsFedRawRowsAlone(t *testing.T) {
	conn, tenant, day := small(t, 0)
	stands := look(t, conn, tenant, day)
	var others string
	require.NoError(t, conn.QueryRowContext(t.Context(), `select string_agg('drop table _data.' || table_name || ' cascade', '; ') from duckdb_tables()
		where schema_name = '_data' and table_name not in ('voice_session', 'ocs_activity', 'other_leg', 'other_session', 'agent')`).Scan(&others))
	require.NotEmpty(t, others)
	execSQL(t, conn, others)
	require.EqualValues(t, 2, sweepOf(t, conn, stands)[0].Curve(0).Peak().Agents)
}

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
	m := monthOf{t, openStore(t), smallTenant(), must.Date(t, "2026-02-01").YearMonth()}
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

func (m monthOf) count(computedTS int64) MonthResult { return must.Have(m.try(computedTS))(m) }

func (m monthOf) fails(want string) {
	m.Helper()
	require.EqualError(m, must.Err(m.try(9)), want)
}

func (m monthOf) load() MonthResult {
	return must.Have(LoadMonth(m.Context(), m.Conn, m.Tenant, m.Month))(m)
}

func (m monthOf) exec(text string, args ...any) { execSQL(m, m.Conn, text, args...) }
func (m monthOf) scalar(query string) int64     { return scalar(m, m.Conn, query) }

func (r MonthResult) counts() []Enabled {
	return list.Of(r.Regions, func(one MonthRegion) Enabled { return one.Enabled })
}

func TestR9Month(t *testing.T) {
	m := february(t)
	result := m.count(5)
	require.Equal(t, []Enabled{{"EU", 3}}, result.counts())
	require.Equal(t, settle.Final, result.State())
	require.Equal(t, m.Days(), result.Recomputed)
	require.Len(t, result.Regions[0].Slices, 28)
	require.Empty(t, Blocking(result.Quality))

	loaded := m.load()
	loaded.Recomputed = result.Recomputed
	require.Equal(t, result, loaded)
}

// TestR9MonthRecomputesWhatIsStale: and nothing else.
func TestR9MonthRecomputesWhatIsStale(t *testing.T) {
	m := february(t)
	first := m.count(5)

	third := must.Date(t, "2026-02-03")
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
	require.EqualError(t, must.Err(LoadMonth(t.Context(), m.Conn, m.Tenant, m.Month)), "no result of 2026-02-01 to 2026-02-28")
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
	require.NotEmpty(t, Blocking(result.Quality))
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

// TestR9MonthOfOtherRules: days that are counted with their month by other rules than the counter's, as an audit does by those of an
// issue, stand as they are counted, though no number of them is issued.
func TestR9MonthOfOtherRules(t *testing.T) {
	m := february(t)
	other := m.Tenant
	other.ExcludeAgents = []string{"ann"}
	c := NewCounter(m.Conn, m.Tenant, m.Month)
	for _, result := range c.Days(t.Context(), look(t, m.Conn, other, m.Days()...), 5) {
		require.NoError(t, result.Err)
	}
	result := must.Have(c.Month(t.Context(), m.Month, 6))(t)
	require.Equal(t, []Enabled{{"EU", 2}}, result.counts())
	require.Equal(t, []Enabled{{"EU", 3}}, m.count(7).counts(), "by today's, for whoever counts anew")
}

// TestR12MonthlyConcurrent: the highest second of a month is found both ways, in the stored curves and by the sweep. A month that an
// older version counted has none, and is not stale for that.
func TestR12MonthlyConcurrent(t *testing.T) {
	m := february(t)
	m.Regions = append(m.Regions, config.Region{Name: "US", Zone: time.UTC, Locations: []config.Location{{Name: "dallas", Switches: []string{"D"}}}})
	nine := must.Date(t, "2026-02-03").In(time.UTC).Start + 9*hour
	result := m.count(5)
	require.Equal(t, &MonthPeak{Peak{"EU", "", 2, nine, 2 * hour}, 2}, result.Regions[0].Peak)
	require.Equal(t, &MonthPeak{Peak: Peak{Region: "US"}}, result.Regions[1].Peak, "without an agent")
	require.EqualValues(t, 1, m.scalar("select count(*) from monthly_concurrent where region = 'US' and peak_at is null and peak_seconds is null"))
	require.Equal(t, result.Regions, m.count(6).Regions, "replaced, not added")

	for change, want := range map[string]string{
		"agents = 1 where day = '2026-02-03' and agents = 2": "first second of the peak at 2026-02-03T09:00:00Z (1770109200): 1771318800 by SQL, 1770109200 by the sweep",
		"agents = 3 where day = '2026-02-17' and agents = 2": "agents at the peak at 2026-02-03T09:00:00Z (1770109200): 3 by SQL, 2 by the sweep",
		"end_ts = end_ts - 1 where agents = 2":               "seconds at the peak at 2026-02-03T09:00:00Z (1770109200): 7198 by SQL, 7200 by the sweep",
		"day = '2026-02-03' where agents = 2":                "days that reach the peak at 2026-02-03T09:00:00Z (1770109200): 1 by SQL, 2 by the sweep",
	} {
		m.exec("create or replace table was as from _data.concurrency")
		m.exec("update _data.concurrency set " + change + " and location is null")
		m.fails("the two computations of 2026-02 differ in EU: " + want)
		m.exec("delete from _data.concurrency; insert into _data.concurrency from was")
	}
	m.exec("delete from _data.monthly_concurrent where region = 'EU'")
	loaded := m.load()
	require.False(t, loaded.Stale)
	require.Nil(t, loaded.Regions[0].Peak)
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
	m.Regions[0].Until = must.Date(t, "2026-02-16")
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
	m := monthOf{t, openStore(t), smallTenant(), must.Date(t, "2011-12-01").YearMonth()}
	apia := must.Zone(t, "Pacific/Apia")
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
