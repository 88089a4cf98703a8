package extract

import (
	"context"
	"encoding/json"
	"fmt"

	"seats/internal/calendar"
	texts "seats/sql"
)

// fewLegs: below this share of OCS-driven legs the server is asked to find them, above it all legs are sent and
// found here. Measured: sending a leg costs the server a sixth of what joining one costs it, but the joined way
// sends only those that count.
const fewLegs = 8

// legs chooses how the legs of the day are read, by the server's own estimates, which it gives without running
// anything: all of them side by side with their attached data, or those with a GUID alone.
func (g *GIMDB) legs(ctx context.Context, day calendar.Interval) (legs, data job, err error) {
	legs = job{"interaction_resource_fact", "gim/leg.sql", []any{day.Start, day.End, g.tenantKey}}
	data = job{"irf_user_data_gen_1", "gim/user_data.sql", []any{day.Start, day.End, g.unique["irf_user_data_gen_1"]}}
	guids := job{data.table, data.statement, []any{day.Start, day.End, true}}
	all, err := g.estimate(ctx, legs)
	if err != nil {
		return legs, data, err
	}
	withGUID, err := g.estimate(ctx, guids)
	if err != nil {
		return legs, data, err
	}
	if withGUID*fewLegs < all {
		legs.statement = "gim/leg_with_data.sql"
		all = withGUID
	}
	g.stage.Expect(all + withGUID)
	return legs, data, nil
}

// estimate is how many rows the server expects of a job.
func (g *GIMDB) estimate(ctx context.Context, j job) (int64, error) {
	var plan []byte
	err := g.readers[0].QueryRow(ctx, "explain (format json) "+texts.Text(j.statement), j.args...).Scan(&plan)
	if err != nil {
		return 0, explainRead(fmt.Errorf("plan sql/%s: %w", j.statement, err), g.name)
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &plans); err != nil || len(plans) != 1 {
		return 0, fmt.Errorf("read plan of sql/%s: %w", j.statement, err)
	}
	return int64(plans[0].Plan.Rows), nil
}
