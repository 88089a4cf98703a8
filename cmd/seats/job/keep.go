package job

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
	"seats/report"
)

// retain drops the rows of days that are KeepDays older than the newest day that was read, month by month from the oldest, and
// stops at the first month that still needs them: one with a number that is not issued as final. The newest day that was read, and
// not the clock: one that is years ahead would take everything.
func (s *state) retain(ctx context.Context) error {
	if s.KeepDays == 0 {
		return nil
	}
	held, err := store.Slices(ctx, s.Conn)
	if err != nil {
		return err
	}
	newest, dropped := s.newestRead(held), 0
	if newest.IsZero() {
		s.info("kept the rows of old days: up to when the source was complete is not known")
		return nil
	}
	first := newest.AddDays(1 - s.KeepDays) // N days up to that one stay
	for _, month := range monthsOf(held) {
		if !month.Last().Before(first) {
			if month.Last().Before(calendar.DateOf(s.Clock(), s.Tenant.Zone).AddDays(-s.KeepDays)) {
				s.info("kept the rows of old days: none that was read is newer by so much", "from", month.First(), "newest", newest)
			}
			break
		}
		why, err := s.owed(ctx, month)
		if err != nil {
			return err
		}
		if why != "" {
			s.info("kept the rows of old days: "+why, "from", month.First())
			break
		}
		// Its numbers, the list of issued files and the ledger stay.
		err = duck.InTx(ctx, s.Conn, func(tx *sql.Tx) error { return store.DropRows(ctx, tx, month.Days()...) })
		if err == nil {
			err = s.Unlist(ctx, month.String(), s.Clock())
		}
		if err != nil {
			return fmt.Errorf("drop %s: %w", month, err)
		}
		dropped += heldIn(held, month)
	}
	if dropped > 0 {
		s.info("dropped the rows of old days", "days", dropped)
	}
	return nil
}

// newestRead is the newest day up to which the source is known to have been read.
func (s *state) newestRead(held map[calendar.Date]store.Slice) (newest calendar.Date) {
	for day, slice := range held {
		if slice.HighWater == nil {
			continue // nobody knows what the source had by then
		}
		if mark := calendar.DateOf(time.Unix(*slice.HighWater, 0), s.Tenant.Zone); mark.Before(day) {
			day = mark
		}
		if newest.Before(day) {
			newest = day
		}
	}
	return newest
}

// owed is why the rows of a month are needed still: a region that had some has a number that is not issued as final, or is not
// even counted. A region whose last day came before has none to come; one that is switched off and had nobody has none to lose.
func (s *state) owed(ctx context.Context, month calendar.Month) (why string, err error) {
	regions, of := []string{}, map[string]config.Region{}
	for _, r := range s.Tenant.Regions {
		if of[r.Name] = r; !r.EndedBefore(month.First()) {
			regions = append(regions, r.Name)
		}
	}
	over := func(region, period string) bool { // a month is compared by its name, which comes before its days'
		until := of[region].Until
		return !until.IsZero() && until.String() < period
	}
	list, err := json.Marshal(regions)
	if err != nil {
		return "", err
	}
	uncounted, err := duck.All[struct{ Region, Period string }](ctx, s.Conn, "store/uncounted_of_month",
		sql.Named("month", month.String()), sql.Named("regions", string(list)))
	if err != nil {
		return "", err
	}
	for _, n := range uncounted {
		if !over(n.Region, n.Period) {
			return fmt.Sprintf("%s is not counted for region %s, which may have rows of it; `until` says that a region had ended by then", n.Period, n.Region), nil
		}
	}
	owed, err := duck.All[struct {
		Region, Period string
		Agents         int64
		State          string
	}](ctx, s.Conn, "store/owed", sql.Named("month", month.String()))
	for _, n := range owed {
		r, known := of[n.Region]
		if !over(n.Region, n.Period) && (n.Agents > 0 || known && !r.Disabled) {
			return fmt.Sprintf("region %s counts %d for %s, which is not issued as final", n.Region, n.Agents, n.Period), err
		}
	}
	return "", err
}

// monthsOf are the months from the first to the last of which the store holds a day.
func monthsOf(held map[calendar.Date]store.Slice) (months []calendar.Month) {
	var first, last calendar.Date
	for day := range held {
		if first.IsZero() || day.Before(first) {
			first = day
		}
		if last.Before(day) {
			last = day
		}
	}
	for d := first; !first.IsZero() && !last.Before(d); d = d.YearMonth().Last().AddDays(1) {
		months = append(months, d.YearMonth())
	}
	return months
}

