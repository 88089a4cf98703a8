package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"seats/compute"
	"seats/extract"
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

func (w *auditor) parts() (parts []part) {
	for _, d := range w.kept {
		if !w.Period.Holds(d) {
			continue
		}
		m := d.YearMonth()
		if n := len(parts); n == 0 || parts[n-1].month != m {
			all, issued := w.Tenant.DaysOf(m), false
			for _, i := range w.issued {
				issued = issued || i.Measure == report.Enabled && i.Period == m.String()
			}
			parts = append(parts, part{month: m, all: all, whole: issued && w.Period.HoldsMonth(m) && len(w.notHeld(all)) == 0})
		}
		last := &parts[len(parts)-1]
		last.days = append(last.days, d)
	}
	return parts
}

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
	wanted := p.days
	if p.whole {
		wanted = p.all
	}
	for _, run := range runsOf(wanted) {
		if err := w.scratch.TakeRows(ctx, run[0], run[len(run)-1]); err != nil {
			return err
		}
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
	if r != nil { // before the rules of an issue are tried: the source is compared with what today's give
		if err := w.keep(ctx, p); err != nil {
			return err
		}
	}
	if err := w.compareIssued(ctx, p, kept); err != nil {
		return err
	}
	if r != nil {
		if err := w.checkSource(ctx, p, kept, r); err != nil {
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
func (w *auditor) checkSlices(ctx context.Context, days []calendar.Date) error {
	wrong, err := duck.By[calendar.Date, string](ctx, w.scratch.Conn, "ask/slice_count", duck.Days(days...))
	if err != nil {
		return err
	}
	for _, d := range days {
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

type computed struct {
	numbers map[report.Series]compute.Peak // a month's are agents alone
	order   []report.Series                // of these, day by day, as the configuration has the regions
	rules   map[report.Series]string       // hash of the counting rules, by measure and period
	failed  map[calendar.Date]error        // why a day has no numbers
}

func (c *computed) add(at report.Series, rules string, p compute.Peak) {
	c.rules[report.Series{Measure: at.Measure, Period: at.Period}] = rules
	c.numbers[at], c.order = p, append(c.order, at)
}

// compute counts a part both ways (R12), each day by its own rules, and then its month, where every day of it can be counted.
func (w *auditor) compute(ctx context.Context, p part, by func(calendar.Date) config.Tenant) (computed, error) {
	c := computed{map[report.Series]compute.Peak{}, nil, map[report.Series]string{}, map[calendar.Date]error{}}
	days, whole := slices.Clone(p.days), p.whole
	for _, d := range p.all {
		if whole && !slices.Contains(days, d) {
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
	for _, one := range counter.Days(ctx, stands, 0) {
		if one.Err != nil && !explained(one.Err) {
			return c, one.Err
		}
		if one.Err != nil {
			whole = whole && !slices.Contains(p.all, one.Day)
		}
		switch {
		case !slices.Contains(p.days, one.Day):
		case one.Err != nil:
			c.failed[one.Day] = one.Err
		default:
			for _, peak := range one.Regions() {
				c.add(report.Series{Region: peak.Region, Measure: report.Concurrent, Period: one.Day.String()}, one.RulesSHA256, peak)
			}
		}
	}
	if !whole {
		return c, nil
	}
	month, err := counter.Month(ctx, p.month, 0)
	if err == nil {
		for _, r := range month.Regions {
			c.add(report.Series{Region: r.Region, Measure: report.Enabled, Period: p.month.String()}, month.RulesSHA256, compute.Peak{Agents: r.Agents})
		}
	} else if !explained(err) {
		return c, err
	}
	return c, nil
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
func (w *auditor) checkResults(ctx context.Context, p part, c computed) error {
	var current []calendar.Date
	for _, d := range p.days {
		if err := c.failed[d]; err != nil {
			w.add(failure(d, err))
		} else if w.current(d) {
			current = append(current, d)
		}
	}
	err := w.ask(ctx, "ask/changed_result", duck.Days(current...))
	if _, counted := c.rules[report.Series{Measure: report.Enabled, Period: p.month.String()}]; counted && err == nil {
		err = w.ask(ctx, "ask/changed_month", sql.Named("month", p.month.String()))
	}
	return err
}

// compareIssued holds the standing files of a part against what it gives. A peak that moved in time is a finding only
// where nothing explains it: R13 issues numbers, not their moments. Where the configuration alone has moved, the part is counted
// once more by the rules of the issue, which proves it or not.
func (w *auditor) compareIssued(ctx context.Context, p part, c computed) error {
	byRules := map[string]computed{}
	for _, i := range w.issued {
		rules, counted := c.rules[report.Series{Measure: i.Measure, Period: i.Period}]
		if !counted || !i.Stands {
			continue
		}
		why := w.causeOf(i, rules)
		now, has := c.numbers[i.Series()]
		what := fmt.Sprintf("issued %d %s agents (revision %d)", i.Value, i.Measure, i.Revision)
		switch {
		case !has:
			what += ", the configuration has no such region"
		case now.Agents != i.Value:
			what += fmt.Sprintf(", counted again %d; %s", now.Agents, why.words)
		case why.rule != NumberDiffers:
			w.note(why, i.Period)
			continue
		case i.PeakAt != nil && (i.PeakAt.Unix() != now.PeakTS || i.PeakSeconds != now.PeakSeconds):
			what += fmt.Sprintf(" at %s for %d seconds, counted again at %s for %d seconds; %s",
				instant(i.PeakAt.Unix()), i.PeakSeconds, instant(now.PeakTS), now.PeakSeconds, why.words)
		default:
			continue
		}
		if text, known := w.texts[why.rules]; known {
			then, done := byRules[why.rules]
			if !done {
				by, err := w.countedByRules(text)
				if err == nil {
					then, err = w.compute(ctx, p, by)
				}
				if err != nil {
					return err
				}
				byRules[why.rules] = then
			}
			before := then.numbers[i.Series()]
			_, counted := then.rules[report.Series{Measure: i.Measure, Period: i.Period}]
			switch {
			case !counted:
			case before.Agents == i.Value:
				what += fmt.Sprintf("; by the rules of the issue the slice still gives %d", before.Agents)
			default:
				why.rule = NumberDiffers
				what += fmt.Sprintf("; but by the rules of the issue the slice gives %d, so that they do not explain it", before.Agents)
			}
		}
		w.of(i, why.rule, what, why.details...)
	}
	return nil
}

// moved is what moved without moving a number.
type moved struct {
	key string
	cause
	periods []string
}

// note gathers what moved silently, by its cause.
func (w *auditor) note(c cause, period string) {
	key := c.words
	if c.rule == ConfigurationMoved {
		key += strings.Join(c.details, "\n")
	}
	at := slices.IndexFunc(w.moved, func(m *moved) bool { return m.key == key })
	if at < 0 {
		at, w.moved = len(w.moved), append(w.moved, &moved{key: key, cause: c})
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
			What: m.words + "; the numbers are as issued in " + count(len(periods), "period")})
	}
}

// computation is how a day of the store was computed.
type computation struct {
	Slice      string
	IsOfAsOf   bool // the slice has the as_of by which it was counted
	Rules, SQL string
}

// loadRules reads how the days were computed. A text that is not what its hash says is a finding, and is not believed.
func (w *auditor) loadRules(ctx context.Context) error {
	w.texts, w.counted = map[string]string{}, map[calendar.Date]computation{}
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
	days, err := duck.By[calendar.Date, computation](ctx, w.scratch.Conn, "ask/computation")
	for d, c := range days {
		w.counted[d] = c[0]
	}
	return err
}

// countedBy is the tenant with the counting rules of a day (R9): where a number of it is issued, those that the store says it was
// counted by.
func (w *auditor) countedBy(d calendar.Date) config.Tenant {
	today := w.Tenant.On(d)
	isOfDay := func(i report.Issue) bool { return i.Measure == report.Concurrent && i.Period == d.String() }
	text, known := w.texts[w.counted[d].Rules]
	if !known || !slices.ContainsFunc(w.all, isOfDay) {
		return today
	}
	t, err := today.WithRules([]byte(text))
	if err != nil {
		return today // the record is no rules; said
	}
	return t
}

func (w *auditor) countedByRules(text string) (func(calendar.Date) config.Tenant, error) {
	days, err := config.RulesOfDays([]byte(text))
	if err != nil {
		return nil, err
	}
	of := map[string]config.Tenant{}
	if of[""], err = w.Tenant.WithRules([]byte(text)); err != nil {
		return nil, err
	}
	for _, sum := range days {
		if of[sum], err = w.Tenant.WithRules([]byte(w.texts[sum])); err != nil {
			return nil, err
		}
	}
	return func(d calendar.Date) config.Tenant { return of[days[d]] }, nil
}

// current tells whether the stored results of a day were computed from its slice as today's program would, by the day's rules.
func (w *auditor) current(day calendar.Date) bool {
	c, done := w.counted[day]
	return done && c == computation{w.slices[day].SHA256, true, w.countedBy(day).RulesHash(), compute.SQLSHA256()}
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
			moved = append(moved, fmt.Sprintf("slice of %s: SHA-256 was %s, is %s", s.Day, s.SHA256, orNone(now.SHA256)))
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
	before, err := config.RuleFacts([]byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	after, err := config.RuleFacts([]byte(current))
	if err != nil {
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
