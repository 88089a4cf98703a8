// Package page takes what tenants' pages show out of their published stores, which it only reads, and writes them as a site that opens
// from the file system: a fleet page, and for each tenant an overview, a page a month and a page a day with the curve of every second.
//
// Promises: the numbers are those that the store holds, whatever the configuration says by now; who was in a peak is told
// by package explain, or why it cannot be. The pages ask for nothing outside their folder, and a content-security policy forbids it;
// every text is escaped; without scripts all numbers are there as tables. The folder appears whole or not at all, its files readable
// by their owner alone, and takes the place of nothing but an older site. Equal input gives equal bytes.
//
// No clock is read. Memory grows with a tenant's days' numbers and one day's curves.
package page

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/explain"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/forecast"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
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
	var err4 error
	page.Highest, err4 = watch.HighestSeconds(ctx, t.Conn, t.Of)
	err := cmp.Or(err1, err2, err3, err4, t.loadDays(ctx, &page), t.lookAhead(ctx, &page))
	if n := len(page.Shown); n > 0 && err == nil {
		page.Contracts, err = job.Contracts(ctx, t.Conn, page.Shown[0], page.Shown[n-1])
	}
	return page, cmp.Or(err, t.loadFront(ctx, &page))
}

// loadFront tells what the first page does: what is billed, and how the tenant stands.
func (t Store) loadFront(ctx context.Context, page *Tenant) (err error) {
	regions, err1 := json.Marshal(t.Of.Regions)
	contracts, err2 := json.Marshal(page.Contracts)
	var err3, err4, err5 error
	page.Billed, err3 = duck.All[Bill](ctx, t.Conn, "ask/page_bill", sql.Named("regions", string(regions)), sql.Named("contracts", string(contracts)))
	page.Stands, err4 = watch.Look(ctx, t.Conn, t.Of, t.Now)
	page.Overdue = page.Stands.Overdue(t.Of, t.Now, watch.Within(t.Of))
	if len(page.Stands.Blocked) > 0 {
		page.BlockedBy, err5 = duck.One[string](ctx, t.Conn, "ask/page_blocked_by", sql.Named("since", page.Stands.Blocked[0].String()))
	}
	return cmp.Or(err1, err2, err3, err4, err5)
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
		if n := len(page.Shown); d.HasPage && (n == 0 || page.Shown[n-1] != day.YearMonth()) {
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
		section := Section{Region: r.Name, Day: day.In(r.Zone), Zone: r.Zone, Committed: r.Committed, Curves: curves[r.Name]}
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

//go:embed assets
var assets embed.FS

//go:embed pages
var pages embed.FS

var templates = template.Must(template.New("").Funcs(functions).ParseFS(pages, "pages/*.html"))

// Site is a site in the making. Tenants are added one after the other, each with its days; Close publishes all.
type Site struct {
	head    Head
	folder  *folder
	tenants []*overview
}

// Create begins a site. The error is of fail.Usage where the folder is taken by something that is no site.
func Create(dir string, head Head) (*Site, error) {
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Site{head: head, folder: f}, nil
}

// Drop throws away a site that was not closed. After Close it does nothing.
func (s *Site) Drop() error { return s.folder.Drop() }

// Tenant adds a tenant: its overview and its months. Its days follow by Day.
func (s *Site) Tenant(t Tenant) error {
	o := newOverview(t)
	s.tenants = append(s.tenants, o)
	if t.Problem != "" {
		return nil
	}
	if err := s.page(t.Name+"/index.html", "tenant", "../", t.Name, newFront(o)); err != nil {
		return err
	}
	for _, m := range o.Months {
		if err := s.page(t.Name+"/"+m.Month.String()+".html", "month", "../", t.Name+" "+m.Month.String(), m); err != nil {
			return err
		}
	}
	return s.script(t.Name+"/data/days.js", "seatsDays", o.paged)
}

// Day adds the page of a day of the tenant that was added last.
func (s *Site) Day(date calendar.Date, detail Detail) error {
	o := s.tenants[len(s.tenants)-1]
	at := slices.IndexFunc(o.Days, func(d Day) bool { return d.Date == date })
	if at < 0 || !o.Days[at].HasPage {
		return fmt.Errorf("write page of %s: it is no day of %s with a page", date, o.Name)
	}
	v := o.day(at, detail)
	if err := s.script(o.Name+"/data/"+date.String()+".js", "seatsDay", v.data()); err != nil {
		return err
	}
	return s.page(o.Name+"/"+date.String()+".html", "day", "../", o.Name+" "+date.String(), v)
}

// Close writes the fleet page, and publishes the site.
func (s *Site) Close() error {
	if err := s.page("index.html", "fleet", "", "All tenants", newFront(s.tenants...)); err != nil {
		return err
	}
	err := fs.WalkDir(assets, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := assets.ReadFile(name)
		if err != nil {
			return err
		}
		return s.folder.put(name, text)
	})
	if err != nil {
		return err
	}
	if err := s.folder.put(markName, []byte(markText)); err != nil {
		return err
	}
	return s.folder.publish()
}

// frame is what every page has around its own.
type frame struct {
	Head
	Root  string // the way to the site's folder: "" or "../"
	Title string
	Of    any
}

func (s *Site) page(name, kind, root, title string, of any) error {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, kind+".html", frame{s.head, root, title, of}); err != nil {
		return fmt.Errorf("write %s: %w", path.Base(name), err)
	}
	return s.folder.put(name, out.Bytes())
}

