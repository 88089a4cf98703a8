package main

import (
	"context"
	"errors"

	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/internal/job"
	"seats/report"
)

// stages is what a command asks of its jobs.
type stages = job.Stages

// runJobs is what run, extract, compute and report have in common: one job a tenant, in the order of the file.
func runJobs(ctx context.Context, w *world, root *cli, t *terminal, f jobFlags, s stages) error {
	if f.Restate != "" {
		if err := report.ValidateReason(f.Restate); err != nil {
			return usageError("--restate: %w", err)
		}
	}
	jobs, err := f.jobs(w, root, t, s)
	if err != nil {
		return err
	}
	var results []job.Result
	for _, j := range jobs {
		results = append(results, j.Do(ctx))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := printResults(w, f.Format, s, results); err != nil {
		return err
	}
	return outcome(t, results)
}

func (f jobFlags) jobs(w *world, root *cli, t *terminal, s stages) ([]*job.Job, error) {
	cfg, err := root.load(w, f.Tenant)
	if err != nil {
		return nil, err
	}
	var jobs []*job.Job
	for _, tenant := range cfg.Tenants {
		p, err := f.resolve(tenant, w.clock())
		if err != nil {
			return nil, err
		}
		if p.running {
			t.Info("the month is not over: its days are done, its enabled agents wait", "tenant", tenant.Name, "month", f.Month)
		}
		jobs = append(jobs, &job.Job{Stages: s, Tenant: tenant, Columns: cfg.Columns, Days: p.days, Months: p.months,
			Whole: p.whole, Restate: f.Restate, Clock: w.clock, Version: version, Log: t})
	}
	return jobs, nil
}

// printResults prints what the tenants gave; where there are several, the table ends with what became of each.
func printResults(w *world, format string, s stages, results []job.Result) error {
	table := report.Table{}
	if s.Compute || s.Report {
		var rows []report.Row
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
	if code == fail.OK {
		return nil
	}
	return &saidError{code}
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

func (e *saidError) Error() string { return "failed" }
func (e *saidError) ExitCode() int { return int(e.code) }

func alreadySaid(err error) bool {
	var said *saidError
	return errors.As(err, &said)
}

// dayList writes dates as runs: 2026-03-01..2026-03-04, 2026-03-09.
func dayList(days []calendar.Date) string {
	text := ""
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last].AddDays(1) {
			last++
		}
		if text != "" {
			text += ", "
		}
		text += days[i].String()
		if last > i {
			text += ".." + days[last].String()
		}
		i = last + 1
	}
	return text
}
