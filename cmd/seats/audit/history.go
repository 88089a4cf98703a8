package audit

import (
	"context"
	"fmt"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/report"
)

// checkChains wants every series of revisions to be 1, 2, ... n, each after the first naming the file it
// supersedes and the reason.
func (w *auditor) checkChains(context.Context) error {
	var before report.Issue
	for _, i := range w.issued {
		f := Finding{Rule: RevisionChain, Region: i.Region, Period: i.Period}
		first := seriesOf(i) != seriesOf(before)
		switch want := before.Revision + 1; {
		case first && i.Revision != 1:
			f.What = fmt.Sprintf("the first revision of %s is %d", i.Measure, i.Revision)
		case first && (i.Supersedes != "" || i.Reason != ""):
			f.What = fmt.Sprintf("%s is revision 1 and says that it supersedes %q", i.File, i.Supersedes)
		case !first && i.Revision != want:
			f.What = fmt.Sprintf("revision %d of %s follows revision %d", i.Revision, i.Measure, before.Revision)
		case !first && i.Supersedes != before.File:
			f.What = fmt.Sprintf("%s supersedes %q, the revision before it is %s", i.File, i.Supersedes, before.File)
		case !first && i.Reason == "":
			f.What = i.File + " gives no reason"
		}
		if f.What != "" {
			w.add(f)
		}
		before = i
	}
	return nil
}

// checkDays looks for days without a slice between the first and the last that the store knows of, for months
// issued over such days, for numbers that are billed and were never issued, and for days that have stayed provisional.
func (w *auditor) checkDays(ctx context.Context) error {
	w.remarkAged()
	for _, run := range runsOf(w.missing()) {
		w.add(Finding{Rule: MissingDay, Period: spans(run), What: "no slice of " + count(len(run), "day") + " between the first and the last day of the store"})
	}
	for _, i := range w.issued {
		if i.Measure == report.Enabled && w.standing[seriesOf(i)].Revision == i.Revision {
			w.overGap(i)
		}
	}
	if err := w.checkNotIssued(ctx); err != nil {
		return err
	}
	w.remarkProvisional()
	return nil
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
	for d := known[0]; !known[len(known)-1].Before(d); d = d.AddDays(1) {
		if _, held := w.slices[d.String()]; !held && w.Period.Holds(d) && !w.aged(d.YearMonth()) {
			missing = append(missing, d)
		}
	}
	return missing
}

// aged tells whether the rows of a month were dropped with age, as against lost: nothing older is held, every day
// of it was computed, and its enabled agents were issued as final.
func (w *auditor) aged(m calendar.Month) bool {
	if len(w.kept) > 0 && !m.Last().Before(w.kept[0]) {
		return false
	}
	for _, d := range w.Tenant.DaysOf(m) {
		if _, computed := w.rules.days[d.String()]; !computed {
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

// remarkAged names the months whose rows are gone with age.
func (w *auditor) remarkAged() {
	seen := map[string]bool{}
	for _, i := range w.issued {
		m, err := calendar.ParseMonth(i.Period)
		if err == nil && !seen[i.Period] && w.aged(m) {
			seen[i.Period] = true
			w.add(Finding{Rule: AgedMonth, Period: i.Period, What: "the rows of the month are not kept any more: its numbers cannot be computed again"})
		}
	}
}

func (w *auditor) overGap(i report.Issue) {
	m, err := calendar.ParseMonth(i.Period)
	if err != nil || w.aged(m) {
		return
	}
	var gap []calendar.Date
	for _, d := range w.Tenant.DaysOf(m) {
		if _, held := w.slices[d.String()]; !held {
			gap = append(gap, d)
		}
	}
	if len(gap) > 0 {
		w.add(Finding{Rule: MonthOverGap, Region: i.Region, Period: i.Period,
			What: fmt.Sprintf("issued with %d agents, and the store has no slice of %s", i.Value, spans(gap))})
	}
}

// checkNotIssued looks for results that are in no file.
func (w *auditor) checkNotIssued(ctx context.Context) error {
	return duck.Each(ctx, w.scratch.Conn, "ask/not_issued", func(scan func(...any) error) error {
		var f Finding
		var agents int64
		if err := scan(&f.Region, &f.Period, &agents); err != nil {
			return err
		}
		if w.Period.HoldsText(f.Period) && w.billed(f) {
			f.Rule, f.What = NotIssued, fmt.Sprintf("%d agents were counted, and no file says so", agents)
			w.add(f)
		}
		return nil
	}, w.Period.Bounds()...)
}

// billed tells whether the finding's region is billed in its period, by today's configuration.
func (w *auditor) billed(f Finding) bool {
	if month, err := calendar.ParseMonth(f.Period); err == nil {
		return w.Tenant.BillsIn(f.Region, month)
	}
	day, err := calendar.ParseDate(f.Period)
	return err != nil || w.Tenant.Bills(f.Region, day)
}

// remarkProvisional names the days of the period whose standing number is provisional.
func (w *auditor) remarkProvisional() {
	var days []calendar.Date
	for _, i := range w.standing {
		if d, err := calendar.ParseDate(i.Period); err == nil && i.State == report.Provisional {
			days = append(days, d)
		}
	}
	if len(days) == 0 {
		return
	}
	slices.SortFunc(days, calendar.Date.Compare)
	days = slices.Compact(days)
	w.add(Finding{Rule: ProvisionalDays, Period: spans(days), What: count(len(days), "day") + ": the standing number is provisional"})
}
