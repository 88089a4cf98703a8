package job

import (
	"context"
	"errors"

	"seats/internal/calendar"
	"seats/internal/store"
	"seats/report"
)

// sealAfter is how many days after its end a closed month is sealed: what comes late or is corrected mostly comes before.
const sealAfter = 35

// unseal brings back the rows of the months that the job is about: what is counted, read again or issued needs them.
func (s *state) unseal(ctx context.Context) error {
	if len(s.Days)+len(s.Months) == 0 {
		return nil
	}
	months := map[calendar.Month]bool{}
	for _, m := range s.Months {
		months[m] = true
	}
	for _, d := range s.Days {
		months[d.YearMonth()] = true
	}
	for m := range months {
		err := s.work.Unseal(ctx, m.First(), m.Last())
		if errors.Is(err, store.ErrUnsealed) && s.readsAnew(m) {
			s.Log.Warn("the sealed rows of the month are lost: it is read again", "tenant", s.Tenant.Name, "month", m, "reason", err)
			err = s.work.Unlist(ctx, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
