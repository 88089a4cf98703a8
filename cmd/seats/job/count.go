package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
)

// compute brings the days and months to their results: counted, or, where only a report is wanted, read.
func (s *state) compute(ctx context.Context) {
	counter := compute.NewCounter(s.Conn, s.Tenant, s.Months...)
	counter.Beside = s.DB
	days := slices.DeleteFunc(slices.Clone(s.Days), s.out)
	counted, err := s.count(ctx, counter, days)
	if err != nil { // the store could not be asked for any of them
		for i, day := range days {
			s.became[day] = failed
			if i == 0 && !s.gaveUp(ctx, fmt.Errorf("compute %s: %w", day, err)) {
				s.note(calendar.Date{}, err)
			}
		}
		days = nil
	}
	var absent compute.MissingError // one error for all days, however many
	for _, day := range days {
		err := counted[day].Err
		var missing *compute.MissingError
		switch {
		case err == nil:
			s.days = append(s.days, counted[day].DayResult)
			s.warnBlocked(day, day, counted[day].Quality)
			for _, q := range counted[day].Quality {
				if what, is := Doubts[q.Rule]; is && q.Count > 0 {
					s.warn(what, "day", day, q.Rule, examples(q.Examples))
				}
			}
		case s.gaveUp(ctx, fmt.Errorf("compute %s: %w", day, err)):
			s.became[day] = failed
		case errors.As(err, &missing) && (absent.What == "" || absent.What == missing.What):
			s.became[day] = waiting
			absent.What, absent.Days = missing.What, append(absent.Days, missing.Days...)
		default:
			s.fail(day, err)
		}
	}
	if absent.What != "" {
		s.note(calendar.Date{}, &absent)
	}
	for _, month := range s.Months {
		s.computeMonth(ctx, counter, month)
	}
	s.Log.Stop()
}

// countAtOnce is how many days are counted before it is said how far the work is; nothing depends on it.
const countAtOnce = 31

// count gives each of the days its result, or why it has none.
func (s *state) count(ctx context.Context, counter *compute.Counter, days []calendar.Date) (map[calendar.Date]compute.Counted, error) {
	stands, err := s.look(ctx, days)
	if err != nil {
		return nil, err
	}
	counted := map[calendar.Date]compute.Counted{}
	var stored, stale []compute.Standing
	for _, one := range stands {
		missing := one.Missing()
		if missing == nil && s.does(Compute) && s.Asked == Days && s.hasMoved(one) {
			missing = s.askMoved(ctx, counter, one)
		}
		if missing == nil && !s.does(Compute) && one.Stale() {
			missing = fail.New(fail.Other, "run `seats compute` first", "%s has no result for its slice under today's configuration", one.Day)
		}
		switch {
		case missing != nil:
			counted[one.Day] = compute.Counted{Err: missing}
		case s.recounts() || one.Stale():
			stale = append(stale, one)
		default:
			stored = append(stored, one)
		}
	}
	loaded, err := compute.Load(ctx, s.Conn, stored)
	for i, one := range stored {
		if counted[one.Day] = (compute.Counted{Err: err}); err == nil {
			counted[one.Day] = compute.Counted{DayResult: loaded[i]}
		}
	}
	for some := range slices.Chunk(stale, countAtOnce) {
		what := some[0].Day.String()
		if len(some) > 1 {
			what += " to " + some[len(some)-1].Day.String()
		}
		s.Log.Start(s.Tenant.Name + ": computing " + what)
		began := s.Clock()
		now := counter.Days(ctx, some, began.Unix())
		took := s.Clock().Sub(began).Round(time.Millisecond)
		for _, one := range now {
			if counted[one.Day] = one; one.Err != nil {
				continue
			}
			attrs := []any{"day", one.Day, "state", one.State, "took", took}
			if len(some) > 1 {
				attrs = append(attrs, "days", len(some)) // together
			}
			if why := Why(one.By, one.Slice.Day, one.Slice); why != "" {
				attrs = append(attrs, "why", why)
			}
			s.info("computed", attrs...)
		}
	}
	return counted, nil
}

// computeMonth counts a month whose days are all there. A month that was only touched, by its last day, is
// passed over with a remark when days are missing.
func (s *state) computeMonth(ctx context.Context, counter *compute.Counter, month calendar.Month) {
	days := s.Tenant.DaysOf(month)
	if at := slices.IndexFunc(days, s.out); at >= 0 {
		if ctx.Err() == nil { // else there was no time for the day, as is said
			s.warn("the month is not computed: a day of it failed", "month", month, "day", days[at])
		}
		return
	}
	s.Log.Start(s.Tenant.Name + ": computing " + month.String())
	began := s.Clock()
	result, err := s.month(ctx, counter, month)
	var missing *compute.MissingError
	switch {
	case err != nil && s.gaveUp(ctx, fmt.Errorf("compute %s: %w", month, err)):
	case errors.As(err, &missing) && s.Asked != Month:
		s.warn("the month is not complete: "+missing.Error(), "month", month)
	case err != nil:
		s.note(calendar.Date{}, err)
	default:
		s.months = append(s.months, result)
		s.warnBlocked(month, calendar.Date{}, result.Quality)
		s.info("computed", "month", month, "state", result.State(), "took", s.Clock().Sub(began).Round(time.Millisecond))
	}
}

