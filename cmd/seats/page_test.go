package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/seats/explain"
	pages "example.com/seats/cmd/seats/page"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/forecast"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
)

// hostileAgent is an employee_id that would be markup, the end of an attribute, and text from right to left.
const hostileAgent = "<script>alert(1)</script>\"'\u202e<img src=http://example.invalid/x>"

// writtenPages runs three days of the scripts' GIM, with a hostile agent in them, and writes the pages.
func writtenPages(t *testing.T, flags ...string) string {
	dir := t.TempDir()
	seats := scriptedSite(t, dir, "committed: 1, ")
	quoted := `"` + strings.ReplaceAll(hostileAgent, `"`, `""`) + `"`
	rewrite(t, filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00", "resource_.csv"), ",ann,E1,", ",ann,"+quoted+",")
	seats("run", "--from", "2026-03-09", "--to", "2026-03-11")
	seats(append([]string{"report", "--html", filepath.Join(dir, "pages")}, flags...)...)
	return filepath.Join(dir, "pages")
}

// opened is Chromium for the test.
func opened(t testing.TB) *browserPage {
	page, end, err := openBrowser(context.Background())
	require.NoError(t, err)
	t.Cleanup(end)
	return page
}

// lookAt opens a page of the site.
func lookAt(t *testing.T, site, name string) *browserPage {
	page := opened(t)
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+filepath.Join(site, name))))
	return page
}

