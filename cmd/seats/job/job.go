// Package job takes one tenant through a plan: which steps, with which days and months, and what for. It is what the commands
// run, extract, compute, report and deliver have in common.
//
// A job works on a copy of the tenant's store and publishes it at its end, with an entry in the ledger whatever became of it; a cancelled context
// leaves everything as it was. It does as much as can be done: a day that fails does not keep back the others, and the first error decides the exit
// code. Nothing is issued where the two computations differ (R12) or a blocking rule found something (R11).
package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/deliver"
	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/disk"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// The steps of a plan, in their order, as they stand in log lines. Verification (R12) is a part of computing; only its errors are told apart.
const (
	Extract = "extract"
	Compute = "compute"
	Verify  = "verify"
	Report  = "report"
	Deliver = "deliver" // what was issued and not delivered yet, where the tenant says whereto
)

// StageKey is the attribute of a log line that names its step.
const StageKey = "stage"

// Asked is what somebody has asked for.
type Asked int

// What can be asked for.
const (
	Newest  Asked = iota // nothing: the newest day that has ended
	Missing              // nothing: where the tenant has a production date, what is missing since then too
	Days                 // days, by their dates
	Month                // a month: then missing days are an error, not a remark
)

// Plan is what a job is to do.
type Plan struct {
	Command    string   // for the ledger
	Steps      []string // Extract alone reads each day again, Compute alone counts each again
	Days       []calendar.Date
	Months     []calendar.Month // whose enabled agents are wanted
	Asked      Asked
	Restate    string    // reason (R13), or empty
	Refresh    bool      // read days again of which the store holds a final slice
	AcceptLoss bool      // replace a slice even where the source has lost much of it
	KeepDays   int       // rows of older days are dropped where no month needs them; 0: all are kept
	Again      time.Time // what was issued since then is delivered once more; zero: nothing is
}

func (p Plan) does(step string) bool { return slices.Contains(p.Steps, step) }

func (p Plan) isOnly(step string) bool { return len(p.Steps) == 1 && p.Steps[0] == step }

// rereads tells whether days are read again of which the store holds a final slice.
func (p Plan) rereads() bool { return p.Refresh || p.isOnly(Extract) }

// recounts tells whether days are counted again that are up to date.
func (p Plan) recounts() bool { return p.isOnly(Compute) }

// LastDay is the last of the plan's days.
func (p Plan) LastDay() calendar.Date { return p.Days[len(p.Days)-1] }

// daysOf are those of the plan's days that are of a month.
func (p Plan) daysOf(m calendar.Month) []calendar.Date {
	return slices.DeleteFunc(slices.Clone(p.Days), func(d calendar.Date) bool { return d.YearMonth() != m })
}

// Log is where a job says what it does: lines, and the progress of long work.
type Log interface {
	deliver.Log
	Start(what string)
	Expect(rows int64) // from here on so many are to come
	Add(rows int64)
	Stop()
}

// Job is one tenant's work.
type Job struct {
	Plan
	Tenant  config.Tenant
	Columns []config.Column
	SignKey *sign.Key // of manifests; nil: they are not signed
	Clock   func() time.Time
	Sleep   func(context.Context, time.Duration)
	Down    *deliver.Outages // of all jobs of a run
	Version string
	Log     Log
}

// Stage is what a step took and how much it had to do.
type Stage struct {
	Name string
	Took time.Duration
	Rows int64 // extract: rows of the slices that were read; compute: rows of the slices counted; report: measurements; deliver: files
}

// Result is what a job gave. Err joins what went wrong, the first first, each a *Failure.
type Result struct {
	Tenant    string
	Rows      []report.Outcome   // one a measurement that was computed, or issued
	Slices    []extract.Summary  // one a day that was read
	Stages    []Stage            // those that the job went through, in their order
	Delivered []deliver.Delivery // files that have arrived
	Err       error

	Done, Waiting, Failed int // days: all is well, not ready yet, everything else
	Files                 int // data files and manifests that were written

	Interrupted bool // the job was cancelled and left everything as it was
}

// Failure is an error with the step and the day in which it came up, both "" where it has none.
type Failure struct {
	error
	Stage, Day string
}

func (f *Failure) Unwrap() error { return f.error }

// ExitCode is that of an error; of several joined ones the first decides.
func ExitCode(err error) fail.Code {
	switch e := err.(type) { //nolint:errorlint // only the outermost
	case interface{ Unwrap() []error }:
		return ExitCode(e.Unwrap()[0])
	case *Failure:
		return ExitCode(e.error)
	}
	return fail.CodeOf(err)
}

// Explain tells a full disk, a want of file handles and a damaged store as that, wherever they showed.
func Explain(err error, t config.Tenant) error {
	return disk.Explain(store.Explain(err, t.StorePath()), t.TempDir())
}

// fate is what becomes of a day that is not simply done.
type fate int

const (
	failed  fate = 1 + iota
	waiting      // failed, for it is not ready
	moved        // it stands as it is issued, though it was named and today's rules give other numbers
)

