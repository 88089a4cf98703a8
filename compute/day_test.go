package compute

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	texts "seats/sql"
)

const hour = 3600

// smallTenant has one region in UTC and one location with the switch L.
func smallTenant() config.Tenant {
	return config.Tenant{
		Name: "acme", SessionEnd: config.SessionEndExclusive, SettleHours: 1,
		Regions: []config.Region{{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}}},
	}
}

// twoSeats are two agents together from nine to ten of a day in UTC.
func twoSeats(t require.TestingT, day string) history {
	nine := date(t, day).In(time.UTC).Start + 9*hour
	row := sessionRow{key: 1, resource: 101, start: nine, end: nine + hour}
	other := row
	other.key, other.resource = 2, 102
	return history{
		resources:  []resource{{key: 101, employee: "ann"}, {key: 102, employee: "bob"}},
		sessions:   []sessionRow{row, other},
		activities: []activityRow{{row, "leg", "L", ""}, {other, "leg", "L", ""}},
	}
}

func TestDayStoresWhatItReturns(t *testing.T) {
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2026-03-10")
	end := day.In(time.UTC).End
	writeSlice(t, conn, tenant, day, end+hour, twoSeats(t, "2026-03-10"))

	result, err := Day(ctx, conn, tenant, day, 77)
	require.NoError(t, err)
	nine := day.In(time.UTC).Start + 9*hour
	require.Equal(t, []Peak{{"EU", "", 2, nine, hour}, {"EU", "london", 2, nine, hour}}, result.Peaks)
	require.Equal(t, []Peak{{"EU", "", 2, nine, hour}}, result.Regions())
	require.Equal(t, []Enabled{{"EU", 2}}, result.Enabled)
	require.Equal(t, Final, result.State)
	require.Equal(t, Slice{
		Day: day, Source: "test", HighWater: ptr(end + hour), AsOf: end + hour,
		Sessions: 2, Activities: 2, Agents: 2, SHA256: "hash of 2026-03-10",
	}, result.Slice)
	require.EqualValues(t, 77, result.ComputedTS)
	require.False(t, result.Blocked())

	loaded, err := LoadDay(ctx, conn, tenant, day)
	require.NoError(t, err)
	require.Equal(t, result, loaded)
	again, err := Day(ctx, conn, tenant, day, 77)
	require.NoError(t, err)
	require.Equal(t, result, again)
	require.EqualValues(t, 2, scalar(t, conn, "select count(*) from _data.qualifying_session"), "replaced, not added")
}

// TestR6ResourceWithoutAgentRow: an unknown resource is an agent by its key, for both ways of counting.
func TestR6ResourceWithoutAgentRow(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, twoSeats(t, "2026-03-10"))
	execSQL(t, conn, "delete from _data.agent where resource_key = 102")
	result, err := Day(context.Background(), conn, tenant, day, 1)
	require.NoError(t, err)
	require.EqualValues(t, 2, result.Regions()[0].Agents)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.qualifying_session where agent = '#102'"))
}

func TestR10MissingSlice(t *testing.T) {
	ctx, conn, day := context.Background(), openStore(t), date(t, "2026-03-10")
	var missing *MissingError
	_, err := Day(ctx, conn, smallTenant(), day, 1)
	require.ErrorAs(t, err, &missing)
	require.Equal(t, &MissingError{What: "slice", Days: []calendar.Date{day}}, missing)
	require.EqualError(t, err, "no slice of 2026-03-10")

	writeSlice(t, conn, smallTenant(), day, 0, history{})
	_, err = LoadDay(ctx, conn, smallTenant(), day)
	require.EqualError(t, err, "no result of 2026-03-10")
}

func TestR10SliceMustCoverEveryRegion(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, history{})
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	tenant.Regions = append(tenant.Regions, config.Region{Name: "IN", Zone: kolkata, Locations: []config.Location{{Name: "pune", Switches: []string{"P"}}}})

	var uncovered *CoverageError
	_, err = Day(context.Background(), conn, tenant, day, 1)
	require.ErrorAs(t, err, &uncovered)
	require.Equal(t, "IN", uncovered.Region)
	require.ErrorContains(t, err, "2026-03-09T18:30:00Z to 2026-03-10T18:30:00Z: extract it again")
}

