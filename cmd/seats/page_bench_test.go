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
	"seats/report/html"
)

// BenchmarkOpenDay opens a day of ten regions, each with another number in every second, among a year of days.
func BenchmarkOpenDay(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "pages")
	site, err := html.Create(dir, html.Head{Made: time.Unix(0, 0).UTC(), Version: "bench"})
	require.NoError(b, err)
	first := calendar.Date{Year: 2026, Month: 1, Day: 1}
	tenant := html.Tenant{Name: "acme"}
	for i := range 10 {
		tenant.Regions = append(tenant.Regions, html.Region{Name: "R" + string(rune('0'+i)), Zone: "UTC"})
	}
	for i := range 365 {
		tenant.Days = append(tenant.Days, html.Day{Date: first.AddDays(i), State: html.Final, HasPage: true})
	}
	require.NoError(b, site.Tenant(tenant))
	var detail html.Detail
	for _, r := range tenant.Regions {
		day := first.In(time.UTC)
		curve := html.Curve{}
		for s := day.Start; s < day.End; s++ {
			curve.Steps = append(curve.Steps, html.Step{Interval: calendar.Interval{Start: s, End: s + 1}, Agents: 500 + s*7919%401})
		}
		detail.Regions = append(detail.Regions, html.RegionDetail{Region: r.Name, Day: day, Zone: time.UTC, Curves: []html.Curve{curve}})
	}
	require.NoError(b, site.Day(first, detail))
	require.NoError(b, site.Close())
	page, end, err := browser.Open(b.Context())
	require.NoError(b, err)
	defer end()
	for b.Loop() {
		require.NoError(b, chromedp.Do(page.Context, chromedp.Navigate("file://"+filepath.Join(dir, "acme", first.String()+".html")),
			chromedp.WaitReady(chromedp.CSS(".curve canvas"))))
	}
	require.Empty(b, page.Errors())
}

// BenchmarkYear writes the pages of a year, of two regions with two locations each and 20 agents in every peak, and opens the
// tenant's, a month's and a day's.
func BenchmarkYear(b *testing.B) {
	first := calendar.Date{Year: 2026, Month: 1, Day: 1}
	tenant := html.Tenant{Name: "acme"}
	details := make([]html.Detail, 365)
	for i := range details {
		day := html.Day{Date: first.AddDays(i), State: html.Final, HasPage: true}
		if n := len(tenant.Shown); n == 0 || tenant.Shown[n-1] != day.Date.YearMonth() {
			tenant.Shown = append(tenant.Shown, day.Date.YearMonth())
		}
		span := day.Date.In(time.UTC)
		for _, name := range []string{"US", "EU"} {
			detail := html.RegionDetail{Region: name, Day: span, Zone: time.UTC}
			for _, place := range []string{"", "one", "two"} {
				curve := html.Curve{Location: place}
				for s := span.Start; s < span.End; s += 144 { // 600 steps
					curve.Steps = append(curve.Steps, html.Step{Interval: calendar.Interval{Start: s, End: s + 144}, Agents: 500 + s*7919%401})
				}
				detail.Curves = append(detail.Curves, curve)
				day.Peaks = append(day.Peaks, html.Peak{Region: name, Location: place, Agents: 900, At: time.Unix(span.Start, 0).UTC(), Seconds: 144})
			}
			for agent := range int64(20) {
				detail.Seats = append(detail.Seats, html.Seat{Agent: fmt.Sprint("E", agent), Location: "one", Session: agent, Login: time.Unix(span.Start, 0).UTC(),
					Kind: "leg", Activity: agent, At: time.Unix(span.Start, 0).UTC(), Switch: "SIP", Why: "listed switch"})
			}
			details[i].Regions = append(details[i].Regions, detail)
		}
		tenant.Days = append(tenant.Days, day)
	}
	tenant.Regions = []html.Region{{Name: "US", Zone: "UTC"}, {Name: "EU", Zone: "UTC"}}
	page, end, err := browser.Open(b.Context())
	require.NoError(b, err)
	defer end()
	dir := filepath.Join(b.TempDir(), "pages")
	for b.Loop() {
		site, err := html.Create(dir, html.Head{Made: time.Unix(0, 0).UTC(), Version: "bench"})
		require.NoError(b, err)
		require.NoError(b, site.Tenant(tenant))
		for i, detail := range details {
			require.NoError(b, site.Day(first.AddDays(i), detail))
		}
		require.NoError(b, site.Close())
		require.NoError(b, chromedp.Do(page.Context,
			chromedp.Navigate("file://"+filepath.Join(dir, "acme", "index.html")),
			chromedp.Navigate("file://"+filepath.Join(dir, "acme", "2026-06.html")),
			chromedp.Navigate("file://"+filepath.Join(dir, "acme", "2026-06-15.html")),
			chromedp.WaitReady(chromedp.CSS(".curve canvas"))))
	}
	require.Empty(b, page.Errors())
}
