package job

import (
	"context"
	"errors"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/store"
	"seats/report"
)

// sealAfter is how many days after its end a closed month is sealed: what comes late or is corrected mostly comes before.
const sealAfter = 35

// unseal brings back the rows of the sealed months that the job is about and needs rows of: of days that are read or counted
// again. All numbers are in the store itself: what only shows or issues them leaves the files as they are.
func (s *state) unseal(ctx context.Context) error {
	seals, err := store.Seals(ctx, s.work.Conn)
	if err != nil || len(seals) == 0 {
		return err
	}
	needed := map[calendar.Month]bool{}
	if s.Extract {
		windows, _, err := s.wanted(ctx)
		if err != nil {
			return err
		}
		for _, w := range windows {
			needed[w.Day.YearMonth()] = true
		}
	}
	for _, seal := range seals {
		m, err := calendar.ParseMonth(seal.Month)
		if err != nil {
			return err
		}
		if !needed[m] {
			if needed[m], err = s.counts(ctx, m); err != nil {
				return err
			}
		}
		if s.asSealed[m] = !needed[m]; !needed[m] {
			continue
		}
		err = s.work.Unseal(ctx, seal, s.Clock())
		if errors.Is(err, store.ErrUnsealed) && s.readsAnew(m) {
			s.Log.Warn("the sealed rows of the month are lost: it is read again", "tenant", s.Tenant.Name, "month", m, "reason", err)
			err = s.work.Unlist(ctx, seal.Month, s.Clock())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// counts tells whether the job counts a month, or a day of it, that is not counted yet as it is to be.
func (s *state) counts(ctx context.Context, month calendar.Month) (bool, error) {
	if !s.Compute {
		return false, nil
	}
	whole := false
	for _, m := range s.Months {
		whole = whole || m == month
	}
	var days []calendar.Date
	for _, day := range s.Days {
		if day.YearMonth() == month {
			days = append(days, day)
		}
	}
	if s.Again && len(days) > 0 {
		return true, nil
	}
	stands, err := s.look(ctx, days)
	if err != nil {
		return false, err
	}
	for _, one := range stands {
		if s.Named && s.hasMoved(one) || one.Slice != nil && one.Stale() {
			return true, nil
		}
	}
	if !whole || s.Again {
		return whole, nil
	}
	result, err := compute.LoadMonth(ctx, s.work.Conn, s.Tenant, month)
	var missing *compute.MissingError
	if errors.As(err, &missing) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return result.Stale, nil
}

// readsAnew tells whether the job reads every day of a month again, whatever was lost.
func (s *state) readsAnew(m calendar.Month) bool {
	read := 0
	for _, day := range s.Days {
		if day.YearMonth() == m {
			read++
		}
	}
	return s.Extract && s.Refresh && s.AcceptLoss && read == len(m.Days())
}

// seal moves the rows of closed months that are over for sealAfter days into files of their own, which no later run has
// to copy.
func (s *state) seal(ctx context.Context) error {
	today := calendar.DateOf(s.Clock(), s.Tenant.Zone)
	held, err := store.Slices(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	ledger, err := report.IssuedFiles(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	seals, err := store.Seals(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	already := map[string]bool{}
	for _, seal := range seals {
		already[seal.Month] = true
	}
	for _, month := range heldMonths(held) {
		if already[month.String()] || !month.Last().AddDays(sealAfter).Before(today) || !s.closed(month, ledger) || !holdsDay(held, month) {
			continue
		}
		seal, err := s.work.Seal(ctx, month, s.Clock().Unix())
		if err != nil { // its rows are where they were: the night goes on, and the next one tries again
			s.Log.Warn("a closed month could not be sealed", "tenant", s.Tenant.Name, "month", month, "reason", Explain(err, s.Tenant))
			return nil
		}
		s.sealed = append(s.sealed, seal.Said())
		s.Log.Info("sealed the rows of a closed month", "tenant", s.Tenant.Name, "month", seal.Month, "file", seal.File)
	}
	return nil
}

func holdsDay(held map[string]store.Slice, month calendar.Month) bool {
	for _, day := range month.Days() {
		if _, is := held[day.String()]; is {
			return true
		}
	}
	return false
}
