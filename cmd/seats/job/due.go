package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
)

// backlog is what the store says of a tenant's days and months.
type backlog struct {
	held      map[string]store.Slice
	uncounted map[string]bool              // days whose slice was read since they were counted
	issued    map[string]map[string]string // period, region: the state of the file that says what was counted, or ""
}

// catchUp narrows the job to the days and months that something is missing of. The last day is done in any case, as it
// is without a production date, but for the tenant's own last day. It is false where nothing is left.
func (s *state) catchUp(ctx context.Context) (left bool, err error) {
	if !s.CatchUp || s.Tenant.ProductionDate == (calendar.Date{}) {
		return true, nil
	}
	b, err := s.backlog(ctx)
	if err != nil {
		return false, fmt.Errorf("look for missing days: %w", err)
	}
	always := s.Days[len(s.Days)-1]
	if always == s.Tenant.Until {
		always = calendar.Date{}
	}
	narrowed, due := *s.Job, map[calendar.Date]bool{}
	narrowed.Days, narrowed.Months = nil, nil
	for _, day := range s.Days {
		if due[day] = day == always || s.dayIsDue(b, day); due[day] {
			narrowed.Days = append(narrowed.Days, day)
		}
	}
	for _, month := range s.Months {
		if month.Last() == always || s.monthIsDue(b, month, due) {
			narrowed.Months = append(narrowed.Months, month)
		}
	}
	s.Job = &narrowed
	if len(s.Days)+len(s.Months) == 0 {
		s.Log.Info("skipped: nothing is missing up to the tenant's last day", "tenant", s.Tenant.Name, "until", s.Tenant.Until)
		return false, nil
	}
	return true, nil
}

func (s *state) backlog(ctx context.Context) (b backlog, err error) {
	b.uncounted, b.issued = map[string]bool{}, map[string]map[string]string{}
	if b.held, err = store.Slices(ctx, s.work.Conn); err != nil {
		return b, err
	}
	err = duck.Each(ctx, s.work.Conn, "store/uncounted", func(scan func(...any) error) error {
		var day string
		err := scan(&day)
		b.uncounted[day] = true
		return err
	})
	if err != nil {
		return b, err
	}
	return b, duck.Each(ctx, s.work.Conn, "store/counted", func(scan func(...any) error) error {
		var period, region, state string
		err := scan(&period, &region, &state)
		if b.issued[period] == nil {
			b.issued[period] = map[string]string{}
		}
		b.issued[period][region] = state
		return err
	})
}

// dayIsDue tells whether a day has to be read, counted or issued. What is issued as final is left alone, whatever
// became of the configuration and the program since: that is for somebody to look at, not for the night.
func (s *state) dayIsDue(b backlog, day calendar.Date) bool {
	slice, held := b.held[day.String()]
	switch {
	case len(Window(s.Tenant, day).Spans) == 0:
		return false // no region has such a day
	case !held:
		return len(b.issued[day.String()]) == 0 // or its rows were dropped with age
	case b.uncounted[day.String()]:
		return true
	}
	final := State(s.Tenant, day, slice) == settle.Final
	return !final && s.mayMove(day, slice) ||
		s.lacksFile(b, day.String(), func(r config.Region) bool { return r.Holds(day) }, func(config.Region) bool { return final })
}

// mayMove tells whether reading a provisional day again can bring anything: not where the slice was read so late, by its mark
// or else by the clock, that all its sessions had ended or never will.
func (s *state) mayMove(day calendar.Date, slice store.Slice) bool {
	hours, read := time.Duration(max(s.Tenant.MaxSessionHours, s.Tenant.SettleHours))*time.Hour, slice.ExtractedTS
	if slice.HighWater != nil {
		read = *slice.HighWater
	}
	return read < Window(s.Tenant, day).Hull().End+int64(hours.Seconds())
}

// lacksFile tells whether a region that is billed for the period, and was counted for it, has no file that says so, or
// one that should be called final by now.
func (s *state) lacksFile(b backlog, period string, billed, final func(config.Region) bool) bool {
	for _, r := range s.Tenant.Regions {
		state, counted := b.issued[period][r.Name]
		if counted && billed(r) && (state == "" || state != settle.Final && final(r)) {
			return true
		}
	}
	return false
}

// monthIsDue tells whether a month that is over has to be counted or issued. One that begins before the production
// date waits for somebody to bring the days before that (R9), and one whose rows were dropped with age is done.
func (s *state) monthIsDue(b backlog, month calendar.Month, due map[calendar.Date]bool) bool {
	moves, final := false, map[calendar.Date]bool{}
	days := s.Tenant.DaysOf(month)
	for _, day := range days {
		slice, held := b.held[day.String()]
		switch {
		case held:
			final[day] = State(s.Tenant, day, slice) == settle.Final
		case day.Before(s.Tenant.ProductionDate), len(b.issued[day.String()]) > 0 && len(b.issued[month.String()]) > 0:
			return false
		}
		moves = moves || due[day]
	}
	billed := func(r config.Region) bool { return r.HoldsIn(month) }
	allFinal := func(r config.Region) bool {
		return !slices.ContainsFunc(r.DaysIn(month, days), func(d calendar.Date) bool { return !final[d] })
	}
	return moves || len(b.issued[month.String()]) == 0 || s.lacksFile(b, month.String(), billed, allFinal)
}
