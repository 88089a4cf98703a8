package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// forever is what no wait of these tests may come near, on the slowest day.
const forever = 10 * time.Minute

// newGIM is a GIM with some 300 kB of 2026-03-10 in it. Reading a leg of it takes as long as the table pace says.
func newGIM(t *testing.T, server pgtest.ServerInfo) *pgtest.DB {
	db := pgtest.SchemaOn(t, server)
	db.Exec(t, gimschema.DDL+";"+must.Text(t, "testdata/gim.sql"))
	return db
}

// over is a job that reads the GIM at an address.
func over(t *testing.T, db *pgtest.DB, host string, port int, settings string) *job.Job {
	j := jobOf(t, t.TempDir(), &heard{}, fmt.Sprintf(`globals: {data_dir: var, output_dir: out, engine: {threads: 1}}
tenants:
  acme:
    regions: {US: {locations: {all: {switches: []}}}}
    gimdb: {host: %s, port: %d, database: %s, schema: %s, user: %s, sslmode: disable, %s}
`, host, port, db.Database, db.Schema, db.User, settings))
	j.Refresh = true
	return j
}

// do runs a job that must not hang.
func do(ctx context.Context, j *job.Job) (job.Result, error) {
	done := make(chan job.Result, 1)
	go func() { done <- j.Do(ctx) }()
	select {
	case r := <-done:
		return r, nil
	case <-time.After(forever):
		return job.Result{}, fmt.Errorf("the run hangs")
	}
}

// slice is the hash of the day that the store holds, or nothing.
func slice(t *testing.T, j *job.Job) string {
	db := must.Have(store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{}))(t)
	defer db.Close()
	return must.Have(store.Slices(t.Context(), db))(t)[must.Date(t, "2026-03-10")].SHA256
}

// undisturbed is what a run gives that nothing happens to: the slice, and how many bytes went either way.
func undisturbed(t *testing.T, db *pgtest.DB) (sha256 string, bytes [2]int64) {
	p := pgtest.NewProxy(t, db.ServerInfo)
	j := over(t, db, p.Host, p.Port, "connections: 2")
	require.NoError(t, j.Do(t.Context()).Err)
	return slice(t, j), [2]int64{p.Passed(pgtest.FromServer), p.Passed(pgtest.FromClient)}
}

// fault is what happens to a connection.
type fault struct {
	after int64
	way   pgtest.Direction
	drop  bool
	heals bool // before the first retry
}

// Wherever in a run the network fails, in whatever way: the run ends, by itself, with the slice or without.
func TestARunWhoseConnectionFailsAnywhereEnds(t *testing.T) {
	t.Parallel()
	db := newGIM(t, pgtest.Server(t))
	want, bytes := undisturbed(t, db)
	random := rand.New(rand.NewPCG(1, 20260310))
	var faults []fault
	for i := range 20 {
		way := pgtest.Direction(i % 2)
		faults = append(faults, fault{after: random.Int64N(bytes[way]), way: way, drop: i%4 >= 2, heals: i%8 >= 4})
	}
	jobs, results, hung := make([]*job.Job, 20), make([]job.Result, 20), make([]error, 20)
	var all sync.WaitGroup
	for i, f := range faults {
		p := pgtest.NewProxy(t, db.ServerInfo)
		jobs[i] = over(t, db, p.Host, p.Port, "connections: 2, read_timeout: 1s, statement_timeout: 20s, retries: 2")
		p.FailAfter(f.after, f.way, f.drop)
		if f.heals {
			go func() {
				<-p.Broken
				time.Sleep(100 * time.Millisecond)
				p.Heal()
			}()
		}
		all.Go(func() { results[i], hung[i] = do(t.Context(), jobs[i]) })
	}
	all.Wait()
	for i, f := range faults {
		require.NoError(t, hung[i], "%+v", f)
		err := results[i].Err
		if f.heals || f.way == pgtest.FromClient && f.after > bytes[f.way]-20 { // of the goodbye nobody expects an answer
			require.NoError(t, err, "%+v", f)
			require.Equal(t, want, slice(t, jobs[i]), "%+v", f)
			continue
		}
		require.Equal(t, fail.Source, job.ExitCode(err), "%+v: %v", f, err)
		require.Contains(t, err.Error(), "retries used up: 2", "%+v", f)
		require.Empty(t, slice(t, jobs[i]), "%+v", f)
		if f.way == pgtest.FromServer && f.after > bytes[f.way]/2 {
			require.ErrorContains(t, err, "extract 2026-03-10: ", "the first reason, not that of opening again: %+v", f)
		}
	}
}

// The server says why it ends a session: that too is the connection's fault. The slice that the store holds stays where
// nothing helps.
func TestABackendThatIsEndedIsReadAgain(t *testing.T) {
	t.Parallel()
	db := newGIM(t, pgtest.Server(t))
	want, _ := undisturbed(t, db)
	j := over(t, db, db.Host, db.Port, "connections: 2")
	for _, c := range []struct {
		ended, retries, code int // how often a backend is ended
	}{{1, 2, 0}, {1, 0, 5}, {2, 1, 5}} {
		log := &heard{}
		j.Log, j.Tenant.GIM.Retries = log, c.retries
		db.Exec(t, "update pace set seconds = 600")
		var killer sync.WaitGroup
		killer.Go(func() {
			for i := range c.ended {
				endSleeper(t, db, fmt.Sprintf("update pace set seconds = %d;", 600*(c.ended-1-i)))
			}
		})
		r, hung := do(t.Context(), j)
		killer.Wait()
		require.NoError(t, hung)
		require.Equal(t, c.code, int(job.ExitCode(r.Err)), "%v", r.Err)
		require.Len(t, log.warnings, min(c.retries, c.ended), "%v", log.warnings)
		require.Equal(t, want, slice(t, j))
		if c.code != 0 {
			require.ErrorContains(t, r.Err, "extract 2026-03-10: ")
			require.ErrorContains(t, r.Err, "57P01")
		}
	}
}

