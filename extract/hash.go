package extract

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
)

// passRows is how many rows of a relation are put in order at a time: some 15 MB. A test takes fewer. Of a large one there are more:
// each of the passes, of which there are so many at most, reads all of it.
var passRows int64 = 100_000

const mostPasses = 8

// SliceSHA256 is the hash of a stored slice, as sql/slice/slice_sha256 gives it, which anybody can repeat: the hash over the hashes of
// all buckets of rows, in their order. Here the rows are hashed as they come. The connection may be in a transaction.
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
	for _, of := range relations {
		bucket, hash, line, isFirst := int64(0), sha256.New(), []byte(nil), true
		end := func() {
			if !isFirst {
				all = append(all, fmt.Sprintf("%s|%d|%x", of.Letter, bucket, hash.Sum(nil)))
			}
			hash.Reset()
		}
		passes := min((of.Rows+passRows-1)/passRows, mostPasses)
		for pass := range passes {
			err := duck.Chunks(ctx, conn, "slice/part_"+of.Letter, func(c duck.Chunk) error {
				for row, is := range c.Columns[0].Numbers {
					if line = append(line[:0], '\n'); isFirst || is != bucket {
						end()
						bucket, isFirst, line = is, false, line[:0]
					}
					line = appendRow(line, c.Columns[1:], row)
					hash.Write(line) //nolint:errcheck // it never fails
				}
				return nil
			}, on, sql.Named("pass", pass), sql.Named("passes", passes))
			if err != nil {
				return "", err
			}
		}
		end()
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(all, "\n")))), nil
}

// appendRow writes a row's fields, with a bar between them.
func appendRow(line []byte, columns []duck.Column, row int) []byte {
	for i := range columns {
		switch column := &columns[i]; {
		case column.Numbers == nil && column.Has(row):
			line = append(append(line, column.Text(row)...), '|')
		case column.Numbers != nil && column.Has(row):
			line = append(strconv.AppendInt(line, column.Numbers[row], 10), '|')
		case column.Numbers != nil:
			line = append(line, '|')
		}
	}
	return line[:len(line)-1]
}
