package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	texts "example.com/seats/sql"
)

// The formats that a Table can be written in.
const (
	FormatTable = "table" // for people: aligned, without colours, control characters escaped
	FormatJSON  = "json"  // an array of objects, one a row, keys in the order of the header
	FormatCSV   = "csv"   // RFC 4180 with a header line and "\n"

	FormatBox      = "box"      // the table with lines around its cells
	FormatMarkdown = "markdown" // likewise, for a page
)

// Formats lists the formats, the default first.
func Formats() []string { return []string{FormatTable, FormatJSON, FormatCSV} }

// absentValue is the type of Absent.
type absentValue struct{}

// Absent is a value that a row does not have at all: its key is left out of the JSON object, where nil is written as null. Elsewhere both are empty.
var Absent = absentValue{}

// Told is a value that people are told in other words than programs.
type Told struct {
	Value any
	Words string
}

// OrNil is a value where there is one, else nil.
func OrNil(is bool, value any) any {
	if is {
		return value
	}
	return nil
}

// Table is rows to be printed, the one way by which every command prints its results. A row has a value for each name in the
// header: nil or Absent, text, a number, a bool, a time.Time (RFC 3339, in its own zone), a list or map of these, or anything
// that is a fmt.Stringer, or what is Told of one. Columns of numbers are aligned to the right.
type Table struct {
	Header []string
	Rows   [][]any
	Width  int // of the terminal that FormatTable is shown on, in columns: cells are broken to fit, or rows into records; 0: none are
}

