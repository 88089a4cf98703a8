package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

// csvFile is a table's file in an export. It is gone through twice, since a word by which a tool says that there is no value is known for one only
// when it stands in all of the file. Most fields are plain, as GIM's own export writes them: numbers in digits alone, texts in UTF-8 that mean what
// they say. They are read at once, the others with care, and refused where they can be taken for something else.
type csvFile struct {
	path, shown string
	of          texts.Table
	names       []string // of the columns, as the header spells them
	columns     []int    // which of the table's columns each field of a row is; -1 where it is not read
	keys        uint32   // one bit for each column that may not be empty
	begin       int64    // where the rows do
	at          int64    // where the row does that is read

	looked  bool
	isEmpty bool   // whether any field is
	nothing string // the first word for nothing
	atFirst error  // where it stands
	several bool   // whether there is another one
}

// csvRow is a row of a csvFile: its values by the table's columns, of which the texts are overwritten by the next row.
type csvRow struct {
	numbers [32]int64
	texts   [32][]byte // as they would stand between quotes
	present uint32     // one bit for each column that is not empty
}

// number is the value of a column; has is false where it is empty.
func (r *csvRow) number(column int) (v int64, has bool) {
	if has = r.has(column); has {
		v = r.numbers[column]
	}
	return v, has
}

func (r *csvRow) has(column int) bool { return r.present&(1<<column) != 0 }

// maxRow is how many bytes a row may have, which is how much of a file is in memory. A quote that is never closed makes one row of all that follows.
const maxRow = 2_000_000

// readAhead is how many bytes of a file are read at a time: what a processor's own memory holds is read fastest.
const readAhead = 128 << 10

var (
	errLongRow  = fmt.Errorf("longer than %d bytes: is a quote not closed?", maxRow)
	errNoColumn = errors.New("no column")
)

const howToWrite = "docs/exports.md says how a file has to be written, and which tools write otherwise; nothing was changed"

// openCSV reads the header of a file, in any case, and looks in it for the columns of the table. Errors say where.
func openCSV(path, shown string, of texts.Table) (*csvFile, error) {
	f := &csvFile{path: path, shown: shown, of: of, keys: 1<<len(of.Key) - 1} // the columns of a key come first
	if err := f.readHeader(); err != nil {
		return nil, fmt.Errorf("%s:1: %w", shown, err)
	}
	seen, twice := map[string]bool{}, ""
	for _, name := range f.names {
		lower := strings.ToLower(name)
		if seen[lower] {
			twice = lower
		}
		seen[lower] = true
		f.columns = append(f.columns, column(of, lower))
	}
	for _, c := range of.Columns {
		if !seen[c.Name] {
			return nil, fmt.Errorf("%s:1: %w %s%s", shown, errNoColumn, c.Name, likelyCause(f.names))
		}
	}
	if twice != "" {
		return nil, fmt.Errorf("%s:1: column %s stands twice", shown, twice)
	}
	return f, nil
}

func (f *csvFile) readHeader() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	text := bufio.NewReader(io.LimitReader(file, maxRow))
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		text.Discard(len(mark)) //nolint:errcheck // it was peeked at
		f.begin = int64(len(mark))
	}
	rows := csv.NewReader(text)
	f.names, err = rows.Read()
	switch f.begin += rows.InputOffset(); {
	case errors.Is(err, io.EOF):
		return errors.New("no header line")
	case f.begin >= maxRow:
		return errLongRow
	}
	return err
}

// likelyCause is why a header may name none of the columns.
func likelyCause(names []string) string {
	switch first := strings.Join(names, ","); {
	case strings.ContainsRune(first, 0):
		return ": is the file UTF-16? It has to be UTF-8"
	case strings.ContainsRune(first, '\r'):
		return ": line ends have to be LF or CR LF, and not CR alone"
	case len(names) == 1 && strings.ContainsAny(first, ";\t|"):
		return ": fields have to be separated by commas"
	case strings.HasPrefix(first, "#TYPE"):
		return ": PowerShell's -NoTypeInformation leaves this line out"
	}
	return ": the first line has to name the columns"
}

