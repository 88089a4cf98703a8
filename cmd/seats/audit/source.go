package audit

import (
	"context"
	"fmt"

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
	stage, err := extract.NewStage(ctx, w.scratch.DB, w.scratch.Conn)
	if err != nil {
		return nil, err
	}
	w.Log.Start(w.Tenant.Name + ": reading")
	defer w.Log.Stop()
	tenant := w.Tenant
	tenant.Breakdown = nil // agent groups are none of what is compared
	src, err := job.OpenSource(ctx, tenant, stage, windows, w.scratch.TempDir(), w.Clock(), w.Log)
	if err != nil {
		return nil, err
	}
	cutter := &extract.Cutter{Conn: w.scratch.Conn, Source: src, SettleHours: w.Tenant.SettleHours, AcceptLoss: true, Clock: w.Clock}
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
	for _, d := range read.days {
		if err := w.compareDay(ctx, d, kept, now); err != nil {
			return err
		}
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

// compareDay says what changed in the rows of a day, and in its numbers.
func (w *auditor) compareDay(ctx context.Context, d calendar.Date, kept, now computed) error {
	if err := now.failed[d]; err != nil {
		w.add(failure(d, err))
		return nil
	}
	changes, err := w.changedRows(ctx, d)
	if err != nil {
		return err
	}
	var moved bool
	for _, after := range now.days[d].Regions() {
		before, counted := peakOf(kept.days[d], after.Region)
		if !counted || before.Agents == after.Agents {
			continue
		}
		effects, err := w.effects(ctx, d, after.Region, before.PeakTS, after.PeakTS)
		if err != nil {
			return err
		}
		moved = true
		w.add(Finding{Rule: SourceNumber, Region: after.Region, Period: d.String(), Details: append(effects, changes.lines...),
			What: fmt.Sprintf("%s: %d concurrent agents%s would be %d", changes.words(), before.Agents, w.issuedAs(after.Region, report.Concurrent, d.String()), after.Agents)})
	}
	if !moved && len(changes.lines) > 0 {
		w.add(Finding{Rule: SourceRows, Period: d.String(), Details: changes.lines, What: changes.words() + "; every daily number stays"})
	}
	return nil
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
	added, removed, changed map[string]int // by kind of row
	lines                   []string
}

func (c changes) words() string {
	text := ""
	for _, part := range []struct {
		what string
		n    map[string]int
	}{{"added", c.added}, {"removed", c.removed}, {"changed", c.changed}} {
		for _, kind := range []string{"session", "activity", "agent"} {
			if n := part.n[kind]; n > 0 {
				if text != "" {
					text += ", "
				}
				text += fmt.Sprintf("%d %s %s", n, plural(kind, n), part.what)
			}
		}
	}
	if text == "" {
		return "no row changed"
	}
	return text + " in the source"
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

func (w *auditor) changedRows(ctx context.Context, d calendar.Date) (changes, error) {
	c := changes{added: map[string]int{}, removed: map[string]int{}, changed: map[string]int{}}
	err := duck.Each(ctx, w.scratch.Conn, "ask/source_row", func(scan func(...any) error) error {
		var agent, kind, row, before, after string
		if err := scan(&agent, &kind, &row, &before, &after); err != nil {
			return err
		}
		line := "agent " + agent + ": " + row
		switch {
		case before == "":
			c.added[kind]++
			line += " added: " + after
		case after == "":
			c.removed[kind]++
			line += " removed, was: " + before
		default:
			c.changed[kind]++
			line += " changed: " + after + ", was: " + before
		}
		c.lines = append(c.lines, line)
		return nil
	}, named("day", d.String()))
	return c, err
}

// effects say, agent by agent, what the changes do to a region's day.
func (w *auditor) effects(ctx context.Context, d calendar.Date, region string, peakBefore, peakAfter int64) ([]string, error) {
	var lines []string
	err := duck.Each(ctx, w.scratch.Conn, "ask/source_effect", func(scan func(...any) error) error {
		var agent string
		var before, after int64
		var wasIn, isIn bool
		if err := scan(&agent, &before, &after, &wasIn, &isIn); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("agent %s in %s: %s, was %d; %s the peak at %s, was %s that at %s",
			agent, region, count(int(after), "qualifying session"), before, inOrNot(isIn), instant(peakAfter), inOrNot(wasIn), instant(peakBefore)))
		return nil
	}, named("day", d.String()), named("region", region), named("peak_before", peakBefore), named("peak_after", peakAfter))
	return lines, err
}

func inOrNot(in bool) string {
	if in {
		return "in"
	}
	return "not in"
}

// compareMonth does for a month's enabled agents what compareDay does for a day's peak.
func (w *auditor) compareMonth(ctx context.Context, m calendar.Month, kept, now computed) error {
	if kept.month == nil || now.month == nil {
		return nil
	}
	for _, after := range now.month.Regions {
		for _, before := range kept.month.Regions {
			if before.Region != after.Region || before.Agents == after.Agents {
				continue
			}
			f := Finding{Rule: SourceNumber, Region: after.Region, Period: m.String(),
				What: fmt.Sprintf("%d enabled agents%s would be %d", before.Agents, w.issuedAs(after.Region, report.Enabled, m.String()), after.Agents)}
			err := duck.Each(ctx, w.scratch.Conn, "ask/source_month", func(scan func(...any) error) error {
				var agent string
				var is bool
				if err := scan(&agent, &is); err != nil {
					return err
				}
				line := "agent " + agent + " is counted no more"
				if is {
					line = "agent " + agent + " is counted now"
				}
				f.Details = append(f.Details, line)
				return nil
			}, named("region", after.Region))
			if err != nil {
				return err
			}
			w.add(f)
		}
	}
	return nil
}