// TestR10State: final needs a known high-water mark, settle_hours past the end of the day in every region,
// and no open session.
func TestR10State(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	tenant, day := smallTenant(), date(t, "2026-03-10")
	tenant.Regions = append(tenant.Regions, config.Region{Name: "US", Zone: newYork})
	late := day.In(newYork).End + hour
	tests := []struct {
		name      string
		highWater *int64
		open      int64
		want      string
	}{
		{"unknown", nil, 0, Provisional},
		{"an hour past the last region's end", ptr(late), 0, Final},
		{"a second less", ptr(late - 1), 0, Provisional},
		{"an open session", ptr(late), 1, Provisional},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, stateOf(RulesFor(tenant, day), Slice{HighWater: tt.highWater, OpenSessions: tt.open}, 1))
		})
	}
}

func TestStaleAfterAnyChange(t *testing.T) {
	ctx, conn, day := context.Background(), openStore(t), date(t, "2026-03-10")
	changes := []struct {
		name   string
		change func(*config.Tenant)
	}{
		{"nothing", nil},
		{"slice", func(*config.Tenant) { execSQL(t, conn, "update _data.slice set sha256 = 'other'") }},
		{"statements", func(*config.Tenant) { execSQL(t, conn, "update _data.computation set sql_sha256 = 'other'") }},
		{"rules", func(tenant *config.Tenant) { tenant.ExcludeAgents = []string{"TEST*"} }},
		{"settle_hours", func(tenant *config.Tenant) { tenant.SettleHours = 2 }},
		{"rows dropped with age, and read again", func(*config.Tenant) { execSQL(t, conn, "delete from _data.concurrency") }},
		{"never computed", func(*config.Tenant) { execSQL(t, conn, "delete from _data.computation") }},
	}
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			clearStore(t, conn)
			tenant := smallTenant()
			writeSlice(t, conn, tenant, day, day.In(time.UTC).End+hour, twoSeats(t, "2026-03-10"))
			_, err := Day(ctx, conn, tenant, day, 1)
			require.NoError(t, err)
			if tt.change != nil {
				tt.change(&tenant)
			}
			stale, err := Stale(ctx, conn, tenant, day)
			require.NoError(t, err)
			require.Equal(t, tt.change != nil, stale)
		})
	}
	clearStore(t, conn)
	_, err := Stale(ctx, conn, smallTenant(), day)
	require.ErrorAs(t, err, new(*MissingError))
}

// TestDayThatItsZoneSkipped: it has no second and so no curve, and is computed and fresh all the same.
func TestDayThatItsZoneSkipped(t *testing.T) {
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2011-12-30")
	apia, err := time.LoadLocation("Pacific/Apia")
	require.NoError(t, err)
	tenant.Regions[0].Zone = apia
	writeSlice(t, conn, tenant, day, 0, history{})
	result, err := Day(ctx, conn, tenant, day, 1)
	require.NoError(t, err)
	require.Zero(t, result.Regions()[0].Agents)
	require.Zero(t, scalar(t, conn, "select count(*) from _data.concurrency"))
	stale, err := Stale(ctx, conn, tenant, day)
	require.NoError(t, err)
	require.False(t, stale)
}

func TestBlockedResultsAreStored(t *testing.T) {
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2026-03-10")
	rows := twoSeats(t, "2026-03-10")
	rows.activities[1].switchName = "NOWHERE"
	writeSlice(t, conn, tenant, day, 0, rows)
	result, err := Day(ctx, conn, tenant, day, 1)
	require.NoError(t, err)
	require.True(t, result.Blocked())
	require.Equal(t, []Quality{{"unmapped_switch", true, 1, []string{"2 on NOWHERE"}}}, Blocking(result.Quality))
	require.EqualValues(t, 1, result.Regions()[0].Agents)
}

