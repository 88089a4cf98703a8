package report

import "fmt"

// exitRestatement is the exit status of every R13 refusal (interface.md, "exit").
const exitRestatement = 7

// RestatementError refuses a number that differs from what was issued for the
// same period, because no reason was given (R13). Nothing was written.
type RestatementError struct {
	File             string // path of the issued data file
	Revision         int    // of that file
	Measure          Measure
	Issued, Computed int64 // agents
}

func (e *RestatementError) Error() string {
	return fmt.Sprintf("issue %s: revision %d was issued with %d %s agents, the count is now %d",
		e.File, e.Revision, e.Issued, e.Measure, e.Computed)
}

// Hint tells the operator what to do.
func (e *RestatementError) Hint() string {
	return fmt.Sprintf("nothing was overwritten; give --restate REASON to issue revision %d", e.Revision+1)
}

// ExitCode is 7: restatement needed.
func (e *RestatementError) ExitCode() int { return exitRestatement }

// ConflictError says that a file on disk is not what was issued, or that nobody
// issued it. It was left as it is.
type ConflictError struct {
	File    string // path
	Problem string
	Advice  string
}

func (e *ConflictError) Error() string { return fmt.Sprintf("issue %s: %s", e.File, e.Problem) }

// Hint tells the operator what to do.
func (e *ConflictError) Hint() string { return "nothing was overwritten; " + e.Advice }

// ExitCode is 7: what is there and what should be there differ.
func (e *ConflictError) ExitCode() int { return exitRestatement }
