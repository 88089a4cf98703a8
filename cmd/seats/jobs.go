package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"seats/cmd/seats/deliver"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/sign"
	"seats/report"
)

// stages is what a command asks of its jobs.
type stages = job.Stages

// runJobs is what run, extract, compute and report have in common: one job a tenant, in the order of the file. Where a
// source is not ready, it is waited for as long as wait says.
func runJobs(ctx context.Context, w *world, root *cli, t *terminal, f jobFlags, s stages, wait time.Duration) error {
	if f.Restate != "" {
		if err := report.ValidateReason(string(f.Restate)); err != nil {
			return usageError("--restate: %w", err)
		}
	}
	ours, err := f.shard(w.env, f.Tenant)
	if err != nil {
		return err
	}
	cfg, err := root.loadAll(w)
	if err != nil {
		return err
	}
	if cfg = ours.part(cfg); len(cfg.Tenants) == 0 {
		t.Info("no tenant falls to this shard", "shard", ours)
		writeMetrics(ctx, w, t, cfg, nil, nil) // the file may have tenants that another shard has by now
		return nil
	}
	jobs, err := f.jobs(w, root, t, cfg, s)
	if err != nil {
		return err
	}
	if s.Report {
		key, err := signKey(cfg)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			j.SignKey = key
		}
	}
	lookout := waiter{clock: w.clock, sleep: w.sleep, log: t}
	if wait > 0 {
		lookout.until = w.clock().Add(wait)
	}
	results := do(ctx, jobs, f.Jobs, lookout)
	writeMetrics(context.WithoutCancel(ctx), w, t, cfg, jobs, results)
	if len(results) == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	if err := printResults(w, f.Format, s, results); err != nil {
		return err
	}
	if s.Command == "run" && f.Format == report.FormatTable && len(jobs) == 1 && len(jobs[0].Days) == 1 && len(results) == 1 && results[0].Done == 1 {
		drawDay(ctx, w, root, t, jobs[0].Tenant, jobs[0].Days[0])
	}
	err = outcome(t, results)
	summarizeJobs(t, jobs, results)
	if len(results) < len(jobs) {
		return &partError{results}
	}
	return err
}

// signKey reads the key that manifests are signed with, nil where there is none.
func signKey(cfg *config.Config) (*sign.Key, error) {
	if cfg.SignKey == "" {
		return nil, nil
	}
	return sign.ReadKey(cfg.SignKey, cfg.SignKeyPassword.Reveal())
}

// do runs the jobs, so many at once, until it is interrupted, and gives the results of those that came to their
// end, in the order of the jobs. A job that waits for its source leaves its place to the others.
func do(ctx context.Context, jobs []*job.Job, atOnce int, w waiter) []job.Result {
	all := make([]job.Result, len(jobs))
	var group sync.WaitGroup
	places := make(chan struct{}, max(1, atOnce))
	for i, j := range jobs {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			w.forSource(ctx, j, func(d time.Duration) {
				<-places
				w.sleep(ctx, d)
				places <- struct{}{}
			})
			if all[i].Interrupted = ctx.Err() != nil; !all[i].Interrupted {
				all[i] = j.Do(ctx)
			}
		})
	}
	group.Wait()
	return slices.DeleteFunc(all, func(r job.Result) bool { return r.Interrupted })
}

// partError is an interruption after some tenants were done: what they gave has been printed.
type partError struct{ done []job.Result }

func (e *partError) Error() string {
	names := make([]string, len(e.done))
	for i, r := range e.done {
		names[i] = r.Tenant
	}
	return "interrupted: " + strings.Join(names, ", ") + " had ended; everything else is as it was before"
}

func (f jobFlags) jobs(w *world, root *cli, t *terminal, all *config.Config, s stages) ([]*job.Job, error) {
	cfg, err := root.pick(all, f.Tenant)
	if err != nil {
		return nil, err
	}
	var jobs []*job.Job
	down := &deliver.Outages{}
	for _, tenant := range cfg.Tenants {
		p, skipped, err := f.periodOf(tenant, s, w.clock())
		if err != nil {
			return nil, err
		}
		if skipped != "" {
			t.Info("skipped: "+skipped, "tenant", tenant.Name)
			continue
		}
		if p.running {
			t.Info("the month is not over: its days are done, its enabled agents wait", "tenant", tenant.Name, "month", f.Month)
		}
		if p.cut && !s.CatchUp {
			t.Info("left out: days after the tenant's last one", "tenant", tenant.Name, "until", tenant.Until)
		}
		jobs = append(jobs, &job.Job{Stages: s, Tenant: tenant, Columns: cfg.Columns, Days: p.days, Months: p.months,
			Whole: p.whole, Named: f.Date != "" || f.From != "", Restate: string(f.Restate), Clock: w.clock, Sleep: w.sleep, Down: down, Version: version, Log: t})
	}
	return jobs, nil
}

