package main

import "context"

type extractCmd struct {
	jobFlags
	readFlags
}

// Help gives examples.
func (*extractCmd) Help() string {
	return `Examples:
  seats extract --date 2026-03-10
  seats extract --from 2026-03-01 --to 2026-03-07 --tenant acme`
}

func (c *extractCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	return runJobs(ctx, w, root, t, c.jobFlags, stages{Command: "extract", Extract: true, Refresh: true, AcceptLoss: c.AcceptLoss}, 0)
}
