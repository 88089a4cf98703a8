package store

import (
	"context"

	"seats/internal/duck"
)

// Slice is what a listing needs to know of one.
type Slice struct {
	Day, SHA256  string
	HighWater    *int64 // epoch seconds; nil where unknown
	ExtractedTS  int64  // when it was read, epoch seconds
	AsOf         int64  // likewise
	OpenSessions int64
}

// Slices lists the slices of a store by day.
func Slices(ctx context.Context, q duck.Queryer) (map[string]Slice, error) {
	slices := map[string]Slice{}
	err := duck.Each(ctx, q, "store/slice", func(scan func(...any) error) error {
		var s Slice
		err := scan(&s.Day, &s.HighWater, &s.ExtractedTS, &s.AsOf, &s.OpenSessions, &s.SHA256)
		slices[s.Day] = s
		return err
	})
	return slices, err
}
