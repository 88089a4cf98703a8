package main

import (
	"context"

	"seats/cmd/seats/deliver"
	"seats/cmd/seats/job"
	"seats/report"
)

type deliverCmd struct {
	listFlags
	Jobs int `help:"Tenants worked on at once." default:"1" placeholder:"N"`
	shardFlags
}

// Help gives examples.
func (*deliverCmd) Help() string {
	return `Examples:
  seats deliver
  seats deliver --tenant acme --format csv`
}

// Run delivers what every tenant issued and has not delivered yet, and prints a row for each file that arrived. A tenant
// that cannot be delivered to does not keep back the others.
func (c *deliverCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	ours, err := c.shard(w.env, c.Tenant)
	if err != nil {
		return err
	}
	cfg, err := root.load(w, c.Tenant)
	if err != nil {
		return err
	}
	down := &deliver.Outages{}
	var jobs []*job.Job
	for _, tenant := range ours.part(cfg).Tenants {
		if tenant.Deliver == nil {
			t.Info("skipped: the configuration says nowhere whereto its files are delivered", "tenant", tenant.Name)
			continue
		}
		jobs = append(jobs, &job.Job{Stages: stages{Command: "deliver", Deliver: true}, Tenant: tenant, Clock: w.clock, Sleep: w.sleep, Down: down, Version: version, Log: t})
	}
	results := do(ctx, jobs, c.Jobs, waiter{})
	if len(results) == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	table := report.Table{Header: []string{"tenant", "file", "sent_as", "sent_sha256", "target", "delivered_at"}}
	for _, r := range results {
		for _, d := range r.Delivered {
			table.Rows = append(table.Rows, []any{r.Tenant, d.File, d.SentAs, d.SentSHA256, d.Target, d.At})
		}
	}
	if err := w.print(table, c.Format, nil); err != nil {
		return err
	}
	err = outcome(t, results)
	if len(results) < len(jobs) {
		return &partError{results}
	}
	return err
}
