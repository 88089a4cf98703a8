package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/report"
)

// compute brings the days and months to their results: counted, or, where only a report is wanted, read.
func (s *state) compute(ctx context.Context) {
	counter := compute.NewCounter(s.work.Conn, s.Tenant, s.Months...)
	results := s.results(ctx, counter)
	for _, day := range s.Days {
		if result, is := results[day]; is {
			s.days = append(s.days, result)
			s.warnBlocked(day, result.Quality)
			s.warnDoubts(day, result.Quality)
		}
	}
	for _, month := range s.Months {
		s.computeMonth(ctx, counter, month)
	}
	s.Log.Stop()
}

// results are those of the days that have one. What fails is noted in the order of the days, all that lack a slice as one.
func (s *state) results(ctx context.Context, counter *compute.Counter) map[calendar.Date]compute.DayResult {
	days := slices.DeleteFunc(slices.Clone(s.Days), func(day calendar.Date) bool { return s.failed[day] })
	stands, err := s.look(ctx, days)
	if err != nil {
		s.endDays(ctx, days, err)
		return nil
	}
	failed := map[calendar.Date]error{}
	var stored, stale []compute.Standing
	for _, one := range stands {
		missing := one.Missing()
		if missing == nil && s.Compute && s.Named && s.hasMoved(one) {
			missing = s.askMoved(ctx, counter, one)
		}
		switch {
		case missing != nil:
			failed[one.Day] = missing
		case !s.Compute && one.Stale():
			failed[one.Day] = fail.New(fail.Other, "run `seats compute` first", "%s has no result for its slice under today's configuration", one.Day)
		case s.Again || one.Stale():
			stale = append(stale, one)
		default:
			stored = append(stored, one)
		}
	}
	results := map[calendar.Date]compute.DayResult{}
	loaded, err := compute.Load(ctx, s.work.Conn, stored)
	for i, one := range stored {
		if err != nil {
			failed[one.Day] = err
			continue
		}
		results[one.Day] = loaded[i]
	}
	s.count(ctx, counter, stale, results, failed)
	var absent compute.MissingError // one error for all days, however many
	for _, day := range days {
		err := failed[day]
		var missing *compute.MissingError
		switch {
		case err == nil:
		case s.gaveUp(ctx, fmt.Errorf("compute %s: %w", day, err)):
			s.failed[day] = true
		case errors.As(err, &missing) && (absent.What == "" || absent.What == missing.What):
			s.failed[day], s.waiting[day] = true, true
			absent.What, absent.Days = missing.What, append(absent.Days, missing.Days...)
		default:
			s.fail(day, hinted(err))
		}
	}
	if absent.What != "" {
		s.note(calendar.Date{}, hinted(&absent))
	}
	return results
}

// endDays notes why the store could not be asked for any of the days.
func (s *state) endDays(ctx context.Context, days []calendar.Date, err error) {
	for i, day := range days {
		s.failed[day] = true
		if i == 0 && !s.gaveUp(ctx, fmt.Errorf("compute %s: %w", day, err)) {
			s.note(calendar.Date{}, err)
		}
	}
}

// countAtOnce is how many days are counted before it is said how far the work is; nothing depends on it.
const countAtOnce = 31

// count counts days that are not counted as they are to be.
func (s *state) count(ctx context.Context, counter *compute.Counter, stale []compute.Standing, results map[calendar.Date]compute.DayResult, failed map[calendar.Date]error) {
	for some := range slices.Chunk(stale, countAtOnce) {
		if first, last := some[0].Day, some[len(some)-1].Day; first == last {
			s.Log.Start(s.Tenant.Name + ": computing " + first.String())
		} else {
			s.Log.Start(fmt.Sprintf("%s: computing %s to %s", s.Tenant.Name, first, last))
		}
		began := s.Clock()
		counted := counter.Days(ctx, some, began.Unix())
		took := s.Clock().Sub(began).Round(time.Millisecond)
		for _, one := range counted {
			if one.Err != nil {
				failed[one.Day] = one.Err
				continue
			}
			results[one.Day] = one.DayResult
			attrs := []any{"tenant", s.Tenant.Name, "day", one.Day, "state", one.State, "took", took}
			if len(some) > 1 {
				attrs = append(attrs, "days", len(some)) // together
			}
			s.Log.Info("computed", attrs...)
		}
	}
}

