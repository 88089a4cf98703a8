package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/query"
	"example.com/seats/internal/disk"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/report"
)

// terminal is standard error. Its rules:
//
//   - standard output is data, and only data; everything for people's eyes comes here;
//   - a line begins with "seats: ", is lower case, and ends without a period;
//   - a hint stands on a line of its own below its error; further lines of a message are set in, so that no name
//     in it can pass for a message;
//   - what could steer the terminal is escaped, as in tables on standard output;
//   - what a job has done is a line a tenant and day; a line for each of its steps only where somebody wants details, as
//     who reads JSON does; only warnings and errors where somebody wants quiet;
//   - progress is drawn only where standard error is a terminal, and leaves nothing behind;
//   - with --log-format json every line is one JSON object instead, and nothing is drawn. Each has time, level, msg,
//     tenant, day, stage and run, empty where a line has none; run is the same in all lines of a process.
type terminal struct {
	w     io.Writer
	json  slog.Handler // nil for text
	now   func() time.Time
	run   string // when the program began, which sorts and leads to the ledger, and what tells it from others of that second
	isTTY bool

	quiet   bool // warnings and errors alone are said
	details bool // what a step of a job has done is said too

	mu   sync.Mutex               // several tenants may be at work
	bar  *progressbar.ProgressBar // what is being drawn, or nil
	what string                   // what the line says
}

func newTerminal(w io.Writer, format string, clock func() time.Time) *terminal {
	t := &terminal{w: w, now: clock}
	if format == "json" {
		var b [4]byte
		rand.Read(b[:]) //nolint:errcheck // it never fails
		t.json = slog.NewJSONHandler(w, nil)
		t.run = clock().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
		return t
	}
	_, t.isTTY = query.Terminal(w)
	return t
}

// Info says that something was done; attributes come in pairs, as for slog.
func (t *terminal) Info(msg string, attrs ...any) { t.line(slog.LevelInfo, msg, attrs) }

// Warn says that something is worth a look.
func (t *terminal) Warn(msg string, attrs ...any) { t.line(slog.LevelWarn, msg, attrs) }

func (t *terminal) line(level slog.Level, msg string, attrs []any) {
	last := len(attrs) - 2 // where a job's step names itself
	if level == slog.LevelInfo && (t.quiet || !t.details && last >= 0 && attrs[last] == job.StageKey) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	if t.json != nil {
		t.object(level, msg, attrs)
		return
	}
	said := "seats: " + map[slog.Level]string{slog.LevelWarn: "warning: ", slog.LevelError: "error: "}[level] + onTerminal(msg)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i] != job.StageKey { // people see it from the words
			said += report.Printable(fmt.Sprintf(" %v=%v", attrs[i], attrs[i+1]))
		}
	}
	fmt.Fprintln(t.w, said)
}

// onTerminal is a message as it is shown to people. A tab is one space wide, as it is for who puts a caret below it.
func onTerminal(msg string) string {
	return strings.Join(list.Of(strings.Split(strings.ReplaceAll(msg, "\t", " "), "\n"), report.Printable), "\n  ")
}

// object writes a line as JSON: what every line has, then the rest.
func (t *terminal) object(level slog.Level, msg string, attrs []any) {
	always := map[any]any{"tenant": "", "day": "", job.StageKey: ""}
	var rest []any
	for i := 0; i+1 < len(attrs); i += 2 {
		if _, is := always[attrs[i]]; is {
			always[attrs[i]] = attrs[i+1]
		} else {
			rest = append(rest, attrs[i], attrs[i+1])
		}
	}
	r := slog.NewRecord(t.now(), level, msg, 0)
	r.Add("tenant", always["tenant"], "day", always["day"], job.StageKey, always[job.StageKey], "run", t.run)
	r.Add(rest...)
	t.json.Handle(context.Background(), r) //nolint:errcheck // where nothing can be said, nothing is
}

func (t *terminal) fail(err error, attrs ...any) {
	if err == nil || alreadySaid(err) {
		return
	}
	var place job.Failure
	if f, is := err.(*job.Failure); is { //nolint:errorlint // only the outermost
		place, err = *f, f.Unwrap()
	}
	if t.json != nil {
		attrs = append(attrs, job.StageKey, place.Stage, "day", place.Day)
	}
	t.hinted(slog.LevelError, "", err, attrs)
}

