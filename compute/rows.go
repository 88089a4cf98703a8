package compute

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	texts "seats/sql"
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
	err := eachRow(ctx, conn, "compute/agent_row.sql", day, func(v []driver.Value) {
		for _, w := range sweeps {
			w.Agent(integer(v[0]), text(v[1]), text(v[2]))
		}
	})
	if err != nil {
		return err
	}
	err = eachRow(ctx, conn, "compute/session_row.sql", day, func(v []driver.Value) {
		for _, w := range sweeps {
			w.Session(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]))
		}
	})
	if err != nil {
		return err
	}
	return eachRow(ctx, conn, "compute/activity_row.sql", day, func(v []driver.Value) {
		for _, w := range sweeps {
			if isLeg := v[5].(bool); isLeg || !w.legsOnly {
				w.Activity(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
			}
		}
	})
}

// eachRow runs a query on a day with the driver's own rows: millions of them are read, and Scan with its
// conversions costs several times what the driver does. The connection may be in a transaction. The values
// are overwritten by the next row.
func eachRow(ctx context.Context, conn *sql.Conn, name string, day calendar.Date, row func([]driver.Value)) error {
	return conn.Raw(func(c any) (err error) {
		queryer, ok := c.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("read sql/%s: the driver has no direct queries", name)
		}
		rows, err := queryer.QueryContext(ctx, texts.Text(name), []driver.NamedValue{{Name: "day", Ordinal: 1, Value: day.String()}})
		if err != nil {
			return fmt.Errorf("run sql/%s: %w", name, err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		values := make([]driver.Value, len(rows.Columns()))
		for {
			switch err := rows.Next(values); {
			case errors.Is(err, io.EOF):
				return ctx.Err()
			case err != nil:
				return fmt.Errorf("read sql/%s: %w", name, err)
			}
			row(values)
		}
	})
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