// look goes through all rows for the first time, and refuses the file where it says in two ways that there is no value, or where a
// row cannot be read.
func (f *csvFile) look(ctx context.Context, each func(*csvRow)) error {
	if err := f.through(ctx, nil, each); err != nil {
		return err
	}
	if f.looked = true; f.atFirst != nil && (f.isEmpty || f.several) {
		return f.atFirst
	}
	return nil
}

// blocks are what is in memory of the files that are read.
var blocks = sync.Pool{New: func() any { return new([maxRow]byte) }}

// through goes through all rows, or those of some ids.
func (f *csvFile) through(ctx context.Context, ids func(int64) bool, each func(*csvRow)) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if _, err := file.Seek(f.begin, io.SeekStart); err != nil {
		return err
	}
	block := blocks.Get().(*[maxRow]byte)
	defer blocks.Put(block)
	held, row := 0, &csvRow{}
	f.at = f.begin
	for {
		n, err := io.ReadFull(file, block[held:min(held+readAhead, maxRow)])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text := block[:held+n]
		for len(text) > 0 {
			n, err := f.other(text, ids), error(nil)
			if row.present = 0; n == 0 {
				n, err = f.next(text, last, row)
			}
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			text = text[n:]
			if f.at += int64(n); row.present != 0 && (ids == nil || ids(row.numbers[0])) {
				each(row)
			}
		}
		if last {
			return nil
		}
		if len(text) == maxRow {
			return f.misread(-1, "", "the row after this one is %v", errLongRow)
		}
		held = copy(block[:], text)
	}
}

// other is where the row at the beginning of a text ends that begins with another id, in a file that was looked at: it need not be read
// again. 0 where that is not plain to see.
func (f *csvFile) other(text []byte, ids func(int64) bool) int {
	if ids == nil || f.columns[0] != 0 {
		return 0
	}
	id, n := int64(0), 0
	for ; n < len(text) && n < 18 && '0' <= text[n] && text[n] <= '9'; n++ {
		id = 10*id + int64(text[n]-'0')
	}
	if n == 0 || n == len(text) || text[n] != ',' || ids(id) {
		return 0
	}
	end := bytes.IndexByte(text, '\n') + 1
	if bytes.IndexByte(text[:end], '"') >= 0 {
		return 0
	}
	return end
}

// lines counts what is written to it.
type lines int

func (n *lines) Write(p []byte) (int, error) {
	*n += lines(bytes.Count(p, []byte("\n")))
	return len(p), nil
}

// misread is why a row cannot be read, and in which line of the file; help is how a file has to be written, where that is what helps.
func (f *csvFile) misread(at int, help, format string, args ...any) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	line := lines(1)
	if _, err := io.Copy(&line, io.LimitReader(file, f.at+int64(at))); err != nil {
		return err
	}
	const most = 500 // characters: a message need not be as long as the row that it is about
	what := []rune(fmt.Sprintf(format, args...))
	if len(what) > most {
		what = append(what[:most], '…')
	}
	err = fmt.Errorf("%s:%d: %s", f.shown, line, string(what))
	if help == "" {
		return err
	}
	return fail.New(fail.Source, help, "%w", err)
}

