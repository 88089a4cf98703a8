package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rowsKnown is what an analyst sees of a month, the rows that are sealed too.
const rowsKnown = `select 'session' as what, hash(r)::varchar as row from voice_session as r union all select 'activity', hash(r)::varchar from ocs_activity as r
	union all select 'agent', hash(r)::varchar from agent as r union all select 'qualifying', hash(r)::varchar from qualifying_session as r
	union all select 'concurrency', hash(r)::varchar from concurrency as r union all select 'slice', day || sha256 from slice
	union all select 'peak', hash(r)::varchar from daily_concurrent as r union all select 'enabled', hash(r)::varchar from monthly_enabled as r order by all`

// A run that is killed at any moment while it seals a month, or brings one back and seals it anew, loses no row and no file that the
// store asks for, and the next one seals. SEATS_TEST_KILLS says how many are killed.
func TestAKilledRunThatSealsLosesNoRow(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	now := append(p.command("run").Env, "SEATS_TEST_NOW=2026-05-05T12:00:00Z")
	run := func(args ...string) string {
		var said strings.Builder
		cmd := p.command(args...)
		cmd.Env, cmd.Stderr = now, &said
		out, err := cmd.Output()
		require.NoError(t, err, "seats %v: %s", args, &said)
		return string(out)
	}
	run("run", "--month", "2026-03")
	want := run("sql", "--format", "csv", rowsKnown)
	store := filepath.Join(p.dir, "var")
	open := t.TempDir()
	require.NoError(t, os.CopyFS(open, os.DirFS(store)))
	now = append(now, "SEATS_TEST_NOW=2026-05-20T12:00:00Z")
	explained := run("explain", "--date", "2026-03-10", "--region", "US")

	died, took := 0, time.Second
	for seed := range times(t, "SEATS_TEST_KILLS", 2) {
		random := rand.New(rand.NewPCG(2, uint64(seed)))
		require.NoError(t, os.RemoveAll(store))
		require.NoError(t, os.CopyFS(store, os.DirFS(open)))
		for _, args := range [][]string{{"run", "--date", "2026-03-10"}, {"run", "--date", "2026-03-10", "--refresh"}} {
			victim := p.command(args...)
			victim.Env = now
			require.NoError(t, victim.Start())
			timer := time.AfterFunc(time.Duration(random.Float64()*float64(took)), func() { _ = victim.Process.Kill() })
			if victim.Wait() != nil {
				died++
			}
			timer.Stop()
			require.Equal(t, want, run("sql", "--format", "csv", rowsKnown), "seed %d, %v", seed, args)
			began := time.Now()
			run(args...)
			took = time.Since(began)
			require.Equal(t, want, run("sql", "--format", "csv", rowsKnown), "seed %d, %v", seed, args)
			require.Equal(t, "1\n", run("sql", "--format", "csv", "select count(*) as n from sealed_month")[len("n\n"):])
		}
		require.Equal(t, explained, run("explain", "--date", "2026-03-10", "--region", "US"))
		run("audit", "--month", "2026-03")
	}
	t.Logf("killed: %d", died)
}
