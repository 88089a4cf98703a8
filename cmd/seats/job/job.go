// Package job takes one tenant through the stages: extract, compute, report. It is what the commands run,
// extract, compute and report have in common.
//
// A job works on a copy of the tenant's store and publishes it at its end, with an entry in the ledger
// whatever became of it; a cancelled context leaves everything as it was. It does as much as can be done: a
// day that fails does not keep back the others, and the first error decides the exit code. Nothing is issued
// where the two computations differ (R12) or a blocking rule found something (R11).
package job

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"runtime"
	"strings"
	"time"

	"seats/cmd/seats/deliver"
	"seats/compute"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/disk"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/sign"
	"seats/internal/store"
	"seats/report"
)

// Log is where a job says what it does: lines, and the progress of long work.
type Log interface {
	Info(msg string, attrs ...any)
	Warn(msg string, attrs ...any)
	Start(what string)
	Expect(rows int64) // from here on so many are to come
	Add(rows int64)
	Stop()
}

// Stages says which of them a job goes through, and how.
type Stages struct {
	Command    string // for the ledger
	Extract    bool
	Compute    bool
	Report     bool
	Deliver    bool // what was issued and not delivered yet, where the tenant says whereto
	Refresh    bool // read days again of which the store holds a final slice
	AcceptLoss bool // replace a slice even where the source has lost much of it
	Again      bool // compute days again that are up to date
	CatchUp    bool // where the tenant has a production date, only the days and months that something is missing of

	KeepDays int // rows of older days are dropped where no month needs them; 0: all are kept
}

// Job is one tenant's work.
type Job struct {
	Stages
	Tenant  config.Tenant
	Columns []config.Column
	SignKey *sign.Key // of manifests; nil: they are not signed
	Days    []calendar.Date
	Months  []calendar.Month // whose enabled agents are wanted
	Whole   bool             // a month with missing days is an error, not a remark
	Named   bool             // the days themselves were asked for, not a month or the newest one
	Restate string           // reason (R13), or empty
	Clock   func() time.Time
	Sleep   func(context.Context, time.Duration)
	Down    *deliver.Outages // of all jobs of a run
	Version string
	Log     Log
}

// Result is what a job gave. Err joins what went wrong, the first first.
type Result struct {
	Tenant string
	Rows   []report.Outcome  // one a measurement that was computed, or issued
	Slices []extract.Summary // one a day that was read
	Stages []Stage           // those that the job went through, in their order

	Delivered []deliver.Delivery // files that have arrived
	Err       error

	Done, Waiting, Failed int // days: all is well, not ready yet, everything else
	Files                 int // data files and manifests that were written

	Interrupted bool // the job was cancelled and left everything as it was
}

// state is a job at work.
type state struct {
	*Job
	work    *store.Work
	started time.Time
	duckDB  string

	failed  map[calendar.Date]bool
	waiting map[calendar.Date]bool // of the failed ones, those that are not ready
	moved   map[calendar.Date]bool // days that stand as they are issued, though they were named and today's rules give other numbers
	ledger  []report.Issue         // as it was, once it was asked for
	dry     bool                   // nothing is stored
	days    []compute.DayResult
	months  []compute.MonthResult
	blocked bool
	broken  error // the work copy is spoiled
	opening bool  // the source is not open yet
	lost    error // why the connection to the source broke for the first time
	retries int   // after that
	several bool  // it was said that rows of several tenants are counted
	looked  bool  // for configured switches that the source does not have
	stood   error // where the job stood when its context ended
	issuing bool  // files are being written: from here on the job is finished, cancelled or not
	done    bool  // the store is published
	files   []string
	sealed  []string // what the ledger says of months that were sealed

	asSealed map[calendar.Month]bool // sealed months of which no rows are needed

	result Result
	errs   []error
}

