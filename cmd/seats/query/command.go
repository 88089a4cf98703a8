package query

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"seats/internal/fail"
	"seats/report"
)

// Formats are all in which results can be written.
func Formats() []string { return append(report.Formats(), FormatParquet) }

// commands are what a prompt understands beside SQL: lines that begin with a dot.
var commands = []struct{ name, argument, help string }{
	{"help", "", "this list"},
	{"tables", "", "the relations and macros"},
	{"describe", "NAME", "columns of a relation, or how a macro is called"},
	{"mode", "FORMAT", "how results are written: " + strings.Join(Formats(), ", ")},
	{"output", "FILE", "the next result goes to a new file; without FILE, to the screen after all"},
	{"timing", "on|off", "how long each statement took"},
	{"quit", "", "leave, as Ctrl-D does"},
}

func (p *Prompt) command(ctx context.Context, typed string) error {
	name, argument, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(typed), "."), " ")
	argument = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), ";"))
	name = strings.TrimSuffix(name, ";")
	at := slices.IndexFunc(commands, func(c struct{ name, argument, help string }) bool { return c.name == name })
	if at < 0 {
		return fail.New(fail.Other, ".help lists them", "there is no command .%s", name)
	}
	if argument != "" && commands[at].argument == "" {
		return fail.New(fail.Other, "", ".%s takes no argument", name)
	}
	switch name {
	case "help":
		return p.show(ctx, help())
	case "tables":
		return p.show(ctx, p.catalog.tables())
	case "describe":
		if argument == "" {
			return fail.New(fail.Other, ".tables lists relations and macros", ".describe needs a name")
		}
		t, err := p.catalog.describe(argument)
		if err != nil {
			return err
		}
		return p.show(ctx, t)
	case "mode":
		return set(argument, Formats(), &p.Format, p.say)
	case "timing":
		now := map[bool]string{true: "on", false: "off"}[p.timing]
		err := set(argument, []string{"on", "off"}, &now, p.say)
		p.timing = now == "on"
		return err
	case "output":
		if argument != "" {
			if err := free(argument); err != nil {
				return err
			}
		}
		p.File = argument
		return nil
	}
	return errLeave
}

// set changes a setting, or says how it is.
func set(argument string, values []string, setting *string, say func(string)) error {
	switch {
	case argument == "":
		say(*setting)
	case slices.Contains(values, argument):
		*setting = argument
	default:
		return fail.New(fail.Other, "", "it is one of %s, not %q", strings.Join(values, ", "), argument)
	}
	return nil
}

func (p *Prompt) say(text string) { fmt.Fprintln(p.Terminal, text) }

func (p *Prompt) show(ctx context.Context, t report.Table) error {
	return p.Screen.Show(ctx, func(w io.Writer) error { return t.Write(w, report.FormatTable) })
}

func help() report.Table {
	t := report.Table{Header: []string{"command", "does"}}
	for _, c := range commands {
		t.Rows = append(t.Rows, []any{strings.TrimSpace("." + c.name + " " + c.argument), c.help})
	}
	return t
}
