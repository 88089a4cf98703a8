package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
)

// checkSealed holds the files of the period's sealed months against their hashes in the store, before anything is read from
// them. Months of another period, and files that are not as they were sealed, are left out of what is looked at then.
func (w *auditor) checkSealed(ctx context.Context, o duck.Options) (without map[string]bool, err error) {
	db, err := store.OpenPublished(ctx, w.Tenant.StorePath(), o)
	if err != nil {
		return nil, err
	}
	seals, err := store.Seals(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	without = map[string]bool{}
	for _, s := range seals {
		month, err := calendar.ParseMonth(s.Month)
		if err != nil {
			return nil, fmt.Errorf("sealed month: %w", err)
		}
		if !w.Period.touches(month) {
			without[s.Month] = true
			continue
		}
		err = s.Check(filepath.Dir(w.Tenant.StorePath()))
		if errors.Is(err, store.ErrUnsealed) {
			without[s.Month] = true
			w.add(Finding{Rule: SealedMonth, Period: s.Month, What: err.Error()})
		} else if err != nil {
			return nil, err
		}
	}
	return without, ctx.Err()
}
