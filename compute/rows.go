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

// sweepDays gives the raw rows of some slices to a sweep each, and has them counted.
func sweepDays(ctx context.Context, conn *sql.Conn, stands []Standing, rules []rule.Set) ([]*sweep.Result, error) {
	readers, rows := make([][]reader, len(stands)), int64(0)
	for i, s := range stands {
		rows += s.size()
		readers[i] = []reader{{sweep.New(rules[i], int(s.Slice.Sessions), int(s.Slice.Activities)), false}}
	}
	if err := readRows(ctx, conn, daysOf(stands), readers); err != nil {
		return nil, err
	}
	results := make([]*sweep.Result, len(stands))
	for i := range readers {
		results[i] = readers[i][0].Result()
		readers[i] = nil
	}
	if rows > manyRows {
		debug.FreeOSMemory() // or the garbage stays with the process while the SQL engine needs the memory
	}
	return results, nil
}

// size is how many rows the slice has of those that are counted.
func (s Standing) size() int64 { return s.Slice.Sessions + s.Slice.Activities }

// manyRows are so many that giving their memory back takes less time than reading them.
const manyRows = 1_000_000

// reader is a sweep and what it wants of a slice.
type reader struct {
	*sweep.Sweep
	legsOnly bool
}

// readRows gives the raw rows of the slices to the sweeps of their days.
func readRows(ctx context.Context, conn *sql.Conn, days []calendar.Date, sweeps [][]reader) error {
	for _, of := range []struct {
		rows string
		give func(w reader, v []driver.Value) // without the day's number, which comes first
	}{
		{"count/agent_row", func(w reader, v []driver.Value) { w.Agent(integer(v[0]), text(v[1]), text(v[2])) }},
		{"count/session_row", func(w reader, v []driver.Value) {
			w.Session(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]))
		}},
		{"count/activity_row", func(w reader, v []driver.Value) {
			if isLeg := v[5].(bool); isLeg || !w.legsOnly {
				w.Activity(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
			}
		}},
		{"count/other_leg_row", func(w reader, v []driver.Value) {
			w.OtherLeg(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
		}},
		{"count/other_session_row", func(w reader, v []driver.Value) {
			w.OtherSession(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]))
		}},
	} {
		err := duck.Rows(ctx, conn, of.rows, func(v []driver.Value) {
			for _, w := range sweeps[integer(v[0])-1] {
				of.give(w, v[1:])
			}
		}, on(days))
		if err != nil {
			return err
		}
	}
	return nil
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