// TestFailedDayLeavesTheStoreAsItWas: the last statement fails, and everything before it is undone.
func TestFailedDayLeavesTheStoreAsItWas(t *testing.T) {
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2026-03-10")
	execSQL(t, conn, "drop table _data.computation")
	execSQL(t, conn, `create table _data.computation (day date, slice_sha256 varchar, rules_sha256 varchar, sql_sha256 varchar,
		rules varchar, state varchar, computed_ts bigint check (computed_ts <> 13), as_of bigint)`)
	writeSlice(t, conn, tenant, day, 0, twoSeats(t, "2026-03-10"))
	before, err := Day(ctx, conn, tenant, day, 1)
	require.NoError(t, err)

	execSQL(t, conn, "delete from _data.voice_session where sm_res_session_fact_key = 2")
	_, err = Day(ctx, conn, tenant, day, 13)
	require.ErrorContains(t, err, "sql/count/computation")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = Day(cancelled, conn, tenant, day, 2)
	require.ErrorIs(t, err, context.Canceled)

	after, err := LoadDay(ctx, conn, tenant, day)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestR9AnIssuedDayKeepsItsRules: also where it has to be counted again; one that is not issued has today's.
func TestR9AnIssuedDayKeepsItsRules(t *testing.T) {
	ctx, conn, day := context.Background(), openStore(t), date(t, "2026-03-10")
	moved := smallTenant()
	moved.ExcludeAgents = []string{"ann"}
	writeSlice(t, conn, smallTenant(), day, 0, twoSeats(t, "2026-03-10"))
	_, err := Day(ctx, conn, smallTenant(), day, 1)
	require.NoError(t, err)
	by, err := CountedBy(ctx, conn, moved, day)
	require.NoError(t, err)
	require.Equal(t, moved, by)

	execSQL(t, conn, "insert into _data.issued_file (region, measure, period, revision, value, state, file, sha256, manifest_sha256, issued_ts) values ('EU', 'concurrent', '2026-03-10', 1, 2, 'final', 'f', '', '', 1)")
	by, err = CountedBy(ctx, conn, moved, day)
	require.NoError(t, err)
	require.Equal(t, smallTenant().RulesHash(), by.RulesHash())
	stale, err := Stale(ctx, conn, by, day)
	require.NoError(t, err)
	require.False(t, stale)

	would, err := Would(ctx, conn, moved, day)
	require.NoError(t, err)
	require.EqualValues(t, 1, would.Regions()[0].Agents)
	stands, err := LoadDay(ctx, conn, by, day)
	require.NoError(t, err)
	require.EqualValues(t, 2, stands.Regions()[0].Agents)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from _data.counting_rules"))
}

// TestR10AnotherAsOfIsAnotherSlice: with the very rows of the one before.
func TestR10AnotherAsOfIsAnotherSlice(t *testing.T) {
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2026-03-10")
	rows := twoSeats(t, "2026-03-10")
	rows.sessions[1].end, rows.sessions[1].active = sweep.Unknown, true
	ten := day.In(time.UTC).Start + 10*hour
	writeSlice(t, conn, tenant, day, ten, rows)
	first, err := Day(ctx, conn, tenant, day, 1)
	require.NoError(t, err)
	execSQL(t, conn, "update _data.slice set as_of = as_of - 1800")
	stale, err := Stale(ctx, conn, tenant, day)
	require.NoError(t, err)
	require.True(t, stale)
	require.EqualValues(t, 1, scalar(t, conn, "select count(*) from ("+strings.TrimSpace(texts.Text("store/uncounted"))+")"))
	second, err := Day(ctx, conn, tenant, day, 2)
	require.NoError(t, err)
	require.Equal(t, first.Regions()[0].PeakSeconds-1800, second.Regions()[0].PeakSeconds)
}

func ptr(n int64) *int64 { return &n }

// scalar reads one number.
func scalar(t require.TestingT, conn *sql.Conn, query string, args ...any) (n int64) {
	require.NoError(t, conn.QueryRowContext(context.Background(), query, args...).Scan(&n))
	return n
}
