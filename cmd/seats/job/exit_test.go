package job_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/fail"
	"seats/report"
)

func TestEveryErrorOfTheStagesHasItsExitCode(t *testing.T) {
	day := calendar.Date{Year: 2026, Month: 3, Day: 10}
	source := fail.New(fail.Source, "", "the source")
	for _, c := range []struct {
		want fail.Code
		err  error
	}{
		{fail.OK, nil},
		{fail.Other, errors.New("disk full")},
		{fail.Differ, &compute.DifferenceError{Period: "2026-03-10"}},
		{fail.NotReady, &compute.MissingError{What: "slice", Days: []calendar.Date{day}}},
		{fail.Other, &compute.CoverageError{Day: day}},
		{fail.Source, source},
		{fail.Source, fmt.Errorf("extract %s: %w", day, source)},
		{fail.Restatement, &report.ConflictError{}},
		{fail.Store, fail.New(fail.Store, "", "busy")},
	} {
		require.Equal(t, c.want, job.ExitCode(c.err), "%v", c.err)
		if c.err != nil {
			require.Equal(t, c.want, job.ExitCode(errors.Join(c.err, source)), "the first of several decides: %v", c.err)
			require.Equal(t, fail.Source, job.ExitCode(errors.Join(source, c.err)))
		}
	}
}
