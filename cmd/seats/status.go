package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"seats/cmd/seats/deliver"
	"seats/cmd/seats/job"
	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
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

// Run prints a row for each tenant and month, or each issued file, from the published stores. A store that cannot be read does not
// keep back the other tenants.
func (c *statusCmd) Run(ctx context.Context, p *program) error {
	if c.Within < 0 || c.Within > 0 && !c.Check {
		return usageError("--within is for --check, and not negative")
	}
	if c.Month != "" && !c.Calendar {
		return usageError("--month is for --calendar")
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	if c.Calendar {
		return c.calendars(ctx, p, cfg.Tenants)
	}
	if c.Check {
		return c.check(ctx, p, cfg.Tenants)
	}
	table, rowsOf := report.Table{Header: monthHeader}, monthRows
	if c.Files {
		table.Header, rowsOf = fileHeader, fileRows
	}
	failed := p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		return reading(ctx, tenant, func(db duck.Queryer) error {
			issued, err := report.IssuedFiles(ctx, db)
			if err != nil {
				return err
			}
			rows, err := rowsOf(ctx, db, tenant, issued, p.clock())
			if err != nil {
				return err
			}
			table.Rows = append(table.Rows, rows...)
			job.WarnGone(p, tenant, issued)
			return nil
		})
	})
	return p.print(table, c.Format, failed)
}

var fileHeader = []string{"tenant", "region", "measure", "period", "revision", "value", "state", "stands", "file", "supersedes", "reason", "issued_at", "delivered_at"}

// fileRows lists what was issued, each chain of revisions in its order; the one that stands is the last.
func fileRows(ctx context.Context, db duck.Queryer, tenant config.Tenant, issued []report.Issue, _ time.Time) (rows [][]any, err error) {
	delivered, err := deliver.Delivered(ctx, db)
	at := map[string]any{} // no key: nil
	for _, d := range delivered {
		at[d.File] = d.At
	}
	for _, i := range issued {
		rows = append(rows, []any{tenant.Name, i.Region, string(i.Measure), i.Period, i.Revision, i.Value, i.State, i.Stands, i.File, i.Supersedes, i.Reason, i.IssuedAt, at[i.File]})
	}
	return rows, err
}

// monthStatus is a month of a tenant, as far as it has begun.
type monthStatus struct {
	month, to          calendar.Month // to: the last of several empty months, else the same
	final, provisional int
	missing            []calendar.Date
	daily, monthly     int // files of revision 1
	revised            int // files of later revisions
	undelivered        int // revisions
}

var monthHeader = []string{"tenant", "month", "days", "final", "provisional", "missing", "complete", "daily_files", "monthly_files", "revised", "undelivered"}

func monthRows(ctx context.Context, db duck.Queryer, t config.Tenant, issued []report.Issue, now time.Time) (rows [][]any, err error) {
	held, err := store.Slices(ctx, db)
	if err != nil {
		return nil, err
	}
	var parcels []deliver.Parcel
	if t.Deliver != nil {
		if _, parcels, err = job.Pending(ctx, db, t); err != nil {
			return nil, err
		}
	}
	today := lastEnded(t, now).AddDays(1)
	months, err := summarize(t, held, issued, parcels, today)
	for _, m := range months {
		days, name, undelivered := m.final+m.provisional, m.month.String(), any(nil)
		if m.to != m.month {
			name += ".." + m.to.String()
		}
		if t.Deliver != nil {
			undelivered = m.undelivered
		}
		complete := m.month.Last().Before(today) && len(m.missing) == 0 && days >= len(t.DaysOf(m.month))
		rows = append(rows, []any{t.Name, name, days, m.final, m.provisional, calendar.Runs(m.missing, ".."), complete, m.daily, m.monthly, m.revised, undelivered})
	}
	return rows, err
}

// summarize counts month by month; months in a row of which there is nothing are one.
func summarize(tenant config.Tenant, held map[calendar.Date]store.Slice, issued []report.Issue, parcels []deliver.Parcel, today calendar.Date) (all []*monthStatus, err error) {
	at := func(m calendar.Month) *monthStatus {
		no, known := slices.BinarySearchFunc(all, m, func(s *monthStatus, m calendar.Month) int { return strings.Compare(s.month.String(), m.String()) })
		if !known {
			all = slices.Insert(all, no, &monthStatus{month: m, to: m})
		}
		return all[no]
	}
	for day, s := range held {
		if m := at(day.YearMonth()); job.State(tenant, day, s) == settle.Final {
			m.final++
		} else {
			m.provisional++
		}
	}
	for _, d := range missingDays(tenant, held, today) {
		m := at(d.YearMonth())
		m.missing = append(m.missing, d)
	}
	monthOf := func(i report.Issue) *monthStatus {
		month, unread := calendar.ParseMonth(i.Period[:len("2006-01")])
		err = cmp.Or(err, unread)
		return at(month)
	}
	for _, i := range issued {
		switch m := monthOf(i); {
		case i.Revision > 1:
			m.revised++
		case i.Measure == report.Enabled:
			m.monthly++
		default:
			m.daily++
		}
	}
	for _, p := range parcels {
		monthOf(p.Issue).undelivered++
	}
	var joined []*monthStatus
	for _, m := range all {
		if last := len(joined) - 1; last >= 0 && m.isEmpty() && joined[last].isEmpty() {
			joined[last].to = m.month
			joined[last].missing = append(joined[last].missing, m.missing...)
			continue
		}
		joined = append(joined, m)
	}
	return joined, err
}

