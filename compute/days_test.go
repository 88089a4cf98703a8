package compute

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	texts "seats/sql"
)

// Days that are counted at once have the results that each has by itself, however the batches are cut.
func TestDaysAtOnceAreThoseOneByOne(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "update _data.slice set sessions = 160000 where day in ('2026-02-03', '2026-02-17', '2026-02-18')") // two make a batch too large
	var want []DayResult
	for _, day := range month.Days() {
		one, err := countDay(conn, smallTenant(), day, 7)
		require.NoError(t, err)
		want = append(want, one)
	}
	rows := scalar(t, conn, "select sum(hash(c)::hugeint % 1000000)::bigint from _data.concurrency as c")
	stands, err := Look(ctx, conn, smallTenant(), month.Days()...)
	require.NoError(t, err)
	for i, one := range NewCounter(conn, smallTenant()).Days(ctx, stands, 7) {
		require.NoError(t, one.Err)
		require.Equal(t, want[i], one.DayResult)
	}
	require.Equal(t, rows, scalar(t, conn, "select sum(hash(c)::hugeint % 1000000)::bigint from _data.concurrency as c"))
	loaded, err := Load(ctx, conn, reload(t, conn, month.Days()))
	require.NoError(t, err)
	require.Equal(t, want, loaded)
}

// A day that cannot be counted keeps back no other, whatever is the matter with it.
func TestADayThatFailsKeepsBackNoOther(t *testing.T) {
	ctx, conn := context.Background(), openStore(t)
	month := february(t, conn)
	execSQL(t, conn, "delete from _data.slice where day = '2026-02-05'")
	execSQL(t, conn, "delete from _data.slice_span where day = '2026-02-06'")
	execSQL(t, conn, "drop table _data.enabled_daily")
	execSQL(t, conn, "create table _data.enabled_daily (day date check (day <> '2026-02-03'), region varchar, agents bigint, state varchar)")
	stands, err := Look(ctx, conn, smallTenant(), month.Days()...)
	require.NoError(t, err)
	counted := NewCounter(conn, smallTenant()).Days(ctx, stands, 7)
	for i, one := range counted {
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

// What a number is traced to changes with the statements that give numbers alone: not with comments, white space, and what tells of doubts.
func TestTheIdentityOfTheStatements(t *testing.T) {
	require.NotContains(t, Steps(), "count/peak", "it only reads")
	one := texts.Identity([]string{"count/presence"})
	require.Len(t, one, 64)
	require.NotEqual(t, one, texts.Identity([]string{"count/scope"}))
	require.Equal(t, SQLSHA256(), SQLSHA256())
}

func reload(t require.TestingT, conn *sql.Conn, days []calendar.Date) []Standing {
	stands, err := Look(context.Background(), conn, smallTenant(), days...)
	require.NoError(t, err)
	return stands
}
