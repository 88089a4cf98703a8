package audit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// part is what is worked on at once: the days of a calendar month, as far as the store holds them.
type part struct {
	month calendar.Month
	days  []calendar.Date // of the period
	rows  []calendar.Date // that are counted: beside these, all that the month is counted from, where it is whole
	whole bool            // the month has an issued number, every day is there, and the period holds it
}

func (w *auditor) parts() (parts []part) {
	for _, d := range w.kept {
		if !w.Period.Holds(d) {
			continue
		}
		m := d.YearMonth()
		if n := len(parts); n == 0 || parts[n-1].month != m {
			parts = append(parts, part{month: m})
		}
		last := &parts[len(parts)-1]
		last.days = append(last.days, d)
	}
	for at := range parts {
		p := &parts[at]
		all, m := w.Tenant.DaysOf(p.month), p.month
		issued := slices.ContainsFunc(w.issued, func(i report.Issue) bool { return i.Period == m.String() })
		notHeld := func(d calendar.Date) bool { return !slices.Contains(w.kept, d) }
		if p.rows = p.days; issued && w.Period.HoldsMonth(m) && !slices.ContainsFunc(all, notHeld) {
			p.rows, p.whole = slices.Concat(p.days, all), true
			slices.SortFunc(p.rows, calendar.Date.Compare)
			p.rows = slices.Compact(p.rows)
		}
	}
	return parts
}

func (w *auditor) checkMonths(ctx context.Context) (err error) {
	parts := w.parts()
	if w.Source && len(parts) > 0 {
		if w.source, err = w.openSource(ctx, parts); err != nil {
			return err
		}
		defer w.source.Source.Close() //nolint:errcheck // only read
	}
	for _, p := range parts {
		if w.without[p.month] {
			continue // said
		}
		w.Log.Start(w.Tenant.Name + ": auditing " + p.month.String())
		err := w.checkPart(ctx, p)
		w.Log.Stop()
		if err != nil {
			return err
		}
	}
	return w.ask(ctx, "ask/moved_without_effect")
}

func (w *auditor) checkPart(ctx context.Context, p part) error {
	if err := w.scratch.TakeRows(ctx, p.rows[0], p.rows[len(p.rows)-1]); err != nil {
		return err
	}
	w.days += len(p.days)
	for _, check := range []func(context.Context, part) error{w.checkSlices, w.recount, w.checkResults, w.keep, w.compareIssued, w.checkSource} {
		if err := check(ctx, p); err != nil {
			return err
		}
	}
	return w.scratch.Empty(ctx)
}

// checkSlices holds the rows of slices against what was written of them: counts and hash. The rows of one slice at a time are
// written as text to be hashed.
func (w *auditor) checkSlices(ctx context.Context, p part) error {
	wrong, err := duck.By[calendar.Date, string](ctx, w.scratch.Conn, "ask/slice_count", duck.Days(p.days...))
	if err != nil {
		return err
	}
	for _, d := range p.days {
		f := Finding{Rule: "slice_changed", Period: d.String(), Details: wrong[d]}
		sum, err := extract.SliceSHA256(ctx, w.scratch.Conn, d)
		if err != nil {
			return err
		}
		if was := w.slices[d].SHA256; sum != was {
			f.Details = append(f.Details, fmt.Sprintf("SHA-256 %s, written was %s", sum, was))
		}
		if len(f.Details) > 0 {
			f.What = "the rows of the slice are not those that were written: " + f.Details[0]
			w.add(f)
		}
	}
	return nil
}

// compute counts a part both ways (R12), each day by its own rules, and then its month, where every day of it can be counted. What
// the scratch store then has of the part is from here; of days that have no numbers it says why.
func (w *auditor) compute(ctx context.Context, p part, by func(calendar.Date) config.Tenant) (failures []Finding, err error) {
	stands, notLooked := compute.Look(ctx, w.scratch.Conn, w.Tenant, p.rows...)
	notDropped := store.DropResults(ctx, w.scratch.Conn, p.rows...)
	if err := cmp.Or(notLooked, notDropped, compute.DropMonth(ctx, w.scratch.Conn, p.month)); err != nil {
		return nil, err
	}
	for i := range stands {
		stands[i].By = by(stands[i].Day)
	}
	counter := compute.NewCounter(w.scratch.Conn, w.Tenant, p.month)
	for _, one := range counter.Days(ctx, stands, 0) {
		switch failed, explained := failure(one.Day, one.Err); {
		case one.Err == nil:
		case !explained:
			return nil, one.Err
		case slices.Contains(p.days, one.Day):
			failures = append(failures, failed)
		}
	}
	if p.whole {
		_, err = counter.Month(ctx, p.month, 0)
		if _, explained := failure(p.month.Last(), err); err != nil && !explained {
			return nil, err
		}
	}
	return failures, nil
}

