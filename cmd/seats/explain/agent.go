package explain

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/compute"
	"example.com/seats/compute/rule"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/report"
)

// Agents tells of every voice session of agents in the slices of some days whose results are up to date, counted or not, and why not:
// a row for each location where it counts, or would but for the region's day (R8), and one in all where it counts nowhere. An agent is
// an employee_id, or #resource_key where that is empty (R6). With a region, and a location, whatever counts elsewhere is not counted,
// by R5. What the store says otherwise than the rules is an error.
//
// Times are in the region's zone; where a session got to no region, in that of the other sessions, or else the tenant's.
func (e *Explainer) Agents(ctx context.Context, days []calendar.Date, region, location string, agents ...string) (t report.Table, err error) {
	if region != "" {
		if _, _, err := e.scope(calendar.Date{}, region, location); err != nil {
			return t, err
		}
	}
	stands, err := compute.Look(ctx, e.conn, e.tenant, days...)
	if err = cmp.Or(err, checkFresh(stands...)); err != nil {
		return t, err
	}
	const shown = 21 // columns; behind them the region of the clock, and the store's verdict where it is another than by the rules
	zone := func(_ []string, row []any) *time.Location { return job.ZoneOf(e.tenant, row[shown].(string)) }
	t, err = report.Ask(ctx, e.conn, "ask/agent", zone, rulesOf(stands...), sql.Named("agents", agents),
		sql.Named("tenant", e.tenant.Name), sql.Named("region", region), sql.Named("location", location))
	if err != nil {
		return t, err
	}
	t.Header = t.Header[:shown]
	for i, row := range t.Rows {
		if stored := row[shown+1]; stored != "" {
			hint := fmt.Sprintf("`seats compute --date %s` counts the day again; should it stay so, keep the store and report it", row[2])
			return t, fail.New(fail.Store, hint, "explain agent %s on %s: session %d in %s/%s is %s by the rules and %s in the store",
				row[1], row[2], row[4], row[8], row[9], row[10], stored)
		}
		t.Rows[i] = row[:shown]
	}
	return t, nil
}

// BriefAgents is what Agents tells, as far as a terminal is wide.
func BriefAgents(full report.Table) report.Table {
	return tableOf("date session login logout location verdict rule by activity switch why", full.Rows, func(row []any) []any {
		location, logout := row[8], row[7]
		if location != nil {
			location = fmt.Sprintf("%s/%s", location, row[9])
		}
		if logout == nil && row[6] != nil {
			logout = "open"
		}
		return []any{row[2], row[4], row[6], logout, location, row[10], row[11], row[14], row[15], row[18], cmp.Or(row[12], row[20])}
	})
}

// rulesOf binds the rules of days with a slice.
func rulesOf(stands ...compute.Standing) sql.NamedArg {
	type rules struct { // of a day
		rule.Set
		Day   calendar.Date     `json:"day"`
		Zones map[string]string `json:"zones"` // of the regions
	}
	by := make([]rules, len(stands))
	for i, s := range stands {
		by[i] = rules{compute.RulesFor(s.By, s.Day), s.Day, map[string]string{}}
		by[i].AsOf = int64(s.Slice.AsOf)
		for _, r := range s.By.Regions {
			by[i].Zones[r.Name] = r.Zone.String()
		}
	}
	return duck.JSON("rules", by)
}
