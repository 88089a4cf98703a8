package main

import (
	"context"
	"errors"
	"time"

	"seats/cmd/seats/job"
	"seats/cmd/seats/watch"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

// check prints a row for each tenant that is overdue, and for people nothing where none is. The exit status is that of
// the first tenant with something wrong.
func (c *statusCmd) check(ctx context.Context, w *world, t *terminal, tenants []config.Tenant) error {
	table := report.Table{Header: []string{"tenant", "overdue"}}
	code := fail.OK
	for _, l := range lookAtAll(ctx, tenants, w.clock()) {
		found := fail.OK
		if l.err != nil && !errors.Is(l.err, store.ErrMissing) {
			found = job.ExitCode(l.err)
			t.fail(l.err, "tenant", l.tenant.Name)
		} else if overdue := l.overdue(w.clock(), c.Within); overdue != "" {
			table.Rows = append(table.Rows, []any{l.tenant.Name, overdue})
			found = fail.NotReady
		}
		if code == fail.OK {
			code = found
		}
	}
	if len(table.Rows) == 0 && c.Format == report.FormatTable {
		return said(code)
	}
	if err := table.Write(w.stdout, c.Format); err != nil {
		return err
	}
	return said(code)
}

// look is how a tenant stands by its published store.
func look(ctx context.Context, tenant config.Tenant, now time.Time) (watch.State, error) {
	tenant.Engine.Threads = 1 // a few rows: starting a thread for each core takes longer
	db, err := openSnapshot(ctx, tenant)
	if err != nil {
		return watch.State{}, err
	}
	defer db.Close() //nolint:errcheck // only read
	return watch.Look(ctx, db, tenant, now)
}
