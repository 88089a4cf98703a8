package compute

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
	ctx, conn, tenant, day := context.Background(), openStore(t), smallTenant(), date(t, "2026-03-10")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearStore(t, conn)
			writeSlice(t, conn, tenant, day, 0, twoSeats(t, "2026-03-10"))
			tx, err := conn.BeginTx(ctx, nil)
			require.NoError(t, err)
			defer tx.Rollback() //nolint:errcheck // nothing to keep
			stands, rules := standing(t, conn, tenant, day)
			swept, err := sweepDays(ctx, conn, stands, rules)
			require.NoError(t, err)
			compare := func() error {
				stored, err := loadNumbers(ctx, tx, stands)
				require.NoError(t, err)
				return compareDays(ctx, conn, tx, stored, swept)
			}
			countBySQL(t, tx, stands, rules)
			require.NoError(t, compare())

			execSQL(t, tx, tt.spoil)
			err = compare()
			require.ErrorAs(t, err, new(*DifferenceError))
			require.EqualError(t, err, prefix+tt.want)
		})
	}
}

func TestDaysInWords(t *testing.T) {
	day := date(t, "2026-02-27")
	e := MissingError{What: "slice", Days: append(day.YearMonth().Days()[:1], day, day.AddDays(1), day.AddDays(2), day.AddDays(7))}
	require.EqualError(t, &e, "no slice of 2026-02-01, 2026-02-27 to 2026-03-01, 2026-03-06")
	require.Equal(t, "2026-03-10T09:00:00Z", inWords(time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC).Unix()))
}
