// Package statement writes a tenant's month as a workbook for people: what is paid, the daily peaks with a chart, who was in the
// month's peak, what was doubtful or restated, and the hashes of what was issued.
//
// Promises: the numbers are those that the store holds and the files that stand, whatever the configuration says by now; who was in a
// peak is told by package explain, or why it cannot be. Numbers and dates are that, times stand by the region's clock, and no text
// becomes a formula. Equal stores give equal bytes: no clock is read. Memory grows with the month's peaks and the agents in one.
package statement

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"example.com/seats/cmd/seats/explain"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// Month is a tenant's month, of which a statement is written.
type Month struct {
	calendar.Month
	Conn *sql.Conn // to the published store, with the month's rows
	Of   config.Tenant
	Mask *pseudonym.Key // nil: agents are named
	Log  job.Log
}

// Write writes the workbook. A month of which nothing is counted is an error of fail.NotReady.
func (m Month) Write(ctx context.Context, w io.Writer) error {
	args := []any{sql.Named("month", m.String()), sql.Named("masked", m.Mask != nil), sql.Named("elsewhere", m.Of.Zone.String()),
		sql.Named("regions", list.Of(m.Of.Regions, func(r config.Region) string { return r.Name })),
		sql.Named("zones", list.Of(m.Of.Regions, func(r config.Region) string { return r.Zone.String() })),
		sql.Named("until", list.Of(m.Of.Regions, func(r config.Region) string { return r.Until.OrNone() })),
		sql.Named("committed", list.Of(m.Of.Regions, func(r config.Region) int64 { return r.Committed }))}
	ended, err1 := duck.One[int64](ctx, m.Conn, "ask/page_as_of")
	hasContracts, err2 := store.Has(ctx, m.Conn, job.ContractVersion)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	asOf := time.Unix(ended, 0).UTC()
	b := newBook(m, asOf.Format(time.RFC3339))
	defer b.Close() //nolint:errcheck // it has no files of its own
	for _, s := range []struct{ name, from, note string }{
		{"Month", "month", "What the store held on " + asOf.Format(time.DateTime) + " UTC. Times are those of the region's time zone."},
		{"Contracts", "contract", "What the contracts of each region say of the month, from the curves of its days."},
		{"Daily peaks", "day", "The most agents at once in any second of the day."},
		{"Peak", "peak", "Who was in the first second of the month's peak, and the activity that qualifies each session."},
		{"Quality", "quality", "What may be doubtful in the source, and how often it was found."},
		{"Restatements", "revision", "Files that were issued again, and what they superseded."},
		{"Files", "file", "The data files that stand. Whoever holds one can compare its SHA-256."},
	} {
		if s.from == "contract" && !hasContracts {
			continue
		}
		t, err := report.Ask(ctx, m.Conn, "ask/statement_"+s.from, m.zone, args...)
		if err == nil && s.from == "peak" {
			t, err = m.seats(ctx, t)
		}
		switch {
		case err != nil:
			return err
		case s.from == "quality" && len(t.Rows) == 0: // each day has all its rules
			return fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` reads and counts it", m), "nothing of %s is counted", m)
		case s.from == "contract" && len(t.Rows) == 0:
			continue
		}
		b.sheet(s.name, s.note, t)
		if s.from == "day" {
			b.chart(s.name, t)
		}
	}
	b.check(b.DeleteSheet("Sheet1"))
	types := b.ContentTypes.Defaults // which the library takes out of a map
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	if b.err == nil {
		b.err = b.Write(w)
	}
	return b.err
}

// zoneColumn is the header of the time zone by whose clock a row's instants are told.
const zoneColumn = "Time zone"

// zone is that by whose clock a row's instants are told: that of its region, where it says so.
func (m Month) zone(header []string, row []any) *time.Location {
	if slices.Contains(header, zoneColumn) {
		return job.ZoneOf(m.Of, row[0].(string))
	}
	return nil
}

// seats tell who was in the peaks of days, or why that cannot be told: the rows are gone, or the configuration has changed.
func (m Month) seats(ctx context.Context, days report.Table) (t report.Table, err error) {
	from := strings.Fields("region at agent location sm_res_session_fact_key login logout activity_start kind activity_key switch decision")
	t.Header = []string{"Region", "Second", "Agent", "Location", "Session", "Login", "Logout", "First activity", "Kind", "Activity", "Switch", "Why", zoneColumn}
	for _, row := range days.Rows {
		region, date, peak := row[0].(string), row[1].(calendar.Date), (*explain.Second)(nil)
		day, err := explain.New(m.Conn, m.Of).Day(ctx, date, region, "")
		if err == nil {
			peak, err = day.Peak(ctx)
		}
		if told, is := errors.AsType[*fail.Error](err); is && ctx.Err() == nil {
			m.Log.Warn("who was in the peak cannot be told: "+told.Error(), "tenant", m.Of.Name, "region", region, "day", date)
			t.Rows = append(t.Rows, append([]any{region, date, "cannot be told: " + told.Error()}, make([]any, len(from)-2)...))
			continue
		}
		if err != nil {
			return t, err
		}
		for i := range peak.Seats {
			peak.Seats[i].Agent = m.Mask.Agent(peak.Seats[i].Agent)
		}
		told := peak.List()
		for _, seat := range told.Rows {
			row := list.Of(from, func(name string) any { return seat[slices.Index(told.Header, name)] })
			t.Rows = append(t.Rows, append(row, day.Zone.String()))
		}
	}
	return t, nil
}

// book is the workbook in the making. The first error ends what is written to it.
type book struct {
	*excelize.File
	tenant, title, month                               string
	top, note, head, headRight, text, number, day, sec int // styles
	err                                                error
}

const (
	headRow           = 3 // below a title and a note, which are repeated with it on every page
	narrowest, widest = 10, 46
	exact             = 1_000_000_000_000_000 // a spreadsheet keeps fifteen digits of a number
)

func (b *book) check(err error) {
	if b.err == nil {
		b.err = err
	}
}

func newBook(m Month, made string) *book {
	b := &book{File: excelize.NewFile(), tenant: m.Of.Name, title: fmt.Sprintf("%s, %s %d", m.Of.Name, m.Month.Month, m.Year), month: m.String()}
	style := func(format, side string, size float64, bold bool) int {
		s := excelize.Style{CustomNumFmt: &format, Font: &excelize.Font{Family: "Calibri", Size: size, Bold: bold}}
		if side != "" {
			s.Alignment = &excelize.Alignment{Vertical: "top", Horizontal: side, Indent: 1, WrapText: bold || side == "left"}
		}
		if side != "" && bold {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}}
			s.Border = []excelize.Border{{Type: "bottom", Style: 1, Color: "1F3864"}}
		}
		id, err := b.NewStyle(&s)
		b.check(err)
		return id
	}
	b.top, b.note, b.head, b.headRight = style("@", "", 14, true), style("@", "", 11, false), style("@", "left", 11, true), style("@", "right", 11, true)
	b.text, b.number = style("@", "left", 11, false), style("General", "right", 11, false)
	b.day, b.sec = style("yyyy-mm-dd", "left", 11, false), style("yyyy-mm-dd hh:mm:ss", "left", 11, false)
	b.check(b.SetDocProps(&excelize.DocProperties{Title: b.title, Creator: "seats", LastModifiedBy: "seats", Created: made, Modified: made}))
	return b
}

// sheet adds a table on a sheet of its own, ready to be printed, with its header always in sight.
func (b *book) sheet(name, note string, t report.Table) {
	_, err := b.NewSheet(name)
	b.check(err)
	b.put(name, 1, 1, b.title+": "+strings.ToLower(name), b.top)
	b.put(name, 1, 2, note, b.note)
	high := make([]int, len(t.Rows)) // lines
	for i, head := range t.Header {
		width, headStyle := narrowest, b.head
		for _, word := range strings.Fields(head) {
			width = max(width, utf8.RuneCountInString(word)+4)
		}
		for n, row := range t.Rows {
			value, style := b.cell(row[i])
			b.put(name, i+1, headRow+1+n, value, style)
			if style == b.number {
				headStyle = b.headRight
			}
			size := utf8.RuneCountInString(shown(row[i]))
			width, high[n] = max(width, min(widest, size+3)), max(high[n], 1+size/(widest+4))
		}
		b.put(name, i+1, headRow, head, headStyle)
		letter, _ := excelize.ColumnNumberToName(i + 1)
		b.check(b.SetColWidth(name, letter, letter, float64(width)))
	}
	for n, lines := range append([]int{3}, high...) {
		b.check(b.SetRowHeight(name, headRow+n, float64(15*lines)))
	}
	if len(t.Rows) == 0 {
		b.put(name, 1, headRow+1, "none", b.note)
	}
	b.check(b.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(0), Size: new(9)})) // A4
	b.check(b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: new(true)}))
	b.check(b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: fmt.Sprintf("&L%s&C%s, &A&RPage &P of &N", b.tenant, b.month)}))
	b.check(b.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: headRow, TopLeftCell: fmt.Sprintf("A%d", headRow+1), ActivePane: "bottomLeft"}))
	b.check(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$1:$%d", name, headRow), Scope: name}))
}

// put writes a cell. A text is written as one, whatever it begins with.
func (b *book) put(sheet string, column, row int, value any, style int) {
	cell, err := excelize.CoordinatesToCellName(column, row)
	b.check(errors.Join(err, b.SetCellValue(sheet, cell, value), b.SetCellStyle(sheet, cell, cell, style)))
}

// cell is a value as a spreadsheet has it, with its style.
func (b *book) cell(value any) (any, int) {
	switch v := value.(type) {
	case calendar.Date:
		return time.Date(v.Year, v.Month, v.Day, 0, 0, 0, 0, time.UTC), b.day
	case time.Time:
		return v, b.sec
	case int64:
		if v < exact && -v < exact {
			return v, b.number
		}
	case int32, float64:
		return v, b.number
	}
	return shown(value), b.text
}

// shown is a value as it is to be seen; of a text, what could do more than be seen is escaped.
func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.DateTime)
	}
	return report.Printable(fmt.Sprint(value))
}

// chart draws the daily peaks beside their table, in which each region's lie one below the other: a line for each region, and one for
// what is agreed on. What the lines are called lies in cells behind the chart.
func (b *book) chart(sheet string, t report.Table) {
	var series []excelize.ChartSeries
	cells := func(column, from, to int) string {
		letter, _ := excelize.ColumnNumberToName(column)
		return fmt.Sprintf("'%s'!$%s$%d:$%[2]s$%[4]d", sheet, letter, headRow+1+from, headRow+1+to)
	}
	names := len(t.Header) + 2
	for from, to := 0, 0; from < len(t.Rows); from = to + 1 {
		for to = from; to+1 < len(t.Rows) && t.Rows[to+1][0] == t.Rows[from][0]; to++ {
		}
		for _, of := range []string{"Highest second", "Committed"} {
			column := slices.Index(t.Header, of)
			name, line := shown(t.Rows[from][0]), excelize.LineOptions{Width: 2.25}
			if of == "Committed" {
				name, line = name+" committed", excelize.LineOptions{Width: 1.25, Dash: excelize.LineDashDash}
				if t.Rows[from][column] == nil {
					continue
				}
			}
			at := len(series)
			b.put(sheet, names, headRow+1+at, name, b.note)
			series = append(series, excelize.ChartSeries{Name: cells(names, at, at), Categories: cells(slices.Index(t.Header, "Day")+1, from, to),
				Values: cells(column+1, from, to), Line: line, Marker: excelize.ChartMarker{Symbol: "none"}})
		}
	}
	at, _ := excelize.CoordinatesToCellName(names, headRow)
	dark := excelize.Font{Color: "404040", Size: 9}
	b.check(b.AddChart(sheet, at, &excelize.Chart{Type: excelize.Line, Series: series, ShowBlanksAs: "gap",
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: b.title + ": agents in the highest second of each day"}}},
		Dimension: excelize.ChartDimension{Width: 760, Height: 420}, Legend: excelize.ChartLegend{Position: "bottom"},
		Fill:  excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFFFFF"}},
		XAxis: excelize.ChartAxis{Font: dark, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "d"}},
		YAxis: excelize.ChartAxis{Font: dark, Minimum: new(0.0), MajorGridLines: true}}))
}
