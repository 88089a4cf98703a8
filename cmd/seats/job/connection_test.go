package job_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/gimschema"
	"seats/internal/must"
	"seats/internal/pgtest"
	"seats/internal/store"
)

// forever is what no wait of these tests may come near, on the slowest day.
const forever = 2 * time.Minute

// newGIM is a GIM with some 300 kB of 2026-03-10 in it. Reading a leg of it takes as long as the table pace says.
func newGIM(t *testing.T, server pgtest.ServerInfo) *pgtest.DB {
	db := pgtest.SchemaOn(t, server)
	db.Exec(t, gimschema.DDL+";"+string(must.Have(os.ReadFile("testdata/gim.sql"))(t)))
	return db
}

// over is a job that reads the GIM at an address.
func over(t *testing.T, db *pgtest.DB, host string, port int, settings string) *job.Job {
	t.Helper()
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
	slices := must.Have(store.Slices(t.Context(), db))(t)
	return slices[calendar.Date{Year: 2026, Month: 3, Day: 10}].SHA256
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
	db := newGIM(t, pgtest.Server(t))
	want, _ := undisturbed(t, db)
	j := over(t, db, db.Host, db.Port, "connections: 2")
	for _, c := range []struct {
		ended, retries, code int // how often a backend is ended
	}{{1, 2, 0}, {1, 0, 5}, {2, 1, 5}} {
		log := &heard{}
		j.Log, j.Tenant.GIM.Retries = log, c.retries
		db.Exec(t, "update pace set seconds = 30")
		var killer sync.WaitGroup
		killer.Go(func() {
			for i := range c.ended {
				endSleeper(t, db, fmt.Sprintf("update pace set seconds = %d;", 30*(c.ended-1-i)))
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
	for range 5000 {
		var pid int
		err := db.Conn.QueryRow(t.Context(), `select a.pid from pg_stat_activity as a where a.wait_event = 'PgSleep' and exists (
			select from pg_locks as l join pg_class as c on c.oid = l.relation where l.pid = a.pid and c.relnamespace = to_regnamespace($1))`,
			db.Schema).Scan(&pid)
		if err == nil {
			_, err = db.Conn.Exec(t.Context(), fmt.Sprintf("%s select pg_terminate_backend(%d, 60000)", before, pid))
		}
		if err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("no statement sleeps in the server")
}

func TestAServerThatIsRestartedIsReadAgain(t *testing.T) {
	server, restart := pgtest.Restartable(t)
	db := newGIM(t, server)
	want, _ := undisturbed(t, db)
	db.Exec(t, "update pace set seconds = 30")
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
			r, hung := do(ctx, j)
			require.NoError(t, hung)
			require.True(t, r.Interrupted, "%v", r.Err)
			require.NoFileExists(t, j.Tenant.StorePath())
		})
	}
}