// ask gives the value of an expression in the page.
func ask[T any](t *testing.T, page *browserPage, expression string) T {
	value, err := chromedp.Run(page.Context, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return value
}

// quiet wants a page that had no errors and asked for nothing outside the site.
func quiet(t *testing.T, page *browserPage, site string) {
	errors, requests := page.noted()
	require.Empty(t, errors)
	require.NotEmpty(t, requests)
	for _, address := range requests {
		require.True(t, strings.HasPrefix(address, "file://"+site+"/"), address)
	}
}

// The pages of a store, one after the other: of a day, of a month, of all tenants.
func TestThePagesOfAStore(t *testing.T) {
	t.Parallel()
	site := writtenPages(t)
	page := lookAt(t, site, "acme/2026-03-10.html")
	dataFile := must.Text(t, filepath.Dir(site), "out", "acme", "CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv")
	require.Contains(t, dataFile, ",1,2\n")
	require.Equal(t, "2", ask[string](t, page, `document.querySelector('details.region td').textContent`), "the number of the data file")

	becomes(t, page, true, `document.querySelectorAll('.curve canvas').length > 0`)
	require.Equal(t, []string{hostileAgent}, ask[[]string](t, page, `[...document.querySelectorAll('.seats bdi')].map(e => e.textContent).filter(t => t.includes('<'))`))
	require.Equal(t, 0, ask[int](t, page, `document.querySelectorAll('img').length`))

	// The peak's button zooms and points; so do the keys.
	require.Equal(t, "Peak", ask[string](t, page, `(b => { b.click(); return b.textContent; })(document.querySelector('.tools button'))`))
	readout := `document.querySelector('.readout').textContent`
	require.Regexp(t, `US 2 · dallas \d · other \d`, ask[string](t, page, readout))
	key := `document.querySelector('.plot').dispatchEvent(new KeyboardEvent('keydown', {key: '%s'})); ` + readout
	at := ask[string](t, page, fmt.Sprintf(key, "ArrowRight"))
	require.NotEqual(t, at, ask[string](t, page, fmt.Sprintf(key, "ArrowRight")), "the arrow moves")

	// The mouse: hover tells the numbers of another second.
	require.NoError(t, chromedp.Do(page.Context, chromedp.ScrollIntoView(chromedp.CSS(".u-over"))))
	hover := `(o => { const b = o.getBoundingClientRect(); o.dispatchEvent(new MouseEvent('mousemove', {clientX: b.left + 5, clientY: b.top + 9, bubbles: true})); return '' })(document.querySelector('.u-over'))`
	at = ask[string](t, page, readout)
	ask[string](t, page, hover)
	becomes(t, page, true, fmt.Sprintf("%s !== %q", readout, at))

	// Another day is laid over it, from a file of its own.
	ask[string](t, page, `(s => { s.value = '2026-03-11'; s.onchange(); return ''; })(document.querySelector('.tools select'))`)
	becomes(t, page, "4", `document.querySelector('.curve').dataset.drawn`)
	quiet(t, page, site)

	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/acme/2026-03.html")))
	require.Equal(t, "2", ask[string](t, page, `document.querySelector('.calendar a[href="2026-03-10.html"]').textContent`))
	require.Equal(t, "1 committed; days above it: 1", ask[string](t, page, `document.querySelector('.tiles .bad .more').textContent`), "the peak of 2 is above it, and not of it")
	quiet(t, page, site)
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/index.html")))
	require.Equal(t, "1", ask[string](t, page, `document.querySelector('td.bad').textContent`))
	quiet(t, page, site)

	// Nothing leaves a page: the policy holds even for a script that has come in.
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/acme/2026-03-10.html")))
	blocked := `new Promise(done => { addEventListener('securitypolicyviolation', e => done(e.effectiveDirective)); %s })`
	for directive, attempt := range map[string]string{
		"connect-src":     `fetch('http://127.0.0.1:9/').catch(() => {})`,
		"img-src":         `new Image().src = 'http://127.0.0.1:9/x.png'`,
		"script-src-elem": `document.head.append(Object.assign(document.createElement('script'), {textContent: '1'}))`,
	} {
		got := must.Have(chromedp.Run(page.Context, chromedp.Evaluate[string](fmt.Sprintf(blocked, attempt), chromedp.EvalAwaitPromise)))(t)
		require.Equal(t, directive, got)
	}
}

// A page is written where something on it changed: another keeps its bytes and its time.
func TestPagesAreWrittenWhereSomethingChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seats := scriptedSite(t, dir, "committed: 1, ")
	site, long := filepath.Join(dir, "pages"), time.Unix(1_000_000_000, 0)
	// written are the files of the site that the next report writes.
	written := func(flags ...string) (names []string) {
		seats(append([]string{"report", "--html", site}, flags...)...)
		require.NoError(t, filepath.WalkDir(site, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if info := must.Have(d.Info())(t); !info.ModTime().Equal(long) {
				names = append(names, strings.TrimPrefix(path, site+"/"))
			}
			return os.Chtimes(path, long, long)
		}))
		return names
	}
	seats("run", "--from", "2026-03-09", "--to", "2026-03-10")
	require.Contains(t, written(), "acme/2026-03-09.html")
	rewrite(t, filepath.Join(site, "acme", "2026-03.html"), "Written 2026-04-02", "Written 2026-04-01") // by the night before
	require.NoError(t, os.Chtimes(filepath.Join(site, "acme", "2026-03.html"), long, long))
	require.Empty(t, written())
	require.Contains(t, must.Text(t, site, "acme", "2026-03.html"), "Written 2026-04-01")

	seats("run", "--date", "2026-03-11") // the day before it leads to it
	require.Equal(t, strings.Fields("acme/2026-03-10.html acme/2026-03-11.html acme/2026-03.html acme/data/2026-03-11.js acme/data/days.js acme/index.html index.html"), written())
	require.Equal(t, strings.Fields("acme/2026-03-10.html acme/data/days.js"), without(written("--to", "2026-03-10", "--from", "2026-03-01"), "index.html", "2026-03.html"))
	require.NoFileExists(t, filepath.Join(site, "acme", "2026-03-11.html"), "as before: what is not asked for is not there")
	written()

	rewrite(t, filepath.Join(dir, "seats.yaml"), "committed: 1", "committed: 2")
	require.Contains(t, written(), "acme/2026-03-09.html", "headroom is another")
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	require.Contains(t, written("--pseudonymize", key), "acme/2026-03-10.html")
	require.NoError(t, os.WriteFile(key, []byte("another89abcdef0123456789abcdef0\n"), 0o600))
	require.Contains(t, written("--pseudonymize", key), "acme/2026-03-10.html")
	require.Empty(t, written("--pseudonymize", key))
}

// without are the names that do not end so.
func without(names []string, ends ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(name, end) })
	})
}

func TestPagesWithPseudonymsNameNobody(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	site := writtenPages(t, "--pseudonymize", key)
	require.NoError(t, filepath.WalkDir(site, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		if !d.IsDir() && !strings.Contains(path, "/assets/") {
			require.NotRegexp(t, `alert|\bE[1-4]\b|\b(ann|bob|cyd)\b`, must.Text(t, path), path)
		}
		return nil
	}))
	require.Regexp(t, `<bdi>P[0-9a-f]{32}</bdi>`, must.Text(t, site, "acme", "2026-03-10.html"))
}

