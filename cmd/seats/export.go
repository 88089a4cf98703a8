package main

import (
	"context"
	"errors"
	"path/filepath"

	"seats/cmd/seats/lake"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

type exportCmd struct {
	Lake         string   `help:"The folder to export to; made where it is missing." required:"" placeholder:"DIR" type:"path"`
	Tenant       []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Pseudonymize string   `help:"Replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	shardFlags
	periodFlags
}

// Run exports the tenants' published stores. A tenant that cannot be exported does not keep back the others.
func (c *exportCmd) Run(ctx context.Context, p *program) (err error) {
	cfg, err := c.part(p, c.Tenant)
	if err != nil {
		return err
	}
	to, err := lake.Open(c.Lake, c.Pseudonymize)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		period, err := c.periodOrAll(tenant, p.clock())
		if err != nil {
			return err
		}
		summary, err := to.Export(ctx, tenant, period)
		if err != nil {
			return err
		}
		if len(summary.Uncounted) > 0 {
			p.Warn("left out: days whose slice is not counted yet", "tenant", tenant.Name, "days", calendar.Runs(summary.Uncounted, ".."))
		}
		p.Info("exported", "tenant", tenant.Name, "days", summary.Days, "written", summary.Written, "unchanged", summary.Unchanged)
		return nil
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
	dir, done, drop, err := store.NewBackup(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
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
	if err := done(); err != nil {
		return err
	}
	return p.print(table, c.Format, failed)
}
