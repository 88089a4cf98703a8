package main

import (
	"context"

	"seats/cmd/seats/job"
	"seats/cmd/seats/watch"
	"seats/internal/config"
	"seats/internal/fail"
)

// writeMetrics brings the metrics file up to date after a run, however that went. Whatever keeps it from that is a
// warning: the run's results and its exit status are what they are.
func writeMetrics(ctx context.Context, w *world, t *terminal, cfg *config.Config, jobs []*job.Job, results []job.Result) {
	if cfg.MetricsFile == "" {
		return
	}
	now := w.clock()
	site := watch.Site{Version: version, Now: now, Tenants: cfg.Tenants, Runs: runsOf(jobs, results),
		Look: func(tenant config.Tenant) (watch.State, error) { return look(ctx, tenant, now) }}
	if err := site.WriteFile(cfg.MetricsFile); err != nil {
		t.warn("the metrics file is not what it should be", err, "file", cfg.MetricsFile)
	}
}

// runsOf is what became of the jobs' tenants. A job without a result was interrupted, or not begun for that.
func runsOf(jobs []*job.Job, results []job.Result) []watch.Run {
	ended := map[string]job.Result{}
	for _, r := range results {
		ended[r.Tenant] = r
	}
	var runs []watch.Run
	for _, j := range jobs {
		run := watch.Run{Tenant: j.Tenant.Name, Exit: int(fail.Interrupted)}
		if r, is := ended[run.Tenant]; is {
			run.Exit, run.Stages = int(job.ExitCode(r.Err)), r.Stages
		}
		runs = append(runs, run)
	}
	return runs
}
