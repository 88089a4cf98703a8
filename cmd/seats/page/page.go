package page

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"seats/cmd/seats/explain"
	"seats/cmd/seats/job"
	"seats/cmd/seats/pseudonym"
	"seats/cmd/seats/watch"
	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/settle"
	"seats/report"
)

// Store is a tenant's, of whom pages are written.
type Store struct {
	Conn  *sql.Conn // to the published store, with all its rows
	Of    config.Tenant
	Mask  *pseudonym.Key           // nil: agents are named
	Now   time.Time                // days that are over by then are looked ahead from
	Wants func(calendar.Date) bool // the days that get a page, of those that the store holds
	Log   job.Log
}

// reasonLeftOut takes the place of what people wrote, on pages with pseudonyms: it may name an agent.
const reasonLeftOut = "(left out: it may name an agent)"

// Write adds the tenant to the site.
func (t Store) Write(ctx context.Context, site *Site) error {
	page, err := t.load(ctx)
	if err != nil {
		return err
	}
	if err := site.Tenant(page); err != nil {
		return err
	}
	days := slices.DeleteFunc(slices.Clone(page.Days), func(d Day) bool { return !d.HasPage })
	if len(days) > 0 {
		t.Log.Start("pages of " + t.Of.Name)
		t.Log.Expect(int64(len(days)))
	}
	explainer := explain.New(t.Conn, t.Of)
	for _, d := range days {
		t.Log.Add(1)
		detail, err := t.day(ctx, explainer, d.Date)
		if err == nil {
			err = site.Day(d.Date, detail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t Store) load(ctx context.Context) (Tenant, error) {
	page := Tenant{Name: t.Of.Name, Regions: t.Of.Regions}
	ended, err1 := duck.One[int64](ctx, t.Conn, "ask/page_as_of")
	var err2, err3 error
	page.Issued, err2 = report.IssuedFiles(ctx, t.Conn)
	page.Enabled, err3 = duck.All[Enabled](ctx, t.Conn, "ask/page_month")
	if ended > 0 {
		page.AsOf = time.Unix(ended, 0).UTC()
	}
	for at := range page.Issued {
		if i := &page.Issued[at]; t.Mask != nil && i.Reason != "" {
			i.Reason = reasonLeftOut
		}
	}
	err := cmp.Or(err1, err2, err3, t.loadDays(ctx, &page), t.lookAhead(ctx, &page))
	return page, err
}

// lookAhead tells what each region's month may still bring. Of a region without a day there is nothing to be said.
func (t Store) lookAhead(ctx context.Context, page *Tenant) error {
	for _, r := range t.Of.Regions {
		trend, err := explain.LookAhead(ctx, t.Conn, t.Of, r, calendar.Date{}, t.Now)
		if _, told := errors.AsType[*fail.Error](err); told {
			continue
		}
		if err != nil {
			return err
		}
		page.Outlook = append(page.Outlook, Outlook{Region: r.Name, Outlook: trend.Outlook, Lacks: trend.Lacks()})
	}
	return nil
}

// loadDays lines up the days, the missing ones between them too, of the months in which one has a page.
func (t Store) loadDays(ctx context.Context, page *Tenant) error {
	states, err := watch.States(ctx, t.Conn, t.Of)
	if err != nil || len(states) == 0 {
		return err
	}
	shown := map[calendar.Month]bool{}
	for day := range states {
		shown[day.YearMonth()] = shown[day.YearMonth()] || t.Wants(day)
	}
	peaks, noPeaks := duck.By[calendar.Date, Peak](ctx, t.Conn, "ask/page_peak")
	quality, noQuality := duck.By[calendar.Date, settle.Quality](ctx, t.Conn, "ask/page_quality")
	days := slices.SortedFunc(maps.Keys(states), calendar.Date.Compare)
	for day := days[0]; !days[len(days)-1].Before(day); day = day.AddDays(1) {
		d := Day{Date: day, State: Missing, Peaks: peaks[day], Quality: quality[day]}
		for i := range d.Peaks {
			d.Peaks[i].At = d.Peaks[i].At.In(job.ZoneOf(t.Of, d.Peaks[i].Region))
		}
		if state, known := states[day]; known {
			d.State, d.HasPage = state, t.Wants(day)
		}
		page.Days = append(page.Days, d)
		if n := len(page.Shown); shown[day.YearMonth()] && (n == 0 || page.Shown[n-1] != day.YearMonth()) {
			page.Shown = append(page.Shown, day.YearMonth())
		}
	}
	return cmp.Or(noPeaks, noQuality)
}

func (t Store) day(ctx context.Context, explainer *explain.Explainer, day calendar.Date) (d Detail, err error) {
	stands, err := compute.LookAt(ctx, t.Conn, t.Of, day)
	if _, dropped := errors.AsType[*compute.MissingError](err); err != nil && !dropped {
		return d, err
	}
	d.Slice = stands.Slice
	curves, err := t.curves(ctx, day)
	if err != nil {
		return d, err
	}
	for _, r := range t.Of.Regions {
		section := Section{Region: r.Name, Day: day.In(r.Zone), Zone: r.Zone, Curves: curves[r.Name]}
		if err := t.seats(ctx, explainer, day, &section); err != nil {
			return d, err
		}
		d.Regions = append(d.Regions, section)
	}
	return d, nil
}

// curves are a day's by region. Steps that differ in sessions alone are one.
func (t Store) curves(ctx context.Context, day calendar.Date) (map[string][]Curve, error) {
	steps, err := duck.All[struct {
		Region, Location string
		calendar.Interval
		Agents int64
	}](ctx, t.Conn, "ask/page_curve", sql.Named("day", day.String()))
	found := map[string][]Curve{}
	for _, s := range steps {
		all := found[s.Region]
		if n := len(all); n == 0 || all[n-1].Location != s.Location {
			all = append(all, Curve{Location: s.Location})
		}
		c := &all[len(all)-1]
		if n := len(c.Steps); n > 0 && c.Steps[n-1].Agents == s.Agents && c.Steps[n-1].End == s.Start {
			c.Steps[n-1].End = s.End
		} else {
			c.Steps = append(c.Steps, explain.Step{Interval: s.Interval, Agents: s.Agents})
		}
		found[s.Region] = all
	}
	return found, err
}

// seats tell who was in the peak, or why that cannot be told: the rows are gone, or the configuration has changed.
func (t Store) seats(ctx context.Context, explainer *explain.Explainer, day calendar.Date, d *Section) error {
	var peak *explain.Second
	x, err := explainer.Day(ctx, day, d.Region, "")
	if err == nil {
		err = t.breakdowns(ctx, x, d)
	}
	if err == nil {
		peak, err = x.Peak(ctx)
	}
	if told, is := errors.AsType[*fail.Error](err); is && ctx.Err() == nil {
		d.Note = "Cannot be told: " + told.Error() + "."
		t.Log.Warn("who was in the peak cannot be told: "+told.Error(), "tenant", t.Of.Name, "region", d.Region, "day", day)
		return nil
	}
	if err != nil {
		return err
	}
	d.Seats = peak.Seats
	for i := range d.Seats {
		if t.Mask != nil {
			d.Seats[i].Agent = t.Mask.Agent(d.Seats[i].Agent)
		}
	}
	return nil
}

// breakdowns tell who used the seats, by what the configuration asks for.
func (t Store) breakdowns(ctx context.Context, x *explain.Day, d *Section) error {
	for _, by := range t.Of.Breakdown {
		b := Breakdown{By: by}
		found, err := x.Breakdown(ctx, by)
		if told, is := errors.AsType[*fail.Error](err); is && ctx.Err() == nil {
			b.Note = "Cannot be told: " + told.Error() + "."
		} else if err != nil {
			return err
		} else {
			b.Parts = found.Parts
		}
		d.Breakdowns = append(d.Breakdowns, b)
	}
	return nil
}
