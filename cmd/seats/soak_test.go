package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
)

// soak is a nightly job on a GIM of its own, in which something goes wrong almost every night.
type soak struct {
	*testing.T
	random  *rand.Rand
	server  pgtest.ServerInfo
	schema  string
	restart func()
	place
	small   []string      // folders that are small disks of their own
	usually time.Duration // how long a run takes

	first, tonight time.Time      // midnights
	now, mark      time.Time      // tonight's clock; up to when the GIM is complete
	port           int            // where the GIM is found tonight
	aftermath      string         // what the night before may have left to be said
	nights         map[string]int // by what went wrong
	told           map[string]int // of these, those in which something had to be said
}

// fault is what goes wrong in a night. before happens before the run, and gives what is to be done after it; during
// happens while it runs.
type fault struct {
	name      string
	before    func(s *soak) (after func())
	during    func(s *soak, run *os.Process)
	exits     []int  // what the run may end with, beside 0; -1: it was killed
	says      string // what is said of it; every warning and every error of the night must be this
	aftermath string // and what the next run may say
}

// lost is what is said of a broken connection, at whatever moment it breaks.
const lost = `the connection to the source is lost|the source's snapshot is lost|connect to |no byte came|unexpected EOF|` +
	`terminating connection|the database system is|connection (reset|refused)|conn closed|use of closed|lock|statement_timeout`

// The cheap ones come first: without SEATS_TEST_NIGHTS there are no others.
var faults = []fault{
	{name: "nothing"},
	{name: "killed", exits: []int{-1}, aftermath: `the run before was killed`, during: func(_ *soak, run *os.Process) { _ = run.Kill() }},
	{name: "GIM late", exits: []int{4}, says: ` is not ready: `, before: func(s *soak) func() {
		s.mark = s.mark.AddDate(0, 0, -1)
		return nil
	}},
	{name: "clock ahead", exits: []int{4}, says: ` is not ready: `, aftermath: `the clock is behind`, before: func(s *soak) func() {
		s.now = s.now.AddDate(0, 0, 20)
		return nil
	}},
	{name: "output removed", says: `issued files are gone from the output folder`, before: (*soak).removeOutput},
	{name: "clock behind", says: `the clock is behind`, before: func(s *soak) func() {
		s.now = s.now.AddDate(0, 0, -3)
		return nil
	}},
	{name: "disk full", exits: []int{1}, says: `the disk of .* is full`, before: (*soak).fill},
	{name: "line dropped", exits: []int{5}, says: lost, before: func(s *soak) func() { return s.breakLine(true) }},
	{name: "server restarted", exits: []int{5}, says: lost, during: func(s *soak, _ *os.Process) { s.restart() }},
	{name: "line stalled", exits: []int{5}, says: lost, before: func(s *soak) func() { return s.breakLine(false) }},
}

// A job that goes on night after night comes through all of this: in the end every file is what an undisturbed run
// gives, the audit finds nothing, and whatever was put off or lost stands in the log of its night. SEATS_TEST_NIGHTS
// says how many nights there are.
func TestANightlyJobOutlivesItsFaults(t *testing.T) {
	t.Parallel()
	nights := times(t, "SEATS_TEST_NIGHTS", 6)
	s := newSoak(t, nights)
	for n := range nights {
		f := faults[n%len(faults)] // each at least once, and then as it comes
		if n >= len(faults) {
			f = faults[s.random.IntN(len(faults))]
		}
		s.night(f)
	}
	s.night(faults[0])
	t.Logf("nights: %v; of these, with something to say: %v", s.nights, s.told)

	s.must("audit")
	const days = "select day, sha256 from slice order by day"
	given, read := s.output(), s.must("sql", "--format", "csv", days)
	require.NoError(t, os.RemoveAll(filepath.Join(s.dir, "out", "acme")))
	require.NoError(t, os.Remove(filepath.Join(s.dir, "var", "acme.duckdb")))
	s.must("run")
	require.Equal(t, s.output(), given)
	require.Equal(t, s.must("sql", "--format", "csv", days), read)
}

