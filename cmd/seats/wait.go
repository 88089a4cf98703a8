package main

import (
	"context"
	"time"

	"seats/cmd/seats/job"
)

// The pauses between two looks at a source double from the first to the longest.
const (
	firstPause   = 30 * time.Second
	longestPause = 10 * time.Minute
)

// longStill is how long nothing has been written to what is surely no longer being copied.
const longStill = 5 * time.Minute

// waiter waits for sources that are not ready (R10). It only looks: once the time is up the job runs all the same,
// and says what is missing as it would have said before.
type waiter struct {
	until time.Time // zero: nothing is waited for
	clock func() time.Time
	sleep func(context.Context, time.Duration)
	log   *terminal
}

// forSource waits until the job's source is ready, or the time is up, or the context is done. A source that cannot be
// asked is not ready. A chunk of an export that has come meanwhile, or was written to a short while ago, is ready once two
// looks in a row find the same files: it may have been seen while it was copied. One that lacks a dimension has to lie still for
// longer, one that lacks a fact table is never ready.
func (w waiter) forSource(ctx context.Context, j *job.Job, sleep func(time.Duration)) {
	if w.until.IsZero() {
		return
	}
	who := []any{"tenant", j.Tenant.Name, "day", j.LastDay()}
	var newest, said string
	for pause, first := firstPause, true; ; first = false {
		look, err := j.Look(ctx)
		left, still := w.until.Sub(w.clock()), w.clock().Sub(look.Written) > longStill
		switch {
		case ctx.Err() != nil || look.Ready && first && still:
			return
		case look.Ready && look.Newest == newest && (still || !look.Lacks):
			w.log.Info("the source is ready", append(who, "high_water", look.Mark)...)
			return
		case left <= 0:
			w.log.Warn("the time to wait is over", who...)
			return
		case look.Ready || look.Partial:
			pause = firstPause
		}
		if what := waitingFor(look, err); what != said {
			said = what
			w.log.Info(what, append(who, "until", w.until.UTC().Format(time.RFC3339))...)
		}
		newest = look.Newest
		sleep(min(pause, left))
		pause = min(2*pause, longestPause)
	}
}

func waitingFor(look job.Look, err error) string {
	switch {
	case err != nil:
		return "waiting for a source that cannot be asked: " + err.Error()
	case look.Ready || look.Partial:
		return "waiting for the newest chunk of the export to be copied whole"
	}
	return "waiting for the source, which " + look.Reach
}

// sleep pauses until the time has passed or the context is done.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