// script writes a value as a call: pages of the file system cannot fetch. What would end a script element or a line is escaped.
func (s *Site) script(name, function string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return s.folder.put(name, []byte(function+"("+strings.ToValidUTF8(string(text), "\uFFFD")+")\n"))
}

// Part is a table of a page, with what it shows.
type Part struct {
	Title, Note string
	report.Table
}

// WriteTables writes a page that is a file of its own, with its style in it. Parts without rows are left out.
func WriteTables(w io.Writer, head Head, title string, parts ...Part) error {
	style, err := assets.ReadFile("assets/seats.css")
	if err != nil {
		return err
	}
	parts = slices.DeleteFunc(parts, func(p Part) bool { return len(p.Rows) == 0 })
	return templates.ExecuteTemplate(w, "tables.html", struct {
		frame
		Style template.CSS
	}{frame{head, "", title, parts}, template.CSS(style)}) // #nosec G203 -- ours, embedded
}

// markName is a file that tells a site from other folders, which are never replaced.
const markName = "seats-site.txt"

const markText = "Pages written by `seats report --html`. The next ones take the place of this whole folder.\n"

// folder is a site in the making: a folder beside the one that it becomes.
type folder struct {
	path, draft, old string
	lock             *os.File // nil once it is given back
}

// newFolder makes the draft. A path that is taken by anything but an older site or an empty folder is an error with
// fail.Usage; a link is not followed. What an interrupted run left is removed.
func newFolder(path string) (*folder, error) {
	path = filepath.Clean(path)
	dir, name := filepath.Split(path)
	f := &folder{path: path, draft: filepath.Join(dir, "."+name+".seats-new"), old: filepath.Join(dir, "."+name+".seats-old")}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder for pages: %w", err)
	}
	var err error
	f.lock, err = plain.Lock(filepath.Join(dir, "."+name+".seats-lock"))
	if errors.Is(err, plain.ErrLocked) {
		return nil, fail.New(fail.Store, "wait until that one has ended, or give another folder", "write pages: another `seats report --html` writes %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("write pages: %w", err)
	}
	for _, step := range []func() error{f.restore, f.replaceable, f.clear, func() error { return os.Mkdir(f.draft, 0o700) }} {
		if err := step(); err != nil {
			return nil, errors.Join(err, f.unlock())
		}
	}
	return f, nil
}

// unlock gives the lock back; its file is there only as long as the lock is.
func (f *folder) unlock() error {
	err := errors.Join(os.Remove(f.lock.Name()), f.lock.Close())
	f.lock = nil
	return err
}

// restore puts back the older site where a run was killed between its two renames.
func (f *folder) restore() error {
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.Rename(f.old, f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put back the older pages: %w", err)
	}
	return nil
}

func (f *folder) replaceable() error {
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	if !info.IsDir() {
		return fail.New(fail.Usage, "nothing was overwritten; give a new folder", "%s is no folder (%s)", f.path, info.Mode())
	}
	names, err := os.ReadDir(f.path)
	if err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	if mark, err := os.Lstat(filepath.Join(f.path, markName)); len(names) > 0 && (err != nil || !mark.Mode().IsRegular()) {
		return fail.New(fail.Usage, "nothing was overwritten; give a new folder, or one of older pages", "%s holds other files", f.path)
	}
	return nil
}

