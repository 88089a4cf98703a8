// Package cli is the command line of gimsim, callable from tests.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"example.com/seats/cmd/gimsim/sim"
)

type commands struct {
	DB struct {
		sim.Target  `embed:""`
		sim.Options `embed:""`
	} `cmd:"" name:"db" help:"Fill a PostgreSQL schema."`
	Export struct {
		Dir         string `required:"" help:"Folder to write to; created if missing."`
		sim.Layout  `embed:""`
		sim.Options `embed:""`
	} `cmd:"" help:"Write folders as GIM's data export does."`
}

// Run runs the command line. It returns the exit status: 0 done, 1 failed, 80 wrong usage, 130 interrupted. How many rows each table
// has, and help, goes to stdout, messages to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	exited := -1 // by --help, which kong does not stop at
	parser := kong.Must(&c, kong.Name("gimsim"), kong.Writers(stdout, stderr),
		kong.Description("Simulates a Genesys Info Mart (GIM). Equal flags give equal rows, in a database and in an export."),
		kong.Exit(func(code int) { exited = code }))
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err == nil {
		write := func(s *sim.Simulation) (sim.Counts, error) { return s.Export(ctx, c.Export.Dir, c.Export.Layout) }
		options, what := c.Export.Options, "export to "+c.Export.Dir
		if command.Command() == "db" {
			write = func(s *sim.Simulation) (sim.Counts, error) { return s.Load(ctx, c.DB.Target) }
			options, what = c.DB.Options, "load "+c.DB.Schema
		}
		var s *sim.Simulation
		if s, err = sim.New(options); err == nil {
			var counts sim.Counts
			if counts, err = write(s); err == nil {
				fmt.Fprint(stdout, counts)
				return 0
			}
			err = fmt.Errorf("%s: %w", what, err)
		}
	}
	fmt.Fprintf(stderr, "gimsim: %v\n", err)
	switch {
	case errors.As(err, new(*kong.ParseError)):
		return 80
	case ctx.Err() != nil:
		return 130
	}
	return 1
}
