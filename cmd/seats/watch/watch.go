// Package watch tells how a tenant stands, for those who do not look every night: from what its published store says,
// and what the clock says. It changes nothing but the metrics file.
//
// The open months are the one that runs and the one before it, which is being billed. A gap in an older month is no
// longer news, and may be past mending: `seats status` shows it.
package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
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
	states, err := States(ctx, q, t)
	if err != nil {
		return s, err
	}
	s.place(t, states, now)
	blocked, err1 := duck.All[calendar.Date](ctx, q, "ask/watch_blocked_day")
	s.Blocked = slices.DeleteFunc(blocked, func(day calendar.Date) bool { return !slices.Contains(openMonths(t, now), day.YearMonth()) })
	var err2, err3, err4, err5 error
	s.LastSuccess, err2 = duck.One[int64](ctx, q, "ask/watch_last_success")
	s.Concurrent, err3 = duck.All[Count](ctx, q, "ask/watch_concurrent")
	s.Enabled, err4 = duck.All[Count](ctx, q, "ask/watch_enabled")
	s.Quality, err5 = duck.All[Count](ctx, q, "ask/watch_quality")
	return s, errors.Join(err1, err2, err3, err4, err5)
}

// States are the days that the store holds, or whose rows it once held, and whether they are final.
func States(ctx context.Context, q duck.Queryer, t config.Tenant) (map[calendar.Date]string, error) {
	held, err := store.Slices(ctx, q)
	if err != nil {
		return nil, err
	}
	states := map[calendar.Date]string{}
	for day, slice := range held {
		states[day] = job.State(t, day, slice)
	}
	dropped, err := duck.All[struct {
		Day   calendar.Date
		State string
	}](ctx, q, "ask/watch_dropped_day")
	for _, d := range dropped {
		states[d.Day] = d.State
	}
	return states, err
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
			case day.Before(first) || job.IsSkipped(t, day) || now.Unix() < End(t, day):
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

// Peaks are the daily peaks of each region (R8), of every day that was counted.
func Peaks(ctx context.Context, q duck.Queryer) (map[string]map[calendar.Date]int64, error) {
	all, err := duck.All[struct {
		Day    calendar.Date
		Region string
		Agents int64
	}](ctx, q, "ask/watch_daily_peak")
	peaks := map[string]map[calendar.Date]int64{}
	for _, p := range all {
		if peaks[p.Region] == nil {
			peaks[p.Region] = map[calendar.Date]int64{}
		}
		peaks[p.Region][p.Day] = p.Agents
	}
	return peaks, err
}

// Within is how long after the end of a tenant's newest final day the next one may take where nobody says otherwise: a
// day for it to pass, settle_hours for the source to settle, and 11 hours for the nightly job. With settle_hours: 1
// that is 36 hours: noon, for a tenant in UTC.
func Within(t config.Tenant) time.Duration {
	return time.Duration(24+t.SettleHours+11) * time.Hour
}

// Overdue says what ended longer ago than within and is not there; nothing where all is well. A tenant without any
// final day is judged by its newest one: its source may be one that cannot tell whether it is complete.
func (s State) Overdue(t config.Tenant, now time.Time, within time.Duration) string {
	late := func(day calendar.Date) bool { return now.Unix()-End(t, day) > int64(within.Seconds()) }
	var said []string
	day, what := s.NewestFinal, "the newest final day"
	if day.IsZero() {
		day, what = s.Newest, "no day is final; the newest"
	}
	if day.IsZero() {
		return "the store holds no day"
	} else if late(day) {
		said = append(said, fmt.Sprintf("%s, %s, ended %d hours ago", what, day, (now.Unix()-End(t, day))/3600))
	}
	s.Missing = slices.DeleteFunc(slices.Clone(s.Missing), func(day calendar.Date) bool { return !late(day) })
	if len(s.Missing) > 0 {
		said = append(said, "missing: "+calendar.Runs(s.Missing, ".."))
	}
	return strings.Join(said, "; ")
}
