package main

import "context"

type reportCmd struct {
	jobFlags
}

func (c *reportCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "report", Report: true}, 0)
}
