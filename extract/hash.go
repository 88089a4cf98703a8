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

	"seats/internal/calendar"
	"seats/internal/duck"
)

// passRows is how many rows of a relation are held as text at a time, twice: some 25 MB each.
const passRows = 150_000

// lineBytes is about what a row takes as text.
const lineBytes = 130

// SliceSHA256 is the hash of a stored slice. The connection may be in a transaction.
func SliceSHA256(ctx context.Context, conn *sql.Conn, day calendar.Date) (string, error) {
	return sliceSHA256(ctx, conn, day, passRows)
}

// sliceSHA256 is what sql/slice/slice_sha256 gives, which anybody can repeat: the hash over the hashes of all buckets of rows, in their
// order. Here some buckets are hashed while the rows of the next ones are read, as many at a time as have about passRows.
func sliceSHA256(ctx context.Context, conn *sql.Conn, day calendar.Date, passRows int64) (string, error) {
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
		passes := min(of.Rows/passRows+1, buckets)
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
	ends    []int   // of the lines
	second  []int64 // the key that tells rows of the same first one apart
	buckets [2 * buckets][]place
}

// place is where a row stands in its bucket, by its first key, and which row it is.
type place struct {
	key int64
	row int
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
		places := &l.buckets[bucket+buckets]
		*places = append(*places, place{c.Columns[1].Numbers[row], len(l.ends)})
		l.text, l.ends, l.second = text, append(l.ends, len(text)), append(l.second, c.Columns[2].Numbers[row])
	}
	return nil
}

// hash puts the lines of each bucket in order and hashes them. Then there are none.
func (l *lined) hash(hashes *[2 * buckets]string) {
	var text []byte
	for no, places := range l.buckets {
		if len(places) == 0 {
			continue
		}
		slices.SortFunc(places, func(a, b place) int {
			if a.key != b.key {
				return cmp.Compare(a.key, b.key)
			}
			return l.compare(a.row, b.row)
		})
		text = text[:0]
		for _, p := range places {
			text = append(text, l.line(p.row)...)
		}
		sum := sha256.Sum256(text[:len(text)-1])
		hashes[no], l.buckets[no] = hex.EncodeToString(sum[:]), places[:0]
	}
	l.text, l.ends, l.second = l.text[:0], l.ends[:0], l.second[:0]
}

// compare orders rows of the same first key: by their second one, then by their second field, an activity's kind.
func (l *lined) compare(a, b int) int {
	field := func(row int) []byte { return bytes.SplitN(l.line(row), []byte("|"), 3)[1] }
	if l.second[a] == l.second[b] {
		return bytes.Compare(field(a), field(b))
	}
	return cmp.Compare(l.second[a], l.second[b])
}

func (l *lined) line(row int) []byte {
	if row == 0 {
		return l.text[:l.ends[0]]
	}
	return l.text[l.ends[row-1]:l.ends[row]]
}