// computeMonth counts a month whose days are all there. A month that was only touched, by its last day, is
// passed over with a remark when days are missing.
func (s *state) computeMonth(ctx context.Context, counter *compute.Counter, month calendar.Month) {
	for _, d := range s.Tenant.DaysOf(month) {
		if s.failed[d] && ctx.Err() != nil {
			return // there was no time for the day, as is said
		}
		if s.failed[d] {
			s.Log.Warn("the month is not computed: a day of it failed", "tenant", s.Tenant.Name, "month", month, "day", d)
			return
		}
	}
	s.Log.Start(s.Tenant.Name + ": computing " + month.String())
	began := s.Clock()
	result, err := s.month(ctx, counter, month)
	if err != nil && s.gaveUp(ctx, fmt.Errorf("compute %s: %w", month, err)) {
		return
	}
	var missing *compute.MissingError
	if errors.As(err, &missing) && !s.Whole {
		s.Log.Warn("the month is not complete: "+missing.Error(), "tenant", s.Tenant.Name, "month", month)
		return
	}
	if err != nil {
		s.note(calendar.Date{}, hinted(err))
		return
	}
	s.months = append(s.months, result)
	s.warnBlocked(month, result.Quality)
	s.Log.Info("computed", "tenant", s.Tenant.Name, "month", month, "state", result.State(), "took", s.Clock().Sub(began).Round(time.Millisecond))
}

// month counts a month, or, where only a report is wanted or nothing has changed since it was sealed, reads it: never one that no
// longer fits its days, nor one of days that do not stand as they are issued.
func (s *state) month(ctx context.Context, counter *compute.Counter, month calendar.Month) (compute.MonthResult, error) {
	if err := s.checkStanding(ctx, month); err != nil {
		return compute.MonthResult{}, err
	}
	if s.Compute && !s.asSealed[month] {
		return counter.Month(ctx, month, s.Clock().Unix())
	}
	result, err := compute.LoadMonth(ctx, s.work.Conn, s.Tenant, month)
	if err != nil {
		return result, err
	}
	if result.Stale {
		err = fail.New(fail.Other, fmt.Sprintf("run `seats compute --month %s` first", month),
			"%s has no result for its slices under today's configuration", month)
	}
	return result, err
}

// warnBlocked notes that a blocking rule found something in the period: then nothing of the tenant is issued.
func (s *state) warnBlocked(period fmt.Stringer, quality []compute.Quality) {
	day, _ := period.(calendar.Date) // or a month
	for _, q := range compute.Blocking(quality) {
		s.blocked = true
		s.note(day, fail.New(fail.Quality,
			"list the switches in a location of the configuration, or give the tenant a default location; then run again",
			"%s: %s found %d: %s", period, q.Rule, q.Count, examples(q.Examples)))
	}
}

// Doubts says of those data-quality rules that may have moved a number, and that somebody can mend, what they found and what
// helps.
var Doubts = map[string]string{
	"common_guid": "attempt GUIDs that seem to stand for none, so that calls count which no campaign made: correct the mapping at the source",
	"cut_off_session": "sessions longer than max_session_hours, which days that begin so long after the login do not see: " +
		"set it to as many hours and read those days again with --refresh",
}

// warnDoubts tells what Doubts speaks of.
func (s *state) warnDoubts(day calendar.Date, quality []compute.Quality) {
	for _, q := range quality {
		if what, is := Doubts[q.Rule]; is && q.Count > 0 {
			s.Log.Warn(what, "tenant", s.Tenant.Name, "day", day, q.Rule, examples(q.Examples))
		}
	}
}

// examples are the first few of a rule's keys, on one line whatever names are in them.
func examples(keys []string) string {
	const shown = 5
	text := ""
	for i, k := range keys {
		if i == shown {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += report.Printable(k)
	}
	return text
}

// hinted adds what to do to the errors of compute.
func hinted(err error) error {
	var missing *compute.MissingError
	var coverage *compute.CoverageError
	var differ *compute.DifferenceError
	switch {
	case errors.As(err, &differ):
		return fail.New(fail.Differ, "nothing was issued; this is a defect of the program or a damaged store: keep the store and report it", "%w", err)
	case errors.As(err, &missing):
		return fail.New(fail.NotReady, "`seats run` or `seats extract` brings the missing days", "%w", err)
	case errors.As(err, &coverage):
		return fail.New(fail.Other, "`seats extract` reads the day again", "%w", err)
	}
	return err
}
