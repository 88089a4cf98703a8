package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/seats/cmd/seats/deliver"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/cmd/seats/sink"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// jobFlags are common to the commands that work on a tenant's store.
type jobFlags struct {
	Tenant  []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Restate given    `help:"Read and count the days by today's rules, and issue the next revision where a number moved, for this reason." placeholder:"REASON"`
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

func (c *runCmd) Run(ctx context.Context, p *program) error {
	if c.KeepDays < 0 {
		return usageError("--keep-days %d is negative", c.KeepDays)
	}
	if c.Wait < 0 {
		return usageError("--wait %s is negative", c.Wait)
	}
	plan := job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report, job.Deliver},
		Refresh: c.Refresh, AcceptLoss: c.AcceptLoss, KeepDays: c.KeepDays}
	if c.periodFlags == (periodFlags{}) && c.Restate == "" { // a reason is for what somebody has looked at
		plan.Asked = job.Missing
	}
	return c.do(ctx, p, plan, c.Wait)
}

type extractCmd struct {
	jobFlags
	readFlags
}

func (c *extractCmd) Run(ctx context.Context, p *program) error {
	return c.do(ctx, p, job.Plan{Command: "extract", Steps: []string{job.Extract}, AcceptLoss: c.AcceptLoss}, 0)
}

type computeCmd struct {
	jobFlags
	DryRun bool `help:"Store nothing: show what the configuration would give, beside what is stored and issued. Name another one with --config."`
}

func (c *computeCmd) Run(ctx context.Context, p *program) error {
	plan := job.Plan{Command: "compute", Steps: []string{job.Compute}}
	switch {
	case !c.DryRun:
		return c.do(ctx, p, plan, 0)
	case c.Restate != "":
		return usageError("--restate issues files, --dry-run stores nothing: choose one")
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	jobs, err := c.jobs(p, cfg, plan)
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "region", "measure", "period", "issued", "stored", "value", "difference"}}
	y := tally{terminal: p.terminal}
	for _, j := range jobs {
		rows, err := j.DryRun(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		table.Rows = append(table.Rows, rows...)
		y.add(j.Tenant.Name, err)
	}
	return p.print(table, c.Format, y.failed())
}

type deliverCmd struct {
	listFlags
	Again given `help:"Deliver once more what was issued since this date or time, though it was delivered." placeholder:"SINCE"`
	Jobs  int   `help:"Tenants worked on at once." default:"1" placeholder:"N"`
	shardFlags
}

// Run delivers what every tenant issued and has not delivered yet, and prints a row for each file that arrived. A tenant
// that cannot be delivered to does not keep back the others.
func (c *deliverCmd) Run(ctx context.Context, p *program) error {
	cfg, err := c.part(p, c.Tenant)
	if err != nil {
		return err
	}
	again, err := time.Parse(time.DateOnly, string(c.Again))
	if err != nil {
		again, err = time.Parse(time.RFC3339, string(c.Again))
	}
	if err != nil && c.Again != "" {
		return usageError("--again %s: want a date, in UTC, as 2026-03-01, or a time as 2026-03-01T06:00:00Z", c.Again)
	}
	down := &deliver.Outages{}
	var jobs []*job.Job
	for _, tenant := range cfg.Tenants {
		if tenant.Deliver == nil {
			p.Info("skipped: the configuration says nowhere whereto its files are delivered", "tenant", tenant.Name)
			continue
		}
		j := p.job(tenant, job.Plan{Command: "deliver", Steps: []string{job.Deliver}, Again: again})
		j.Down = down
		jobs = append(jobs, j)
	}
	if err := lookup(cfg, jobs); err != nil {
		return err
	}
	results, err := doAll(ctx, jobs, c.Jobs, waiter{program: p})
	if err != nil {
		return err
	}
	table := report.Table{Header: []string{"tenant", "file", "sent_as", "sent_sha256", "target", "delivered_at"}}
	for _, r := range results {
		for _, d := range r.Delivered {
			table.Rows = append(table.Rows, []any{r.Tenant, d.File, d.SentAs, d.SentSHA256, d.Target, d.At})
		}
	}
	return cmp.Or(p.show(table, c.Format), p.outcome(jobs, results))
}

