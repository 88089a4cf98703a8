package audit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
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
		if p.rows = p.days; issued && w.Period.HoldsMonth(m) && len(w.notHeld(all)) == 0 {
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
	w.remarkMoved()
	return nil
}

func (w *auditor) checkPart(ctx context.Context, p part) error {
	for _, run := range runsOf(p.rows) {
		if err := w.scratch.TakeRows(ctx, run[0], run[len(run)-1]); err != nil {
			return err
		}
	}
	w.days += len(p.days)
	for _, check := range []func(context.Context, part) error{w.checkSlices, w.checkResults, w.keep, w.compareIssued, w.checkSource} {
		if err := check(ctx, p); err != nil {
			return err
		}
	}
	return w.scratch.Empty(ctx)
}

// runsOf takes dates, ascending, apart into runs of days.
func runsOf(days []calendar.Date) (runs [][]calendar.Date) {
	for i, d := range days {
		if i == 0 || days[i-1].AddDays(1) != d {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], d)
	}
	return runs
}

// checkSlices holds the rows of slices against what was written of them: counts and hash. The rows of one slice at a time are
// written as text to be hashed.
func (w *auditor) checkSlices(ctx context.Context, p part) error {
	wrong, err := duck.By[calendar.Date, string](ctx, w.scratch.Conn, "ask/slice_count", duck.Days(p.days...))
	if err != nil {
		return err
	}
	for _, d := range p.days {
		f := Finding{Rule: SliceChanged, Period: d.String(), Details: wrong[d]}
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
		switch {
		case one.Err == nil:
		case !explained(one.Err):
			return nil, one.Err
		case slices.Contains(p.days, one.Day):
			failures = append(failures, failure(one.Day, one.Err))
		}
	}
	if p.whole {
		if _, err := counter.Month(ctx, p.month, 0); err != nil && !explained(err) {
			return nil, err
		}
	}
	return failures, nil
}

func explained(err error) bool {
	_, differ := errors.AsType[*compute.DifferenceError](err)
	_, coverage := errors.AsType[*compute.CoverageError](err)
	return differ || coverage
}

func failure(d calendar.Date, err error) Finding {
	if differ, is := errors.AsType[*compute.DifferenceError](err); is {
		return Finding{Rule: ComputationsDiffer, Region: strings.Split(differ.Scope, "/")[0], Period: d.String(), What: err.Error()}
	}
	return Finding{Rule: CannotCompute, Period: d.String(), What: err.Error()}
}

// checkResults names the days that cannot be computed, and the stored results that are not what their slices give.
func (w *auditor) checkResults(ctx context.Context, p part) error {
	failures, err := w.compute(ctx, p, w.countedBy)
	if err != nil {
		return err
	}
	w.add(failures...)
	return cmp.Or(w.ask(ctx, "ask/changed_result", duck.Days(p.days...)), w.ask(ctx, "ask/changed_month", sql.Named("month", p.month.String())))
}

// recounted is what the scratch store has of a period whose number is issued.
type recounted struct {
	Rules               string // hash of the counting rules
	HasRegion           bool
	Agents              int64
	PeakTS, PeakSeconds int64
}

func (w *auditor) recounted(ctx context.Context) (map[report.Series][]recounted, error) {
	return duck.By[report.Series, recounted](ctx, w.scratch.Conn, "ask/recounted")
}

// compareIssued holds the standing files of a part against what it gives. A peak that moved in time is a finding only
// where nothing explains it: R13 issues numbers, not their moments. Where the configuration alone has moved, the part is counted
// once more by the rules of the issue, which proves it or not.
func (w *auditor) compareIssued(ctx context.Context, p part) error {
	now, err := w.recounted(ctx)
	byRules := map[string]map[report.Series][]recounted{}
	for _, i := range w.issued {
		if len(now[i.Series]) == 0 || !i.Stands {
			continue
		}
		again := now[i.Series][0]
		why := w.causeOf(i, again.Rules)
		what := fmt.Sprintf("issued %d %s agents (revision %d)", i.Value, i.Measure, i.Revision)
		switch {
		case !again.HasRegion:
			what += ", the configuration has no such region"
		case again.Agents != i.Value:
			what += fmt.Sprintf(", counted again %d; %s", again.Agents, why.words)
		case why.rule != NumberDiffers:
			w.note(why, i.Period)
			continue
		case i.PeakAt != nil && (i.PeakAt.Unix() != again.PeakTS || i.PeakSeconds != again.PeakSeconds):
			what += fmt.Sprintf(" at %s for %d seconds, counted again at %s for %d seconds; %s",
				instant(i.PeakAt.Unix()), i.PeakSeconds, instant(again.PeakTS), again.PeakSeconds, why.words)
		default:
			continue
		}
		if text, known := w.texts[why.rules]; known {
			then, done := byRules[why.rules]
			if !done {
				if then, err = w.recountedBy(ctx, p, text); err != nil {
					return err
				}
				byRules[why.rules] = then
			}
			switch before := then[i.Series]; {
			case len(before) == 0:
			case before[0].Agents == i.Value:
				what += fmt.Sprintf("; by the rules of the issue the slice still gives %d", i.Value)
			default:
				why.rule = NumberDiffers
				what += fmt.Sprintf("; but by the rules of the issue the slice gives %d, so that they do not explain it", before[0].Agents)
			}
		}
		w.of(i, why.rule, what, why.details...)
	}
	return err
}

