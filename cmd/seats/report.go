package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/cmd/seats/page"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/cmd/seats/statement"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

type reportCmd struct {
	jobFlags
	HTML         string `name:"html" help:"Issue nothing; write pages of what the stores hold into this folder, in place of older ones. They open from the file system. Without a period, all days." placeholder:"DIR" type:"path"`
	Statement    string `help:"Issue nothing; write a workbook about --month into this new file, for people: what is paid, daily peaks, who was in the peak, what was doubtful or restated, hashes. For one tenant." placeholder:"FILE.xlsx" type:"path"`
	Pseudonymize string `help:"On the pages and in the statement, replace agents by pseudonyms keyed with this file, and leave reasons out." placeholder:"KEYFILE" type:"path"`
}

func (c *reportCmd) Run(ctx context.Context, p *program) error {
	switch {
	case c.HTML != "" && c.Statement != "":
		return usageError("--html and --statement are written one at a time")
	case c.HTML+c.Statement == "" && c.Pseudonymize != "":
		return usageError("--pseudonymize is for --html and --statement")
	case c.HTML+c.Statement != "" && (c.Restate != "" || c.Jobs != 1):
		return usageError("--html and --statement issue nothing: leave out --restate and --jobs")
	case c.Statement != "" && c.Month == "":
		return usageError("--statement is of a month: name it with --month")
	case c.Statement != "":
		return c.statement(ctx, p)
	case c.HTML != "":
		return c.pages(ctx, p)
	}
	return c.do(ctx, p, job.Plan{Command: "report", Steps: []string{job.Report}}, 0)
}

// pages writes the site. A tenant whose store cannot be read does not keep back the others; its page says why.
func (c *reportCmd) pages(ctx context.Context, p *program) (err error) {
	cfg, err := c.part(p, c.Tenant)
	if err != nil {
		return err
	}
	p.writeCatalogue(ctx, cfg)
	site, err := page.Create(c.HTML, page.Head{Made: p.clock().UTC(), Version: version, Masked: c.Pseudonymize != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Drop()) }()
	var broken error // of the site: there will be none
	failed := p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		if broken != nil {
			return nil
		}
		err := c.tenantPages(ctx, p, tenant, site)
		problem := "the store cannot be read"
		if errors.Is(err, store.ErrMissing) {
			problem = nothingYet
		}
		if _, unread := errors.AsType[storeError](err); !unread {
			broken = job.Explain(err, tenant)
			return nil
		}
		broken = site.Tenant(page.Tenant{Name: tenant.Name, Problem: problem})
		return err
	})
	if err := cmp.Or(ctx.Err(), broken); err != nil {
		return err
	}
	if err := site.Close(); err != nil {
		return err
	}
	p.Info("pages written", "folder", c.HTML)
	return failed
}

func (c *reportCmd) tenantPages(ctx context.Context, p *program, tenant config.Tenant, site *page.Site) error {
	period, err := c.periodOrAll(tenant, p.clock())
	if err != nil {
		return err
	}
	of := page.Store{Of: tenant, Now: p.clock(), Wants: period.Holds, Log: p}
	if c.Pseudonymize != "" {
		if of.Mask, err = pseudonym.ReadKey(c.Pseudonymize, tenant.Name); err != nil {
			return err
		}
	}
	defer p.Stop()
	return readingRows(ctx, tenant, nil, func(conn *duck.Conn) error {
		of.Conn = conn
		return of.Write(ctx, site)
	})
}

// statement writes a tenant's month as a workbook, whole or not at all, and over nothing.
func (c *reportCmd) statement(ctx context.Context, p *program) error {
	month, err1 := parsed("--month", string(c.Month), calendar.ParseMonth)
	cfg, err2 := c.part(p, c.Tenant)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if len(cfg.Tenants) != 1 {
		return usageError("--statement is of one tenant: name it with --tenant")
	}
	if filepath.Ext(c.Statement) != ".xlsx" { // by which alone a spreadsheet program knows it
		return usageError("--statement %s: want a name that ends in .xlsx", c.Statement)
	}
	of := statement.Month{Month: month, Of: cfg.Tenants[0], Log: p}
	if c.Pseudonymize != "" {
		if of.Mask, err1 = pseudonym.ReadKey(c.Pseudonymize, of.Of.Name); err1 != nil {
			return err1
		}
	}
	err := readingRows(ctx, of.Of, func(m calendar.Month) bool { return m == month }, func(conn *duck.Conn) error {
		of.Conn = conn
		return plain.CreateNew(c.Statement, func(w io.Writer) error { return of.Write(ctx, w) })
	})
	if err != nil {
		return job.Explain(err, of.Of)
	}
	p.Info("statement written", "tenant", of.Of.Name, "month", month, "file", c.Statement)
	return nil
}

