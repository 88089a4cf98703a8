package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"gotest.tools/v3/golden"

	"example.com/seats/cmd/seats/explain"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// keyboard is a terminal of ten rows with the program in it, and a person who types and reads.
type keyboard struct {
	t      *testing.T
	cmd    *exec.Cmd
	f      *os.File
	before *term.State
	prompt string

	mu    sync.Mutex
	shown []byte // all that was
	read  int    // how much of it was read
}

const (
	enter = "\r"
	tab   = "\t"
	up    = "\x1b[A"
	ctrlC = "\x03"
	ctrlD = "\x04"
)

// sit starts the program at a terminal.
func (p place) sit(t *testing.T, env []string, args ...string) *keyboard {
	k := &keyboard{t: t, cmd: p.command(args...)}
	k.cmd.Env = append(k.cmd.Env, "TERM=xterm", "SEATS_PAGER=", "XDG_STATE_HOME="+filepath.Join(p.dir, "state"))
	k.cmd.Env = append(k.cmd.Env, env...)
	terminal, program, err := pty.Open()
	require.NoError(t, err)
	k.f = terminal
	require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Rows: 10, Cols: 80}))
	k.before = must.Have(term.GetState(int(terminal.Fd())))(t)
	k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = program, program, program
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, k.cmd.Start())
	require.NoError(t, program.Close())
	t.Cleanup(func() {
		_ = k.cmd.Process.Kill()
		_ = k.f.Close()
	})
	go k.listen()
	return k
}

// listen keeps what is shown.
func (k *keyboard) listen() {
	part := make([]byte, 4096)
	for {
		n, err := k.f.Read(part)
		k.mu.Lock()
		k.shown = append(k.shown, part[:n]...)
		k.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// at waits for the program's prompt.
func (k *keyboard) at(prompt string) *keyboard {
	k.prompt = prompt
	k.sees(prompt)
	return k
}

// asks types a line and sees what comes of it, up to the next prompt.
func (k *keyboard) asks(line string, sees ...string) {
	k.t.Helper()
	k.types(line, enter)
	for _, want := range append(sees, k.prompt) {
		k.sees(want)
	}
}

// leaves ends the program as it wants to be.
func (k *keyboard) leaves() {
	k.t.Helper()
	k.types(ctrlD)
	k.left(0)
}

func (k *keyboard) types(keys ...string) {
	k.t.Helper()
	must.Have(k.f.WriteString(strings.Join(keys, "")))(k.t)
}

var steering = regexp.MustCompile(`\x1b\[[0-9;? ]*[A-Za-z]|\r`)

// sees waits for a text below what was read before, and reads through it. What comes before it is given back.
func (k *keyboard) sees(want string) (before string) {
	k.t.Helper()
	require.True(k.t, k.within(func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		text := steering.ReplaceAllString(string(k.shown), "")
		at := strings.Index(text[k.read:], want)
		if at < 0 {
			return false
		}
		before = text[k.read : k.read+at]
		k.read += at + len(want)
		return true
	}), "no %q in %q", want, k)
	return before
}

// within looks again and again, for a time that no machine is too slow for.
func (k *keyboard) within(look func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if look() {
			return true
		}
	}
	return false
}

func (k *keyboard) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return string(k.shown)
}

// left wants the program to have ended with this status, and the terminal as it was.
func (k *keyboard) left(code int) {
	k.t.Helper()
	_ = k.cmd.Wait()
	require.Equal(k.t, code, k.cmd.ProcessState.ExitCode(), "%s", k)
	require.Equal(k.t, k.before, must.Have(term.GetState(int(k.f.Fd())))(k.t))
}

// asked is a place with a store.
func asked(t *testing.T) place {
	p := newPlace(t)
	p.must(t, "run", "--date", "2026-03-10")
	return p
}

