package job_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
	"seats/internal/store"
)

// The disk fills up while a run works: /dev/full stands for what DuckDB writes to. It is told as that, in the ledger's
// place on the terminal, and the store is the one that was published before.
func TestAFullDiskIsToldAsThatAndKeepsTheStore(t *testing.T) {
	var full func()
	j := newJob(t, &heard{start: func() {
		if full != nil {
			full()
			full = nil
		}
	}})
	require.NoError(t, j.Do(t.Context()).Err)
	path := j.Tenant.StorePath()
	before := must.Have(os.ReadFile(path))(t)

	full = func() { require.NoError(t, os.Symlink("/dev/full", path+".work.wal")) }
	j.Refresh = true
	err := j.Do(t.Context()).Err
	require.Nil(t, full, "the job got that far")
	require.ErrorContains(t, err, "the disk of "+filepath.Dir(path)+" is full (")
	require.ErrorContains(t, err, "MB are free now): ")
	require.Equal(t, fail.Other, job.ExitCode(err))
	require.Contains(t, fail.Hints(err)[0], "make room there")
	require.Equal(t, before, must.Have(os.ReadFile(path))(t))

	require.NoError(t, j.Do(t.Context()).Err, "with room again all is well")
	require.NoError(t, must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t).Close())
}
