package main

import (
	"cmp"
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

// Run audits the tenants' published stores and output folders. A tenant that cannot be audited does not keep back
// the others.
func (c *auditCmd) Run(ctx context.Context, p *program) error {
	if c.Pseudonymize != "" && c.Pack == "" {
		return usageError("--pseudonymize is for --pack")
	}
	keys, err := sign.ReadPublic(c.VerifyKey...)
	if err != nil {
		return err
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	if c.Pack != "" && len(cfg.Tenants) != 1 {
		return usageError("--pack is of one tenant: name it with --tenant")
	}
	var found []audit.Finding
	y := tally{terminal: p.terminal}
	for _, tenant := range cfg.Tenants {
		summary, err := c.tenant(ctx, p, tenant, keys)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found = append(found, summary.Findings...)
		y.add(tenant.Name, job.Explain(err, tenant))
		y.add(tenant.Name, verdict(summary))
	}
	return cmp.Or(printFindings(p.stdout, c.Format, found), y.failed())
}

// tenant audits one tenant, and packs the evidence.
func (c *auditCmd) tenant(ctx context.Context, p *program, tenant config.Tenant, keys sign.Public) (summary audit.Summary, err error) {
	period, err := c.periodOrAll(tenant, p.clock())
	if err != nil {
		return summary, err
	}
	summary, err = audit.Audit{Tenant: tenant, Period: period, Source: c.Source, Keys: keys, Clock: p.clock, Log: p}.Do(ctx)
	if errors.Is(err, store.ErrMissing) && c.Pack == "" {
		p.Info("nothing extracted yet, and nothing issued", "tenant", tenant.Name, "store", tenant.StorePath())
		return audit.Summary{}, nil
	}
	if err != nil {
		return summary, err
	}
	faults := summary.Faults()
	p.Info("audited", "tenant", tenant.Name, "days", summary.Days, "files", summary.Files, "findings", faults, "remarks", len(summary.Findings)-faults)
	if c.Pack == "" {
		return summary, nil
	}
	// The evidence of the period.
	o := evidence.Options{Tenant: tenant, Period: period, Path: c.Pack, KeyFile: c.Pseudonymize}
	if err := evidence.Write(ctx, o); err != nil {
		return summary, fmt.Errorf("write evidence pack: %w", err)
	}
	p.Info("packed", "tenant", tenant.Name, "file", c.Pack)
	return summary, nil
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

// detailsShown bounds what the table shows of one finding.
const detailsShown = 20

// printFindings prints a row for each finding. People get the details and the advice in tables of their own.
func printFindings(w io.Writer, format string, found []audit.Finding) error {
	all := report.Table{Header: []string{"tenant", "check", "rule", "severity", "region", "period", "what", "details", "advice"}}
	brief := report.Table{Header: []string{"tenant", "severity", "rule", "region", "period", "what"}}
	details := report.Table{Header: []string{"rule", "region", "period", "detail"}}
	advice := report.Table{Header: []string{"rule", "what to do"}}
	advised := map[audit.Rule]bool{}
	for _, f := range found {
		severity := "finding"
		if f.IsRemark() {
			severity = "remark"
		}
		rule, shown := string(f.Rule), append([]string{}, f.Details...)
		all.Rows = append(all.Rows, []any{f.Tenant, f.Check(), rule, severity, f.Region, f.Period, f.What, shown, f.Advice()})
		brief.Rows = append(brief.Rows, []any{f.Tenant, severity, rule, f.Region, f.Period, f.What})
		if more := len(shown) - detailsShown; more > 0 {
			shown = append(shown[:detailsShown:detailsShown], fmt.Sprintf("... and %d more: --format json has them all", more))
		}
		for _, detail := range shown {
			details.Rows = append(details.Rows, []any{rule, f.Region, f.Period, detail})
		}
		if !advised[f.Rule] {
			advised[f.Rule] = true
			advice.Rows = append(advice.Rows, []any{rule, f.Advice()})
		}
	}
	if format != report.FormatTable {
		return all.Write(w, format)
	}
	for _, table := range []report.Table{brief, details, advice} {
		if len(table.Rows) == 0 {
			continue
		}
		if err := table.Write(w, format); err != nil {
			return err
		}
		fmt.Fprintln(w) //nolint:errcheck // what follows fails likewise
	}
	return nil
}
