// Package reconcile holds the numbers of another counter, a vendor's, against ours, and looks for readings of the specification
// under which the kept rows give theirs.
//
// Promises: the store is only read; every reading is tried over all periods of a region, one at a time, and then in pairs where no
// single one gives all numbers; nothing is said to be right: only what fits, where, and what else fits.
package reconcile

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"seats/cmd/seats/reading"
	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/report"
)

// Row is a number of a region: theirs, ours as stored, and as issued; nil where there is none.
type Row struct {
	report.Series
	Theirs, Ours, Issued *int64
}

// Equal tells whether both have it, and the same.
func (r Row) Equal() bool { return r.Theirs != nil && r.Ours != nil && *r.Theirs == *r.Ours }

// Finding is a set of readings that gives some of their numbers of a measure, or all, or comes nearest, as ask/finding has it.
type Finding struct {
	Region           string `duck:"-"`
	Measure          report.Measure
	Of               string // day or month
	Verdict          string // "gives all", "gives some", "nearest"
	Readings         string // by their names
	Explains, Spoils string // how many of those that differ it gives, and of those that are equal it does not
	Periods, How     string
	OfRegion         bool // it gives all of the region's numbers, of every measure
	Meaning          string
	EachPeriod       string
	WithOurs         string
	Seats            []reading.Seat `duck:"-"` // of the first of a measure: what makes the difference
}

// Result is a tenant's reconciliation.
type Result struct {
	Rows     []Row
	Findings []Finding
	Untried  map[string][]calendar.Date // regions: days without rows that could be counted
}

// Tenant reconciles what is theirs of a tenant in her store.
func Tenant(ctx context.Context, conn *sql.Conn, t config.Tenant, theirs []Number) (r Result, err error) {
	text, err := json.Marshal(theirs)
	if err != nil {
		return r, err
	}
	if err := duck.ExecAll(ctx, conn, []string{"ask/their_number", "ask/our_number"}, sql.Named("theirs", string(text))); err != nil {
		return r, err
	}
	if r.Rows, err = duck.All[Row](ctx, conn, "ask/reconciled"); err != nil {
		return r, err
	}
	r.Untried = map[string][]calendar.Date{}
	for _, region := range t.Regions {
		months := map[calendar.Month]bool{}
		differs := false
		for _, row := range r.Rows {
			if row.Region == region.Name {
				months[row.month()] = true
				differs = differs || row.Theirs != nil && row.Ours != nil && !row.Equal()
			}
		}
		if !differs {
			continue
		}
		found, untried, err := search{conn, t, region}.find(ctx, slices.Collect(maps.Keys(months)))
		if err != nil {
			return r, err
		}
		r.Findings, r.Untried[region.Name] = append(r.Findings, found...), untried
	}
	return r, nil
}

func (r Row) month() calendar.Month {
	month, _ := calendar.ParseMonth(r.Period[:len("2006-01")]) // a period is one or begins with one
	return month
}

// Given names the first set of readings that gives a number of theirs that differs, and says how many others do.
func (r Result) Given(row Row) (names string) {
	others := 0
	for _, f := range r.Findings {
		if f.Region != row.Region || f.Measure != row.Measure || f.Verdict == "nearest" || !slices.Contains(strings.Split(f.EachPeriod, ","), row.Period) {
			continue
		}
		if names == "" {
			names = f.Readings
		} else {
			others++
		}
	}
	if others > 0 {
		names += fmt.Sprintf(" (or %d others)", others)
	}
	return names
}

type search struct {
	conn   *sql.Conn
	tenant config.Tenant
	region config.Region
}

// find tries the readings over all days of some months of which there are rows.
func (s search) find(ctx context.Context, months []calendar.Month) (found []Finding, untried []calendar.Date, err error) {
	var asked, around []calendar.Date
	for _, month := range months {
		asked = append(asked, s.region.DaysIn(month, s.tenant.DaysOf(month))...)
		around = append(around, month.First().AddDays(-1), month.Last().AddDays(1))
	}
	around = slices.DeleteFunc(around, func(d calendar.Date) bool { return slices.Contains(asked, d) })
	stands, err := compute.Look(ctx, s.conn, s.tenant, append(slices.Clone(asked), around...)...)
	if err != nil {
		return nil, nil, err
	}
	var days, beside []compute.Standing
	for i, stand := range stands {
		switch can := stand.Slice != nil && !stand.Stale(); {
		case can && i < len(asked):
			days = append(days, stand)
		case can:
			beside = append(beside, stand)
		case i < len(asked):
			untried = append(untried, stand.Day)
		}
	}
	if err := reading.Stage(ctx, s.conn, s.region.Name, "", true, days, beside); err != nil {
		return nil, nil, err
	}
	if found, err = s.look(ctx); err != nil {
		return nil, nil, err
	}
	short := func(f Finding) bool { return f.Verdict != "gives all" }
	if slices.ContainsFunc(found, short) || !slices.ContainsFunc(found, func(f Finding) bool { return f.OfRegion }) {
		if _, err = duck.Exec(ctx, s.conn, "ask/reading_pair"); err == nil {
			found, err = s.look(ctx)
		}
	}
	for i := range found {
		f := &found[i]
		f.Region = s.region.Name
		if first := i == 0 || found[i-1].Measure != f.Measure || found[i-1].Of != f.Of; first && f.Verdict != "nearest" && err == nil {
			f.Seats, err = s.seats(ctx, *f)
		}
	}
	return found, untried, err
}

// look counts the readings that were not counted before, and gives what fits.
func (s search) look(ctx context.Context) ([]Finding, error) {
	if err := reading.Count(ctx, s.conn); err != nil {
		return nil, err
	}
	if _, err := duck.Exec(ctx, s.conn, "ask/reading_given", sql.Named("region", s.region.Name)); err != nil {
		return nil, err
	}
	return duck.All[Finding](ctx, s.conn, "ask/finding")
}

// seats lists who makes the difference in the periods that differ and are given.
func (s search) seats(ctx context.Context, f Finding) (seats []reading.Seat, err error) {
	periods, err := duck.By[string, string](ctx, s.conn, "ask/period_given", sql.Named("with_ours", f.WithOurs), sql.Named("measure", string(f.Measure)),
		sql.Named("periods", f.EachPeriod), sql.Named("missing", strings.HasSuffix(f.Readings, "a day missing")))
	for _, without := range slices.Sorted(maps.Keys(periods)) {
		some, err := reading.Difference(ctx, s.conn, f.WithOurs, without, string(f.Measure), periods[without])
		if err != nil {
			return nil, err
		}
		seats = append(seats, some...)
	}
	return seats, err
}