// endSleeper waits until a statement of the program sleeps in the server, ends its session, after another
// statement, and waits until that is gone.
func endSleeper(t *testing.T, db *pgtest.DB, before string) {
	for end := time.Now().Add(forever); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var pid int
		err := db.Conn.QueryRow(t.Context(), `select a.pid from pg_stat_activity as a where a.wait_event = 'PgSleep' and exists (
			select from pg_locks as l join pg_class as c on c.oid = l.relation where l.pid = a.pid and c.relnamespace = to_regnamespace($1))`,
			db.Schema).Scan(&pid)
		if err == nil {
			_, err = db.Conn.Exec(t.Context(), before) // and committed: another try may begin as soon as this one has ended
		}
		if err == nil {
			_, err = db.Conn.Exec(t.Context(), "select pg_terminate_backend($1, 60000)", pid)
		}
		if err == nil {
			return
		}
	}
	t.Error("no statement sleeps in the server")
}

func TestAServerThatIsRestartedIsReadAgain(t *testing.T) {
	t.Parallel()
	server, restart := pgtest.Restartable(t)
	db := newGIM(t, server)
	want, _ := undisturbed(t, db)
	db.Exec(t, "update pace set seconds = 600")
	j := over(t, db, db.Host, db.Port, "retries: 2")
	var killer sync.WaitGroup
	killer.Go(func() {
		endSleeper(t, db, "update pace set seconds = 0;")
		restart()
	})
	r, hung := do(t.Context(), j)
	killer.Wait()
	require.NoError(t, hung)
	require.NoError(t, r.Err)
	require.Equal(t, want, slice(t, j))
}

// Ctrl-C ends every wait, whatever stands still.
func TestAJobIsCancelledWhileItWaitsForTheServer(t *testing.T) {
	t.Parallel()
	db := newGIM(t, pgtest.Server(t))
	_, bytes := undisturbed(t, db)
	for name, after := range map[string]int64{"connecting": 0, "opening": bytes[0] / 50, "reading": bytes[0] / 2} {
		t.Run(name, func(t *testing.T) {
			p := pgtest.NewProxy(t, db.ServerInfo)
			p.FailAfter(after, pgtest.FromServer, false)
			j := over(t, db, p.Host, p.Port, "read_timeout: 0, statement_timeout: 0")
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-p.Broken
				time.Sleep(200 * time.Millisecond)
				cancel()
			}()
			r := must.Have(do(ctx, j))(t)
			require.True(t, r.Interrupted, "%v", r.Err)
			require.NoFileExists(t, j.Tenant.StorePath())
		})
	}
}

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

// Whatever a run is about when its time is over, it ends as that, the store is there, and what was read is in it.
func TestARunWithoutTimeKeepsWhatItReadWhereverItStood(t *testing.T) {
	t.Parallel()
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
	db := must.Have(store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{}))(t)
	defer db.Close()
	return len(must.Have(store.Slices(t.Context(), db))(t)), len(must.Have(store.Runs(t.Context(), db))(t))
}

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
	file := filepath.Join(dir, "seats.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	cfg := must.Have(config.Load(file, os.LookupEnv))(t)
	return &job.Job{
		Plan:   job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Days: []calendar.Date{{Year: 2026, Month: 3, Day: 10}}},
		Tenant: cfg.Tenants[0],
		Clock:  func() time.Time { return time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC) },
		Sleep:  func(_ context.Context, d time.Duration) { time.Sleep(d) },
		Log:    log,
	}
}

func issued(t *testing.T, j *job.Job) []report.Issue {
	db := must.Have(store.OpenPublished(t.Context(), j.Tenant.StorePath(), duck.Options{}))(t)
	defer db.Close()
	return must.Have(report.IssuedFiles(t.Context(), db))(t)
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
		require.Equal(t, []string{j.Tenant.StorePath() + ".lock"}, must.Have(filepath.Glob(j.Tenant.StorePath()+"*"))(t))
	}
}

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

func TestUnknownSwitchesAreNamedWithTheNearest(t *testing.T) {
	have := []string{"SIP_Z\u00fcrich", "SIP_London", "SIP Dallas", "Avaya_1"}
	said := func(configured string) []string {
		return job.UnknownSwitches(config.Tenant{Regions: []config.Region{{Name: "EU", Locations: []config.Location{
			{Name: "all"}, {Name: "one", Switches: []string{configured}}}}}}, have)
	}
	for _, known := range have {
		require.Empty(t, said(known))
	}
	for configured, nearest := range map[string]string{
		"SIP_Zu\u0308rich": "; the source has \"SIP_Z\u00fcrich\", which differs in its Unicode form alone (composed or decomposed letters): copy it from the source",
		"SIP_Z\u00dcRICH":  "; the source has \"SIP_Z\u00fcrich\", which differs in case",
		"SIP_London ":      `; the source has "SIP_London", which differs in blanks`,
		"sip  dallas":      `; the source has "SIP Dallas", which differs in case, blanks or its Unicode form`,
		"SIP_Lndon":        `; the nearest that the source has is "SIP_London"`,
		"Cisco_9":          "",
	} {
		require.Equal(t, []string{"EU/one: no DN has the switch \"" + configured + "\"" + nearest}, said(configured))
	}
}
