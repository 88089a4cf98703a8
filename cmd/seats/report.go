package main

import (
	"context"
	"errors"

	"seats/cmd/seats/job"
	"seats/cmd/seats/page"
	"seats/cmd/seats/pseudonym"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report/html"
)

type reportCmd struct {
	jobFlags
	HTML         string `name:"html" help:"Issue nothing; write pages of what the stores hold into this folder, in place of older ones. They open from the file system. Without a period, all days." placeholder:"DIR" type:"path"`
	Pseudonymize string `help:"On the pages, replace agents by pseudonyms keyed with this file, and leave reasons out." placeholder:"KEYFILE" type:"path"`
}

func (c *reportCmd) Run(ctx context.Context, p *program) error {
	switch {
	case c.HTML == "" && c.Pseudonymize != "":
		return usageError("--pseudonymize is for --html")
	case c.HTML != "" && (c.Restate != "" || c.Jobs != 1):
		return usageError("--html issues nothing: leave out --restate and --jobs")
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
	site, err := html.Create(c.HTML, html.Head{Made: p.clock().UTC(), Version: version, Masked: c.Pseudonymize != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Drop()) }()
	y := tally{terminal: p.terminal}
	for _, tenant := range cfg.Tenants {
		err, problem := job.Explain(c.tenantPages(ctx, p, tenant, site), tenant), ""
		_, unread := errors.AsType[storeError](err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrMissing):
			problem = "nothing extracted yet"
			p.Info(problem, "tenant", tenant.Name, "store", tenant.StorePath())
		case unread:
			problem = "the store cannot be read"
			y.add(tenant.Name, err)
		case err != nil:
			return err
		}
		if problem != "" {
			if err := site.Tenant(html.Tenant{Name: tenant.Name, Problem: problem}); err != nil {
				return err
			}
		}
	}
	if err := site.Close(); err != nil {
		return err
	}
	p.Info("pages written", "folder", c.HTML)
	return y.failed()
}

func (c *reportCmd) tenantPages(ctx context.Context, p *program, tenant config.Tenant, site *html.Site) error {
	period, err := c.periodOrAll(tenant, p.clock())
	if err != nil {
		return err
	}
	of := page.Tenant{Of: tenant, Now: p.clock(), Wants: period.Holds, Log: p}
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
