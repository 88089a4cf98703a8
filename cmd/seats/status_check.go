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
	for _, tenant := range tenants {
		overdue, err := c.overdue(ctx, tenant, w.clock())
		found := job.ExitCode(err)
		if overdue != "" {
			table.Rows = append(table.Rows, []any{tenant.Name, overdue})
			found = fail.NotReady
		}
		t.fail(err, "tenant", tenant.Name)
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

// overdue says what of the tenant is, or nothing.
func (c *statusCmd) overdue(ctx context.Context, tenant config.Tenant, now time.Time) (string, error) {
	state, err := look(ctx, tenant, now)
	if errors.Is(err, store.ErrMissing) {
		return "there is no store", nil
	}
	if err != nil {
		return "", err
	}
	within := c.Within
	if within == 0 {
		within = watch.Within(tenant)
	}
	return state.Overdue(tenant, now, within), nil
}

// look is how a tenant stands by its published store.
func look(ctx context.Context, tenant config.Tenant, now time.Time) (watch.State, error) {
	db, err := openSnapshot(ctx, tenant, false)
	if err != nil {
		return watch.State{}, err
	}
	defer db.Close() //nolint:errcheck // only read
	return watch.Look(ctx, db, tenant, now)
}
