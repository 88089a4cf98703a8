package extract

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	texts "seats/sql"
)

// plainReject is DuckDB's reason for a row that it could not read, said once and on one line.
func plainReject(column, message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if column == "" {
		return " " + message
	}
	message = strings.TrimPrefix(message, fmt.Sprintf(`Error when converting column "%s".`, column))
	return " column " + column + ": " + strings.TrimSpace(message)
}

// checkHeader looks for the columns that the load names, in a header of any case, and returns the table's key
// columns as the header spells them.
func checkHeader(path, shown string, t texts.Table) (keys []string, err error) {
	header, err := readHeader(path)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", shown, err)
	}
	spelled, twice := map[string]string{}, ""
	for _, name := range header {
		lower := strings.ToLower(name)
		if _, has := spelled[lower]; has {
			twice = lower
		}
		spelled[lower] = name
	}
	for _, c := range t.Columns {
		if _, has := spelled[c.Name]; !has {
			return nil, fmt.Errorf("%s:1: no column %s", shown, c.Name)
		}
	}
	if twice != "" {
		return nil, fmt.Errorf("%s:1: column %s stands twice", shown, twice)
	}
	for _, name := range t.Key {
		keys = append(keys, spelled[name])
	}
	return keys, nil
}

// readHeader reads the header line of a file.
func readHeader(path string) ([]string, error) {
	f, records, err := openCSV(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	header, err := records.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no header line")
	}
	return header, err
}

// openCSV opens a file behind its byte-order mark, where there is one.
func openCSV(path string) (*os.File, *csv.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	text := bufio.NewReader(f)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		text.Discard(len(mark)) //nolint:errcheck // it was peeked at
	}
	return f, csv.NewReader(text), nil
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

// firstBadRecord is the line of the first record of a file that is not RFC 4180 or has an empty key, and what is wrong
// with it; nil where all are well.
func firstBadRecord(path string, keys []string) (line int, bad error) {
	f, records, err := openCSV(path)
	if err != nil {
		return 0, nil
	}
	defer f.Close() //nolint:errcheck // only read
	header, err := records.Read()
	for err == nil {
		var record []string
		if record, err = records.Read(); err != nil {
			break
		}
		for i, field := range record {
			if field == "" && slices.Contains(keys, header[i]) {
				line, _ = records.FieldPos(i)
				return line, fmt.Errorf("column %s: it is empty", header[i])
			}
		}
	}
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return broken.StartLine, broken.Err
	}
	return 0, nil
}

// plainCSVError drops the advice that DuckDB gives to people who can change the reader's options.
func plainCSVError(e *duckdb.Error, path, shown string) error {
	text, _, _ := strings.Cut(e.Msg, "\nPossible fixes")
	text, _, _ = strings.Cut(text, "\nThe search space")
	return errors.New(strings.ReplaceAll(strings.TrimSpace(text), path, shown))
}
