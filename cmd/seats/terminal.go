package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"seats/internal/fail"
)

// terminal is standard error. Its rules:
//
//   - standard output is data, and only data; everything for people's eyes comes here;
//   - a line begins with "seats: ", is lower case, and ends without a period;
//   - a hint stands on a line of its own below its error;
//   - progress is drawn only where standard error is a terminal, and leaves nothing behind;
//   - with --log-format json every line is one JSON object instead, and nothing is drawn.
type terminal struct {
	w     io.Writer
	json  *slog.Logger // nil for text
	isTTY bool

	mu   sync.Mutex               // several tenants may be at work
	bar  *progressbar.ProgressBar // what is being drawn, or nil
	what string                   // what the line says
}

func newTerminal(w io.Writer, format string) *terminal {
	t := &terminal{w: w}
	if format == "json" {
		t.json = slog.New(slog.NewJSONHandler(w, nil))
		return t
	}
	if f, ok := w.(*os.File); ok {
		t.isTTY = term.IsTerminal(int(f.Fd()))
	}
	return t
}

// Info says that something was done; attributes come in pairs, as for slog.
func (t *terminal) Info(msg string, attrs ...any) { t.line(slog.LevelInfo, msg, attrs) }

// Warn says that something is worth a look.
func (t *terminal) Warn(msg string, attrs ...any) { t.line(slog.LevelWarn, msg, attrs) }

func (t *terminal) line(level slog.Level, msg string, attrs []any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	if t.json != nil {
		t.json.Log(context.Background(), level, msg, attrs...)
		return
	}
	var b strings.Builder
	if level >= slog.LevelError {
		b.WriteString("seats: error: ")
	} else if level >= slog.LevelWarn {
		b.WriteString("seats: warning: ")
	} else {
		b.WriteString("seats: ")
	}
	b.WriteString(msg)
	for i := 0; i+1 < len(attrs); i += 2 {
		fmt.Fprintf(&b, " %v=%v", attrs[i], attrs[i+1])
	}
	fmt.Fprintln(t.w, b.String())
}

// fail prints an error and its hints, or nothing for nil.
func (t *terminal) fail(err error, attrs ...any) {
	if err == nil || alreadySaid(err) {
		return
	}
	hints := fail.Hints(err)
	if t.json != nil {
		if len(hints) > 0 {
			attrs = append(attrs, "hint", strings.Join(hints, "; "))
		}
		t.line(slog.LevelError, err.Error(), append(attrs, "exit_code", int(exitCode(err))))
		return
	}
	t.line(slog.LevelError, err.Error(), attrs)
	for _, h := range hints {
		fmt.Fprintf(t.w, "seats: hint: %s\n", h)
	}
}

func (t *terminal) usage(err error) {
	t.line(slog.LevelError, err.Error(), nil)
	fmt.Fprintln(t.w, "seats: hint: seats --help lists the commands, seats COMMAND --help their flags")
}
