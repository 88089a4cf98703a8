package extract

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
)

// passRows is how many rows of a relation are held as text at a time, twice: some 15 MB each. A test holds fewer. Of a large one
// there are more: each of the passes, of which there are so many at most, reads all of it.
var passRows int64 = 100_000

const mostPasses = 8

// lineBytes is about what a row takes as text.
const lineBytes = 130

// SliceSHA256 is the hash of a stored slice, as sql/slice/slice_sha256 gives it, which anybody can repeat: the hash over the hashes of
// all buckets of rows, in their order. Here some buckets, of passRows rows together, are hashed while the rows of the next ones are
// read. The connection may be in a transaction.
func SliceSHA256(ctx context.Context, conn *sql.Conn, day calendar.Date) (string, error) {
	on := sql.Named("day", day.String())
	relations, err := duck.All[struct {
		Letter string
		Rows   int64
	}](ctx, conn, "slice/slice_rows", on)
	if err != nil {
		return "", err
	}
	var all []string
	read, next, hashing := &lined{}, &lined{}, sync.WaitGroup{}
	for _, of := range relations {
		var hashes [2 * buckets]string
		passes := min((of.Rows+passRows-1)/passRows, mostPasses)
		for pass := range passes {
			next.text = slices.Grow(next.text, int(of.Rows/passes)*lineBytes)
			err := duck.Chunks(ctx, conn, "slice/part_"+of.Letter, next.take, on, sql.Named("pass", pass), sql.Named("passes", passes))
			hashing.Wait()
			if err != nil {
				return "", err
			}
			read, next = next, read
			hashing.Go(func() { read.hash(&hashes) })
		}
		hashing.Wait()
		for no, hash := range hashes {
			if hash != "" {
				all = append(all, fmt.Sprintf("%s|%d|%s", of.Letter, no-buckets, hash))
			}
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:]), nil
}

// buckets is how many remainders there are of resource keys. Those of negative ones are negative.
const buckets = 1024

// lined is rows as lines of text, one behind the other.
type lined struct {
	text    []byte
	buckets [2 * buckets][]textLine
}

// textLine is where a row's text is, and the keys that it is in order by.
type textLine struct {
	key, second int64
	from, to    int
}

// take writes the rows of a chunk: their bucket and their keys come first, then what is written of them. Each field ends with a bar,
// the last one with the line.
func (l *lined) take(c duck.Chunk) error {
	for row, bucket := range c.Columns[0].Numbers {
		text := l.text
		for i := 3; i < len(c.Columns); i++ {
			switch column := &c.Columns[i]; {
			case column.Numbers == nil && column.Has(row):
				text = append(append(text, column.Text(row)...), '|')
			case column.Numbers != nil && column.Has(row):
				text = append(strconv.AppendInt(text, column.Numbers[row], 10), '|')
			case column.Numbers != nil:
				text = append(text, '|')
			}
		}
		text[len(text)-1] = '\n'
		lines := &l.buckets[bucket+buckets]
		*lines = append(*lines, textLine{c.Columns[1].Numbers[row], c.Columns[2].Numbers[row], len(l.text), len(text)})
		l.text = text
	}
	return nil
}

// hash puts the lines of each bucket in order and hashes them. Then there are none.
func (l *lined) hash(hashes *[2 * buckets]string) {
	var text []byte
	for no, lines := range l.buckets {
		if len(lines) == 0 {
			continue
		}
		slices.SortFunc(lines, l.compare)
		text = text[:0]
		for _, of := range lines {
			text = append(text, l.text[of.from:of.to]...)
		}
		sum := sha256.Sum256(text[:len(text)-1])
		hashes[no], l.buckets[no] = hex.EncodeToString(sum[:]), nil // another pass has other buckets
	}
	l.text = l.text[:0]
}

// compare orders lines by their keys, then by their second field, an activity's kind.
func (l *lined) compare(a, b textLine) int {
	if a.key != b.key || a.second != b.second {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.second, b.second))
	}
	field := func(of textLine) []byte { return bytes.SplitN(l.text[of.from:of.to], []byte("|"), 3)[1] }
	return bytes.Compare(field(a), field(b))
}