// curveSite has a page of the day for each of several regions in New York. Agents come at 8 o'clock of the region's clock,
// and half of them leave at 20.
func curveSite(t *testing.T, day calendar.Date, regions int) (site, name string) {
	zone := must.Zone(t, "America/New_York")
	tenant := pages.Tenant{Name: "acme", Days: []pages.Day{{Date: day, State: settle.Final, HasPage: true}}}
	span := day.In(zone)
	at := func(hour int) int64 { return time.Date(day.Year, day.Month, day.Day, hour, 0, 0, 0, zone).Unix() }
	var detail pages.Detail
	for i := range regions {
		region := fmt.Sprintf("R%d", i)
		tenant.Regions = append(tenant.Regions, config.Region{Name: region, Zone: zone})
		tenant.Days[0].Peaks = append(tenant.Days[0].Peaks, pages.Peak{Region: region, Agents: 40, At: time.Unix(at(8), 0).In(zone), Seconds: at(20) - at(8)})
		detail.Regions = append(detail.Regions, pages.Section{Region: region, Day: span, Zone: zone, Curves: []pages.Curve{{Steps: []explain.Step{
			{Interval: calendar.Interval{Start: span.Start, End: at(8)}},
			{Interval: calendar.Interval{Start: at(8), End: at(20)}, Agents: 40},
			{Interval: calendar.Interval{Start: at(20), End: span.End}, Agents: 20},
		}}}})
	}
	return writeSite(t, tenant, day, detail), "acme/" + day.String() + ".html"
}

// writeSite writes a tenant's pages, with those of days in a row.
func writeSite(t testing.TB, tenant pages.Tenant, first calendar.Date, days ...pages.Detail) (dir string) {
	dir = filepath.Join(t.TempDir(), "pages")
	s := must.Have(pages.Create(dir, pages.Head{Made: time.Unix(0, 0).UTC(), Version: "test"}))(t)
	require.NoError(t, s.Tenant(tenant))
	for i, detail := range days {
		require.NoError(t, s.Day(first.AddDays(i), detail))
	}
	require.NoError(t, s.Close())
	return dir
}

// becomes waits until an expression in the page has a value.
func becomes[T any](t *testing.T, p *browserPage, want T, expression string) {
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(want, ask[T](t, p, expression)) }, patience, 50*time.Millisecond, expression)
}

// drawn waits until so many curves are there.
func drawn(t *testing.T, p *browserPage, curves int) {
	becomes(t, p, curves, `document.querySelectorAll('.curve canvas').length`)
}

// The days on which clocks are put forward and back have 23 and 25 hours: the axis shows the clock's, the table each with its
// offset, and the readout the second that is pointed at.
func TestTheHoursOfADayWhenClocksChange(t *testing.T) {
	t.Parallel()
	p := opened(t)
	axis := []string{"00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"}
	for _, tt := range []struct {
		day   string
		hours int
		table string // the rows about the hour that is there once, or twice
	}{
		{"2026-03-08", 23, "01:00 EST|03:00 EDT|04:00 EDT"},
		{"2026-11-01", 25, "01:00 EDT|01:00 EST|02:00 EST"},
	} {
		site, name := curveSite(t, must.Date(t, tt.day), 1)
		require.NoError(t, chromedp.Do(p.Context, chromedp.Navigate("file://"+filepath.Join(site, name))))
		drawn(t, p, 1)
		require.Equal(t, tt.hours, ask[int](t, p, `document.querySelectorAll('details details tbody tr').length`))
		require.Equal(t, tt.table, ask[string](t, p, `[...document.querySelectorAll('details details tbody th')].slice(1, 4).map(h => h.textContent).join('|')`))
		ask[string](t, p, `(() => { window.said = []; const before = CanvasRenderingContext2D.prototype.fillText;
			CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) { said.push(text); return before.call(this, text, ...rest); }; return ''; })()`)
		ask[string](t, p, `(() => { document.querySelector('.tools input').click(); document.querySelector('.tools input').click(); return ''; })()`) // drawn again
		becomes(t, p, true, fmt.Sprintf(`said.filter(t => t.includes(':')).length >= %d`, len(axis)))
		require.Equal(t, axis, ask[[]string](t, p, fmt.Sprintf(`said.filter(t => t.includes(':')).slice(-%d)`, len(axis))))
		ask[string](t, p, `(() => { document.querySelector('.tools button').click(); return ''; })()`)
		require.Equal(t, "08:00:00  R0 40", ask[string](t, p, `document.querySelector('.readout').textContent`))
		quiet(t, p, filepath.Dir(filepath.Dir(site))) // both sites
	}
}

