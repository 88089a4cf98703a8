package main

import (
	"context"
	"time"
)

// jobFlags are common to the commands that work on a tenant's store.
type jobFlags struct {
	Tenant  []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Restate given    `help:"Count the days by today's rules, and issue the next revision where a number moved, for this reason." placeholder:"REASON"`
	Format  string   `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
	Jobs    int      `help:"Tenants worked on at once; each may take the memory that its engine.memory_limit allows." default:"1" placeholder:"N"`
	shardFlags
	periodFlags
}

// readFlags are common to the commands that read the source.
type readFlags struct {
	AcceptLoss bool `help:"Replace a stored slice even where the source has lost more than a tenth of its sessions, activities or agents. The ledger says so."`
}

type runCmd struct {
	jobFlags
	readFlags
	Wait     time.Duration `help:"Wait so long for a source that is not ready; the other tenants are done meanwhile." placeholder:"2h"`
	KeepDays int           `help:"Drop the rows of days older than this, counted from the newest that was read, once all that their month can give is issued as final; numbers, issued files and the ledger stay. 0: keep all." default:"0" placeholder:"N"`
	Refresh  bool          `help:"Read every day from the source, even where the store holds a final slice."`
}

// Help gives examples.
func (*runCmd) Help() string {
	return `Examples:
  seats run
  seats run --date 2026-03-10
  seats run --month 2026-03 --format json
  seats --log-format json run --wait 2h --jobs 4`
}

func (c *runCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	if c.KeepDays < 0 {
		return usageError("--keep-days %d is negative", c.KeepDays)
	}
	if c.Wait < 0 {
		return usageError("--wait %s is negative", c.Wait)
	}
	s := stages{Command: "run", Extract: true, Compute: true, Report: true, Deliver: true, Refresh: c.Refresh, AcceptLoss: c.AcceptLoss, KeepDays: c.KeepDays}
	s.CatchUp = c.periodFlags == (periodFlags{}) && c.Restate == "" // a reason is for what somebody has looked at
	return runJobs(ctx, w, root, t, c.jobFlags, s, c.Wait)
}
