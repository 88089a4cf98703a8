package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"seats/internal/fail"
)

var errLate = errors.New("no time is left")

// limit ends the job's context when run_timeout is over.
func (j *Job) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if j.Tenant.RunTimeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, j.Tenant.RunTimeout, errLate)
}

func isLate(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errLate) }

// tooLate says of an error that ended a job without time where the job stood.
func (s *state) tooLate(ctx context.Context, err error) error {
	if !isLate(ctx) {
		return err
	}
	hint := fmt.Sprintf("what was done in time is kept (days read: %d), and another run goes on from there; give it more time by run_timeout", len(s.result.Slices))
	if s.opening {
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
