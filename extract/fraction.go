package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	texts "seats/sql"
)

// checkWhole looks for numbers with a fraction, which DuckDB's reader would round. A file without a point and without a
// negative exponent has none: most fact tables' files are read no further.
func checkWhole(path, shown string, t texts.Table) error {
	may, err := mayHoldFractions(path)
	if err != nil || !may {
		return err
	}
	f, err := openCSV(path)
	if err != nil {
		return err
	}
	defer f.Close()                                                                //nolint:errcheck // only read
	f.rows.ReuseRecord, f.rows.FieldsPerRecord, f.rows.LazyQuotes = true, -1, true // what is broken, DuckDB tells
	header, err := f.record()
	header = slices.Clone(header)
	for err == nil {
		var record []string
		record, err = f.record()
		for i, field := range record[:min(len(record), len(header))] {
			if name := strings.ToLower(header[i]); isFraction(field) && t.Has(name) && t.TypeOf(name) != typeText {
				line, _ := f.rows.FieldPos(i)
				return fmt.Errorf("%s:%d: column %s: %s is not a whole number", shown, line, header[i], field)
			}
		}
	}
	return nil
}

// mayHoldFractions looks at the bytes of a file alone.
func mayHoldFractions(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // only read
	text := bufio.NewReaderSize(f, 1<<20)
	for {
		block, err := text.Peek(1 << 20)
		if bytes.IndexByte(block, '.') >= 0 || bytes.Contains(block, []byte("e-")) || bytes.Contains(block, []byte("E-")) {
			return true, nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return false, err
		}
		text.Discard(len(block) - 1) //nolint:errcheck // it was peeked at; an e may stand at its end
	}
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
