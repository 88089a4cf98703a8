package main

import (
	"context"
	"errors"

	"seats/cmd/seats/job"
	"seats/cmd/seats/lake"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/store"
)

type exportCmd struct {
	Lake         string   `help:"The folder to export to; made where it is missing." required:"" placeholder:"DIR" type:"path"`
	Tenant       []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Pseudonymize string   `help:"Replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	shardFlags
	periodFlags
}

// Help gives examples.
func (*exportCmd) Help() string {
	return `Examples:
  seats export --lake lake
  seats export --lake lake --month 2026-03 --tenant acme`
}

// Run exports the tenants' published stores. A tenant that cannot be exported does not keep back the others.
func (c *exportCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) (err error) {
	ours, err := c.shard(w.env, c.Tenant)
	if err != nil {
		return err
	}
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	to, err := lake.Open(c.Lake, c.Pseudonymize)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	code := fail.OK
	for _, tenant := range ours.part(cfg).Tenants {
		err := job.Explain(c.tenant(ctx, w, t, to, tenant), tenant)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.fail(err, "tenant", tenant.Name)
		if err != nil && code == fail.OK {
			code = exitCode(err)
		}
	}
	return said(code)
}

func (c *exportCmd) tenant(ctx context.Context, w *world, t *terminal, to *lake.Lake, tenant config.Tenant) error {
	period, err := c.periodOrAll(tenant, w.clock())
	if err != nil {
		return err
	}
	summary, err := to.Export(ctx, tenant, period)
	if errors.Is(err, store.ErrMissing) {
		t.Info("nothing extracted yet", "tenant", tenant.Name, "store", tenant.StorePath())
		return nil
	}
	if err != nil {
		return err
	}
	if len(summary.Uncounted) > 0 {
		t.Warn("left out: days whose slice is not counted yet", "tenant", tenant.Name, "days", calendar.Runs(summary.Uncounted, ".."))
	}
	t.Info("exported", "tenant", tenant.Name, "days", summary.Days, "written", summary.Written, "unchanged", summary.Unchanged)
	return nil
}
