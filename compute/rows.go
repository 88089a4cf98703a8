package compute

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"runtime/debug"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/duck"
)

// sweepDay gives the raw rows of a slice to the sweep and has them counted.
func sweepDay(ctx context.Context, conn *sql.Conn, rules rule.Set, s Slice) (*sweep.Result, error) {
	w := sweep.New(rules, int(s.Sessions), int(s.Activities))
	if err := readRows(ctx, conn, s.Day, reader{w, false}); err != nil {
		return nil, err
	}
	result := w.Result()
	if s.Sessions+s.Activities > manyRows {
		debug.FreeOSMemory() // or the garbage stays with the process while the SQL engine needs the memory
	}
	return result, nil
}

// manyRows are so many that giving their memory back takes less time than reading them.
const manyRows = 1_000_000

// reader is a sweep and what it wants of a slice.
type reader struct {
	*sweep.Sweep
	legsOnly bool
}

// readRows gives the raw rows of a slice to all of the sweeps.
func readRows(ctx context.Context, conn *sql.Conn, day calendar.Date, sweeps ...reader) error {
	err := duck.Rows(ctx, conn, "count/agent_row", func(v []driver.Value) {
		for _, w := range sweeps {
			w.Agent(integer(v[0]), text(v[1]), text(v[2]))
		}
	}, on(day))
	if err != nil {
		return err
	}
	err = duck.Rows(ctx, conn, "count/session_row", func(v []driver.Value) {
		for _, w := range sweeps {
			w.Session(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]))
		}
	}, on(day))
	if err != nil {
		return err
	}
	err = duck.Rows(ctx, conn, "count/activity_row", func(v []driver.Value) {
		for _, w := range sweeps {
			if isLeg := v[5].(bool); isLeg || !w.legsOnly {
				w.Activity(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
			}
		}
	}, on(day))
	if err != nil {
		return err
	}
	err = duck.Rows(ctx, conn, "count/other_leg_row", func(v []driver.Value) {
		for _, w := range sweeps {
			w.OtherLeg(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
		}
	}, on(day))
	if err != nil {
		return err
	}
	return duck.Rows(ctx, conn, "count/other_session_row", func(v []driver.Value) {
		for _, w := range sweeps {
			w.OtherSession(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]))
		}
	}, on(day))
}

// integer reads a BIGINT that is never NULL.
func integer(v driver.Value) int64 { return v.(int64) }

// instant reads a time that may be NULL.
func instant(v driver.Value) int64 {
	if v == nil {
		return sweep.Unknown
	}
	return v.(int64)
}

// isActive reads active_flag: NULL is not active.
func isActive(v driver.Value) bool { return v != nil && v.(int16) != 0 }

// text reads a string, NULL as an empty one.
func text(v driver.Value) string {
	if v == nil {
		return ""
	}
	return v.(string)
}
