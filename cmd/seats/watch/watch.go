// Package watch tells how a tenant stands, for those who do not look every night: from what its published store says,
// and what the clock says. It changes nothing but the metrics file.
//
// The open months are the one that runs and the one before it, which is being billed. A gap in an older month is no
// longer news, and may be past mending: `seats status` shows it.
package watch

import (
	"context"
	"errors"
	"slices"
	"time"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
	texts "seats/sql"
)

// State is how a tenant stands. The zero Date is no day.
type State struct {
	Newest      calendar.Date // day that the store holds, or once held
	NewestFinal calendar.Date

	// Days of the open months that are over.
	Final       []calendar.Date
	Provisional []calendar.Date
	Missing     []calendar.Date // since the first day that the store holds
	Blocked     []calendar.Date // by a data-quality rule, whatever their state

	LastSuccess int64   // epoch seconds at the end of the newest run that failed nowhere; 0: none
	Concurrent  []Count // of each region, on the newest day that was computed
	Enabled     []Count // of each region, in the newest month that was computed
	Quality     []Count // of each rule, on the newest day that was computed
}

// Count is a number of the store under its name.
type Count struct {
	Name  string
	Value int64
}

// Look reads a published store.
func Look(ctx context.Context, q duck.Queryer, t config.Tenant, now time.Time) (State, error) {
	var s State
	held, err := store.Slices(ctx, q)
	if err != nil {
		return s, err
	}
	states, err := States(ctx, q, t, held)
	if err != nil {
		return s, err
	}
	s.place(t, states, now)
	if s.Blocked, err = blocked(ctx, q, openMonths(t, now)); err != nil {
		return s, err
	}
	err = q.QueryRowContext(ctx, texts.Text("ask/watch_last_success")).Scan(&s.LastSuccess)
	return s, errors.Join(err,
		counts(ctx, q, "ask/watch_concurrent", &s.Concurrent),
		counts(ctx, q, "ask/watch_enabled", &s.Enabled),
		counts(ctx, q, "ask/watch_quality", &s.Quality))
}

// States are the days that the store holds, or whose rows it once held, and whether they are final.
func States(ctx context.Context, q duck.Queryer, t config.Tenant, held map[string]store.Slice) (map[calendar.Date]string, error) {
	states := map[calendar.Date]string{}
	for text, slice := range held {
		day, err := calendar.ParseDate(text)
		if err != nil {
			return nil, err
		}
		states[day] = job.State(t, day, slice)
	}
	return states, duck.Each(ctx, q, "ask/watch_dropped_day", func(scan func(...any) error) error {
		var text, state string
		if err := scan(&text, &state); err != nil {
			return err
		}
		day, err := calendar.ParseDate(text)
		states[day] = state
		return err
	})
}

// place sorts the days.
func (s *State) place(t config.Tenant, states map[calendar.Date]string, now time.Time) {
	first := calendar.DateOf(now, t.Zone)
	for day, state := range states {
		if day.Before(first) {
			first = day
		}
		if s.Newest.Before(day) {
			s.Newest = day
		}
		if state == settle.Final && s.NewestFinal.Before(day) {
			s.NewestFinal = day
		}
	}
	for _, month := range openMonths(t, now) {
		for _, day := range month.Days() {
			state, held := states[day]
			switch {
			case day.Before(first) || len(job.Window(t, day).Spans) == 0 || now.Unix() < End(t, day):
				// before the tenant's time, skipped by its zones, or not over
			case !held:
				s.Missing = append(s.Missing, day)
			case state == settle.Final:
				s.Final = append(s.Final, day)
			default:
				s.Provisional = append(s.Provisional, day)
			}
		}
	}
}

// End is when the day is over in every region of the tenant, in epoch seconds.
func End(t config.Tenant, day calendar.Date) (end int64) {
	for _, r := range t.Regions {
		end = max(end, day.In(r.Zone).End)
	}
	return end
}

func openMonths(t config.Tenant, now time.Time) []calendar.Month {
	running := calendar.DateOf(now, t.Zone).YearMonth()
	return []calendar.Month{running.First().AddDays(-1).YearMonth(), running}
}

// blocked are the days of the months on which a blocking rule found something.
func blocked(ctx context.Context, q duck.Queryer, months []calendar.Month) (days []calendar.Date, err error) {
	err = duck.Each(ctx, q, "ask/watch_blocked_day", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		day, err := calendar.ParseDate(text)
		if slices.Contains(months, day.YearMonth()) {
			days = append(days, day)
		}
		return err
	})
	return days, err
}

func counts(ctx context.Context, q duck.Queryer, name string, into *[]Count) error {
	return duck.Each(ctx, q, name, func(scan func(...any) error) error {
		var c Count
		err := scan(&c.Name, &c.Value)
		*into = append(*into, c)
		return err
	})
}

// Peaks are the daily peaks of each region (R8), of every day that was counted.
func Peaks(ctx context.Context, q duck.Queryer) (map[string]map[calendar.Date]int64, error) {
	peaks := map[string]map[calendar.Date]int64{}
	return peaks, duck.Each(ctx, q, "ask/watch_daily_peak", func(scan func(...any) error) error {
		var text, region string
		var agents int64
		if err := scan(&text, &region, &agents); err != nil {
			return err
		}
		day, err := calendar.ParseDate(text)
		if peaks[region] == nil {
			peaks[region] = map[calendar.Date]int64{}
		}
		peaks[region][day] = agents
		return err
	})
}
