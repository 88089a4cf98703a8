package job

import (
	"context"
	"database/sql"
	"fmt"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// retain drops the rows of days that are older than KeepDays, month by month from the oldest, and stops at the
// first month that still needs them: one that is not over, or whose enabled agents are not issued as final in
// every region that is billed for it.
func (s *state) retain(ctx context.Context) error {
	if s.KeepDays == 0 {
		return nil
	}
	first := calendar.DateOf(s.Clock(), s.Tenant.Zone).AddDays(-s.KeepDays)
	held, err := store.Slices(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	ledger, err := report.IssuedFiles(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	dropped := 0
	for _, month := range heldMonths(held) {
		if !month.Last().Before(first) || !s.closed(month, ledger) {
			break
		}
		if err := s.work.Unlist(ctx, month); err != nil {
			return err
		}
		for _, day := range month.Days() {
			if _, is := held[day.String()]; is {
				if err := s.forget(ctx, day); err != nil {
					return fmt.Errorf("drop %s: %w", day, err)
				}
				dropped++
			}
		}
	}
	if dropped > 0 {
		s.Log.Info("dropped the rows of old days", "tenant", s.Tenant.Name, "days", dropped)
	}
	return nil
}

// closed tells whether the month's enabled agents are issued as final in every region.
func (s *state) closed(month calendar.Month, ledger []report.Issue) bool {
	final := map[string]bool{}
	for _, i := range ledger { // the newest revision comes last
		if i.Measure == report.Enabled && i.Period == month.String() {
			final[i.Region] = i.State == report.Final
		}
	}
	for _, r := range s.Tenant.Regions {
		if r.HoldsIn(month) && !final[r.Name] {
			return false
		}
	}
	return true
}

// forget takes a day's slice and the rows derived from it out of the store. Its numbers, the list of issued
// files and the ledger stay.
func (s *state) forget(ctx context.Context, day calendar.Date) error {
	return duck.InTx(ctx, s.work.Conn, func(tx *sql.Tx) error { return store.DropRows(ctx, tx, day) })
}

// heldMonths are the months of which the store holds a day, the oldest first.
func heldMonths(held map[string]store.Slice) []calendar.Month {
	var first, last calendar.Date
	for text := range held {
		day, err := calendar.ParseDate(text)
		if err != nil {
			continue // the store wrote it from a date
		}
		if first == (calendar.Date{}) || day.Before(first) {
			first = day
		}
		if last.Before(day) {
			last = day
		}
	}
	var months []calendar.Month
	if first == (calendar.Date{}) {
		return nil
	}
	for d := first; !last.Before(d); d = d.YearMonth().Last().AddDays(1) {
		months = append(months, d.YearMonth())
	}
	return months
}
