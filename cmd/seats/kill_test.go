package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
)

// times is how often a test does what it does, unless the environment says otherwise: `make soak` wants more of it.
func times(t *testing.T, name string, usually int) int {
	text, set := os.LookupEnv(name)
	if !set {
		return usually
	}
	n := must.Have(strconv.Atoi(text))(t)
	return n
}

// shifts are the work of three days, in one command or several, and which of these is killed.
var shifts = []struct {
	commands []string
	victim   string
}{
	{[]string{"run"}, "run"},
	{[]string{"extract", "compute", "report"}, "extract"},
	{[]string{"extract", "compute", "report"}, "compute"},
	{[]string{"extract", "compute", "report"}, "report"},
	{[]string{"extract", "run"}, "run"}, // on a store that is there
}

// place is a folder with a configuration and a source, in which the program works.
type place struct {
	dir string
	env []string
}

func newPlace(t *testing.T) place {
	p := place{dir: t.TempDir()}
	base := must.Have(filepath.Abs(filepath.Join("testdata", "gim")))(t)
	require.NoError(t, os.Mkdir(filepath.Join(p.dir, "exports"), 0o700))
	require.NoError(t, os.Symlink(base, filepath.Join(p.dir, "exports", "export_1_2026_04_02_00_00_00")))
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "seats.yaml"), []byte(`globals: {data_dir: var, output_dir: out, engine: {threads: 1}}
tenants: {acme: {export_dir: exports, regions: {US: {locations: {dallas: {switches: [SIP_A]}}}, EU: {locations: {london: {switches: [SIP_B]}}}}}}
`), 0o600))
	return p
}

// command is the program as a process of its own, at a time that stands still: what it writes is the same every time.
func (p place) command(args ...string) *exec.Cmd {
	cmd := exec.Command("seats", args...)
	cmd.Dir, cmd.Env = p.dir, slices.Concat(os.Environ(), []string{"GOMAXPROCS=1", "SEATS_TEST_NOW=2026-04-02T06:00:00Z"}, p.env)
	return cmd
}

// must runs the program to its end and gives its standard output and what it says.
func (p place) must(t *testing.T, args ...string) (out, said string) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "seats %v: %s%s", args, &stdout, &stderr)
	return stdout.String(), stderr.String()
}

// files are those in the output folder, hidden ones too.
func (p place) files(t *testing.T) map[string]string {
	files := map[string]string{}
	found, err := os.ReadDir(filepath.Join(p.dir, "out", "acme"))
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	for _, f := range found {
		text := must.Have(os.ReadFile(filepath.Join(p.dir, "out", "acme", f.Name())))(t)
		files[f.Name()] = string(text)
	}
	return files
}

// kill starts the program and kills it after a while, and says whether it still ran.
func (p place) kill(t *testing.T, after time.Duration, args ...string) bool {
	t.Helper()
	cmd := p.command(args...)
	require.NoError(t, cmd.Start())
	defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled()
	require.True(t, err == nil || killed, "seats %v: %v", args, err)
	return killed
}

// known is what the store holds, without the ledger of runs.
const known = `select day, state, sha256, extracted_at from slice union all select day, region, agents::varchar, peak_at from daily_concurrent
	union all select null, file, sha256, issued_at from issued_file order by all`

// requireWhole requires that a killed run has left nothing torn: what it wrote is what it would have written to its end,
// a data file has its manifest, and the store can be read.
func (p place) requireWhole(t *testing.T, want map[string]string) {
	t.Helper()
	found := p.files(t)
	for name, text := range found {
		if strings.HasPrefix(name, ".") {
			continue // it has not got its name yet
		}
		require.Equal(t, want[name], text, name)
		if strings.HasSuffix(name, ".csv") {
			require.Contains(t, found, name+".manifest.json")
		}
	}
	db, err := store.OpenPublished(t.Context(), filepath.Join(p.dir, "var", "acme.duckdb"), duck.Options{})
	if errors.Is(err, store.ErrMissing) {
		return
	}
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// A run that is killed at any moment leaves nothing torn, and the next one gives what it would have given: the same bytes,
// the same store. SEATS_TEST_KILLS says how many are killed.
func TestAKilledRunLeavesNothingTornAndTheNextGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	days := []string{"--from", "2026-03-09", "--to", "2026-03-11"}
	took := map[string]time.Duration{}
	var want map[string]string
	var wantKnown string
	for _, s := range shifts[:2] {
		p.clear(t)
		for _, command := range s.commands {
			began := time.Now()
			p.must(t, append([]string{command}, days...)...)
			took[command] = time.Since(began)
		}
		if want == nil {
			want = p.files(t)
			wantKnown, _ = p.must(t, "sql", "--format", "csv", known)
		}
		require.Equal(t, want, p.files(t))
	}
	require.Len(t, want, 12)
	died := map[string]int{}
	for seed := range times(t, "SEATS_TEST_KILLS", len(shifts)) {
		random := rand.New(rand.NewPCG(1, uint64(seed)))
		s := shifts[seed%len(shifts)]
		p.clear(t)
		for _, command := range s.commands {
			args := append([]string{command}, days...)
			if command == s.victim {
				after, began := time.Duration(random.Float64()*float64(took[s.victim])), time.Now()
				if p.kill(t, after, args...) {
					died[s.victim]++
				} else {
					took[s.victim] = time.Since(began) // the machine has more time now
				}
				p.requireWhole(t, want)
				_, err := os.Lstat(filepath.Join(p.dir, "var", "acme.duckdb.work"))
				_, said := p.must(t, args...)
				require.Equal(t, err == nil, strings.Contains(said, "seats: warning: the run before was killed"), said)
				continue
			}
			p.must(t, args...)
		}
		require.Equal(t, want, p.files(t), "seed %d, %s", seed, s.victim)
		got, _ := p.must(t, "sql", "--format", "csv", known)
		require.Equal(t, wantKnown, got, "seed %d, %s", seed, s.victim)
		p.must(t, "audit")
		left := must.Have(filepath.Glob(filepath.Join(p.dir, "var", "*")))(t)
		require.Len(t, left, 2, "the store and its lock")
	}
	require.NotEmpty(t, died, "no run was killed: all had ended before")
	t.Logf("killed: %v", died)
}

// clear takes away what the program made.
func (p place) clear(t *testing.T) {
	require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "var")))
	require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "out")))
}

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
	p.env = []string{"SEATS_TEST_NOW=2026-05-05T12:00:00Z"}
	run := func(args ...string) string {
		out, _ := p.must(t, args...)
		return out
	}
	run("run", "--month", "2026-03")
	want := run("sql", "--format", "csv", rowsKnown)
	store := filepath.Join(p.dir, "var")
	open := t.TempDir()
	require.NoError(t, os.CopyFS(open, os.DirFS(store)))
	p.env = []string{"SEATS_TEST_NOW=2026-05-20T12:00:00Z"}
	explained := run("explain", "--date", "2026-03-10", "--region", "US")

	died, took := 0, time.Second
	for seed := range times(t, "SEATS_TEST_KILLS", 2) {
		random := rand.New(rand.NewPCG(2, uint64(seed)))
		require.NoError(t, os.RemoveAll(store))
		require.NoError(t, os.CopyFS(store, os.DirFS(open)))
		for _, args := range [][]string{{"run", "--date", "2026-03-10"}, {"run", "--date", "2026-03-10", "--refresh"}} {
			if p.kill(t, time.Duration(random.Float64()*float64(took)), args...) {
				died++
			}
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
