package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"seats/compute/sweep"
	texts "seats/sql"
)

// feed gives the sweep the rows of the day's slice.
func feed(ctx context.Context, conn *sql.Conn, w *sweep.Sweep) error {
	return errors.Join(
		each(ctx, conn, "compute/agent_row.sql", func(v []driver.Value) {
			w.Agent(v[0].(int64), text(v[1]), text(v[2]))
		}),
		each(ctx, conn, "compute/session_row.sql", func(v []driver.Value) {
			w.Session(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]))
		}),
		each(ctx, conn, "compute/activity_row.sql", func(v []driver.Value) {
			w.Activity(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]), text(v[4]))
		}))
}

// each hands out a statement's rows as the driver gives them.
func each(ctx context.Context, conn *sql.Conn, name string, row func([]driver.Value)) error {
	return conn.Raw(func(c any) error {
		rows, err := c.(driver.QueryerContext).QueryContext(ctx, texts.Text(name), []driver.NamedValue{{Name: "day", Ordinal: 1, Value: day}})
		if err != nil {
			return fmt.Errorf("run sql/%s: %w", name, err)
		}
		values := make([]driver.Value, len(rows.Columns()))
		for err = rows.Next(values); err == nil; err = rows.Next(values) {
			row(values)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return errors.Join(err, rows.Close())
	})
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