// Do runs the job, for no longer than its tenant's run_timeout.
func (j *Job) Do(ctx context.Context) Result {
	s := &state{Job: j, started: j.Clock(), failed: map[calendar.Date]bool{}, waiting: map[calendar.Date]bool{},
		moved: map[calendar.Date]bool{}, asSealed: map[calendar.Month]bool{}, result: Result{Tenant: j.Tenant.Name}}
	if j.Extract || j.Compute || j.Report {
		if err := s.run(ctx); err != nil {
			s.note(calendar.Date{}, err)
		}
	}
	s.deliverAfter(ctx)
	s.result.Err = errors.Join(s.errs...)
	s.result.Interrupted = ctx.Err() != nil && !s.done
	s.tally()
	return s.result
}

// tally counts what became of the days. Where the store is not published, none is done.
func (s *state) tally() {
	for _, day := range s.Days {
		switch {
		case s.waiting[day]:
			s.result.Waiting++
		case s.failed[day] || s.moved[day] || !s.done:
			s.result.Failed++
		default:
			s.result.Done++
		}
	}
	s.result.Files = len(s.files)
}

func (s *state) run(ctx context.Context) (err error) {
	var begin opener = store.BeginExisting
	if s.Extract { // nothing else makes a store
		begin = store.Begin
	}
	limited, stop := s.limit(ctx)
	defer stop()
	if err := s.begin(ctx, begin); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.work.Drop()) }()
	left, err := s.prepare(limited)
	if err != nil || !left {
		s.done = err == nil
		return s.inLedger(ctx, begin, s.tooLate(limited, err))
	}
	s.stages(limited)
	if s.broken != nil { // nothing of it is published
		return s.inLedger(ctx, begin, s.broken)
	}
	if s.stood != nil && isLate(limited) {
		s.errs = append([]error{of(calendar.Date{}, s.tooLate(limited, s.stood))}, s.errs...)
	}
	if s.issuing {
		ctx = context.WithoutCancel(ctx) // the ledger must know of the files
	}
	if err := ctx.Err(); err != nil {
		return err // nothing is published
	}
	for _, tidy := range []func(context.Context) error{s.retain, s.seal, func(ctx context.Context) error { return s.work.RemoveStray(ctx, s.Clock()) }} {
		if err := tidy(ctx); err != nil && ctx.Err() == nil {
			s.note(calendar.Date{}, err) // what was done before stays done
		}
	}
	if err := s.publish(ctx); err != nil {
		return err
	}
	if s.work.Large != nil {
		s.Log.Warn("the store could not be made smaller: it keeps the room of rows that were sealed until the next month is", "tenant", s.Tenant.Name, "reason", s.work.Large)
	}
	s.done = true
	return nil
}

// prepare finds what is to be done, and brings the rows that it needs.
func (s *state) prepare(ctx context.Context) (left bool, err error) {
	if left, err := s.catchUp(ctx); err != nil || !left {
		return false, err
	}
	return true, s.unseal(ctx)
}

// publish writes the ledger and puts the work copy in the place of the store.
func (s *state) publish(ctx context.Context) error {
	if err := s.remember(ctx); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return s.work.Publish()
}

// inLedger has the store as it was before the run remember that the run failed, and nothing else of it.
func (s *state) inLedger(ctx context.Context, open opener, failed error) error {
	if failed == nil || ctx.Err() != nil {
		return failed
	}
	s.note(calendar.Date{}, failed)
	s.result.Slices = nil
	err := s.work.Drop()
	if err == nil {
		s.work, err = open(ctx, s.Tenant.StorePath(), duck.Of(s.Tenant.Engine))
	}
	if err == nil {
		err = s.publish(ctx)
	}
	if err != nil {
		s.note(calendar.Date{}, fmt.Errorf("write ledger: %w", err))
	}
	return nil
}

// opener is store.Begin or store.BeginExisting.
type opener func(context.Context, string, duck.Options) (*store.Work, error)

// begin opens the store to work on it.
func (s *state) begin(ctx context.Context, open opener) (err error) {
	if s.work, err = open(ctx, s.Tenant.StorePath(), duck.Of(s.Tenant.Engine)); err != nil {
		return err
	}
	if s.duckDB, err = duck.Version(ctx, s.work.Conn); err == nil {
		err = s.sayBefore(ctx)
	}
	if err != nil {
		return errors.Join(err, s.work.Drop())
	}
	return nil
}

