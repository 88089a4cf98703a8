package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/report"
)

// compute brings the days and months to their results: counted, or, where only a report is wanted, read.
func (s *state) compute(ctx context.Context) {
	s.monthly = map[calendar.Month]*compute.Monthly{}
	for _, month := range s.Months {
		s.monthly[month] = compute.NewMonthly(s.work.Conn, s.Tenant, month)
	}
	var absent compute.MissingError // one error for all days, however many
	for _, day := range s.Days {
		if s.failed[day] {
			continue
		}
		result, err := s.computeDay(ctx, day)
		if err != nil && s.gaveUp(ctx, fmt.Errorf("compute %s: %w", day, err)) {
			s.failed[day] = true
			continue
		}
		var missing *compute.MissingError
		if errors.As(err, &missing) && (absent.What == "" || absent.What == missing.What) {
			s.failed[day], s.waiting[day] = true, true
			absent.What, absent.Days = missing.What, append(absent.Days, missing.Days...)
			continue
		}
		if err != nil {
			s.fail(day, hinted(err))
			continue
		}
		s.days = append(s.days, result)
		s.warnBlocked(day, result.Quality)
		s.warnDoubts(day, result.Quality)
	}
	if absent.What != "" {
		s.note(calendar.Date{}, hinted(&absent))
	}
	for _, month := range s.Months {
		s.computeMonth(ctx, month)
	}
	s.Log.Stop()
}

func (s *state) computeDay(ctx context.Context, day calendar.Date) (compute.DayResult, error) {
	by, err := s.countedBy(ctx, day)
	if err != nil {
		return compute.DayResult{}, err
	}
	stale, err := compute.Stale(ctx, s.work.Conn, by, day)
	if err != nil {
		return compute.DayResult{}, err
	}
	if s.Compute && s.Named && by.RulesHash() != s.Tenant.On(day).RulesHash() {
		if err := s.askMoved(ctx, day); err != nil {
			return compute.DayResult{}, err
		}
	}
	if !s.Compute && stale {
		return compute.DayResult{}, fail.New(fail.Other, "run `seats compute` first", "%s has no result for its slice under today's configuration", day)
	}
	if !s.Again && !stale {
		return compute.LoadDay(ctx, s.work.Conn, by, day)
	}
	s.Log.Start(s.Tenant.Name + ": computing " + day.String())
	began := s.Clock()
	var result compute.DayResult
	if m := s.monthly[day.YearMonth()]; m != nil {
		result, err = m.Day(ctx, by, day, began.Unix())
	} else {
		result, err = compute.Day(ctx, s.work.Conn, by, day, began.Unix())
	}
	if err != nil {
		return result, err
	}
	s.Log.Info("computed", "tenant", s.Tenant.Name, "day", day, "state", result.State, "took", s.Clock().Sub(began).Round(time.Millisecond))
	return result, nil
}

// computeMonth counts a month whose days are all there. A month that was only touched, by its last day, is
// passed over with a remark when days are missing.
func (s *state) computeMonth(ctx context.Context, month calendar.Month) {
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
	result, err := s.month(ctx, month)
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
func (s *state) month(ctx context.Context, month calendar.Month) (compute.MonthResult, error) {
	if err := s.checkStanding(ctx, month); err != nil {
		return compute.MonthResult{}, err
	}
	if s.Compute && !s.asSealed[month] {
		return s.monthly[month].Month(ctx, s.Clock().Unix())
	}
	result, err := compute.LoadMonth(ctx, s.work.Conn, s.Tenant, month)
	if err != nil {
		return result, err
	}
	stale, err := compute.StaleMonth(ctx, s.work.Conn, s.Tenant, result)
	if err == nil && stale {
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
