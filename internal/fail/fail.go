// Package fail gives an error what an operator needs of it: an exit code that her scheduler can branch on and a hint that says what to do.
package fail

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Code is an exit status of the program. The README's table lists the same ones.
type Code int

// The exit codes.
const (
	OK          Code = 0
	Other       Code = 1
	Differ      Code = 3   // the two computations differ (R12)
	NotReady    Code = 4   // the source (R10), or a month with days missing (R9)
	Source      Code = 5   // not reachable, refused, wrong tables, broken export
	Quality     Code = 6   // a blocking data-quality rule (R11)
	Restatement Code = 7   // restatement needed (R13), or the audit found a difference
	Store       Code = 8   // busy with another run or program, or damaged
	BadConfig   Code = 9   // configuration invalid
	Usage       Code = 80  // command line
	Interrupted Code = 130 // by the user
)

// worst are the codes in the order by which several things that failed have one: what wants a person before what another try may mend.
var worst = []Code{Interrupted, Usage, Differ, BadConfig, Restatement, Quality, Other, Store, Source, NotReady}

// Worst is the worst of codes; OK of none.
func Worst(codes ...Code) Code {
	for _, c := range worst {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return OK
}

var again = map[Code]any{NotReady: true, Source: true, Store: true, Differ: false, Quality: false, Restatement: false, BadConfig: false}

// Again tells whether the same command may succeed later (true) or a person is wanted (false); nil where the code tells neither.
func (c Code) Again() any { return again[c] }

// Error is an error with an exit code and, where something can be done, a hint.
type Error struct {
	code Code
	hint string
	err  error
}

// New makes an Error; format and arguments are fmt.Errorf's.
func New(code Code, hint, format string, args ...any) error {
	return &Error{code: code, hint: hint, err: fmt.Errorf(format, args...)}
}

// Error is the message without the hint.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap gives what went wrong underneath.
func (e *Error) Unwrap() error { return e.err }

// ExitCode and Hint let other packages' error types take part without knowing this one.
func (e *Error) ExitCode() int { return int(e.code) }

// Hint says what to do, or nothing.
func (e *Error) Hint() string { return e.hint }

// InTurn does one step after the other, up to the first that fails.
func InTurn(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// CodeOf is the exit code of an error: that of the first one inside it that has an ExitCode, Other where none has, OK of nil.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return Code(coded.ExitCode())
	}
	return Other
}

// Hints are the hints of all errors joined in err, in their order.
func Hints(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // only the outermost
		var hints []string
		for _, e := range joined.Unwrap() {
			hints = append(hints, Hints(e)...)
		}
		return hints
	}
	if hinted, ok := err.(interface{ Hint() string }); ok && hinted.Hint() != "" { //nolint:errorlint // walked by hand
		return []string{hinted.Hint()}
	}
	if inner := errors.Unwrap(err); inner != nil {
		return Hints(inner)
	}
	return nil
}
