package job

import (
	"time"

	"seats/compute"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/fail"
)

// The stages of a job, as they stand in log lines. Verification (R12) is a part of computing; only its errors are
// told apart.
const (
	Extract = "extract"
	Compute = "compute"
	Verify  = "verify"
	Report  = "report"
	Deliver = "deliver"
)

// StageKey is the attribute of a log line that names its stage.
const StageKey = "stage"

// Stage is what a stage took and how much it had to do.
type Stage struct {
	Name string
	Took time.Duration
	Rows int64 // extract: rows of the slices that were read; compute: rows of the slices counted; report: measurements; deliver: files
}

// in takes the job through a stage: the lines and errors that come up in it carry its name. do returns its rows.
func (s *state) in(stage string, do func() int64) {
	log, began, before := s.Log, s.Clock(), len(s.errs)
	s.Log = stageLog{log, stage}
	rows := do()
	s.Log = log
	for i, err := range s.errs[before:] {
		s.errs[before+i] = inStage(stage, err)
	}
	s.result.Stages = append(s.result.Stages, Stage{Name: stage, Took: s.Clock().Sub(began), Rows: rows})
}

// stageLog is a log whose lines carry a stage.
type stageLog struct {
	Log
	stage string
}

func (l stageLog) Info(msg string, attrs ...any) {
	l.Log.Info(msg, append(attrs, StageKey, l.stage)...)
}
func (l stageLog) Warn(msg string, attrs ...any) {
	l.Log.Warn(msg, append(attrs, StageKey, l.stage)...)
}

// placedError is an error with the stage and the day in which it came up, each where there is one.
type placedError struct {
	error
	stage string
	day   calendar.Date
}

func (e *placedError) Unwrap() error { return e.error }

// of gives an error its day; the zero Date is none.
func of(day calendar.Date, err error) error { return &placedError{error: err, day: day} }

func inStage(stage string, err error) error {
	placed, ok := err.(*placedError) //nolint:errorlint // only the outermost
	if !ok {
		placed = &placedError{error: err}
	}
	if placed.stage = stage; ExitCode(err) == fail.Differ {
		placed.stage = Verify
	}
	return placed
}

// Place takes from one error of a Result the stage and the day in which it came up, both "" where it has none.
func Place(err error) (stage, day string, inside error) {
	placed, ok := err.(*placedError) //nolint:errorlint // only the outermost
	if !ok {
		return "", "", err
	}
	if placed.day != (calendar.Date{}) {
		day = placed.day.String()
	}
	return placed.stage, day, placed.error
}

func rowsRead(read []extract.Summary) (rows int64) {
	for _, s := range read {
		rows += s.Sessions + s.Activities + s.Agents
	}
	return rows
}

func rowsCounted(days []compute.DayResult) (rows int64) {
	for _, d := range days {
		rows += d.Slice.Sessions + d.Slice.Activities + d.Slice.Agents
	}
	return rows
}
