package main

import (
	"cmp"
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
	failed := tally{terminal: t}
	for _, l := range lookAtAll(ctx, ours.part(cfg).Tenants, w.clock()) {
		if failed.add(l.tenant.Name, l.err); l.err == nil {
			table.Rows = append(table.Rows, l.row(w.clock()))
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.print(table, c.Format, said(failed.code))
}

// looked is how a tenant stands, or why that cannot be told.
type looked struct {
	tenant config.Tenant
	absent bool // there is no store
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
			state, err := look(ctx, tenant, now)
			all[i] = looked{tenant: tenant, absent: errors.Is(err, store.ErrMissing), state: state}
			if !all[i].absent {
				all[i].err = job.Explain(err, tenant)
			}
			return nil
		})
	}
	_ = group.Wait() // each tenant has its own error
	return all
}

// overdue says what of the tenant is, or nothing.
func (l looked) overdue(now time.Time, within time.Duration) string {
	if l.absent {
		return "there is no store"
	}
	return l.state.Overdue(l.tenant, now, cmp.Or(within, watch.Within(l.tenant)))
}

func (l looked) row(now time.Time) []any {
	s, last := l.state, ""
	if s.LastSuccess != 0 {
		last = time.Unix(s.LastSuccess, 0).UTC().Format(time.RFC3339)
	}
	return []any{l.tenant.Name, orNothing(s.Newest), orNothing(s.NewestFinal), len(s.Provisional),
		calendar.Runs(s.Missing, ".."), calendar.Runs(s.Blocked, ".."), named(s.Concurrent), named(s.Enabled),
		last, l.overdue(now, 0)}
}

func orNothing(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// named are the counts of regions in one cell: "US 8, EU 4".
func named(counts []watch.Count) string {
	var said []string
	for _, c := range counts {
		said = append(said, fmt.Sprintf("%s %d", c.Name, c.Value))
	}
	return strings.Join(said, ", ")
}
