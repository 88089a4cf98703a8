package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"seats/cmd/seats/explain"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/forecast"
	"seats/report"
)

// trend prints what the month may still bring. It needs no rows, so the days that are no longer kept count too.
func (c *explainCmd) trend(ctx context.Context, w *world, root *cli, t *terminal, tenant config.Tenant) error {
	at := slices.IndexFunc(tenant.Regions, func(r config.Region) bool { return r.Name == c.Region })
	if at < 0 {
		return usageError("tenant %s has no region %q", tenant.Name, c.Region)
	}
	until, err := calendar.ParseDate(c.Date)
	if err != nil && c.Date != "" {
		return usageError("--date: %w", err)
	}
	db, err := openSnapshot(ctx, tenant)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	trend, err := explain.LookAhead(ctx, db, tenant, tenant.Regions[at], until, w.clock())
	if err != nil {
		return err
	}
	if err := trend.Refusal(); err != nil {
		return err
	}
	for _, what := range trend.Lacks() {
		t.Warn(what, "tenant", tenant.Name, "region", c.Region)
	}
	switch c.Format {
	case report.FormatJSON:
		return trend.Document().Write(w.stdout, c.Format)
	case report.FormatCSV:
		return trend.List().Write(w.stdout, c.Format)
	}
	if s := screenOf(w, root.NoColor); s.width >= 10+2*len(trend.Month.Days()) {
		if _, err := io.WriteString(w.stdout, drawTrend(s, trend)); err != nil {
			return err
		}
	}
	tables := trend.Brief()
	if len(trend.Ahead) > 0 {
		tables = append(tables, trend.Days())
	}
	return writeTables(w.stdout, tables)
}

const trendRows = 10

// drawTrend draws the month over its days: counted ones as bars, the others as bands from the lowest to the highest that is
// likely, and a line at what is committed.
func drawTrend(s screen, t *explain.Trend) string {
	top := max(1, t.Highest, t.Committed)
	for _, d := range t.Ahead {
		if d.Known() {
			top = max(top, d.High)
		}
	}
	g, band, line := s.glyphs(), "░", "─"
	if !s.unicode {
		band, line = ":", "-"
	}
	row := func(n int64) int64 { return (n*trendRows + top - 1) / top } // the row that a number reaches, from 1
	ahead := map[calendar.Date]forecast.Band{}
	for _, d := range t.Ahead {
		ahead[d.Date] = d.Band
	}
	full := string(g.blocks[len(g.blocks)-1])
	var b strings.Builder
	for r := int64(trendRows); r > 0; r-- {
		label := ""
		switch {
		case t.Committed > 0 && r == row(t.Committed):
			label = fmt.Sprint(t.Committed)
		case r == trendRows:
			label = fmt.Sprint(top)
		}
		fmt.Fprintf(&b, "%7s %s", label, g.edge)
		for _, day := range t.Month.Days() {
			peak, counted := t.Peaks[day]
			of := ahead[day]
			cell := "  "
			switch {
			case counted && !t.From.Before(day) && r <= row(peak):
				cell = s.paint(curveColor, full+" ")
			case of.Known() && r <= row(of.High) && r >= max(1, row(of.Low)):
				cell = s.paint(warnColor, band+" ")
			case t.Committed > 0 && r == row(t.Committed):
				cell = s.paint(badColor, line+line)
			}
			b.WriteString(cell)
		}
		b.WriteString("\n")
	}
	numbers := ""
	for _, day := range t.Month.Days() {
		if day.Day == 1 || day.Day%5 == 0 {
			numbers += strings.Repeat(" ", 2*(day.Day-1)-len(numbers)) + fmt.Sprint(day.Day)
		}
	}
	return b.String() + strings.Repeat(" ", 9) + numbers + "\n\n"
}