// failure is the finding of a day that could not be counted; false where something else went wrong.
func failure(d calendar.Date, err error) (Finding, bool) {
	if differ, is := errors.AsType[*compute.DifferenceError](err); is {
		return Finding{Rule: "computations_differ", Region: strings.Split(differ.Scope, "/")[0], Period: d.String(), What: err.Error()}, true
	}
	_, is := errors.AsType[*compute.CoverageError](err)
	return Finding{Rule: "cannot_compute", Period: d.String(), What: fmt.Sprint(err)}, is
}

// recount counts a part by the rules of its days, and names those of its days that cannot be computed.
func (w *auditor) recount(ctx context.Context, p part) error {
	failures, err := w.compute(ctx, p, w.countedBy)
	w.add(failures...)
	return err
}

// checkResults names the stored results that are not what their slices give.
func (w *auditor) checkResults(ctx context.Context, p part) error {
	return cmp.Or(w.ask(ctx, "ask/changed_result", duck.Days(p.days...)), w.ask(ctx, "ask/changed_month", sql.Named("month", p.month.String())))
}

// compareIssued holds the standing files of a part against what it gives. Where the configuration alone has moved, the part is counted
// once more by the rules of the issue, which proves it or not.
func (w *auditor) compareIssued(ctx context.Context, p part) error {
	args := append(w.Period.Bounds(), sql.Named("statements", compute.SQLSHA256()))
	if err := duck.ExecAll(ctx, w.scratch.Conn, []string{"ask/recounted", "ask/compare"}, args...); err != nil {
		return err
	}
	compared, err := duck.All[struct {
		Finding
		Measure report.Measure
		Value   int64
		Rules   string // hash of those of the issue, where they are all that moved
	}](ctx, w.scratch.Conn, "ask/compared", sql.Named("month", p.month.String()))
	byRules := map[string]map[report.Series][]int64{}
	for _, c := range compared {
		if text, known := w.texts[c.Rules]; known {
			then, done := byRules[c.Rules]
			if !done {
				if then, err = w.recountedBy(ctx, p, text); err != nil {
					return err
				}
				byRules[c.Rules] = then
			}
			switch before := then[report.Series{Region: c.Region, Measure: c.Measure, Period: c.Period}]; {
			case len(before) == 0:
			case before[0] == c.Value:
				c.What += fmt.Sprintf("; by the rules of the issue the slice still gives %d", c.Value)
			default:
				c.Rule = "number_differs"
				c.What += fmt.Sprintf("; but by the rules of the issue the slice gives %d, so that they do not explain it", before[0])
			}
		}
		w.add(c.Finding)
	}
	return err
}

// recountedBy is what a part gives by the rules of an issue, each day of a month's by its own.
func (w *auditor) recountedBy(ctx context.Context, p part, text string) (map[report.Series][]int64, error) {
	days, err := config.RulesOfDays([]byte(text))
	if err != nil {
		return nil, err
	}
	by := map[string]config.Tenant{}
	if by[""], err = w.Tenant.WithRules([]byte(text)); err != nil {
		return nil, err
	}
	for _, sum := range days {
		if by[sum], err = w.Tenant.WithRules([]byte(w.texts[sum])); err != nil {
			return nil, err
		}
	}
	if _, err = w.compute(ctx, p, func(d calendar.Date) config.Tenant { return by[days[d]] }); err == nil {
		err = duck.Exec(ctx, w.scratch.Conn, "ask/recounted")
	}
	if err != nil {
		return nil, err
	}
	return duck.By[report.Series, int64](ctx, w.scratch.Conn, "ask/recounted_value")
}

// loadRules reads how the days were computed. A text that is not what its hash says is a finding, and is not believed.
func (w *auditor) loadRules(ctx context.Context) error {
	w.texts = map[string]string{}
	kept, err := duck.All[struct{ Sum, Text string }](ctx, w.scratch.Conn, "ask/rules")
	if err != nil {
		return err
	}
	for _, k := range kept {
		if sum := report.Digest([]byte(k.Text)); sum != k.Sum {
			w.add(Finding{Rule: "rules_record", What: "the counting rules kept under SHA-256 " + k.Sum + " have SHA-256 " + sum})
			continue
		}
		w.texts[k.Sum] = k.Text
	}
	facts := maps.Clone(w.texts)
	facts[""] = string(w.Tenant.Rules()) // for those by which nothing was counted yet
	if err := duck.Exec(ctx, w.scratch.Conn, "ask/rule_fact", duck.JSON("rules", facts)); err != nil {
		return err
	}
	w.countedAs, err = duck.By[calendar.Date, string](ctx, w.scratch.Conn, "ask/computation")
	return err
}

// countedBy is the tenant with the counting rules of a day (R9): where a number of it is issued, those that the store says it was counted by.
func (w *auditor) countedBy(d calendar.Date) config.Tenant {
	today := w.Tenant.On(d)
	for _, sum := range w.countedAs[d] {
		if t, err := today.WithRules([]byte(w.texts[sum])); err == nil { // or the record is none; said
			return t
		}
	}
	return today
}
