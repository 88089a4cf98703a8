package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// checkSealed holds the files of the period's sealed months against their hashes in the store, before anything is read from
// them. Of a month whose file is not as it was sealed, nothing that needs its rows is looked at.
func (w *auditor) checkSealed(ctx context.Context, o duck.Options) error {
	db, err := store.OpenPublished(ctx, w.Tenant.StorePath(), o)
	if err != nil {
		return err
	}
	w.seals, err = store.Seals(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	w.without = map[calendar.Month]bool{}
	w.seals = slices.DeleteFunc(w.seals, func(s store.Seal) bool {
		month, parseErr := calendar.ParseMonth(s.Month)
		if parseErr != nil || !w.Period.Touches(month) {
			err = errors.Join(err, parseErr)
			return true
		}
		checked := s.Check(filepath.Dir(w.Tenant.StorePath()))
		if w.without[month] = errors.Is(checked, store.ErrUnsealed); w.without[month] {
			w.add(Finding{Rule: SealedMonth, Period: s.Month, What: checked.Error()})
			checked = nil
		}
		err = errors.Join(err, checked)
		return false
	})
	return errors.Join(err, ctx.Err())
}

// wantsRows tells whether rows of a month are looked at.
func (w *auditor) wantsRows(m calendar.Month) bool { return w.Period.Touches(m) && !w.without[m] }

// checkLedger verifies the chain of runs, whole, and that what the store holds was written by a run of it.
func (w *auditor) checkLedger(ctx context.Context) error {
	previous, sealed := "", map[string]string{} // what the newest run that sealed a month said of it
	for at, r := range w.runs {
		sum, err := r.Hash()
		if err != nil {
			return fmt.Errorf("hash run %d: %w", r.ID, err)
		}
		if r.ID != int64(at+1) {
			w.add(Finding{Rule: LedgerChain, What: fmt.Sprintf("entry %d of the ledger is run %d", at+1, r.ID)})
		}
		if r.Previous != previous {
			w.add(Finding{Rule: LedgerChain, What: fmt.Sprintf("run %d follows an entry with SHA-256 %s, the one before it has %s", r.ID, orNone(r.Previous), orNone(previous))})
		}
		if sum != r.SHA256 {
			w.add(Finding{Rule: LedgerEntry, What: fmt.Sprintf("run %d (%s at %s) has SHA-256 %s, written was %s", r.ID, r.Command, instant(r.StartedTS), sum, r.SHA256)})
		}
		previous = r.SHA256
		for line := range strings.Lines(r.Message) {
			if rest, is := strings.CutPrefix(line, "sealed "); is {
				month, _, _ := strings.Cut(rest, ": ")
				sealed[month] = strings.TrimSuffix(line, "\n")
			}
		}
	}
	for _, s := range w.seals {
		if wrote := sealed[s.Month]; wrote != s.Said() {
			w.add(Finding{Rule: LedgerSeal, Period: s.Month, What: fmt.Sprintf("the store says %q, the run that sealed it wrote %q", s.Said(), orNone(wrote))})
		}
	}
	w.checkIssuedByRuns()
	return w.ask(ctx, "ask/history", w.Period.Bounds()...)
}

// checkIssuedByRuns looks for the run that issued each file: it names the file, and the file's time of issue lies
// in it. A file that another run names was adopted, whatever time its manifest gives: a clock may have been wrong. One that no run
// names may be an earlier revision that was taken over with a later one, or a row that nobody's run wrote.
func (w *auditor) checkIssuedByRuns() {
	naming := map[string][]store.Run{}
	for _, r := range w.runs {
		for _, file := range r.Files {
			naming[file] = append(naming[file], r)
		}
	}
	var adopted []string
	for _, i := range w.issued {
		at := i.IssuedAt.Unix()
		runs := naming[i.File]
		if slices.ContainsFunc(runs, func(r store.Run) bool { return r.StartedTS <= at && at <= r.EndedTS }) {
			continue
		}
		isLater := func(o report.Issue) bool {
			return o.Series() == i.Series() && o.Revision > i.Revision && len(naming[o.File]) > 0
		}
		m, readable := w.manifests[i.File]
		if len(runs) > 0 && (!readable || m.IssuedAt.Unix() == at) || len(runs) == 0 && slices.ContainsFunc(w.all, isLater) {
			adopted = append(adopted, i.File+", issued at "+instant(at))
			continue
		}
		w.of(i, LedgerIssue, fmt.Sprintf("%s with %d agents, issued at %s, is named by no run of that time", i.File, i.Value, instant(at)))
	}
	if len(adopted) > 0 {
		w.add(Finding{Rule: AdoptedFile, Details: adopted, What: count(len(adopted), "file") + " issued by runs that this ledger does not have"})
	}
}

// checkDays looks for days without a slice between the first and the last that the store knows of, for months
// issued over such days, for numbers that are billed and were never issued, and for days that have stayed provisional.
func (w *auditor) checkDays(ctx context.Context) error {
	for _, run := range runsOf(w.missing()) {
		w.add(Finding{Rule: MissingDay, Period: spans(run), What: "no slice of " + count(len(run), "day") + " between the first and the last day of the store"})
	}
	var aged []calendar.Month
	var provisional []calendar.Date
	for _, i := range w.issued {
		stands := w.standing[i.Series()].Revision == i.Revision
		if d, err := calendar.ParseDate(i.Period); err == nil && stands && i.State == report.Provisional {
			provisional = append(provisional, d)
		}
		m, err := calendar.ParseMonth(i.Period)
		switch {
		case err != nil:
		case !w.aged(m):
			if gap := w.notHeld(w.Tenant.DaysOf(m)); stands && i.Measure == report.Enabled && len(gap) > 0 {
				w.of(i, MonthOverGap, fmt.Sprintf("issued with %d agents, and the store has no slice of %s", i.Value, spans(gap)))
			}
		case !slices.Contains(aged, m):
			aged = append(aged, m)
			w.add(Finding{Rule: AgedMonth, Period: i.Period, What: "the rows of the month are not kept any more: its numbers cannot be computed again"})
		}
	}
	if len(provisional) > 0 {
		slices.SortFunc(provisional, calendar.Date.Compare)
		provisional = slices.Compact(provisional)
		w.add(Finding{Rule: ProvisionalDays, Period: spans(provisional), What: count(len(provisional), "day") + ": the standing number is provisional"})
	}
	return w.checkNotIssued(ctx)
}

// missing are the days of the period without a slice, from the first to the last day of which the store holds a
// slice or has issued a file.
func (w *auditor) missing() (missing []calendar.Date) {
	known := slices.Clone(w.kept)
	for _, i := range w.all {
		if d, err := calendar.ParseDate(i.Period); err == nil {
			known = append(known, d)
		}
	}
	if len(known) == 0 {
		return nil
	}
	slices.SortFunc(known, calendar.Date.Compare)
	var all []calendar.Date
	for d := known[0]; !known[len(known)-1].Before(d); d = d.AddDays(1) {
		all = append(all, d)
	}
	return slices.DeleteFunc(w.notHeld(all), func(d calendar.Date) bool { return !w.Period.Holds(d) || w.aged(d.YearMonth()) })
}

// notHeld are those of some days of which the store holds no slice.
func (w *auditor) notHeld(days []calendar.Date) []calendar.Date {
	return slices.DeleteFunc(slices.Clone(days), func(d calendar.Date) bool { _, held := w.slices[d.String()]; return held })
}

// aged tells whether the rows of a month were dropped with age, as against lost: nothing older is held, every day
// of it was computed, and its enabled agents were issued as final.
func (w *auditor) aged(m calendar.Month) bool {
	if len(w.kept) > 0 && !m.Last().Before(w.kept[0]) {
		return false
	}
	for _, d := range w.Tenant.DaysOf(m) {
		if _, computed := w.counted[d.String()]; !computed {
			return false
		}
	}
	issued := false
	for _, i := range w.all {
		if i.Measure == report.Enabled && i.Period == m.String() {
			issued = i.State == report.Final
		}
	}
	return issued
}

// checkNotIssued looks for results that are in no file, and are billed by today's configuration.
func (w *auditor) checkNotIssued(ctx context.Context) error {
	found, err := duck.All[struct {
		Region, Period string
		Day            calendar.Date // or the first of the month
		What           string
	}](ctx, w.scratch.Conn, "ask/not_issued", w.Period.Bounds()...)
	for _, f := range found {
		if w.Tenant.Bills(f.Region, f.Day) {
			w.add(Finding{Rule: NotIssued, Region: f.Region, Period: f.Period, What: f.What})
		}
	}
	return err
}

// checkConsistency asks the published results whether they can be true together, and the manifests whether anything was issued
// over a blocking rule.
func (w *auditor) checkConsistency(ctx context.Context) error {
	for _, i := range w.issued {
		m := w.manifests[i.File]
		at := slices.IndexFunc(m.Quality, func(q report.Quality) bool { return q.Blocking && q.Count > 0 })
		if at >= 0 {
			q := m.Quality[at]
			w.of(i, IssuedThoughBlocked, fmt.Sprintf("%s was issued with %d of %s", i.File, q.Count, q.Rule), q.Examples...)
		}
	}
	return w.ask(ctx, "ask/consistency", w.Period.Bounds()...)
}
