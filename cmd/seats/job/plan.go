package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
)

// Window is a day of the tenant, in the zones of its regions (R10).
func Window(t config.Tenant, day calendar.Date) extract.Window {
	var spans []calendar.Interval
	for _, r := range t.Regions {
		if span := day.In(r.Zone); span.Seconds() > 0 {
			spans = append(spans, span)
		}
	}
	return extract.Window{Day: day, Spans: calendar.Union(spans), Lookback: time.Duration(t.MaxSessionHours) * time.Hour}
}

// IsSkipped tells whether no region of a tenant has the day.
func IsSkipped(t config.Tenant, day calendar.Date) bool { return len(Window(t, day).Spans) == 0 }

// State is that of a stored slice under the tenant's configuration (R10), which may have been another when the slice
// was read.
func State(t config.Tenant, day calendar.Date, s store.Slice) string {
	w := Window(t, day)
	if len(w.Spans) == 0 {
		return settle.Provisional // no region knows the date any more
	}
	return settle.State(s.HighWater, s.OpenSessions, w.Hull().End, t.SettleHours)
}

// backlog is what the store says of a tenant's days and months.
type backlog struct {
	config.Tenant
	held      map[calendar.Date]store.Slice
	uncounted []calendar.Date              // days whose slice was read since they were counted
	issued    map[string]map[string]string // period, region: the state of the file that says what was counted, or ""
}

// catchUp narrows the plan to the days and months that something is missing of. The last day is done in any case, as it
// is without a production date, but for the tenant's own last day. It is false where nothing is left.
func (s *state) catchUp(ctx context.Context) (left bool, err error) {
	if s.Asked != Missing || s.Tenant.ProductionDate.IsZero() {
		return true, nil
	}
	b, err := s.backlog(ctx)
	if err != nil {
		return false, fmt.Errorf("look for missing days: %w", err)
	}
	always := s.LastDay()
	if always == s.Tenant.Until {
		always = calendar.Date{}
	}
	narrowed := *s.Job
	narrowed.Days = slices.DeleteFunc(slices.Clone(s.Days), func(d calendar.Date) bool { return d != always && !b.dayIsDue(d) })
	narrowed.Months = slices.DeleteFunc(slices.Clone(s.Months), func(m calendar.Month) bool {
		return m.Last() != always && !b.monthIsDue(m, narrowed.Days)
	})
	s.Job = &narrowed
	if left = len(s.Days)+len(s.Months) > 0; !left {
		s.info("skipped: nothing is missing up to the tenant's last day", "until", s.Tenant.Until)
	}
	return left, nil
}

func (s *state) backlog(ctx context.Context) (b backlog, err error) {
	b.Tenant, b.issued = s.Tenant, map[string]map[string]string{}
	if b.held, err = store.Slices(ctx, s.Conn); err != nil {
		return b, err
	}
	if b.uncounted, err = duck.All[calendar.Date](ctx, s.Conn, "store/uncounted"); err != nil {
		return b, err
	}
	counted, err := duck.All[struct{ Period, Region, State string }](ctx, s.Conn, "store/counted")
	for _, c := range counted {
		if b.issued[c.Period] == nil {
			b.issued[c.Period] = map[string]string{}
		}
		b.issued[c.Period][c.Region] = c.State
	}
	return b, err
}

// dayIsDue tells whether a day has to be read, counted or issued. What is issued as final is left alone, whatever
// became of the configuration and the program since: that is for somebody to look at, not for the night.
func (b backlog) dayIsDue(day calendar.Date) bool {
	slice, held := b.held[day]
	switch {
	case IsSkipped(b.Tenant, day):
		return false
	case !held:
		return len(b.issued[day.String()]) == 0 // or its rows were dropped with age
	case slices.Contains(b.uncounted, day):
		return true
	}
	final := State(b.Tenant, day, slice) == settle.Final
	return !final && b.mayMove(day, slice) ||
		b.lacksFile(day.String(), func(r config.Region) bool { return r.Holds(day) }, func(config.Region) bool { return final })
}

