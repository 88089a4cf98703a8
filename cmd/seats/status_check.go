package main

import (
	"cmp"
	"context"
	"time"

	"seats/cmd/seats/watch"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

// check prints a row for each tenant that is overdue, and for people nothing where none is. The exit status is that of
// the first tenant with something wrong.
func (c *statusCmd) check(ctx context.Context, w *world, t *terminal, tenants []config.Tenant) error {
	table := report.Table{Header: []string{"tenant", "overdue"}}
	failed := tally{terminal: t}
	for _, l := range lookAtAll(ctx, tenants, w.clock()) {
		if l.err != nil {
			failed.add(l.tenant.Name, l.err)
		} else if overdue := l.overdue(w.clock(), c.Within); overdue != "" {
			table.Rows = append(table.Rows, []any{l.tenant.Name, overdue})
			failed.code = cmp.Or(failed.code, fail.NotReady)
		}
	}
	if len(table.Rows) == 0 && c.Format == report.FormatTable {
		return said(failed.code)
	}
	return w.print(table, c.Format, said(failed.code))
}

// look is how a tenant stands by its published store.
func look(ctx context.Context, tenant config.Tenant, now time.Time) (state watch.State, err error) {
	tenant.Engine.Threads = 1 // a few rows: starting a thread for each core takes longer
	err = reading(ctx, tenant, func(db duck.Queryer) (err error) {
		state, err = watch.Look(ctx, db, tenant, now)
		return err
	})
	return state, err
}
