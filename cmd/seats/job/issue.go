package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"example.com/seats/cmd/seats/deliver"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// report issues the numbers, unless something keeps all of the tenant's back: a blocking rule (R11), or two computations of any
// period that differ (R12).
func (s *state) report(ctx context.Context) {
	differ := slices.ContainsFunc(s.errs, func(err error) bool { return ExitCode(err) == fail.Differ })
	if !s.blocked && !differ {
		s.note(calendar.Date{}, s.issue(ctx))
		return
	}
	s.warn("nothing is issued")
	for _, d := range s.days {
		s.became[d.Day] = failed
	}
	s.show()
}

// show gives the results without issuing them.
func (s *state) show() {
	s.result.Rows = list.Of(s.numbers(), func(n report.Number) report.Outcome { return report.Outcome{Number: n, Blocked: s.blocked} })
}

// issue writes what is to be written, then the ledger. It does not look at the context any more: what is begun here is finished.
func (s *state) issue(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	ledger, err := report.IssuedFiles(ctx, s.Conn)
	if err != nil {
		return err
	}
	if err := s.recallRules(ctx, ledger); err != nil {
		return err
	}
	for i := range ledger {
		if at := ledger[i].PeakAt; at != nil {
			ledger[i].PeakAt = new(at.In(ZoneOf(s.Tenant, ledger[i].Region)))
		}
	}
	s.issuing = true
	engine, err1 := duck.Version(ctx, s.Conn)
	leftOut, err2 := duck.By[calendar.Date, settle.LeftOut](ctx, s.Conn, "store/left_out")
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	writer := report.Writer{Dir: s.Tenant.FilesPath(), Names: s.Tenant.FileName, Columns: s.Columns,
		FinalOnly: s.Tenant.Issue == settle.Final, ProvisionalMayMove: s.Tenant.ProvisionalMayMove,
		Versions: report.Versions{Program: s.Version, DuckDB: engine, Go: runtime.Version()}, Access: s.Tenant.Access}
	if s.SignKey != nil {
		writer.Signing = &report.Signing{Key: s.SignKey, Run: s.last.ID + 1, Previous: s.last.SHA256}
	}
	numbers := s.numbers()
	if err := s.breakDown(ctx, numbers); err != nil {
		return err
	}
	for _, n := range numbers {
		for i := range n.Slices {
			n.Slices[i].LeftOut = leftOut[n.Slices[i].Day]
		}
	}
	outcomes, err := writer.Issue(numbers, ledger, s.Restate, s.Clock())
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Err != nil {
			day, _ := calendar.ParseDate(o.Number.Period) // none of a month
			s.became[day] = failed
			s.note(day, o.Err)
			continue
		}
		s.result.Rows = append(s.result.Rows, o)
		if o.Action == report.Held {
			if last := len(s.result.Rows) - 2; last < 0 || s.result.Rows[last].Number.Period != o.Number.Period { // of the first region
				s.held(o.Number)
			}
			continue
		}
		for _, i := range append(o.Recovered, o.Issue) {
			if i.RulesSHA256 != "" && slices.Contains(ledger, i) {
				continue // it is remembered as it is
			}
			if err := report.PutIssuedFile(ctx, s.Conn, i); err != nil {
				return err
			}
			ledger = append(ledger, i)
		}
		if o.Action != report.Unchanged {
			s.files = append(s.files, o.Issue.File)
			unit := "day"
			if o.Issue.IsMonth() {
				unit = "month"
			}
			s.info(string(o.Action), "file", filepath.Join(writer.Dir, o.Issue.File), "value", o.Issue.Value, "state", o.Issue.State, unit, o.Issue.Period)
		}
	}
	WarnGone(s.Log, s.Tenant, ledger)
	return nil
}

// held says that a period's numbers are not issued before it is final. Who has named the period is told by an error: it is not ready.
func (s *state) held(n report.Number) {
	day, _ := calendar.ParseDate(n.Period) // none of a month
	s.became[day] = waiting
	if s.Asked == Days || s.Asked == Month {
		s.note(day, fail.New(fail.NotReady, "run again later; `issue: provisional` issues it as it is", "%s is not issued before it is final: %s", n.Period, n.Why))
		return
	}
	s.info("held back until it is final", "period", n.Period, "why", n.Why)
}

// recallRules has the files that an older version issued name their counting rules, by their manifests.
func (s *state) recallRules(ctx context.Context, ledger []report.Issue) error {
	type file struct {
		Name  string `json:"file"`
		Rules string `json:"rules_sha256"`
	}
	var said []file
	for _, i := range ledger {
		if i.RulesSHA256 != "" {
			continue
		}
		m, sum, err := report.ReadManifest(filepath.Join(s.Tenant.FilesPath(), report.ManifestName(i.File)))
		if err == nil && sum == i.ManifestSHA256 { // else nobody knows; whether it is as it was, is said elsewhere
			said = append(said, file{i.File, m.RulesHash})
		}
	}
	if len(said) == 0 {
		return nil
	}
	return duck.Exec(ctx, s.Conn, "store/recall_rules", duck.JSON("said", said))
}

