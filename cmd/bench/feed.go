package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"seats/compute/sweep"
	"seats/internal/duck"
)

// feed gives the sweep the rows of the day's slice.
func feed(ctx context.Context, conn *sql.Conn, w *sweep.Sweep) error {
	on := sql.Named("day", day)
	return errors.Join(
		duck.Rows(ctx, conn, "count/agent_row", func(v []driver.Value) {
			w.Agent(v[0].(int64), text(v[1]), text(v[2]))
		}, on),
		duck.Rows(ctx, conn, "count/session_row", func(v []driver.Value) {
			w.Session(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]))
		}, on),
		duck.Rows(ctx, conn, "count/activity_row", func(v []driver.Value) {
			w.Activity(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]), text(v[4]))
		}, on))
}

func instant(v driver.Value) int64 {
	if v == nil {
		return sweep.Unknown
	}
	return v.(int64)
}

func active(v driver.Value) bool { return v != nil && v.(int16) != 0 }

func text(v driver.Value) string {
	if v == nil {
		return ""
	}
	return v.(string)
}