// sayBefore tells what came before this run and nobody was there to tell.
func (s *state) sayBefore(ctx context.Context) error {
	if s.work.Died {
		s.Log.Warn("the run before was killed, or the machine went down: what it left is removed, what it published stays", "tenant", s.Tenant.Name)
	}
	last, err := store.LastEnded(ctx, s.work.Conn)
	if err == nil && s.started.Before(last) {
		s.Log.Warn("the clock is behind the end of the newest run: is it right?", "tenant", s.Tenant.Name,
			"clock", instant(s.started.Unix()), "newest_run_ended", instant(last.Unix()))
	}
	return err
}

func (s *state) stages(ctx context.Context) {
	if s.Extract {
		s.in(Extract, func() int64 {
			if err := s.extract(ctx); err != nil {
				s.note(calendar.Date{}, err)
			}
			return rowsRead(s.result.Slices)
		})
	}
	if s.broken != nil {
		return
	}
	if s.Compute || s.Report {
		s.in(Compute, func() int64 {
			s.compute(ctx)
			return rowsCounted(s.days)
		})
	}
	if s.Report && (ctx.Err() == nil || isLate(ctx) && len(s.days)+len(s.months) > 0) { // what was counted in time is issued
		s.in(Report, func() int64 {
			s.report(ctx)
			return int64(len(s.result.Rows))
		})
	} else {
		s.show()
	}
}

// note keeps what went wrong, with a day or on none.
func (s *state) note(day calendar.Date, err error) {
	s.errs = append(s.errs, of(day, Explain(err, s.Tenant)))
}

// fail notes what went wrong with a day and takes it out of the later stages.
func (s *state) fail(day calendar.Date, err error) {
	s.failed[day], s.waiting[day] = true, ExitCode(err) == fail.NotReady
	s.note(day, err)
}

// remember appends the run to the store's ledger.
func (s *state) remember(ctx context.Context) error {
	r := store.Run{
		Command: s.Command, Started: s.started, Ended: s.Clock(), OSUser: osUser(),
		Program: s.Version, DuckDB: s.duckDB, Rules: s.Tenant.RulesHash(), Files: s.files,
	}
	said := s.sealed
	for _, slice := range s.result.Slices {
		if lost := slice.Accepted(); lost != "" {
			said = append(said, lost)
		}
	}
	if err := errors.Join(s.errs...); err != nil {
		r.ExitCode, said = int(ExitCode(err)), append(said, err.Error())
	}
	r.Message = strings.Join(said, "\n")
	for _, d := range s.Days {
		r.Days = append(r.Days, d.String())
	}
	for _, slice := range s.result.Slices {
		r.Slices = append(r.Slices, slice.Day.String()+" "+slice.SHA256)
	}
	return store.AppendRun(ctx, s.work.Conn, r)
}

func osUser() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

func (s *state) versions() report.Versions {
	return report.Versions{Program: s.Version, DuckDB: s.duckDB, Go: runtime.Version()}
}

// Explain tells a full disk, a want of file handles and a damaged store as that, wherever they showed.
func Explain(err error, t config.Tenant) error {
	return disk.Explain(store.Explain(err, t.StorePath()), t.TempDir())
}

// ExitCode gives the errors of the stages their exit codes. Of several joined ones the first decides.
func ExitCode(err error) fail.Code {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // only the outermost
		return ExitCode(joined.Unwrap()[0])
	}
	if placed, ok := err.(*placedError); ok { //nolint:errorlint // only the outermost
		return ExitCode(placed.error)
	}
	var missing *compute.MissingError
	var differ *compute.DifferenceError
	code := fail.CodeOf(err)
	switch {
	case code != fail.Other:
		return code
	case errors.As(err, &differ):
		return fail.Differ
	case errors.As(err, &missing):
		return fail.NotReady
	}
	return code
}
