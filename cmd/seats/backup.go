package main

import (
	"context"
	"errors"
	"path/filepath"

	"seats/cmd/seats/job"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

type backupCmd struct {
	Dir    string   `arg:"" help:"The folder that the backup becomes; there must be none of that name." type:"path"`
	Tenant []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Format string   `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// Help gives examples.
func (*backupCmd) Help() string {
	return `The store of each tenant and the sealed months that it asks for, as they belong together, at any time, also during a run. To restore,
put the files back into data_dir.

Examples:
  seats backup backup/2026-03-11
  seats backup backup/acme --tenant acme`
}

// Run backs every tenant's store up. One that cannot be does not keep back the others; the folder has its name once all is in it.
func (c *backupCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) (err error) {
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	dir, done, drop, err := store.NewBackup(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	table, code := report.Table{Header: []string{"tenant", "file", "bytes", "how"}}, fail.OK
	for _, tenant := range cfg.Tenants {
		copied, err := store.Backup(ctx, tenant.StorePath(), dir, duck.Of(tenant.Engine))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrMissing):
			t.Info("nothing extracted yet", "tenant", tenant.Name, "store", tenant.StorePath())
			continue
		case err != nil:
			t.fail(job.Explain(err, tenant), "tenant", tenant.Name)
			if code == fail.OK {
				code = exitCode(err)
			}
			continue
		}
		for _, f := range copied {
			table.Rows = append(table.Rows, []any{tenant.Name, filepath.Join(c.Dir, f.File), f.Bytes, f.How})
		}
	}
	if len(table.Rows) == 0 {
		if code == fail.OK {
			return fail.New(fail.Other, "`seats run` or `seats extract` makes a store", "nothing to back up")
		}
		return said(code)
	}
	if err := done(); err != nil {
		return err
	}
	if err := table.Write(w.stdout, c.Format); err != nil {
		return err
	}
	return said(code)
}