// A page that is kept or printed as a whole has all its curves, those too that nobody scrolled to; on paper they are dark on
// light and no wider than the sheet, those of folded regions too, and afterwards everything is as it was. A link opens what is folded.
func TestTheWholePageIsDrawn(t *testing.T) {
	t.Parallel()
	site, name := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 12)
	p := lookAt(t, site, name)
	require.NoError(t, prefer(p, "dark"))
	drawn(t, p, 12)
	require.True(t, ask[bool](t, p, `[...document.querySelectorAll('details.region')].every((d, i) => { d.open = !i; return true; })`))
	becomes(t, p, true, `document.querySelector('.uplot').clientWidth > 680`)
	widest := `Math.max(...[...document.querySelectorAll('.uplot')].map(e => e.getBoundingClientRect().width))`
	narrowest := `Math.min(...[...document.querySelectorAll('.uplot')].map(e => e.getBoundingClientRect().width))`
	ground := `getComputedStyle(document.body).backgroundColor`
	before := ask[float64](t, p, widest)
	require.Greater(t, before, 680.0)
	require.NotEqual(t, "rgb(255, 255, 255)", ask[string](t, p, ground))
	ask[bool](t, p, `(() => { addEventListener('beforeprint', () => { window.printed = [`+widest+`, `+narrowest+`, `+ground+`]; }); return true; })()`)
	require.Equal(t, "%PDF", string(must.Have(chromedp.Call(p.Context, page.PrintToPDF, page.PrintToPDFParams{}))(t).Data[:4]))
	require.Equal(t, []any{680.0, 680.0, "rgb(255, 255, 255)"}, ask[[]any](t, p, `window.printed`))
	becomes(t, p, before, widest)
	require.Equal(t, 1, ask[int](t, p, `document.querySelectorAll('details.region[open]').length`))
	ask[bool](t, p, `(() => { location.hash = 'r-R7'; return true; })()`)
	becomes(t, p, true, `document.getElementById('r-R7').closest('details').open`)
	require.NotEqual(t, "rgb(255, 255, 255)", ask[string](t, p, ground))
	quiet(t, p, site)
}

// Fingers: one moves along the curve, two zoom, and a second below a finger stays there.
func TestACurveIsTouched(t *testing.T) {
	t.Parallel()
	site, name := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 1)
	p := lookAt(t, site, name)
	require.NoError(t, chromedp.Do(p.Context, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch), chromedp.Reload()))
	drawn(t, p, 1)
	require.GreaterOrEqual(t, ask[float64](t, p, `Math.min(...[...document.querySelectorAll('.tools button')].map(b => b.getBoundingClientRect().height))`), 40.0)
	require.LessOrEqual(t, ask[float64](t, p, `document.documentElement.scrollWidth`), 390.0, "nothing is beside the window")
	require.NoError(t, chromedp.Do(p.Context, chromedp.ScrollIntoView(chromedp.CSS(".u-over"))))
	box := ask[[]float64](t, p, `(b => [b.left, b.top, b.width])(document.querySelector('.u-over').getBoundingClientRect())`)
	const start, move, end = input.DispatchTouchEventTypeTouchStart, input.DispatchTouchEventTypeTouchMove, input.DispatchTouchEventTypeTouchEnd
	touch := func(kind input.DispatchTouchEventType, at ...float64) {
		params := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
		for i, x := range at {
			id := float64(i)
			params.TouchPoints = append(params.TouchPoints, &input.TouchPoint{X: box[0] + x*box[2], Y: box[1] + 60, ID: &id})
		}
		must.Have(chromedp.Call(p.Context, input.DispatchTouchEvent, params))(t)
	}
	readout := `document.querySelector('.readout').textContent`
	touch(start, 0.3)
	touch(move, 0.4)
	touch(move, 0.5)
	becomes(t, p, "12:00:00  R0 40", readout)
	touch(end)
	touch(start, 0.45, 0.55)
	for _, x := range []float64{0.40, 0.30, 0.20, 0.10, 0.05} { // from a tenth to nine of the width
		touch(move, x, 1-x)
	}
	touch(end)
	// 2.4 hours are on nine tenths of the width: from 10:40 to 13:20.
	touch(start, 0.05)
	touch(move, 0.03)
	touch(move, 0.05)
	becomes(t, p, "10:48:00  R0 40", readout)
	touch(end)
	quiet(t, p, site)
}

