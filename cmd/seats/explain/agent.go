package explain

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"example.com/seats/compute"
	"example.com/seats/compute/rule"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/report"
)

// Fate is a row of ask/agent: what became of a session of an agent on a day: one for each location where it counts, or would but
// for the region's day (R8), and one in all where it counts nowhere.
type Fate struct {
	Date          calendar.Date
	Resource      int64 // resource_key
	Session       Key
	Login, Logout *int64 // as GIM has them
	place                // "" where the session did not get so far
	Verdict       string // counted; counted once, where it shares seconds with another session of its agent; not counted
	Rule          string // the rule that decided, where it is not simply counted
	Reason        string
	Activities    int64    // how many put the session into the location
	First         Activity // the first of them; without a Kind: none
	Decision      string
	Agent         string
	Stored        string // the store's verdict, where it is another than by the rules; else ""
}

// Agent tells of every voice session of an agent in the slices of some days, counted or not, and why not. The
// agent is an employee_id, or #resource_key where that is empty (R6). With a region, and a location, whatever
// counts elsewhere is not counted, by R5.
func (e *Explainer) Agent(ctx context.Context, agent string, days []calendar.Date, region, location string) (fates []Fate, err error) {
	if region != "" {
		if _, _, err := e.scope(calendar.Date{}, region, location); err != nil {
			return nil, err
		}
	}
	return e.fates(ctx, days, region, location, agent)
}

// fates reads what became of the sessions of agents on days whose results are up to date, and holds it against what was counted:
// where it was asked for, and of a session that has no place there, once that it belongs elsewhere.
func (e *Explainer) fates(ctx context.Context, days []calendar.Date, region, location string, agents ...string) (fates []Fate, err error) {
	stands, err := compute.Look(ctx, e.conn, e.tenant, days...)
	if err == nil {
		err = checkFresh(stands...)
	}
	if err != nil {
		return nil, err
	}
	fates, err = duck.All[Fate](ctx, e.conn, "ask/agent", rulesOf(stands...), sql.Named("agents", agents),
		sql.Named("region", region), sql.Named("location", location))
	if err != nil {
		return nil, err
	}
	for _, f := range fates {
		if f.Stored != "" {
			hint := fmt.Sprintf("`seats compute --date %s` counts the day again; should it stay so, keep the store and report it", f.Date)
			return nil, fail.New(fail.Store, hint, "explain agent %s on %s: session %d in %s is %s by the rules and %s in the store",
				f.Agent, f.Date, f.Session.ID, f.place, f.Verdict, f.Stored)
		}
	}
	return fates, nil
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

// FateTable shows what became of an agent's sessions. Times are in the region's zone; where a session got to no
// region, in that of the agent's other sessions, or else the tenant's.
func (e *Explainer) FateTable(agent string, fates []Fate) report.Table {
	zones := map[string]*time.Location{}
	for _, r := range e.tenant.Regions {
		zones[r.Name] = r.Zone
	}
	fallback := e.tenant.Zone
	for _, f := range fates {
		fallback = cmp.Or(zones[f.Region], fallback)
	}
	return tableOf("tenant agent date resource_key sm_res_session_fact_key start_date_time_key login logout region location verdict rule reason "+
		"activities kind activity_key activity_date_time_key activity_start switch call_attempt_guid decision", fates, func(f Fate) []any {
		zone := cmp.Or(zones[f.Region], fallback)
		a := f.First
		return []any{
			e.tenant.Name, agent, f.Date, f.Resource, f.Session.ID, f.Session.DateTimeKey, instant(f.Login, zone), instant(f.Logout, zone),
			text(f.Region), text(f.Location), f.Verdict, text(f.Rule), text(f.Reason), f.Activities, text(a.Kind), where(a.Kind != "", a.Key.ID),
			where(a.Kind != "", a.Key.DateTimeKey), instant(&a.Start, zone), text(a.Switch), text(a.GUID), text(f.Decision),
		}
	})
}

// BriefFateTable is FateTable as far as a terminal is wide.
func (e *Explainer) BriefFateTable(fates []Fate) report.Table {
	t := report.Table{Header: []string{"date", "session", "login", "logout", "location", "verdict", "rule", "by", "activity", "switch", "why"}}
	full := e.FateTable("", fates)
	for i, f := range fates {
		row := full.Rows[i]
		location, why, logout := where(f.Region != "", f.place.String()), cmp.Or(f.Reason, f.Decision), row[7]
		if logout == nil && f.Login != nil {
			logout = "open"
		}
		t.Rows = append(t.Rows, []any{f.Date, f.Session.ID, row[6], logout, location, row[10], row[11], row[14], row[15], row[18], why})
	}
	return t
}
