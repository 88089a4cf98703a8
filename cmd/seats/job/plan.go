package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	"example.com/seats/report"
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

// Why says why the numbers of a stored slice may still move under the tenant's configuration (R10), which may have been another when the
// slice was read; "" where they may not.
func Why(t config.Tenant, day calendar.Date, s settle.Slice) string {
	w := Window(t, day)
	if len(w.Spans) == 0 {
		return "no region knows the date any more"
	}
	return settle.Why(s.HighWater, s.OpenSessions, w.Hull().End, t.SettleHours)
}

// backlog is what the store says of a tenant's days and months.
type backlog struct {
	config.Tenant
	held      map[calendar.Date]settle.Slice
	uncounted []calendar.Date      // days whose slice was read since they were counted
	counted   map[string][]counted // by period
}

// counted is a region for which a period was counted.
type counted struct{ Region, State string } // of the file that says so, or ""

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

func (s *state) backlog(ctx context.Context) (backlog, error) {
	held, err1 := store.Slices(ctx, s.Conn)
	uncounted, err2 := duck.All[calendar.Date](ctx, s.Conn, "store/uncounted")
	by, err3 := duck.By[string, counted](ctx, s.Conn, "store/counted", sql.Named("measures", s.Tenant.Issued()))
	return backlog{s.Tenant, held, uncounted, by}, cmp.Or(err1, err2, err3)
}

// dayIsDue tells whether a day has to be read, counted or issued. What is issued as final is left alone, whatever
// became of the configuration and the program since: that is for somebody to look at, not for the night.
func (b backlog) dayIsDue(day calendar.Date) bool {
	slice, held := b.held[day]
	switch {
	case IsSkipped(b.Tenant, day):
		return false
	case !held:
		return len(b.counted[day.String()]) == 0 // or its rows were dropped with age
	case slices.Contains(b.uncounted, day):
		return true
	}
	final := Why(b.Tenant, day, slice) == ""
	return !final && b.mayMove(day, slice) ||
		b.lacksFile(day.String(), func(r config.Region) bool { return r.Holds(day) }, func(config.Region) bool { return final })
}

// mayMove tells whether reading a provisional day again can bring anything: not where the slice was read so late, by its mark
// or else by the clock, that all its sessions had ended or never will.
func (b backlog) mayMove(day calendar.Date, slice settle.Slice) bool {
	read := *cmp.Or(slice.HighWater, &slice.ExtractedTS)
	return int64(read) < Window(b.Tenant, day).Hull().End+3600*int64(max(b.MaxSessionHours, b.SettleHours))
}

// lacksFile tells whether a region that is billed for the period, and was counted for it, has no file that says so and may have one, or
// one that should be called final by now.
func (b backlog) lacksFile(period string, billed, final func(config.Region) bool) bool {
	return slices.ContainsFunc(b.Regions, func(r config.Region) bool {
		return billed(r) && slices.ContainsFunc(b.counted[period], func(c counted) bool {
			return c.Region == r.Name && c.State != settle.Final && (final(r) || c.State == "" && b.Issue != settle.Final)
		})
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
			final[day] = Why(b.Tenant, day, slice) == ""
		case day.Before(b.ProductionDate), len(b.counted[day.String()]) > 0 && len(b.counted[month.String()]) > 0:
			return false
		}
		moves = moves || slices.Contains(due, day)
	}
	return moves || len(b.counted[month.String()]) == 0 ||
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
	return settle.Epoch(*l.HighWater).String()
}