// recountedBy is what a part gives by the rules of an issue, each day of a month's by its own.
func (w *auditor) recountedBy(ctx context.Context, p part, text string) (map[report.Series][]recounted, error) {
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
	if _, err := w.compute(ctx, p, func(d calendar.Date) config.Tenant { return by[days[d]] }); err != nil {
		return nil, err
	}
	return w.recounted(ctx)
}

// moved is what moved without moving a number.
type moved struct {
	cause
	periods []string
}

// note gathers what moved silently, by its cause.
func (w *auditor) note(c cause, period string) {
	at := slices.IndexFunc(w.moved, func(m *moved) bool {
		return m.words == c.words && (c.rule != ConfigurationMoved || slices.Equal(m.details, c.details))
	})
	if at < 0 {
		at, w.moved = len(w.moved), append(w.moved, &moved{cause: c})
	}
	w.moved[at].periods = append(w.moved[at].periods, period)
}

func (w *auditor) remarkMoved() {
	for _, m := range w.moved {
		slices.Sort(m.periods)
		periods := slices.Compact(m.periods)
		period := periods[0]
		if len(periods) > 1 {
			period += " to " + periods[len(periods)-1]
		}
		w.add(Finding{Rule: MovedSilently, Period: period, Details: m.details,
			What: m.words + "; the numbers are as issued in " + Count(len(periods), "period")})
	}
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
			w.add(Finding{Rule: RulesRecord, What: "the counting rules kept under SHA-256 " + k.Sum + " have SHA-256 " + sum})
			continue
		}
		w.texts[k.Sum] = k.Text
	}
	w.countedAs, err = duck.By[calendar.Date, string](ctx, w.scratch.Conn, "ask/computation")
	return err
}

// countedBy is the tenant with the counting rules of a day (R9): where a number of it is issued, those that the store says it was
// counted by.
func (w *auditor) countedBy(d calendar.Date) config.Tenant {
	today := w.Tenant.On(d)
	for _, sum := range w.countedAs[d] {
		if t, err := today.WithRules([]byte(w.texts[sum])); err == nil { // or the record is none; said
			return t
		}
	}
	return today
}

// cause is what has changed since a file was issued, by its manifest.
type cause struct {
	rule    Rule
	words   string
	details []string
	rules   string // hash of the counting rules of the issue, where those are all that moved
}

// causeOf compares the manifest of an issue with the store, the rules that were counted by again, and the program. Without a
// manifest nothing can be said.
func (w *auditor) causeOf(i report.Issue, rules string) cause {
	m, readable := w.manifests[i.File]
	if !readable {
		return cause{rule: NumberDiffers, words: "its manifest is gone, so nothing can be said about why"}
	}
	var c cause
	var what []string
	found := func(rule Rule, moved string, details ...string) {
		if len(what) == 0 {
			c.rule = rule
		}
		what, c.details = append(what, moved), append(c.details, details...)
	}
	if m.RulesHash != rules {
		found(ConfigurationMoved, "the counting rules", w.ruleChanges(m.RulesHash, rules)...)
	}
	if moved := w.movedSlices(m); len(moved) > 0 {
		found(SliceMoved, "the slice", moved...)
	}
	if now := compute.SQLSHA256(); m.SQLHash != now {
		found(ProgramMoved, "the statements that count", fmt.Sprintf("issued by program %s with statements %s, now %s", m.Versions.Program, m.SQLHash, now))
	}
	if len(what) == 0 {
		return cause{rule: NumberDiffers, words: "slice, counting rules and statements are those of the issue"}
	}
	c.words = "changed since: " + strings.Join(what, " and ")
	if len(what) == 1 && c.rule == ConfigurationMoved {
		c.rules = m.RulesHash
	}
	return c
}

func (w *auditor) movedSlices(m report.Manifest) (moved []string) {
	for _, s := range m.Slices {
		switch now := w.slices[s.Day]; {
		case now.SHA256 != s.SHA256:
			moved = append(moved, fmt.Sprintf("slice of %s: SHA-256 was %s, is %s", s.Day, s.SHA256, cmp.Or(now.SHA256, "none")))
		case now.AsOf != int64(s.AsOf):
			moved = append(moved, fmt.Sprintf("slice of %s: as_of was %s, is %s", s.Day, s.AsOf, instant(now.AsOf)))
		}
	}
	return moved
}

func (w *auditor) ruleChanges(old, now string) (changes []string) {
	text, known := w.texts[old]
	if !known {
		return []string{"the counting rules of the issue, SHA-256 " + old + ", are not in the store any more"}
	}
	current, known := w.texts[now]
	if !known { // nothing was counted by them yet
		current = string(w.Tenant.Rules())
	}
	before, err1 := config.RuleFacts([]byte(text))
	after, err2 := config.RuleFacts([]byte(current))
	if err := cmp.Or(err1, err2); err != nil {
		return []string{err.Error()}
	}
	only := func(mark string, of, other []string) {
		for _, fact := range of {
			if !slices.Contains(other, fact) {
				changes = append(changes, mark+fact)
			}
		}
	}
	only("was: ", before, after)
	only("is:  ", after, before)
	return changes
}