func (m monthStatus) isEmpty() bool { return m.final+m.provisional+m.daily+m.monthly+m.revised == 0 }

// missingDays are the days of which nothing is known: from the production date, or the first known day if that is earlier, up to
// yesterday or the tenant's last day.
func missingDays[T any](tenant config.Tenant, known map[calendar.Date]T, today calendar.Date) (missing []calendar.Date) {
	first := today
	if p := tenant.ProductionDate; !p.IsZero() && p.Before(today) {
		first = p
	}
	for d := range known {
		if d.Before(first) {
			first = d
		}
	}
	for d := first; d.Before(today) && !tenant.EndedBefore(d); d = d.AddDays(1) {
		if _, is := known[d]; !is && !job.IsSkipped(tenant, d) {
			missing = append(missing, d)
		}
	}
	return missing
}

// check prints a row for each tenant that is overdue, and for people nothing where none is. The exit status is that of
// the first tenant with something wrong.
func (c *statusCmd) check(ctx context.Context, p *program, tenants []config.Tenant) error {
	table := report.Table{Header: []string{"tenant", "overdue"}}
	y := tally{terminal: p.terminal}
	y.lookAtAll(ctx, tenants, p.clock(), c.Within, func(tenant config.Tenant, _ watch.State, overdue string) {
		if overdue != "" {
			table.Rows = append(table.Rows, []any{tenant.Name, overdue})
			y.code = cmp.Or(y.code, fail.NotReady)
		}
	})
	if len(table.Rows) == 0 && c.Format == report.FormatTable {
		return y.failed()
	}
	return p.print(table, c.Format, y.failed())
}

type fleetCmd struct {
	Status fleetStatusCmd `cmd:"" help:"A line for each tenant: its newest days and numbers, what is provisional, missing, blocked or overdue."`
}

type fleetStatusCmd struct {
	shardFlags
	Format string `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// Run reads every tenant's published store, several at once. One that cannot be read does not keep back the others.
func (c *fleetStatusCmd) Run(ctx context.Context, p *program) error {
	cfg, err := c.part(p, nil)
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "newest", "newest_final", "provisional", "missing", "blocked", "concurrent", "enabled", "last_success", "overdue"}}
	y := tally{terminal: p.terminal}
	y.lookAtAll(ctx, cfg.Tenants, p.clock(), 0, func(tenant config.Tenant, s watch.State, overdue string) {
		last := ""
		if s.LastSuccess != 0 {
			last = time.Unix(s.LastSuccess, 0).UTC().Format(time.RFC3339)
		}
		table.Rows = append(table.Rows, []any{tenant.Name, s.Newest.OrNone(), s.NewestFinal.OrNone(), len(s.Provisional),
			calendar.Runs(s.Missing, ".."), calendar.Runs(s.Blocked, ".."), named(s.Concurrent), named(s.Enabled), last, overdue})
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.print(table, c.Format, y.failed())
}

// named are the counts of regions in one cell: "US 8, EU 4".
func named(counts []watch.Count) string {
	var said []string
	for _, c := range counts {
		said = append(said, fmt.Sprintf("%s %d", c.Name, c.Value))
	}
	return strings.Join(said, ", ")
}

// storesAtOnce is how many are read at the same time: to open one takes longer than to read what it says of itself.
const storesAtOnce = 8

// lookAtAll reads the published stores of tenants and gives, in the tenants' order, how each stands, and what of it is overdue. What
// cannot be read it adds to the tally.
func (y *tally) lookAtAll(ctx context.Context, tenants []config.Tenant, now time.Time, within time.Duration, give func(config.Tenant, watch.State, string)) {
	states, errs := make([]watch.State, len(tenants)), make([]error, len(tenants))
	var group errgroup.Group
	group.SetLimit(storesAtOnce)
	for i, tenant := range tenants {
		group.Go(func() error {
			states[i], errs[i] = look(ctx, tenant, now)
			return nil
		})
	}
	_ = group.Wait() // each tenant has its own error
	for i, tenant := range tenants {
		switch {
		case errs[i] == nil:
			give(tenant, states[i], states[i].Overdue(tenant, now, cmp.Or(within, watch.Within(tenant))))
		case errors.Is(errs[i], store.ErrMissing):
			give(tenant, states[i], "there is no store")
		default:
			y.add(tenant.Name, job.Explain(errs[i], tenant))
		}
	}
}

func look(ctx context.Context, tenant config.Tenant, now time.Time) (state watch.State, err error) {
	tenant.Engine.Threads = 1 // a few rows: starting a thread for each core takes longer
	err = reading(ctx, tenant, func(db duck.Queryer) (err error) {
		state, err = watch.Look(ctx, db, tenant, now)
		return err
	})
	return state, err
}
