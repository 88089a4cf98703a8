package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"seats/cmd/seats/explain"
	"seats/cmd/seats/job"
	"seats/cmd/seats/query"
	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/forecast"
	"seats/internal/settle"
	"seats/report"
)

// screen is what standard output shows text on.
type screen struct {
	width   int  // of the window, in columns; 0: it is no terminal
	unicode bool // more than ASCII
	color   bool
}

// screen is standard output. Colours are for a terminal that has them, unless NO_COLOR (https://no-color.org) or the
// flag says otherwise.
func (p *program) screen() screen {
	s := screen{unicode: knowsUnicode(p.env)}
	f, is := query.Terminal(p.stdout)
	if !is {
		return s
	}
	if s.width, _, _ = term.GetSize(int(f.Fd())); s.width <= 0 {
		s.width = 80 // of one that does not say
	}
	unwanted, _ := p.env("NO_COLOR")
	kind, _ := p.env("TERM")
	s.color = !p.NoColor && unwanted == "" && kind != "dumb"
	return s
}

// paint gives text a colour, where there are any.
func (s screen) paint(c text.Color, what string) string {
	if !s.color || strings.TrimSpace(what) == "" {
		return what
	}
	return c.EscapeSeq() + what + text.EscapeReset
}

const (
	curveColor = text.FgCyan
	faintColor = text.Faint
	warnColor  = text.FgYellow
	badColor   = text.FgRed
)

// glyphs are what bars are drawn with. Eighths need a terminal that knows Unicode; elsewhere a place is full or empty.
type glyphs struct {
	blocks                 []rune // from nothing to a full place, in equal steps
	edge, mark, band, line string
}

func (s screen) glyphs() glyphs {
	if s.unicode {
		return glyphs{[]rune(" ▁▂▃▄▅▆▇█"), "│", "▲", "░", "─"}
	}
	return glyphs{[]rune(" #"), "|", "^", ":", "-"}
}

// columns is of how many a day's curve is drawn; 0 where the screen is no terminal, or too narrow a one.
func (s screen) columns() int {
	for _, columns := range []int{288, 144, 96, 48, 24} { // 5, 10, 15, 30 and 60 minutes, on most days
		if columns+10 <= s.width {
			return columns
		}
	}
	return 0
}

// knowsUnicode goes by the locale, as POSIX has it: the first of these that is set says.
func knowsUnicode(env func(string) (string, bool)) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale, set := env(name); set && locale != "" {
			return strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8")
		}
	}
	return false
}

const curveRows = 6

// drawCurve draws a day over the hours of its zone, and marks the first second of the peak. Each column stands for as many seconds as
// the others and shows the most agents in any of them. A day without a second, or without an agent, has no picture.
func (s screen) drawCurve(columns int, curve explain.Curve, zone *time.Location) string {
	most, plateaus := curve.Plateaus()
	if most == 0 {
		return ""
	}
	start, seconds := curve[0].Start, curve[len(curve)-1].End-curve[0].Start
	column := func(second int64) int { return int((second - start) * int64(columns) / seconds) }
	heights := make([]int64, columns)
	for _, step := range curve {
		for i := column(step.Start); i <= column(step.End-1); i++ {
			heights[i] = max(heights[i], step.Agents)
		}
	}
	g := s.glyphs()
	steps := int64(len(g.blocks) - 1)
	label := fmt.Sprint(most)
	var b strings.Builder
	for row := int64(curveRows - 1); row >= 0; row-- {
		line := make([]rune, 0, columns)
		for _, h := range heights {
			// Whoever is there is seen: what is not 0 is at least one step high.
			full := (h*curveRows*steps + most - 1) / most
			line = append(line, g.blocks[min(max(full-row*steps, 0), steps)])
		}
		fmt.Fprintf(&b, "%7s %s%s\n", label, g.edge, s.paint(curveColor, string(line)))
		label = ""
	}
	hours := []byte(strings.Repeat(" ", columns)) // every sixth of the zone's clock under its column
	for second := start - start%900; second < start+seconds; second += 900 {
		at := time.Unix(second, 0).In(zone)
		if second >= start && at.Minute() == 0 && at.Second() == 0 && at.Hour()%6 == 0 && column(second)+2 <= columns {
			copy(hours[column(second):], at.Format("15"))
		}
	}
	fmt.Fprintf(&b, "%9s%s\n", "", strings.TrimRight(string(hours), " "))
	first := time.Unix(plateaus[0].Start, 0).In(zone).Format(time.TimeOnly)
	at, mark := column(plateaus[0].Start), g.mark+" "+first
	if at+len(first)+2 > columns { // to the left of it, where there is room
		at, mark = at-len(first)-1, first+" "+g.mark
	}
	return b.String() + strings.Repeat(" ", 9+at) + s.paint(badColor, mark) + "\n\n"
}

// picturesOfRun is how many regions a run draws; of the others `explain` does.
const picturesOfRun = 4

// drawDay draws the curves of the day that was run, for people at a terminal. What cannot be drawn is a warning: the run is done.
func (p *program) drawDay(ctx context.Context, tenant config.Tenant, date calendar.Date) {
	screen := p.screen()
	if screen.columns() == 0 {
		return
	}
	ofDay := func(m calendar.Month) bool { return m == date.YearMonth() }
	err := readingRows(ctx, tenant, ofDay, func(conn *duck.Conn) error {
		explainer := explain.New(conn, tenant)
		for i, region := range tenant.Regions {
			if i == picturesOfRun {
				_, err := fmt.Fprintf(p.stdout, "\n%d regions more: seats explain --tenant %s --date %s --region R\n", len(tenant.Regions)-i, tenant.Name, date)
				return err
			}
			day, err := explainer.Day(ctx, date, region.Name, "")
			if err != nil {
				return err
			}
			if drawn := screen.drawCurve(screen.columns(), day.Curve, day.Zone); drawn != "" {
				fmt.Fprintf(p.stdout, "\n%s %s, %s (%s)\n%s", tenant.Name, region.Name, date, region.Zone, strings.TrimSuffix(drawn, "\n"))
			}
		}
		return nil
	})
	if err != nil {
		p.warn("the day cannot be drawn", job.Explain(err, tenant), "tenant", tenant.Name, "day", date)
	}
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
	g := s.glyphs()
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
				cell = s.paint(warnColor, g.band+" ")
			case t.Committed > 0 && r == row(t.Committed):
				cell = s.paint(badColor, g.line+g.line)
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
		for day := range states {
			if month.First().Before(day) {
				month = day.YearMonth()
			}
		}
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
