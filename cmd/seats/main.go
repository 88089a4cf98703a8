// Command seats computes seats_outbound from a Genesys Info Mart: how many agents used Outbound Contact, at
// once (daily) and at all (monthly), for billing.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/lake"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/disk"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

func main() { os.Exit(start(time.Now, sleep)) }

// start runs the program as a process of its own and gives its exit status. A first Ctrl-C asks it to stop
// cleanly, a second one ends it on the spot: the published stores survive that too.
func start(clock func() time.Time, sleep func(context.Context, time.Duration)) int {
	syscall.Umask(0o077) // the store and the outputs are nobody else's to read
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		time.Sleep(time.Second) // so long a second signal is taken for the first: timeout(1) sends two
		stop()
	})
	return run(ctx, os.Args[1:], world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, clock: clock, sleep: sleep, env: os.LookupEnv,
	})
}

// release is what the CHANGELOG calls this program; `make dist` reads it here.
const release = "0.1.0"

// version is what manifests, metrics and the ledger name: the release and, where the source was a checkout, its revision.
var version = release + revision()

func revision() string {
	said := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			said[s.Key] = s.Value
		}
	}
	if said["vcs.revision"] == "" {
		return ""
	}
	return fmt.Sprintf("+%.12s%s", said["vcs.revision"], map[string]string{"true": ".dirty"}[said["vcs.modified"]])
}

// versionFlag prints the versions and ends the program, whatever else is on the command line.
type versionFlag bool

// BeforeReset runs as soon as the flag is seen.
func (versionFlag) BeforeReset(app *kong.Kong, _ kong.Vars) error {
	db, err := duck.Open("", duck.Options{})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // in memory
	engine, err := duck.Version(context.Background(), db)
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "seats %s (%s, DuckDB %s)\n", version, runtime.Version(), engine)
	app.Exit(0)
	return nil
}

// world is everything outside the program that a command may touch: tests bring their own.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	clock          func() time.Time
	sleep          func(context.Context, time.Duration)
	env            func(string) (string, bool)
}

type cli struct {
	Config    string         `help:"Configuration file." default:"seats.yaml" env:"SEATS_CONFIG" type:"path" placeholder:"FILE"`
	LogFormat string         `help:"Messages on standard error: ${enum}." enum:"text,json" default:"text"`
	NoColor   bool           `help:"No colours on a terminal; a NO_COLOR in the environment asks for the same."`
	Quiet     bool           `short:"q" help:"Only warnings and errors on standard error." xor:"said"`
	Verbose   bool           `short:"v" help:"A line for each step on standard error, not for each day. With --log-format json each has one always." xor:"said"`
	RetryLock *time.Duration `help:"Wait so long for a store that another program holds. Default: retry_lock of the configuration; what only reads waits 30s of that at most." placeholder:"10m"`
	Version   versionFlag    `help:"Print the version, the Go and the DuckDB version, and quit."`

	patience time.Duration // of what only reads, with a store that another program holds

	Init          initCmd      `cmd:"" help:"Write a first configuration: asks a few questions, and looks at the GIM for switches."`
	Configuration configCmd    `cmd:"" name:"config" help:"What a configuration may hold."`
	Run           runCmd       `cmd:"" help:"The nightly job: extract, compute, verify, report, deliver, for every tenant." set:"default_period=the newest day that has ended in every region, and what is missing since the tenant's production_date"`
	Extract       extractCmd   `cmd:"" help:"Copy days of the GIM into the store as slices."`
	Compute       computeCmd   `cmd:"" help:"Compute the stored slices, twice, and compare."`
	Report        reportCmd    `cmd:"" help:"Issue data files from the stored results."`
	Deliver       deliverCmd   `cmd:"" help:"Deliver what was issued and not delivered yet, to where the configuration says."`
	Status        statusCmd    `cmd:"" help:"Days present, final or provisional, months complete, issued files, gaps."`
	Check         checkCmd     `cmd:"" help:"Check configuration and sources; change nothing."`
	Audit         auditCmd     `cmd:"" help:"Reconcile what was issued with what it was counted from; by default all that the store holds." set:"default_period=all that the store holds"`
	Reconcile     reconcileCmd `cmd:"" help:"Hold a vendor's data files, or an invoice, against our numbers, and look for readings that give theirs."`
	Explain       explainCmd   `cmd:"" help:"Why this number: who was there, what qualified them, what became of an agent's sessions."`
	Export        exportCmd    `cmd:"" help:"Results, raw rows and counting rules of all tenants as Parquet, for other engines; by default all that the stores hold, and of it what changed." set:"default_period=all that the store holds"`
	Backup        backupCmd    `cmd:"" help:"Copy the stores and the sealed months that they ask for into a new folder."`
	Fleet         fleetCmd     `cmd:"" help:"All tenants at a glance."`
	SQL           sqlCmd       `cmd:"" name:"sql" help:"Ask a tenant's snapshot in SQL, or those of several as one, read-only."`

	Licenses   licensesCmd   `cmd:"" help:"Print the licences of everything that is linked in."`
	Man        manCmd        `cmd:"" hidden:"" help:"Print the manual page."`
	Completion completionCmd `cmd:"" hidden:"" help:"Print what makes a shell complete the command line."`
}

