package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/settle"
	"seats/internal/store"
)

// Summary is what became of one day.
type Summary struct {
	Day                          calendar.Date
	State                        string // final or provisional (R10)
	Sessions, Activities, Agents int64
	SHA256                       string
	Losses                       []Loss  // that the caller accepted; usually none
	TenantKeys                   []int64 // whose the sessions are, in order: more than one where none was asked for

	never *NeverThereError // that the caller accepted
}

// Accepted says in words what was lost, or nothing.
func (s Summary) Accepted() string {
	switch {
	case len(s.Losses) > 0:
		return "loss accepted: " + inWords(s.Day, s.Losses)
	case s.never != nil:
		return fmt.Sprintf("loss accepted: %s has no session, and %s", s.Day, s.never)
	}
	return ""
}

// Cutter cuts slices from one source into one store.
type Cutter struct {
	Conn        *sql.Conn // the store's work copy, with the stage attached
	Source      Source
	SettleHours int
	AcceptLoss  bool // replace a slice even by one that lacks much of it
	Clock       func() time.Time
}

// ErrHalf: a day could neither be cut nor be put back. The store's work copy must not be published.
var ErrHalf = errors.New("the slice is neither the old nor the new one")

// Cut reads one day and replaces its slice: sessions first, then activities as they come, part by part, so that
// memory does not grow with the day. Until all is there the slice that the store holds is set aside; whatever
// fails, it is put back. Errors of the source carry fail.Source; one that has lost much of the slice, a *LossError.
func (c *Cutter) Cut(ctx context.Context, w Window) (Summary, error) {
	if err := c.stageSessions(ctx, w); err != nil {
		return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
	}
	tenantKeys, err := sessionTenants(ctx, c.Conn)
	if err != nil {
		return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
	}
	held, err := c.held(ctx, w.Day)
	if err != nil {
		return Summary{}, fmt.Errorf("store slice %s: %w", w.Day, err)
	}
	if err := c.setAside(ctx, w, held); err != nil {
		return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
	}
	summary, err := c.replace(ctx, w, held)
	summary.TenantKeys = tenantKeys
	if err == nil {
		return summary, nil
	}
	ctx = context.WithoutCancel(ctx)
	restored := duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error {
		if err := store.DropSlice(ctx, tx, w.Day); err != nil || !held {
			return err
		}
		return store.MoveSlice(ctx, tx, aside(w.Day), w.Day)
	})
	if restored != nil {
		err = errors.Join(err, ErrHalf, restored)
	}
	return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
}

// stageSessions stages the window's sessions and takes those of the slice out of them.
func (c *Cutter) stageSessions(ctx context.Context, w Window) error {
	if err := c.spans(ctx, w); err != nil {
		return err
	}
	if err := c.Source.Sessions(ctx, w); err != nil {
		return err
	}
	_, err := duck.Exec(ctx, c.Conn, "slice/slice_session", append(keyArgs(w.SessionKeys()),
		sql.Named("as_of", c.Source.Horizon().AsOf(w)), sql.Named("session_from", w.SessionFrom()))...)
	if err != nil {
		return err
	}
	_, err = duck.Exec(ctx, c.Conn, "slice/stay")
	return err
}

// sessionTenants are the tenant_keys of the slice's sessions.
func sessionTenants(ctx context.Context, q duck.Queryer) (keys []int64, err error) {
	err = duck.Each(ctx, q, "slice/session_tenant", func(scan func(...any) error) error {
		var key int64
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, err
}

// setAside sets the held slice aside and writes the new one's sessions; or, after an error, has done neither.
func (c *Cutter) setAside(ctx context.Context, w Window, held bool) error {
	return duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error {
		if held {
			if err := store.MoveSlice(ctx, tx, w.Day, aside(w.Day)); err != nil {
				return err
			}
		}
		return exec(ctx, tx, w.Day, nil, "slice/insert_span", "slice/insert_session", "slice/insert_duplicate_session")
	})
}

// replace writes the rest of the new slice and drops the one that was set aside.
func (c *Cutter) replace(ctx context.Context, w Window, held bool) (summary Summary, err error) {
	if _, err := duck.Exec(ctx, c.Conn, "slice/forget_session"); err != nil {
		return Summary{}, err
	}
	if err := c.activities(ctx, w); err != nil {
		return Summary{}, err
	}
	if _, err := duck.Exec(ctx, c.Conn, "slice/forget_stay"); err != nil {
		return Summary{}, err
	}
	if err := c.groups(ctx, w); err != nil {
		return Summary{}, err
	}
	err = duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error { return exec(ctx, tx, w.Day, nil, "slice/insert_agent") })
	if err != nil {
		return Summary{}, err
	}
	err = duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error {
		if err := onlyTimes(ctx, tx, w.Day); err != nil {
			return err
		}
		losses, err := c.losses(ctx, tx, w, held)
		if err != nil {
			return err
		}
		never, err := c.neverThere(ctx, tx, w)
		if err != nil {
			return err
		}
		if held {
			if err := store.DropSlice(ctx, tx, aside(w.Day)); err != nil {
				return err
			}
		}
		summary, err = c.seal(ctx, tx, w)
		summary.Losses, summary.never = losses, never
		return err
	})
	return summary, err
}

// onlyTimes refuses a slice in which something stands for a time that is none.
func onlyTimes(ctx context.Context, q duck.Queryer, day calendar.Date) error {
	var none error
	err := duck.Each(ctx, q, "slice/no_time", func(scan func(...any) error) error {
		var kind, name string
		var id, key, ts int64
		err := scan(&kind, &id, &key, &name, &ts)
		none = fail.New(fail.Source, "have that row corrected, or left out of what is read; nothing was changed",
			"%s %d (start_date_time_key %d): %s is %d, which is no time: want a year from 1 to 9999", kind, id, key, name, ts)
		return err
	}, sql.Named("day", day.String()))
	return errors.Join(err, none)
}

