package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/report"
)

// part is what is worked on at once: the days of a calendar month, as far as the store holds them.
type part struct {
	month calendar.Month
	days  []calendar.Date // of the period
	all   []calendar.Date // that the month is counted from
	whole bool            // the month has an issued number, every day is there, and the period holds it
}

// loaded are the days whose raw rows are needed.
func (p part) loaded() []calendar.Date {
	if p.whole {
		return p.all
	}
	return p.days
}

// parts of the period, ascending.
func (w *auditor) parts() (parts []part) {
	for _, d := range w.held() {
		if n := len(parts); n == 0 || parts[n-1].month != d.YearMonth() {
			parts = append(parts, part{month: d.YearMonth(), all: w.Tenant.DaysOf(d.YearMonth()), whole: w.isWhole(d.YearMonth())})
		}
		last := &parts[len(parts)-1]
		last.days = append(last.days, d)
	}
	return parts
}

func (w *auditor) isWhole(m calendar.Month) bool {
	for _, d := range w.Tenant.DaysOf(m) {
		if _, held := w.slices[d.String()]; !held {
			return false
		}
	}
	if !w.Period.HoldsMonth(m) {
		return false
	}
	for s := range w.standing {
		if s.measure == report.Enabled && s.period == m.String() {
			return true
		}
	}
	return false
}

// checkMonths goes through the kept slices, month by month.
func (w *auditor) checkMonths(ctx context.Context) (err error) {
	parts := w.parts()
	var reader *reader
	if w.Source && len(parts) > 0 {
		if reader, err = w.openSource(ctx, parts); err != nil {
			return err
		}
		defer reader.src.Close() //nolint:errcheck // only read
	}
	for _, p := range parts {
		if w.without[p.month] {
			continue // said
		}
		w.Log.Start(w.Tenant.Name + ": auditing " + p.month.String())
		err := w.checkPart(ctx, p, reader)
		w.Log.Stop()
		if err != nil {
			return err
		}
	}
	w.remarkMoved()
	return nil
}

func (w *auditor) checkPart(ctx context.Context, p part, r *reader) error {
	if err := w.take(ctx, p.loaded()); err != nil {
		return err
	}
	w.days += len(p.days)
	if err := w.checkSlices(ctx, p.days); err != nil {
		return err
	}
	kept, err := w.compute(ctx, p, w.countedBy)
	if err != nil {
		return err
	}
	if err := w.checkResults(ctx, p, kept); err != nil {
		return err
	}
	if err := w.compareIssued(ctx, p, kept, r != nil); err != nil {
		return err
	}
	if r != nil {
		if err := w.checkSource(ctx, p, kept, r); err != nil {
			return err
		}
	}
	return w.scratch.Empty(ctx)
}

// take brings the raw rows of days into the scratch store.
func (w *auditor) take(ctx context.Context, days []calendar.Date) error {
	for _, run := range runsOf(days) {
		if err := w.scratch.TakeRows(ctx, run[0], run[len(run)-1]); err != nil {
			return err
		}
	}
	return nil
}

// checkSlices holds the rows of slices against what was written of them: counts and hash. The rows of one slice at a time are
// written as text to be hashed.
func (w *auditor) checkSlices(ctx context.Context, days []calendar.Date) error {
	wrong := map[string][]string{}
	err := duck.Each(ctx, w.scratch.Conn, "ask/slice_count", func(scan func(...any) error) error {
		var day string
		var said, counted [3]int64
		err := scan(&day, &said[0], &said[1], &said[2], &counted[0], &counted[1], &counted[2])
		for at, what := range []string{"sessions", "activities", "agents"} {
			if said[at] != counted[at] {
				wrong[day] = append(wrong[day], fmt.Sprintf("%d %s, written were %d", counted[at], what, said[at]))
			}
		}
		return err
	}, onDays(days))
	if err != nil {
		return err
	}
	for _, d := range days {
		var sum string
		err := duck.Each(ctx, w.scratch.Conn, "slice/slice_sha256", func(scan func(...any) error) error { return scan(&sum) }, named("day", d.String()))
		if err != nil {
			return err
		}
		f := Finding{Rule: SliceChanged, Period: d.String(), Details: wrong[d.String()]}
		if was := w.slices[f.Period].SHA256; sum != was {
			f.Details = append(f.Details, fmt.Sprintf("SHA-256 %s, written was %s", sum, was))
		}
		if len(f.Details) > 0 {
			f.What = "the rows of the slice are not those that were written: " + f.Details[0]
			w.add(f)
		}
	}
	return nil
}

// computed is what a part gives: results by day, and why a day has none.
type computed struct {
	days   map[calendar.Date]compute.DayResult
	failed map[calendar.Date]error
	month  *compute.MonthResult
}

// compute counts a part both ways (R12), each day by its own rules, and then its month, where every day of it can be counted.
func (w *auditor) compute(ctx context.Context, p part, by func(calendar.Date) config.Tenant) (computed, error) {
	c := computed{days: map[calendar.Date]compute.DayResult{}, failed: map[calendar.Date]error{}}
	days := slices.Clone(p.days)
	for _, d := range p.all {
		if p.whole && !slices.Contains(days, d) {
			days = append(days, d)
		}
	}
	stands, err := compute.Look(ctx, w.scratch.Conn, w.Tenant, days...)
	if err != nil {
		return c, err
	}
	for i, d := range days {
		stands[i].By = by(d)
	}
	counter := compute.NewCounter(w.scratch.Conn, w.Tenant, p.month)
	whole := p.whole
	for _, one := range counter.Days(ctx, stands, 0) {
		asked := slices.Contains(p.days, one.Day)
		switch {
		case one.Err != nil && !explained(one.Err):
			return c, one.Err
		case one.Err != nil:
			whole = whole && !slices.Contains(p.all, one.Day)
			if asked {
				c.failed[one.Day] = one.Err
			}
		case asked:
			c.days[one.Day] = one.DayResult
		}
	}
	if !whole {
		return c, nil
	}
	month, err := counter.Month(ctx, p.month, 0)
	if err == nil {
		c.month = &month
	} else if !explained(err) {
		return c, err
	}
	return c, nil
}

// explained tells the errors that are findings from those that end the audit.
func explained(err error) bool {
	var differ *compute.DifferenceError
	var coverage *compute.CoverageError
	return errors.As(err, &differ) || errors.As(err, &coverage)
}

func named(name string, value any) sql.NamedArg { return sql.Named(name, value) }

// onDays binds a set of days.
func onDays(days []calendar.Date) sql.NamedArg {
	var texts []string
	for _, d := range days {
		texts = append(texts, d.String())
	}
	return named("days", texts)
}
