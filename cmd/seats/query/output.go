package query

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"seats/internal/confine"
	"seats/internal/fail"
	"seats/internal/plain"
	"seats/report"
)

// Screen is standard output. Where it is a terminal, nothing in a result can steer it, and what is longer than it goes through
// a pager.
type Screen struct {
	Out   io.Writer
	Pager string // a command of the shell's; "": none
}

// DefaultPager is the user's pager by the environment: SEATS_PAGER, or PAGER, or less if there is one. None is wanted where the
// variable is empty.
func DefaultPager(env func(string) (string, bool)) string {
	for _, name := range []string{"SEATS_PAGER", "PAGER"} {
		if pager, is := env(name); is {
			return pager
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less -FRSX"
}

// Terminal gives the terminal that something is, if it is one.
func Terminal(stream any) (*os.File, bool) {
	f, is := stream.(*os.File)
	return f, is && term.IsTerminal(int(f.Fd()))
}

// Show shows a result.
func (s Screen) Show(ctx context.Context, write func(io.Writer) error) error {
	terminal, is := Terminal(s.Out)
	if !is {
		return write(s.Out)
	}
	var result bytes.Buffer
	if err := write(&result); err != nil {
		return err
	}
	columns, rows, err := term.GetSize(int(terminal.Fd()))
	known := err == nil && columns > 0 && rows > 0
	var shown bytes.Buffer
	height := 0
	for line := range bytes.Lines(result.Bytes()) {
		line := report.Printable(string(bytes.TrimSuffix(line, []byte("\n"))))
		shown.WriteString(line + "\n")
		if known {
			height += 1 + max(0, text.StringWidthWithoutEscSequences(line)-1)/columns
		}
	}
	if known && height >= rows && s.Pager != "" && s.page(terminal, shown.Bytes()) {
		return nil
	}
	for line := range bytes.Lines(shown.Bytes()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := terminal.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// page shows a text in the pager, if the shell finds one. Ctrl-C is the pager's meanwhile; that it may end before it has read
// everything is as it should be.
func (s Screen) page(terminal *os.File, text []byte) bool {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	pager := exec.Command("sh", "-c", s.Pager)
	pager.Stdin, pager.Stdout, pager.Stderr = bytes.NewReader(text), terminal, os.Stderr
	const notFound = 127 // the shell's exit status where there is no such command
	err := confine.Apart(pager.Run)
	if ended, is := errors.AsType[*exec.ExitError](err); is {
		return ended.ExitCode() != notFound
	}
	return err == nil
}

// free refuses a file that is there already.
func free(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	return nil
}

func taken(path string) error {
	return fail.New(fail.Other, "name another file, or remove that one first", "write %s: it is there already", path)
}

// create makes a file that only its owner can read, whole or not at all, and never in place of another.
func create(path string, write func(io.Writer) error) error {
	if err := free(path); err != nil {
		return err
	}
	return confine.Apart(func() error {
		draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		defer os.Remove(draft.Name()) //nolint:errcheck // it has its name by now, or there is another error to tell
		if err = write(draft); err == nil {
			err = draft.Sync()
		}
		if err := errors.Join(err, draft.Close()); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err = plain.RenameNew(draft.Name(), path); errors.Is(err, fs.ErrExist) {
			return taken(path)
		}
		return err
	})
}

// HistoryFile is where what was typed is kept, by the environment: in the folder for state, "" where there is none.
func HistoryFile(env func(string) (string, bool)) string {
	if state, _ := env("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "seats", "sql_history")
	}
	if home, _ := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "seats", "sql_history")
	}
	return ""
}

// kept is how many entries a history file has when it is read; it may grow to twice as many meanwhile.
const kept = 1000

// history is what was typed, the newest last: an entry a line in the file, which only its owner can read, and to which several
// prompts may add. Where there is no file, it lasts as long as the prompt.
type history struct {
	file    string
	entries []string
}

// openHistory reads a file, if it is there.
func openHistory(file string) (*history, error) {
	h := &history{file: file}
	if file == "" {
		return h, nil
	}
	text, err := plain.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	for line := range strings.Lines(string(text)) {
		h.entries = append(h.entries, strings.TrimSuffix(line, "\n"))
	}
	if err == nil && len(h.entries) > 2*kept {
		h.entries = h.entries[len(h.entries)-kept:]
		err = confine.Apart(h.rewrite)
	}
	return h, err
}

// goesOn tells of a line that it may end within a text or a comment: nothing rests on it but what is kept.
func goesOn(line string) bool {
	return strings.Contains(line, "--") || strings.Contains(line, "$") || strings.Count(line, "'")%2 == 1 || strings.Count(line, `"`)%2 == 1
}

func (h *history) rewrite() error {
	draft, err := os.CreateTemp(filepath.Dir(h.file), filepath.Base(h.file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // it has its name by now, or there is another error to tell
	_, err = draft.WriteString(strings.Join(h.entries, "\n") + "\n")
	if err := errors.Join(err, draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), h.file)
}

// add keeps what was typed, as one line, and gives it. What is the same as before, begins with a blank, or would be something else
// in one line is not kept.
func (h *history) add(typed string) (entry string, err error) {
	lines := strings.Split(strings.TrimSpace(typed), "\n")
	if entry = strings.Join(lines, " "); entry == "" || strings.ContainsAny(typed[:1], " \t") || slices.ContainsFunc(lines[:len(lines)-1], goesOn) {
		return "", nil
	}
	if last := len(h.entries) - 1; last >= 0 && h.entries[last] == entry {
		return "", nil
	}
	h.entries = append(h.entries, entry)
	if h.file == "" {
		return entry, nil
	}
	return entry, confine.Apart(func() error { return h.append(entry) })
}

func (h *history) append(entry string) error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(entry + "\n")
	return errors.Join(err, f.Chmod(0o600), f.Close())
}
