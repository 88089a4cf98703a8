package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"seats/cmd/seats/deliver"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
	"seats/report"
)

type statusCmd struct {
	listFlags
	Files bool `help:"List the issued files instead, revision by revision." xor:"what"`

	Calendar bool  `help:"A month's daily peaks instead, with the state of each day, as a calendar of each region. json and csv: a row a day." xor:"what"`
	Month    given `help:"With --calendar: the month; default the newest that the store holds." placeholder:"YYYY-MM"`

	Check  bool          `help:"List the tenants that are overdue instead, and exit with 4 where there is one: the newest final day, or a missing day of this month or the last, ended too long ago, or there is no store." xor:"what"`
	Within time.Duration `help:"With --check: how long ago a day may have ended. Default: 35h and settle_hours, 36h as a rule." placeholder:"36h"`
}

// Help gives examples.
func (*statusCmd) Help() string {
	return `Examples:
  seats status
  seats status --calendar --month 2026-03 --tenant acme
  seats status --files --format csv
  seats status --check --within 48h`
}

// Run prints a row for each tenant and month, or each issued file, from the published stores. A store that cannot be read does not
// keep back the other tenants.
func (c *statusCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	if c.Within < 0 || c.Within > 0 && !c.Check {
		return usageError("--within is for --check, and not negative")
	}
	if c.Month != "" && !c.Calendar {
		return usageError("--month is for --calendar")
	}
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	if c.Calendar {
		return c.calendars(ctx, w, root, t, cfg.Tenants)
	}
	if c.Check {
		return c.check(ctx, w, t, cfg.Tenants)
	}
	header, rowsOf := monthHeader, monthRows
	if c.Files {
		header, rowsOf = fileHeader, fileRows
	}
	table := report.Table{Header: header}
	failed := t.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		return reading(ctx, tenant, func(db duck.Queryer) error {
			issued, err := report.IssuedFiles(ctx, db)
			if err != nil {
				return err
			}
			rows, err := rowsOf(ctx, db, tenant, issued, w.clock())
			if err != nil {
				return err
			}
			table.Rows = append(table.Rows, rows...)
			job.WarnGone(t, tenant, issued)
			return nil
		})
	})
	return w.print(table, c.Format, failed)
}

var monthHeader = []string{"tenant", "month", "days", "final", "provisional", "missing", "complete", "daily_files", "monthly_files", "revised", "undelivered"}

func monthRows(ctx context.Context, db duck.Queryer, tenant config.Tenant, issued []report.Issue, now time.Time) (rows [][]any, err error) {
	slices, err := store.Slices(ctx, db)
	if err != nil {
		return nil, err
	}
	var parcels []deliver.Parcel
	if tenant.Deliver != nil {
		if _, parcels, err = job.Pending(ctx, db, tenant); err != nil {
			return nil, err
		}
	}
	months, err := summarize(tenant, slices, issued, parcels, lastEnded(tenant, now).AddDays(1))
	for _, m := range joinEmpty(months) {
		rows = append(rows, m.row(tenant))
	}
	return rows, err
}

// monthStatus is a month of a tenant, as far as it has begun.
type monthStatus struct {
	month, to          calendar.Month // to: the last of several empty months, else the same
	final, provisional int
	missing            []calendar.Date
	over               bool
	daily, monthly     int // files of revision 1
	revised            int // files of later revisions
	undelivered        int // revisions
}

func summarize(tenant config.Tenant, held map[string]store.Slice, issued []report.Issue, parcels []deliver.Parcel, today calendar.Date) ([]*monthStatus, error) {
	months := map[calendar.Month]*monthStatus{}
	at := func(m calendar.Month) *monthStatus {
		if months[m] == nil {
			months[m] = &monthStatus{month: m, to: m, over: m.Last().Before(today)}
		}
		return months[m]
	}
	for _, s := range held {
		d, err := calendar.ParseDate(s.Day)
		if err != nil {
			return nil, err
		}
		if job.State(tenant, d, s) == settle.Final {
			at(d.YearMonth()).final++
		} else {
			at(d.YearMonth()).provisional++
		}
	}
	for _, d := range missingDays(tenant, held, today) {
		at(d.YearMonth()).missing = append(at(d.YearMonth()).missing, d)
	}
	monthOf := func(i report.Issue) (calendar.Month, error) { return calendar.ParseMonth(i.Period[:len("2006-01")]) }
	for _, i := range issued {
		month, err := monthOf(i)
		if err != nil {
			return nil, err
		}
		switch {
		case i.Revision > 1:
			at(month).revised++
		case i.Measure == report.Enabled:
			at(month).monthly++
		default:
			at(month).daily++
		}
	}
	for _, p := range parcels {
		month, err := monthOf(p.Issue)
		if err != nil {
			return nil, err
		}
		at(month).undelivered++
	}
	return slices.SortedFunc(maps.Values(months), func(a, b *monthStatus) int { return strings.Compare(a.month.String(), b.month.String()) }), nil
}

// missingDays are the days without a slice: from the production date, or the first slice if that is earlier, up to
// yesterday or the tenant's last day.
func missingDays[T any](tenant config.Tenant, slices map[string]T, today calendar.Date) []calendar.Date {
	first := today
	if p := tenant.ProductionDate; p != (calendar.Date{}) && p.Before(today) {
		first = p
	}
	for text := range slices {
		if d, err := calendar.ParseDate(text); err == nil && d.Before(first) {
			first = d
		}
	}
	var missing []calendar.Date
	for d := first; d.Before(today) && !tenant.EndedBefore(d); d = d.AddDays(1) {
		if _, held := slices[d.String()]; !held && !isSkipped(tenant, d) {
			missing = append(missing, d)
		}
	}
	return missing
}

// joinEmpty makes one row of months in a row of which there is nothing.
func joinEmpty(months []*monthStatus) (joined []*monthStatus) {
	for _, m := range months {
		if last := len(joined) - 1; last >= 0 && m.isEmpty() && joined[last].isEmpty() {
			joined[last].to = m.month
			joined[last].missing = append(joined[last].missing, m.missing...)
			continue
		}
		joined = append(joined, m)
	}
	return joined
}

func (m monthStatus) isEmpty() bool { return m.final+m.provisional+m.daily+m.monthly+m.revised == 0 }

func (m monthStatus) row(t config.Tenant) []any {
	days := m.final + m.provisional
	name := m.month.String()
	if m.to != m.month {
		name += ".." + m.to.String()
	}
	row := []any{t.Name, name, days, m.final, m.provisional, calendar.Runs(m.missing, ".."),
		m.over && len(m.missing) == 0 && days >= len(t.DaysOf(m.month)), m.daily, m.monthly, m.revised, nil}
	if t.Deliver != nil {
		row[len(row)-1] = m.undelivered
	}
	return row
}
