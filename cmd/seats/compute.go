package main

import "context"

type computeCmd struct {
	jobFlags
}

func (c *computeCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "compute", Compute: true, Again: true})
}