// All can be done by the keyboard, and what has its focus is seen.
func TestThePageByTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	site, name := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 1)
	p := lookAt(t, site, name)
	drawn(t, p, 1)
	press := func(key string) { require.NoError(t, chromedp.Do(p.Context, chromedp.KeyEvent(key)), key) }
	focus := `document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label') || document.activeElement.type`
	press(kb.Tab)
	require.Equal(t, "Skip to the numbers", ask[string](t, p, focus))
	require.GreaterOrEqual(t, ask[float64](t, p, `document.activeElement.getBoundingClientRect().left`), 0.0, "it is seen now")
	var passed []string
	for range 20 {
		press(kb.Tab)
		passed = append(passed, ask[string](t, p, focus))
		require.NotEqual(t, "none", ask[string](t, p, `getComputedStyle(document.activeElement).outlineStyle`), passed)
		if ask[bool](t, p, `document.activeElement.matches('.plot')`) {
			break
		}
	}
	require.Subset(t, passed, []string{"All tenants", "acme", "Peak", "+", "−", "Whole day", "checkbox"})
	require.Contains(t, passed[len(passed)-1], "Curve of R0.")
	readout := `document.querySelector('.readout').textContent`
	press("p")
	becomes(t, p, "08:00:00  R0 40", readout)
	press(kb.ArrowLeft)
	becomes(t, p, true, readout+`.endsWith("  R0 0")`)
	quiet(t, p, site)
}

// monthSite is a tenant whose last month has final, provisional and missing days, and days to come.
func monthSite(t *testing.T) string {
	zone := must.Zone(t, "America/New_York")
	tenant := pages.Tenant{Name: "acme", Regions: []config.Region{{Name: "US", Zone: zone, Committed: 109}, {Name: "NEW", Zone: zone}}}
	first, last := calendar.Date{Year: 2025, Month: 11, Day: 1}, calendar.Date{Year: 2026, Month: 3, Day: 18}
	peaks := map[calendar.Date]int64{}
	for day := first; !last.Before(day); day = day.AddDays(1) {
		d := pages.Day{Date: day, State: settle.Final}
		switch {
		case day == last.AddDays(-5):
			d.State = pages.Missing
		case day == last:
			d.State = settle.Provisional
			fallthrough
		default:
			peaks[day] = 100 + int64(day.Weekday()) + int64(day.Day*7%9)/2
			if day.YearMonth() == last.YearMonth() {
				peaks[day] -= 3
			}
			d.Peaks = []pages.Peak{{Region: "US", Agents: peaks[day], At: time.Unix(day.In(zone).Start, 0).In(zone), Seconds: 60}}
		}
		tenant.Days = append(tenant.Days, d)
	}
	tenant.Shown = []calendar.Month{first.YearMonth(), last.YearMonth()}
	always := func(calendar.Date) bool { return true }
	tenant.Outlook = []pages.Outlook{
		{Region: "US", Outlook: forecast.Ahead(peaks, last, 109, always)},
		{Region: "NEW", Outlook: forecast.Ahead(map[calendar.Date]int64{last: 5}, last, 0, always), Lacks: []string{"no band for <b>anything</b>"}},
	}
	return writeSite(t, tenant, first)
}

// What a month shows of days that are not final is told by more than a colour, and what may still come is a band.
func TestTheMonthTellsWhatIsNotFinal(t *testing.T) {
	t.Parallel()
	site := monthSite(t)
	page := lookAt(t, site, "acme/2026-03.html")
	cell := `document.querySelector('section .calendar td.%s').textContent`
	require.Equal(t, "18100prov. ", ask[string](t, page, fmt.Sprintf(cell, "provisional")))
	require.Equal(t, "13·", ask[string](t, page, fmt.Sprintf(cell, "missing")))
	require.Equal(t, "16 days final, 1 provisional, 1 missing.", ask[string](t, page, `document.querySelector('header p').textContent.trim().replace(/ +/g, ' ')`))
	require.Equal(t, 1, ask[int](t, page, `document.querySelectorAll('.chart rect.provisional').length`))

	// The bands of the 13th, which is missing, and of the 19th to the 31st, each in its place; the table says the same.
	require.Equal(t, 14, ask[int](t, page, `document.querySelectorAll('.chart rect.band').length`))
	require.Equal(t, "2026-03-13: between 105 and 109 likely, from 13 weeks", ask[string](t, page, `document.querySelector('.chart rect.band title').textContent`))
	require.Equal(t, "2026-03-13 Friday between 105 and 109, from 13 weeks in 0 of them", ask[string](t, page, `[...document.querySelectorAll('details details')[1].querySelector('tbody tr').cells].map(c => c.textContent).join(' ')`))
	top := `document.querySelector('.chart').getBoundingClientRect().top`
	require.True(t, ask[bool](t, page, `[...document.querySelectorAll('.chart rect.band')].every(b => b.getBoundingClientRect().top >= `+top+` && b.getBoundingClientRect().height >= 2)`))
	require.Equal(t, "The month's peak is likely to be|between 108 and 110, from 13 weeks", ask[string](t, page, `[...document.querySelectorAll('#r-US div:nth-child(3) > :not(.more)')].map(e => e.textContent).join('|')`))
	require.Contains(t, ask[string](t, page, `document.querySelector('.tiles div:nth-child(3) .more').textContent`), "above 109 in 2 of the 13 weeks, first between 2026-03-21 and 2026-03-28")

	// Where too few days were counted there is no band, and what is missing is said, as text.
	require.Equal(t, 0, ask[int](t, page, `document.querySelectorAll('#r-NEW ~ * rect.band').length`))
	require.Contains(t, ask[string](t, page, `document.querySelector('section[aria-labelledby=h-NEW]').textContent`), "There is no band for <b>anything</b>.")
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/acme/2025-11.html")))
	require.NotContains(t, ask[string](t, page, `document.body.textContent`), "likely", "a month that is over")
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/acme/index.html")))
	require.Equal(t, []string{"March 2026", "November 2025"}, ask[[]string](t, page, `[...document.querySelectorAll('.first a')].map(a => a.textContent)`), "the newest first")
	quiet(t, page, site)
}

