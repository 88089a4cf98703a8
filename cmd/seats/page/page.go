// Package page takes what a tenant's pages show out of its published store, which it only reads.
//
// Promises: the numbers are those that the store holds, whatever the configuration says by now; who was in a peak is told
// by package explain, or why it cannot be. Memory grows with the days' numbers and one day's curves.
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
	"seats/report/html"
)

// Tenant is whose pages are written.
type Tenant struct {
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
func (t Tenant) Write(ctx context.Context, site *html.Site) error {
	page, err := t.load(ctx)
	if err != nil {
		return err
	}
	if err := site.Tenant(page); err != nil {
		return err
	}
	var days []calendar.Date
	for _, d := range page.Days {
		if d.HasPage {
			days = append(days, d.Date)
		}
	}
	explainer := explain.New(t.Conn, t.Of)
	for i, day := range days {
		if i == 0 {
			t.Log.Start("pages of " + t.Of.Name)
			t.Log.Expect(int64(len(days)))
		}
		t.Log.Add(1)
		detail, err := t.day(ctx, explainer, day)
		if err != nil {
			return err
		}
		if err := site.Day(day, detail); err != nil {
			return err
		}
	}
	return nil
}

func (t Tenant) load(ctx context.Context) (html.Tenant, error) {
	page := html.Tenant{Name: t.Of.Name, Regions: t.Of.Regions}
	ended, err1 := duck.One[int64](ctx, t.Conn, "ask/page_as_of")
	var err2, err3 error
	page.Issued, err2 = report.IssuedFiles(ctx, t.Conn)
	page.Enabled, err3 = duck.All[html.Enabled](ctx, t.Conn, "ask/page_month")
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
func (t Tenant) lookAhead(ctx context.Context, page *html.Tenant) error {
	for _, r := range t.Of.Regions {
		trend, err := explain.LookAhead(ctx, t.Conn, t.Of, r, calendar.Date{}, t.Now)
		if _, told := errors.AsType[*fail.Error](err); told {
			continue
		}
		if err != nil {
			return err
		}
		page.Outlook = append(page.Outlook, html.Outlook{Region: r.Name, Outlook: trend.Outlook, Lacks: trend.Lacks()})
	}
	return nil
}

// loadDays lines up the days, the missing ones between them too, of the months in which one has a page.
func (t Tenant) loadDays(ctx context.Context, page *html.Tenant) error {
	states, err := watch.States(ctx, t.Conn, t.Of)
	if err != nil || len(states) == 0 {
		return err
	}
	shown := map[calendar.Month]bool{}
	for day := range states {
		shown[day.YearMonth()] = shown[day.YearMonth()] || t.Wants(day)
	}
	days := slices.SortedFunc(maps.Keys(states), calendar.Date.Compare)
	at := map[calendar.Date]int{}
	for day := days[0]; !days[len(days)-1].Before(day); day = day.AddDays(1) {
		d := html.Day{Date: day, State: html.Missing}
		if state, known := states[day]; known {
			d.State, d.HasPage = state, t.Wants(day)
		}
		at[day] = len(page.Days)
		page.Days = append(page.Days, d)
		if n := len(page.Shown); shown[day.YearMonth()] && (n == 0 || page.Shown[n-1] != day.YearMonth()) {
			page.Shown = append(page.Shown, day.YearMonth())
		}
	}
	peaks, err := duck.All[struct {
		Day calendar.Date
		html.Peak
	}](ctx, t.Conn, "ask/page_peak")
	if err != nil {
		return err
	}
	for _, p := range peaks {
		if p.Agents > 0 {
			p.At = p.At.In(job.ZoneOf(t.Of, p.Region))
		}
		if i, known := at[p.Day]; known {
			page.Days[i].Peaks = append(page.Days[i].Peaks, p.Peak)
		}
	}
	found, err := duck.All[struct {
		Day      calendar.Date
		Rule     string
		Blocking bool
		Count    int64
	}](ctx, t.Conn, "ask/page_quality")
	for _, q := range found {
		if i, known := at[q.Day]; known {
			page.Days[i].Quality = append(page.Days[i].Quality, settle.Quality{Rule: q.Rule, Blocking: q.Blocking, Count: q.Count})
		}
	}
	return err
}

func (t Tenant) day(ctx context.Context, explainer *explain.Explainer, day calendar.Date) (d html.Detail, err error) {
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
		detail := html.RegionDetail{Region: r.Name, Day: day.In(r.Zone), Zone: r.Zone, Curves: curves[r.Name]}
		if err := t.seats(ctx, explainer, day, &detail); err != nil {
			return d, err
		}
		d.Regions = append(d.Regions, detail)
	}
	return d, nil
}

// curves are a day's by region. Steps that differ in sessions alone are one.
func (t Tenant) curves(ctx context.Context, day calendar.Date) (map[string][]html.Curve, error) {
	steps, err := duck.All[struct {
		Region, Location string
		html.Step
	}](ctx, t.Conn, "ask/page_curve", sql.Named("day", day.String()))
	found := map[string][]html.Curve{}
	for _, s := range steps {
		all := found[s.Region]
		if n := len(all); n == 0 || all[n-1].Location != s.Location {
			all = append(all, html.Curve{Location: s.Location})
		}
		c := &all[len(all)-1]
		if n := len(c.Steps); n > 0 && c.Steps[n-1].Agents == s.Agents && c.Steps[n-1].End == s.Start {
			c.Steps[n-1].End = s.End
		} else {
			c.Steps = append(c.Steps, s.Step)
		}
		found[s.Region] = all
	}
	return found, err
}

// seats tell who was in the peak, or why that cannot be told: the rows are gone, or the configuration has changed.
func (t Tenant) seats(ctx context.Context, explainer *explain.Explainer, day calendar.Date, d *html.RegionDetail) error {
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
	for _, s := range peak.Seats {
		if t.Mask != nil {
			s.Agent = t.Mask.Agent(s.Agent)
		}
		seat := html.Seat{Agent: s.Agent, Location: s.Location, Session: s.Session.ID, Login: time.Unix(s.Login, 0).In(d.Zone), Kind: s.First.Kind,
			Activity: s.First.Key.ID, At: time.Unix(s.First.Start, 0).In(d.Zone), Switch: s.First.Switch, Why: string(s.Decision)}
		if s.Logout != nil {
			seat.Logout = new(time.Unix(*s.Logout, 0).In(d.Zone))
		}
		d.Seats = append(d.Seats, seat)
	}
	return nil
}

// breakdowns tell who used the seats, by what the configuration asks for.
func (t Tenant) breakdowns(ctx context.Context, x *explain.Day, d *html.RegionDetail) error {
	for _, by := range t.Of.Breakdown {
		b := html.Breakdown{By: string(by)}
		found, err := x.Breakdown(ctx, by)
		if told, is := errors.AsType[*fail.Error](err); is && ctx.Err() == nil {
			b.Note = "Cannot be told: " + told.Error() + "."
		} else if err != nil {
			return err
		} else {
			for _, p := range found.Parts {
				b.Parts = append(b.Parts, html.Part{Name: p.Name, Peak: p.Peak, At: time.Unix(p.PeakTS, 0).In(d.Zone), Share: p.Share, Enabled: p.Enabled})
			}
		}
		d.Breakdowns = append(d.Breakdowns, b)
	}
	return nil
}