// month counts a month, or, where only a report is wanted or nothing has changed since it was sealed, reads it: never one that no
// longer fits its days, nor one of days that do not stand as they are issued.
func (s *state) month(ctx context.Context, counter *compute.Counter, month calendar.Month) (compute.MonthResult, error) {
	if err := s.checkStanding(ctx, month); err != nil {
		return compute.MonthResult{}, err
	}
	if s.does(Compute) && !s.asSealed[month] {
		return counter.Month(ctx, month, s.Clock().Unix())
	}
	result, err := compute.LoadMonth(ctx, s.Conn, s.Tenant, month)
	if err == nil && s.isToCount(result) {
		err = fail.New(fail.Other, fmt.Sprintf("run `seats compute --month %s` first", month),
			"%s has no result for its slices under today's configuration", month)
	}
	return result, err
}

// isToCount tells whether a stored month no longer fits its days, or lacks a measure that is issued: an older version counted it.
func (s *state) isToCount(m compute.MonthResult) bool {
	lacks := slices.ContainsFunc(m.Regions, func(r compute.MonthRegion) bool { return r.Peak == nil })
	return m.Stale || lacks && s.Tenant.Issues(config.MonthlyConcurrent)
}

// look asks the store for some days, each with the counting rules that this job reads and counts it by (R9): those of an issued
// number, or today's, where somebody has given a reason (R13), or only asks.
func (s *state) look(ctx context.Context, days []calendar.Date) ([]compute.Standing, error) {
	stands, err := compute.Look(ctx, s.Conn, s.Tenant, days...)
	for i := range stands {
		if s.dry || s.Restate != "" && !s.isOnly(Report) {
			stands[i].By = s.Tenant.On(stands[i].Day)
		}
	}
	return stands, err
}

// hasMoved tells whether a day is counted by other rules than today's.
func (s *state) hasMoved(one compute.Standing) bool {
	return one.By.RulesHash() != s.Tenant.On(one.Day).RulesHash()
}

// askMoved tells of a day that somebody has named, without a reason, and that is issued by other counting rules than today's:
// what today's would give, where that is another number. The day stands as it is issued in any case.
func (s *state) askMoved(ctx context.Context, counter *compute.Counter, one compute.Standing) error {
	day := one.Day
	one.By = s.Tenant.On(day)
	would, err := counter.Would(ctx, one)
	if err != nil {
		return err
	}
	today := map[report.Measure]map[string]int64{report.Concurrent: {}, report.Enabled: {}} // by region
	for _, p := range would.Regions() {
		today[report.Concurrent][p.Region] = p.Agents
	}
	for _, e := range would.Enabled {
		today[report.Enabled][e.Region] = e.Agents
	}
	told, err := duck.All[string](ctx, s.Conn, "store/moved", sql.Named("day", day.String()), duck.JSON("today", today))
	if err != nil {
		return err
	}
	if len(told) > 0 {
		s.became[day] = moved
		s.note(day, fail.New(fail.Restatement, fmt.Sprintf("the day stands as it is issued; `seats run --date %s --restate REASON` counts it by today's rules", day),
			"%s was counted by other rules than the configuration's: %s", day, strings.Join(told, "; ")))
	}
	return nil
}

// checkStanding wants of a month's days that the store has the numbers that are issued of them: where one was refused (R13), it
// must not come into the month by the back door. Days that this job restates need not.
func (s *state) checkStanding(ctx context.Context, month calendar.Month) error {
	if s.dry {
		return nil
	}
	all, err := duck.All[struct {
		Day         calendar.Date
		Provisional bool // all that is issued of it
	}](ctx, s.Conn, "store/refused", sql.Named("from", month.First().String()), sql.Named("to", month.Last().String()))
	days, refused := s.Tenant.DaysOf(month), []calendar.Date{}
	for _, r := range all {
		restated := slices.Contains(s.Days, r.Day) && (s.Restate != "" || s.does(Report) && s.Tenant.ProvisionalMayMove && r.Provisional)
		if slices.Contains(days, r.Day) && !restated {
			refused = append(refused, r.Day)
		}
	}
	if err != nil || len(refused) == 0 {
		return err
	}
	return fail.New(fail.Restatement, "nothing was overwritten; issue the days with --restate REASON, or restore what they were counted from; then count the month again",
		"%s is not counted: the store has other numbers of %s than are issued", month, calendar.Runs(refused, " to "))
}

// warnBlocked notes that a blocking rule found something in a day, or a month: then nothing of the tenant is issued.
func (s *state) warnBlocked(period fmt.Stringer, day calendar.Date, quality []settle.Quality) {
	for _, q := range compute.Blocking(quality) {
		s.blocked = true
		s.note(day, fail.New(fail.Quality,
			"list the switches in a location of the configuration, or give the tenant a default location; then run again",
			"%s: %s found %d: %s", period, q.Rule, q.Count, examples(q.Examples)))
	}
}

// Doubts says of those data-quality rules that may have moved a number, and that somebody can mend, what they found and what helps.
var Doubts = map[string]string{
	"common_guid": "attempt GUIDs that seem to stand for none, so that calls count which no campaign made: correct the mapping at the source",
	"cut_off_session": "sessions longer than max_session_hours, which days that begin so long after the login do not see: " +
		"set it to as many hours and read those days again with --refresh",
}

// examples are the first few of a rule's keys, on one line whatever names are in them.
func examples(keys []string) string {
	const most = 5
	shown := list.Of(keys[:min(len(keys), most)], report.Printable)
	if len(keys) > most {
		shown = append(shown, "...")
	}
	return strings.Join(shown, ", ")
}