// fleetSite has tenants, each with two regions: T001 is 1 above what is committed in US, T002 2, and so on, with headroom of 10 in EU
// or, of every third, nothing committed there. One is overdue, one is blocked, one has a day missing and one a provisional day; one has
// no store.
func fleetSite(t testing.TB, tenants int) (dir string) {
	dir = filepath.Join(t.TempDir(), "pages")
	site := must.Have(pages.Create(dir, pages.Head{Made: time.Unix(0, 0).UTC(), Version: "test"}))(t)
	day := calendar.Date{Year: 2026, Month: 3, Day: 30}
	for i := 1; i <= tenants; i++ {
		o := pages.Tenant{Name: fmt.Sprintf("T%03d", i), Stands: watch.State{Newest: day}}
		for month := range 14 { // of which the page has twelve
			m := calendar.Date{Year: 2025, Month: 2, Day: 1}.AddDays(month*31 - month/3).YearMonth()
			open := month == 13
			us := pages.Bill{Month: m, Region: "US", Regions: 1, Concurrent: float64(100 + i), Enabled: 200, EnabledIn: 1, Committed: 100, CommittedIn: 1, Above: float64(i), AboveIn: 1, Open: open}
			eu := pages.Bill{Month: m, Region: "EU", Regions: 1, Concurrent: 40.25, Measures: "95th percentile of the seconds", Enabled: 50 + int64(month), EnabledIn: 1, Open: open}
			if i%3 > 0 {
				eu.Committed, eu.CommittedIn, eu.Headroom = 50, 1, 9.75
			}
			if open {
				us.Concurrent, us.Enabled, us.EnabledIn = us.Concurrent+5, 150, 0
			}
			o.Billed = append(o.Billed, us, eu)
		}
		switch i {
		case 2:
			o.Stands.Provisional, o.Stands.Why = []calendar.Date{day}, "2026-03-30: 2 open sessions"
		case 3:
			o.Stands.Missing = []calendar.Date{day}
		case 4:
			o.Stands.Blocked, o.BlockedBy = []calendar.Date{day}, "unmapped_switch"
		case 5:
			o.Overdue = "2026-03-01 & <b>more</b>"
		case 6:
			o.Problem, o.Billed = "nothing extracted yet", nil
		}
		require.NoError(t, site.Tenant(o))
	}
	require.NoError(t, site.Close())
	return dir
}

