package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"seats/internal/fail"
	texts "seats/sql"
)

// A look over a whole file finds what DuckDB's reader would take for something else, however well it reads it: numbers with a
// fraction, which it would round, and those with an exponent, which who wrote them may have rounded; and texts by which a tool
// says that there is none. It also finds those of which DuckDB does not tell the line: empty keys, and rows without end.
type lookingOver struct {
	shown   string
	header  header
	fields  []texts.Column
	isKey   func(field string) bool
	empty   bool   // whether any field is
	nothing string // the first word for nothing
	atFirst error  // where it stands
	several bool   // whether there is another one
}

const howToWrite = "docs/exports.md says how a file has to be written, and which tools write otherwise; nothing was changed"

// lookOver returns the word that stands in all of a file where a field would be empty; "" where fields are left empty. A file
// that does both is an error: of a word in it, nobody can tell what it means.
func lookOver(path, shown string, h header, t texts.Table) (nothing string, err error) {
	f, err := openCSV(path)
	if err != nil {
		return "", err
	}
	defer f.Close()                                                                //nolint:errcheck // only read
	f.rows.ReuseRecord, f.rows.FieldsPerRecord, f.rows.LazyQuotes = true, -1, true // what is broken, DuckDB tells
	l := &lookingOver{shown: shown, header: h, fields: h.fields(t), isKey: t.IsKey}
	line := 0
	for _, err = f.record(); err == nil; {
		line, _ = f.rows.FieldPos(0)
		var record []string
		record, err = f.record()
		for i, value := range record[:min(len(record), len(l.fields))] {
			if err := l.field(i, value, f.rows.FieldPos); err != nil {
				return "", err
			}
		}
	}
	if errors.Is(err, errLongRow) {
		return "", fmt.Errorf("%s:%d: the row after this one is %w", shown, line, err)
	}
	if l.atFirst != nil && (l.empty || l.several) {
		return "", l.atFirst
	}
	return l.nothing, nil
}

// field looks at a field of a row.
func (l *lookingOver) field(i int, value string, position func(int) (line, column int)) error {
	column := l.fields[i]
	wrong := func(format string, args ...any) error {
		line, _ := position(i)
		return fail.New(fail.Source, howToWrite, "%s:%d: column %s: %s", l.shown, line, l.header.names[i], fmt.Sprintf(format, args...))
	}
	switch {
	case value == "" && l.isKey(column.Name):
		return wrong("it is empty")
	case nothings[value] && l.isKey(column.Name):
		return wrong("it is the word %s, and a key", value)
	case value == "":
		l.empty = true
	case notRead(column.Name) || isDigits(value):
	case nothings[value]:
		if l.atFirst == nil {
			l.nothing, l.atFirst = value, wrong("it is the word %s: where there is no value, the field has to be empty, or that word has to stand in all of the file", value)
		}
		l.several = l.several || l.nothing != value
	case nothings[strings.TrimSpace(value)]:
		return wrong("it is the word %s, filled up with blanks: where there is no value, the field has to be empty", strings.TrimSpace(value))
	case column.Type != typeText && isFraction(value):
		return wrong("%s is not a whole number", value)
	case column.Type != typeText && isRounded(value):
		return wrong("%s may have been rounded: every digit has to be written (SQL*Plus: set numwidth 20)", value)
	case column.Type == typeText && value == "\x00":
		return wrong("it is the character NUL")
	case column.Type == typeText && isCode(column.Name) && strings.HasSuffix(value, " "):
		return wrong("it is filled up with blanks: %q", value)
	}
	return nil
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

// notRead tells the fields in which any word may stand: those that are not read, and names, of people and groups, by which
// nothing is counted.
func notRead(field string) bool {
	return strings.HasPrefix(field, "not_read_") || field == "resource_name" || field == "group_name"
}

// isCode tells texts that no person has thought of.
func isCode(column string) bool { return column != "employee_id" && column != "switch_name" }

func isDigits(value string) bool { return strings.Trim(value, "0123456789") == "" }

// isRounded tells whether a text that stands for a number says how large it is and not which.
func isRounded(number string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return err == nil && strings.ContainsAny(number, "eE")
}

// isFraction tells whether a text that stands for a number has a fraction other than zero.
func isFraction(number string) bool {
	if strings.ContainsAny(number, "eE") {
		f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		return err == nil && f != math.Trunc(f)
	}
	_, decimals, _ := strings.Cut(number, ".")
	return strings.Trim(decimals, "0 ") != ""
}

// withLF gives a file whose lines all end with LF: the file itself or, where it has a CR anywhere, a copy under another path.
// Left to DuckDB, a file in which both ends stand is refused without a word on where, or read as if it had no rows.
func withLF(path, shown, copied string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // only read
	has, err := hasCR(in)
	if err != nil || !has {
		return path, err
	}
	return copied, writeLF(bufio.NewReaderSize(in, 1<<18), shown, copied)
}

// hasCR looks for a CR, and goes back to where the file begins.
func hasCR(f *os.File) (has bool, err error) {
	block := make([]byte, 1<<18)
	for err == nil && !has {
		var n int
		n, err = f.Read(block)
		has = bytes.IndexByte(block[:n], '\r') >= 0
	}
	if err == nil || errors.Is(err, io.EOF) {
		_, err = f.Seek(0, io.SeekStart)
	}
	return has, err
}

// writeLF copies a file. What stands in quotes stays as it is: so does a quote within a field that does not begin with one, of
// which DuckDB decides.
func writeLF(in *bufio.Reader, shown, to string) (err error) {
	out, err := createTemp(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	text := bufio.NewWriterSize(out, 1<<18)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		in.Discard(len(mark))      //nolint:errcheck // it was peeked at
		text.WriteString("\ufeff") //nolint:errcheck // an error stays until Flush
	}
	quoted, begins, closed, line := false, true, false, 1 // begins: a field; closed: so were its quotes
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return text.Flush()
		}
		if err != nil {
			return err
		}
		if c == '\r' && !quoted {
			if next, _ := in.Peek(1); len(next) > 0 && next[0] != '\n' {
				return fail.New(fail.Source, howToWrite, "%s:%d: the line ends with CR alone: line ends have to be LF or CR LF", shown, line)
			}
			continue
		}
		if c == '\n' {
			line++
		}
		closed, quoted = quoted && c == '"', c == '"' && !quoted && (begins || closed) || c != '"' && quoted
		begins = !quoted && (c == ',' || c == '\n')
		text.WriteByte(c) //nolint:errcheck // an error stays until Flush
	}
}

// writeLine writes a line with LF at its end, if it has an end.
func writeLine(w *bufio.Writer, line []byte) error {
	if text, is := bytes.CutSuffix(line, []byte("\r\n")); is {
		w.Write(text) //nolint:errcheck // an error stays until the next write
		return w.WriteByte('\n')
	}
	_, err := w.Write(line)
	return err
}

// createTemp creates a file in the folder for temporary files, and the folder where it is missing.
func createTemp(path string) (*os.File, error) {
	if err := makeTemp(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}
