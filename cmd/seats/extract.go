package main

import "context"

type extractCmd struct {
	jobFlags
	readFlags
}

func (c *extractCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "extract", Extract: true, Refresh: true, AcceptLoss: c.AcceptLoss}, 0)
}
