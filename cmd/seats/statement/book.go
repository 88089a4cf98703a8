package statement

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"seats/internal/calendar"
	"seats/report"
)

// book is the workbook in the making. The first error ends what is written to it.
type book struct {
	*excelize.File
	tenant, month, title  string
	heading, note         int // styles
	head, headOfNumbers   int
	text, number, day, at int
	err                   error
}

const (
	headRow           = 3                     // below a title and a note, which are repeated with it on every page
	narrowest, widest = 9, 46                 // characters; what is longer goes on in the next line
	exact             = 1_000_000_000_000_000 // a spreadsheet keeps fifteen digits of a number
)

func (b *book) check(err error) {
	if b.err == nil {
		b.err = err
	}
}

func newBook(m Month, asOf time.Time) *book {
	b := &book{File: excelize.NewFile(), tenant: m.Of.Name, month: m.String(), title: fmt.Sprintf("%s, %s %d", m.Of.Name, m.Month.Month, m.Year)}
	style := func(s excelize.Style) int {
		id, err := b.NewStyle(&s)
		b.check(err)
		return id
	}
	form := func(format, side string) int {
		return style(excelize.Style{CustomNumFmt: &format, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: side, Indent: 1, WrapText: side == "left"}})
	}
	head := func(side string) int {
		return style(excelize.Style{Font: &excelize.Font{Bold: true, Family: "Calibri", Size: 11},
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}},
			Border:    []excelize.Border{{Type: "bottom", Style: 1, Color: "1F3864"}},
			Alignment: &excelize.Alignment{Vertical: "top", Horizontal: side, Indent: 1, WrapText: true}})
	}
	b.heading = style(excelize.Style{Font: &excelize.Font{Bold: true, Family: "Calibri", Size: 14}})
	b.note = style(excelize.Style{Font: &excelize.Font{Color: "595959", Family: "Calibri", Size: 11}})
	b.head, b.headOfNumbers = head("left"), head("right")
	b.text, b.number, b.day, b.at = form("@", "left"), form("General", "right"), form("yyyy-mm-dd", "left"), form("yyyy-mm-dd hh:mm:ss", "left")
	made := asOf.Format(time.RFC3339)
	b.check(b.SetDocProps(&excelize.DocProperties{Title: b.title, Creator: "seats", LastModifiedBy: "seats", Created: made, Modified: made}))
	return b
}

// sheet adds a table on a sheet of its own, ready to be printed, with its header always in sight.
func (b *book) sheet(name, note string, t table) {
	_, err := b.NewSheet(name)
	b.check(err)
	b.put(name, 1, 1, b.title+": "+strings.ToLower(name), b.heading)
	b.put(name, 1, 2, note, b.note)
	high := make([]int, len(t.rows)+1) // lines
	for i, head := range t.header {
		width, headStyle := narrowest, b.head
		for _, word := range strings.Fields(head) {
			width = max(width, utf8.RuneCountInString(word)+4) // it is bold
		}
		for n, row := range t.rows {
			value, style := b.cell(row[i])
			b.put(name, i+1, headRow+1+n, value, style)
			width = max(width, min(widest, utf8.RuneCountInString(shown(row[i]))+4))
			if style == b.number {
				headStyle = b.headOfNumbers
			}
		}
		b.put(name, i+1, headRow, head, headStyle)
		letter, _ := excelize.ColumnNumberToName(i + 1)
		b.check(b.SetColWidth(name, letter, letter, float64(width)))
		high[0] = max(high[0], lines(head, width-3))
		for n, row := range t.rows {
			high[n+1] = max(high[n+1], lines(shown(row[i]), width-3))
		}
	}
	for n := range high {
		b.check(b.SetRowHeight(name, headRow+n, float64(15*high[n])))
	}
	if len(t.rows) == 0 {
		b.put(name, 1, headRow+1, "none", b.note)
	}
	landscape, wide, endless, a4, fit := "landscape", 1, 0, 9, true
	b.check(b.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &wide, FitToHeight: &endless, Size: &a4}))
	b.check(b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.check(b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: fmt.Sprintf("&L%s&C%s, &A&RPage &P of &N", b.tenant, b.month)}))
	b.check(b.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: headRow, TopLeftCell: fmt.Sprintf("A%d", headRow+1), ActivePane: "bottomLeft"}))
	b.check(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$1:$%d", name, headRow), Scope: name}))
}

