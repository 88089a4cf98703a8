package main

import (
	"context"

	"seats/cmd/seats/job"
	"seats/internal/fail"
	"seats/report"
)

type computeCmd struct {
	jobFlags
	DryRun bool `help:"Store nothing: show what the configuration would give, beside what is stored and issued. Name another one with --config."`
}

// Help gives examples.
func (*computeCmd) Help() string {
	return `Examples:
  seats compute --month 2026-03
  seats --config whatif.yaml compute --dry-run --date 2026-03-10`
}

func (c *computeCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	s := stages{Command: "compute", Compute: true, Again: true}
	if !c.DryRun {
		return runJobs(ctx, w, root, t, c.jobFlags, s, 0)
	}
	if c.Restate != "" {
		return usageError("--restate issues files, --dry-run stores nothing: choose one")
	}
	cfg, err := root.loadAll(w)
	if err != nil {
		return err
	}
	jobs, err := c.jobs(w, root, t, cfg, s)
	if err != nil {
		return err
	}
	return dryRun(ctx, w, t, jobs, c.Format)
}

// dryRun prints, for every tenant, what the jobs would give. The exit status is that of the first tenant that
// failed.
func dryRun(ctx context.Context, w *world, t *terminal, jobs []*job.Job, format string) error {
	table := report.Table{Header: []string{"tenant", "region", "measure", "period", "issued", "stored", "value", "difference"}}
	code := fail.OK
	for _, j := range jobs {
		rows, err := j.DryRun(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, r := range rows {
			table.Rows = append(table.Rows, []any{j.Tenant.Name, r.Region, string(r.Measure), r.Period, r.Issued, r.Stored, r.Value, r.Difference()})
		}
		if err == nil {
			continue
		}
		for _, e := range separate(err) {
			t.fail(e, "tenant", j.Tenant.Name)
		}
		if code == fail.OK {
			code = job.ExitCode(err)
		}
	}
	if err := table.Write(w.stdout, format); err != nil {
		return err
	}
	if code != fail.OK {
		return &saidError{code}
	}
	return nil
}
