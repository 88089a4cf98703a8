package extract

import (
	"context"
	"database/sql"
	"math"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// beside is what a slice keeps beside its own rows: the sessions that end activities without an end of their own (R3), and the
// legs that tell the switch of sessions whose activities know none (R5). The source is asked for more only where there are such.
type beside struct {
	*Cutter
	w      Window
	reach  calendar.Interval // in which activities can matter
	bounds []any             // of activities: $key_from, $key_to, $activity_from
}

// write settles which of the activities without an end belong to the slice, and writes what is beside it.
func (b *beside) write(ctx context.Context) error {
	if err := b.exec(ctx, "slice/open_activity"); err != nil {
		return err
	}
	if err := b.ends(ctx); err != nil {
		return err
	}
	if err := b.exec(ctx, "slice/drop_open_activity", "slice/drop_duplicate_activity", "slice/lacking_session"); err != nil {
		return err
	}
	if err := b.otherLegs(ctx); err != nil {
		return err
	}
	return b.exec(ctx, "slice/insert_other_session")
}

// ends finds where activities without an end do: their sessions may lie outside the slice.
func (b *beside) ends(ctx context.Context) error {
	resources, started, err := spread(ctx, b.Conn, "slice/began_elsewhere")
	if err != nil {
		return err
	}
	lookback := int64(b.w.Lookback.Seconds())
	if len(resources) > 0 {
		if err := b.Source.SessionsOf(ctx, resources, calendar.Interval{Start: started.Start - lookback - quarter, End: started.End + 1}); err != nil {
			return err
		}
	}
	args := append(b.args(), sql.Named("lookback", lookback))
	return execAll(ctx, b.Conn, args, "slice/beside_session", "slice/open_end")
}

// otherLegs writes the legs that tell a switch for sessions whose own activities know none.
func (b *beside) otherLegs(ctx context.Context) error {
	resources, logins, err := spread(ctx, b.Conn, "slice/lacking_resource")
	if err != nil || len(resources) == 0 {
		return err
	}
	if err := b.Source.LegsOf(ctx, resources, b.w.ActivityKeys(b.reach), logins.Start); err != nil {
		return err
	}
	if err := b.exec(ctx, "slice/telling_leg", "slice/open_telling_leg"); err != nil {
		return err
	}
	if err := b.ends(ctx); err != nil {
		return err
	}
	return b.exec(ctx, "slice/insert_other_leg", "slice/forget_telling_leg")
}

func (b *beside) args() []any {
	return append([]any{sql.Named("day", b.w.Day.String()), sql.Named("as_of", b.Source.Horizon().AsOf(b.w))}, b.bounds...)
}

func (b *beside) exec(ctx context.Context, names ...string) error {
	return execAll(ctx, b.Conn, b.args(), names...)
}

func execAll(ctx context.Context, q duck.Queryer, args []any, names ...string) error {
	for _, name := range names {
		if _, err := duck.Exec(ctx, q, name, args...); err != nil {
			return err
		}
	}
	return nil
}

// spread reads a query of resources, each with a time from which and one until which it matters, and gives the time of all.
func spread(ctx context.Context, q duck.Queryer, name string) (resources []int64, all calendar.Interval, err error) {
	all = calendar.Interval{Start: math.MaxInt64, End: math.MinInt64}
	err = duck.Each(ctx, q, name, func(scan func(...any) error) error {
		var resource, from, until int64
		err := scan(&resource, &from, &until)
		resources = append(resources, resource)
		all.Start, all.End = min(all.Start, from), max(all.End, until)
		return err
	})
	return resources, all, err
}
