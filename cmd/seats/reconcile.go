package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
	Files   []string `arg:"" optional:"" help:"The vendor's data files, folders of them, patterns, or an invoice as CSV (region, period, measure, quantity)." type:"path"`
	Region  string   `help:"Only this region." placeholder:"R"`
	Value   *int64   `help:"One number in place of files, with --region and --period." placeholder:"N"`
	Period  string   `help:"What it is the number of: a day or a month." placeholder:"PERIOD"`
	Measure string   `help:"Which number it is: ${enum}; by default concurrent of a day, enabled of a month." enum:",concurrent,enabled" default:"" placeholder:"MEASURE"`
	listFlags
}

// Run reconciles from the published stores, which it only reads.
func (c *reconcileCmd) Run(ctx context.Context, p *program) error {
	if (len(c.Files) > 0) == (c.Value != nil) || (c.Value != nil) != (c.Period != "") {
		return usageError("give files, or one number by --value and --period")
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	theirs := reconcile.Theirs{Columns: cfg.Columns, Tenants: cfg.Tenants}
	if c.Value != nil {
		if len(cfg.Tenants) == 1 && len(cfg.Tenants[0].Regions) == 1 && c.Region == "" {
			c.Region = cfg.Tenants[0].Regions[0].Name
		}
		key, err := theirs.Key("", c.Region, c.Measure, c.Period)
		if err != nil {
			return usageError("%w", err)
		}
		theirs.Numbers = map[reconcile.Key]int64{key: *c.Value}
	} else if err := theirs.Read(c.Files); err != nil {
		return err
	}
	for old, newer := range theirs.Newer {
		p.Info("of a file that a newer one replaces, by the time in their names, some number was left", "file", old, "newer", newer)
	}
	if theirs.Passed > 0 {
		p.Info("data files of other metrics were passed over", "files", theirs.Passed)
	}
	all := reconciliation{terminal: p.terminal}
	failed := p.eachTenant(ctx, cfg.Tenants, func(t config.Tenant) error {
		numbers, months := theirs.Of(t.Name, c.Region)
		if len(numbers) == 0 {
			return nil
		}
		return readingRows(ctx, t, func(m calendar.Month) bool { return months[m] }, func(conn *duck.Conn) error {
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

// reconciliation is what is printed of all tenants.
type reconciliation struct {
	*terminal
	numbers, findings, sessions report.Table
	differs                     bool
}

// shownFindings are so many of a measure's for people; how many there are more is said.
const shownFindings = 10

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
		a.numbers.Rows = append(a.numbers.Rows, []any{t.Name, row.Region, string(row.Measure), row.Period, row.Theirs, row.Ours, difference, row.Issued,
			r.Given(row)})
	}
	for _, f := range r.Findings {
		a.findings.Rows = append(a.findings.Rows, []any{t.Name, f.Region, string(f.Measure), f.Of(), f.Verdict, f.Readings,
			fmt.Sprintf("%d of %d", f.Explains, f.Differing), fmt.Sprintf("%d of %d", f.Spoils, f.Equal), f.Given(), f.How(), f.OfRegion, f.Meaning})
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
		tables = append(tables, a.brief())
	}
	if len(a.sessions.Rows) > 0 {
		tables = append(tables, a.sessions)
	}
	return p.printTables(tables...)
}

// brief is the findings as far as people read them: the first of each measure, and how many there are more.
func (a *reconciliation) brief() report.Table {
	t, shown := report.Table{Header: a.findings.Header[:10]}, map[string]int{}
	for _, row := range a.findings.Rows {
		of := fmt.Sprint(row[:5]...)
		if shown[of]++; shown[of] <= shownFindings {
			t.Rows = append(t.Rows, row[:10])
		}
	}
	for of, n := range shown {
		if n > shownFindings {
			a.Info(fmt.Sprintf("%d sets of readings more, as likely as those shown: --format json has all", n-shownFindings), "of", of)
		}
	}
	return t
}
