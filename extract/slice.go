package extract

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
)

// Summary is what became of one day.
type Summary struct {
	Day                          calendar.Date
	State                        string // final or provisional (R10)
	Sessions, Activities, Agents int64
	SHA256                       string
}

// Cutter cuts slices from one source into one store.
type Cutter struct {
	Conn        *sql.Conn // the store's work copy, with the stage attached
	Source      Source
	SettleHours int
	Clock       func() time.Time
}

// Cut reads one day and replaces its slice. Errors of the source carry fail.Source.
func (c *Cutter) Cut(ctx context.Context, w Window) (Summary, error) {
	if err := c.gather(ctx, w); err != nil {
		return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
	}
	summary, err := c.write(ctx, w)
	if err != nil {
		return Summary{}, fmt.Errorf("store slice %s: %w", w.Day, err)
	}
	return summary, nil
}

// gather stages the window's rows and cuts the slice out of them, into temporary tables.
func (c *Cutter) gather(ctx context.Context, w Window) error {
	if err := c.spans(ctx, w); err != nil {
		return err
	}
	if err := c.Source.Day(ctx, w); err != nil {
		return err
	}
	asOf := c.Source.Horizon().AsOf(w)
	keys := w.SessionKeys()
	_, err := duck.Exec(ctx, c.Conn, "stage/slice_session.sql",
		append(keyArgs(keys), sql.Named("as_of", asOf), sql.Named("session_from", w.SessionFrom()))...)
	if err != nil {
		return err
	}
	reach, err := reach(ctx, c.Conn, w)
	if err != nil {
		return err
	}
	if err := c.Source.Around(ctx, w, reach); err != nil {
		return err
	}
	_, err = duck.Exec(ctx, c.Conn, "stage/slice_activity.sql",
		append(keyArgs(w.ActivityKeys(reach)), sql.Named("as_of", asOf), sql.Named("activity_from", w.ActivityFrom(reach)))...)
	return err
}

func (c *Cutter) spans(ctx context.Context, w Window) error {
	if _, err := duck.Exec(ctx, c.Conn, "stage/slice_span.sql"); err != nil {
		return err
	}
	for _, s := range w.Spans {
		if _, err := duck.Exec(ctx, c.Conn, "stage/add_span.sql", sql.Named("start_ts", s.Start), sql.Named("end_ts", s.End)); err != nil {
			return err
		}
	}
	return nil
}

// write replaces the slice in one transaction.
func (c *Cutter) write(ctx context.Context, w Window) (Summary, error) {
	tx, err := c.Conn.BeginTx(ctx, nil)
	if err != nil {
		return Summary{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	day := sql.Named("day", w.Day.String())
	if err := c.refuseEmptied(ctx, tx, w.Day); err != nil {
		return Summary{}, err
	}
	if err := Drop(ctx, tx, w.Day); err != nil {
		return Summary{}, err
	}
	for _, name := range []string{
		"stage/insert_span.sql", "stage/insert_session.sql", "stage/insert_activity.sql",
		"stage/insert_agent.sql", "stage/insert_duplicate.sql",
	} {
		if _, err := duck.Exec(ctx, tx, name, day); err != nil {
			return Summary{}, err
		}
	}
	summary, err := c.seal(ctx, tx, w)
	if err != nil {
		return Summary{}, err
	}
	return summary, tx.Commit()
}

// Drop takes a day's slice out of a store; a day without one is no error.
func Drop(ctx context.Context, tx *sql.Tx, day calendar.Date) error {
	for _, name := range []string{
		"stage/delete_slice.sql", "stage/delete_slice_span.sql", "stage/delete_voice_session.sql",
		"stage/delete_ocs_activity.sql", "stage/delete_agent.sql", "stage/delete_duplicate_key.sql",
	} {
		if _, err := duck.Exec(ctx, tx, name, sql.Named("day", day.String())); err != nil {
			return err
		}
	}
	return nil
}

// refuseEmptied keeps a purged source from wiping out the only copy of a day: a slice that holds sessions is
// not replaced by one that holds none.
func (c *Cutter) refuseEmptied(ctx context.Context, tx *sql.Tx, day calendar.Date) error {
	var held, found int64
	err := duck.Each(ctx, tx, "stage/held_and_found.sql", func(scan func(...any) error) error { return scan(&held, &found) },
		sql.Named("day", day.String()))
	if err != nil || held == 0 || found > 0 {
		return err
	}
	return fail.New(fail.Source, "the slice is kept; if the day really was empty, remove the store's slice with a DuckDB client first",
		"%w", &EmptiedError{Day: day, Held: held})
}

// EmptiedError: the store holds sessions of a day of which the source has none any more.
type EmptiedError struct {
	Day  calendar.Date
	Held int64 // sessions in the store
}

func (e *EmptiedError) Error() string {
	return fmt.Sprintf("the store holds %d sessions of %s and the source none: has it purged them?", e.Held, e.Day)
}

// seal writes the slice's own row: counts read back, the hash over all rows, and the state.
func (c *Cutter) seal(ctx context.Context, tx *sql.Tx, w Window) (Summary, error) {
	s := Summary{Day: w.Day}
	day := sql.Named("day", w.Day.String())
	err := duck.Each(ctx, tx, "stage/slice_sha256.sql", func(scan func(...any) error) error { return scan(&s.SHA256) }, day)
	if err != nil {
		return s, err
	}
	horizon := c.Source.Horizon()
	_, err = duck.Exec(ctx, tx, "stage/insert_slice.sql", day,
		sql.Named("source", c.Source.Name()),
		sql.Named("high_water", horizon.HighWater),
		sql.Named("as_of", horizon.AsOf(w)),
		sql.Named("extracted_ts", c.Clock().Unix()),
		sql.Named("state", settled(horizon, w, c.SettleHours)),
		sql.Named("sha256", s.SHA256))
	if err != nil {
		return s, err
	}
	err = duck.Each(ctx, tx, "stage/summary.sql", func(scan func(...any) error) error {
		return scan(&s.State, &s.Sessions, &s.Activities, &s.Agents)
	}, day)
	return s, err
}

// settled is the state of a slice without open sessions (R10).
func settled(h Horizon, w Window, settleHours int) string {
	if h.HighWater != nil && *h.HighWater >= w.Hull().End+int64(settleHours)*3600 {
		return "final"
	}
	return "provisional"
}

// Ready says whether the source is complete up to the end of the day in every region (R10); known is false
// where that cannot be told.
func (h Horizon) Ready(w Window) (ready, known bool) {
	if h.HighWater == nil {
		return false, false
	}
	return *h.HighWater >= w.Hull().End, true
}

func keyArgs(keys calendar.Interval) []any {
	return []any{sql.Named("key_from", keys.Start), sql.Named("key_to", keys.End)}
}

// reach is the time in which activities can matter: that of the slice's sessions and of the day.
func reach(ctx context.Context, q duck.Queryer, w Window) (calendar.Interval, error) {
	hull := w.Hull()
	var from, to sql.NullInt64
	err := duck.Each(ctx, q, "stage/reach.sql", func(scan func(...any) error) error { return scan(&from, &to) })
	if err != nil || !from.Valid || !to.Valid {
		return hull, err
	}
	return calendar.Interval{Start: min(from.Int64, hull.Start), End: max(to.Int64, hull.End)}, nil
}
