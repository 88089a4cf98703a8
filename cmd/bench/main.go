// Command bench measures seats against what a user would do instead. `make bench` runs it.
//
// Every figure is a ratio of two things measured in one run on one machine, in turns (A B A B ...), each the
// median of at least three: so it can be compared between machines, and between versions. The table goes to
// standard output, as Markdown; what is being done goes to standard error. A figure that misses its target is
// shown, and is no failure; an answer of PostgreSQL's that differs from what seats issued is one.
//
// `make bench-fleet` runs what is absolute: what many tenants cost, in processor seconds and bytes.
//
// It needs a PostgreSQL that it may fill, on this machine: SEATS_TEST_PG, as with-postgres.sh sets it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Run    runCmd    `cmd:"" default:"withargs" help:"Measure everything, and print the table."`
	Fleet  fleetCmd  `cmd:"" help:"Measure sites of many tenants, and the comparison on Spark; needs no PostgreSQL."`
	Engine engineCmd `cmd:"" hidden:"" help:"Time the two computations on a store; a process of its own, to measure its memory."`
	Repeat repeatCmd `cmd:"" hidden:"" help:"Repeat a store's day on other dates; a process of its own, likewise."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}
