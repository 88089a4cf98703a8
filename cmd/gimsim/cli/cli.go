// Package cli is the command line of gimsim, callable from tests.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"seats/cmd/gimsim/sim"
)

type commands struct {
	DB     dbCmd     `cmd:"" name:"db" help:"Fill a PostgreSQL schema."`
	Export exportCmd `cmd:"" help:"Write folders as GIM's data export does."`
}

type dbCmd struct {
	sim.Target  `embed:""`
	sim.Options `embed:""`
}

type exportCmd struct {
	Dir         string `required:"" help:"Folder to write to; created if missing."`
	sim.Layout  `embed:""`
	sim.Options `embed:""`
}

const description = "Simulates a Genesys Info Mart (GIM). Equal flags give equal rows, in a database and in an export."

// Run runs the command line. It returns the exit status: 0 done, 1 failed, 80
// wrong usage, 130 interrupted. Results and help go to stdout, messages to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	exited := -1 // by --help, which kong does not stop at
	parser := kong.Must(&c, kong.Name("gimsim"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)))
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err == nil {
		err = command.Run()
	}
	if err == nil {
		return 0
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

// Run fills the database.
func (c *dbCmd) Run(ctx context.Context, stdout io.Writer) error {
	return write(stdout, c.Options, "load "+c.Schema, func(s *sim.Simulation) (sim.Counts, error) { return s.Load(ctx, c.Target) })
}

// Run writes the export.
func (c *exportCmd) Run(ctx context.Context, stdout io.Writer) error {
	return write(stdout, c.Options, "export to "+c.Dir, func(s *sim.Simulation) (sim.Counts, error) { return s.Export(ctx, c.Dir, c.Layout) })
}

// write writes a simulation, and tells how many rows each table has.
func write(stdout io.Writer, o sim.Options, what string, to func(*sim.Simulation) (sim.Counts, error)) error {
	s, err := sim.New(o)
	if err != nil {
		return err
	}
	counts, err := to(s)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprint(stdout, counts)
	return nil
}
