package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"seats/cmd/seats/audit"
	"seats/cmd/seats/audit/evidence"
	"seats/cmd/seats/job"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/sign"
	"seats/internal/store"
	"seats/report"
)

type auditCmd struct {
	Tenant       []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Format       string   `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
	Source       bool     `help:"Also read the days again from the source, and say what changed. Nothing is changed by it."`
	VerifyKey    []string `help:"Also check that every issued manifest is signed with this public key of minisign's, or another one that is given; may be repeated." placeholder:"FILE" type:"path"`
	Pack         string   `help:"Also write the evidence of the period into a new zip file; for one tenant." placeholder:"FILE.zip" type:"path"`
	Pseudonymize string   `help:"In the pack, replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	periodFlags
}

// Help gives examples.
func (*auditCmd) Help() string {
	return `Examples:
  seats audit
  seats audit --month 2026-03 --source
  seats audit --date 2026-03-10 --pack evidence.zip --pseudonymize key
  seats audit --verify-key seats.pub`
}

// Run audits the tenants' published stores and output folders. A tenant that cannot be audited does not keep back
// the others.
func (c *auditCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	if c.Pseudonymize != "" && c.Pack == "" {
		return usageError("--pseudonymize is for --pack")
	}
	keys, err := sign.ReadPublic(c.VerifyKey...)
	if err != nil {
		return err
	}
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	if c.Pack != "" && len(cfg.Tenants) != 1 {
		return usageError("--pack is of one tenant: name it with --tenant")
	}
	var found []audit.Finding
	code := fail.OK
	for _, tenant := range cfg.Tenants {
		summary, err := c.tenant(ctx, w, t, tenant, keys)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found = append(found, summary.Findings...)
		for _, err := range []error{err, verdict(summary)} {
			t.fail(err, "tenant", tenant.Name)
			if err != nil && code == fail.OK {
				code = exitCode(err)
			}
		}
	}
	if err := printFindings(w.stdout, c.Format, found); err != nil {
		return err
	}
	return said(code)
}

// tenant audits one tenant, and packs the evidence.
func (c *auditCmd) tenant(ctx context.Context, w *world, t *terminal, tenant config.Tenant, keys sign.Public) (summary audit.Summary, err error) {
	defer func() { err = job.Explain(err, tenant) }()
	period, err := c.periodOrAll(tenant, w.clock())
	if err != nil {
		return summary, err
	}
	summary, err = audit.Audit{Tenant: tenant, Period: period, Source: c.Source, Keys: keys, Clock: w.clock, Log: t}.Do(ctx)
	if errors.Is(err, store.ErrMissing) && c.Pack == "" {
		t.Info("nothing extracted yet, and nothing issued", "tenant", tenant.Name, "store", tenant.StorePath())
		return audit.Summary{}, nil
	}
	if err != nil {
		return summary, err
	}
	faults := summary.Faults()
	t.Info("audited", "tenant", tenant.Name, "days", summary.Days, "files", summary.Files, "findings", faults, "remarks", len(summary.Findings)-faults)
	if c.Pack == "" {
		return summary, nil
	}
	return summary, c.pack(ctx, t, tenant, period)
}

// pack writes the evidence of the period.
func (c *auditCmd) pack(ctx context.Context, t *terminal, tenant config.Tenant, period audit.Period) error {
	o := evidence.Options{Tenant: tenant, Period: period, Path: c.Pack, KeyFile: c.Pseudonymize}
	if err := evidence.Write(ctx, o); err != nil {
		return fmt.Errorf("write evidence pack: %w", err)
	}
	t.Info("packed", "tenant", tenant.Name, "file", c.Pack)
	return nil
}

// verdict is the error of an audit that found something. Remarks are no findings.
func verdict(s audit.Summary) error {
	if s.Faults() == 0 {
		return nil
	}
	at := slices.IndexFunc(s.Findings, func(f audit.Finding) bool { return !f.IsRemark() })
	return fail.New(fail.Restatement, "the advice beside each rule says what to do; the audit changed nothing",
		"%s, the first: %s: %s", plural(s.Faults(), "finding"), s.Findings[at].Rule, s.Findings[at].What)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printFindings prints a row for each finding. People get the details and the advice in tables of their own.
func printFindings(w io.Writer, format string, found []audit.Finding) error {
	if format != report.FormatTable {
		table := report.Table{Header: []string{"tenant", "check", "rule", "severity", "region", "period", "what", "details", "advice"}}
		for _, f := range found {
			details := f.Details
			if details == nil {
				details = []string{}
			}
			table.Rows = append(table.Rows, []any{f.Tenant, f.Check(), string(f.Rule), severity(f), f.Region, f.Period, f.What, details, f.Advice()})
		}
		return table.Write(w, format)
	}
	if len(found) == 0 {
		return nil
	}
	for _, table := range []report.Table{findingTable(found), detailTable(found), adviceTable(found)} {
		if len(table.Rows) == 0 {
			continue
		}
		if err := table.Write(w, format); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	return nil
}

func severity(f audit.Finding) string {
	if f.IsRemark() {
		return "remark"
	}
	return "finding"
}

func findingTable(found []audit.Finding) report.Table {
	t := report.Table{Header: []string{"tenant", "severity", "rule", "region", "period", "what"}}
	for _, f := range found {
		t.Rows = append(t.Rows, []any{f.Tenant, severity(f), string(f.Rule), f.Region, f.Period, f.What})
	}
	return t
}

// detailsShown bounds what the table shows of one finding.
const detailsShown = 20

func detailTable(found []audit.Finding) report.Table {
	t := report.Table{Header: []string{"rule", "region", "period", "detail"}}
	for _, f := range found {
		for at, detail := range f.Details {
			if at == detailsShown {
				detail = fmt.Sprintf("... and %d more: --format json has them all", len(f.Details)-detailsShown)
			}
			t.Rows = append(t.Rows, []any{string(f.Rule), f.Region, f.Period, detail})
			if at == detailsShown {
				break
			}
		}
	}
	return t
}

func adviceTable(found []audit.Finding) report.Table {
	t := report.Table{Header: []string{"rule", "what to do"}}
	seen := map[audit.Rule]bool{}
	for _, f := range found {
		if !seen[f.Rule] {
			seen[f.Rule] = true
			t.Rows = append(t.Rows, []any{string(f.Rule), f.Advice()})
		}
	}
	return t
}
