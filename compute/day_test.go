package compute

import (
	"context"
	"errors"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/settle"
	texts "seats/sql"
)

func TestDayStoresWhatItReturns(t *testing.T) {
	end, nine := date(t, "2026-03-10").In(time.UTC).End, date(t, "2026-03-10").In(time.UTC).Start+9*hour
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
	require.False(t, result.Blocked())

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
	conn, day := openStore(t), date(t, "2026-03-10")
	_, err := countDay(conn, smallTenant(), day, 1)
	require.Equal(t, &MissingError{What: "slice", Days: []calendar.Date{day}}, err)
	require.EqualError(t, err, "no slice of 2026-03-10")

	writeSlice(t, conn, smallTenant(), day, 0, history{})
	_, err = Load(t.Context(), conn, look(t, conn, smallTenant(), day))
	require.EqualError(t, err, "no result of 2026-03-10")
}

func TestR10SliceMustCoverEveryRegion(t *testing.T) {
	conn, tenant, day := small(t, 0)
	tenant.Regions = append(tenant.Regions, config.Region{Name: "IN", Zone: zone(t, "Asia/Kolkata"), Locations: []config.Location{{Name: "pune", Switches: []string{"P"}}}})

	_, err := countDay(conn, tenant, day, 1)
	uncovered, _ := errors.AsType[*CoverageError](err)
	require.Equal(t, "IN", uncovered.Region)
	require.ErrorContains(t, err, "2026-03-09T18:30:00Z to 2026-03-10T18:30:00Z: extract it again")
}

// TestR10State: final needs a known high-water mark, settle_hours past the end of the day in every region, and no open session.
func TestR10State(t *testing.T) {
	tenant, day := smallTenant(), date(t, "2026-03-10")
	tenant.Regions = append(tenant.Regions, config.Region{Name: "US", Zone: zone(t, "America/New_York")})
	late := settle.Epoch(day.In(zone(t, "America/New_York")).End + hour)
	state := func(highWater *settle.Epoch, open int64) string {
		return Standing{Day: day, By: tenant, Slice: &settle.Slice{HighWater: highWater, OpenSessions: open}}.state(RulesFor(tenant, day).End())
	}
	require.Equal(t, settle.Provisional, state(nil, 0), "unknown")
	require.Equal(t, settle.Final, state(new(late), 0), "an hour past the last region's end")
	require.Equal(t, settle.Provisional, state(new(late-1), 0), "a second less")
	require.Equal(t, settle.Provisional, state(new(late), 1), "an open session")
}

func TestStaleAfterAnyChange(t *testing.T) {
	conn, day := openStore(t), date(t, "2026-03-10")
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
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2011-12-30")
	tenant.Regions[0].Zone = zone(t, "Pacific/Apia")
	writeSlice(t, conn, tenant, day, 0, history{})
	require.Zero(t, mustCount(t, conn, tenant, day, 1).Regions()[0].Agents)
	require.Zero(t, scalar(t, conn, "select count(*) from _data.concurrency"))
	require.False(t, look(t, conn, tenant, day)[0].Stale())
}

func TestBlockedResultsAreStored(t *testing.T) {
	conn, tenant, day := small(t, 0)
	execSQL(t, conn, "update _data.ocs_activity set switch_name = 'NOWHERE' where resource_key = 102")
	result := mustCount(t, conn, tenant, day, 1)
	require.True(t, result.Blocked())
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
	_, err := countDay(conn, tenant, day, 13)
	require.ErrorContains(t, err, "sql/count/computation")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewCounter(conn, tenant).Day(cancelled, day, 2)
	require.ErrorIs(t, err, context.Canceled)

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
	would, err := NewCounter(conn, moved).Would(t.Context(), stands)
	require.NoError(t, err)
	require.EqualValues(t, 1, would.Regions()[0].Agents)
	require.EqualValues(t, 2, loadDay(t, conn, moved, day).Regions()[0].Agents)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.counting_rules"))
}

// TestR10AnotherAsOfIsAnotherSlice: with the very rows of the one before.
func TestR10AnotherAsOfIsAnotherSlice(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
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
	loaded, err := Load(t.Context(), conn, look(t, conn, tenant, month.Days()...))
	require.NoError(t, err)
	require.Equal(t, want, loaded)
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
		tx, err := conn.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		compare := func() error {
			stored, err := loadNumbers(t.Context(), tx, stands)
			require.NoError(t, err)
			return compareDays(t.Context(), conn, tx, stored, swept)
		}
		require.NoError(t, compare(), tt.name)
		execSQL(t, tx, tt.spoil)
		err = compare()
		require.ErrorAs(t, err, new(*DifferenceError), tt.name)
		require.EqualError(t, err, prefix+tt.want, tt.name)
		require.NoError(t, tx.Rollback())
	}
}

func TestDaysInWords(t *testing.T) {
	day := date(t, "2026-02-27")
	e := MissingError{What: "slice", Days: append(day.YearMonth().Days()[:1], day, day.AddDays(1), day.AddDays(2), day.AddDays(7))}
	require.EqualError(t, &e, "no slice of 2026-02-01, 2026-02-27 to 2026-03-01, 2026-03-06")
	require.Equal(t, "2026-03-10T09:00:00Z", inWords(time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC).Unix()))
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
	paths, err := filepath.Glob("sweep/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imported := range file.Imports {
			name := strings.Trim(imported.Path.Value, `"`)
			if !strings.HasSuffix(path, "_test.go") && strings.Contains(name, "/") {
				require.Equal(t, "seats/compute/rule", name, path)
			}
		}
	}
}

// TestEmptySliceGivesZeros: a slice without a row has a curve of one step, and its peak is 0.
func TestEmptySliceGivesZeros(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, history{})
	result := mustCount(t, conn, tenant, day, 1)
	require.Equal(t, []Peak{{Region: "EU"}, {Region: "EU", Location: "london"}}, result.Peaks)
	require.Equal(t, []Enabled{{Region: "EU"}}, result.Enabled)
	require.Len(t, result.Quality, len(texts.Names("count/quality_")), "every rule reports, if only a zero")
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
