package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"seats/internal/browser"
	"seats/internal/calendar"
	"seats/report/html"
)

// curveSite has a page of the day for each of several regions in New York. Agents come at 8 o'clock of the region's clock,
// and half of them leave at 20.
func curveSite(t *testing.T, day calendar.Date, regions int) (site, name string) {
	t.Helper()
	zone := location(t, "America/New_York")
	tenant := html.Tenant{Name: "acme", Days: []html.Day{{Date: day, State: html.Final, HasPage: true}}}
	span := day.In(zone)
	at := func(hour int) int64 { return time.Date(day.Year, day.Month, day.Day, hour, 0, 0, 0, zone).Unix() }
	var detail html.Detail
	for i := range regions {
		region := fmt.Sprintf("R%d", i)
		tenant.Regions = append(tenant.Regions, html.Region{Name: region, Zone: zone.String()})
		tenant.Days[0].Peaks = append(tenant.Days[0].Peaks, html.Peak{Region: region, Agents: 40, At: time.Unix(at(8), 0).In(zone), Seconds: at(20) - at(8)})
		detail.Regions = append(detail.Regions, html.RegionDetail{Region: region, Day: span, Zone: zone, Curves: []html.Curve{{Steps: []html.Step{
			{Interval: calendar.Interval{Start: span.Start, End: at(8)}},
			{Interval: calendar.Interval{Start: at(8), End: at(20)}, Agents: 40},
			{Interval: calendar.Interval{Start: at(20), End: span.End}, Agents: 20},
		}}}})
	}
	dir := filepath.Join(t.TempDir(), "pages")
	s, err := html.Create(dir, html.Head{Made: time.Unix(0, 0).UTC(), Version: "test"})
	require.NoError(t, err)
	require.NoError(t, s.Tenant(tenant))
	require.NoError(t, s.Day(day, detail))
	require.NoError(t, s.Close())
	return dir, "acme/" + day.String() + ".html"
}

// drawn waits until so many curves are there.
func drawn(t *testing.T, p *browser.Page, curves int) {
	t.Helper()
	require.Eventually(t, func() bool { return ask[int](t, p, `document.querySelectorAll('.curve canvas').length`) == curves }, 20*time.Second, 50*time.Millisecond)
}

// The days on which clocks are put forward and back have 23 and 25 hours: the axis shows the clock's, the table each with its
// offset, and the readout the second that is pointed at.
func TestTheHoursOfADayWhenClocksChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		day   calendar.Date
		axis  []string
		hours int
		row   int // of the hour that is there once, or twice
		table string
	}{
		{calendar.Date{Year: 2026, Month: 3, Day: 8}, []string{"00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"}, 23, 2, "01:00 EST|03:00 EDT|04:00 EDT"},
		{calendar.Date{Year: 2026, Month: 11, Day: 1}, []string{"00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"}, 25, 2, "01:00 EDT|01:00 EST|02:00 EST"},
	} {
		t.Run(tt.day.String(), func(t *testing.T) {
			site, name := curveSite(t, tt.day, 1)
			p := lookAt(t, site, name)
			drawn(t, p, 1)
			require.Equal(t, tt.hours, ask[int](t, p, `document.querySelectorAll('details tbody tr').length`))
			require.Equal(t, tt.table, ask[string](t, p, fmt.Sprintf(`[...document.querySelectorAll('details tbody th')].slice(%d, %d).map(h => h.textContent).join('|')`, tt.row-1, tt.row+2)))
			ask[string](t, p, `(() => { window.said = []; const before = CanvasRenderingContext2D.prototype.fillText;
				CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) { said.push(text); return before.call(this, text, ...rest); }; return ''; })()`)
			ask[string](t, p, `(() => { document.querySelector('.tools input').click(); document.querySelector('.tools input').click(); return ''; })()`) // drawn again
			require.Eventually(t, func() bool { return ask[int](t, p, `said.filter(t => t.includes(':')).length`) >= len(tt.axis) }, 20*time.Second, 50*time.Millisecond)
			require.Equal(t, tt.axis, ask[[]string](t, p, fmt.Sprintf(`said.filter(t => t.includes(':')).slice(-%d)`, len(tt.axis))))
			ask[string](t, p, `(() => { document.querySelector('.tools button').click(); return ''; })()`)
			require.Equal(t, "08:00:00  R0 40", ask[string](t, p, `document.querySelector('.readout').textContent`))
			quiet(t, p, site)
		})
	}
}

// A page that is kept or printed as a whole has all its curves, those too that nobody scrolled to; on paper they are dark on
// light and no wider than the sheet, and afterwards everything is as it was.
func TestTheWholePageIsDrawn(t *testing.T) {
	t.Parallel()
	site, name := curveSite(t, calendar.Date{Year: 2026, Month: 3, Day: 10}, 12)
	p := lookAt(t, site, name)
	require.NoError(t, browser.Prefer(p, "dark"))
	drawn(t, p, 12)
	widest := `Math.max(...[...document.querySelectorAll('.uplot')].map(e => e.getBoundingClientRect().width))`
	ground := `getComputedStyle(document.body).backgroundColor`
	before := ask[float64](t, p, widest)
	require.Greater(t, before, 680.0)
	require.NotEqual(t, "rgb(255, 255, 255)", ask[string](t, p, ground))
	ask[bool](t, p, `(() => { addEventListener('beforeprint', () => { window.printed = [`+widest+`, `+ground+`]; }); return true; })()`)
	pdf, err := chromedp.Call(p.Context, page.PrintToPDF, page.PrintToPDFParams{})
	require.NoError(t, err)
	require.Equal(t, "%PDF", string(pdf.Data[:4]))
	require.Equal(t, []any{680.0, "rgb(255, 255, 255)"}, ask[[]any](t, p, `window.printed`))
	require.Eventually(t, func() bool { return ask[float64](t, p, widest) == before }, 20*time.Second, 50*time.Millisecond)
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
		t.Helper()
		params := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
		for i, x := range at {
			id := float64(i)
			params.TouchPoints = append(params.TouchPoints, &input.TouchPoint{X: box[0] + x*box[2], Y: box[1] + 60, ID: &id})
		}
		_, err := chromedp.Call(p.Context, input.DispatchTouchEvent, params)
		require.NoError(t, err)
	}
	readout := `document.querySelector('.readout').textContent`
	touch(start, 0.3)
	touch(move, 0.4)
	touch(move, 0.5)
	require.Eventually(t, func() bool { return ask[string](t, p, readout) == "12:00:00  R0 40" }, 20*time.Second, 50*time.Millisecond, readout)
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
	require.Eventually(t, func() bool { return ask[string](t, p, readout) == "10:48:00  R0 40" }, 20*time.Second, 50*time.Millisecond)
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
	require.Eventually(t, func() bool { return ask[string](t, p, readout) == "08:00:00  R0 40" }, 20*time.Second, 50*time.Millisecond)
	press(kb.ArrowLeft)
	require.Eventually(t, func() bool { return strings.HasSuffix(ask[string](t, p, readout), "  R0 0") }, 20*time.Second, 50*time.Millisecond)
	quiet(t, p, site)
}