// Ask gives what an embedded query finds, under the names that it gives its columns. A DATE is a calendar.Date, and a moment stands by
// the clock of the zone of its row, where one is told. Of the arguments, those count of which the query has a parameter.
func Ask(ctx context.Context, q duck.Queryer, name string, zone func(header []string, row []any) *time.Location, args ...any) (t Table, err error) {
	rows, err := q.QueryContext(ctx, texts.Text(name), duck.Taken(name, args)...)
	if err != nil {
		return t, fmt.Errorf("run sql/%s: %w", name, err)
	}
	defer rows.Close()               //nolint:errcheck // read to the end
	types, err := rows.ColumnTypes() // which only fails once they are closed
	for _, c := range types {
		t.Header = append(t.Header, c.Name())
	}
	for err == nil && rows.Next() {
		row, into := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		err = rows.Scan(into...)
		for i, c := range types {
			if at, is := row[i].(time.Time); is && c.DatabaseTypeName() == "DATE" {
				row[i] = calendar.DateOf(at, time.UTC)
			} else if is {
				row[i] = at.In(cmp.Or(zone(t.Header, row), at.Location()))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, errors.Join(err, rows.Err())
}

// Write writes the table in the format: FormatTable, FormatJSON or FormatCSV.
func (t Table) Write(w io.Writer, format string) error {
	for _, row := range t.Rows {
		if len(row) != len(t.Header) {
			return fmt.Errorf("write table: a row of %d values under %d names", len(row), len(t.Header))
		}
	}
	var err error
	switch format {
	case FormatTable, FormatBox, FormatMarkdown:
		err = t.draw(w, format)
	case FormatJSON:
		err = t.writeJSON(w)
	case FormatCSV:
		rows := list.Of(t.Rows, func(row []any) []string { return list.Of(row, textOf) })
		err = writeCSV(w, slices.Insert(rows, 0, t.Header))
	default:
		return fmt.Errorf("write table: unknown format %q (want %s)", format, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("write table as %s: %w", format, err)
	}
	return nil
}

// styles are those of the formats that are drawn.
var styles = map[string]table.Style{
	FormatTable:    {Box: table.BoxStyle{PaddingRight: "  "}},
	FormatBox:      {Box: table.StyleBoxLight, Options: table.OptionsDefault},
	FormatMarkdown: {},
}

func (t Table) draw(w io.Writer, format string) error {
	drawn, rows := table.NewWriter(), []table.Row{list.Of(t.Header, func(name string) any { return Printable(name) })}
	for _, row := range t.Rows {
		rows = append(rows, list.Of(row, func(value any) any {
			if told, is := value.(Told); is { // as people are
				value = told.Words
			}
			return Printable(textOf(value))
		}))
	}
	most, fits := t.narrow(rows)
	if format == FormatTable && !fits {
		return writeRecords(w, rows)
	}
	var columns []table.ColumnConfig
	for i := range t.Header {
		align := t.alignment(i)
		columns = append(columns, table.ColumnConfig{
			Number: i + 1, Align: align, AlignHeader: align, WidthMax: most, WidthMaxEnforcer: text.WrapSoft,
		})
	}
	drawn.SetColumnConfigs(columns)
	drawn.SetStyle(styles[format])
	drawn.SuppressTrailingSpaces()
	drawn.AppendHeader(rows[0])
	drawn.AppendRows(rows[1:])
	lines := drawn.Render
	if format == FormatMarkdown {
		lines = drawn.RenderMarkdown
	}
	_, err := fmt.Fprintln(w, lines())
	return err
}

// narrow is how wide a column may be at most, its cells broken, for a row to fit the terminal; it does not where too little of them would
// be left to read.
func (t Table) narrow(rows []table.Row) (most int, fits bool) {
	widths := make([]int, len(t.Header))
	for _, row := range rows {
		for column, cell := range row {
			widths[column] = max(widths[column], text.StringWidthWithoutEscSequences(cell.(string)))
		}
	}
	const narrowest = 10
	for most = t.Width; ; most-- {
		total := -2
		for _, width := range widths {
			total += min(width, most) + 2
		}
		if fits = total <= t.Width || t.Width == 0; fits || most <= narrowest {
			return most, fits
		}
	}
}

// writeRecords writes a line for each cell that is not empty, under the names, a blank line behind each row.
func writeRecords(w io.Writer, rows []table.Row) error {
	var records strings.Builder
	for _, row := range rows[1:] {
		for column, cell := range row {
			if cell != "" {
				fmt.Fprintf(&records, "%-14s %s\n", rows[0][column], cell)
			}
		}
		records.WriteByte('\n')
	}
	_, err := io.WriteString(w, records.String())
	return err
}

// alignment puts a column to the right that holds numbers and nothing else.
func (t Table) alignment(column int) text.Align {
	align := text.AlignLeft
	for _, row := range t.Rows {
		switch value := settled(row[column]); {
		case isNumber(value):
			align = text.AlignRight
		case value != nil && value != Absent:
			return text.AlignLeft
		}
	}
	return align
}

// writeJSON writes one object a line, so that large results can be read and compared line by line.
func (t Table) writeJSON(w io.Writer) error {
	before := "["
	for _, row := range t.Rows {
		object, err := t.object(row)
		if err == nil {
			_, err = io.WriteString(w, before+object)
		}
		if err != nil {
			return err
		}
		before = ",\n "
	}
	if len(t.Rows) > 0 {
		before = ""
	}
	_, err := io.WriteString(w, before+"]\n")
	return err
}

// MarshalJSON writes a table inside a row, or in another document, as Write does.
func (t Table) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := t.writeJSON(&b)
	return b.Bytes(), err
}

// object is a row as a JSON object with its keys in the header's order, which package json would sort.
func (t Table) object(row []any) (string, error) {
	var out bytes.Buffer
	for column, value := range row {
		if value == Absent {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		err := encodeJSON(&out, t.Header[column])
		out.WriteByte(':')
		if err = cmp.Or(err, encodeJSON(&out, jsonValue(value))); err != nil {
			return "", fmt.Errorf("column %s: %w", t.Header[column], err)
		}
	}
	return "{" + out.String() + "}", nil
}

// encodeJSON appends the value without the line end that an Encoder adds, and without escaping what is special in HTML alone.
func encodeJSON(out *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1)
	return nil
}

// settled follows a pointer to what it points at, nil where it points nowhere, and takes the value of what is Told. A *big.Int is a number as it is.
func settled(value any) any {
	if _, number := value.(*big.Int); value == nil || number {
		return value
	}
	if told, is := value.(Told); is {
		return settled(told.Value)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return settled(v.Elem().Interface())
	}
	return value
}

// isNumber tells whether a settled value counts or measures; a named integer type that has a text of its own does not.
func isNumber(value any) bool {
	switch value.(type) {
	case nil, fmt.Stringer:
		_, big := value.(*big.Int)
		return big
	}
	return reflect.TypeOf(value).ConvertibleTo(reflect.TypeFor[float64]())
}

// textOf is a value as text, for CSV and, once Printable, for people. Lists and maps are written as JSON.
func textOf(value any) string {
	switch v := settled(value).(type) {
	case nil, absentValue:
		return ""
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case fmt.Stringer:
		return v.String()
	default:
		var encoded bytes.Buffer
		number := reflect.TypeOf(v).Kind() < reflect.Array // or a bool
		if number || encodeJSON(&encoded, jsonValue(v)) != nil {
			return fmt.Sprint(v)
		}
		var text string
		if json.Unmarshal(encoded.Bytes(), &text) == nil {
			return text
		}
		return encoded.String()
	}
}

// jsonValue makes a value into one that package json writes as Table promises, and so the members of lists and maps, whose keys
// become text as JSON wants them. What JSON has no word for, such as NaN, becomes text.
func jsonValue(value any) any {
	switch v := settled(value).(type) {
	case nil, absentValue:
		return nil
	case string, time.Time, *big.Int, json.Marshaler:
		return v
	case []byte:
		return fmt.Sprintf("%x", v)
	case float64, float32:
		if f := reflect.ValueOf(v).Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return textOf(v)
		}
		return v
	case fmt.Stringer:
		return v.String()
	default:
		switch v := reflect.ValueOf(v); v.Kind() {
		case reflect.Slice, reflect.Array:
			list := make([]any, 0, v.Len())
			for i := range v.Len() {
				list = append(list, jsonValue(v.Index(i).Interface()))
			}
			return list
		case reflect.Map:
			object := make(map[string]any, v.Len())
			for entries := v.MapRange(); entries.Next(); {
				object[textOf(entries.Key().Interface())] = jsonValue(entries.Value().Interface())
			}
			return object
		}
		return v
	}
}

// Printable makes text safe to show on a terminal: whatever could move the cursor, begin a line, change colours or reorder the
// line is written as an escape, and so is what is not UTF-8.
func Printable(text string) string {
	quoted := strconv.Quote(text)
	return plainAgain.Replace(quoted[1 : len(quoted)-1])
}

// plainAgain takes away the escapes of what is printable, and makes a blank of the break before each of several causes of an error.
var plainAgain = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n\t`, " ")

// Measurements makes the table that `run` prints of what was issued, or would be; its JSON is a contract (interface.md, "Commands").
// A peak is shown with a concurrent count above 0 only; revision and file where there is an issued file that says this number: what
// was refused keeps its number and has neither.
func Measurements(outcomes []Outcome) Table {
	t := Table{Header: []string{"tenant", "region", "measure", "period", "value", "peak_at", "peak_seconds", "state", "revision", "file"}}
	for _, o := range outcomes {
		n, state, value := o.Number, o.Number.State, any(o.Number.Value)
		if o.Blocked && n.Value == 0 { // it was kept from being counted
			value = nil
		}
		var peakAt, peakSeconds, revision, file any = Absent, Absent, Absent, Absent
		if n.hasPeak() {
			peakAt, peakSeconds = n.PeakAt, n.PeakSeconds
		}
		if o.Issue.File != "" {
			state, revision, file = o.Issue.State, o.Issue.Revision, o.Issue.File
		}
		t.Rows = append(t.Rows, []any{n.Tenant, n.Region, string(n.Measure), n.Period, value, peakAt, peakSeconds, state, revision, file})
	}
	return t
}
