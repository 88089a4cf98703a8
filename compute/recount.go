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
// sweep alone, and stores nothing. The errors are those of Days.
func Recount(ctx context.Context, conn *sql.Conn, day calendar.Date, scope rule.Scope, readings ...Reading) ([]Peak, error) {
	stands, err := Look(ctx, conn, readings[0].Tenant, day)
	if err != nil {
		return nil, err
	}
	sweeps := make([]reader, len(readings))
	for i, r := range readings {
		s := stands[0]
		s.By = r.Tenant.On(day)
		rules, err := s.rules()
		if err != nil {
			return nil, err
		}
		sweeps[i] = reader{sweep.New(rules, int(s.Slice.Sessions), int(s.Slice.Activities)), r.LegsOnly}
	}
	if err := readRows(ctx, conn, []calendar.Date{day}, [][]reader{sweeps}); err != nil {
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