// do is what run, extract, compute and report have in common: one job a tenant, in the order of the file. Where a
// source is not ready, it is waited for as long as wait says.
func (f jobFlags) do(ctx context.Context, p *program, plan job.Plan, wait time.Duration) error {
	ctx = store.WithPatience(ctx, store.Patience{}) // the jobs have one each, and what comes after them must not wait again
	if f.Restate != "" {
		if err := report.ValidateReason(string(f.Restate)); err != nil {
			return usageError("--restate: %w", err)
		}
	}
	cfg, err := f.part(p, f.Tenant)
	if err != nil {
		return err
	}
	if len(cfg.Tenants) == 0 {
		p.Info("no tenant falls to this shard")
		p.writeMetrics(ctx, cfg, nil, nil) // files of tenants that have left go
		return nil
	}
	jobs, err := f.jobs(p, cfg, plan)
	if err != nil {
		return err
	}
	if err := lookup(cfg, jobs); err != nil {
		return err
	}
	lookout := waiter{program: p}
	if wait > 0 {
		lookout.until = p.clock().Add(wait)
	}
	results, err := doAll(ctx, jobs, f.Jobs, lookout)
	p.writeCatalogue(context.WithoutCancel(ctx), cfg)
	p.writeMetrics(context.WithoutCancel(ctx), cfg, jobs, results)
	if err != nil {
		return err
	}
	if err := f.print(p, plan, results); err != nil {
		return err
	}
	one := len(jobs) == 1 && len(jobs[0].Days) == 1
	if one && plan.Command == "run" && f.Format == report.FormatTable && len(results) == 1 && results[0].Done == 1 {
		p.drawDay(ctx, jobs[0].Tenant, jobs[0].Days[0])
	}
	err = p.outcome(jobs, results)
	for _, r := range results { // for a job that nobody watches, where one line of results does not tell what became of its days
		line := []any{"tenant", r.Tenant, "exit", int(job.ExitCode(r.Err)), "days_done", r.Done, "days_waiting", r.Waiting, "days_failed", r.Failed, "files", r.Files}
		if len(r.Delivered) > 0 {
			line = append(line, "delivered", len(r.Delivered))
		}
		if !one {
			p.Info("ended", line...)
		}
	}
	if plan.Command == "run" {
		return f.after(ctx, p, cfg, results, err)
	}
	return err
}

// after does what the configuration wants of a run besides files, once these are issued and delivered. What fails here costs none of
// them: it is a warning, and exit 1 where all else went well.
func (f jobFlags) after(ctx context.Context, p *program, cfg *config.Config, results []job.Result, failed error) error {
	try := func(what, whereto string, do func() error) {
		if whereto == "" || ctx.Err() != nil {
			return
		}
		if err := do(); err != nil && ctx.Err() == nil {
			p.warn(what, err, "tried", whereto)
			failed = cmp.Or(failed, error(&saidError{fail.Other}))
		}
	}
	if len(cfg.Tenants) == len(cfg.Names) {
		try("the pages are not what they should be", cfg.Pages, func() error { return (&reportCmd{HTML: cfg.Pages}).pages(ctx, p) })
		try("the lake is not what it should be", cfg.Lake, func() error { return (&exportCmd{Lake: cfg.Lake, Retain: lake.Retention, Jobs: f.Jobs}).Run(ctx, p) })
	} else if cfg.Pages+cfg.Lake != "" {
		p.Info("skipped: pages and lake are of all tenants, and this run is of some: `seats report --html` and `seats export` write them")
	}
	if cfg.Sink.Given() {
		try("the sink is not what it should be", "globals.sink", func() error { return sink.Fill(ctx, cfg.Sink, cfg.Tenants) })
	}
	if len(cfg.Notify) > 0 { // its arguments may hold a secret
		try("nobody was told of the run", cfg.Notify[0], func() error { return p.notify(ctx, cfg.Notify, results, failed) })
	}
	return failed
}

// outcomeKeys are the names of what outcomeOf gives.
var outcomeKeys = []string{"exit", "reason", "again", "days_done", "days_waiting", "days_failed", "files"}

// outcomeOf is what became of a tenant, for programs.
func outcomeOf(r job.Result) []any {
	var reason any
	if r.Err != nil {
		reason = r.Err.Error()
	}
	code := job.ExitCode(r.Err)
	return []any{int(code), reason, code.Again(), r.Done, r.Waiting, r.Failed, r.Files}
}

