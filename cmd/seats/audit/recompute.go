package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/report"
)

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
	if len(current) > 0 {
		err := duck.Each(ctx, w.scratch.Conn, "ask/changed_result", func(scan func(...any) error) error {
			f := Finding{Rule: ResultsChanged}
			var relation string
			var rows int64
			err := scan(&f.Period, &relation, &rows)
			f.What = fmt.Sprintf("%d rows of %s are in the store or in what its slice gives, not in both", rows, relation)
			w.add(f)
			return err
		}, onDays(current))
		if err != nil {
			return err
		}
	}
	if c.month == nil {
		return nil
	}
	return duck.Each(ctx, w.scratch.Conn, "ask/changed_month", func(scan func(...any) error) error {
		var region string
		var stored, counted int64
		err := scan(&region, &stored, &counted)
		w.add(Finding{Rule: ResultsChanged, Region: region, Period: p.month.String(), What: fmt.Sprintf("the store has %d agents, its slices give %d", stored, counted)})
		return err
	}, named("month", p.month.String()))
}

func failure(d calendar.Date, err error) Finding {
	var differ *compute.DifferenceError
	if errors.As(err, &differ) {
		return Finding{Rule: ComputationsDiffer, Region: strings.Split(differ.Scope, "/")[0], Period: d.String(), What: err.Error()}
	}
	return Finding{Rule: CannotCompute, Period: d.String(), What: err.Error()}
}

// disagreement is an issue that is not what its slices give today.
type disagreement struct {
	issue report.Issue
	found Finding
	rules string // see cause
}

// compareIssued holds the standing files of a part against what it gives. Where the configuration alone has moved,
// the part is counted once more by the rules of the issue, which proves it or not. keep saves what the source is
// to be compared with from that second count.
func (w *auditor) compareIssued(ctx context.Context, p part, c computed, keep bool) error {
	var all []disagreement
	for _, i := range w.issued {
		if w.standing[seriesOf(i)].Revision != i.Revision {
			continue
		}
		now, counted := c.of(i)
		if !counted {
			continue
		}
		if d, disagrees := w.compare(i, now); disagrees {
			all = append(all, d)
		}
	}
	if keep {
		if err := w.keep(ctx, p); err != nil {
			return err
		}
	}
	byRules := map[string]computed{}
	for _, d := range all {
		if d.rules != "" {
			if err := w.prove(ctx, p, &d, byRules); err != nil {
				return err
			}
		}
		w.add(d.found)
	}
	return nil
}

// counted is a number as it comes out today; missing where the configuration has no such region any more.
type counted struct {
	agents  int64
	peak    compute.Peak
	rules   string // their hash
	missing bool
}

// of finds what a part gives for an issue, and whether the issue is one of this part at all.
func (c computed) of(i report.Issue) (counted, bool) {
	if i.Measure == report.Enabled {
		if c.month == nil || c.month.Month.String() != i.Period {
			return counted{}, false
		}
		at := slices.IndexFunc(c.month.Regions, func(r compute.MonthRegion) bool { return r.Region == i.Region })
		if at < 0 {
			return counted{missing: true, rules: c.month.RulesSHA256}, true
		}
		return counted{agents: c.month.Regions[at].Agents, rules: c.month.RulesSHA256}, true
	}
	d, err := calendar.ParseDate(i.Period)
	if err != nil {
		return counted{}, false
	}
	day, done := c.days[d]
	if !done {
		return counted{}, false
	}
	for _, peak := range day.Regions() {
		if peak.Region == i.Region {
			return counted{agents: peak.Agents, peak: peak, rules: day.RulesSHA256}, true
		}
	}
	return counted{missing: true, rules: day.RulesSHA256}, true
}

// compare gives the finding where a number is not the one issued. A peak that moved in time is a finding only
// where nothing explains it: R13 issues numbers, not their moments.
func (w *auditor) compare(i report.Issue, now counted) (disagreement, bool) {
	why := w.causeOf(i, now.rules)
	issued := fmt.Sprintf("issued %d %s agents (revision %d)", i.Value, i.Measure, i.Revision)
	d := disagreement{issue: i, rules: why.rules, found: Finding{Rule: why.rule, Region: i.Region, Period: i.Period, Details: why.details}}
	switch {
	case now.missing:
		d.found.What = issued + ", the configuration has no such region"
	case now.agents != i.Value:
		d.found.What = fmt.Sprintf("%s, counted again %d; %s", issued, now.agents, why.words)
	case why.rule != NumberDiffers:
		w.moved.note(why, i.Period)
		return d, false
	case i.PeakAt != nil && (i.PeakAt.Unix() != now.peak.PeakTS || i.PeakSeconds != now.peak.PeakSeconds):
		d.found.What = fmt.Sprintf("%s at %s for %d seconds, counted again at %s for %d seconds; %s", issued,
			instant(i.PeakAt.Unix()), i.PeakSeconds, instant(now.peak.PeakTS), now.peak.PeakSeconds, why.words)
	default:
		return d, false
	}
	return d, true
}

// prove counts the part by the rules of the issue and says whether that gives what was issued.
func (w *auditor) prove(ctx context.Context, p part, d *disagreement, byRules map[string]computed) error {
	text, known := w.rules.texts[d.rules]
	if !known {
		return nil
	}
	before, done := byRules[d.rules]
	if !done {
		by, err := w.countedByRules(text)
		if err != nil {
			return err
		}
		if before, err = w.compute(ctx, p, by); err != nil {
			return err
		}
		byRules[d.rules] = before
	}
	then, counted := before.of(d.issue)
	switch {
	case !counted:
	case then.agents == d.issue.Value:
		d.found.What += fmt.Sprintf("; by the rules of the issue the slice still gives %d", then.agents)
	default:
		d.found.Rule = NumberDiffers
		d.found.What += fmt.Sprintf("; but by the rules of the issue the slice gives %d, so that they do not explain it", then.agents)
	}
	return nil
}

// movedDays gathers what moved without moving a number, one remark a cause.
type movedDays struct {
	order  []string
	groups map[string]*movedGroup
}

type movedGroup struct {
	cause   cause
	periods []string
}

func (m *movedDays) note(c cause, period string) {
	key := c.words
	if c.rule == ConfigurationMoved {
		key += strings.Join(c.details, "\n")
	}
	if m.groups == nil {
		m.groups = map[string]*movedGroup{}
	}
	if m.groups[key] == nil {
		m.groups[key] = &movedGroup{cause: c}
		m.order = append(m.order, key)
	}
	if g := m.groups[key]; !slices.Contains(g.periods, period) {
		g.periods = append(g.periods, period)
	}
}

func (w *auditor) remarkMoved() {
	for _, key := range w.moved.order {
		g := w.moved.groups[key]
		slices.Sort(g.periods)
		period := g.periods[0]
		if len(g.periods) > 1 {
			period += " to " + g.periods[len(g.periods)-1]
		}
		w.add(Finding{Rule: MovedSilently, Period: period, Details: g.cause.details,
			What: g.cause.words + "; the numbers are as issued in " + count(len(g.periods), "period")})
	}
}
