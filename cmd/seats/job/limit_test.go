package job_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
	"seats/internal/store"
)

// Whatever a run is about when its time is over, it ends as that, the store is there, and what was read is in it.
func TestARunWithoutTimeKeepsWhatItReadWhereverItStood(t *testing.T) {
	sweep := func(prepared func(before *job.Job) *job.Job, check func(held, entries, runs int)) {
		var j *job.Job
		runs := 0
		for timeout := 2 * time.Millisecond; ; timeout += timeout / 2 {
			j = prepared(j)
			j.Tenant.RunTimeout = timeout
			result := j.Do(t.Context())
			runs++
			held, entries := kept(t, j)
			check(held, entries, runs)
			require.GreaterOrEqual(t, held, len(result.Slices))
			require.Equal(t, len(j.Days), result.Done+result.Failed)
			if result.Err == nil {
				require.Equal(t, len(j.Days), result.Done)
				return
			}
			require.Equal(t, fail.Source, job.ExitCode(result.Err), "%s: %v", timeout, result.Err)
			require.ErrorContains(t, result.Err, "gave up after "+timeout.String()+" (run_timeout)")
			require.LessOrEqual(t, result.Done, held)
			require.Len(t, issued(t, j), 2*result.Done)
		}
	}
	days := func() *job.Job {
		j := newJob(t, &heard{})
		for d := 1; d < 4; d++ {
			j.Days = append(j.Days, calendar.Date{Year: 2026, Month: 3, Day: d})
		}
		return j
	}
	sweep(func(*job.Job) *job.Job { return days() }, func(_, entries, _ int) { require.Equal(t, 1, entries) })
	most := 0
	sweep(func(before *job.Job) *job.Job {
		if before == nil {
			return days()
		}
		return before
	}, func(held, entries, runs int) {
		require.GreaterOrEqual(t, held, most)
		require.Equal(t, runs, entries)
		most = held
	})
}

// kept is how many slices and entries of the ledger the store has.
func kept(t *testing.T, j *job.Job) (slices, entries int) {
	t.Helper()
	db := must.Have(store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{}))(t)
	defer db.Close()
	held := must.Have(store.Slices(t.Context(), db))(t)
	runs := must.Have(store.Runs(t.Context(), db))(t)
	return len(held), len(runs)
}