func TestThePrompt(t *testing.T) {
	t.Parallel()
	k := asked(t).sit(t, nil, "sql").at("acme> ")

	// A statement goes on until its semicolon.
	k.asks("select 40 +"+enter+"2 as answer;", "\nanswer\n    42\n", "(1 row)\n")
	k.asks("select unnest([null, '']) as said;", "\nsaid\nNULL\n\n(2 rows)\n")

	// What others call the commands, and times by the zone that was set.
	k.asks("help", "\n.describe ")
	k.asks("set timezone = 'Asia/Tokyo';")
	k.asks("select to_timestamp(0) as at;", "1970-01-01T09:00:00+09:00\n")
	k.asks("set timezone = 'UTC';")

	// Commands; Tab completes them, and what they are about.
	k.asks(".desc"+tab+" enabled_d"+tab, "\ncolumn  type     what it holds\n", "\nregion  VARCHAR  As configured\n")
	k.asks(".tables", "\nslice ", "\npeak(of_region, on_day) ")
	k.asks(".timing on")
	k.asks("from enabled_d"+tab+" e where e.reg"+tab+" = 'EU';", "\n2026-03-10  EU           1  final\n(1 row)\ntime: 0s\n")
	k.asks(".mode csv")
	k.asks("select agents, region from enabled_daily; select 'second' as statement;", "\nagents,region\n", "\nstatement\nsecond\n")

	// What is wrong is said, and the prompt stays.
	k.asks("select nothing;", "seats: error: query: Binder Error")
	k.asks(".describe nobody", "seats: error: there is no relation or macro \"nobody\"\nseats: hint: .tables lists them\n")
	k.asks(".mode nonsense", "seats: error: it is one of table, json, csv, box, markdown, parquet, not \"nonsense\"\n")
	k.asks("delete from _data.slice;", "this kind of statement is not run here")
	k.asks("selec 1;", "seats: error: query: Parser Error")
	k.asks("select 'a;"+enter+"b' -- and; so"+enter+"as text;", "\ntext\n\"a;\nb\"\n")
	k.confined()

	// Ctrl-C throws away what is being typed.
	k.types("select 'thrown", enter, "away", ctrlC)
	k.sees("^C\nacme> ")
	k.asks("select 7 as seven;", "\nseven\n7\n")
	k.types("exit", enter)
	k.left(0)
}

// confined: where the kernel has Landlock, threads of the program have given up writing.
func (k *keyboard) confined() {
	if _, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); no != 0 {
		return
	}
	threads := must.Have(filepath.Glob("/proc/" + strconv.Itoa(k.cmd.Process.Pid) + "/task/*/status"))(k.t)
	require.True(k.t, slices.ContainsFunc(threads, func(path string) bool {
		status, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(status), "NoNewPrivs:\t1")
	}))
}

func TestCtrlCEndsAStatementAndNotThePrompt(t *testing.T) {
	t.Parallel()
	k := asked(t).sit(t, nil, "sql").at("acme> ")
	for range 2 {
		k.types("select count(*) from range(100000000) as a, range(100000000) as b where a.range + b.range = 1;", enter)
		require.True(t, k.within(func() bool { // at the prompt it does no harm
			k.types(ctrlC)
			time.Sleep(50 * time.Millisecond)
			return strings.Contains(k.String(), "seats: error: interrupted")
		}))
		k.sees("seats: error: interrupted\n")
		k.sees("acme> ")
		k.asks("select 5 as five;", "\nfive\n   5\n")
		k.mu.Lock()
		k.shown, k.read = nil, 0
		k.mu.Unlock()
	}
	k.types(`\q`, enter)
	k.left(0)
}

func TestTheHistoryOfThePrompt(t *testing.T) {
	t.Parallel()
	p := asked(t)
	file := filepath.Join(p.dir, "state", "seats", "sql_history")
	k := p.sit(t, nil, "sql", "--no-history").at("acme> ")
	k.asks("select 1 as one;", "\none\n  1\n")
	k.asks(up, "\none\n  1\n")
	k.leaves()
	require.NoFileExists(t, file)

	k = p.sit(t, nil, "sql").at("acme> ")
	k.asks("select 2"+enter+"+ 2;", "\n(2 + 2)\n      4\n")
	k.asks(" select 'secret' as word;", "\nword\nsecret\n")
	k.leaves()
	require.Equal(t, "select 2 + 2;\n", must.Text(t, file))
	for name, mode := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		require.Equal(t, mode, must.Have(os.Stat(name))(t).Mode().Perm())
	}

	// The whole statement comes back, and can be changed.
	k = p.sit(t, nil, "sql").at("acme> ")
	k.asks(up+"\x7f"+" * 21;", "44\n")
	k.leaves()
}

