package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
)

// checkSealed holds the files of the period's sealed months against their hashes in the store, before anything is read from
// them. Of a month whose file is not as it was sealed, nothing that needs its rows is looked at.
func (w *auditor) checkSealed(ctx context.Context, o duck.Options) error {
	db, err := store.OpenPublished(ctx, w.Tenant.StorePath(), o)
	if err != nil {
		return err
	}
	seals, err := store.Seals(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	w.seals, w.without = seals, map[calendar.Month]bool{}
	for _, s := range w.seals {
		month, err := calendar.ParseMonth(s.Month)
		if err != nil {
			return fmt.Errorf("sealed month: %w", err)
		}
		if !w.Period.Touches(month) {
			continue
		}
		err = s.Check(filepath.Dir(w.Tenant.StorePath()))
		if errors.Is(err, store.ErrUnsealed) {
			w.without[month] = true
			w.add(Finding{Rule: SealedMonth, Period: s.Month, What: err.Error()})
		} else if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wantsRows tells whether rows of a month are looked at.
func (w *auditor) wantsRows(m calendar.Month) bool { return w.Period.Touches(m) && !w.without[m] }

// checkSealsByRuns holds what the store says of each sealed month against the newest run that sealed it.
func (w *auditor) checkSealsByRuns() {
	said := map[string]string{}
	for _, r := range w.runs {
		for line := range strings.Lines(r.Message) {
			if rest, is := strings.CutPrefix(line, "sealed "); is {
				month, _, _ := strings.Cut(rest, ": ")
				said[month] = strings.TrimSuffix(line, "\n")
			}
		}
	}
	for _, s := range w.seals {
		month, err := calendar.ParseMonth(s.Month)
		if err == nil && w.Period.Touches(month) && said[s.Month] != s.Said() {
			w.add(Finding{Rule: LedgerSeal, Period: s.Month,
				What: fmt.Sprintf("the store says %q, the run that sealed it wrote %q", s.Said(), orNone(said[s.Month]))})
		}
	}
}