type exportCmd struct {
	Lake         string        `help:"A folder, made where it is missing, or s3://BUCKET/PREFIX." required:"" placeholder:"DIR"`
	Tenant       []string      `help:"Only this tenant; may be repeated." placeholder:"T"`
	Pseudonymize string        `help:"Replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	DropTenant   []string      `help:"Take this tenant out of the lake; may be repeated." placeholder:"T"`
	Prune        bool          `help:"Take out of the lake tenants that the configuration lacks, and rows of days that their stores let go."`
	Retain       time.Duration `help:"How long files that others took the place of stay for those who read them." default:"${retention}"`
	Jobs         int           `help:"Threads that read at once. Tenants are asked twenty at a time." default:"1" placeholder:"N"`
	shardFlags
	periodFlags
}

// Run exports the tenants' published stores. A tenant that cannot be exported does not keep back the others.
func (c *exportCmd) Run(ctx context.Context, p *program) (err error) {
	cfg, err := c.part(p, c.Tenant)
	switch {
	case err != nil:
		return err
	case c.Jobs < 1 || c.Retain < 0:
		return usageError("--jobs %d --retain %s: want 1 or more, and no less than 0", c.Jobs, c.Retain)
	case c.Prune && len(cfg.Tenants) < len(cfg.Names):
		return usageError("--prune is for all tenants: leave out --tenant and --shard")
	case len(cfg.Tenants) == 0:
		p.Info("no tenant falls to this shard")
		return nil
	}
	at := slices.IndexFunc(cfg.Tenants, func(t config.Tenant) bool { return plain.Check(t.StorePath()) == nil })
	if at < 0 {
		return p.eachTenant(ctx, cfg.Tenants, func(t config.Tenant) error { return store.ErrMissing })
	}
	first := cfg.Tenants[at]
	engine := duck.Of(first.Engine)
	engine.Threads = c.Jobs
	o := lake.Options{Where: c.Lake, KeyFile: c.Pseudonymize, Access: first.Access, Engine: engine, Beside: first.StorePath(),
		Drop: c.DropTenant, Prune: c.Prune, Tenants: cfg.Names, Retain: c.Retain, Now: p.clock()}
	for _, t := range cfg.Tenants { // the lake is of all: it is shown to others where every tenant is
		if t.Access != o.Access {
			o.Access = plain.Access{OutputMode: 0o600}
		}
	}
	to, err := lake.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	var failed error
	for batch := range slices.Chunk(cfg.Tenants, lake.Batch) {
		failed = cmp.Or(c.take(ctx, p, to, batch), failed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := to.Finish(ctx); err != nil {
		return err
	}
	p.Info("lake written", "lake", c.Lake, "tables", to.Written)
	return failed
}

// take stages a batch of tenants.
func (c *exportCmd) take(ctx context.Context, p *program, to *lake.Lake, batch []config.Tenant) error {
	var tenants []lake.Tenant
	for _, t := range batch {
		period, err := c.periodOrAll(t, p.clock())
		if err != nil {
			return err
		}
		tenants = append(tenants, lake.Tenant{Tenant: t, Period: period})
	}
	results := to.Take(ctx, tenants)
	return p.eachTenant(ctx, batch, func(tenant config.Tenant) error {
		r := results[tenant.Name]
		if len(r.Uncounted) > 0 {
			p.Warn("left out: days whose slice is not counted yet", "tenant", tenant.Name, "days", calendar.Runs(r.Uncounted, ".."))
		}
		if r.Err == nil && r.Days+r.Months > 0 {
			p.Info("exported", "tenant", tenant.Name, "days", r.Days, "months", r.Months)
		}
		return r.Err
	})
}

type backupCmd struct {
	Dir string `arg:"" help:"The folder that the backup becomes; there must be none of that name." type:"path"`
	listFlags
}

// Run backs every tenant's store up. One that cannot be does not keep back the others; the folder has its name once all is in it.
func (c *backupCmd) Run(ctx context.Context, p *program) (err error) {
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	dir, err := store.NewBackup(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	table := report.Table{Header: []string{"tenant", "file", "bytes", "how"}}
	failed := p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		copied, err := store.Backup(ctx, tenant.StorePath(), dir, duck.Of(tenant.Engine))
		for _, f := range copied {
			table.Rows = append(table.Rows, []any{tenant.Name, filepath.Join(c.Dir, f.File), f.Bytes, f.How})
		}
		return err
	})
	switch {
	case len(table.Rows) == 0 && failed == nil:
		return fail.New(fail.Other, "`seats run` or `seats extract` makes a store", "nothing to back up")
	case len(table.Rows) == 0 || ctx.Err() != nil:
		return failed
	}
	if err := store.NameBackup(dir, c.Dir); err != nil {
		return err
	}
	return p.print(table, c.Format, failed)
}
