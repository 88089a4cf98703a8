package extract

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	texts "seats/sql"
)

// plainReject is DuckDB's reason for a row that it could not read, said once and on one line. The column is one of the
// load's fields, which the file spells otherwise.
func plainReject(field, spelled, message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if field == "" {
		return " " + short(message)
	}
	message = strings.TrimPrefix(message, fmt.Sprintf(`Error when converting column "%s".`, field))
	if dashes.MatchString(message) {
		message = "the line of dashes under a header has to be left out"
	}
	return " column " + spelled + ": " + short(strings.TrimSpace(message))
}

// dashes are what sqlcmd writes under its header.
var dashes = regexp.MustCompile(`string "--+"`)

// short keeps a message from being as long as the row that it is about.
func short(message string) string {
	const most = 500
	if shown := []rune(message); len(shown) > most {
		return string(shown[:most]) + "…"
	}
	return message
}

var errNoColumn = errors.New("no column")

// header is the line of a file that names its columns.
type header struct {
	names []string // as it spells them
	lines int      // empty ones before it
	size  int      // bytes, with a byte-order mark and the line end
}

// fields are the columns of the file under names that can stand in a statement: those of the table's, and others for what is
// not read.
func (h header) fields(t texts.Table) (fields []texts.Column) {
	for i, name := range h.names {
		field := texts.Column{Name: fmt.Sprintf("not_read_%d", i+1), Type: typeText}
		if at := column(t, strings.ToLower(name)); at >= 0 {
			field = t.Columns[at]
		}
		fields = append(fields, field)
	}
	return fields
}

// spelled is how the file spells the name of one of its fields.
func (h header) spelled(field string, t texts.Table) string {
	for i, f := range h.fields(t) {
		if f.Name == field {
			return h.names[i]
		}
	}
	return field
}

// checkHeader looks for the columns that the load names, in a header of any case.
func checkHeader(path, shown string, t texts.Table) (header, error) {
	h, err := readHeader(path)
	if err != nil {
		return h, fmt.Errorf("%s:1: %w", shown, err)
	}
	seen, twice := map[string]bool{}, ""
	for _, name := range h.names {
		lower := strings.ToLower(name)
		if seen[lower] {
			twice = lower
		}
		seen[lower] = true
	}
	for _, c := range t.Columns {
		if !seen[c.Name] {
			return h, fmt.Errorf("%s:1: %w %s%s", shown, errNoColumn, c.Name, likelyCause(h.names))
		}
	}
	if twice != "" {
		return h, fmt.Errorf("%s:1: column %s stands twice", shown, twice)
	}
	return h, nil
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

// readHeader reads the header line of a file.
func readHeader(path string) (h header, err error) {
	f, err := openCSV(path)
	if err != nil {
		return h, err
	}
	defer f.Close() //nolint:errcheck // only read
	h.names, err = f.record()
	if errors.Is(err, io.EOF) {
		return h, errors.New("no header line")
	}
	if err == nil {
		line, _ := f.rows.FieldPos(0)
		h.lines = line - 1
	}
	h.size = f.mark + int(f.rows.InputOffset())
	return h, err
}

// maxRow is how many bytes a row may have: DuckDB's reader takes no more. A quote that is never closed makes one row of all
// that follows, and that need not fit into memory.
const maxRow = 2_000_000

var errLongRow = fmt.Errorf("longer than %d bytes: is a quote not closed?", maxRow)

// csvFile is a CSV file that is read row by row.
type csvFile struct {
	*os.File
	rows *csv.Reader
	mark int // bytes of its byte-order mark
	left int // bytes that the row at hand may still take
}

// openCSV opens a file behind its byte-order mark, where there is one.
func openCSV(path string) (*csvFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &csvFile{File: file, left: maxRow}
	text := bufio.NewReader(f)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		text.Discard(len(mark)) //nolint:errcheck // it was peeked at
		f.mark = len(mark)
	}
	f.rows = csv.NewReader(text)
	return f, nil
}

// record reads the next row.
func (f *csvFile) record() ([]string, error) {
	f.left = maxRow
	return f.rows.Read()
}

// Read is for the buffer under the rows, which may be ahead of them.
func (f *csvFile) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errLongRow
	}
	n, err := f.File.Read(p)
	f.left -= n
	return n, err
}

// explainCSV is for a file that DuckDB gave up as a whole.
func explainCSV(err error, path, shown string) error {
	var e *duckdb.Error
	if !errors.As(err, &e) || e.Type == duckdb.ErrorTypeOutOfMemory || e.Type == duckdb.ErrorTypeIO {
		return fmt.Errorf("%s: %w", shown, err) // nothing is wrong with the file
	}
	return fmt.Errorf("%s: %w", shown, plainCSVError(e, path, shown))
}

// plainCSVError drops the advice that DuckDB gives to people who can change the reader's options.
func plainCSVError(e *duckdb.Error, path, shown string) error {
	text, _, _ := strings.Cut(e.Msg, "\nPossible fixes")
	text, _, _ = strings.Cut(text, "\nThe search space")
	return errors.New(short(strings.ReplaceAll(strings.TrimSpace(text), path, shown)))
}