// periodOf is what is done for a tenant, or why nothing is.
func (f jobFlags) periodOf(tenant config.Tenant, s stages, now time.Time) (p period, skipped string, err error) {
	p, err = f.resolve(tenant, now)
	if s.CatchUp && tenant.ProductionDate != (calendar.Date{}) {
		p, err = sincePeriod(tenant.ProductionDate, lastEnded(tenant, now))
	}
	p = p.within(tenant)
	switch {
	case err != nil:
	case tenant.Disabled:
		skipped = "the tenant is not enabled"
	case len(p.days) > 0:
	case p.cut:
		skipped = "the tenant's last day was " + tenant.Until.String()
	default:
		skipped = "the tenant's production date is still to come"
	}
	return p, skipped, err
}

// printResults prints what the tenants gave; where there are several, the table ends with what became of each.
func printResults(w *world, format string, s stages, results []job.Result) error {
	table := report.Table{}
	if s.Compute || s.Report {
		var rows []report.Outcome
		for _, r := range results {
			rows = append(rows, r.Rows...)
		}
		table = report.Measurements(rows)
	} else {
		table = sliceTable(results)
	}
	if err := table.Write(w.stdout, format); err != nil {
		return err
	}
	if format != report.FormatTable || len(results) < 2 {
		return nil
	}
	if _, err := w.stdout.Write([]byte("\n")); err != nil {
		return err
	}
	return tenantTable(results).Write(w.stdout, format)
}

func sliceTable(results []job.Result) report.Table {
	t := report.Table{Header: []string{"tenant", "day", "state", "sessions", "activities", "agents", "sha256"}}
	for _, r := range results {
		for _, s := range r.Slices {
			t.Rows = append(t.Rows, []any{r.Tenant, s.Day.String(), s.State, s.Sessions, s.Activities, s.Agents, s.SHA256})
		}
	}
	return t
}

func tenantTable(results []job.Result) report.Table {
	t := report.Table{Header: []string{"tenant", "exit", "result"}}
	for _, r := range results {
		message := "done"
		if r.Err != nil {
			message = r.Err.Error()
		}
		t.Rows = append(t.Rows, []any{r.Tenant, int(job.ExitCode(r.Err)), message})
	}
	return t
}

// outcome says what went wrong and with whom. The exit status is the first failed tenant's.
func outcome(t *terminal, results []job.Result) error {
	code := fail.OK
	for _, r := range results {
		if r.Err == nil {
			continue
		}
		for _, err := range separate(r.Err) {
			t.fail(err, "tenant", r.Tenant)
		}
		if code == fail.OK {
			code = job.ExitCode(r.Err)
		}
	}
	return said(code)
}

// summarizeJobs tells a job that nobody watches in a line a tenant, where one line of results does not: what became of
// its days.
func summarizeJobs(t *terminal, jobs []*job.Job, results []job.Result) {
	if len(jobs) == 1 && len(jobs[0].Days) == 1 {
		return
	}
	for _, r := range results {
		line := []any{"tenant", r.Tenant, "exit", int(job.ExitCode(r.Err)), "days_done", r.Done, "days_waiting", r.Waiting, "days_failed", r.Failed, "files", r.Files}
		if len(r.Delivered) > 0 {
			line = append(line, "delivered", len(r.Delivered))
		}
		t.Info("ended", line...)
	}
}

// separate takes joined errors apart.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // only the outermost
		return joined.Unwrap()
	}
	return []error{err}
}

// saidError is an exit status whose reasons have been printed already.
type saidError struct{ code fail.Code }

// said ends the program with the exit status of reasons that have been printed.
func said(code fail.Code) error {
	if code == fail.OK {
		return nil
	}
	return &saidError{code}
}

func (e *saidError) Error() string { return "failed" }
func (e *saidError) ExitCode() int { return int(e.code) }

func alreadySaid(err error) bool {
	var said *saidError
	return errors.As(err, &said)
}
