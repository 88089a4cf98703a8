// Package cli is the command line of gimsim, callable from tests.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"seats/cmd/gimsim/export"
	"seats/cmd/gimsim/pgload"
	"seats/cmd/gimsim/sim"
	"seats/internal/gimschema"
)

type commands struct {
	DDL    printDDL  `name:"ddl" help:"Print the tables' DDL and exit."`
	DB     dbCmd     `cmd:"" name:"db" help:"Fill a PostgreSQL schema."`
	Export exportCmd `cmd:"" help:"Write folders as GIM's data export does."`
}

type dbCmd struct {
	DSN    string `required:"" help:"PostgreSQL connection string, URL or keywords."`
	Schema string `default:"public" help:"Schema of the tables."`
	Create bool   `help:"Create schema and tables first, and keys, indexes and statistics afterwards."`

	sim.Options `embed:""`
}

type exportCmd struct {
	Dir string `required:"" help:"Folder to write to; created if missing."`

	Layout      export.Options `embed:""`
	sim.Options `embed:""`
}

const description = "Simulates a Genesys Info Mart (GIM). Equal flags give equal rows, in a database and in an export."

// Run runs the command line. It returns the exit status: 0 done, 1 failed, 80
// wrong usage, 130 interrupted. Results and help go to stdout, messages to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	status := -1
	parser, err := kong.New(&c, kong.Name("gimsim"), kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { status = code; panic(exited{}) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)))
	if err != nil {
		panic(err) // the tags above are wrong
	}
	command, err := parse(parser, args)
	if errors.Is(err, exited{}) {
		return status
	}
	if err == nil {
		err = command.Run()
	}
	if err != nil {
		fmt.Fprintf(stderr, "gimsim: %v\n", err)
		if errors.As(err, new(*kong.ParseError)) {
			return 80
		}
		if ctx.Err() != nil {
			return 130
		}
		return 1
	}
	return 0
}

// exited is what a flag such as --help leaves in place of a command.
type exited struct{}

func (exited) Error() string { return "exited" }

// parse turns kong's way of exiting, from deep inside, into an error.
func parse(parser *kong.Kong, args []string) (command *kong.Context, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exited:
			err = e
		default:
			panic(e)
		}
	}()
	return parser.Parse(args)
}

type printDDL bool

// BeforeReset prints before anything else is asked for.
func (printDDL) BeforeReset(app *kong.Kong, stdout io.Writer) error {
	fmt.Fprint(stdout, gimschema.DDL)
	app.Exit(0)
	return nil
}

// Run fills the database.
func (c *dbCmd) Run(ctx context.Context, stdout io.Writer) error {
	s, err := sim.New(c.Options)
	if err != nil {
		return err
	}
	counts, err := pgload.Load(ctx, pgload.Target{DSN: c.DSN, Schema: c.Schema, Create: c.Create}, s)
	if err != nil {
		return fmt.Errorf("load %s: %w", c.Schema, err)
	}
	printCounts(stdout, counts)
	return nil
}

// Run writes the export.
func (c *exportCmd) Run(ctx context.Context, stdout io.Writer) error {
	s, err := sim.New(c.Options)
	if err != nil {
		return err
	}
	counts, err := export.Write(ctx, c.Dir, s, c.Layout)
	if err != nil {
		return fmt.Errorf("export to %s: %w", c.Dir, err)
	}
	printCounts(stdout, counts)
	return nil
}

func printCounts(w io.Writer, counts map[sim.Table]int64) {
	for _, t := range sim.Tables() {
		if n, written := counts[t]; written {
			fmt.Fprintf(w, "%-26s %12d rows\n", t.Name(), n)
		}
	}
}
