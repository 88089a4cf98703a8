// Package reconcile holds the numbers of another counter, a vendor's, against ours, and looks for readings of the specification
// under which the kept rows give theirs.
//
// Promises: the store is only read; every reading is tried over all periods of a region, one at a time, and then in pairs where no
// single one gives all numbers of a measure; nothing is said to be right: only what fits, where, and what else fits.
package reconcile

import (
	"cmp"
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
	Region  string `duck:"-"`
	Measure report.Measure
	Long    int64  // of a period's text: a day's or a month's
	Verdict string // "gives all", "gives some", "nearest"

	Reading          int // of those that were counted
	Missing, Earlier bool

	Explains, Differing, Spoils, Equal int64

	Periods, Hows string // parallel, by commas: periods that differ and are given; the day without which, or the revision
	Ways          int64  // how many days, or revisions, would do at most; of the nearest how many sets come as near
	OfRegion      bool   // it gives all of the region's numbers, of every measure
	Size, Rank    int64

	Readings string         `duck:"-"` // their names
	Meaning  string         `duck:"-"`
	Seats    []reading.Seat `duck:"-"` // of the first of a measure: what makes the difference
}

// Result is a tenant's reconciliation.
type Result struct {
	Rows     []Row
	Findings []Finding
	Untried  map[string][]calendar.Date // regions: days without rows that could be counted
}

// Tenant reconciles what is theirs of a tenant in her store.
func Tenant(ctx context.Context, conn *sql.Conn, t config.Tenant, theirs map[Key]int64) (r Result, err error) {
	type number struct {
		report.Series
		Value int64 `json:"value"`
	}
	type length struct {
		Region string         `json:"region"`
		Month  calendar.Month `json:"month"`
		Days   int            `json:"days"`
	}
	numbers, lengths, months := []number{}, []length{}, map[string][]calendar.Month{}
	for key, value := range theirs {
		if key.Tenant != t.Name {
			continue
		}
		numbers = append(numbers, number{key.Series, value})
		if month, err := calendar.ParseMonth(key.Period[:len("2006-01")]); err == nil && !slices.Contains(months[key.Region], month) {
			months[key.Region] = append(months[key.Region], month)
			lengths = append(lengths, length{key.Region, month, len(daysOf(t, key.Region, month))})
		}
	}
	for statement, arg := range map[string]any{"their_number": numbers, "our_number": lengths} {
		text, err := json.Marshal(arg)
		if err != nil {
			return r, err
		}
		name := map[string]string{"their_number": "theirs", "our_number": "days"}[statement]
		if _, err := duck.Exec(ctx, conn, "ask/"+statement, sql.Named(name, string(text))); err != nil {
			return r, err
		}
	}
	if r.Rows, err = duck.All[Row](ctx, conn, "ask/reconciled"); err != nil {
		return r, err
	}
	r.Untried = map[string][]calendar.Date{}
	for _, region := range t.Regions {
		differs := func(row Row) bool {
			return row.Region == region.Name && row.Theirs != nil && row.Ours != nil && !row.Equal()
		}
		if !slices.ContainsFunc(r.Rows, differs) {
			continue
		}
		found, untried, err := search{conn, t, region.Name}.find(ctx, months[region.Name])
		if err != nil {
			return r, err
		}
		r.Findings = append(r.Findings, found...)
		r.Untried[region.Name] = untried
	}
	return r, nil
}

// daysOf are the days that a region's month is counted from.
func daysOf(t config.Tenant, region string, month calendar.Month) []calendar.Date {
	at := slices.IndexFunc(t.Regions, func(r config.Region) bool { return r.Name == region })
	return t.Regions[at].DaysIn(month, t.DaysOf(month))
}

type search struct {
	conn   *sql.Conn
	tenant config.Tenant
	region string
}

