package job_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
	"seats/report"
)

// heard is a job's log that keeps warnings, and calls functions at what else is said.
type heard struct {
	mu       sync.Mutex
	warnings []string
	info     func(msg string)
	start    func()
}

func (h *heard) Warn(msg string, _ ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.warnings = append(h.warnings, msg)
}

func (h *heard) Info(msg string, _ ...any) {
	if h.info != nil {
		h.info(msg)
	}
}

func (h *heard) Start(string) {
	if h.start != nil {
		h.start()
	}
}
func (h *heard) Add(int64)    {}
func (h *heard) Stop()        {}
func (h *heard) Expect(int64) {}

// at calls a function at a message.
func at(msg string, call func()) *heard {
	return &heard{info: func(said string) {
		if said == msg {
			call()
		}
	}}
}

// newJob is a run of 2026-03-10 over the scripts' GIM.
func newJob(t *testing.T, log job.Log) *job.Job {
	t.Helper()
	dir := t.TempDir()
	base := must.Have(filepath.Abs(filepath.Join("..", "testdata", "gim")))(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "exports"), 0o700))
	require.NoError(t, os.Symlink(base, filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00")))
	return jobOf(t, dir, log, `globals: {data_dir: var, output_dir: out}
tenants: {acme: {export_dir: exports, regions: {US: {locations: {dallas: {switches: [SIP_A]}}}, EU: {locations: {london: {switches: [SIP_B]}}}}}}
`)
}

// jobOf is a run of 2026-03-10 by a configuration.
func jobOf(t *testing.T, dir string, log job.Log, text string) *job.Job {
	t.Helper()
	file := filepath.Join(dir, "seats.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	cfg := must.Have(config.Load(file, os.LookupEnv))(t)
	return &job.Job{
		Plan:   job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Days: []calendar.Date{{Year: 2026, Month: 3, Day: 10}}},
		Tenant: cfg.Tenants[0],
		Clock:  func() time.Time { return time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC) },
		Log:    log,
	}
}

func issued(t *testing.T, j *job.Job) []report.Issue {
	t.Helper()
	db := must.Have(store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{}))(t)
	defer db.Close()
	files := must.Have(report.IssuedFiles(t.Context(), db))(t)
	return files
}

// Once files are being written, a job is finished: the store must know of what lies in the output folder.
func TestAJobThatIsCancelledWhileItIssuesIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := newJob(t, at(string(report.Written), cancel))
	result := j.Do(ctx)
	require.NoError(t, result.Err)
	require.False(t, result.Interrupted)
	require.Len(t, result.Rows, 2)
	require.Len(t, issued(t, j), 2)
}

func TestAJobThatIsCancelledBeforeLeavesNothing(t *testing.T) {
	for _, msg := range []string{"extracted", "computed"} {
		ctx, cancel := context.WithCancel(t.Context())
		j := newJob(t, at(msg, cancel))
		result := j.Do(ctx)
		require.ErrorIs(t, result.Err, context.Canceled, msg)
		require.True(t, result.Interrupted, msg)
		require.NoFileExists(t, j.Tenant.StorePath(), msg)
		require.NoDirExists(t, j.Tenant.OutputDir, msg)
		left := must.Have(filepath.Glob(j.Tenant.StorePath() + "*"))(t)
		require.Equal(t, []string{j.Tenant.StorePath() + ".lock"}, left)
	}
}
