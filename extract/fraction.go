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

// checkWhole looks for numbers with a fraction, which DuckDB's reader would round, and for those with an exponent, which who
// wrote them may have rounded. A file without a point and without a digit before an e has none: most fact tables' files are
// read no further.
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
			name := strings.ToLower(header[i])
			if !t.Has(name) || t.TypeOf(name) == typeText {
				continue
			}
			line, _ := f.rows.FieldPos(i)
			switch {
			case isFraction(field):
				return fmt.Errorf("%s:%d: column %s: %s is not a whole number", shown, line, header[i], field)
			case isRounded(field):
				return fmt.Errorf("%s:%d: column %s: %s may have been rounded: every digit has to be written (SQL*Plus: set numwidth 20)", shown, line, header[i], field)
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
		if bytes.IndexByte(block, '.') >= 0 || hasExponent(block) {
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

func hasExponent(text []byte) bool {
	for i := 1; i < len(text); i++ {
		if text[i]|' ' == 'e' && text[i-1] >= '0' && text[i-1] <= '9' {
			return true
		}
	}
	return false
}

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