// lines is how many a text takes in a column of so many characters.
func lines(text string, width int) int {
	n, used := 1, 0
	for word := range strings.FieldsSeq(text) {
		size := utf8.RuneCountInString(word) + 1
		if used > 0 && used+size > width+1 {
			n, used = n+1, 0
		}
		n, used = n+(used+size-2)/width, (used+size-2)%width+1 // a word that is too long is broken
	}
	return n
}

// settle puts into an order what the library takes out of a map.
func (b *book) settle() {
	types := b.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
}

// put writes a cell. A text is written as one, whatever it begins with.
func (b *book) put(sheet string, column, row int, value any, style int) {
	cell, err := excelize.CoordinatesToCellName(column, row)
	b.check(err)
	b.check(b.SetCellValue(sheet, cell, value))
	b.check(b.SetCellStyle(sheet, cell, cell, style))
}

// cell is a value as a spreadsheet has it, with its style.
func (b *book) cell(value any) (any, int) {
	switch v := value.(type) {
	case nil:
		return nil, b.text
	case int32, float64:
		return v, b.number
	case int64:
		if v < exact && -v < exact {
			return v, b.number
		}
	case calendar.Date:
		return time.Date(v.Year, v.Month, v.Day, 0, 0, 0, 0, time.UTC), b.day
	case time.Time:
		return v, b.at
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
func (b *book) chart(sheet string, t table) {
	names, _ := excelize.ColumnNumberToName(len(t.header) + 2)
	cells := func(column string, from, to int) string {
		if at := slices.Index(t.header, column); at >= 0 {
			column, _ = excelize.ColumnNumberToName(at + 1)
		}
		return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", sheet, column, headRow+1+from, column, headRow+1+to)
	}
	var series []excelize.ChartSeries
	add := func(name, of string, from, to int, line excelize.LineOptions) {
		n := len(series)
		b.put(sheet, len(t.header)+2, headRow+1+n, name, b.note)
		series = append(series, excelize.ChartSeries{Name: cells(names, n, n), Categories: cells("Day", from, to), Values: cells(of, from, to),
			Line: line, Marker: excelize.ChartMarker{Symbol: "none"}})
	}
	for from, to := 0, 0; from < len(t.rows); from = to + 1 {
		region := shown(t.rows[from][0])
		for to = from; to+1 < len(t.rows) && t.rows[to+1][0] == t.rows[from][0]; to++ {
		}
		add(region, "Highest second", from, to, excelize.LineOptions{Width: 2.25})
		if t.rows[from][slices.Index(t.header, "Committed")] != nil {
			add(region+" committed", "Committed", from, to, excelize.LineOptions{Width: 1.25, Dash: excelize.LineDashDash})
		}
	}
	least, dark := 0.0, excelize.Font{Color: "404040", Size: 9}
	b.check(b.AddChart(sheet, fmt.Sprintf("%s%d", names, headRow), &excelize.Chart{Type: excelize.Line, Series: series, ShowBlanksAs: "gap",
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: b.title + ": agents in the highest second of each day"}}},
		Dimension: excelize.ChartDimension{Width: 760, Height: 420}, Legend: excelize.ChartLegend{Position: "bottom"},
		Fill:  excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFFFFF"}},
		XAxis: excelize.ChartAxis{Font: dark, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "d"}},
		YAxis: excelize.ChartAxis{Font: dark, Minimum: &least, MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}}}))
}
