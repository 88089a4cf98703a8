package audit

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"seats/cmd/seats/job"
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
	stage, err := extract.NewStage(w.scratch.Conn)
	if err != nil {
		return nil, err
	}
	w.Log.Start(w.Tenant.Name + ": reading")
	defer w.Log.Stop()
	tenant := w.Tenant
	tenant.Breakdown = nil // agent groups are none of what is compared
	src, err := job.OpenSource(ctx, tenant, windows, w.scratch.TempDir(), w.Clock(), w.Log)
	if err != nil {
		return nil, err
	}
	return &reader{src, &extract.Cutter{Stage: stage, Source: src, SettleHours: w.Tenant.SettleHours, AcceptLoss: true, Clock: w.Clock}}, nil
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

// checkSource reads the days of a part again and says what changed since they were read, and what that does to the numbers.
func (w *auditor) checkSource(ctx context.Context, p part, kept computed, r *reader) error {
	read := part{month: p.month, all: p.all, whole: p.whole}
	for _, d := range p.days {
		there, err := w.readAgain(ctx, r, d)
		if err != nil {
			return err
		}
		if read.whole = read.whole && there; there {
			read.days = append(read.days, d)
		}
	}
	now, err := w.compute(ctx, read, w.countedBy)
	if err != nil {
		return err
	}
	read.days = slices.DeleteFunc(read.days, func(d calendar.Date) bool {
		err := now.failed[d]
		if err != nil {
			w.add(failure(d, err))
		}
		return err != nil
	})
	return w.compareSource(ctx, read.days, kept, now)
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

// compareSource says what changed in the rows of days, in their numbers, and in their month's.
func (w *auditor) compareSource(ctx context.Context, days []calendar.Date, kept, now computed) error {
	rows, err := duck.All[struct{ Day, Words, Line string }](ctx, w.scratch.Conn, "ask/source_row", duck.Days(days...))
	if err != nil {
		return err
	}
	words, lines := map[string]string{}, map[string][]string{}
	for _, r := range rows {
		words[r.Day], lines[r.Day] = r.Words, append(lines[r.Day], r.Line)
	}
	var moved []report.Series
	isMoved := map[string]bool{}
	for _, at := range now.order {
		if before, counted := kept.numbers[at]; counted && before.Agents != now.numbers[at].Agents {
			moved, isMoved[at.Period] = append(moved, at), true
		}
	}
	effects, err := w.effects(ctx, days, moved)
	if err != nil {
		return err
	}
	for _, at := range moved {
		what := "concurrent agents"
		if at.Measure == report.Enabled {
			what = "enabled agents"
		}
		for _, i := range w.issued {
			if i.Stands && i.Series() == at {
				what += fmt.Sprintf(" (revision %d issued %d)", i.Revision, i.Value)
			}
		}
		what = fmt.Sprintf("%d %s would be %d", kept.numbers[at].Agents, what, now.numbers[at].Agents)
		if at.Measure == report.Concurrent {
			changed := "no row changed"
			if len(lines[at.Period]) > 0 {
				changed = words[at.Period]
			}
			what = changed + ": " + what
		}
		w.add(Finding{Rule: SourceNumber, Region: at.Region, Period: at.Period, Details: append(effects[at], lines[at.Period]...), What: what})
	}
	for _, d := range days {
		if day := d.String(); !isMoved[day] && len(lines[day]) > 0 {
			w.add(Finding{Rule: SourceRows, Period: day, Details: lines[day], What: words[day] + "; every daily number stays"})
		}
	}
	return nil
}

// effects say, agent by agent, what the changes do to the numbers that move.
func (w *auditor) effects(ctx context.Context, days []calendar.Date, moved []report.Series) (map[report.Series][]string, error) {
	lines, err := duck.By[report.Series, string](ctx, w.scratch.Conn, "ask/source_effect", duck.Days(days...))
	if n := len(moved); err == nil && n > 0 && moved[n-1].Measure == report.Enabled { // only then are they kept
		var ofMonth map[report.Series][]string
		ofMonth, err = duck.By[report.Series, string](ctx, w.scratch.Conn, "ask/source_month", sql.Named("month", moved[n-1].Period))
		maps.Copy(lines, ofMonth)
	}
	return lines, err
}