// The fleet's page begins with what is billed, and with who needs attention and why; its table is sorted and filtered, and nothing of it
// is cut, on a desktop and on a phone.
func TestTheFleetsPage(t *testing.T) {
	t.Parallel()
	site := fleetSite(t, 8)
	p := lookAt(t, site, "index.html")
	texts := func(selector string) []string {
		return ask[[]string](t, p, `[...document.querySelectorAll('`+selector+`')].filter(e => !e.closest('[hidden]')).map(e => e.innerText.replace(/\s+/g, ' ').trim())`)
	}
	require.Equal(t, []string{
		"Concurrent seats, March 2026 so far 1046.75 February 2026: 1011.75, +35",
		"Enabled agents, March 2026 so far 1491 February 2026: 1834, −343",
		"Above committed 30 in 7 of 13 regions with 1000 committed headroom in the others: 58.5",
	}, texts(".billed > div"))
	require.Equal(t, []string{"EU 281.75 281.75, ±0 441 434, +7 0 58.5 of 300", "US 765 730, +35 1050 so far; 1400, −350 30 0 of 700"}, texts("#regions + .scroll tbody tr"))
	require.Equal(t, []string{
		"T006 no store nothing extracted yet", "T005 overdue 2026-03-01 & <b>more</b>", "T004 blocked 2026-03-30: unmapped_switch",
		"T003 missing 2026-03-30", "T002 provisional 2026-03-30: 2 open sessions",
	}, texts(".attention tbody tr"))
	require.Equal(t, 24, ask[int](t, p, `document.querySelectorAll('.year li').length`))
	require.Contains(t, texts(".sorted tbody tr")[4], "T005 2026-03-30 overdue ", "not final")
	require.Contains(t, texts(".sorted tfoot tr")[0], "all 8 1046.75 1011.75, +35 ")

	names := func() string { return strings.Join(texts(".sorted tbody a"), " ") }
	press := func(head string) {
		require.NoError(t, chromedp.Do(p.Context, chromedp.Click(chromedp.CSS(".sorted thead th"+head+" button"))))
	}
	press(":nth-child(4)")
	require.Equal(t, "T008 T007 T005 T004 T003 T002 T001", names(), "the most above committed first")
	press(":nth-child(4)")
	require.Equal(t, "T001 T002 T003 T004 T005 T007 T008", names())
	require.Equal(t, []string{"ascending"}, ask[[]string](t, p, `[...document.querySelectorAll('[aria-sort]')].map(e => e.ariaSort)`))
	press(":first-child")
	require.NoError(t, chromedp.Do(p.Context, chromedp.Click(chromedp.CSS(".filter input")), chromedp.KeyEvent("Final t00")))
	require.Equal(t, "T001 T007 T008", names())
	require.Equal(t, []string{"3 of 8 tenants are shown; the totals are of all"}, texts(".filter span"))

	for _, width := range []int64{1440, 1024, 390} {
		for _, name := range []string{"index.html", "T001/index.html"} {
			require.NoError(t, chromedp.Do(p.Context, chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+filepath.Join(site, name))))
			require.Empty(t, ask[[]string](t, p, `[document.documentElement, ...document.querySelectorAll('.scroll, .year li, .tiles div')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.scrollWidth + " " + e.outerHTML.slice(0, 200))`), "%s, %d wide", name, width)
		}
	}
	quiet(t, p, site)
}

// Every text stands out against what is behind it: WCAG's 4.5 to 1, and 3 to 1 where it is large.
func TestTextStandsOut(t *testing.T) {
	t.Parallel()
	months := monthSite(t)
	days, day := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 1)
	page := lookAt(t, months, "index.html")
	lowContrast := must.Text(t, "testdata/js/contrast.js")
	fleet := fleetSite(t, 6)
	for _, name := range []string{fleet + "/index.html", fleet + "/T004/index.html", months + "/index.html", months + "/acme/index.html", months + "/acme/2026-03.html", days + "/" + day} {
		require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+name)))
		if filepath.Base(name) == filepath.Base(day) {
			drawn(t, page, 1)
		}
		for _, scheme := range []string{"light", "dark"} {
			require.NoError(t, prefer(page, scheme))
			require.Empty(t, ask[[]string](t, page, lowContrast), "%s, %s", name, scheme)
		}
	}
}

// axe-core knows the rules of WCAG, and what is good practice beside them. All that is folded is open.
func TestAxeFindsNothing(t *testing.T) {
	t.Parallel()
	found := must.Have(filepath.Glob("../../bin/axe-core-*/axe.min.js"))(t)
	require.NotEmpty(t, found, "`make axe` fetches it")
	axe, months := must.Text(t, found[0]), monthSite(t)
	days, day := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 3)
	var tables strings.Builder
	rows := report.Table{Header: []string{"what", "n"}, Rows: [][]any{{strings.Repeat("long ", 40), int64(1)}, {nil, nil}}}
	require.NoError(t, pages.WriteTables(&tables, pages.Head{}, "Tables", pages.Part{Title: "One", Note: "A note.", Table: rows}, pages.Part{Title: "Two", Table: rows}))
	require.NoError(t, os.WriteFile(filepath.Join(days, "tables.html"), []byte(tables.String()), 0o600))
	page := opened(t)
	for _, name := range []string{months + "/index.html", months + "/acme/index.html", months + "/acme/2026-03.html", days + "/" + day, days + "/tables.html"} {
		require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+name)))
		ask[bool](t, page, `(() => { document.querySelectorAll('details').forEach((d) => { d.open = true; }); return true; })()`)
		if name == days+"/"+day {
			drawn(t, page, 3)
		}
		ask[bool](t, page, axe+"; true")
		for _, width := range []int64{1440, 1024, 390} {
			for _, scheme := range []string{"light", "dark"} {
				require.NoError(t, prefer(page, scheme))
				require.NoError(t, chromedp.Do(page.Context, chromedp.EmulateViewport(width, 900)))
				// Nothing is beside the window, once the curves have been told of its width and are painted again.
				becomes(t, page, true, fmt.Sprintf(`document.documentElement.scrollWidth <= %d`, width))
				against := must.Have(chromedp.Run(page.Context, chromedp.Evaluate[[]string](`axe.run({resultTypes: ['violations']})
					.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target + ' ' + n.html.slice(0, 120))))`, chromedp.EvalAwaitPromise)))(t)
				require.Empty(t, against, "%s at %d, %s", name, width, scheme)
			}
		}
	}
}

