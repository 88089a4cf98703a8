package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/sync/errgroup"

	"example.com/seats/cmd/seats/deliver"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

type statusCmd struct {
	listFlags
	Files bool `help:"List the issued files instead, revision by revision." xor:"what"`

	Calendar bool  `help:"A month's daily peaks instead, with the state of each day, as a calendar of each region. json and csv: a row a day." xor:"what"`
	Month    given `help:"With --calendar: the month; default the newest that the store holds." placeholder:"YYYY-MM"`

	Check  bool          `help:"List the tenants that are overdue instead, and exit with 4 where there is one: the newest final day, or a missing day of this month or the last, ended too long ago, or there is no store. Says too which contracts have reached a share of what is committed, which alters no exit." xor:"what"`
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
	switch {
	case err != nil:
		return err
	case c.Calendar:
		return c.calendars(ctx, p, cfg.Tenants)
	case c.Check:
		return c.check(ctx, p, cfg.Tenants)
	}
	table, rowsOf := report.Table{Header: monthHeader}, c.monthRows
	if c.Files {
		table.Header, rowsOf = fileHeader, fileRows
	} else if c.Format == report.FormatJSON {
		table.Header = append(slices.Clone(monthHeader), "why")
	}
	failed := p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		return reading(ctx, tenant, func(db duck.Queryer) error {
			issued, err1 := report.IssuedFiles(ctx, db)
			whys, err2 := watch.Whys(ctx, db, tenant)
			rows, err3 := rowsOf(ctx, db, tenant, issued, whys, p.clock())
			if err := cmp.Or(err1, err2, err3); err != nil {
				return err
			}
			table.Rows = append(table.Rows, rows...)
			job.WarnGone(p, tenant, issued)
			if said := settle.Said(whys); said != "" {
				p.Info("provisional: "+said, "tenant", tenant.Name)
			}
			return nil
		})
	})
	return p.print(table, c.Format, failed)
}

var fileHeader = []string{"tenant", "region", "measure", "period", "revision", "value", "state", "stands", "file", "supersedes", "reason", "issued_at", "delivered_at"}

