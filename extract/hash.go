package extract

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// passRows is how many rows of a slice are written as text at a time: some 300 MB with what ordering them takes.
const passRows = 1_000_000

// SliceSHA256 is the hash of a stored slice.
func SliceSHA256(ctx context.Context, q duck.Queryer, day calendar.Date) (string, error) {
	return sliceSHA256(ctx, q, day, passRows)
}

// sliceSHA256 is what sql/slice/slice_sha256 gives, which anybody can repeat: the hash over the hashes of all
// buckets of rows, in their order. About passRows rows are written as text at a time.
func sliceSHA256(ctx context.Context, q duck.Queryer, day calendar.Date, passRows int64) (string, error) {
	var rows int64
	on := sql.Named("day", day.String())
	err := duck.Each(ctx, q, "slice/slice_rows", func(scan func(...any) error) error { return scan(&rows) }, on)
	if err != nil {
		return "", err
	}
	type bucket struct {
		relation string
		no       int64
		hash     string
	}
	var buckets []bucket
	passes := min(rows/passRows+1, 128) // a pass takes eight buckets in a row, and as many of every relation
	for pass := range passes {
		err := duck.Each(ctx, q, "slice/slice_text", func(scan func(...any) error) error {
			var b bucket
			var text sql.RawBytes
			if err := scan(&b.relation, &b.no, &text); err != nil {
				return err
			}
			sum := sha256.Sum256(text)
			b.hash = hex.EncodeToString(sum[:])
			buckets = append(buckets, b)
			return nil
		}, on, sql.Named("pass", pass), sql.Named("passes", passes))
		if err != nil {
			return "", err
		}
	}
	slices.SortFunc(buckets, func(a, b bucket) int {
		return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(a.no, b.no))
	})
	all := sha256.New()
	for i, b := range buckets {
		if i > 0 {
			fmt.Fprintln(all)
		}
		fmt.Fprintf(all, "%s|%d|%s", b.relation, b.no, b.hash)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}