func TestResultsOnATerminal(t *testing.T) {
	t.Parallel()
	p := asked(t)
	k := p.sit(t, []string{"SEATS_PAGER=sed s/^/paged:/"}, "sql").at("acme> ")

	// What is longer than the terminal goes through the pager.
	k.types("from range(8);", enter)
	require.NotContains(t, k.sees("\n    7\n"), "paged:")
	k.sees("acme> ")
	k.asks("from range(50);", "\npaged:   49\n")

	// Nothing in it steers the terminal.
	for _, format := range []string{"table", "csv", "json"} {
		k.asks(".mode " + format)
		k.asks("select chr(27) || '[31m' || chr(155) || '2J' as red;", "[31m")
	}
	require.NotContains(t, k.String(), "\x1b[31m")
	require.NotContains(t, k.String(), "\u009b")

	// Files.
	k.asks(".mode parquet")
	k.asks("from slice;", "seats: error: Parquet goes to a file\nseats: hint: .output FILE ")
	k.asks(".output slice.parquet")
	k.asks("from slice;", "wrote slice.parquet\n")
	k.asks(".output slice.parquet", "seats: error: write slice.parquet: it is there already\n")
	k.leaves()
	file := filepath.Join(p.dir, "slice.parquet")
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(file))(t).Mode().Perm())
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer func() { require.NoError(t, db.Close()) }()
	var n int
	require.NoError(t, db.QueryRow("select count(*) from read_parquet(?) where day = '2026-03-10'", file).Scan(&n))
	require.Equal(t, 1, n)
	require.Empty(t, must.Have(filepath.Glob(filepath.Join(p.dir, "var", "*.read-*")))(t))

	// Without the prompt, it is a terminal all the same; a pager may be unwanted, or not there.
	const paged = "SEATS_PAGER=sed s/^/paged:/"
	for _, c := range [][]string{{"\npaged:   49\n", paged, "from range(50)"}, {"\n   49\n", paged, "--no-pager", "from range(50)"},
		{"\n   49\n", "SEATS_PAGER=/no/such/pager", "from range(50)"}} {
		k = p.sit(t, c[1:2], append([]string{"sql"}, c[2:]...)...)
		k.sees(c[0])
		k.left(0)
	}
}

func TestThePromptEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	p := asked(t)
	k := p.sit(t, nil, "sql").at("acme> ")
	k.types("select 'half")
	k.sees("half")
	require.NoError(t, k.cmd.Process.Signal(syscall.SIGTERM))
	k.left(130)

	// There is none where the cursor cannot be moved: statements are read as from a file.
	k = p.sit(t, []string{"TERM=dumb"}, "sql", "--format", "csv")
	k.types("select 3 as three;\n")
	k.sees("three\n3\n")
	k.leaves()
	require.NotContains(t, k.String(), "acme>")
}

func TestThePromptOfSeveralTenants(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	config := must.Have(os.ReadFile(filepath.Join(p.dir, "seats.yaml")))(t)
	_, acme, _ := strings.Cut(string(config), "acme: ")
	config = append(bytes.TrimSuffix(bytes.TrimSpace(config), []byte("}")), ", globex: "+acme...)
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "seats.yaml"), config, 0o600))
	p.must(t, "run", "--date", "2026-03-10")
	k := p.sit(t, nil, "sql").at("2 tenants> ")
	k.asks(".describe enabled_daily", "\ntenant  VARCHAR  As configured\n")
	k.asks("select tenant, agents from enabled_daily where reg"+tab+" = 'US' order by all;", "\ntenant  agents\nacme         2\nglobex       2\n")
	k.leaves()
}

// A day of 25 hours, in columns of an hour and a bit: the peak is in its place on the zone's clock, a single second of one
// agent is seen, and nobody is nothing.
func TestADayIsDrawn(t *testing.T) {
	zone := must.Zone(t, "America/New_York")
	midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, zone).Unix()
	at := func(hour, minute int) int64 { return midnight + int64(hour*3600+minute*60) }
	curve := explain.Curve{
		{Interval: calendar.Interval{Start: at(0, 0), End: at(4, 0)}, Agents: 0},
		{Interval: calendar.Interval{Start: at(4, 0), End: at(4, 0) + 1}, Agents: 1},
		{Interval: calendar.Interval{Start: at(4, 0) + 1, End: at(10, 0)}, Agents: 0},
		{Interval: calendar.Interval{Start: at(10, 0), End: at(14, 0)}, Agents: 6},
		{Interval: calendar.Interval{Start: at(14, 0), End: at(16, 0)}, Agents: 12},
		{Interval: calendar.Interval{Start: at(16, 0), End: at(25, 0)}, Agents: 3},
	}
	s := screen{unicode: true}
	golden.Assert(t, s.drawCurve(25, curve, zone), "draw/day.txt")
	late := append(curve[:5:5], explain.Step{Interval: calendar.Interval{Start: at(16, 0), End: at(23, 0)}, Agents: 3},
		explain.Step{Interval: calendar.Interval{Start: at(23, 0), End: at(25, 0)}, Agents: 18})
	golden.Assert(t, screen{}.drawCurve(25, late, zone), "draw/late.txt")
	require.Empty(t, s.drawCurve(25, curve[:1], zone))
	require.Empty(t, s.drawCurve(25, nil, zone))
}