// next reads the row at the beginning of a text, which is the last of its file or has more behind it: n is 0 where more of it has to be read. A line
// with nothing in it is no row, and one empty field too much is none. A quote within a field that does not begin with one is a part of it.
func (f *csvFile) next(text []byte, last bool, row *csvRow) (n int, err error) {
	row.present = 0
	if n := end(text, 0, last); n >= 0 {
		return n, nil
	}
	for field, at := 0, 0; ; field++ {
		column, kind := -1, typeText
		if field < len(f.columns) {
			if column = f.columns[field]; column >= 0 {
				kind = f.of.Columns[column].Type
			}
		}
		from, ok := at, true
		var value []byte // as it would stand in quotes
		if at < len(text) && text[at] == '"' {
			switch at = pastQuote(text, from+1); {
			case at < 0 && last:
				return 0, f.misread(from, "", "a quote is not closed")
			case at < 0:
				return 0, nil
			}
			value = text[from+1 : at-1]
			ok = column < 0 || row.take(column, kind, value)
		} else {
			if column >= 0 && kind != typeText {
				at, ok = row.digits(column, kind, text, at)
			}
			for at < len(text) && !stops[text[at]] {
				at, ok = at+1, ok && kind == typeText
			}
			value = text[from:at]
			if kind == typeText && column >= 0 {
				ok = bytes.IndexByte(value, '"') < 0 && row.take(column, kind, value)
			}
		}
		if at == len(text) && !last {
			return 0, nil
		}
		f.isEmpty = f.isEmpty || len(value) == 0 && field < len(f.columns)
		if !ok || field >= len(f.columns) || column >= 0 && f.keys&^row.present&(1<<column) != 0 {
			shown := string(value)
			if from < len(text) && text[from] == '"' {
				shown = strings.ReplaceAll(shown, `""`, `"`)
			}
			if err := f.takeCarefully(row, field, from, shown); err != nil {
				return 0, err
			}
		}
		if at < len(text) && text[at] == ',' {
			at++
			continue
		}
		n := end(text, at, last)
		switch {
		case n == 0:
			return 0, nil
		case n < 0 && text[at] == '\r' && at+1 < len(text):
			return 0, f.misread(at, howToWrite, "the line ends with CR alone: line ends have to be LF or CR LF")
		case n < 0 && text[at] == '\r':
			n = len(text)
		case n < 0:
			return 0, f.misread(from, "", "behind a quote that ends a field there is more of it: a quote within a field has to be doubled")
		}
		if field+1 < len(f.columns) {
			return 0, f.misread(0, "", "the row has %d fields, the header %d", field+1, len(f.columns))
		}
		return n, nil
	}
}

// end is where a row ends whose last field ends at a byte: 0 where more of the text has to be read, -1 where it does not end there.
func end(text []byte, at int, last bool) int {
	switch rest := text[at:]; {
	case len(rest) == 0 && last:
		return at
	case len(rest) == 0, !last && len(rest) == 1 && rest[0] == '\r':
		return 0
	case rest[0] == '\n':
		return at + 1
	case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
		return at + 2
	}
	return -1
}

// stops are what a field without quotes cannot hold.
var stops = [256]bool{',': true, '\n': true, '\r': true}

// pastQuote is behind the quote that ends a field; -1 where none does.
func pastQuote(text []byte, at int) int {
	for {
		n := bytes.IndexByte(text[at:], '"')
		if n < 0 {
			return -1
		}
		if at += n + 1; at == len(text) || text[at] != '"' {
			return at
		}
		at++
	}
}

// take reads a text, or a number that stood in quotes.
func (r *csvRow) take(column int, kind string, field []byte) bool {
	if kind == typeText {
		if r.texts[column] = field; len(field) > 0 {
			r.present |= 1 << column
		}
		return utf8.Valid(field) && !isOdd(field)
	}
	end, ok := r.digits(column, kind, field, 0)
	return ok && end == len(field)
}

// digits reads a number, or that there is none.
func (r *csvRow) digits(column int, kind string, text []byte, at int) (end int, ok bool) {
	most := 18 // digits that every integer of 64 bits has room for
	if kind == typeFlag {
		most = 4
	}
	negative := at < len(text) && text[at] == '-'
	if negative {
		at++
	}
	from, v := at, int64(0)
	for ; at < len(text) && text[at] >= '0' && text[at] <= '9'; at++ {
		v = 10*v + int64(text[at]-'0')
	}
	n := at - from
	if n == 0 {
		return at, !negative
	}
	if negative {
		v = -v
	}
	r.numbers[column] = v
	r.present |= 1 << column
	return at, n <= most
}

