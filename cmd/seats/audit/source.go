package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"seats/cmd/seats/job"
	"seats/compute"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/report"
)

// reader reads days again from the tenant's source, all in one snapshot, into the scratch store.
type reader struct {
	src    extract.Source
	cutter *extract.Cutter
}

func (w *auditor) openSource(ctx context.Context, parts []part) (*reader, error) {
	var windows []extract.Window
	for _, p := range parts {
		for _, d := range p.days {
			if window := job.Window(w.Tenant, d); len(window.Spans) > 0 {
				windows = append(windows, window)
			}
		}
	}
	stage, err := extract.NewStage(ctx, w.scratch.Conn)
	if err != nil {
		return nil, err
	}
	w.Log.Start(w.Tenant.Name + ": reading")
	defer w.Log.Stop()
	tenant := w.Tenant
	tenant.Breakdown = nil // agent groups are none of what is compared
	src, err := job.OpenSource(ctx, tenant, w.scratch.Conn, windows, w.scratch.TempDir(), w.Clock(), w.Log)
	if err != nil {
		return nil, err
	}
	cutter := &extract.Cutter{Stage: stage, Source: src, SettleHours: w.Tenant.SettleHours, AcceptLoss: true, Clock: w.Clock}
	return &reader{src: src, cutter: cutter}, nil
}

// keep saves what the kept slices give by the rules of their days.
func (w *auditor) keep(ctx context.Context, p part) error {
	for _, table := range []string{"qualifying_session", "daily_concurrent", "monthly_enabled"} {
		if err := w.scratch.Keep(ctx, table); err != nil {
			return err
		}
	}
	if !p.whole {
		return nil
	}
	_, err := duck.Exec(ctx, w.scratch.Conn, "ask/keep_month_agent")
	return err
}

// checkSource reads the days of a part again and says what changed since they were read, and what that does to
// the numbers.
func (w *auditor) checkSource(ctx context.Context, p part, kept computed, r *reader) error {
	read, gone := part{month: p.month, all: p.all, whole: p.whole}, false
	for _, d := range p.days {
		there, err := w.readAgain(ctx, r, d)
		if err != nil {
			return err
		}
		if gone = gone || !there; there {
			read.days = append(read.days, d)
		}
	}
	read.whole = read.whole && !gone
	now, err := w.compute(ctx, read, w.countedBy)
	if err != nil {
		return err
	}
	if err := w.compareDays(ctx, read.days, kept, now); err != nil {
		return err
	}
	return w.compareMonth(ctx, p.month, kept, now)
}

// readAgain cuts a day anew. A source that has none of its sessions any more has purged it, and there is nothing to
// compare with.
func (w *auditor) readAgain(ctx context.Context, r *reader, d calendar.Date) (bool, error) {
	window := job.Window(w.Tenant, d)
	if len(window.Spans) == 0 {
		return false, nil
	}
	summary, err := r.cutter.Cut(ctx, window)
	if err == nil && summary.Sessions == 0 && len(summary.Losses) > 0 {
		lost := &extract.LossError{Day: d, Losses: summary.Losses}
		w.add(Finding{Rule: SourceGone, Period: d.String(), What: lost.Error()})
		return false, nil
	}
	return err == nil, err
}

// compareDays says what changed in the rows of days, and in their numbers.
func (w *auditor) compareDays(ctx context.Context, days []calendar.Date, kept, now computed) error {
	days = slices.DeleteFunc(slices.Clone(days), func(d calendar.Date) bool {
		err := now.failed[d]
		if err != nil {
			w.add(failure(d, err))
		}
		return err != nil
	})
	if len(days) == 0 {
		return nil
	}
	changed, err := w.changedRows(ctx, days)
	if err != nil {
		return err
	}
	var moved []movedPeak
	for _, d := range days {
		for _, after := range now.days[d].Regions() {
			before, counted := peakOf(kept.days[d], after.Region)
			if counted && before.Agents != after.Agents {
				moved = append(moved, movedPeak{d.String(), before, after})
			}
		}
	}
	effects, err := w.effects(ctx, moved)
	if err != nil {
		return err
	}
	for _, m := range moved {
		region, changes := m.after.Region, changed[m.day]
		w.add(Finding{Rule: SourceNumber, Region: region, Period: m.day, Details: append(effects[series{region: region, period: m.day}], changes.lines...),
			What: fmt.Sprintf("%s: %d concurrent agents%s would be %d", changes.words(), m.before.Agents, w.issuedAs(region, report.Concurrent, m.day), m.after.Agents)})
	}
	for _, d := range days {
		isMoved := slices.ContainsFunc(moved, func(m movedPeak) bool { return m.day == d.String() })
		if c := changed[d.String()]; !isMoved && len(c.lines) > 0 {
			w.add(Finding{Rule: SourceRows, Period: d.String(), Details: c.lines, What: c.words() + "; every daily number stays"})
		}
	}
	return nil
}

