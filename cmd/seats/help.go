package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"

	"seats/internal/config"
	"seats/internal/notices"
)

type licensesCmd struct{}

// Run prints them.
func (licensesCmd) Run(p *program) error {
	_, err := io.WriteString(p.stdout, notices.Text)
	return err
}

type configCmd struct {
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of a configuration: editors that have it know the keys."`
}

type configSchemaCmd struct {
	Tenant bool `help:"Of a file of tenants_dir instead."`
}

// Run needs no configuration.
func (c *configSchemaCmd) Run(p *program) error {
	schema := config.Schema()
	if c.Tenant {
		schema = config.TenantSchema()
	}
	_, err := io.WriteString(p.stdout, schema)
	return err
}

// completionCmd and manCmd are for whoever packs the program.
type (
	completionCmd struct{}
	manCmd        struct{}
)

// Run prints a script for bash.
func (completionCmd) Run(app *kong.Kong) error { return completion.Execute(app.Stdout, app.Model) }

// Run prints a manual page.
func (manCmd) Run(app *kong.Kong) error {
	var all []string
	for _, n := range commands(app.Model.Node) {
		if !n.Hidden && n.Leaf() {
			all = append(all, examples(n)...)
		}
		n.Detail = "" // which would come between a command's name and what it does
	}
	page := mangokong.NewManPage(1, app.Model).WithSection("Examples", strings.Join(all, "\n"))
	_, err := fmt.Fprint(app.Stdout, page.Build(roff.NewDocument()))
	return err
}

// commands are all below a node, those of commands too.
func commands(n *kong.Node) (all []*kong.Node) {
	for _, c := range n.Children {
		all = append(append(all, c), commands(c)...)
	}
	return all
}

// examples are the lines of a command's help that are set in.
func examples(n *kong.Node) (lines []string) {
	for line := range strings.Lines(n.Detail) {
		if example, is := strings.CutPrefix(line, "  "); is {
			lines = append(lines, strings.TrimRight(example, "\n"))
		}
	}
	return lines
}

var completion = template.Must(template.New("bash").Funcs(template.FuncMap{
	"visible": visible, "words": words, "join": strings.Join, "choices": choices, "all": valued,
}).Parse(`# Completion of {{.Name}}'s command line, for bash.
_{{.Name}}() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= w
    for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $w in
        {{join (visible .Node) "|"}}) command=$w; break ;;
        esac
    done
    case $before in
{{- range all .Node}}
    --{{.Name}}) {{with choices .}}COMPREPLY=($(compgen -W '{{.}}' -- "$word")){{else}}COMPREPLY=(){{end}}; return ;;
{{- end}}
    esac
    case $command in
{{- range .Children}}
    {{.Name}}) words='{{words .}}' ;;
{{- end}}
    *) words='{{words .Node}}' ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _{{.Name}} {{.Name}}
`))

// visible are the names of a node's commands.
func visible(n *kong.Node) (names []string) {
	for _, c := range n.Children {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// words are what may follow a command: its own commands and all their flags, the program's among them.
func words(n *kong.Node) string {
	all := visible(n)
	for _, f := range flags(n, n.Parent != nil) { // below the program itself a command comes first
		all = append(all, "--"+f.Name)
	}
	return strings.Join(all, " ")
}

// valued are the flags of all commands that take a value.
func valued(n *kong.Node) []*kong.Flag {
	return slices.DeleteFunc(flags(n, true), func(f *kong.Flag) bool { return f.IsBool() })
}

// flags are those of a node and of what stands above it, and below it too where that is wanted, each once.
func flags(n *kong.Node, below bool) (all []*kong.Flag) {
	seen := map[string]bool{}
	var add func(n *kong.Node, below bool)
	add = func(n *kong.Node, below bool) {
		for _, f := range slices.Concat(n.AllFlags(true)...) {
			if !seen[f.Name] {
				seen[f.Name] = true
				all = append(all, f)
			}
		}
		for _, c := range n.Children {
			if below {
				add(c, below)
			}
		}
	}
	add(n, below)
	return all
}

// choices are the values that a flag may have; where there are none, the shell offers files.
func choices(f *kong.Flag) string { return strings.Join(f.EnumSlice(), " ") }