func TestUnicodeGoesByTheLocale(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LC_ALL": "", "LC_CTYPE": "C.UTF-8"}, true},
		{nil, false},
	} {
		p := program{world: &world{stdout: io.Discard, env: func(name string) (string, bool) { text, set := tt.env[name]; return text, set }}}
		require.Equal(t, tt.want, p.screen().unicode, tt.env)
	}
}

// A month that begins in the middle of a week: each day under its weekday, the signs that it needs, a week's sparkline.
func TestAMonthIsDrawn(t *testing.T) {
	month := calendar.Month{Year: 2026, Month: 4}
	s := sheet{tenant: "acme", region: config.Region{Name: "US", Zone: time.UTC, Committed: 100}, month: month,
		states: map[calendar.Date]string{}, peaks: map[calendar.Date]int64{}}
	for i, day := range month.Days()[:27] {
		s.states[day], s.peaks[day] = "final", int64(4*i)
	}
	s.states[month.First().AddDays(26)] = "provisional"
	s.states[month.First().AddDays(24)] = "missing"
	delete(s.peaks, month.First().AddDays(23))
	const want = "testdata/draw/month.txt"
	golden.Assert(t, s.draw(screen{unicode: true}), must.Have(filepath.Abs(want))(t))
	golden.Assert(t, s.draw(screen{unicode: true, width: 77}), must.Have(filepath.Abs(want))(t))

	// What a narrow window has no room for is left out: some of the space, then the sparklines.
	require.Contains(t, s.draw(screen{width: 76}), "\n20  76   21  80   22  84   23  88   24   .   25   -   26 100   ####  #\n")
	require.Contains(t, s.draw(screen{width: 69}), "\n20  76   21  80   22  84   23  88   24   .   25   -   26 100\n")
}

// TestClockTimeWhereClocksJump: New York skips 02:30 on 2026-03-08 and has 01:30 twice on 2026-11-01.
func TestClockTimeWhereClocksJump(t *testing.T) {
	newYork := must.Zone(t, "America/New_York")
	spring, autumn := calendar.Date{Year: 2026, Month: 3, Day: 8}, calendar.Date{Year: 2026, Month: 11, Day: 1}

	require.Equal(t, time.Date(2026, 3, 8, 16, 30, 5, 0, time.UTC).Unix(), must.Have(clockTime("12:30:05", spring, newYork))(t))

	require.ErrorContains(t, must.Err(clockTime("02:30:00", spring, newYork)), "skipped it on 2026-03-08")

	_, err := clockTime("01:30:00", autumn, newYork)
	require.ErrorContains(t, err, "give it as 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00")

	require.ErrorContains(t, must.Err(clockTime("1:30", autumn, newYork)), "want HH:MM:SS")
}

// TestDateWithIsTheBillingDay: the day of an instant is the one whose interval holds it (R7), in the region's zone.
func TestDateWithIsTheBillingDay(t *testing.T) {
	kolkata := must.Zone(t, "Asia/Kolkata")
	at := time.Date(2026, 3, 9, 18, 30, 0, 0, time.UTC) // midnight in Kolkata
	require.Equal(t, "2026-03-10", dateWith(at.Unix(), kolkata).String())
	require.Equal(t, "2026-03-09", dateWith(at.Unix()-1, kolkata).String())

	havana := must.Zone(t, "America/Havana")
	// At 01:00 on 2026-11-01 the clocks go back to 00:00: both passages belong to the same day.
	for _, hour := range []int{4, 5} {
		require.Equal(t, "2026-11-01", dateWith(time.Date(2026, 11, 1, hour, 30, 0, 0, time.UTC).Unix(), havana).String())
	}
}