// movedPeak is the peak of a region's day that is another one now.
type movedPeak struct {
	day           string
	before, after compute.Peak
}

func peakOf(day compute.DayResult, region string) (compute.Peak, bool) {
	for _, p := range day.Regions() {
		if p.Region == region {
			return p, true
		}
	}
	return compute.Peak{}, false
}

// issuedAs adds the issued number where it is not the counted one's to say.
func (w *auditor) issuedAs(region string, m report.Measure, period string) string {
	i, issued := w.standing[series{region, m, period}]
	if !issued {
		return ""
	}
	return fmt.Sprintf(" (revision %d issued %d)", i.Revision, i.Value)
}

// changes are the rows of a day that the source has otherwise now.
type changes struct {
	counts map[[2]string]int // by what happened to it and kind of row
	lines  []string
}

func (c changes) words() string {
	var parts []string
	for _, what := range []string{"added", "removed", "changed"} {
		for _, kind := range []string{"session", "activity", "agent"} {
			if n := c.counts[[2]string{what, kind}]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s %s", n, plural(kind, n), what))
			}
		}
	}
	if len(parts) == 0 {
		return "no row changed"
	}
	return strings.Join(parts, ", ") + " in the source"
}

func plural(kind string, n int) string {
	switch {
	case n == 1:
		return kind
	case kind == "activity":
		return "activities"
	}
	return kind + "s"
}

func (w *auditor) changedRows(ctx context.Context, days []calendar.Date) (map[string]changes, error) {
	all := map[string]changes{}
	return all, duck.Each(ctx, w.scratch.Conn, "ask/source_row", func(scan func(...any) error) error {
		var day, agent, kind, row, before, after string
		if err := scan(&day, &agent, &kind, &row, &before, &after); err != nil {
			return err
		}
		c := all[day]
		if c.counts == nil {
			c.counts = map[[2]string]int{}
		}
		what, words := "changed", " changed: "+after+", was: "+before
		switch {
		case before == "":
			what, words = "added", " added: "+after
		case after == "":
			what, words = "removed", " removed, was: "+before
		}
		c.counts[[2]string{what, kind}]++
		c.lines = append(c.lines, "agent "+agent+": "+row+words)
		all[day] = c
		return nil
	}, onDays(days))
}

// effects say, agent by agent, what the changes do to the days of regions.
func (w *auditor) effects(ctx context.Context, moved []movedPeak) (map[series][]string, error) {
	if len(moved) == 0 {
		return nil, nil
	}
	lines, of := map[series][]string{}, map[series]movedPeak{}
	var days, regions []string
	var before, after []int64
	for _, m := range moved {
		of[series{region: m.after.Region, period: m.day}] = m
		days, regions = append(days, m.day), append(regions, m.after.Region)
		before, after = append(before, m.before.PeakTS), append(after, m.after.PeakTS)
	}
	return lines, duck.Each(ctx, w.scratch.Conn, "ask/source_effect", func(scan func(...any) error) error {
		var at series
		var agent string
		var before, after int64
		var wasIn, isIn bool
		if err := scan(&at.period, &at.region, &agent, &before, &after, &wasIn, &isIn); err != nil {
			return err
		}
		m := of[at]
		lines[at] = append(lines[at], fmt.Sprintf("agent %s in %s: %s, was %d; %s the peak at %s, was %s that at %s", agent, at.region,
			count(int(after), "qualifying session"), before, inOrNot(isIn), instant(m.after.PeakTS), inOrNot(wasIn), instant(m.before.PeakTS)))
		return nil
	}, named("days", days), named("regions", regions), named("peaks_before", before), named("peaks_after", after))
}

func inOrNot(in bool) string {
	if in {
		return "in"
	}
	return "not in"
}

// compareMonth does for a month's enabled agents what compareDays does for the peaks of days.
func (w *auditor) compareMonth(ctx context.Context, m calendar.Month, kept, now computed) error {
	if kept.month == nil || now.month == nil {
		return nil
	}
	lines := map[string][]string{}
	err := duck.Each(ctx, w.scratch.Conn, "ask/source_month", func(scan func(...any) error) error {
		var region, agent string
		var is bool
		err := scan(&region, &agent, &is)
		line := "agent " + agent + " is counted no more"
		if is {
			line = "agent " + agent + " is counted now"
		}
		lines[region] = append(lines[region], line)
		return err
	})
	for _, after := range now.month.Regions {
		for _, before := range kept.month.Regions {
			if before.Region == after.Region && before.Agents != after.Agents {
				w.add(Finding{Rule: SourceNumber, Region: after.Region, Period: m.String(), Details: lines[after.Region],
					What: fmt.Sprintf("%d enabled agents%s would be %d", before.Agents, w.issuedAs(after.Region, report.Enabled, m.String()), after.Agents)})
			}
		}
	}
	return err
}