type state struct {
	*Job
	*store.Work
	started time.Time
	last    store.Newest // run before this one
	step    string
	dry     bool // nothing is stored

	became   map[calendar.Date]fate
	days     []compute.DayResult
	months   []compute.MonthResult
	asSealed map[calendar.Month]bool // sealed months of which no rows are needed
	reading  reading
	agreed   []Contract // as they were before
	blocked  bool       // by a data-quality rule
	stood    error      // where the job stood when its context ended
	issuing  bool       // files are being written: from here on the job is finished, cancelled or not
	done     bool       // the store is published

	files, sealed []string // for the ledger
	result        Result
	errs          []error
}

func (j *Job) begin() *state {
	return &state{Job: j, started: j.Clock(), became: map[calendar.Date]fate{}, asSealed: map[calendar.Month]bool{}, result: Result{Tenant: j.Tenant.Name}}
}

// Do does the job, for no longer than its tenant's run_timeout.
func (j *Job) Do(ctx context.Context) Result {
	s := j.begin()
	if !j.isOnly(Deliver) {
		s.note(calendar.Date{}, s.run(ctx))
	}
	if j.does(Deliver) && j.Tenant.Deliver != nil && ctx.Err() == nil && (s.done || j.isOnly(Deliver)) {
		s.deliverAfter(ctx)
	}
	r := s.result
	r.Err, r.Interrupted, r.Files = errors.Join(s.errs...), ctx.Err() != nil && !s.done, len(s.files)
	for _, day := range s.Days {
		switch is := s.became[day]; {
		case is == waiting:
			r.Waiting++
		case is != 0 || !s.done: // where the store is not published, none is done
			r.Failed++
		default:
			r.Done++
		}
	}
	return r
}

func (s *state) run(ctx context.Context) (err error) {
	limited, stop := context.WithCancel(ctx)
	if limit := s.Tenant.RunTimeout; limit > 0 {
		limited, stop = context.WithTimeoutCause(ctx, limit, errLate)
	}
	defer stop()
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() {
		if s.Work != nil { // or it could not be opened again
			err = errors.Join(err, s.Drop())
		}
	}()
	left, err := s.catchUp(limited)
	if err == nil && left {
		err = s.unseal(limited)
	}
	if err != nil || !left {
		s.done = err == nil
		return s.inLedger(ctx, s.tooLate(limited, err))
	}
	s.agreed, err = s.contracts(limited)
	s.note(calendar.Date{}, err) // no reason to count nothing
	s.work(limited)
	if s.stood != nil && isLate(limited) {
		s.errs = append([]error{&Failure{error: Explain(s.tooLate(limited, s.stood), s.Tenant)}}, s.errs...)
	}
	if s.issuing {
		ctx = context.WithoutCancel(ctx) // the ledger must know of the files
	}
	if err := ctx.Err(); err != nil {
		return err // nothing is published
	}
	stray := func(ctx context.Context) error { return s.RemoveStray(ctx, s.Clock()) }
	for _, do := range []func(context.Context) error{s.agree, s.retain, s.seal, stray} {
		if err := do(ctx); ctx.Err() == nil {
			s.note(calendar.Date{}, err) // what was done before stays done
		}
	}
	if err := s.publish(ctx); err != nil {
		return err
	}
	if s.Large != nil {
		s.warn("the store could not be written anew, and takes more room than it needs: a later run tries again", "reason", s.Large)
	}
	s.done = true
	return nil
}

// work goes through the steps that make numbers and files.
func (s *state) work(ctx context.Context) {
	if s.does(Extract) {
		s.in(Extract, func() int64 {
			s.note(calendar.Date{}, s.extract(ctx))
			return rowsOf(s.result.Slices, func(r extract.Summary) int64 { return r.Sessions + r.Activities + r.Agents })
		})
	}
	if s.does(Compute) || s.does(Report) {
		s.in(Compute, func() int64 {
			s.compute(ctx)
			return rowsOf(s.days, func(d compute.DayResult) int64 { return d.Slice.Sessions + d.Slice.Activities + d.Slice.Agents })
		})
	}
	if !s.does(Report) || ctx.Err() != nil && (!isLate(ctx) || len(s.days)+len(s.months) == 0) { // what was counted in time is issued
		s.show()
		return
	}
	s.in(Report, func() int64 {
		s.report(ctx)
		return int64(len(s.result.Rows))
	})
}

func rowsOf[T any](all []T, of func(T) int64) (rows int64) {
	for _, one := range all {
		rows += of(one)
	}
	return rows
}

// in takes the job through a step: the lines and errors that come up in it carry its name. do returns its rows.
func (s *state) in(step string, do func() int64) {
	log, began := s.Log, s.Clock()
	s.Log, s.step = stageLog{log, step}, step
	rows := do()
	s.Log, s.step = log, ""
	s.result.Stages = append(s.result.Stages, Stage{Name: step, Took: s.Clock().Sub(began), Rows: rows})
}

// stageLog is a log whose lines carry a step.
type stageLog struct {
	Log
	step string
}

func (l stageLog) Info(msg string, attrs ...any) { l.Log.Info(msg, append(attrs, StageKey, l.step)...) }
func (l stageLog) Warn(msg string, attrs ...any) { l.Log.Warn(msg, append(attrs, StageKey, l.step)...) }