// Look asks the source whether it is ready for the job's last day (R10), without the store's lock and without reading any rows.
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
	return err == nil && has && Why(j.Tenant, j.LastDay(), slice) == ""
}

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
			err = s.Unlist(ctx, month, s.Clock())
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
func (s *state) newestRead(held map[calendar.Date]settle.Slice) (newest calendar.Date) {
	for day, slice := range held {
		if slice.HighWater == nil {
			continue // nobody knows what the source had by then
		}
		if mark := calendar.DateOf(slice.HighWater.Time(), s.Tenant.Zone); mark.Before(day) {
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
	regions := list.Of(s.Tenant.Regions, func(r config.Region) map[string]any {
		return map[string]any{"region": r.Name, "disabled": r.Disabled, "until": r.Until.OrNone()}
	})
	owed, err := duck.One[struct {
		Region, Period string
		Agents         *int64
	}](ctx, s.Conn, "store/owed", sql.Named("month", month.String()), duck.JSON("regions", regions), sql.Named("measures", s.Tenant.Issued()))
	switch {
	case err != nil || owed.Region == "":
		return "", err
	case owed.Agents == nil:
		return fmt.Sprintf("%s is not counted for region %s, which may have rows of it; `until` says that a region had ended by then", owed.Period, owed.Region), nil
	}
	return fmt.Sprintf("region %s counts %d for %s, which is not issued as final", owed.Region, *owed.Agents, owed.Period), nil
}

// monthsOf are the months from the first to the last of which the store holds a day.
func monthsOf(held map[calendar.Date]settle.Slice) (months []calendar.Month) {
	days := slices.SortedFunc(maps.Keys(held), calendar.Date.Compare)
	if len(days) == 0 {
		return nil
	}
	for d := days[0]; !days[len(days)-1].Before(d); d = d.YearMonth().Last().AddDays(1) {
		months = append(months, d.YearMonth())
	}
	return months
}

// heldIn is how many days of a month the store holds.
func heldIn(held map[calendar.Date]settle.Slice, month calendar.Month) int {
	return len(slices.DeleteFunc(slices.Collect(maps.Keys(held)), func(d calendar.Date) bool { return d.YearMonth() != month }))
}

// sealAfter is how many days after its end a closed month is sealed: what comes late or is corrected mostly comes before.
const sealAfter = 35

// seal moves the rows of closed months that are over for sealAfter days into files of their own, which no later run has to copy.
func (s *state) seal(ctx context.Context) error {
	today := calendar.DateOf(s.Clock(), s.Tenant.Zone)
	held, err := store.Slices(ctx, s.Conn)
	months := slices.DeleteFunc(monthsOf(held), func(m calendar.Month) bool { return !m.Last().AddDays(sealAfter).Before(today) || heldIn(held, m) == 0 })
	if err != nil || len(months) == 0 {
		return err
	}
	ledger, err1 := report.IssuedFiles(ctx, s.Conn)
	seals, err2 := store.Seals(ctx, s.Conn)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	for _, month := range months {
		already := slices.ContainsFunc(seals, func(seal store.Seal) bool { return seal.Month == month })
		if already || !s.closed(month, ledger) {
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

// closed tells whether what is issued of the month is issued as final in every region; where only days are, its last one.
func (s *state) closed(month calendar.Month, ledger []report.Issue) bool {
	final := map[report.Series]bool{}
	for _, i := range ledger {
		final[i.Series] = final[i.Series] || i.Stands && i.State == settle.Final
	}
	return !slices.ContainsFunc(s.Tenant.Regions, func(r config.Region) bool {
		period := month.String()
		if !s.Tenant.Issues(config.MonthlyEnabled) && !s.Tenant.Issues(config.MonthlyConcurrent) {
			period = r.LastIn(month).String()
		}
		return r.HoldsIn(month) && slices.ContainsFunc([]report.Measure{report.Concurrent, report.Enabled}, func(m report.Measure) bool {
			of := report.Series{Region: r.Name, Measure: m, Period: period}
			return s.Tenant.Issues(of.Kind()) && !final[of]
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
	var read []extract.Window
	if s.does(Extract) {
		if read, _, err = s.wanted(ctx); err != nil {
			return err
		}
	}
	for _, seal := range seals {
		m := seal.Month
		needed := slices.ContainsFunc(read, func(w extract.Window) bool { return w.Day.YearMonth() == m })
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
	if _, missing := errors.AsType[*compute.MissingError](err); missing {
		return true, nil
	}
	return s.isToCount(result), err
}