// mayMove tells whether reading a provisional day again can bring anything: not where the slice was read so late, by its mark
// or else by the clock, that all its sessions had ended or never will.
func (b backlog) mayMove(day calendar.Date, slice store.Slice) bool {
	hours, read := time.Duration(max(b.MaxSessionHours, b.SettleHours))*time.Hour, slice.ExtractedTS
	if slice.HighWater != nil {
		read = *slice.HighWater
	}
	return read < Window(b.Tenant, day).Hull().End+int64(hours.Seconds())
}

// lacksFile tells whether a region that is billed for the period, and was counted for it, has no file that says so, or
// one that should be called final by now.
func (b backlog) lacksFile(period string, billed, final func(config.Region) bool) bool {
	return slices.ContainsFunc(b.Regions, func(r config.Region) bool {
		state, counted := b.issued[period][r.Name]
		return counted && billed(r) && (state == "" || state != settle.Final && final(r))
	})
}

// monthIsDue tells whether a month that is over has to be counted or issued, of which days are due or not. One that begins before
// the production date waits for somebody to bring the days before that (R9), and one whose rows were dropped with age is done.
func (b backlog) monthIsDue(month calendar.Month, due []calendar.Date) bool {
	moves, final := false, map[calendar.Date]bool{}
	days := b.DaysOf(month)
	for _, day := range days {
		slice, held := b.held[day]
		switch {
		case held:
			final[day] = State(b.Tenant, day, slice) == settle.Final
		case day.Before(b.ProductionDate), len(b.issued[day.String()]) > 0 && len(b.issued[month.String()]) > 0:
			return false
		}
		moves = moves || slices.Contains(due, day)
	}
	return moves || len(b.issued[month.String()]) == 0 ||
		b.lacksFile(month.String(), func(r config.Region) bool { return r.HoldsIn(month) }, func(r config.Region) bool {
			return !slices.ContainsFunc(r.DaysIn(month, days), func(d calendar.Date) bool { return !final[d] })
		})
}

// Look is what a job's source says of the job's last day.
type Look struct {
	extract.ExportState
	Ready bool // to be read, or nothing that waiting could change
}

// Mark is up to when the source is complete; empty where nothing tells.
func (l Look) Mark() string {
	if l.HighWater == nil {
		return ""
	}
	return instant(*l.HighWater)
}

// Look asks the source whether it is ready for the job's last day (R10), without the store's lock and without reading
// any rows.
func (j *Job) Look(ctx context.Context) (l Look, err error) {
	window := Window(j.Tenant, j.LastDay())
	if j.Tenant.Readiness == config.ReadinessOff || len(window.Spans) == 0 || j.holdsFinal(ctx) {
		return Look{Ready: true}, nil
	}
	if l.ExportState, err = Horizon(ctx, j.Tenant, j.Clock()); err != nil {
		return Look{}, err
	}
	ready, known := l.ExportState.Ready(window)
	l.Ready = (ready || !known) && !l.Partial
	return l, nil
}

// Horizon asks a tenant's source how far it is complete, and for nothing else.
func Horizon(ctx context.Context, t config.Tenant, now time.Time) (s extract.ExportState, err error) {
	if t.ExportDir != "" {
		return extract.ExportHorizon(t.ExportDir, t.ExportMarker, now)
	}
	s.Horizon, err = extract.GIMDBHorizon(ctx, *t.GIM)
	return s, err
}

// holdsFinal tells whether the published store holds a final slice of the last day, so that the source is not asked for
// it. A store that cannot be read holds nothing: the job itself says why.
func (j *Job) holdsFinal(ctx context.Context) bool {
	if j.Refresh {
		return false
	}
	db, err := store.OpenPublished(ctx, j.Tenant.StorePath(), duck.Of(j.Tenant.Engine))
	if err != nil {
		return false
	}
	defer db.Close() //nolint:errcheck // only read
	held, err := store.Slices(ctx, db)
	slice, has := held[j.LastDay()]
	return err == nil && has && State(j.Tenant, j.LastDay(), slice) == settle.Final
}
