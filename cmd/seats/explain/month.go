package explain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
)

// Month is who was enabled in a region in a month (R9).
type Month struct {
	*Explainer
	Month  calendar.Month
	Region string
	Zone   *time.Location
	State  string
	Agents []Enabled

	days []string // that were counted
}

// Enabled is an agent of the month, with the earliest session that made her one.
type Enabled struct {
	Agent    string
	Days     int64 // days on which a session of hers counted
	Date     calendar.Date
	Location string
	Session  Key
	Login    int64
	Kind     string // of the activity that qualified the session
	Activity int64  // its activity_key
	ActiveAt int64  // its start
}

// Month lists the enabled agents of a region in a month.
func (e *Explainer) Month(ctx context.Context, month calendar.Month, region string) (*Month, error) {
	_, zone, err := e.scope(calendar.Date{}, region, "")
	if err != nil {
		return nil, err
	}
	m := &Month{Explainer: e, Month: month, Region: region, Zone: zone}
	counted, err := m.stored(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	if n := int64(len(m.Agents)); n != counted {
		return nil, fail.New(fail.Store, fmt.Sprintf("`seats compute --month %s` counts it again", month),
			"explain %s in %s: %d agents are counted and %d are found", region, month, counted, n)
	}
	return m, nil
}

// stored is the number of the month, provided that it and all its days are up to date.
func (m *Month) stored(ctx context.Context) (int64, error) {
	result, err := compute.LoadMonth(ctx, m.conn, m.tenant, m.Month)
	var missing *compute.MissingError
	if errors.As(err, &missing) {
		return 0, fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` brings what is missing", m.Month), "nothing to explain: %w", err)
	}
	if err != nil {
		return 0, err
	}
	stands, err := compute.Look(ctx, m.conn, m.tenant, m.tenant.DaysOf(m.Month)...)
	if err == nil {
		err = checkFresh(stands...)
	}
	if err != nil {
		return 0, err
	}
	if result.Stale {
		return 0, fail.New(fail.Other, fmt.Sprintf("`seats compute --month %s` counts it", m.Month),
			"%s has no result for its slices under today's configuration", m.Month)
	}
	for _, r := range result.Regions {
		if r.Region == m.Region {
			m.State = r.State
			for _, slice := range r.Slices {
				m.days = append(m.days, slice.Day.String())
			}
			return r.Agents, nil
		}
	}
	return 0, nil
}

func (m *Month) load(ctx context.Context) error {
	return duck.Each(ctx, m.conn, "ask/enabled_agent", func(scan func(...any) error) error {
		var a Enabled
		var date string
		err := scan(&a.Agent, &a.Days, &date, &a.Location, &a.Session.ID, &a.Session.DateTimeKey, &a.Login, &a.Kind, &a.Activity, &a.ActiveAt)
		if err != nil {
			return err
		}
		a.Date, err = calendar.ParseDate(date)
		m.Agents = append(m.Agents, a)
		return err
	}, sql.Named("region", m.Region), sql.Named("days", m.days))
}

// DaysRead are the days of a month of which the store holds a slice, and those of which it does not.
func (e *Explainer) DaysRead(ctx context.Context, month calendar.Month) (read, missing []calendar.Date, err error) {
	slices, err := store.Slices(ctx, e.conn)
	for _, day := range month.Days() {
		if _, held := slices[day.String()]; held {
			read = append(read, day)
		} else {
			missing = append(missing, day)
		}
	}
	return read, missing, err
}