// find tries the readings over all days of some months of which there are rows.
func (s search) find(ctx context.Context, months []calendar.Month) (found []Finding, untried []calendar.Date, err error) {
	var asked, around []calendar.Date
	for _, month := range months {
		asked = append(asked, daysOf(s.tenant, s.region, month)...)
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
	if err := reading.Stage(ctx, s.conn, s.region, "", days, beside); err != nil || len(days) == 0 {
		return nil, untried, err
	}
	tried := append([]reading.Reading{reading.AsCounted}, reading.OfRegion(s.tenant, s.region)...)
	look := func(from int) error {
		err := reading.Count(ctx, s.conn, tried[from:], from)
		if err == nil {
			found, err = duck.All[Finding](ctx, s.conn, "ask/finding", sql.Named("region", s.region))
		}
		return err
	}
	if err := look(0); err != nil {
		return nil, nil, err
	}
	short := func(f Finding) bool { return f.Verdict != "gives all" }
	ofRegion := func(f Finding) bool { return f.OfRegion }
	if slices.ContainsFunc(found, short) || !slices.ContainsFunc(found, ofRegion) {
		singles := len(tried)
		if tried, err = s.withPairs(ctx, tried); err == nil {
			err = look(singles)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for i := range found {
		f := &found[i]
		f.Region = s.region
		f.name(tried[f.Reading])
		if first := i == 0 || found[i-1].series() != f.series(); first && f.Explains > 0 && !f.Earlier {
			if f.Seats, err = s.seats(ctx, *f, tried[f.Reading]); err != nil {
				return nil, nil, err
			}
		}
	}
	return found, untried, nil
}

// Of is day or month: whose numbers the finding is about.
func (f Finding) Of() string {
	return map[bool]string{true: "month", false: "day"}[f.Long == int64(len("2006-01"))]
}

// Given are the periods that differ and are given, for people; of the nearest the one that it is nearest to.
func (f Finding) Given() string {
	days, months := []calendar.Date{}, []string{}
	for _, text := range strings.Split(f.Periods, ",") {
		if day, err := calendar.ParseDate(text); err == nil {
			days = append(days, day)
		} else {
			months = append(months, text)
		}
	}
	return cmp.Or(calendar.Runs(days, ".."), strings.Join(months, ", "))
}

// How says without which days, or as which revision, and how many others would do as well; of the nearest, what it gives.
func (f Finding) How() string {
	all := slices.DeleteFunc(strings.Split(f.Hows, ","), func(how string) bool { return how == "" })
	how := strings.Join(slices.Compact(all), ", ")
	if f.Ways > 1 && how != "" {
		how += fmt.Sprintf(" (or %d others)", f.Ways-1)
	}
	return how
}

// Given names the sets of readings that give a number and all others of its measure, or, where none does, that number.
func (r Result) Given(row Row) string {
	var names []string
	for _, f := range r.Findings {
		if f.Explains > 0 && f.Region == row.Region && f.Measure == row.Measure && slices.Contains(strings.Split(f.Periods, ","), row.Period) && !row.Equal() {
			names = append(names, f.Readings)
		}
	}
	if len(names) > 1 {
		return fmt.Sprintf("%s (or %d others)", names[0], len(names)-1)
	}
	return strings.Join(names, "")
}

// series tells the numbers of a measure, of days or months, from others of the region.
func (f Finding) series() string { return fmt.Sprint(f.Measure, f.Long) }

// withPairs adds the pairs of readings. Two that change no number, each by itself, make none: it would be many for nothing.
func (s search) withPairs(ctx context.Context, singles []reading.Reading) ([]reading.Reading, error) {
	telling, err := duck.All[int](ctx, s.conn, "ask/telling_reading")
	tried := slices.Clone(singles)
	for i, one := range singles {
		for j := i + 1; i > 0 && j < len(singles); j++ { // the first is no reading
			both, can := one.And(singles[j])
			if can && (slices.Contains(telling, i) || slices.Contains(telling, j)) {
				tried = append(tried, both)
			}
		}
	}
	return tried, err
}

// name says in words what the set is.
func (f *Finding) name(counted reading.Reading) {
	names, meanings := []string{counted.Name}, []string{counted.Meaning}
	if counted.Name == reading.AsCounted.Name && (f.Missing || f.Earlier) {
		names, meanings = nil, nil
	}
	if f.Missing {
		names, meanings = append(names, "a day missing"), append(meanings, "they had no rows of a day")
	}
	if f.Earlier {
		names, meanings = append(names, "an earlier revision"), append(meanings, "as it was issued before")
	}
	f.Readings, f.Meaning = strings.Join(names, " + "), strings.Join(meanings, "; ")
}

// seats lists who makes the difference in the periods that differ and are given.
func (s search) seats(ctx context.Context, f Finding, counted reading.Reading) (seats []reading.Seat, err error) {
	hows, periods := strings.Split(f.Hows, ","), map[string][]string{}
	for i, period := range strings.Split(f.Periods, ",") {
		periods[hows[i]] = append(periods[hows[i]], period)
	}
	for _, how := range slices.Sorted(maps.Keys(periods)) {
		r := counted
		if how != "" {
			r, _ = r.And(reading.Reading{Flags: map[string]any{"without_day": how}})
		}
		some, err := reading.Difference(ctx, s.conn, r, string(f.Measure), periods[how])
		if err != nil {
			return nil, err
		}
		seats = append(seats, some...)
	}
	return seats, nil
}
