package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"text/template"
	"time"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/audit/evidence"
	"example.com/seats/cmd/seats/deliver"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/cmd/seats/sink"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/disk"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

type checkCmd struct{ listFlags }

// Run checks every tenant and prints what was found. The exit status is that of the first tenant that failed.
func (c *checkCmd) Run(ctx context.Context, p *program) error {
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "check", "result", "detail"}}
	k := checker{now: p.clock(), table: &table}
	key, err := signKey(cfg) // no tenant's
	if err != nil {
		k.Found("sign_key", "failed", err.Error())
	} else if key != nil {
		k.Found("sign_key", "ok", "key "+key.ID())
	}
	k.site(ctx, cfg)
	p.fail(err)
	y := tally{p.terminal, job.ExitCode(err)}
	for _, k.Tenant = range cfg.Tenants {
		k.Found("configuration", "ok", "%d regions; store %s", len(k.Tenant.Regions), k.Tenant.StorePath())
		t := k.Tenant
		k.needs(plain.DataDir, disk.Left(t.DataDir), plain.TryDir(t.DataDir, plain.DataDir))
		k.needs("output_dir", t.FilesPath(), plain.TryDir(t.FilesPath(), "output_dir"))
		k.needs(plain.TempDir, t.Engine.TempDir, plain.TryDir(t.Engine.TempDir, plain.TempDir))
		err := errors.Join(k.source(ctx), job.Explain(k.store(ctx), k.Tenant), disk.Explain(k.delivery(ctx), ""))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		y.add(k.Tenant.Name, err)
	}
	return p.print(table, c.Format, y.failed())
}

type checker struct {
	Tenant config.Tenant
	now    time.Time
	table  *report.Table
}

// Found adds a row; it gives nothing, as a template wants it.
func (k *checker) Found(check, result, detail string, args ...any) string {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	k.table.Rows = append(k.table.Rows, []any{k.Tenant.Name, check, result, oneLine.Replace(detail)})
	return ""
}

// oneLine puts the lines of an error, as those of a driver, into one cell.
var oneLine = strings.NewReplacer(":\n\t", ": ", "\n\t", "; ", "\n", "; ")

// needs says of something that a run needs, whether it is there; nothing is written, and a warning is all: who only reads needs none of it.
func (k *checker) needs(what, is string, err error) {
	switch {
	case is == "":
	case err != nil:
		k.Found(what, "warning", err.Error())
	default:
		k.Found(what, "ok", is)
	}
}

// site looks at what a run needs that is no tenant's.
func (k *checker) site(ctx context.Context, cfg *config.Config) {
	k.needs("pages", cfg.Pages, plain.TryDir(cfg.Pages, "pages"))
	k.needs("lake", cfg.Lake, lake.Try(ctx, cfg.Lake))
	err := plain.TryDir(cfg.Metrics, "metrics_dir")
	if _, missing := os.Stat(cfg.Metrics); missing != nil && !slices.ContainsFunc(cfg.Tenants, func(t config.Tenant) bool { return t.DataDir == cfg.Metrics }) {
		err = missing // a run makes no folder but that one
	}
	k.needs("metrics_dir", cfg.Metrics, err)
	if cfg.Sink.Given() {
		k.needs("sink", "it can be written", sink.Fill(ctx, cfg.Sink, nil))
	}
	if len(cfg.Notify) > 0 {
		path, err := exec.LookPath(cfg.Notify[0])
		k.needs("notify", cmp.Or(path, cfg.Notify[0]), err)
	}
}

func (k *checker) source(ctx context.Context) error {
	if !k.Tenant.Holds(calendar.DateOf(k.now, k.Tenant.Zone)) {
		k.Found("source", "skipped", "the tenant is not enabled, or its last day is over")
		return nil
	}
	f, err := inspect(ctx, k.Tenant, k.now)
	if err = disk.Explain(err, k.Tenant.TempDir()); err != nil {
		k.Found("source", "failed", err.Error())
		return err
	}
	return sourceRows.Execute(io.Discard, struct {
		extract.Findings
		Check   *checker
		Unknown []string // switches that are configured
	}{f, k, job.UnknownSwitches(k.Tenant, f.Switches)})
}

// sourceRows finds what is to be said of a source.
//
//go:embed check.tmpl
var sourceText string

var sourceRows = template.Must(template.New("check.tmpl").Funcs(template.FuncMap{
	"join": strings.Join, "instant": func(ts int64) string { return settle.Epoch(ts).String() },
}).Parse(sourceText))

func inspect(ctx context.Context, t config.Tenant, now time.Time) (extract.Findings, error) {
	if t.ExportDir != "" {
		// Not beside the store: there may be none yet, and a check changes nothing there.
		temp := cmp.Or(t.Engine.TempDir, os.TempDir())
		if temp == t.Engine.TempDir { // the system's is not the program's to make
			if err := plain.MakeDir(temp, plain.TempDir); err != nil {
				return extract.Findings{}, err
			}
		}
		reach := 2*24*time.Hour + 2*time.Duration(t.MaxSessionHours)*time.Hour // yesterday in any zone, and as OpenSource looks back
		return extract.InspectExport(ctx, t.ExportDir, t.ExportMarker, temp, reach, t.ReadsGroups(), now)
	}
	return extract.InspectGIMDB(ctx, *t.GIM, t.TenantKey, t.Zone)
}

