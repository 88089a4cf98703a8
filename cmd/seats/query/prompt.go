package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/peterh/liner"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
)

// Prompt asks a person at a terminal for statements. Ctrl-C ends a statement, or throws away what is being typed, and never the prompt.
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
	p.say("Statements end with a semicolon. help lists what else there is, exit or Ctrl-D leaves.")
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
		entry, err := p.history.add(typed)
		if entry != "" {
			p.editor.AppendHistory(entry)
		}
		if err != nil {
			p.Fail(fmt.Errorf("keep history: %w", err))
			p.history.file = ""
		}
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

// read gives a command, or statements up to a semicolon at the end of a line.
func (p *Prompt) read(ctx context.Context) (string, error) {
	first := p.Name + "> "
	prompt := first
	for p.begun = ""; ; prompt = strings.Repeat(" ", len(first)-2) + "| " {
		line, err := Typed(ctx, func() (string, error) { return p.editor.Prompt(prompt) })
		if ctx.Err() != nil {
			p.say("")
		}
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
	if strings.HasPrefix(typed, ".") || bare[word(typed)] != "" {
		return true
	}
	_, rest, err := p.split(ctx, typed)
	if err != nil {
		return true // what is wrong is told when it is run
	}
	behind, err := p.parse(ctx, rest)
	return behind.blank() || err != nil
}

// Typed reads a line, unless the context ends before: nothing ends a read from a terminal, so that is left behind.
func Typed(ctx context.Context, read func() (string, error)) (string, error) {
	done := make(chan func() (string, error), 1)
	go func() {
		line, err := read()
		done <- func() (string, error) { return line, err }
	}()
	select {
	case got := <-done:
		return got()
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// answer does a command, or the statements one after the other up to the first that fails.
func (p *Prompt) answer(ctx context.Context, typed string) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if dotted := bare[word(typed)]; dotted != "" {
		err = p.command(ctx, dotted)
	} else if strings.HasPrefix(typed, ".") {
		err = p.command(ctx, typed)
	} else {
		var complete []string
		complete, _, err = p.split(ctx, typed)
		for i := 0; i < len(complete) && err == nil; i++ {
			err = p.statement(ctx, complete[i])
		}
	}
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
	switch {
	case wrote:
		p.say("wrote " + report.Printable(p.File))
		p.File = ""
	case p.Rows >= 0:
		p.say("(" + settle.Count(p.Rows, "row") + ")")
	}
	if p.timing {
		p.say("time: " + p.Took.Round(time.Millisecond).String())
	}
	return nil
}

var formats = append(report.Formats(), report.FormatBox, report.FormatMarkdown, FormatParquet)

// command is what a prompt understands beside SQL: a line that begins with a dot.
type command struct {
	name, argument, help string
	values               []string // that the argument may have
}

var commands = []command{
	{"help", "", "this list", nil},
	{"tables", "", "the relations and macros", nil},
	{"describe", "NAME", "columns of a relation, or how a macro is called", nil},
	{"mode", "FORMAT", "how results are written: " + strings.Join(formats, ", "), formats},
	{"output", "FILE", "the next result goes to a new file; without FILE, to the screen after all", nil},
	{"timing", "on|off", "how long each statement took", []string{"on", "off"}},
	{"quit", "", "leave, as Ctrl-D does", nil},
}

// bare are what others call the commands: no statement is one of these words.
var bare = map[string]string{"exit": ".quit", "quit": ".quit", `\q`: ".quit", "help": ".help", `\?`: ".help", `\d`: ".tables"}

func word(typed string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(typed), ";"))
}

func (p *Prompt) command(ctx context.Context, typed string) error {
	name, argument, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(typed), "."), " ")
	argument = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), ";"))
	name = strings.TrimSuffix(name, ";")
	at := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	switch {
	case at < 0:
		return fail.New(fail.Other, ".help lists them", "there is no command .%s", name)
	case argument != "" && commands[at].argument == "":
		return fail.New(fail.Other, "", ".%s takes no argument", name)
	}
	var t report.Table
	var err error
	switch name {
	case "help":
		t.Header = []string{"command", "does"}
		t.Rows = list.Of(commands, func(c command) []any { return []any{strings.TrimSpace("." + c.name + " " + c.argument), c.help} })
	case "tables":
		t, err = report.Ask(ctx, p.Conn, "ask/listed", nil)
	case "describe":
		if argument == "" {
			return fail.New(fail.Other, ".tables lists relations and macros", ".describe needs a name")
		}
		t, err = describe(ctx, p.Conn, argument)
	case "mode":
		return p.set(commands[at], argument, &p.Format)
	case "timing":
		now := map[bool]string{true: "on", false: "off"}[p.timing]
		err := p.set(commands[at], argument, &now)
		p.timing = now == "on"
		return err
	case "output":
		if argument != "" {
			err = free(argument)
		}
		if err == nil {
			p.File = argument
		}
		return err
	default:
		return errLeave
	}
	if err != nil {
		return err
	}
	return p.show(ctx, func(w io.Writer) error { return t.Write(w, report.FormatTable) })
}

func (p *Prompt) set(c command, argument string, setting *string) error {
	switch {
	case argument == "":
		p.say(*setting)
	case slices.Contains(c.values, argument):
		*setting = argument
	default:
		return fail.New(fail.Other, "", "it is one of %s, not %q", strings.Join(c.values, ", "), argument)
	}
	return nil
}

func (p *Prompt) say(text string) { fmt.Fprintln(p.Terminal, text) }
