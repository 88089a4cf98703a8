package main

import (
	"context"
	"errors"

	"seats/cmd/seats/job"
	"seats/cmd/seats/page"
	"seats/cmd/seats/pseudonym"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report/html"
)

type reportCmd struct {
	jobFlags
	HTML         string `name:"html" help:"Issue nothing; write pages of what the stores hold into this folder, in place of older ones. They open from the file system. Without a period, all days." placeholder:"DIR" type:"path"`
	Pseudonymize string `help:"On the pages, replace agents by pseudonyms keyed with this file, and leave reasons out." placeholder:"KEYFILE" type:"path"`
}

// Help gives examples.
func (*reportCmd) Help() string {
	return `Examples:
  seats report --month 2026-03
  seats report --html pages
  seats report --html pages --month 2026-03 --tenant acme --pseudonymize key`
}

func (c *reportCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	switch {
	case c.HTML == "" && c.Pseudonymize != "":
		return usageError("--pseudonymize is for --html")
	case c.HTML != "" && (c.Restate != "" || c.Jobs != 1):
		return usageError("--html issues nothing: leave out --restate and --jobs")
	case c.HTML != "":
		return c.pages(ctx, w, root, t)
	}
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "report", Report: true}, 0)
}

// pages writes the site. A tenant whose store cannot be read does not keep back the others; its page says why.
func (c *reportCmd) pages(ctx context.Context, w *world, root *cli, t *terminal) (err error) {
	ours, err := c.shard(w.env, c.Tenant)
	if err != nil {
		return err
	}
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	site, err := html.Create(c.HTML, html.Head{Made: w.clock().UTC(), Version: version, Masked: c.Pseudonymize != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Drop()) }()
	code := fail.OK
	for _, tenant := range ours.part(cfg).Tenants {
		problem := ""
		switch err := job.Explain(c.tenantPages(ctx, w, t, tenant, site), tenant); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrMissing):
			problem = "nothing extracted yet"
			t.Info(problem, "tenant", tenant.Name, "store", tenant.StorePath())
		case errors.Is(err, errStore):
			problem = "the store cannot be read"
			t.fail(err, "tenant", tenant.Name)
			if code == fail.OK {
				code = exitCode(err)
			}
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
	t.Info("pages written", "folder", c.HTML)
	return said(code)
}

// errStore marks the error of a store that cannot be opened.
var errStore = errors.New("open store")

type storeError struct{ error }

func (e storeError) Unwrap() error       { return e.error }
func (e storeError) Is(other error) bool { return other == errStore }

func (c *reportCmd) tenantPages(ctx context.Context, w *world, t *terminal, tenant config.Tenant, site *html.Site) error {
	wants := func(calendar.Date) bool { return true }
	if c.periodFlags != (periodFlags{}) {
		p, err := c.resolve(tenant, w.clock())
		if err != nil {
			return err
		}
		wants = func(d calendar.Date) bool { return !d.Before(p.days[0]) && !p.days[len(p.days)-1].Before(d) }
	}
	of := page.Tenant{Of: tenant, Now: w.clock(), Wants: wants, Warn: t.Warn}
	if c.Pseudonymize != "" {
		key, err := pseudonym.ReadKey(c.Pseudonymize, tenant.Name)
		if err != nil {
			return err
		}
		of.Mask = key
	}
	db, err := openWhole(ctx, tenant, nil)
	if err != nil {
		return storeError{err}
	}
	defer db.Close() //nolint:errcheck // only read
	if of.Conn, err = db.Conn(ctx); err != nil {
		return storeError{err}
	}
	defer of.Conn.Close() //nolint:errcheck // only read
	of.Step = func(done, all int) {
		if done == 0 {
			t.Start("pages of " + tenant.Name)
			t.Expect(int64(all))
		}
		t.Add(1)
	}
	defer t.Stop()
	return of.Write(ctx, site)
}
