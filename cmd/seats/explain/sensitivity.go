package explain

import (
	"context"
	"database/sql"
	"fmt"

	"seats/compute"
	"seats/internal/config"
	"seats/internal/duck"
)

// Reading is the peak of a day under a reading of the specification.
type Reading struct {
	Name    string
	Value   int64
	At      int64 // the first second of the peak; 0 where the value is 0
	Meaning string
}

// Sensitivity gives the day's number, and then what it would be under other readings of the specification, each
// for itself. Spikes are those shorter than so many seconds.
func (d *Day) Sensitivity(ctx context.Context, spike int64) ([]Reading, error) {
	r := readings{Day: d}
	r.stored(spike)
	for _, step := range []func(context.Context) error{r.seats, r.wholeMinutes, r.activityTime, r.recount} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return r.found, nil
}

// readings collects them.
type readings struct {
	*Day
	found []Reading
}

func (r *readings) add(name string, value, at int64, meaning string) {
	r.found = append(r.found, Reading{name, value, at, meaning})
}

// stored are the readings that the stored curve answers.
func (r *readings) stored(spike int64) {
	agents, plateaus := r.Curve.Plateaus()
	at := int64(0)
	if agents > 0 {
		at = plateaus[0].Start
	}
	r.add("as counted", agents, at, "different agents with a qualifying session, by the second")
	agents, at = r.Curve.Sessions()
	r.add("sessions", agents, at, "sessions instead of agents: an agent with two at once counts twice")
	agents, at = r.Curve.Lasting(spike)
	r.add("spikes ignored", agents, at, fmt.Sprintf("what is held for %d s on end", spike))
}

// seats makes the table that wholeMinutes and activityTime start from.
func (r *readings) seats(ctx context.Context) error {
	_, err := duck.Exec(ctx, r.conn, "ask/reading_seat", r.where()...)
	return err
}

func (r *readings) wholeMinutes(ctx context.Context) error {
	if _, err := duck.Exec(ctx, r.conn, "ask/reading_whole_minutes", r.span()...); err != nil {
		return err
	}
	return r.peak(ctx, "whole minutes", "present in any second of a minute, present in all of it")
}

func (r *readings) activityTime(ctx context.Context) error {
	slice, err := compute.LoadSlice(ctx, r.conn, r.Date)
	if err != nil {
		return err
	}
	defaultHere, err := r.switches(ctx)
	if err != nil {
		return err
	}
	args := append(r.span(), sql.Named("day", r.Date.String()), sql.Named("as_of", slice.AsOf), sql.Named("last_second", lastSecond(r.tenant)),
		sql.Named("default_here", defaultHere))
	if _, err := duck.Exec(ctx, r.conn, "ask/reading_activity_time", args...); err != nil {
		return err
	}
	return r.peak(ctx, "activity only", "only the seconds of legs and previews, not the whole session")
}

// switches writes down which listed switches lead into the scope, and tells whether the default location is in
// it (R5).
func (r *readings) switches(ctx context.Context) (defaultHere bool, err error) {
	places := placesOf(r.tenant)
	here := func(p place) bool {
		return p.region == r.Scope.Region && (r.Scope.Location == "" || r.Scope.Location == p.location)
	}
	if _, err := duck.Exec(ctx, r.conn, "ask/reading_switch"); err != nil {
		return false, err
	}
	named := map[bool][]string{}
	for name, at := range places.bySwitch {
		named[here(at)] = append(named[here(at)], name)
	}
	for isHere, names := range named {
		if _, err := duck.Exec(ctx, r.conn, "ask/reading_add_switch", sql.Named("switch_names", names), sql.Named("is_here", isHere)); err != nil {
			return false, err
		}
	}
	return places.byDefault != nil && here(*places.byDefault), nil
}

// recount are the readings that change which sessions qualify: the slice is counted again.
func (r *readings) recount(ctx context.Context) error {
	other, name, meaning := r.tenant, "end inclusive", "the second of the logout counts too (session_end: inclusive)"
	other.SessionEnd = config.SessionEndInclusive
	if r.tenant.SessionEnd == config.SessionEndInclusive {
		other.SessionEnd = config.SessionEndExclusive
		name, meaning = "end exclusive", "the second of the logout does not count (session_end: exclusive)"
	}
	peaks, err := compute.Recount(ctx, r.conn, r.Date, r.Scope, compute.Reading{Tenant: r.tenant, LegsOnly: true}, compute.Reading{Tenant: other})
	if err != nil {
		return err
	}
	r.add("legs only", peaks[0].Agents, peaks[0].PeakTS, "a preview does not qualify a session")
	r.add(name, peaks[1].Agents, peaks[1].PeakTS, meaning)
	return nil
}

// span binds the day in time.
func (r *readings) span() []any {
	return []any{sql.Named("from", r.Scope.Day.Start), sql.Named("until", r.Scope.Day.End)}
}

// peak takes the peak of the table `reading`.
func (r *readings) peak(ctx context.Context, name, meaning string) error {
	return duck.Each(ctx, r.conn, "ask/reading_peak", func(scan func(...any) error) error {
		var value, at int64
		err := scan(&value, &at)
		r.add(name, value, at, meaning)
		return err
	})
}
