package job

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

// anew tells whether the job counts days by today's rules even where numbers of them are issued: somebody has given a reason
// (R13), or only asks.
func (s *state) anew() bool { return s.dry || s.Compute && s.Restate != "" }

// countedBy is the tenant with the counting rules of a day (R9).
func (s *state) countedBy(ctx context.Context, day calendar.Date) (config.Tenant, error) {
	if s.anew() {
		return s.Tenant.On(day), nil
	}
	return compute.CountedBy(ctx, s.work.Conn, s.Tenant, day)
}

// askMoved tells of a day that somebody has named, without a reason, and that is issued by other counting rules than today's:
// what today's would give, where that is another number. The day stands as it is issued in any case.
func (s *state) askMoved(ctx context.Context, day calendar.Date) error {
	issued, err := s.issuedOn(ctx, day)
	if err != nil {
		return err
	}
	would, err := compute.Would(ctx, s.work.Conn, s.Tenant, day)
	if err != nil {
		return err
	}
	var moved []string
	for _, i := range issued {
		at := slices.IndexFunc(would.Regions(), func(p compute.Peak) bool { return p.Region == i.Region })
		switch {
		case at < 0:
			moved = append(moved, fmt.Sprintf("%s was issued with %d and is no region any more", i.Region, i.Value))
		case would.Regions()[at].Agents != i.Value:
			moved = append(moved, fmt.Sprintf("%s was issued with %d, today's rules give %d", i.Region, i.Value, would.Regions()[at].Agents))
		}
	}
	if len(moved) > 0 {
		s.moved[day] = true
		s.note(day, fail.New(fail.Restatement, fmt.Sprintf("the day stands as it is issued; `seats run --date %s --restate REASON` counts it by today's rules", day),
			"%s was counted by other rules than the configuration's: %s", day, strings.Join(moved, "; ")))
	}
	return nil
}

// issuedOn are the concurrent numbers of a day that stand.
func (s *state) issuedOn(ctx context.Context, day calendar.Date) (standing []report.Issue, err error) {
	if s.ledger == nil {
		if s.ledger, err = report.IssuedFiles(ctx, s.work.Conn); err != nil {
			return nil, err
		}
	}
	for _, i := range s.ledger { // revision by revision
		if i.Measure != report.Concurrent || i.Period != day.String() {
			continue
		}
		if last := len(standing) - 1; last >= 0 && standing[last].Region == i.Region {
			standing[last] = i
		} else {
			standing = append(standing, i)
		}
	}
	return standing, nil
}

// checkStanding wants of a month's days that the store has the numbers that are issued of them: where one was refused (R13), it
// must not come into the month by the back door. Days that this job restates need not.
func (s *state) checkStanding(ctx context.Context, month calendar.Month) error {
	if s.dry {
		return nil
	}
	var refused []calendar.Date
	days := s.Tenant.DaysOf(month)
	err := duck.Each(ctx, s.work.Conn, "store/refused", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		day, err := calendar.ParseDate(text)
		restated := s.Restate != "" && slices.Contains(s.Days, day)
		if err == nil && slices.Contains(days, day) && !restated {
			refused = append(refused, day)
		}
		return err
	}, sql.Named("from", month.First().String()), sql.Named("to", month.Last().String()))
	if err != nil || len(refused) == 0 {
		return err
	}
	return fail.New(fail.Restatement, "nothing was overwritten; issue the days with --restate REASON, or restore what they were counted from; then count the month again",
		"%s is not counted: the store has other numbers of %s than are issued", month, calendar.Runs(refused, " to "))
}
