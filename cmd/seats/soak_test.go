package main

import (
	"errors"
	"fmt"
	"io"
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

	"seats/internal/must"
	"seats/internal/pgtest"
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
	_, err := conn.Exec(s.Context(), fmt.Sprintf(`delete from %[1]s.ctl_extract_history;
		insert into %[1]s.ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts)
		values ('t', 1, 1, %[2]d, '2000-01-01', 'j', 1, 1), ('o', 2, 3, %[2]d, '2000-01-01', 'j', 1, 1)`, s.schema, s.mark.Unix()))
	require.NoError(s, err)
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