// fileRows lists what was issued, each chain of revisions in its order; the one that stands is the last.
func fileRows(ctx context.Context, db duck.Queryer, tenant config.Tenant, issued []report.Issue, _ map[calendar.Date]string, _ time.Time) (rows [][]any, err error) {
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

// monthStatus is a month of a tenant, as far as it has begun; To is the last of several in a row of which there is nothing, which are
// one for people alone, else the same.
type monthStatus struct {
	Month, To          calendar.Month
	Final, Provisional int // days
	Daily, Monthly     int // files of revision 1
	Revised            int // files of later revisions
	Undelivered        int // revisions
}

var monthHeader = []string{"tenant", "month", "days", "final", "provisional", "missing", "complete", "daily_files", "monthly_files", "revised", "undelivered", "highest"}

// monthRows lists the months. whys says of each day that the store holds why it is provisional, "": it is final.
func (c *statusCmd) monthRows(ctx context.Context, db duck.Queryer, t config.Tenant, _ []report.Issue, whys map[calendar.Date]string, now time.Time) (rows [][]any, err error) {
	all, err1 := watch.HighestSeconds(ctx, db, t)
	parcels, err2 := []deliver.Parcel(nil), error(nil)
	if t.Deliver != nil {
		_, parcels, err2 = job.Pending(ctx, db, t, time.Time{})
	}
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	today := lastEnded(t, now).AddDays(1)
	gaps, known := missingDays(t, whys, today), []string{}
	for day, why := range whys {
		known = append(known, day.String()+" "+settle.Of(why))
	}
	for _, day := range gaps {
		known = append(known, day.String()+" "+missing)
	}
	periods := list.Of(parcels, func(p deliver.Parcel) string { return p.Issue.Period })
	highest := map[calendar.Month][]watch.Count{}
	for _, h := range all {
		highest[h.Month] = append(highest[h.Month], h.Count)
	}
	months, err := duck.All[monthStatus](ctx, db, "ask/month_status", sql.Named("days", known), sql.Named("undelivered", periods),
		sql.Named("together", c.Format == report.FormatTable))
	for _, m := range months {
		days, name, undelivered := m.Final+m.Provisional, m.Month.String(), report.OrNil(t.Deliver != nil, m.Undelivered)
		if m.To != m.Month {
			name += ".." + m.To.String()
		}
		gap := slices.DeleteFunc(slices.Clone(gaps), func(d calendar.Date) bool { return d.Before(m.Month.First()) || m.To.Last().Before(d) })
		complete := m.Month.Last().Before(today) && len(gap) == 0 && days >= len(t.DaysOf(m.Month))
		rows = append(rows, []any{t.Name, name, days, m.Final, m.Provisional, dayList(gap), complete, m.Daily, m.Monthly, m.Revised, undelivered, named(highest[m.Month])})
		if c.Format == report.FormatJSON {
			of := maps.Clone(whys)
			maps.DeleteFunc(of, func(day calendar.Date, why string) bool { return why == "" || day.YearMonth() != m.Month })
			rows[len(rows)-1] = append(rows[len(rows)-1], of)
		}
	}
	return rows, err
}

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

// check prints a row for each tenant that is overdue, and for people nothing where none is; what contracts have reached is told beside it. The exit status is that of
// the first tenant with something wrong.
func (c *statusCmd) check(ctx context.Context, p *program, tenants []config.Tenant) error {
	table := report.Table{Header: []string{"tenant", "overdue"}}
	y := tally{terminal: p.terminal}
	y.lookAtAll(ctx, tenants, p.clock(), c.Within, func(tenant config.Tenant, s watch.State, overdue string) {
		for _, contract := range s.Contracts {
			if contract.Reached > 0 {
				contract.Warn(p, tenant.Name)
			}
		}
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
	table := report.Table{Header: []string{"tenant", "newest", "newest_final", "provisional", "missing", "blocked", "concurrent", "enabled", "last_success", "overdue", "highest"}}
	y := tally{terminal: p.terminal}
	y.lookAtAll(ctx, cfg.Tenants, p.clock(), 0, func(tenant config.Tenant, s watch.State, overdue string) {
		held := !s.Newest.IsZero()
		table.Rows = append(table.Rows, []any{tenant.Name, report.OrNil(held, s.Newest), report.OrNil(!s.NewestFinal.IsZero(), s.NewestFinal),
			report.OrNil(held, len(s.Provisional)), report.OrNil(held, dayList(s.Missing)), report.OrNil(held, dayList(s.Blocked)),
			named(s.Concurrent), named(s.Enabled), report.OrNil(s.LastSuccess != 0, time.Unix(s.LastSuccess, 0).UTC()),
			report.Told{Value: overdue != "", Words: overdue}, named(s.Highest)})
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.print(table, c.Format, y.failed())
}

// dayList is days: for people as runs, in JSON one by one.
type dayList []calendar.Date

func (d dayList) String() string { return calendar.Runs(d, "..") }

// MarshalJSON writes a list, also of no day.
func (d dayList) MarshalJSON() ([]byte, error) { return json.Marshal(append([]calendar.Date{}, d...)) }

// named are the counts of regions by their names, for people "EU 4, US 8"; nil: none.
func named(counts []watch.Count) any {
	if len(counts) == 0 {
		return nil
	}
	by, said := map[string]int64{}, []string{}
	for _, c := range counts {
		by[c.Name], said = c.Value, append(said, c.String())
	}
	return report.Told{Value: by, Words: strings.Join(said, ", ")}
}

// lookAtAll reads the published stores of tenants and gives, in the tenants' order, how each stands, and what of it is overdue. What
// cannot be read it adds to the tally.
func (y *tally) lookAtAll(ctx context.Context, tenants []config.Tenant, now time.Time, within time.Duration, give func(config.Tenant, watch.State, string)) {
	states, errs := make([]watch.State, len(tenants)), make([]error, len(tenants))
	var group errgroup.Group
	group.SetLimit(8) // at the same time: to open one takes longer than to read what it says of itself
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

// calendars prints a month of each tenant and region: for people as a calendar, else a row a day.
func (c *statusCmd) calendars(ctx context.Context, p *program, tenants []config.Tenant) error {
	month, err := parsed("--month", string(c.Month), calendar.ParseMonth)
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "region", "date", "state", "peak", "committed"}}
	screen := p.screen()
	var drawn []string
	failed := p.eachTenant(ctx, tenants, func(tenant config.Tenant) error {
		return reading(ctx, tenant, func(db duck.Queryer) error {
			sheets, err := sheetsOf(ctx, db, tenant, month, p.clock())
			if err == nil && len(sheets) == 0 {
				p.Info("nothing is held of the month", "tenant", tenant.Name, "month", month)
			}
			for _, sheet := range sheets {
				table.Rows = append(table.Rows, sheet.rows()...)
				drawn = append(drawn, sheet.draw(screen))
			}
			return err
		})
	})
	if c.Format != report.FormatTable || failed != nil && !alreadySaid(failed) {
		return p.print(table, c.Format, failed)
	}
	_, err = io.WriteString(p.stdout, strings.Join(drawn, "\n"))
	return cmp.Or(err, failed)
}

// sheet is a region's month on the wall.
type sheet struct {
	tenant string
	region config.Region
	month  calendar.Month
	states map[calendar.Date]string // also missing; a day that is not in it is none of the tenant's, or still to come
	peaks  map[calendar.Date]int64
}

const missing = "missing"

// sheetsOf reads a tenant's month; the zero month is the newest of which the store holds a day.
func sheetsOf(ctx context.Context, db duck.Queryer, tenant config.Tenant, month calendar.Month, now time.Time) (sheets []sheet, err error) {
	whys, err1 := watch.Whys(ctx, db, tenant)
	peaks, err2 := watch.Peaks(ctx, db)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	states, newest := map[calendar.Date]string{}, month == (calendar.Month{})
	for day, why := range whys {
		if states[day] = settle.Of(why); newest && month.First().Before(day) {
			month = day.YearMonth()
		}
	}
	for _, day := range missingDays(tenant, states, lastEnded(tenant, now).AddDays(1)) {
		states[day] = missing
	}
	for _, r := range tenant.Regions {
		s := sheet{tenant.Name, r, month, states, peaks[r.Name]}
		if len(s.rows()) > 0 {
			sheets = append(sheets, s)
		}
	}
	return sheets, nil
}

// rows has one for each day of the month that has a state. Of a day that was not counted yet there is no peak.
func (s sheet) rows() (rows [][]any) {
	for _, day := range s.month.Days() {
		state, has := s.states[day]
		if !has {
			continue
		}
		peak, known := s.peaks[day]
		rows = append(rows, []any{s.tenant, s.region.Name, day.String(), state, report.OrNil(known, peak),
			report.OrNil(s.region.Committed > 0, s.region.Committed)})
	}
	return rows
}

// draw is the calendar, Monday first: each day with its peak and what is to be said of it, each week with a sparkline of its
// peaks under the highest of the month; then what the signs mean that are in it.
func (s sheet) draw(screen screen) string {
	highest, at, top := int64(0), calendar.Date{}, int64(0) // what comes after the region's last day is drawn, and none of its month
	for _, day := range s.month.Days() {
		n := s.peaks[day]
		if top = max(top, n); n > highest && !s.region.EndedBefore(day) {
			highest, at = n, day
		}
	}
	digits := len(fmt.Sprint(top))
	width := 2 + 1 + digits + 2
	gap, spark := "  ", true
	if wide := 7*(width+2) + 7; screen.width > 0 && wide > screen.width {
		gap, spark = " ", wide-7 <= screen.width
	}
	var head string
	for _, name := range []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
		head += screen.paint(faintColor, fmt.Sprintf("%-*s", width, name)) + gap
	}
	lines := []string{s.title(screen, highest, at) + strings.TrimRight(head, " ")}
	days, seen := s.month.Days(), map[string]bool{}
	for first := -(int(days[0].Weekday()) + 6) % 7; first < len(days); first += 7 {
		week, bars := "", ""
		for i := first; i < first+7; i++ {
			if i < 0 || i >= len(days) {
				week, bars = week+strings.Repeat(" ", width)+gap, bars+" "
				continue
			}
			week += s.cell(screen, days[i], digits, seen) + gap
			bars += string(s.bar(screen, days[i], top))
		}
		if spark {
			week += screen.paint(curveColor, strings.TrimRight(bars, " "))
		}
		lines = append(lines, strings.TrimRight(week, " "))
	}
	var legend []string
	for _, s := range signs {
		if seen[s.sign] {
			legend = append(legend, s.sign+" "+s.meaning)
		}
	}
	if legend != nil {
		lines = append(lines, strings.Join(legend, "   "))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s sheet) title(screen screen, highest int64, at calendar.Date) string {
	count := map[string]int{}
	for _, day := range s.month.Days() {
		count[s.states[day]]++
	}
	var said []string
	for _, state := range []string{settle.Final, settle.Provisional, missing} {
		if count[state] > 0 || state == settle.Final {
			said = append(said, fmt.Sprintf("%d %s", count[state], state))
		}
	}
	title := screen.paint(text.Bold, fmt.Sprintf("%s %s, %s %d", s.tenant, s.region.Name, s.month.Month, s.month.Year)) +
		fmt.Sprintf(" (%s): %s", s.region.Zone, strings.Join(said, ", "))
	if highest > 0 {
		title += fmt.Sprintf("; highest peak %d on %s", highest, at)
	}
	if s.region.Committed > 0 {
		title += fmt.Sprintf("; committed %d", s.region.Committed)
	}
	return title + "\n"
}

// The signs beside a day's number, and what they mean, in the order of the legend.
var signs = []struct{ sign, meaning string }{
	{"-", "missing"}, {".", "not counted yet"}, {"~", "provisional, may still move"}, {"!", "above committed"},
}

// cell is a day with its number and two signs; those that it has are noted.
func (s sheet) cell(screen screen, day calendar.Date, digits int, seen map[string]bool) string {
	state, has := s.states[day]
	if !has {
		return screen.paint(faintColor, fmt.Sprintf("%2d", day.Day)) + strings.Repeat(" ", 1+digits+2)
	}
	number, sign, color := ".", "", warnColor
	peak, counted := s.peaks[day]
	switch {
	case state == missing:
		number, color = "-", badColor
	case counted:
		number, color = fmt.Sprint(peak), text.Reset
	}
	if state == settle.Provisional {
		sign, color = "~", warnColor
	}
	if counted && s.region.Committed > 0 && peak > s.region.Committed && !s.region.EndedBefore(day) {
		sign, color = sign+"!", badColor
	}
	for _, one := range number + sign {
		seen[string(one)] = true
	}
	painted := fmt.Sprintf("%*s%-2s", digits, number, sign)
	if color != text.Reset {
		painted = screen.paint(color, painted)
	}
	return screen.paint(faintColor, fmt.Sprintf("%2d", day.Day)) + " " + painted
}

// bar is a day in its week's sparkline. Whoever is there is seen.
func (s sheet) bar(screen screen, day calendar.Date, top int64) rune {
	blocks := screen.glyphs().blocks
	peak, steps := s.peaks[day], int64(len(blocks)-1)
	if peak == 0 || s.states[day] == missing {
		return ' '
	}
	return blocks[(peak*steps+top-1)/top]
}
