// Package reconcile holds the numbers of another counter, a vendor's, against ours, and looks for readings of the specification
// under which the kept rows give theirs.
//
// Promises: the store is only read; every reading is tried over all periods of a region, one at a time, and then in pairs where no
// single one gives all numbers; nothing is said to be right: only what fits, where, and what else fits.
package reconcile

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/reading"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/report"
)

// Result is a tenant's reconciliation: as ask/month_list, reconciled_list, found_list and difference_list have it.
type Result struct {
	Months, Numbers, Findings, Sessions report.Table
	Differs                             bool
	Untried                             []calendar.Date // days without rows that could be counted, where some were wanted
}

// Tenant reconciles what is theirs of a tenant in her store.
func Tenant(ctx context.Context, conn *sql.Conn, t config.Tenant, theirs []Number) (r Result, err error) {
	steps := []string{"ask/their_number", "ask/our_number", "ask/reconciled", "ask/found", "ask/difference"}
	if err := duck.ExecAll(ctx, conn, steps, duck.JSON("theirs", theirs)); err != nil {
		return r, err
	}
	months, err := duck.By[string, calendar.Month](ctx, conn, "ask/differing_month")
	for _, region := range t.Regions {
		if len(months[region.Name]) > 0 && err == nil {
			err = search{conn, t, region, &r}.find(ctx, months[region.Name])
		}
	}
	zone := func(_ []string, row []any) *time.Location { return job.ZoneOf(t, row[1].(string)) }
	for statement, into := range map[string]*report.Table{"month_list": &r.Months, "reconciled_list": &r.Numbers, "found_list": &r.Findings, "difference_list": &r.Sessions} {
		if err == nil {
			*into, err = report.Ask(ctx, conn, "ask/"+statement, zone, sql.Named("tenant", t.Name))
		}
	}
	r.Differs = slices.ContainsFunc(r.Numbers.Rows, Differ)
	return r, err
}

// Differ tells whether theirs is another number than ours in a row of Numbers, or lacks on one side.
func Differ(row []any) bool { return row[4] != row[5] }

type search struct {
	conn   *sql.Conn
	tenant config.Tenant
	region config.Region
	*Result
}

// find tries the readings over all days of some months of which there are rows.
func (s search) find(ctx context.Context, months []calendar.Month) error {
	var asked, around []calendar.Date
	for _, month := range months {
		asked = append(asked, s.region.DaysIn(month, s.tenant.DaysOf(month))...)
		around = append(around, month.First().AddDays(-1), month.Last().AddDays(1))
	}
	around = slices.DeleteFunc(around, func(d calendar.Date) bool { return slices.Contains(asked, d) })
	stands, err := compute.Look(ctx, s.conn, s.tenant, append(slices.Clone(asked), around...)...)
	if err != nil {
		return err
	}
	var days, beside []compute.Standing
	for i, stand := range stands {
		switch can := stand.Slice != nil && !stand.Stale(); {
		case can && i < len(asked):
			days = append(days, stand)
		case can:
			beside = append(beside, stand)
		case i < len(asked) && !slices.Contains(s.Untried, stand.Day):
			s.Untried = append(s.Untried, stand.Day)
		}
	}
	if err := reading.Stage(ctx, s.conn, s.region.Name, "", true, days, beside); err != nil {
		return err
	}
	region := sql.Named("region", s.region.Name)
	look := func() error {
		err := reading.Count(ctx, s.conn)
		if err == nil {
			err = duck.Exec(ctx, s.conn, "ask/reading_given", region)
		}
		return err
	}
	err = look()
	if pairs, asked := duck.One[bool](ctx, s.conn, "ask/wants_pairs"); pairs && cmp.Or(err, asked) == nil {
		if err = duck.Exec(ctx, s.conn, "ask/reading_pair"); err == nil {
			err = look()
		}
	}
	if err == nil {
		err = duck.Exec(ctx, s.conn, "ask/finding", region)
	}
	if err != nil {
		return err
	}
	wanted, err := duck.All[struct {
		Readings, Without string
		Turn              int64
		Periods           string
	}](ctx, s.conn, "ask/difference_wanted", region)
	for _, w := range wanted {
		if err == nil {
			err = reading.Differ(ctx, s.conn, w.Readings, w.Without, region, sql.Named("turn", w.Turn), sql.Named("periods", w.Periods))
		}
	}
	return err
}