// The first line is what the manual page has for a title.
const description = `Counts the agents who used Outbound Contact, for billing.

For seats_outbound: the daily peak of agents at once, to the second, and the agents of a month. Every number is computed twice, and issued only when both agree.

Results go to standard output, everything else to standard error. Exit status: 0 done, 1 failed otherwise, 3 the two computations differ, 4 not ready or days missing, 5 source failed, 6 blocking data quality, 7 restatement needed, 8 store busy or damaged, 9 configuration invalid, 80 usage, 130 interrupted. Of several tenants the worst: 3, 9, 7, 6, 1, 8, 5, 4. Another try may mend 4, 5 and 8; 3, 6, 7 and 9 want a person.`

// details are what the help of a command says below its flags: examples, and what there is to know.
//
//go:embed help.txt
var details string

// commandLine reads a command line into its flags.
func commandLine(c *cli, options ...kong.Option) (*kong.Kong, error) {
	app, err := kong.New(c, append(options, kong.Name("seats"), kong.Description(description), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"default_period": "the newest day that has ended in every region", "retention": lake.Retention.String()})...)
	if err != nil {
		return nil, err
	}
	for text := range strings.SplitSeq(details, "\n-- ") {
		path, detail, _ := strings.Cut(strings.TrimPrefix(text, "-- "), " --\n")
		for _, n := range commands(app.Model.Node) { // one that has a single command has its details too
			if own := strings.TrimPrefix(n.FullPath(), "seats "); path == own || strings.HasPrefix(path, own+" ") {
				n.Detail = strings.TrimRight(detail, "\n")
			}
		}
	}
	return app, nil
}

// run is the whole program: it parses, runs the command, prints the error, and gives the exit status.
func run(ctx context.Context, args []string, w world) (code int) {
	var c cli
	exited := errors.New("exited")
	defer func() {
		if r := recover(); r != nil && r != exited { //nolint:errorlint // our own value
			panic(r)
		}
	}()
	p := &program{world: &w, cli: &c}
	ctx = store.WithPatience(ctx, store.Patience{
		For: func() time.Duration { return p.patience }, Sleep: w.sleep, Say: func(held error, most time.Duration) { p.sayHeld(held, most) },
	})
	parser, err := commandLine(&c, kong.Writers(w.stdout, w.stderr), kong.Exit(func(status int) { code = status; panic(exited) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(p))
	if err != nil {
		fmt.Fprintln(w.stderr, "seats:", err)
		return int(fail.Other)
	}
	p.terminal = newTerminal(w.stderr, "text", w.clock)
	k, err := parser.Parse(queriesAsArguments(args))
	if err != nil {
		p.fail(fail.New(fail.Usage, "seats --help lists the commands, seats COMMAND --help their flags", "%w", err))
		return int(fail.Usage)
	}
	p.terminal = newTerminal(w.stderr, c.LogFormat, w.clock)
	p.quiet, p.details = c.Quiet, c.Verbose || p.json != nil
	err = disk.Explain(k.Run(), "")
	if ctx.Err() != nil && err != nil && !alreadySaid(err) {
		what := "interrupted: everything is as it was before"
		if part, some := errors.AsType[*partError](err); some {
			what = part.Error()
		}
		p.Warn(what)
		return int(fail.Interrupted)
	}
	p.fail(err)
	return int(job.ExitCode(err))
}

// queriesAsArguments keeps a query that begins with an SQL comment from being read as a flag.
func queriesAsArguments(args []string) []string {
	query := func(a string) bool {
		return strings.HasPrefix(a, "--") && strings.ContainsAny(a[:min(3, len(a))], " \t\n")
	}
	at := slices.IndexFunc(args, func(a string) bool { return a == "--" || query(a) })
	if at < 0 || args[at] == "--" {
		return args
	}
	return slices.Insert(slices.Clone(args), at, "--")
}

func usageError(format string, args ...any) error {
	return fail.New(fail.Usage, "", format, args...)
}

// saidError is an exit status whose reasons have been printed already.
type saidError struct{ code fail.Code }

func (e *saidError) Error() string { return "failed" }
func (e *saidError) ExitCode() int { return int(e.code) }

func alreadySaid(err error) bool {
	_, said := errors.AsType[*saidError](err)
	return said
}

// program is what a command has to do with: the world, the flags before it, and standard error.
type program struct {
	*world
	*cli
	*terminal
}

func (p *program) sayHeld(held error, most time.Duration, attrs ...any) {
	p.warn(fmt.Sprintf("waiting, for %s at most", most), held, attrs...)
}

// load reads the configuration and picks the tenants that are named, all where none is.
func (p *program) load(names []string) (*config.Config, error) {
	cfg, err := config.Load(p.Config, p.env, names...)
	if err != nil {
		hint := ""
		switch syscall.Access(p.Config, 4) { // to be read
		case syscall.ENOENT:
			hint = "`seats init` asks a few questions and writes a first one; --config FILE names another"
		case syscall.EACCES:
			hint = "be the user of the runs, as by `sudo -u seats`; --config FILE names another, and `seats init` writes a first one"
		}
		return nil, fail.New(fail.BadConfig, hint, "%w", err)
	}
	if p.RetryLock != nil && *p.RetryLock < 0 {
		return nil, usageError("--retry-lock %s is negative", *p.RetryLock)
	}
	for _, t := range cfg.Tenants {
		p.patience = max(p.patience, *cmp.Or(p.RetryLock, new(min(t.RetryLock, 30*time.Second))))
	}
	for _, n := range names {
		if !slices.ContainsFunc(cfg.Tenants, func(t config.Tenant) bool { return t.Name == n }) {
			return nil, fail.New(fail.Usage, "tenants are listed in "+p.Config, "no tenant %q in the configuration", n)
		}
	}
	return only(cfg, func(name string) bool { return len(names) == 0 || slices.Contains(names, name) }), nil
}

// only is the configuration with some of its tenants.
func only(cfg *config.Config, wanted func(name string) bool) *config.Config {
	some := *cfg
	some.Tenants = slices.DeleteFunc(slices.Clone(cfg.Tenants), func(t config.Tenant) bool { return !wanted(t.Name) })
	return &some
}

// tally says what went wrong with tenants, of whom one does not keep back the others. Its exit status is the worst.
type tally struct {
	*terminal
	code fail.Code
}

func (y *tally) add(tenant string, err error) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // only the outermost
		all = joined.Unwrap()
	}
	for _, e := range all {
		y.fail(e, "tenant", tenant)
	}
	y.code = fail.Worst(y.code, job.ExitCode(err))
}