// WarnGone tells of files that a tenant's ledger has and its output folder lacks.
func WarnGone(log Log, t config.Tenant, ledger []report.Issue) {
	gone, err := report.Gone(t.FilesPath(), ledger)
	switch {
	case err != nil:
		log.Warn("whether issued files are still there cannot be told", "tenant", t.Name, "reason", err)
	case len(gone) > 0:
		log.Warn("issued files are gone from the output folder: `seats report` of their days puts them back", "tenant", t.Name,
			"files", len(gone), "first", filepath.Join(t.FilesPath(), gone[0]))
	}
}

// numbers are what can be issued, of the measures that are, day by day and then the months, of the regions that are billed then.
func (s *state) numbers() (numbers []report.Number) {
	add := func(n report.Number, on calendar.Date, measure report.Measure, p compute.MonthPeak, by config.Tenant) {
		n.Tenant, n.Account, n.Region, n.Measure, n.Value = s.Tenant.Name, s.Tenant.Account, p.Region, measure, p.Agents
		if measure == report.Concurrent && p.Agents > 0 {
			n.PeakAt, n.PeakSeconds, n.PeakDays = time.Unix(p.PeakTS, 0).In(ZoneOf(by, p.Region)), p.PeakSeconds, p.Days
		}
		if s.Tenant.Bills(n.Region, on) && s.Tenant.Issues(n.Kind()) {
			numbers = append(numbers, n)
		}
	}
	enabled := func(e compute.Enabled) compute.MonthPeak {
		return compute.MonthPeak{Peak: compute.Peak{Region: e.Region, Agents: e.Agents}}
	}
	for _, d := range s.days {
		n := report.Number{State: d.State, RulesHash: d.RulesSHA256, SQLHash: d.SQLSHA256, Slices: []settle.Slice{d.Slice}, Quality: d.Quality}
		n.Period, n.Why = d.Day.String(), Why(d.By, d.Slice.Day, d.Slice)
		for _, p := range d.Regions() {
			add(n, d.Day, report.Concurrent, compute.MonthPeak{Peak: p}, d.By)
		}
		for _, e := range d.Enabled {
			add(n, d.Day, report.Enabled, enabled(e), d.By)
		}
	}
	for _, m := range s.months {
		for _, r := range m.Regions {
			n := report.Number{State: r.State, RulesHash: m.RulesSHA256, SQLHash: m.SQLSHA256, Slices: r.Slices, Quality: r.Quality}
			whys := map[calendar.Date]string{}
			for _, slice := range r.Slices {
				whys[slice.Day] = Why(s.Tenant, slice.Day, slice)
			}
			n.Why = settle.Said(whys)
			if n.Period = m.Month.String(); r.Peak != nil {
				add(n, m.Month.First(), report.Concurrent, *r.Peak, s.Tenant)
			}
			add(n, m.Month.First(), report.Enabled, enabled(r.Enabled), s.Tenant)
		}
	}
	return numbers
}

// breakDown gives numbers their agent groups, where data files have a row for each.
func (s *state) breakDown(ctx context.Context, numbers []report.Number) (err error) {
	for i := range numbers {
		n, at := &numbers[i], int64(0)
		if n.ByGroup = s.Tenant.ByGroup; !n.ByGroup || len(n.Slices) == 0 || err != nil {
			continue
		}
		if !n.PeakAt.IsZero() {
			at = n.PeakAt.Unix()
		}
		days := duck.Span(n.Slices[0].Day, n.Slices[len(n.Slices)-1].Day)
		n.Groups, err = duck.All[report.Group](ctx, s.Conn, "ask/number_group", append(days, sql.Named("region", n.Region), sql.Named("at", at))...)
	}
	return err
}

// ZoneOf is a region's time zone, or the tenant's where it has no such region.
func ZoneOf(t config.Tenant, region string) *time.Location {
	for _, r := range t.Regions {
		if r.Name == region {
			return r.Zone
		}
	}
	return t.Zone
}

// deliverAfter delivers once the numbers are published, so that nothing that fails here can undo them. It is a run of
// its own to the store, with an entry in the ledger.
func (s *state) deliverAfter(ctx context.Context) {
	own := *s.Job
	own.Command, own.Steps, own.Days = "deliver", []string{Deliver}, nil
	d := own.begin()
	s.in(Deliver, func() int64 {
		d.Log, d.step = s.Log, s.step
		d.note(calendar.Date{}, d.deliver(ctx))
		return int64(len(d.result.Delivered))
	})
	s.errs = append(s.errs, d.errs...)
	s.result.Delivered, s.done = d.result.Delivered, s.done || d.done
}

