package main

import (
	"context"
)

// jobFlags are common to the commands that work on a tenant's store.
type jobFlags struct {
	Tenant  []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Restate string   `help:"Issue the next revision where a number moved, for this reason." placeholder:"REASON"`
	Format  string   `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
	periodFlags
}

type runCmd struct {
	jobFlags
	Refresh bool `help:"Read every day from the source, even where the store holds a final slice."`
}

func (c *runCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "run", Extract: true, Compute: true, Report: true, Refresh: c.Refresh})
}