// heldIn is how many days of a month the store holds.
func heldIn(held map[calendar.Date]store.Slice, month calendar.Month) (days int) {
	for day := range held {
		if day.YearMonth() == month {
			days++
		}
	}
	return days
}

// sealAfter is how many days after its end a closed month is sealed: what comes late or is corrected mostly comes before.
const sealAfter = 35

// seal moves the rows of closed months that are over for sealAfter days into files of their own, which no later run has
// to copy.
func (s *state) seal(ctx context.Context) error {
	today := calendar.DateOf(s.Clock(), s.Tenant.Zone)
	held, err1 := store.Slices(ctx, s.Conn)
	ledger, err2 := report.IssuedFiles(ctx, s.Conn)
	seals, err3 := store.Seals(ctx, s.Conn)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return err
	}
	for _, month := range monthsOf(held) {
		already := slices.ContainsFunc(seals, func(seal store.Seal) bool { return seal.Month == month.String() })
		if already || !month.Last().AddDays(sealAfter).Before(today) || !s.closed(month, ledger) || heldIn(held, month) == 0 {
			continue
		}
		seal, err := s.Seal(ctx, month, s.Clock().Unix())
		if err != nil { // its rows are where they were: the night goes on, and the next one tries again
			s.warn("a closed month could not be sealed", "month", month, "reason", Explain(err, s.Tenant))
			return nil
		}
		s.sealed = append(s.sealed, seal.Said())
		s.info("sealed the rows of a closed month", "month", seal.Month, "file", seal.File)
	}
	return nil
}

// closed tells whether the month's enabled agents are issued as final in every region.
func (s *state) closed(month calendar.Month, ledger []report.Issue) bool {
	return !slices.ContainsFunc(s.Tenant.Regions, func(r config.Region) bool {
		return r.HoldsIn(month) && !slices.ContainsFunc(ledger, func(i report.Issue) bool {
			return i.Stands && i.Region == r.Name && i.Measure == report.Enabled && i.Period == month.String() && i.State == settle.Final
		})
	})
}

// unseal brings back the rows of the sealed months that the job is about and needs rows of: of days that are read or counted
// again. All numbers are in the store itself: what only shows or issues them leaves the files as they are.
func (s *state) unseal(ctx context.Context) error {
	seals, err := store.Seals(ctx, s.Conn)
	if err != nil || len(seals) == 0 {
		return err
	}
	read := map[calendar.Month]bool{}
	if s.does(Extract) {
		windows, _, err := s.wanted(ctx)
		if err != nil {
			return err
		}
		for _, w := range windows {
			read[w.Day.YearMonth()] = true
		}
	}
	for _, seal := range seals {
		m, err := calendar.ParseMonth(seal.Month)
		if err != nil {
			return err
		}
		needed := read[m]
		if !needed {
			if needed, err = s.counts(ctx, m); err != nil {
				return err
			}
		}
		if s.asSealed[m] = !needed; !needed {
			continue
		}
		err = s.Unseal(ctx, seal, s.Clock())
		anew := s.does(Extract) && s.rereads() && s.AcceptLoss && len(s.daysOf(m)) == len(m.Days()) // every day of it, whatever was lost
		if errors.Is(err, store.ErrUnsealed) && anew {
			s.warn("the sealed rows of the month are lost: it is read again", "month", m, "reason", err)
			err = s.Unlist(ctx, seal.Month, s.Clock())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// counts tells whether the job counts a month, or a day of it, that is not counted yet as it is to be.
func (s *state) counts(ctx context.Context, month calendar.Month) (bool, error) {
	days, whole := s.daysOf(month), slices.Contains(s.Months, month)
	switch {
	case !s.does(Compute):
		return false, nil
	case s.recounts():
		return whole || len(days) > 0, nil
	}
	stands, err := s.look(ctx, days)
	if err != nil {
		return false, err
	}
	for _, one := range stands {
		if s.Asked == Days && s.hasMoved(one) || one.Slice != nil && one.Stale() {
			return true, nil
		}
	}
	if !whole {
		return false, nil
	}
	result, err := compute.LoadMonth(ctx, s.Conn, s.Tenant, month)
	var missing *compute.MissingError
	if errors.As(err, &missing) {
		return true, nil
	}
	return result.Stale, err
}