// deliver brings what was issued and not delivered yet to where the tenant wants it, and has the store remember what
// arrived. Where nothing is left to deliver, the store stays as it is.
func (s *state) deliver(ctx context.Context) (err error) {
	if left, err := s.leftToDeliver(ctx); !left {
		s.done = err == nil
		return err
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Drop()) }()
	courier := deliver.Courier{Delivery: *s.Tenant.Deliver, Tenant: s.Tenant.Name, Account: s.Tenant.Account, Names: s.Tenant.FileName, From: s.Tenant.FilesPath(), Outbox: s.Tenant.OutboxPath(),
		Clock: s.Clock, Sleep: s.Sleep, Down: s.Down, Log: s.Log}
	delivered, parcels, err := Pending(ctx, s.Conn, s.Tenant, s.Again)
	if err != nil {
		return err
	}
	arrived, failed := courier.Send(ctx, parcels, delivered)
	ctx = context.WithoutCancel(ctx) // the store must know of what has arrived
	for _, d := range arrived {
		if err := deliver.Put(ctx, s.Conn, d); err != nil {
			return err
		}
	}
	for _, err := range failed {
		s.note(calendar.Date{}, err)
	}
	if err := s.publish(ctx); err != nil {
		return err
	}
	if s.result.Delivered, s.done = arrived, true; len(failed) > 0 {
		return nil // the outbox is needed again
	}
	return courier.Clear()
}

// leftToDeliver asks the published store, which is not copied for that, and says what a target that has changed will not get.
func (s *state) leftToDeliver(ctx context.Context) (bool, error) {
	db, err := store.OpenPublished(ctx, s.Tenant.StorePath(), duck.Of(s.Tenant.Engine))
	if err != nil {
		return false, err
	}
	defer db.Close() //nolint:errcheck // only read
	delivered, parcels, err := Pending(ctx, db, s.Tenant, s.Again)
	if err != nil || len(delivered) == 0 || !s.Again.IsZero() {
		return len(parcels) > 0, err
	}
	elsewhere, err := duck.All[struct {
		Said string
		News bool // nothing was delivered to today's target so far
	}](ctx, db, "store/delivered_elsewhere", sql.Named("target", s.Tenant.Deliver.Target()), sql.Named("since", s.Tenant.Deliver.Since.OrNone()))
	for _, e := range elsewhere {
		map[bool]func(string, ...any){true: s.Log.Warn, false: s.Log.Info}[e.News](e.Said, "tenant", s.Tenant.Name)
	}
	return len(parcels) > 0, err
}

// Pending is what was delivered of a tenant that delivers, and what is still to be, or again: see deliver.Pending.
func Pending(ctx context.Context, q duck.Queryer, t config.Tenant, again time.Time) ([]deliver.Delivery, []deliver.Parcel, error) {
	issued, err1 := report.IssuedFiles(ctx, q)
	delivered, err2 := deliver.Delivered(ctx, q)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, nil, err
	}
	parcels, err := deliver.Pending(issued, t.FilesPath(), delivered, t.Deliver.Since, again)
	return delivered, parcels, err
}

// DryRun computes the job's days and months under its configuration and compares them with what the store
// holds: see ask/dry_run. It works in memory beside the published store, takes no lock, and leaves nothing behind.
func (j *Job) DryRun(ctx context.Context) (rows [][]any, err error) {
	needed, periods := slices.Clone(j.Days), []string{}
	for _, m := range j.Months {
		needed, periods = append(needed, m.First(), m.Last()), append(periods, m.String()) // all its days, whichever were asked for
	}
	for _, d := range j.Days {
		periods = append(periods, d.String())
	}
	from, to := slices.MinFunc(needed, calendar.Date.Compare), slices.MaxFunc(needed, calendar.Date.Compare)
	wanted := func(m calendar.Month) bool { return !m.Last().Before(from) && !to.Before(m.First()) }
	scratch, err := store.OpenScratch(ctx, j.Tenant.StorePath(), duck.Of(j.Tenant.Engine), wanted)
	if err != nil {
		return nil, err
	}
	defer func() { err = Explain(errors.Join(err, scratch.Close()), j.Tenant) }()
	s := j.begin()
	s.Work, s.dry = &store.Work{DB: scratch.DB, Conn: scratch.Conn}, true
	if err := scratch.TakeRows(ctx, from, to); err != nil {
		return nil, fmt.Errorf("read store: %w", err)
	}
	s.compute(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	numbers := list.Of(s.numbers(), func(n report.Number) map[string]any {
		return map[string]any{"region": n.Region, "measure": n.Measure, "period": n.Period, "value": n.Value}
	})
	table, err := report.Ask(ctx, s.Conn, "ask/dry_run", nil, sql.Named("tenant", j.Tenant.Name), sql.Named("periods", periods),
		sql.Named("measures", j.Tenant.Issued()), duck.JSON("numbers", numbers))
	return table.Rows, errors.Join(append(s.errs, err)...)
}
