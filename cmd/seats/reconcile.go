package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"seats/cmd/seats/job"
	"seats/cmd/seats/reconcile"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

type reconcileCmd struct {
	Files   []string `arg:"" optional:"" help:"The vendor's data files, folders of them, patterns, or an invoice as CSV: region, period, measure, quantity." type:"path"`
	Region  string   `help:"Only this region; of one number its region." placeholder:"R"`
	Value   string   `help:"One number in place of files." placeholder:"N" and:"number"`
	Period  string   `help:"Of which day or month that is." placeholder:"PERIOD" and:"number"`
	Measure string   `help:"Which number it is, concurrent or enabled; by default concurrent of a day, enabled of a month." placeholder:"MEASURE"`
	listFlags
}

// Run reconciles from the published stores, which it only reads.
func (c *reconcileCmd) Run(ctx context.Context, p *program) error {
	if (len(c.Files) > 0) == (c.Value != "") || c.Measure != "" && c.Value == "" {
		return usageError("give files, or one number with --value and --period")
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	rows, passed, code := []reconcile.Written{{"Region": c.Region, "Period": c.Period, "AgentGroupName": c.Measure, "MessageSize": c.Value}}, 0, fail.Usage
	if c.Value == "" {
		code = fail.Source
		if rows, passed, err = reconcile.Read(c.Files, cfg.Columns); err != nil {
			return err
		}
	}
	theirs, older, err := reconcile.Understand(ctx, rows, cfg.Tenants, code)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(older)) {
		p.Info("a newer file, by the time in its name, has a number that this one has too", "older", path)
	}
	if passed > 0 {
		p.Info("data files of other metrics were passed over", "files", passed)
	}
	all := reconciliation{terminal: p.terminal}
	failed := p.eachTenant(ctx, cfg.Tenants, func(t config.Tenant) error {
		numbers := slices.DeleteFunc(theirs[t.Name], func(n reconcile.Number) bool { return c.Region != "" && n.Region != c.Region })
		if len(numbers) == 0 {
			return nil
		}
		first := slices.MinFunc(numbers, byPeriod).Period[:len("2006-01")]
		last := slices.MaxFunc(numbers, byPeriod).Period[:len("2006-01")]
		wanted := func(m calendar.Month) bool { // those beside them have the days around
			return m.Last().AddDays(1).YearMonth().String() >= first && m.First().AddDays(-1).YearMonth().String() <= last
		}
		return readingRows(ctx, t, wanted, func(conn *duck.Conn) error {
			r, err := reconcile.Tenant(ctx, conn, t, numbers)
			all.add(t, r)
			return err
		})
	})
	if failed != nil && !alreadySaid(failed) {
		return failed
	}
	if err := all.write(p, c.Format); err != nil {
		return err
	}
	if failed == nil && all.differs {
		return &saidError{fail.Restatement}
	}
	return failed
}

func byPeriod(a, b reconcile.Number) int { return strings.Compare(a.Period, b.Period) }

// reconciliation is what is printed of all tenants.
type reconciliation struct {
	*terminal
	numbers, findings, sessions report.Table
	differs                     bool
}

func (a *reconciliation) add(t config.Tenant, r reconcile.Result) {
	a.numbers.Header = strings.Fields("tenant region measure period theirs ours difference issued readings")
	a.findings.Header = strings.Fields("tenant region measure of verdict readings explains spoils periods how all_of_region meaning")
	a.sessions.Header = strings.Fields("tenant region measure period readings side agent sm_res_session_fact_key start_date_time_key login logout")
	for _, row := range r.Rows {
		var difference any
		if row.Theirs != nil && row.Ours != nil {
			difference = *row.Theirs - *row.Ours
		}
		a.differs = a.differs || !row.Equal()
		a.numbers.Rows = append(a.numbers.Rows, []any{t.Name, row.Region, string(row.Measure), row.Period, row.Theirs, row.Ours, difference, row.Issued, r.Given(row)})
	}
	for _, f := range r.Findings {
		a.findings.Rows = append(a.findings.Rows, []any{t.Name, f.Region, string(f.Measure), f.Of, f.Verdict, f.Readings, f.Explains, f.Spoils, f.Periods, f.How,
			f.OfRegion, f.Meaning})
		zone := job.ZoneOf(t, f.Region)
		for _, s := range f.Seats {
			var logout any = "open"
			if s.Logout != nil {
				logout = time.Unix(*s.Logout, 0).In(zone)
			}
			side := map[bool]string{true: "in this reading alone", false: "as counted alone"}[s.IsTheirs]
			a.sessions.Rows = append(a.sessions.Rows, []any{t.Name, f.Region, string(f.Measure), s.Period, f.Readings, side, s.Agent, s.Session, s.DateTimeKey,
				time.Unix(s.Login, 0).In(zone), logout})
		}
	}
	for region, days := range r.Untried {
		if len(days) > 0 {
			a.Warn("no reading was tried on days whose rows are not kept, or not counted as they are now", "tenant", t.Name, "region", region, "days", calendar.Runs(days, ".."))
		}
	}
}

// write prints one document as JSON, the numbers as CSV, and for people the numbers, what gives theirs, and who makes the difference.
func (a *reconciliation) write(p *program, format string) error {
	switch format {
	case report.FormatJSON:
		var parts []any
		for _, t := range []report.Table{a.numbers, a.findings, a.sessions} {
			var b bytes.Buffer
			if err := t.Write(&b, format); err != nil {
				return err
			}
			parts = append(parts, json.RawMessage(b.Bytes()))
		}
		return report.Table{Header: []string{"numbers", "findings", "sessions"}, Rows: [][]any{parts}}.Write(p.stdout, format)
	case report.FormatCSV:
		return a.numbers.Write(p.stdout, format)
	}
	tables := []report.Table{a.numbers}
	if len(a.findings.Rows) > 0 {
		tables = append(tables, a.brief(a.findings, 10, 5, 10))
	}
	if len(a.sessions.Rows) > 0 {
		tables = append(tables, a.brief(a.sessions, 20, 3, len(a.sessions.Header)))
	}
	return p.printTables(tables...)
}

// brief is a table as far as people read it: some columns, and of rows that have the first few of them in common the first few; how
// many there are more is said.
func (a *reconciliation) brief(of report.Table, rows, common, columns int) report.Table {
	t, more, seen := report.Table{Header: of.Header[:columns]}, 0, map[string]int{}
	for _, row := range of.Rows {
		same := fmt.Sprint(row[:common]...)
		if seen[same]++; seen[same] > rows {
			more++
			continue
		}
		t.Rows = append(t.Rows, row[:columns])
	}
	if more > 0 {
		a.Info("not all is shown: --format json has it", "left_out", more, "of", strings.Join(of.Header[common:common+3], ", "))
	}
	return t
}
