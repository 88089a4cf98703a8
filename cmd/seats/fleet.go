package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"seats/cmd/seats/job"
	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

type fleetCmd struct {
	Status fleetStatusCmd `cmd:"" help:"A line for each tenant: its newest days and numbers, what is provisional, missing, blocked or overdue."`
}

// Help is that of its one command.
func (c *fleetCmd) Help() string { return c.Status.Help() }

type fleetStatusCmd struct {
	shardFlags
	Format string `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// Help gives examples.
func (*fleetStatusCmd) Help() string {
	return `Examples:
  seats fleet status
  seats fleet status --shard 1/8 --format json`
}

var fleetHeader = []string{"tenant", "newest", "newest_final", "provisional", "missing", "blocked", "concurrent", "enabled", "last_success", "overdue"}

// Run reads every tenant's published store, several at once. One that cannot be read does not keep back the others.
func (c *fleetStatusCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	ours, err := c.shard(w.env, nil)
	if err != nil {
		return err
	}
	cfg, err := root.loadAll(w)
	if err != nil {
		return err
	}
	table := report.Table{Header: fleetHeader}
	code := fail.OK
	for _, l := range lookAtAll(ctx, ours.part(cfg).Tenants, w.clock()) {
		if l.err != nil && !errors.Is(l.err, store.ErrMissing) {
			t.fail(l.err, "tenant", l.tenant.Name)
			if code == fail.OK {
				code = job.ExitCode(l.err)
			}
			continue
		}
		table.Rows = append(table.Rows, l.row(w.clock()))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := table.Write(w.stdout, c.Format); err != nil {
		return err
	}
	return said(code)
}

// looked is how a tenant stands, or why that cannot be told.
type looked struct {
	tenant config.Tenant
	state  watch.State
	err    error
}

// storesAtOnce is how many are read at the same time: to open one takes longer than to read what it says of itself.
const storesAtOnce = 8

// lookAtAll reads the published stores of tenants, and gives them in the tenants' order.
func lookAtAll(ctx context.Context, tenants []config.Tenant, now time.Time) []looked {
	all := make([]looked, len(tenants))
	var group errgroup.Group
	group.SetLimit(storesAtOnce)
	for i, tenant := range tenants {
		group.Go(func() error {
			all[i].tenant = tenant
			all[i].state, all[i].err = look(ctx, tenant, now)
			all[i].err = job.Explain(all[i].err, tenant)
			return nil
		})
	}
	_ = group.Wait() // each tenant has its own error
	return all
}

// overdue says what of the tenant is, or nothing.
func (l looked) overdue(now time.Time, within time.Duration) string {
	if l.err != nil {
		return "there is no store"
	}
	if within == 0 {
		within = watch.Within(l.tenant)
	}
	return l.state.Overdue(l.tenant, now, within)
}

func (l looked) row(now time.Time) []any {
	s := l.state
	return []any{l.tenant.Name, dateOrNothing(s.Newest), dateOrNothing(s.NewestFinal), len(s.Provisional),
		calendar.Runs(s.Missing, ".."), calendar.Runs(s.Blocked, ".."), named(s.Concurrent), named(s.Enabled),
		timeOrNothing(s.LastSuccess), l.overdue(now, 0)}
}

func dateOrNothing(d calendar.Date) string {
	if d == (calendar.Date{}) {
		return ""
	}
	return d.String()
}

func timeOrNothing(ts int64) string {
	if ts == 0 {
		return ""
	}
	return time.Unix(ts, 0).UTC().Format(time.RFC3339)
}

// named are the counts of regions in one cell: "US 8, EU 4".
func named(counts []watch.Count) string {
	var said []string
	for _, c := range counts {
		said = append(said, fmt.Sprintf("%s %d", c.Name, c.Value))
	}
	return strings.Join(said, ", ")
}
