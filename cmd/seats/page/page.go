// Package page takes what tenants' pages show out of their published stores, which it only reads, and writes them as a site that opens
// from the file system: a fleet page, and for each tenant an overview, a page a month and a page a day with the curve of every second.
//
// Promises: the numbers are those that the store holds, whatever the configuration says by now; who was in a peak is told
// by package explain, or why it cannot be. The pages ask for nothing outside their folder, and a content-security policy forbids it;
// every text is escaped; without scripts all numbers are there as tables. The folder appears whole or not at all, its files readable
// by their owner, and whom all tenants' Access names, alone, and takes the place of nothing but an older site. Equal input gives equal bytes.
//
// No clock is read. Memory grows with a tenant's days' numbers and one day's curves.
package page

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
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
	"regexp"
	"slices"
	script "text/template"
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
	site.access = append(site.access, t.Of.Access)
	stands, err := compute.Look(ctx, t.Conn, t.Of, page.paged()...)
	stands = slices.DeleteFunc(stands, func(s compute.Standing) bool { return err == nil && site.Kept(s.Day, t.basis(s)) })
	if len(stands) > 0 {
		t.Log.Start("pages of " + t.Of.Name)
		t.Log.Expect(int64(len(stands)))
	}
	for n := 0; len(stands) > 0 && err == nil; stands = stands[n:] {
		n = compute.Batch(stands, batchRows)
		var details []Detail
		details, err = t.days(ctx, stands[:n])
		for i := 0; i < len(details) && err == nil; i++ {
			t.Log.Add(1)
			err = site.Day(stands[i].Day, details[i])
		}
	}
	return err
}

// batchRows is how many sessions and activities there are at most in days that are asked for at once: a statement costs more by itself
// than a small day in it.
const batchRows = 30_000

// basis is what else than its numbers a day's page depends on.
func (t Store) basis(s compute.Standing) any {
	basis := []any{s.Basis(), t.Of.Breakdown}
	for _, r := range t.Of.Regions {
		basis = append(basis, r.Name, r.Zone.String(), r.Committed)
	}
	return append(basis, t.Mask.Agent("nobody")) // tells keys apart
}

func (t Store) load(ctx context.Context) (Tenant, error) {
	page := Tenant{Name: t.Of.Name, Regions: t.Of.Regions}
	ended, err1 := duck.One[int64](ctx, t.Conn, "ask/page_as_of")
	var err2, err3, err4 error
	if ended > 0 {
		page.AsOf = time.Unix(ended, 0).UTC()
	}
	page.Issued, err2 = report.IssuedFiles(ctx, t.Conn)
	page.Enabled, err3 = duck.All[Enabled](ctx, t.Conn, "ask/page_month")
	for at := range page.Issued {
		if i := &page.Issued[at]; t.Mask != nil && i.Reason != "" {
			i.Reason = reasonLeftOut
		}
	}
	page.Highest, err4 = watch.HighestSeconds(ctx, t.Conn, t.Of)
	err := cmp.Or(err1, err2, err3, err4, t.loadDays(ctx, &page), t.lookAhead(ctx, &page))
	if n := len(page.Shown); n > 0 && err == nil {
		page.Contracts, err = job.Contracts(ctx, t.Conn, page.Shown[0], page.Shown[n-1])
	}
	page.Billed, err1 = duck.All[Bill](ctx, t.Conn, "ask/page_bill", duck.JSON("regions", t.Of.Regions), duck.JSON("contracts", page.Contracts))
	page.Stands, err2 = watch.Look(ctx, t.Conn, t.Of, t.Now)
	page.Overdue = page.Stands.Overdue(t.Of, t.Now, watch.Within(t.Of))
	if len(page.Stands.Blocked) > 0 {
		page.BlockedBy, err3 = duck.One[string](ctx, t.Conn, "ask/page_blocked_by", sql.Named("since", page.Stands.Blocked[0].String()))
	}
	return page, cmp.Or(err, err1, err2, err3)
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
	whys, err := watch.Whys(ctx, t.Conn, t.Of)
	if err != nil || len(whys) == 0 {
		return err
	}
	peaks, noPeaks := duck.By[calendar.Date, Peak](ctx, t.Conn, "ask/page_peak")
	quality, noQuality := duck.By[calendar.Date, settle.Quality](ctx, t.Conn, "ask/page_quality")
	days := slices.SortedFunc(maps.Keys(whys), calendar.Date.Compare)
	for day := days[0]; !days[len(days)-1].Before(day); day = day.AddDays(1) {
		d := Day{Date: day, State: Missing, Peaks: peaks[day], Quality: quality[day]}
		for i := range d.Peaks {
			d.Peaks[i].At = d.Peaks[i].At.In(job.ZoneOf(t.Of, d.Peaks[i].Region))
		}
		if why, known := whys[day]; known {
			d.State, d.Why, d.HasPage = settle.Of(why), why, t.Wants(day)
		}
		page.Days = append(page.Days, d)
		if n := len(page.Shown); d.HasPage && (n == 0 || page.Shown[n-1] != day.YearMonth()) {
			page.Shown = append(page.Shown, day.YearMonth())
		}
	}
	return cmp.Or(noPeaks, noQuality)
}