func newSoak(t *testing.T, nights int) *soak {
	s := &soak{T: t, random: rand.New(rand.NewPCG(1, 2)), place: place{dir: t.TempDir()}, nights: map[string]int{}, told: map[string]int{},
		first: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.tonight = s.first
	s.server, s.restart = pgtest.Restartable(t)
	db := pgtest.SchemaOn(t, s.server)
	s.schema, s.port = db.Schema, db.Port
	silence, statement := "1s", "2s" // so that a line that stalls does not keep a night
	if nights < len(faults) {
		silence, statement = "10s", "20s" // none does, and a machine may be busy with other tests
	}
	gimsim := exec.Command("gimsim", "db", "--dsn="+db.ConnString(), "--schema="+db.Schema, "--create", "--no-interactions", "--seed=7",
		"--from=2025-12-30", "--days="+strconv.Itoa(nights+6), "--agents=12", "--ocs-share=0.8", "--open=0")
	out, err := gimsim.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "seats.yaml"), []byte(`globals: {data_dir: var, output_dir: out, production_date: 2026-01-01, engine: {threads: 1}}
tenants:
  acme:
    gimdb: {host: `+db.Host+`, port: "${PORT}", database: `+db.Database+`, schema: `+db.Schema+`, user: `+db.User+`, sslmode: disable, read_timeout: `+silence+`, statement_timeout: `+statement+`, retries: 1}
    regions: {US: {locations: {dallas: {switches: [SIP_DAL_1, SIP_DAL_2]}}}, EU: {locations: {other: {switches: []}}}}
`), 0o600))
	s.smallDisks()
	return s
}

// smallDisks puts data_dir and output_dir on disks that can be filled, where this user may do that.
func (s *soak) smallDisks() {
	for name, size := range map[string]string{"var": "size=64m,mode=0700", "out": "size=16m,mode=0700"} {
		dir := filepath.Join(s.dir, name)
		require.NoError(s, os.Mkdir(dir, 0o700))
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
			s.Logf("no disk will be full: %v", err)
			return
		}
		s.small = append(s.small, dir)
		s.Cleanup(func() { require.NoError(s, syscall.Unmount(dir, 0)) })
	}
	slices.Sort(s.small)
}

// night runs the job once, with a fault, and holds what it says against that.
func (s *soak) night(f fault) {
	s.tonight = s.tonight.AddDate(0, 0, 1)
	s.now, s.mark = s.tonight.Add(6*time.Hour), s.tonight.Add(5*time.Hour)
	var after func()
	if f.before != nil {
		after = f.before(s)
	}
	s.moveMark()
	began := time.Now()
	exit, said := s.run(f.during)
	if s.usually == 0 {
		s.usually = time.Since(began)
	}
	where := fmt.Sprintf("night to %s, %s: exit %d\n%s", s.tonight.Format(time.DateOnly), f.name, exit, said)
	require.Contains(s, append(f.exits, 0), exit, where)
	s.nights[f.name]++
	s.explained(f, exit, said, where)
	s.aftermath = f.aftermath
	if after != nil {
		after()
	}
}

// explained requires that there is a line for what went wrong, and none for what did not.
func (s *soak) explained(f fault, exit int, said, where string) {
	follows := regexp.MustCompile(`the month is not (computed|complete): `)
	fits := func(pattern, line string) bool { return pattern != "" && regexp.MustCompile(pattern).MatchString(line) }
	told := false
	for line := range strings.Lines(said) {
		if !strings.HasPrefix(line, "seats: warning: ") && !strings.HasPrefix(line, "seats: error: ") || follows.MatchString(line) {
			continue
		}
		told = told || fits(f.says, line)
		require.True(s, fits(f.says, line) || fits(s.aftermath, line), "%s\nunexplained: %s", where, line)
	}
	if told {
		s.told[f.name]++
	}
	require.True(s, told || exit <= 0, "nothing says why: %s", where)
}

