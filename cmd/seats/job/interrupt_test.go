package job_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// at is a job's log that calls a function at a message.
type at struct {
	msg  string
	call func()
}

func (a at) Info(msg string, _ ...any) {
	if msg == a.msg {
		a.call()
	}
}
func (a at) Warn(string, ...any) {}
func (a at) Start(string)        {}
func (a at) Add(int64)           {}
func (a at) Stop()               {}
func (a at) Expect(int64)        {}

// newJob is a run of 2026-03-10 over the scripts' GIM.
func newJob(t *testing.T, log job.Log) *job.Job {
	t.Helper()
	dir := t.TempDir()
	base, err := filepath.Abs(filepath.Join("..", "testdata", "gim"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "exports"), 0o700))
	require.NoError(t, os.Symlink(base, filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00")))
	file := filepath.Join(dir, "seats.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`globals: {data_dir: var, output_dir: out}
tenants: {acme: {export_dir: exports, regions: {US: {locations: {dallas: {switches: [SIP_A]}}}, EU: {locations: {london: {switches: [SIP_B]}}}}}}
`), 0o600))
	cfg, err := config.Load(file, os.LookupEnv)
	require.NoError(t, err)
	return &job.Job{
		Plan:   job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Days: []calendar.Date{{Year: 2026, Month: 3, Day: 10}}},
		Tenant: cfg.Tenants[0],
		Clock:  func() time.Time { return time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC) },
		Log:    log,
	}
}

func issued(t *testing.T, j *job.Job) []report.Issue {
	t.Helper()
	db, err := store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{})
	require.NoError(t, err)
	defer db.Close()
	files, err := report.IssuedFiles(t.Context(), db)
	require.NoError(t, err)
	return files
}

// Once files are being written, a job is finished: the store must know of what lies in the output folder.
func TestAJobThatIsCancelledWhileItIssuesIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := newJob(t, at{string(report.Written), cancel})
	result := j.Do(ctx)
	require.NoError(t, result.Err)
	require.False(t, result.Interrupted)
	require.Len(t, result.Rows, 2)
	require.Len(t, issued(t, j), 2)
}

func TestAJobThatIsCancelledBeforeLeavesNothing(t *testing.T) {
	for _, msg := range []string{"extracted", "computed"} {
		ctx, cancel := context.WithCancel(t.Context())
		j := newJob(t, at{msg, cancel})
		result := j.Do(ctx)
		require.ErrorIs(t, result.Err, context.Canceled, msg)
		require.True(t, result.Interrupted, msg)
		require.NoFileExists(t, j.Tenant.StorePath(), msg)
		require.NoDirExists(t, j.Tenant.OutputDir, msg)
		left, err := filepath.Glob(j.Tenant.StorePath() + "*")
		require.NoError(t, err)
		require.Equal(t, []string{j.Tenant.StorePath() + ".lock"}, left)
	}
}
