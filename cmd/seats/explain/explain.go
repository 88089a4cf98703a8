package explain

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"seats/compute"
	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
)

// Explainer explains the numbers of a tenant. It keeps temporary tables on its connection.
type Explainer struct {
	conn   *sql.Conn
	tenant config.Tenant
}

// New takes a connection to the tenant's store, which may be open for reading only.
func New(conn *sql.Conn, t config.Tenant) *Explainer {
	return &Explainer{conn: conn, tenant: t}
}

// Day is the stored result of a scope on a day.
type Day struct {
	*Explainer
	Date  calendar.Date
	Scope rule.Scope
	Zone  *time.Location // the region's
	State string         // compute.Final or compute.Provisional
	Curve Curve
}

// Day opens the result of a region on a day, or of one location of it where location is not empty.
func (e *Explainer) Day(ctx context.Context, date calendar.Date, region, location string) (*Day, error) {
	stands, err := compute.Look(ctx, e.conn, e.tenant, date)
	if err != nil {
		return nil, err
	}
	d := &Day{Explainer: e.by(stands[0]), Date: date}
	if d.Scope, d.Zone, err = d.scope(date, region, location); err != nil {
		return nil, err
	}
	if err := checkFresh(stands...); err != nil {
		return nil, err
	}
	err = duck.Each(ctx, e.conn, "ask/curve", func(scan func(...any) error) error {
		var s Step
		err := scan(&d.State, &s.Start, &s.End, &s.Agents, &s.Sessions)
		d.Curve = append(d.Curve, s)
		return err
	}, d.where()...)
	return d, err
}

// by explains a day by the rules that it is counted by (R9).
func (e *Explainer) by(s compute.Standing) *Explainer { return &Explainer{conn: e.conn, tenant: s.By} }

// scope finds a region, and a location of it, in the configuration.
func (e *Explainer) scope(date calendar.Date, region, location string) (rule.Scope, *time.Location, error) {
	for _, r := range e.tenant.Regions {
		if r.Name != region {
			continue
		}
		known := location == "" || slices.ContainsFunc(r.Locations, func(l config.Location) bool { return l.Name == location })
		if !known {
			return rule.Scope{}, nil, fail.New(fail.Usage, "", "region %s has no location %q%s", region, location, onDay(date))
		}
		return rule.Scope{Region: region, Location: location, Day: date.In(r.Zone)}, r.Zone, nil
	}
	return rule.Scope{}, nil, fail.New(fail.Usage, "", "tenant %s has no region %q%s", e.tenant.Name, region, onDay(date))
}

// onDay names the day whose rules were asked; the zero one is none.
func onDay(date calendar.Date) string {
	if date.IsZero() {
		return ""
	}
	return " on " + date.String()
}

// checkFresh refuses days whose results are missing, or come from another slice or other rules than those that they are counted
// by: explaining them would explain other numbers.
func checkFresh(stands ...compute.Standing) error {
	for _, s := range stands {
		if missing := s.Missing(); missing != nil {
			return fail.New(fail.NotReady, fmt.Sprintf("`seats run --date %s` reads and counts it", s.Day), "nothing to explain: %w", missing)
		}
		if s.Stale() {
			return fail.New(fail.Other, fmt.Sprintf("`seats compute --date %s` counts it", s.Day),
				"%s has no result for its slice under today's configuration", s.Day)
		}
	}
	return nil
}

// where binds the scope of the day.
func (d *Day) where() []any {
	return []any{sql.Named("day", d.Date.String()), sql.Named("region", d.Scope.Region), sql.Named("location", d.Scope.Location)}
}