func (y *tally) failed() error {
	if y.code == fail.OK {
		return nil
	}
	return &saidError{y.code}
}

// nothingYet is said of a tenant that has no store.
const nothingYet = "nothing extracted yet"

// eachTenant does something for every tenant, as a tally has it. One without a store is passed over.
func (p *program) eachTenant(ctx context.Context, tenants []config.Tenant, do func(config.Tenant) error) error {
	y := tally{terminal: p.terminal}
	for _, tenant := range tenants {
		err := job.Explain(do(tenant), tenant)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrMissing) && !errors.Is(err, store.ErrUnsealed):
			p.Info(nothingYet, "tenant", tenant.Name, "store", tenant.StorePath())
		default:
			y.add(tenant.Name, err)
		}
	}
	return y.failed()
}

// print writes a table. What has been said of tenants before is the exit status after it; what has not keeps it back.
func (p *program) print(table report.Table, format string, failed error) error {
	if failed != nil && !alreadySaid(failed) {
		return failed
	}
	return cmp.Or(p.show(table, format), failed)
}

// show writes a table as it fits the terminal, where that is what standard output is.
func (p *program) show(table report.Table, format string) error {
	table.Width = p.screen().width
	return table.Write(p.stdout, format)
}

// printTables writes tables for people, with a blank line between them.
func (p *program) printTables(tables ...report.Table) error {
	for i, table := range tables {
		if i > 0 {
			fmt.Fprintln(p.stdout) //nolint:errcheck // what follows fails likewise
		}
		if err := p.show(table, report.FormatTable); err != nil {
			return err
		}
	}
	return nil
}

// reading opens a tenant's published store for as long as something is read of what it says of itself: numbers, files, the ledger.
func reading(ctx context.Context, t config.Tenant, read func(duck.Queryer) error) error {
	db, err := store.OpenPublished(ctx, t.StorePath(), duck.Of(t.Engine))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	return read(db)
}

type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }

// readingRows is reading of its rows, those of sealed months too that are wanted; nil: all.
func readingRows(ctx context.Context, t config.Tenant, wanted func(calendar.Month) bool, read func(*duck.Conn) error) error {
	db, err := store.OpenWhole(ctx, t.StorePath(), duck.Of(t.Engine), wanted)
	if err != nil {
		return storeError{err}
	}
	return duck.On(ctx, db, read)
}
