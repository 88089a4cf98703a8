package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"example.com/seats/cmd/seats/page"
	"example.com/seats/cmd/seats/reconcile"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

type reconcileCmd struct {
	Files   []string `arg:"" optional:"" help:"The vendor's data files, folders of them, patterns, or an invoice as CSV: region, period, measure, quantity." type:"path"`
	Region  string   `help:"Only this region; of one number its region." placeholder:"R"`
	Value   string   `help:"One number in place of files." placeholder:"N" and:"number"`
	Period  string   `help:"Of which day or month that is." placeholder:"PERIOD" and:"number"`
	Measure string   `help:"Which number it is, concurrent or enabled; by default concurrent of a day, enabled of a month." placeholder:"MEASURE"`
	HTML    string   `help:"Also write what people are shown into this new file, a page that needs no other." placeholder:"FILE" type:"path"`
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
		wanted := func(m calendar.Month) bool { // those beside theirs have the days around
			near := []calendar.Month{m.First().AddDays(-1).YearMonth(), m, m.Last().AddDays(1).YearMonth()}
			return slices.ContainsFunc(numbers, func(n reconcile.Number) bool { return slices.Contains(near, n.Month()) })
		}
		return readingRows(ctx, t, wanted, func(conn *duck.Conn) error {
			r, err := reconcile.Tenant(ctx, conn, t, numbers)
			if err == nil {
				all.add(t, r)
			}
			return err
		})
	})
	if failed != nil && !alreadySaid(failed) {
		return failed
	}
	if err := all.write(p, c.Format, c.HTML); err != nil {
		return err
	}
	if failed == nil && all.Differs {
		return &saidError{fail.Restatement}
	}
	return failed
}

// reconciliation is what is printed of all tenants.
type reconciliation struct {
	*terminal
	reconcile.Result
}

func (a *reconciliation) add(t config.Tenant, r reconcile.Result) {
	for _, of := range []struct{ all, more *report.Table }{{&a.Months, &r.Months}, {&a.Numbers, &r.Numbers}, {&a.Findings, &r.Findings}, {&a.Sessions, &r.Sessions}} {
		of.all.Header, of.all.Rows = of.more.Header, append(of.all.Rows, of.more.Rows...)
	}
	a.Differs = a.Differs || r.Differs
	if len(r.Untried) > 0 {
		a.Warn("no reading was tried on days whose rows are not kept, or not counted as they are now", "tenant", t.Name, "days", calendar.Runs(r.Untried, ".."))
	}
}

// write prints one document as JSON, the numbers as CSV, and for people how many there are of a month, those that differ, what gives
// theirs, and who makes the difference: these also into a file, if one is named.
func (a *reconciliation) write(p *program, format, file string) error {
	var shown []report.Table
	if format == report.FormatTable || file != "" {
		shown = a.forPeople()
	}
	var err error
	switch format {
	case report.FormatJSON:
		parts := []any{a.Numbers, a.Findings, a.Sessions, a.Months}
		err = report.Table{Header: []string{"numbers", "findings", "sessions", "months"}, Rows: [][]any{parts}}.Write(p.stdout, format)
	case report.FormatCSV:
		err = a.Numbers.Write(p.stdout, format)
	default:
		tables := []report.Table{shown[0], shown[1], narrow(shown[2], 10), shown[3]}
		err = p.printTables(slices.DeleteFunc(tables, func(t report.Table) bool { return len(t.Rows) == 0 })...)
	}
	if err != nil || file == "" {
		return err
	}
	return plain.CreateNew(file, func(w io.Writer) error {
		return page.WriteTables(w, page.Head{Version: version, Made: p.clock().UTC()}, "Their numbers and ours",
			page.Part{Title: "By month", Note: "How many numbers there are, and what gives all of a month's.", Table: shown[0]},
			page.Part{Title: "What differs", Note: "Where a number is blank, that side has none.", Table: shown[1]},
			page.Part{Title: "What gives theirs", Note: "Readings of the specification, counted on the kept rows.", Table: shown[2]},
			page.Part{Title: "Through whom", Note: "Sessions that count on one side alone, under the first reading of each measure.", Table: shown[3]})
	})
}

// forPeople are the months, the numbers that differ, the findings and the sessions, as far as people read them; it is said what is left out.
func (a *reconciliation) forPeople() []report.Table {
	equals := func(row []any) bool { return !reconcile.Differ(row) }
	differing := report.Table{Header: a.Numbers.Header, Rows: slices.DeleteFunc(slices.Clone(a.Numbers.Rows), equals)}
	if equal := len(a.Numbers.Rows) - len(differing.Rows); equal > 0 {
		a.Info("equal numbers are not shown one by one: --format csv has them", "equal", equal)
	}
	return []report.Table{a.Months, differing, a.brief(a.Findings, 10, 5), a.brief(a.Sessions, 20, 3)}
}

// narrow is a table without the columns that people have no room for.
func narrow(t report.Table, columns int) report.Table {
	return report.Table{Header: t.Header[:min(columns, len(t.Header))], Rows: list.Of(t.Rows, func(row []any) []any { return row[:columns] })}
}

// brief is a table as far as people read it: of rows that have the first few columns in common the first few; how many there are more is said.
func (a *reconciliation) brief(of report.Table, rows, common int) report.Table {
	t, seen := report.Table{Header: of.Header}, map[string]int{}
	for _, row := range of.Rows {
		if same := fmt.Sprint(row[:common]...); seen[same] < rows {
			seen[same]++
			t.Rows = append(t.Rows, row)
		}
	}
	if more := len(of.Rows) - len(t.Rows); more > 0 {
		a.Info("not all is shown: --format json has it", "left_out", more, "of", strings.Join(of.Header[common:common+3], ", "))
	}
	return t
}