// run is the job; what happens during it, happens after a part of the time that it takes.
func (s *soak) run(during func(*soak, *os.Process)) (exit int, said string) {
	var stderr strings.Builder
	cmd := s.command("run")
	cmd.Stderr = &stderr
	require.NoError(s, cmd.Start())
	happened := make(chan struct{})
	time.AfterFunc(time.Duration(s.random.Float64()*float64(s.usually)), func() {
		defer close(happened)
		if during != nil {
			during(s, cmd.Process)
		}
	})
	err := cmd.Wait()
	<-happened
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		require.NoError(s, err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

func (s *soak) command(args ...string) *exec.Cmd {
	s.env = []string{"PORT=" + strconv.Itoa(s.port), "SEATS_TEST_NOW=" + s.now.Format(time.RFC3339)}
	return s.place.command(args...)
}

// must runs a command without faults and gives its standard output.
func (s *soak) must(args ...string) string {
	s.Helper()
	s.command()
	out, _ := s.place.must(s.T, args...)
	return out
}

// moveMark moves the GIM's high-water mark.
func (s *soak) moveMark() {
	conn := must.Have(pgx.Connect(s.Context(), s.server.ConnString()))(s)
	defer conn.Close(s.Context()) //nolint:errcheck // nothing hangs on it
	must.Have(conn.Exec(s.Context(), fmt.Sprintf(`delete from %[1]s.ctl_extract_history;
		insert into %[1]s.ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts)
		values ('t', 1, 1, %[2]d, '2000-01-01', 'j', 1, 1), ('o', 2, 3, %[2]d, '2000-01-01', 'j', 1, 1)`, s.schema, s.mark.Unix())))(s)
}

// breakLine leads to the GIM over a line that breaks somewhere in the night, and half of the time comes back.
func (s *soak) breakLine(drop bool) (after func()) {
	p := pgtest.NewProxy(s, s.server)
	p.FailAfter(s.random.Int64N(60_000), pgtest.FromServer, drop)
	if s.random.IntN(2) == 0 {
		go func() {
			<-p.Broken
			p.Heal()
		}()
	}
	usual := s.port
	s.port = p.Port
	return func() { s.port = usual }
}

// fill leaves little room for the store, none or less than a run needs, or none for the files.
func (s *soak) fill() (after func()) {
	if s.small == nil {
		return nil
	}
	dir, room := s.small[0], int64(0) // out
	if s.random.IntN(2) == 0 {
		dir, room = s.small[1], s.random.Int64N(1_500_000)
	}
	var disk syscall.Statfs_t
	require.NoError(s, syscall.Statfs(dir, &disk))
	filler := filepath.Join(dir, "filler")
	f := must.Have(os.Create(filler))(s)
	must.Have(io.CopyN(f, zeros{}, int64(disk.Bavail)*disk.Bsize-room))(s)
	require.NoError(s, f.Close())
	return func() { require.NoError(s, os.Remove(filler)) }
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// removeOutput takes the issued files away; in the morning somebody does what the audit says.
func (s *soak) removeOutput() (after func()) {
	before := s.output()
	require.NoError(s, os.RemoveAll(filepath.Join(s.dir, "out", "acme")))
	return func() {
		found, err := s.command("audit").Output()
		require.Error(s, err)
		require.Contains(s, string(found), "data_file_missing")
		s.must("report", "--from", s.first.Format(time.DateOnly), "--to", s.tonight.AddDate(0, 0, -1).Format(time.DateOnly))
		s.must("audit")
		require.Subset(s, s.output(), before)
	}
}

// output is the data files.
func (s *soak) output() map[string]string {
	files := s.files(s.T)
	maps.DeleteFunc(files, func(name, _ string) bool { return !strings.HasPrefix(name, "CNT_") || !strings.HasSuffix(name, ".csv") })
	return files
}

// times is how often a test does what it does, unless the environment says otherwise: `make soak` wants more of it.
func times(t *testing.T, name string, usually int) int {
	text, set := os.LookupEnv(name)
	if !set {
		return usually
	}
	return must.Have(strconv.Atoi(text))(t)
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
	cmd.Dir, cmd.Env = p.dir, slices.Concat(os.Environ(), []string{"SEATS_TEST_NOW=2026-04-02T06:00:00Z"}, p.env)
	return cmd
}

// must runs the program to its end and gives its standard output and what it says.
func (p place) must(t *testing.T, args ...string) (out, said string) {
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
		require.Len(t, must.Have(filepath.Glob(filepath.Join(p.dir, "var", "*")))(t), 2, "the store and its lock")
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

// Every row of docs/faults.md names exit codes that there are, and tests that there are.
func TestThePageOfFaultsNamesTestsThatExist(t *testing.T) {
	tests, exits := testNames(t), codes(t)
	page := must.Have(os.ReadFile("../../docs/faults.md"))(t)
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| fault |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		require.Len(t, cells, 4, line)
		for text := range strings.SplitSeq(cells[2], ", ") {
			code, err := strconv.Atoi(text)
			require.True(t, text == "none" || err == nil && exits[fail.Code(code)] != "", line)
		}
		named := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1)
		require.NotEmpty(t, named, line)
		for _, name := range named {
			require.True(t, tests[name[1]], "%s is no test: %s", name[1], line)
		}
	}
	require.Greater(t, rows, 40)
}

// testNames are the functions, scripts and cases that test the program.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			for _, f := range declared.FindAllStringSubmatch(string(text), -1) {
				names[f[1]] = true
			}
			return err
		case filepath.Ext(path) == ".txtar" || filepath.Base(filepath.Dir(path)) == "case":
			names[strings.TrimSuffix(d.Name(), filepath.Ext(path))] = true
		}
		return err
	}))
	return names
}