// Behind tells how far behind the source is, on its own clock where it has one, and by which of its data sources.
func (k *checker) Behind(h extract.Horizon) string {
	now := k.now
	if h.Clock != nil {
		now = time.Unix(*h.Clock, 0)
	}
	mark := time.Unix(*h.HighWater, 0)
	behind := now.Sub(mark).Round(time.Second).String()
	if days := int(now.Sub(mark).Hours() / 24); days >= 2 {
		behind = fmt.Sprintf("%d days", days)
	}
	detail := mark.UTC().Format(time.RFC3339) + ", " + behind + " behind the clock"
	if h.Behind != nil {
		detail += ": " + h.Behind.String()
	}
	result := "ok"
	if now.Sub(mark) > 24*time.Hour {
		result = "warning" // no night passes without a day
	}
	return k.Found("high-water mark", result, detail)
}

func (k *checker) store(ctx context.Context) error {
	opened := false
	err := reading(ctx, k.Tenant, func(db duck.Queryer) error {
		opened = true
		slices, err1 := store.Slices(ctx, db)
		// What was doubtful in the newest days of the store, and might have changed their numbers (R11).
		doubts, err2 := duck.All[struct {
			Day, Rule string
			Found     int64
			Example   string
		}](ctx, db, "store/doubt")
		if err := cmp.Or(err1, err2); err != nil {
			return err
		}
		k.Found("store", "ok", "%d days", len(slices))
		for _, d := range doubts {
			k.Found(d.Rule, "warning", "%s: %s: %s", d.Day, job.Doubts[d.Rule], d.Example)
		}
		return nil
	})
	switch {
	case errors.Is(err, store.ErrMissing):
		k.Found("store", "ok", "none yet")
		return nil
	case err != nil && !opened:
		k.Found("store", "failed", err.Error())
	}
	return err
}

// delivery logs in where the files are delivered to, and looks at the folder.
func (k *checker) delivery(ctx context.Context) error {
	if k.Tenant.Deliver == nil {
		return nil
	}
	target, err := deliver.Open(ctx, *k.Tenant.Deliver)
	if err == nil && k.Tenant.Deliver.Host == "" {
		err = plain.TryDir(k.Tenant.Deliver.Folder, "deliver.folder")
	}
	if err != nil {
		k.Found("delivery", "failed", err.Error())
		return err
	}
	k.Found("delivery", "ok", k.Tenant.Deliver.Target())
	return target.Close()
}

type auditCmd struct {
	listFlags
	Source       bool     `help:"Also read the days again from the source, and say what changed. Nothing is changed by it."`
	VerifyKey    []string `help:"Also check that every issued manifest is signed with this public key of minisign's, or another one that is given; may be repeated." placeholder:"FILE" type:"path"`
	Pack         string   `help:"Also write the evidence of the period into a new zip file; for one tenant." placeholder:"FILE.zip" type:"path"`
	Pseudonymize string   `help:"In the pack, replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	periodFlags
}

// Run audits the tenants' published stores and output folders. A tenant that cannot be audited does not keep back the others.
func (c *auditCmd) Run(ctx context.Context, p *program) error {
	if c.Pseudonymize != "" && c.Pack == "" {
		return usageError("--pseudonymize is for --pack")
	}
	keys, err1 := sign.ReadPublic(c.VerifyKey...)
	cfg, err2 := p.load(c.Tenant)
	if err := cmp.Or(err1, err2); err != nil {
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
	return cmp.Or(printFindings(p, c.Format, found), y.failed())
}

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
		"%d finding%s, the first: %s: %s", s.Faults(), map[bool]string{true: "s"}[s.Faults() > 1], s.Findings[at].Rule, s.Findings[at].What)
}

// printFindings prints a row for each finding. People get the details and the advice in tables of their own.
func printFindings(p *program, format string, found []audit.Finding) error {
	const detailsShown = 20 // in a table, of one finding
	all := report.Table{Header: []string{"tenant", "check", "rule", "severity", "region", "period", "what", "details", "advice"}}
	brief := report.Table{Header: []string{"tenant", "severity", "rule", "region", "period", "what"}}
	details := report.Table{Header: []string{"rule", "region", "period", "detail"}}
	advice := report.Table{Header: []string{"rule", "what to do"}}
	for _, f := range found {
		severity := "finding"
		if f.IsRemark() {
			severity = "remark"
		}
		rule, shown := f.Rule, append([]string{}, f.Details...)
		all.Rows = append(all.Rows, []any{f.Tenant, f.Check(), rule, severity, f.Region, f.Period, f.What, shown, f.Advice()})
		brief.Rows = append(brief.Rows, []any{f.Tenant, severity, rule, f.Region, f.Period, f.What})
		if more := len(shown) - detailsShown; more > 0 {
			shown = append(shown[:detailsShown:detailsShown], fmt.Sprintf("... and %d more: --format json has them all", more))
		}
		for _, detail := range shown {
			details.Rows = append(details.Rows, []any{rule, f.Region, f.Period, detail})
		}
		if !slices.ContainsFunc(advice.Rows, func(row []any) bool { return row[0] == rule }) {
			advice.Rows = append(advice.Rows, []any{rule, f.Advice()})
		}
	}
	if format != report.FormatTable {
		return p.show(all, format)
	}
	tables := []report.Table{brief, details, advice}
	return p.printTables(slices.DeleteFunc(tables, func(t report.Table) bool { return len(t.Rows) == 0 })...)
}
