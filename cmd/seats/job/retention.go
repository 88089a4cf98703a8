package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
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
	held, err := store.Slices(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	newest, dropped := s.newestRead(held), 0
	if newest == (calendar.Date{}) {
		s.Log.Info("kept the rows of old days: up to when the source was complete is not known", "tenant", s.Tenant.Name)
		return nil
	}
	first := newest.AddDays(1 - s.KeepDays) // N days up to that one stay
	for _, month := range heldMonths(held) {
		if !month.Last().Before(first) {
			if month.Last().Before(calendar.DateOf(s.Clock(), s.Tenant.Zone).AddDays(-s.KeepDays)) {
				s.Log.Info("kept the rows of old days: none that was read is newer by so much", "tenant", s.Tenant.Name, "from", month.First(), "newest", newest)
			}
			break
		}
		why, err := s.owed(ctx, month)
		if err != nil {
			return err
		}
		if why != "" {
			s.Log.Info("kept the rows of old days: "+why, "tenant", s.Tenant.Name, "from", month.First())
			break
		}
		if err := s.forget(ctx, month); err != nil {
			return fmt.Errorf("drop %s: %w", month, err)
		}
		for _, day := range month.Days() {
			if _, is := held[day.String()]; is {
				dropped++
			}
		}
	}
	if dropped > 0 {
		s.Log.Info("dropped the rows of old days", "tenant", s.Tenant.Name, "days", dropped)
	}
	return nil
}

// newestRead is the newest day up to which the source is known to have been read.
func (s *state) newestRead(held map[string]store.Slice) (newest calendar.Date) {
	for text, slice := range held {
		day, err := calendar.ParseDate(text)
		if err != nil || slice.HighWater == nil {
			continue // the store wrote it from a date; nobody knows what the source had by then
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
	ended, off := map[string]calendar.Date{}, map[string]bool{}
	var regions []string
	for _, r := range s.Tenant.Regions {
		ended[r.Name], off[r.Name] = r.Until, r.Disabled
		if !r.EndedBefore(month.First()) {
			regions = append(regions, r.Name)
		}
	}
	over := func(region, period string) bool { // a month is compared by its name, which comes before its days'
		until := ended[region]
		return until != (calendar.Date{}) && until.String() < period
	}
	list, err := json.Marshal(regions)
	if err != nil {
		return "", err
	}
	of := sql.Named("month", month.String())
	err = duck.Each(ctx, s.work.Conn, "store/uncounted_of_month", func(scan func(...any) error) error {
		var region, period string
		err := scan(&region, &period)
		if why == "" && !over(region, period) {
			why = fmt.Sprintf("%s is not counted for region %s, which may have rows of it; `until` says that a region had ended by then", period, region)
		}
		return err
	}, of, sql.Named("regions", string(list)))
	if err != nil || why != "" {
		return why, err
	}
	return why, duck.Each(ctx, s.work.Conn, "store/owed", func(scan func(...any) error) error {
		var region, period, state string
		var agents int64
		err := scan(&region, &period, &agents, &state)
		_, known := off[region]
		if why == "" && !over(region, period) && (agents > 0 || known && !off[region]) {
			why = fmt.Sprintf("region %s counts %d for %s, which is not issued as final", region, agents, period)
		}
		return err
	}, of)
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

// forget takes the slices of a month and the rows derived from them out of the store. Its numbers, the list of issued
// files and the ledger stay.
func (s *state) forget(ctx context.Context, month calendar.Month) error {
	err := duck.InTx(ctx, s.work.Conn, func(tx *sql.Tx) error { return store.DropRows(ctx, tx, month.Days()...) })
	if err != nil {
		return err
	}
	return s.work.Unlist(ctx, month.String(), s.Clock())
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
