package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"seats/internal/browser"
	"seats/internal/calendar"
	"seats/internal/forecast"
	"seats/report/html"
)

// monthSite is a tenant whose last month has final, provisional and missing days, and days to come.
func monthSite(t *testing.T) string {
	t.Helper()
	zone := location(t, "America/New_York")
	tenant := html.Tenant{Name: "acme", Regions: []html.Region{{Name: "US", Zone: zone.String(), Committed: 109}, {Name: "NEW", Zone: zone.String()}}}
	first, last := calendar.Date{Year: 2025, Month: 11, Day: 1}, calendar.Date{Year: 2026, Month: 3, Day: 18}
	peaks := map[calendar.Date]int64{}
	for day := first; !last.Before(day); day = day.AddDays(1) {
		d := html.Day{Date: day, State: html.Final}
		switch {
		case day == last.AddDays(-5):
			d.State = html.Missing
		case day == last:
			d.State = html.Provisional
			fallthrough
		default:
			peaks[day] = 100 + int64(day.Weekday()) + int64(day.Day*7%9)/2
			if day.YearMonth() == last.YearMonth() {
				peaks[day] -= 3
			}
			d.Peaks = []html.Peak{{Region: "US", Agents: peaks[day], At: time.Unix(day.In(zone).Start, 0).In(zone), Seconds: 60}}
		}
		tenant.Days = append(tenant.Days, d)
	}
	tenant.Shown = []calendar.Month{first.YearMonth(), last.YearMonth()}
	always := func(calendar.Date) bool { return true }
	tenant.Outlook = []html.Outlook{
		{Region: "US", Outlook: forecast.Ahead(peaks, last, 109, always)},
		{Region: "NEW", Outlook: forecast.Ahead(map[calendar.Date]int64{last: 5}, last, 0, always), Lacks: []string{"no band for <b>anything</b>"}},
	}
	dir := filepath.Join(t.TempDir(), "pages")
	site, err := html.Create(dir, html.Head{Made: time.Unix(0, 0).UTC(), Version: "test"})
	require.NoError(t, err)
	require.NoError(t, site.Tenant(tenant))
	require.NoError(t, site.Close())
	return dir
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
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
	require.Equal(t, 1, ask[int](t, page, `document.querySelectorAll('svg rect.provisional').length`))

	// The bands of the 13th, which is missing, and of the 19th to the 31st, each in its place; the table says the same.
	require.Equal(t, 14, ask[int](t, page, `document.querySelectorAll('svg rect.band').length`))
	require.Equal(t, "2026-03-13: 105 to 109 likely", ask[string](t, page, `document.querySelector('svg rect.band title').textContent`))
	require.Equal(t, "2026-03-13 Friday 105 109 13 0", ask[string](t, page, `[...document.querySelectorAll('details')[1].querySelector('tbody tr').cells].map(c => c.textContent).join(' ')`))
	top := `document.querySelector('svg').getBoundingClientRect().top`
	require.True(t, ask[bool](t, page, `[...document.querySelectorAll('svg rect.band')].every(b => b.getBoundingClientRect().top >= `+top+` && b.getBoundingClientRect().height >= 2)`))
	require.Equal(t, "The month's peak is likely to be|108 to 110", ask[string](t, page, `[...document.querySelectorAll('section:first-of-type .tiles div:nth-child(3) > :not(.more)')].map(e => e.textContent).join('|')`))
	require.Contains(t, ask[string](t, page, `document.querySelector('.tiles div:nth-child(3) .more').textContent`), "rests on 13 times, above 109 in 2 of them, first between 2026-03-21 and 2026-03-28")

	// Where too few days were counted there is no band, and what is missing is said, as text.
	require.Equal(t, 0, ask[int](t, page, `document.querySelectorAll('#r-NEW ~ * rect.band').length`))
	require.Contains(t, ask[string](t, page, `document.querySelectorAll('section')[1].textContent`), "There is no band for <b>anything</b>.")
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/acme/2025-11.html")))
	require.NotContains(t, ask[string](t, page, `document.body.textContent`), "likely", "a month that is over")
	quiet(t, page, site)
}

// Every text stands out against what is behind it: WCAG's 4.5 to 1, and 3 to 1 where it is large.
func TestTextStandsOut(t *testing.T) {
	t.Parallel()
	months := monthSite(t)
	days, day := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 1)
	page := lookAt(t, months, "index.html")
	for _, name := range []string{months + "/index.html", months + "/acme/index.html", months + "/acme/2026-03.html", days + "/" + day} {
		require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+name)))
		if filepath.Base(name) == filepath.Base(day) {
			drawn(t, page, 1)
		}
		for _, scheme := range []string{"light", "dark"} {
			require.NoError(t, browser.Prefer(page, scheme))
			require.Empty(t, ask[[]string](t, page, lowContrast), "%s, %s", name, scheme)
		}
	}
}

// lowContrast lists the texts that stand out too little. Backgrounds are colours alone; an opacity is mixed in.
const lowContrast = `(() => {
	const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
	const light = (c) => { const l = c.slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .99) return c; } return [255, 255, 255, 1]; };
	document.querySelectorAll('details').forEach((d) => { d.open = true; });
	const found = new Set();
	for (const e of document.body.querySelectorAll('*')) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches('title, script, noscript, .skip')) continue;
		const style = getComputedStyle(e), back = behind(e), ink = parse(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
		const a = ink[3] * style.opacity, mixed = ink.map((v, i) => v * a + back[i] * (1 - a));
		const [high, low] = [light(mixed), light(back)].sort((x, y) => y - x), size = parseFloat(style.fontSize);
		const ratio = (high + .05) / (low + .05), wanted = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
		if (ratio < wanted) found.add(e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' + ratio.toFixed(2));
	}
	return [...found];
})()`
