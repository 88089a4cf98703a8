package main

import (
	"time"

	"seats/internal/calendar"
	"seats/internal/fail"
)

// zone is the region's, or the tenant's where no region is asked for.
func (x *explanation) zone() *time.Location {
	for _, r := range x.tenant.Regions {
		if r.Name == x.Region {
			return r.Zone
		}
	}
	return x.tenant.Zone
}

// when is the day, and the second where one is asked for.
func (x *explanation) when() (calendar.Date, *int64, error) {
	date, err := x.date()
	if err != nil || x.At == "" {
		return date, nil, err
	}
	if instant, err := time.Parse(time.RFC3339, x.At); err == nil {
		ts := instant.Unix()
		if x.Date == "" {
			date = dateWith(ts, x.zone())
		}
		return date, &ts, nil
	}
	ts, err := clockTime(x.At, date, x.zone())
	return date, &ts, err
}

func (x *explanation) date() (calendar.Date, error) {
	if x.Date == "" {
		return calendar.DateOf(x.world.clock(), x.zone()).AddDays(-1), nil
	}
	date, err := calendar.ParseDate(x.Date)
	if err != nil {
		return date, usageError("--date: %w", err)
	}
	return date, nil
}

// days are those that an agent is looked for on: one, or all of a month that have been read.
func (x *explanation) days() ([]calendar.Date, error) {
	if x.Month == "" {
		date, err := x.date()
		return []calendar.Date{date}, err
	}
	month, err := calendar.ParseMonth(x.Month)
	if err != nil {
		return nil, usageError("--month: %w", err)
	}
	read, missing, err := x.explainer.DaysRead(x.ctx, month)
	if err != nil {
		return nil, err
	}
	if len(read) == 0 {
		return nil, fail.New(fail.NotReady, "`seats run --month "+x.Month+"` reads and counts it", "nothing to explain: no slice of %s", month)
	}
	if len(missing) > 0 {
		x.terminal.Warn("the month is not complete", "tenant", x.tenant.Name, "missing", calendar.Runs(missing, ".."))
	}
	return read, nil
}

// dateWith is the day whose interval holds a second (R7).
func dateWith(ts int64, zone *time.Location) calendar.Date {
	date := calendar.DateOf(time.Unix(ts, 0), zone)
	for _, d := range []calendar.Date{date.AddDays(-1), date.AddDays(1)} {
		if d.In(zone).Contains(ts) {
			return d
		}
	}
	return date
}

// clockTime finds the second of a day at which a region's clocks show a time.
func clockTime(text string, date calendar.Date, zone *time.Location) (int64, error) {
	if _, err := time.Parse(time.TimeOnly, text); err != nil {
		return 0, usageError("--at %q: want HH:MM:SS, or a time as 2026-03-10T14:03:07-04:00", text)
	}
	found := clockSeconds(text, date.In(zone), zone)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, usageError("--at %s: the clocks in %s skipped it on %s", text, zone, date)
	}
	return 0, usageError("--at %s: the clocks in %s showed it twice on %s: give it as %s or %s", text, zone, date,
		time.Unix(found[0], 0).In(zone).Format(time.RFC3339), time.Unix(found[1], 0).In(zone).Format(time.RFC3339))
}

// clockSeconds are the seconds of a day at which the clocks show a time. Each is asked: a
// day may have a time twice, or not at all.
func clockSeconds(text string, day calendar.Interval, zone *time.Location) (found []int64) {
	for ts := day.Start; ts < day.End; ts++ {
		if time.Unix(ts, 0).In(zone).Format(time.TimeOnly) == text {
			found = append(found, ts)
		}
	}
	return found
}