// info and warn say something of the tenant.
func (s *state) info(msg string, attrs ...any) {
	s.Log.Info(msg, append([]any{"tenant", s.Tenant.Name}, attrs...)...)
}

func (s *state) warn(msg string, attrs ...any) {
	s.Log.Warn(msg, append([]any{"tenant", s.Tenant.Name}, attrs...)...)
}

// note keeps what went wrong, if anything did, with a day or, for the zero Date, on none.
func (s *state) note(day calendar.Date, err error) {
	if err == nil {
		return
	}
	f := &Failure{error: Explain(err, s.Tenant), Stage: s.step, Day: day.OrNone()}
	if s.step != "" && ExitCode(f.error) == fail.Differ {
		f.Stage = Verify
	}
	s.errs = append(s.errs, f)
}

// fail notes what went wrong with a day and takes it out of the later steps.
func (s *state) fail(day calendar.Date, err error) {
	s.became[day] = failed
	if ExitCode(err) == fail.NotReady {
		s.became[day] = waiting
	}
	s.note(day, err)
}

// out tells whether a day is out of the later steps.
func (s *state) out(day calendar.Date) bool {
	return s.became[day] == failed || s.became[day] == waiting
}

// open opens the store to work on it, and tells what came before this run and nobody was there to tell.
func (s *state) open(ctx context.Context) error {
	err := s.begun(ctx)
	if err != nil {
		return err
	}
	if s.Died {
		s.warn("the run before was killed, or the machine went down: what it left is removed, what it published stays")
	}
	if s.last, err = store.LastRun(ctx, s.Conn); err != nil {
		return errors.Join(err, s.Drop())
	}
	if s.started.Before(time.Unix(s.last.EndedTS, 0)) {
		s.warn("the clock is behind the end of the newest run: is it right?", "clock", settle.Epoch(s.started.Unix()).String(),
			"newest_run_ended", settle.Epoch(s.last.EndedTS).String())
	}
	return nil
}

// begun takes the store to work on it. Only reading makes one.
func (s *state) begun(ctx context.Context) (err error) {
	begin := store.BeginExisting
	if s.does(Extract) {
		begin = store.Begin
	}
	o := duck.Of(s.Tenant.Engine)
	o.Threads = 1 // who has many rows to count asks for more
	s.Work, err = begin(ctx, s.Tenant.StorePath(), o)
	return err
}

// publish writes the ledger and puts the work copy in the place of the store.
func (s *state) publish(ctx context.Context) error {
	if err := s.remember(ctx); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return s.Publish()
}

// inLedger has the store as it was before the run remember that the run failed, and nothing else of it.
func (s *state) inLedger(ctx context.Context, failed error) error {
	if failed == nil || ctx.Err() != nil {
		return failed
	}
	s.note(calendar.Date{}, failed)
	s.result.Slices = nil
	drop := func(context.Context) error { return s.Drop() }
	if err := fail.InTurn(ctx, drop, s.begun, s.publish); err != nil {
		s.note(calendar.Date{}, fmt.Errorf("write ledger: %w", err))
	}
	return nil
}

// remember appends the run to the store's ledger.
func (s *state) remember(ctx context.Context) error {
	engine, err := duck.Version(ctx, s.Conn)
	if err != nil {
		return err
	}
	r := store.Run{Command: s.Command, StartedTS: s.started.Unix(), EndedTS: s.Clock().Unix(), OSUser: "unknown", Program: s.Version, DuckDB: engine,
		Rules: s.Tenant.RulesHash(), Files: s.files}
	if u, err := user.Current(); err == nil {
		r.OSUser = u.Username
	}
	r.Days = list.Of(s.Days, calendar.Date.String)
	said := s.sealed
	for _, slice := range s.result.Slices {
		r.Slices = append(r.Slices, slice.Day.String()+" "+slice.SHA256)
		if lost := slice.Accepted(); lost != "" {
			said = append(said, lost)
		}
	}
	if err := errors.Join(s.errs...); err != nil {
		r.ExitCode, said = int(ExitCode(err)), append(said, err.Error())
	}
	r.Message = strings.Join(said, "\n")
	return store.AppendRun(ctx, s.Conn, r)
}

var errLate = errors.New("no time is left")

func isLate(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errLate) }

// tooLate says of an error that ended a job without time where the job stood.
func (s *state) tooLate(ctx context.Context, err error) error {
	if !isLate(ctx) {
		return err
	}
	hint := fmt.Sprintf("what was done in time is kept (days read: %d), and another run goes on from there; give it more time by run_timeout", len(s.result.Slices))
	if s.reading.opening {
		hint = "the source was not open by then, and no day can be read before it is: give it more time by run_timeout"
	}
	return fail.New(fail.Source, hint, "gave up after %s (run_timeout): %w", s.Tenant.RunTimeout, err)
}

// gaveUp notes where the job stood when its context ended: an error that comes after that is no day's own.
func (s *state) gaveUp(ctx context.Context, err error) bool {
	if ctx.Err() == nil {
		return false
	}
	s.stood = cmp.Or(s.stood, err)
	return true
}
