package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/report"
)

// calendars prints a month of each tenant and region: for people as a calendar, else a row a day.
func (c *statusCmd) calendars(ctx context.Context, p *program, tenants []config.Tenant) error {
	month, err := parsed("--month", string(c.Month), calendar.ParseMonth)
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "region", "date", "state", "peak", "committed"}}
	screen := p.screen()
	var drawn []string
	failed := p.eachTenant(ctx, tenants, func(tenant config.Tenant) error {
		return reading(ctx, tenant, func(db duck.Queryer) error {
			sheets, err := sheetsOf(ctx, db, tenant, month, p.clock())
			if err == nil && len(sheets) == 0 {
				p.Info("nothing is held of the month", "tenant", tenant.Name, "month", month)
			}
			for _, sheet := range sheets {
				table.Rows = append(table.Rows, sheet.rows()...)
				drawn = append(drawn, sheet.draw(screen))
			}
			return err
		})
	})
	if c.Format != report.FormatTable || failed != nil && !alreadySaid(failed) {
		return p.print(table, c.Format, failed)
	}
	_, err = io.WriteString(p.stdout, strings.Join(drawn, "\n"))
	return cmp.Or(err, failed)
}

// sheet is a region's month on the wall.
type sheet struct {
	tenant string
	region config.Region
	month  calendar.Month
	states map[calendar.Date]string // also missing; a day that is not in it is none of the tenant's, or still to come
	peaks  map[calendar.Date]int64
}

const missing = "missing"

// sheetsOf reads a tenant's month; the zero month is the newest of which the store holds a day.
func sheetsOf(ctx context.Context, db duck.Queryer, tenant config.Tenant, month calendar.Month, now time.Time) (sheets []sheet, err error) {
	states, err := watch.States(ctx, db, tenant)
	if err != nil {
		return nil, err
	}
	peaks, err := watch.Peaks(ctx, db)
	if err != nil {
		return nil, err
	}
	if month == (calendar.Month{}) {
		var newest calendar.Date
		for day := range states {
			if newest.Before(day) {
				newest = day
			}
		}
		month = newest.YearMonth()
	}
	for _, day := range missingDays(tenant, states, lastEnded(tenant, now).AddDays(1)) {
		states[day] = missing
	}
	for _, r := range tenant.Regions {
		s := sheet{tenant.Name, r, month, states, peaks[r.Name]}
		if len(s.rows()) > 0 {
			sheets = append(sheets, s)
		}
	}
	return sheets, nil
}

// rows has one for each day of the month that has a state. Of a day that was not counted yet there is no peak.
func (s sheet) rows() (rows [][]any) {
	for _, day := range s.month.Days() {
		state, has := s.states[day]
		if !has {
			continue
		}
		row := []any{s.tenant, s.region.Name, day.String(), state, nil, nil}
		if peak, known := s.peaks[day]; known {
			row[4] = peak
		}
		if s.region.Committed > 0 {
			row[5] = s.region.Committed
		}
		rows = append(rows, row)
	}
	return rows
}

// draw is the calendar, Monday first: each day with its peak and what is to be said of it, each week with a sparkline of its
// peaks under the highest of the month; then what the signs mean that are in it.
func (s sheet) draw(screen screen) string {
	highest, at := int64(0), calendar.Date{}
	for _, day := range s.month.Days() {
		if n := s.peaks[day]; n > highest {
			highest, at = n, day
		}
	}
	digits := len(fmt.Sprint(highest))
	width := 2 + 1 + digits + 2
	gap, spark := "  ", true
	if wide := 7*(width+2) + 7; screen.width > 0 && wide > screen.width {
		gap, spark = " ", wide-7 <= screen.width
	}
	var head string
	for _, name := range []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
		head += screen.paint(faintColor, fmt.Sprintf("%-*s", width, name)) + gap
	}
	lines := []string{s.title(screen, highest, at) + strings.TrimRight(head, " ")}
	days, seen := s.month.Days(), map[string]bool{}
	for first := -(int(days[0].Weekday()) + 6) % 7; first < len(days); first += 7 {
		week, bars := "", ""
		for i := first; i < first+7; i++ {
			if i < 0 || i >= len(days) {
				week, bars = week+strings.Repeat(" ", width)+gap, bars+" "
				continue
			}
			week += s.cell(screen, days[i], digits, seen) + gap
			bars += string(s.bar(screen, days[i], highest))
		}
		if spark {
			week += screen.paint(curveColor, strings.TrimRight(bars, " "))
		}
		lines = append(lines, strings.TrimRight(week, " "))
	}
	var legend []string
	for _, s := range signs {
		if seen[s.sign] {
			legend = append(legend, s.sign+" "+s.meaning)
		}
	}
	if legend != nil {
		lines = append(lines, strings.Join(legend, "   "))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s sheet) title(screen screen, highest int64, at calendar.Date) string {
	count := map[string]int{}
	for _, day := range s.month.Days() {
		count[s.states[day]]++
	}
	said := []string{fmt.Sprintf("%d final", count[settle.Final])}
	for _, state := range []string{settle.Provisional, missing} {
		if count[state] > 0 {
			said = append(said, fmt.Sprintf("%d %s", count[state], state))
		}
	}
	title := screen.paint(text.Bold, fmt.Sprintf("%s %s, %s %d", s.tenant, s.region.Name, s.month.Month, s.month.Year)) +
		fmt.Sprintf(" (%s): %s", s.region.Zone, strings.Join(said, ", "))
	if highest > 0 {
		title += fmt.Sprintf("; highest peak %d on %s", highest, at)
	}
	if s.region.Committed > 0 {
		title += fmt.Sprintf("; committed %d", s.region.Committed)
	}
	return title + "\n"
}

// The signs beside a day's number, and what they mean, in the order of the legend.
var signs = []struct{ sign, meaning string }{
	{"-", "missing"}, {".", "not counted yet"}, {"~", "provisional, may still move"}, {"!", "above what is committed"},
}

// cell is a day with its number and two signs; those that it has are noted.
func (s sheet) cell(screen screen, day calendar.Date, digits int, seen map[string]bool) string {
	state, has := s.states[day]
	if !has {
		return screen.paint(faintColor, fmt.Sprintf("%2d", day.Day)) + strings.Repeat(" ", 1+digits+2)
	}
	number, sign, color := ".", "", warnColor
	peak, counted := s.peaks[day]
	switch {
	case state == missing:
		number, color = "-", badColor
	case counted:
		number, color = fmt.Sprint(peak), text.Reset
	}
	if !counted || state == missing {
		seen[number] = true
	}
	if state == settle.Provisional {
		sign, color = "~", warnColor
	}
	if counted && s.region.Committed > 0 && peak > s.region.Committed {
		sign, color = sign+"!", badColor
	}
	for _, one := range sign {
		seen[string(one)] = true
	}
	painted := fmt.Sprintf("%*s%-2s", digits, number, sign)
	if color != text.Reset {
		painted = screen.paint(color, painted)
	}
	return screen.paint(faintColor, fmt.Sprintf("%2d", day.Day)) + " " + painted
}

// bar is a day in its week's sparkline. Whoever is there is seen.
func (s sheet) bar(screen screen, day calendar.Date, highest int64) rune {
	blocks := screen.glyphs().blocks
	peak, steps := s.peaks[day], int64(len(blocks)-1)
	if peak == 0 || s.states[day] == missing {
		return ' '
	}
	return blocks[(peak*steps+highest-1)/highest]
}