// benched has a page for each of the days of a year, with curves of steps of so many seconds, and 20 agents in every peak.
func benched(b *testing.B, filled int, regions, places []string, step int64) (dir string) {
	tenant := pages.Tenant{Name: "acme"}
	for _, name := range regions {
		tenant.Regions = append(tenant.Regions, config.Region{Name: name, Zone: time.UTC})
	}
	details := make([]pages.Detail, filled)
	for i := range 365 {
		day := pages.Day{Date: newYear.AddDays(i), State: settle.Final, HasPage: true}
		if n := len(tenant.Shown); n == 0 || tenant.Shown[n-1] != day.Date.YearMonth() {
			tenant.Shown = append(tenant.Shown, day.Date.YearMonth())
		}
		span := day.Date.In(time.UTC)
		for _, name := range regions[:min(len(regions), max(0, filled-i)*len(regions))] {
			detail := pages.Section{Region: name, Day: span, Zone: time.UTC}
			for _, place := range places {
				curve := pages.Curve{Location: place}
				for s := span.Start; s < span.End; s += step {
					curve.Steps = append(curve.Steps, explain.Step{Interval: calendar.Interval{Start: s, End: s + step}, Agents: 500 + s*7919%401})
				}
				detail.Curves = append(detail.Curves, curve)
				day.Peaks = append(day.Peaks, pages.Peak{Region: name, Location: place, Agents: 900, At: time.Unix(span.Start, 0).UTC(), Seconds: step})
			}
			for agent := range int64(20) {
				detail.Seats = append(detail.Seats, explain.Seat{Agent: fmt.Sprint("E", agent), Location: places[len(places)-1], Session: explain.Key{ID: agent},
					Login: span.Start, First: explain.Activity{Kind: "leg", Key: explain.Key{ID: agent}, Start: span.Start, Switch: "SIP"}, Decision: "listed switch"})
			}
			details[i].Regions = append(details[i].Regions, detail)
		}
		tenant.Days = append(tenant.Days, day)
	}
	return writeSite(b, tenant, newYear, details...)
}

var newYear = calendar.Date{Year: 2026, Month: 1, Day: 1}

// BenchmarkOpenDay opens a day of ten regions, each with another number in every second, among a year of days.
func BenchmarkOpenDay(b *testing.B) {
	dir := benched(b, 1, strings.Fields("R0 R1 R2 R3 R4 R5 R6 R7 R8 R9"), []string{""}, 1)
	page := opened(b)
	for b.Loop() {
		visit(b, page, dir, newYear.String())
	}
	errors, _ := page.noted()
	require.Empty(b, errors)
}

// BenchmarkYear writes the pages of a year, of two regions with two locations each and 600 steps a day, and opens the tenant's, a
// month's and a day's.
func BenchmarkYear(b *testing.B) {
	page := opened(b)
	for b.Loop() {
		visit(b, page, benched(b, 365, []string{"US", "EU"}, []string{"", "one", "two"}, 144), "index", "2026-06", "2026-06-15")
	}
	errors, _ := page.noted()
	require.Empty(b, errors)
}

// visit opens pages of the tenant; the last has curves.
func visit(b *testing.B, page *browserPage, dir string, names ...string) {
	for _, name := range names {
		require.NoError(b, chromedp.Do(page.Context, chromedp.Navigate("file://"+filepath.Join(dir, "acme", name+".html"))))
	}
	require.NoError(b, chromedp.Do(page.Context, chromedp.WaitReady(chromedp.CSS(".curve canvas"))))
}
