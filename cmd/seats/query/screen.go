package query

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"seats/internal/confine"
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
	if known && height >= rows && s.Pager != "" {
		if paged, err := s.page(terminal, shown.Bytes()); paged || err != nil {
			return err
		}
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
func (s Screen) page(terminal *os.File, text []byte) (paged bool, err error) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	pager := exec.Command("sh", "-c", s.Pager)
	pager.Stdin, pager.Stdout, pager.Stderr = bytes.NewReader(text), terminal, os.Stderr
	err = confine.Apart(pager.Run)
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode() != notFound, nil
	}
	return err == nil, nil
}

// notFound is the shell's exit status where there is no such command.
const notFound = 127
