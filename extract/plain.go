package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	texts "seats/sql"
)

// plainFile is a file of a fact table that is looked through before DuckDB reads any of it: most rows of most files belong
// to other days. It vouches only for what GIM's own export writes: as many fields as the header has, numbers in digits
// alone, texts in UTF-8 that mean what they say, quotes around whole fields. Where a file has anything else in it, however
// right or wrong that may be, DuckDB reads all of it and says what it thinks.
type plainFile struct {
	path   string
	header []byte // as it stands, its line end included
	fields []int  // of a row: which of the table's columns each is; -1 where it is not read
	types  []string
	keys   uint32 // one bit for each column that may not be empty
	quotes bool   // that it has any, once it was looked through
}

// plainRow is a row of a plainFile: its bytes, with the line end, and its numbers by the table's columns.
type plainRow struct {
	text    []byte
	numbers [32]int64
	texts   [32][]byte // as they stand between their quotes
	present uint32     // one bit for each column that is not empty
}

// number is the value of a column; has is false where it is empty.
func (r *plainRow) number(column int) (v int64, has bool) {
	return r.numbers[column], r.has(column)
}

func (r *plainRow) has(column int) bool { return r.present&(1<<column) != 0 }

// newPlainFile lays a header out; nil where that is more than a line.
func newPlainFile(path string, h header, t texts.Table) (*plainFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	p := &plainFile{path: path, header: make([]byte, h.size)}
	if _, err := io.ReadFull(f, p.header); err != nil {
		return nil, err
	}
	if bytes.IndexByte(p.header, '\n') != len(p.header)-1 {
		return nil, nil
	}
	for i, c := range t.Columns {
		p.types = append(p.types, c.Type)
		if t.IsKey(c.Name) {
			p.keys |= 1 << i
		}
	}
	for _, name := range h.names {
		p.fields = append(p.fields, slices.IndexFunc(t.Columns, func(c texts.Column) bool { return c.Name == strings.ToLower(name) }))
	}
	return p, nil
}

// blockSize is how much of a file is in memory; a longer row is not plain.
const blockSize = 1 << 20

// look goes through the rows, whose bytes are overwritten by the next. It is not plain if any of them is not.
func (p *plainFile) look(ctx context.Context, each func(*plainRow) error) (plain bool, err error) {
	return p.through(ctx, p.next, each)
}

// lookAgain goes through the rows of a file that is known to be plain, for the numbers of the table's key alone, and those that are
// wanted by it whole.
func (p *plainFile) lookAgain(ctx context.Context, wanted func(*plainRow) bool, each func(*plainRow) error) (plain bool, err error) {
	next := p.nextKey
	if p.quotes {
		next = p.next
	}
	return p.through(ctx, next, func(row *plainRow) error {
		if !wanted(row) {
			return nil
		}
		if !p.quotes {
			p.next(row.text, true, row)
		}
		return each(row)
	})
}

func (p *plainFile) through(ctx context.Context, next func(text []byte, last bool, row *plainRow) (n, is int), each func(*plainRow) error) (plain bool, err error) {
	f, err := os.Open(p.path)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := f.Seek(int64(len(p.header)), io.SeekStart); err != nil {
		return false, err
	}
	block, held, row := make([]byte, blockSize), 0, &plainRow{}
	for {
		n, err := io.ReadFull(f, block[held:])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return false, err
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		text := block[:held+n]
		for len(text) > 0 {
			n, is := next(text, last, row)
			if is == odd || is == cutOff && len(text) == blockSize {
				return false, nil
			}
			if is == cutOff {
				break
			}
			row.text, text = text[:n], text[n:]
			if err := each(row); err != nil {
				return true, err
			}
		}
		if last {
			return true, nil
		}
		held = copy(block, text)
	}
}

// How a row is.
const (
	entire = iota
	cutOff // the block ends within it
	odd
)

// next reads a row at the beginning of a text, which is the last of its file or has more behind it.
func (p *plainFile) next(text []byte, last bool, row *plainRow) (n, is int) {
	row.present = 0
	short := cutOff
	if last {
		short = odd
	}
	at := 0
	for i, column := range p.fields {
		if i > 0 {
			if at == len(text) {
				return 0, short
			}
			if text[at] != ',' {
				return 0, odd
			}
			at++
		}
		var ok bool
		switch {
		case at < len(text) && text[at] == '"':
			p.quotes = true
			from := at + 1
			if at = pastQuote(text, from); at < 0 || at == len(text) && !last {
				return 0, short
			}
			ok = column < 0 || row.take(column, p.types[column], text[from:at-1])
		case column >= 0 && p.types[column] != typeText:
			at, ok = row.digits(column, p.types[column], text, at)
		default:
			from := at
			for at < len(text) && !stops[text[at]] {
				at++
			}
			ok = column < 0 || row.take(column, typeText, text[from:at])
		}
		switch {
		case !ok && at == len(text):
			return 0, short
		case !ok:
			return 0, odd
		}
	}
	if p.keys&^row.present != 0 && (at < len(text) || last) {
		return 0, odd
	}
	return p.end(text, at, last)
}

// nextKey is next for a row of which no field is in quotes.
func (p *plainFile) nextKey(text []byte, last bool, row *plainRow) (n, is int) {
	n = bytes.IndexByte(text, '\n') + 1
	if n == 0 {
		if !last {
			return 0, cutOff
		}
		n = len(text)
	}
	row.present = 0
	at, wanted := 0, p.keys
	for _, column := range p.fields {
		if column >= 0 && wanted&(1<<column) != 0 {
			if at, _ = row.digits(column, typeNumber, text, at); row.present&(1<<column) == 0 {
				return 0, odd
			}
			if wanted &^= 1 << column; wanted == 0 {
				return n, entire
			}
		}
		comma := bytes.IndexByte(text[at:n], ',')
		if comma < 0 {
			return 0, odd
		}
		at += comma + 1
	}
	return 0, odd
}

// end reads the end of a row.
func (p *plainFile) end(text []byte, at int, last bool) (n, is int) {
	switch rest := text[at:]; {
	case len(rest) == 0 && last:
		return at, entire
	case len(rest) == 0, !last && len(rest) == 1 && rest[0] == '\r':
		return 0, cutOff
	case rest[0] == '\n':
		return at + 1, entire
	case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
		return at + 2, entire
	}
	return 0, odd
}

// stops are what a field without quotes cannot hold.
var stops = [256]bool{',': true, '\n': true, '\r': true, '"': true}

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
func (r *plainRow) take(column int, kind string, field []byte) bool {
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
func (r *plainRow) digits(column int, kind string, text []byte, at int) (end int, ok bool) {
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