// days are what the pages of some days show.
func (t Store) days(ctx context.Context, stands []compute.Standing) ([]Detail, error) {
	curves, err := t.curves(ctx, compute.DaysOf(stands))
	if err != nil {
		return nil, err
	}
	explainer := explain.New(t.Conn, t.Of)
	details := make([]Detail, len(stands))
	var told []*explain.Day
	var of []*Section
	for i, s := range stands {
		details[i] = Detail{Slice: s.Slice, Regions: make([]Section, len(t.Of.Regions))}
		for j, r := range t.Of.Regions {
			d := &details[i].Regions[j]
			*d = Section{Region: r.Name, Day: s.Day.In(r.Zone), Zone: r.Zone, Committed: r.Committed, Curves: curves[inDay{s.Day, r.Name}]}
			x, err := explainer.On(s, r.Name, "")
			if err == nil && len(d.Curves) > 0 {
				x.Curve = d.Curves[0].Steps
			}
			if said, err := t.untold(ctx, s.Day, d, err); err != nil {
				return nil, err
			} else if !said {
				told, of = append(told, x), append(of, d)
			}
		}
	}
	return details, t.seats(ctx, explainer, told, of)
}

// inDay is a region on a day.
type inDay struct {
	Day    calendar.Date
	Region string
}

// curves are those of days.
func (t Store) curves(ctx context.Context, days []calendar.Date) (map[inDay][]Curve, error) {
	steps, err := duck.By[inDay, struct {
		Location string
		calendar.Interval
		Agents int64
	}](ctx, t.Conn, "ask/page_curve", duck.Days(days...))
	found := map[inDay][]Curve{}
	for of, steps := range steps {
		var all []Curve
		for _, s := range steps {
			if n := len(all); n == 0 || all[n-1].Location != s.Location {
				all = append(all, Curve{Location: s.Location})
			}
			c := &all[len(all)-1]
			c.Steps = append(c.Steps, explain.Step{Interval: s.Interval, Agents: s.Agents})
		}
		found[of] = all
	}
	return found, err
}

// untold notes why it cannot be told who was in the peak: the rows are gone, or the configuration has changed. Other errors are in the way.
func (t Store) untold(ctx context.Context, day calendar.Date, d *Section, err error) (bool, error) {
	told, is := errors.AsType[*fail.Error](err)
	if !is || ctx.Err() != nil {
		return err != nil, err
	}
	d.Note = "Cannot be told: " + told.Error() + "."
	t.Log.Warn("who was in the peak cannot be told: "+told.Error(), "tenant", t.Of.Name, "region", d.Region, "day", day)
	return true, nil
}

// seats tell who was in the peaks, and who used the seats, by what the configuration asks for.
func (t Store) seats(ctx context.Context, explainer *explain.Explainer, days []*explain.Day, of []*Section) error {
	for _, by := range t.Of.Breakdown {
		found, untold, err := explainer.Breakdowns(ctx, by, days...)
		_, old := errors.AsType[*fail.Error](err) // that of the store
		if err != nil && (!old || ctx.Err() != nil) {
			return err
		}
		for i, d := range of {
			b := Breakdown{By: by}
			if told := cmp.Or(err, untold[i]); told != nil {
				b.Note = "Cannot be told: " + told.Error() + "."
			} else {
				b.Parts = found[i].Parts
			}
			d.Breakdowns = append(d.Breakdowns, b)
		}
	}
	peaks, untold, err := explainer.Peaks(ctx, days...)
	for i, d := range of {
		said := false
		if said, err = t.untold(ctx, days[i].Date, d, cmp.Or(err, untold[i])); err != nil {
			return err
		}
		for at := 0; !said && at < len(peaks[i].Seats); at++ {
			seat := peaks[i].Seats[at]
			seat.Agent = t.Mask.Agent(seat.Agent)
			d.Seats = append(d.Seats, seat)
		}
	}
	return err
}

//go:embed assets
var assets embed.FS

//go:embed pages
var pages embed.FS

var (
	templates = template.Must(template.New("").Funcs(functions).ParseFS(pages, "pages/*.html"))
	scripts   = script.Must(script.New("").Funcs(functions).ParseFS(pages, "pages/*.js"))
)