// put writes a file of the draft, with the folders that it lies in.
func (f *folder) put(name string, text []byte) error {
	path := filepath.Join(f.draft, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// publish lets the draft take the place of the older site, which is put back where that fails.
func (f *folder) publish() error {
	if err := f.replaceable(); err != nil { // it may have come meanwhile
		return err
	}
	err := os.Rename(f.path, f.old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("publish pages: %w", err)
	}
	if err := os.Rename(f.draft, f.path); err != nil {
		return errors.Join(fmt.Errorf("publish pages: %w", err), f.restore())
	}
	return f.Drop()
}

// Drop throws away the draft and the older site that was replaced, and lets others write. It may be called twice.
func (f *folder) Drop() error {
	if f.lock == nil {
		return nil // by now it may all be another's
	}
	return errors.Join(f.clear(), f.unlock())
}

func (f *folder) clear() error {
	for _, path := range []string{f.draft, f.old} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
	}
	return nil
}

// Head is what every page says of where it comes from.
type Head struct {
	Made    time.Time // when the site was written
	Version string    // of the program
	Masked  bool      // agents are pseudonyms
}

// Tenant is what a tenant's pages are made from, but for the curves.
type Tenant struct {
	Name    string
	Problem string           // why there is nothing to show; "" where there is
	AsOf    time.Time        // end of the newest run on the store; zero: none
	Regions []config.Region  // as they are configured today
	Days    []Day            // in their order, without a gap from the first that is held to the last
	Enabled []Enabled        // by month and region, where a month was counted
	Issued  []report.Issue   // every revision, each chain in its order
	Shown   []calendar.Month // the months that get a page, in their order
	Outlook []Outlook        // what the newest month may still bring, by region

	Highest   []watch.Highest // by month and region, where a day was counted
	Contracts []job.Contract  // of the months that get a page, where a curve is kept
	Billed    []Bill          // by month and region

	Stands    watch.State
	Overdue   string // what is; "": nothing
	BlockedBy string // the rules, of the days that are blocked
}

// Outlook is what a region's month may still bring.
type Outlook struct {
	Region string
	forecast.Outlook
	Lacks []string // why there are no bands, or not of all days
}

// Missing is the state of a day of which the store holds nothing.
const Missing = "missing"

// Day is a day's numbers.
type Day struct {
	Date    calendar.Date
	State   string // settle.Final, settle.Provisional or Missing
	HasPage bool
	Peaks   []Peak           // in the order of the tenant's regions, then those that are configured no more
	Quality []settle.Quality // what each rule found (R11)
}

// Peak is a region's day (R8), or that of one of its locations.
type Peak struct {
	Region, Location string // Location "": the region's
	Agents           int64
	At               time.Time // first second of the peak, in the region's zone; zero without agents
	Seconds          int64     // of the day at the peak
	Enabled          int64     // different agents of the day; a region's alone
	SoFar            *int64    // different agents from the month's first day to this one; nil: not known, or a location's
}

// Enabled is a region's month (R9).
type Enabled struct {
	Month  calendar.Month
	Region string
	Agents int64
	State  string
}

// Detail is what a day's page shows beside its numbers.
type Detail struct {
	Slice   *settle.Slice // what the day was counted from; nil: its rows were dropped
	Regions []Section
}

// Section is a region's day in full.
type Section struct {
	Region    string
	Day       calendar.Interval // in the region's zone
	Zone      *time.Location
	Committed int64          // concurrent agents that were agreed on; 0: not said
	Curves    []Curve        // the region's first, then its locations'; none: not kept
	Seats     []explain.Seat // who was in the peak's first second
	Note      string         // why that cannot be told

	Breakdowns []Breakdown // in the order in which they were asked for; none: nobody asked, or Note says why not

	ofDay // what the day's numbers and the curves say of it
}

// Breakdown is who used the seats of a region's day, for analysis alone.
type Breakdown struct {
	By    config.Unit
	Parts []explain.Part
	Note  string // why it cannot be told
}

// Curve is a step function through the whole day.
type Curve struct {
	Location string // "": the region's
	Steps    explain.Curve
}