// activities writes the slice's activities as the source stages them, and then what tells of some of them where they end and
// belong.
func (c *Cutter) activities(ctx context.Context, w Window) error {
	reach, err := reach(ctx, c.Conn, w)
	if err != nil {
		return err
	}
	bounds := append(keyArgs(w.ActivityKeys(reach)), sql.Named("activity_from", w.ActivityFrom(reach)))
	if _, err := duck.Exec(ctx, c.Conn, "slice/staged_activity"); err != nil {
		return err
	}
	err = c.Source.Activities(ctx, w, reach, func() error {
		return duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error {
			if err := exec(ctx, tx, w.Day, bounds, "slice/insert_activity_of_day"); err != nil {
				return err
			}
			var elsewhere bool
			err := duck.Each(ctx, tx, "slice/begins_elsewhere", func(scan func(...any) error) error { return scan(&elsewhere) })
			if err != nil {
				return err
			}
			if elsewhere {
				if err := exec(ctx, tx, w.Day, bounds, "slice/insert_activity_of_session"); err != nil {
					return err
				}
			}
			return exec(ctx, tx, w.Day, nil, "slice/insert_duplicate_activity")
		})
	})
	if err != nil {
		return err
	}
	return (&beside{c, w, reach, bounds}).write(ctx)
}

// aside is where the rows of a slice wait that is about to be replaced: on a day that no source has.
func aside(day calendar.Date) calendar.Date {
	day.Year += 1000
	return day
}

// exec runs statements on a day.
func exec(ctx context.Context, tx *sql.Tx, day calendar.Date, args []any, names ...string) error {
	args = append([]any{sql.Named("day", day.String())}, args...)
	for _, name := range names {
		if _, err := duck.Exec(ctx, tx, name, args...); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cutter) spans(ctx context.Context, w Window) error {
	if _, err := duck.Exec(ctx, c.Conn, "slice/slice_span"); err != nil {
		return err
	}
	for _, s := range w.Spans {
		if _, err := duck.Exec(ctx, c.Conn, "slice/add_span", sql.Named("start_ts", s.Start), sql.Named("end_ts", s.End)); err != nil {
			return err
		}
	}
	return nil
}

// held says whether the store has a slice of the day.
func (c *Cutter) held(ctx context.Context, day calendar.Date) (has bool, err error) {
	err = duck.Each(ctx, c.Conn, "slice/held", func(scan func(...any) error) error { return scan(&has) }, sql.Named("day", day.String()))
	return has, err
}

// seal writes the slice's own row: counts read back, the hash over all rows, and the state.
func (c *Cutter) seal(ctx context.Context, tx *sql.Tx, w Window) (Summary, error) {
	s := Summary{Day: w.Day}
	day := sql.Named("day", w.Day.String())
	var err error
	if s.SHA256, err = SliceSHA256(ctx, tx, w.Day); err != nil {
		return s, err
	}
	var open int64
	err = duck.Each(ctx, tx, "slice/open_sessions", func(scan func(...any) error) error { return scan(&open) }, day)
	if err != nil {
		return s, err
	}
	if guids := c.Source.DefaultGUIDs(); len(guids) > 0 {
		if _, err := duck.Exec(ctx, tx, "slice/insert_default_guid", day, sql.Named("guids", guids)); err != nil {
			return s, err
		}
	}
	horizon := c.Source.Horizon()
	_, err = duck.Exec(ctx, tx, "slice/insert_slice", day,
		sql.Named("source", c.Source.Name()),
		sql.Named("high_water", horizon.HighWater),
		sql.Named("as_of", horizon.AsOf(w)),
		sql.Named("extracted_ts", c.Clock().Unix()),
		sql.Named("open_sessions", open),
		sql.Named("state", settle.State(horizon.HighWater, open, w.Hull().End, c.SettleHours)),
		sql.Named("sha256", s.SHA256),
		sql.Named("lookback_seconds", int64(w.Lookback.Seconds())))
	if err != nil {
		return s, err
	}
	for _, d := range horizon.Retired {
		_, err = duck.Exec(ctx, tx, "slice/insert_left_out", day, sql.Named("data_source_key", d.Key),
			sql.Named("data_source_type", d.Type), sql.Named("dap_name", d.Name), sql.Named("read_up_to", d.ReadUpTo))
		if err != nil {
			return s, err
		}
	}
	err = duck.Each(ctx, tx, "slice/summary", func(scan func(...any) error) error {
		return scan(&s.State, &s.Sessions, &s.Activities, &s.Agents)
	}, day)
	return s, err
}

func keyArgs(keys calendar.Interval) []any {
	return []any{sql.Named("key_from", keys.Start), sql.Named("key_to", keys.End)}
}

// reach is the time in which activities can matter: that of the slice's sessions and of the day.
func reach(ctx context.Context, q duck.Queryer, w Window) (calendar.Interval, error) {
	hull := w.Hull()
	var from, to sql.NullInt64
	err := duck.Each(ctx, q, "slice/reach", func(scan func(...any) error) error { return scan(&from, &to) })
	if err != nil || !from.Valid || !to.Valid {
		return hull, err
	}
	return calendar.Interval{Start: min(from.Int64, hull.Start), End: max(to.Int64, hull.End)}, nil
}