// withOutcomes adds a row for each tenant to a table of measurements, for programs: what a measurement has is null in it, and what
// it has is absent from measurements.
func withOutcomes(t report.Table, results []job.Result) report.Table {
	for i := range t.Rows {
		t.Rows[i] = append(t.Rows[i], slices.Repeat([]any{report.Absent}, len(outcomeKeys))...)
	}
	for _, r := range results {
		row := make([]any, len(t.Header))
		row[0], row[2] = r.Tenant, "outcome"
		t.Rows = append(t.Rows, append(row, outcomeOf(r)...))
	}
	t.Header = append(t.Header, outcomeKeys...)
	return t
}

// notify runs the command that is to be told of a run, for a minute at most.
func (p *program) notify(ctx context.Context, command []string, results []job.Result, failed error) error {
	tenants := []map[string]any{}
	for _, r := range results {
		why := map[string]string{}
		for _, o := range r.Rows {
			if cmp.Or(o.Issue.State, o.Number.State) == settle.Provisional {
				why[o.Number.Period] = o.Number.Why
			}
		}
		tenant := map[string]any{"tenant": r.Tenant, "provisional": why, "delivered": len(r.Delivered), "numbers": report.Measurements(r.Rows)}
		for i, value := range outcomeOf(r) {
			tenant[outcomeKeys[i]] = value
		}
		tenant["message"] = cmp.Or(tenant["reason"], any("")) // as it was called first
		tenants = append(tenants, tenant)
	}
	text, err := json.Marshal(map[string]any{"program": version, "ended_at": p.clock().UTC(), "exit": int(job.ExitCode(failed)), "tenants": tenants})
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeoutCause(ctx, time.Minute, errors.New("it took longer than a minute"))
	defer stop()
	told := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the site's own
	told.Stdin, told.WaitDelay = bytes.NewReader(text), time.Second
	_, err = told.Output()
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = fmt.Errorf("%w: %s", cmp.Or(context.Cause(ctx), err), lines[len(lines)-1])
	}
	return err
}

// lookup looks up the secrets that jobs will use: what is wrong with any is said before anything is begun. Those that issue get the key.
func lookup(cfg *config.Config, jobs []*job.Job) error {
	var used []config.Secret
	signs := len(jobs) > 0 && slices.Contains(jobs[0].Steps, job.Report)
	if signs {
		used = append(used, cfg.SignKey, cfg.SignKeyPassword)
	}
	for _, j := range jobs {
		if j.Command == "run" {
			used = append(used, cfg.Sink)
		}
		if j.Tenant.GIM != nil && slices.Contains(j.Steps, job.Extract) {
			used = append(used, j.Tenant.GIM.Password)
		}
		if j.Tenant.Deliver != nil && slices.Contains(j.Steps, job.Deliver) {
			used = append(used, j.Tenant.Deliver.KeyFile, j.Tenant.Deliver.Agent)
		}
	}
	if err := config.Lookup(used...); err != nil || !signs {
		return err
	}
	key, err := signKey(cfg)
	for _, j := range jobs {
		j.SignKey = key
	}
	return err
}

// signKey reads the key that manifests are signed with, nil where there is none.
func signKey(cfg *config.Config) (*sign.Key, error) {
	if err := config.Lookup(cfg.SignKey, cfg.SignKeyPassword); err != nil || !cfg.SignKey.Given() {
		return nil, err
	}
	path, _ := cfg.SignKey.Reveal()
	password, _ := cfg.SignKeyPassword.Reveal()
	return sign.ReadKey(path, password)
}

// job is a tenant's, in this world.
func (p *program) job(tenant config.Tenant, plan job.Plan) *job.Job {
	return &job.Job{Plan: plan, Tenant: tenant, Clock: p.clock, Sleep: p.sleep, Version: version, Log: p.terminal}
}