// Site is a site in the making. Tenants are added one after the other, each with its days; Close publishes all.
type Site struct {
	*folder // which Drop throws away
	head    Head
	tenants []*overview
	access  []plain.Access // of those that are shown
}

// Create begins a site. The error is of fail.Usage where the folder is taken by something that is no site.
func Create(dir string, head Head) (*Site, error) {
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Site{head: head, folder: f}, nil
}

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
	return s.put(t.Name+"/data/days.js", scripts, "days", o.paged)
}

// Kept tells whether the older site has the page of a day of the tenant that was added last, made of the same: then it is taken over,
// with its bytes and its time. basis is what the page shows, or what that follows from, beside the numbers of the day.
func (s *Site) Kept(date calendar.Date, basis any) bool {
	o := s.tenants[len(s.tenants)-1]
	v := o.day(date, Detail{})
	of := []any{s.head.Version, s.head.Masked, v.Day, v.Prev, v.Next, basis}
	for _, r := range o.Regions {
		of = append(of, o.standing(r.Name, date.String()))
	}
	for _, name := range []string{"layout.html", "day.html", "data.js"} {
		text, err := pages.ReadFile("pages/" + name)
		of = append(of, text, err)
	}
	text, err := json.Marshal(of)
	if err != nil {
		return false
	}
	o.basis[date] = fmt.Sprintf("%x", sha256.Sum256(text))
	page, data := o.Name+"/"+date.String()+".html", o.Name+"/data/"+date.String()+".js"
	old, err := os.ReadFile(filepath.Join(s.folder.path, page))
	return err == nil && bytes.Contains(old, []byte(o.basis[date])) && s.folder.keep(data) == nil && s.folder.keep(page) == nil
}

// Day adds the page of a day of the tenant that was added last.
func (s *Site) Day(date calendar.Date, detail Detail) error {
	o := s.tenants[len(s.tenants)-1]
	if !o.HasPage(date) {
		return fmt.Errorf("write page of %s: it is no day of %s with a page", date, o.Name)
	}
	v := o.day(date, detail)
	v.Basis = o.basis[date]
	if err := s.put(o.Name+"/data/"+date.String()+".js", scripts, "day", v); err != nil {
		return err
	}
	return s.page(o.Name+"/"+date.String()+".html", "day", "../", o.Name+" "+date.String(), v)
}

// Close writes the fleet page, and publishes the site.
func (s *Site) Close() error {
	err := s.page("index.html", "fleet", "", "All tenants", newFront(s.tenants...))
	err = cmp.Or(err, plain.Each(assets, s.folder.put), s.folder.put(markName, []byte(markText)))
	// The fleet page is of all: it is shown to others where every tenant is, and to the same. What is kept may have been shown before.
	access := plain.Access{OutputMode: 0o600}
	if of := slices.Compact(s.access); len(of) == 1 {
		access = cmp.Or(of[0], access)
	}
	if err = cmp.Or(err, access.Tree(s.folder.draft)); err != nil {
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
	return s.put(name, templates, kind+".html", frame{s.head, root, title, of})
}

// put writes a page, or a value as a script's call: pages of the file system cannot fetch. What would end a script element or a line is escaped.
func (s *Site) put(name string, from interface {
	ExecuteTemplate(io.Writer, string, any) error
}, kind string, of any) error {
	var out bytes.Buffer
	if err := from.ExecuteTemplate(&out, kind, of); err != nil {
		return fmt.Errorf("write %s: %w", path.Base(name), err)
	}
	return s.folder.put(name, out.Bytes())
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

// when are the times at which a page and the newest of what it shows were written: they alone are no reason for a page to be another.
var when = regexp.MustCompile(`(?:Written|The store as of) [-0-9]+ [:0-9]+ UTC`)

// put writes a file of the draft, with the folders that it lies in, or keeps that of the older site where it says the same.
func (f *folder) put(name string, text []byte) error {
	old, err := os.ReadFile(filepath.Join(f.path, name))
	if err == nil && bytes.Equal(when.ReplaceAll(old, nil), when.ReplaceAll(text, nil)) && f.keep(name) == nil {
		return nil
	}
	path := filepath.Join(f.draft, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	_ = os.Remove(path) // it may be a file of the older site, too
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// keep lets a file of the older site be one of the draft. Where a file system does not let it be both, it is an error.
func (f *folder) keep(name string) error {
	path := filepath.Join(f.draft, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.Link(filepath.Join(f.path, name), path)
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

func (f *folder) clear() error { return errors.Join(os.RemoveAll(f.draft), os.RemoveAll(f.old)) }

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
	Why     string // it is provisional; "" where it is not
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

	// What the day's numbers and the curves say of it.
	Peaks    []Peak // the region's, then its locations'
	Issued   *report.Issue
	Plateaus []calendar.Interval
	Hours    []hour
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
