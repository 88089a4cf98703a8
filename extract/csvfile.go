package extract

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	texts "seats/sql"
)

// plainReject is DuckDB's reason for a row that it could not read, said once and on one line.
func plainReject(column, message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if column == "" {
		return " " + short(message)
	}
	message = strings.TrimPrefix(message, fmt.Sprintf(`Error when converting column "%s".`, column))
	switch {
	case dashes.MatchString(message):
		message = "the line of dashes under a header has to be left out"
	case strings.Contains(message, `string "NULL"`):
		message = "it is the word NULL: where there is no number, the field has to be empty"
	}
	return " column " + column + ": " + short(strings.TrimSpace(message))
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

// header is a file's first line.
type header struct {
	names []string // as it spells them
	keys  []string // those of the table's key columns
	size  int      // bytes, with a byte-order mark and the line end
}

// checkHeader looks for the columns that the load names, in a header of any case.
func checkHeader(path, shown string, t texts.Table) (header, error) {
	h, err := readHeader(path)
	if err != nil {
		return h, fmt.Errorf("%s:1: %w", shown, err)
	}
	spelled, twice := map[string]string{}, ""
	for _, name := range h.names {
		lower := strings.ToLower(name)
		if _, has := spelled[lower]; has {
			twice = lower
		}
		spelled[lower] = name
	}
	for _, c := range t.Columns {
		if _, has := spelled[c.Name]; !has {
			return h, fmt.Errorf("%s:1: %w %s%s", shown, errNoColumn, c.Name, likelyCause(h.names))
		}
	}
	if twice != "" {
		return h, fmt.Errorf("%s:1: column %s stands twice", shown, twice)
	}
	for _, name := range t.Key {
		h.keys = append(h.keys, spelled[name])
	}
	return h, nil
}

// likelyCause is why a header may name none of the columns.
func likelyCause(names []string) string {
	switch first := strings.Join(names, ","); {
	case strings.ContainsRune(first, 0):
		return ": is the file UTF-16? It has to be UTF-8"
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

// explainCSV is for a file that DuckDB gave up as a whole, mostly for one bad quote or one empty key, whose line it does
// not tell.
func explainCSV(err error, path, shown string, keys []string) error {
	var e *duckdb.Error
	if !errors.As(err, &e) || e.Type == duckdb.ErrorTypeOutOfMemory || e.Type == duckdb.ErrorTypeIO {
		return fmt.Errorf("%s: %w", shown, err) // nothing is wrong with the file
	}
	line, bad := firstBadRecord(path, keys)
	if bad != nil {
		return fmt.Errorf("%s:%d: %w", shown, line, bad)
	}
	return fmt.Errorf("%s: %w", shown, plainCSVError(e, path, shown))
}

// firstBadRecord is the line of the first record of a file that is not RFC 4180, is too long or has an empty key, and what
// is wrong with it; nil where all are well.
func firstBadRecord(path string, keys []string) (line int, bad error) {
	f, err := openCSV(path)
	if err != nil {
		return 0, nil
	}
	defer f.Close() //nolint:errcheck // only read
	header, err := f.record()
	for err == nil {
		line, _ = f.rows.FieldPos(0)
		var record []string
		if record, err = f.record(); err != nil {
			break
		}
		for i, field := range record {
			if field == "" && slices.Contains(keys, header[i]) {
				line, _ = f.rows.FieldPos(i)
				return line, fmt.Errorf("column %s: it is empty", header[i])
			}
		}
	}
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		return broken.StartLine, broken.Err
	case errors.Is(err, errLongRow):
		return line, fmt.Errorf("the row after this one is %w", err)
	}
	return 0, nil
}

// plainCSVError drops the advice that DuckDB gives to people who can change the reader's options.
func plainCSVError(e *duckdb.Error, path, shown string) error {
	text, _, _ := strings.Cut(e.Msg, "\nPossible fixes")
	text, _, _ = strings.Cut(text, "\nThe search space")
	return errors.New(short(strings.ReplaceAll(strings.TrimSpace(text), path, shown)))
}