// jobs are those of the tenants that the flags name. A tenant that nothing is done for has none.
func (f jobFlags) jobs(p *program, cfg *config.Config, plan job.Plan) (jobs []*job.Job, err error) {
	switch plan.Restate = string(f.Restate); {
	case f.Month != "":
		plan.Asked = job.Month
	case f.Date != "" || f.From != "":
		plan.Asked = job.Days
	}
	down := &deliver.Outages{}
	for _, tenant := range cfg.Tenants {
		of, err := f.resolve(tenant, p.clock())
		if since := tenant.ProductionDate; plan.Asked == job.Missing && !since.IsZero() {
			of = daysPeriod(since, lastEnded(tenant, p.clock()))
		}
		if err != nil {
			return nil, err
		}
		of = of.within(tenant)
		switch {
		case tenant.Disabled:
			p.Info("skipped: the tenant is not enabled", "tenant", tenant.Name)
			continue
		case len(of.days) == 0 && of.cut:
			p.Info("skipped: the tenant's last day was "+tenant.Until.String(), "tenant", tenant.Name)
			continue
		case len(of.days) == 0:
			p.Info("skipped: the tenant's production date is still to come", "tenant", tenant.Name)
			continue
		case of.running:
			p.Info("the month is not over: its days are done, its enabled agents wait", "tenant", tenant.Name, "month", f.Month)
		}
		if of.cut && plan.Asked != job.Missing {
			p.Info("left out: days after the tenant's last one", "tenant", tenant.Name, "until", tenant.Until)
		}
		plan.Days, plan.Months = of.days, of.months
		j := p.job(tenant, plan)
		j.Columns, j.Down = cfg.Columns, down
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// doAll does the jobs, so many at once, until it is interrupted, and gives the results of those that came to their
// end, in the order of the jobs; where none did, that is the error. A job that waits for its source, or its store, leaves its place to the others.
func doAll(ctx context.Context, jobs []*job.Job, atOnce int, w waiter) ([]job.Result, error) {
	all := make([]job.Result, len(jobs))
	var group sync.WaitGroup
	places := make(chan struct{}, max(1, atOnce))
	for i, j := range jobs {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			aside := func(ctx context.Context, d time.Duration) {
				<-places
				w.sleep(ctx, d)
				places <- struct{}{}
			}
			w.forSource(ctx, j, func(d time.Duration) { aside(ctx, d) })
			if all[i].Interrupted = ctx.Err() != nil; !all[i].Interrupted {
				all[i] = j.Do(store.WithPatience(ctx, store.Patience{
					For: func() time.Duration { return *cmp.Or(w.RetryLock, &j.Tenant.RetryLock) }, Sleep: aside,
					Say: func(held error, most time.Duration) { w.sayHeld(held, most, "tenant", j.Tenant.Name) },
				}))
				w.sayPeriods(all[i])
			}
		})
	}
	group.Wait()
	all = slices.DeleteFunc(all, func(r job.Result) bool { return r.Interrupted })
	if len(all) == 0 {
		return nil, ctx.Err()
	}
	return all, nil
}

// partError is an interruption after some tenants were done: what they gave has been printed.
type partError struct{ done []string }

func (e *partError) Error() string {
	return "interrupted: " + strings.Join(e.done, ", ") + " had ended; everything else is as it was before"
}

// sayPeriods says in a line what came of each period that anything was done for: read, counted, or issued. What was read alone is on standard output.
func (p *program) sayPeriods(r job.Result) {
	if p.details { // each step has said that
		return
	}
	done, said, did := map[string]bool{}, []string{}, map[string]int{} // files, by what was done about them
	for _, s := range r.Slices {
		done[s.Day.String()] = true
	}
	for i, o := range r.Rows { // by period
		n := o.Number
		said = append(said, strings.TrimPrefix(fmt.Sprintf("%s %s %d", n.Measure, n.Region, n.Value), "concurrent "))
		if o.Action != report.Unchanged {
			done[n.Period] = true
			did[string(o.Action)]++
		}
		if i+1 < len(r.Rows) && r.Rows[i+1].Number.Period == n.Period {
			continue
		}
		line := []any{"tenant", r.Tenant, "period", n.Period, "state", cmp.Or(o.Issue.State, n.State)}
		if line[5] == settle.Provisional {
			line = append(line, "why", n.Why)
		}
		delete(did, "") // counted, and not issued
		for _, action := range slices.Sorted(maps.Keys(did)) {
			line = append(line, action, did[action])
		}
		if done[n.Period] {
			p.Info(strings.Join(said, ", "), line...)
		}
		said = nil
		clear(did)
	}
}

// outcome says what went wrong and with whom. The exit status is the worst.
func (p *program) outcome(jobs []*job.Job, results []job.Result) error {
	y := tally{terminal: p.terminal}
	for _, r := range results {
		y.add(r.Tenant, r.Err)
	}
	if len(results) < len(jobs) {
		return &partError{list.Of(results, func(r job.Result) string { return r.Tenant })}
	}
	return y.failed()
}