// takeCarefully reads a field of a row that is not plain.
func (f *csvFile) takeCarefully(row *csvRow, field, from int, value string) error {
	if field >= len(f.columns) {
		if value != "" || field > len(f.columns) {
			return f.misread(from, "", "the row has more fields than the %d of the header", len(f.columns))
		}
		return nil
	}
	at := f.columns[field]
	wrong := func(help, format string, args ...any) error {
		return f.misread(from, help, "column %s: "+format, append([]any{f.names[field]}, args...)...)
	}
	row.present &^= 1 << at
	c := f.of.Columns[at]
	isKey, isText, word := f.keys&(1<<at) != 0, c.Type == typeText, strings.TrimSpace(value)
	switch {
	case value == "" && isKey:
		return wrong(howToWrite, "it is empty")
	case nothings[value] && isKey:
		return wrong(howToWrite, "it is the word %s, and a key", value)
	case value == "", f.looked && value == f.nothing:
		return nil
	case isText && !utf8.ValidString(value):
		return wrong(howToWrite, "it is not in utf-8")
	case c.Name == "resource_name" || c.Name == "group_name": // any word may stand in them: nothing is counted by people's and groups' names
	case nothings[value]:
		if f.atFirst == nil {
			f.nothing, f.atFirst = value, wrong(howToWrite, "it is the word %s: where there is no value, the field has to be empty, or that word has to stand in all of the file", value)
		}
		f.several = f.several || f.nothing != value
		return nil
	case nothings[word]:
		return wrong(howToWrite, "it is the word %s, filled up with blanks: where there is no value, the field has to be empty", word)
	case !isText:
		return row.takeNumber(at, c.Type, value, wrong)
	case value == "\x00":
		return wrong(howToWrite, "it is the character NUL")
	case c.Name != "employee_id" && c.Name != "switch_name" && strings.HasSuffix(value, " "): // of a text that no person has thought of
		return wrong(howToWrite, "it is filled up with blanks: %q", value)
	}
	row.texts[at] = []byte(strings.ReplaceAll(value, `"`, `""`))
	row.present |= 1 << at
	return nil
}

// takeNumber reads a number as people write one: with a fraction that is zero, but not so that digits may be missing.
func (r *csvRow) takeNumber(column int, kind, value string, wrong func(help, format string, args ...any) error) error {
	bits := 64
	if kind == typeFlag {
		bits = 16
	}
	digits, decimals, _ := strings.Cut(strings.TrimSpace(value), ".")
	v, err := strconv.ParseInt(digits, 10, bits)
	f, notFloat := strconv.ParseFloat(strings.TrimSpace(value), 64)
	isFraction, isRounded := strings.Trim(decimals, "0 ") != "", false
	if strings.ContainsAny(value, "eE") {
		isFraction, isRounded = notFloat == nil && f != math.Trunc(f), notFloat == nil
	}
	switch {
	case isFraction:
		return wrong(howToWrite, "%s is not a whole number", value)
	case isRounded:
		return wrong(howToWrite, "%s may have been rounded: every digit has to be written (SQL*Plus: set numwidth 20)", value)
	case err == nil && strings.Trim(decimals, "0") == "":
		r.numbers[column] = v
		r.present |= 1 << column
		return nil
	}
	if strings.HasPrefix(value, "--") {
		return wrong("", "the line of dashes under a header has to be left out")
	}
	return wrong("", "Could not convert string %q to '%s'", value, strings.ToUpper(kind))
}

// nothings are the words that tools write where there is no value, as they write them. Words that people choose, for what a
// mapping shall store where there is no GUID, are values: none, N/A.
var nothings = map[string]bool{
	`\N`: true, "NULL": true, "null": true, "Null": true, "(NULL)": true, "(null)": true, "<NULL>": true, "<null>": true, "[NULL]": true, "[null]": true,
	"None": true, "nan": true, "NaN": true, "NAN": true, "<NA>": true, "<nil>": true, "undefined": true,
}

// isOdd tells of a text that is a code whether a look over the file would find anything in it.
func isOdd(code []byte) bool {
	return nothings[string(bytes.TrimSpace(code))] || string(code) == "\x00" || bytes.HasSuffix(code, []byte(" "))
}