// warn says that something went wrong that changes no exit status, with its hints.
func (t *terminal) warn(what string, err error, attrs ...any) {
	t.hinted(slog.LevelWarn, what+": ", err, attrs)
}

func (t *terminal) hinted(level slog.Level, before string, err error, attrs []any) {
	err = disk.Explain(err, "")
	hints := fail.Hints(err)
	if t.json != nil && len(hints) > 0 {
		attrs, hints = append(attrs, "hint", strings.Join(hints, "; ")), nil
	}
	if t.json != nil && level == slog.LevelError {
		attrs = append(attrs, "exit_code", int(job.ExitCode(err)))
	}
	t.line(level, before+err.Error(), attrs)
	for _, h := range hints {
		fmt.Fprintf(t.w, "seats: hint: %s\n", onTerminal(h))
	}
}

// Start draws a line of progress on a terminal, until the next message or Stop: what is being done, how many rows, how fast.
func (t *terminal) Start(what string) { t.draw(what, -1) }

// Expect says how many rows are to come, so that the line can tell the time left.
func (t *terminal) Expect(rows int64) { t.draw(t.what, max(1, rows)) }

// draw begins a new line; rows is -1 where their number is not known.
func (t *terminal) draw(what string, rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	if t.what = what; !t.isTTY || t.quiet {
		return
	}
	t.bar = progressbar.NewOptions64(rows,
		progressbar.OptionSetWriter(t.w),
		progressbar.OptionSetDescription("seats: "+what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("rows"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(0), // it moves with the rows: no goroutine to draw over what follows
	)
}

// Add moves the line, from any goroutine. An estimate may fall short: the line then stays full.
func (t *terminal) Add(rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		t.bar.Add64(rows) //nolint:errcheck // a line that cannot be drawn is no reason to stop
	}
}

// Stop takes the line away.
func (t *terminal) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
}

// clear takes the line away; the caller holds the lock.
func (t *terminal) clear() {
	if t.bar != nil {
		t.bar.Clear() //nolint:errcheck // as above
		t.bar = nil
	}
}

// screen is what standard output shows text on.
type screen struct {
	width   int  // of the window, in columns; 0: it is no terminal
	unicode bool // more than ASCII
	color   bool
}

// screen is standard output. Colours are for a terminal that has them, unless NO_COLOR (https://no-color.org) or the flag says otherwise.
func (p *program) screen() screen {
	env := func(name string) string { value, _ := p.env(name); return value }
	locale := cmp.Or(env("LC_ALL"), env("LC_CTYPE"), env("LANG")) // as POSIX has it: the first of these that is set says
	s := screen{unicode: strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8")}
	f, is := query.Terminal(p.stdout)
	if !is {
		return s
	}
	if s.width, _, _ = term.GetSize(int(f.Fd())); s.width <= 0 {
		s.width = 80 // of one that does not say
	}
	s.color = !p.NoColor && env("NO_COLOR") == "" && env("TERM") != "dumb"
	return s
}

// paint gives text a colour, where there are any.
func (s screen) paint(c text.Color, what string) string {
	if !s.color || strings.TrimSpace(what) == "" {
		return what
	}
	return c.EscapeSeq() + what + text.EscapeReset
}

const (
	curveColor = text.FgCyan
	faintColor = text.Faint
	warnColor  = text.FgYellow
	badColor   = text.FgRed
)

// glyphs are what bars are drawn with. Eighths need a terminal that knows Unicode; elsewhere a place is full or empty.
type glyphs struct {
	blocks                 []rune // from nothing to a full place, in equal steps
	edge, mark, band, line string
}

func (s screen) glyphs() glyphs {
	if s.unicode {
		return glyphs{[]rune(" ▁▂▃▄▅▆▇█"), "│", "▲", "░", "─"}
	}
	return glyphs{[]rune(" #"), "|", "^", ":", "-"}
}

// columns is of how many a day's curve is drawn; 0 where the screen is no terminal, or too narrow a one.
func (s screen) columns() int {
	for _, columns := range []int{288, 144, 96, 48, 24} { // 5, 10, 15, 30 and 60 minutes, on most days
		if columns+10 <= s.width {
			return columns
		}
	}
	return 0
}