// print prints what the tenants gave; where there are several, the table ends with what became of each.
func (f jobFlags) print(p *program, plan job.Plan, results []job.Result) error {
	slicesTable := report.Table{Header: []string{"tenant", "day", "state", "sessions", "activities", "agents", "sha256"}}
	tenants := report.Table{Header: []string{"tenant", "exit", "result"}}
	var rows []report.Outcome
	for _, r := range results {
		rows = append(rows, r.Rows...)
		for _, s := range r.Slices {
			slicesTable.Rows = append(slicesTable.Rows, []any{r.Tenant, s.Day.String(), s.State, s.Sessions, s.Activities, s.Agents, s.SHA256})
		}
		message := "done"
		if r.Err != nil {
			message = strings.ReplaceAll(r.Err.Error(), "\n", " ")
		}
		tenants.Rows = append(tenants.Rows, []any{r.Tenant, int(job.ExitCode(r.Err)), message})
	}
	table := report.Measurements(rows)
	switch {
	case plan.Command == "extract":
		table = slicesTable
	case f.Format == report.FormatJSON && plan.Command == "run":
		table = withOutcomes(table, results)
	}
	if f.Format == report.FormatTable && len(results) > 1 {
		return p.printTables(table, tenants)
	}
	return p.show(table, f.Format)
}

// writeMetrics brings the metrics up to date after a run, however that went. Whatever keeps it from that is a
// warning: the run's results and its exit status are what they are.
func (p *program) writeMetrics(ctx context.Context, cfg *config.Config, jobs []*job.Job, results []job.Result) {
	if cfg.Metrics+cfg.Pushgateway == "" {
		return
	}
	now := p.clock()
	site := watch.Site{Version: version, Now: now, Names: cfg.Names, Runs: map[string]watch.Run{},
		Look: func(tenant config.Tenant) (watch.State, error) { return look(ctx, tenant, now) }}
	for _, j := range jobs {
		site.Tenants = append(site.Tenants, j.Tenant)
		site.Runs[j.Tenant.Name] = watch.Run{Exit: int(fail.Interrupted)} // or not begun for that
	}
	for _, r := range results {
		site.Runs[r.Tenant] = watch.Run{Exit: int(job.ExitCode(r.Err)), Stages: r.Stages}
	}
	if cfg.Metrics != "" {
		if err := site.Write(cfg.Metrics); err != nil {
			p.warn("the metrics are not what they should be", err, "folder", cfg.Metrics)
		}
	}
	if cfg.Pushgateway != "" {
		if err := site.Push(ctx, cfg.Pushgateway); err != nil {
			p.warn("the metrics are not pushed", err, "tried", "globals.pushgateway")
		}
	}
}

// waiter waits for sources that are not ready (R10). It only looks: once the time is up the job runs all the same,
// and says what is missing as it would have said before.
type waiter struct {
	*program
	until time.Time // zero: nothing is waited for
}

// forSource waits until the job's source is ready, or the time is up, or the context is done. A source that cannot be asked is not ready. A chunk of
// an export that has come meanwhile, or was written to a short while ago, is ready once two looks in a row find the same files: it may have been seen
// while it was copied. One that lacks a dimension has to lie still for longer, one that lacks a fact table is never ready.
func (w waiter) forSource(ctx context.Context, j *job.Job, sleep func(time.Duration)) {
	if w.until.IsZero() {
		return
	}
	const firstPause, longestPause = 30 * time.Second, 10 * time.Minute // between two looks; they double from the first to the longest
	const longStill = 5 * time.Minute                                   // so long nothing is written to what is surely no longer being copied
	who := []any{"tenant", j.Tenant.Name, "day", j.LastDay()}
	var newest, said string
	for pause, first := firstPause, true; ; first = false {
		look, err := j.Look(ctx)
		left, still := w.until.Sub(w.clock()), w.clock().Sub(look.Written) > longStill
		switch {
		case ctx.Err() != nil || look.Ready && first && still:
			return
		case look.Ready && look.Newest == newest && (still || !look.Lacks):
			w.Info("the source is ready", append(who, "high_water", look.Mark())...)
			return
		case left <= 0:
			w.Warn("the time to wait is over", who...)
			return
		case look.Ready || look.Partial:
			pause = firstPause
		}
		what := "waiting for the newest chunk of the export to be copied whole"
		switch {
		case err != nil:
			what = "waiting for a source that cannot be asked: " + err.Error()
		case !look.Ready && !look.Partial:
			what = "waiting for the source, which " + look.Reach()
		}
		if what != said {
			said = what
			w.Info(what, append(who, "until", w.until.UTC().Format(time.RFC3339))...)
		}
		newest = look.Newest
		sleep(min(pause, left))
		pause = min(2*pause, longestPause)
	}
}

// sleep pauses until the time has passed or the context is done.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
