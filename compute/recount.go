package compute

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
)

// Reading is another way to read the specification than the one that is billed.
type Reading struct {
	Tenant   config.Tenant // whose rules it counts by
	LegsOnly bool          // a preview does not qualify a session (R3)
}

// Recount gives the peak of a scope on a day under each of the readings. It reads the slice once, counts by the
// sweep alone, and stores nothing. The errors are those of Day.
func Recount(ctx context.Context, conn *sql.Conn, day calendar.Date, scope rule.Scope, readings ...Reading) ([]Peak, error) {
	sweeps := make([]*sweep.Sweep, len(readings))
	for i, r := range readings {
		slice, rules, err := prepare(ctx, conn, r.Tenant, day)
		if err != nil {
			return nil, err
		}
		sweeps[i] = sweep.New(rules, int(slice.Sessions), int(slice.Activities))
	}
	if err := feed(ctx, conn, day, sweeps, readings); err != nil {
		return nil, err
	}
	peaks := make([]Peak, len(readings))
	for i, w := range sweeps {
		swept := w.Result()
		for no, s := range swept.Scopes() {
			if s.Region == scope.Region && s.Location == scope.Location {
				peaks[i] = peakOf(s, swept.Curve(no))
			}
		}
	}
	return peaks, nil
}

// feed gives the raw rows of the slice to all of the sweeps.
func feed(ctx context.Context, conn *sql.Conn, day calendar.Date, sweeps []*sweep.Sweep, readings []Reading) error {
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
	return eachRow(ctx, conn, "explain/activity_row.sql", day, func(v []driver.Value) {
		for i, w := range sweeps {
			if isLeg := v[5].(bool); isLeg || !readings[i].LegsOnly {
				w.Activity(integer(v[0]), instant(v[1]), instant(v[2]), isActive(v[3]), text(v[4]))
			}
		}
	})
}
