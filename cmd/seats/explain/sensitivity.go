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
	agents, at := d.Curve.peak()
	sessions, ofSessions := d.Curve.Sessions()
	lasting, ofLasting := d.Curve.Lasting(spike)
	readings := []Reading{
		{"as counted", agents, at, "different agents with a qualifying session, by the second"},
		{"sessions", sessions, ofSessions, "sessions instead of agents: an agent with two at once counts twice"},
		{"spikes ignored", lasting, ofLasting, fmt.Sprintf("what is held for %d s on end", spike)},
		{Name: "whole minutes", Meaning: "present in any second of a minute, present in all of it"},
		{Name: "activity only", Meaning: "only the seconds of legs and previews, not the whole session"},
	}
	asked := readings[3:]
	err := duck.Each(ctx, d.conn, "ask/reading", func(scan func(...any) error) error {
		err := scan(&asked[0].Value, &asked[0].At)
		asked = asked[1:]
		return err
	}, append(d.where(), d.leading()...)...)
	if err != nil {
		return nil, err
	}
	recounted, err := d.recount(ctx)
	return append(readings, recounted...), err
}

// leading binds the day in time, and which switches lead into the scope (R5).
func (d *Day) leading() []any {
	places, here := placesOf(d.tenant), map[bool][]string{true: {}, false: {}}
	isHere := func(p place) bool {
		return p.region == d.Scope.Region && (d.Scope.Location == "" || d.Scope.Location == p.location)
	}
	for name, at := range places.bySwitch {
		here[isHere(at)] = append(here[isHere(at)], name)
	}
	return []any{sql.Named("from", d.Scope.Day.Start), sql.Named("until", d.Scope.Day.End), sql.Named("last_second", lastSecond(d.tenant)),
		sql.Named("here", here[true]), sql.Named("elsewhere", here[false]),
		sql.Named("default_here", places.byDefault != nil && isHere(*places.byDefault))}
}

// recount are the readings that change which sessions qualify: the slice is counted again.
func (d *Day) recount(ctx context.Context) ([]Reading, error) {
	other, name, meaning := d.tenant, "end inclusive", "the second of the logout counts too (session_end: inclusive)"
	other.SessionEnd = config.SessionEndInclusive
	if d.tenant.SessionEnd == config.SessionEndInclusive {
		other.SessionEnd = config.SessionEndExclusive
		name, meaning = "end exclusive", "the second of the logout does not count (session_end: exclusive)"
	}
	peaks, err := compute.Recount(ctx, d.conn, d.Date, d.Scope, compute.Reading{Tenant: d.tenant, LegsOnly: true}, compute.Reading{Tenant: other})
	if err != nil {
		return nil, err
	}
	return []Reading{
		{"legs only", peaks[0].Agents, peaks[0].PeakTS, "a preview does not qualify a session"},
		{name, peaks[1].Agents, peaks[1].PeakTS, meaning},
	}, nil
}
