package compute

import (
	"context"
	"database/sql"

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
	sweeps := make([]reader, len(readings))
	for i, r := range readings {
		slice, rules, err := prepare(ctx, conn, r.Tenant, day)
		if err != nil {
			return nil, err
		}
		sweeps[i] = reader{sweep.New(rules, int(slice.Sessions), int(slice.Activities)), r.LegsOnly}
	}
	if err := readRows(ctx, conn, day, sweeps...); err != nil {
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
