package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/peterh/liner"

	"seats/internal/fail"
	"seats/report"
)

// Prompt asks a person at a terminal for statements. Ctrl-C ends a statement, or throws away what is being typed, and never the
// prompt.
type Prompt struct {
	*Asker
	Name     string // of what is asked
	Terminal *os.File
	History  string // file to keep what was typed; "": none
	Fail     func(error)
	Format   string // of results; a command changes it
	File     string // that the next result goes to; "": the screen

	timing  bool
	catalog catalog
	history *history
	editor  *liner.State
	begun   string // the lines before the one that is being typed
}

// errLeave is the command that leaves the prompt.
var errLeave = errors.New("leave")

// Run asks until the end of input, or until the context ends.
func (p *Prompt) Run(ctx context.Context) (err error) {
	if p.catalog, err = readCatalog(ctx, p.Conn); err != nil {
		return err
	}
	if p.history, err = openHistory(p.History); err != nil {
		p.Fail(fmt.Errorf("read history: %w", err))
	}
	cooked, err := liner.TerminalMode()
	if err != nil {
		return err
	}
	p.edit()
	defer p.editor.Close() //nolint:errcheck // nothing more can be done
	raw, err := liner.TerminalMode()
	if err != nil {
		return err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Reset(os.Interrupt) // from here on it does not end the program
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	fmt.Fprintln(p.Terminal, "Statements end with a semicolon. .help lists what else there is, Ctrl-D leaves.")
	for {
		typed, err := p.read(ctx)
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		p.keep(typed)
		err = errors.Join(cooked.ApplyMode(), p.answer(ctx, typed), raw.ApplyMode())
		switch {
		case errors.Is(err, errLeave):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			p.Fail(err)
		}
	}
}

// edit sets the terminal up for editing.
func (p *Prompt) edit() {
	p.editor = liner.NewLiner()
	p.editor.SetCtrlCAborts(true)
	p.editor.SetMultiLineMode(true)
	p.editor.SetTabCompletionStyle(liner.TabPrints)
	p.editor.SetWordCompleter(func(line string, at int) (head string, words []string, tail string) {
		typed := []rune(line)
		head, tail = string(typed[:at]), string(typed[at:])
		begun, words := p.catalog.complete(p.begun+head, tail)
		return strings.TrimSuffix(head, begun), words, tail
	})
	for _, entry := range p.history.entries {
		p.editor.AppendHistory(entry)
	}
}

func (p *Prompt) keep(typed string) {
	entry, err := p.history.add(typed)
	if entry != "" {
		p.editor.AppendHistory(entry)
	}
	if err != nil {
		p.Fail(fmt.Errorf("keep history: %w", err))
		p.history.file = ""
	}
}

// read gives a command, or statements up to a semicolon at the end of a line.
func (p *Prompt) read(ctx context.Context) (string, error) {
	first := p.Name + "> "
	prompt := first
	for p.begun = ""; ; prompt = strings.Repeat(" ", len(first)-2) + "| " {
		line, err := p.line(ctx, prompt)
		if err != nil {
			return "", err
		}
		if p.begun += line + "\n"; p.complete(ctx, p.begun) {
			return p.begun, nil
		}
	}
}

// complete tells whether something can be done with what was typed, or more is to come.
func (p *Prompt) complete(ctx context.Context, typed string) bool {
	if strings.HasPrefix(typed, ".") {
		return true
	}
	_, rest, err := p.split(ctx, typed)
	if err != nil {
		return true // what is wrong is told when it is run
	}
	behind, err := p.parse(ctx, rest)
	return behind.blank() || err != nil
}

// line reads one, unless the context ends before: nothing ends a read from a terminal, so that is left behind.
func (p *Prompt) line(ctx context.Context, prompt string) (string, error) {
	type input struct {
		line string
		err  error
	}
	done := make(chan input, 1)
	go func() {
		line, err := p.editor.Prompt(prompt)
		done <- input{line, err}
	}()
	select {
	case got := <-done:
		return got.line, got.err
	case <-ctx.Done():
		p.say("")
		return "", ctx.Err()
	}
}

// answer does a command, or the statements one after the other up to the first that fails.
func (p *Prompt) answer(ctx context.Context, typed string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	err := func() error {
		if strings.HasPrefix(typed, ".") {
			return p.command(ctx, typed)
		}
		complete, _, err := p.split(ctx, typed)
		if err != nil {
			return err
		}
		for _, statement := range complete {
			if err := p.statement(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

func (p *Prompt) statement(ctx context.Context, statement string) error {
	if formatFor(p.Format, p.File) == FormatParquet && p.File == "" {
		return fail.New(fail.Other, ".output FILE names one for the next result; .mode table shows it here", "Parquet goes to a file")
	}
	wrote, err := p.Ask(ctx, statement, p.Format, p.File)
	if err != nil {
		return err
	}
	if wrote {
		p.say("wrote " + report.Printable(p.File))
		p.File = ""
	}
	if p.timing {
		p.say("time: " + p.Took.Round(time.Millisecond).String())
	}
	return nil
}
