package main

import (
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
