// Command bench measures seats against what a user would do instead. `make bench` runs it.
//
// Every figure is a ratio of two things measured in one run on one machine, in turns (A B A B ...), each the
// median of at least three: so it can be compared between machines, and between versions. The table goes to
// standard output, as Markdown; what is being done goes to standard error. A figure that misses its target is
// shown, and is no failure; an answer of PostgreSQL's that differs from what seats issued is one.
//
// What is absolute, what many tenants cost in processor seconds and bytes, is measured by spark/bench.py: `make bench-fleet`.
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
	Engine engineCmd `cmd:"" hidden:"" help:"Time the two computations on a store; a process of its own, to measure its memory."`
	Repeat repeatCmd `cmd:"" hidden:"" help:"Repeat a store's day on other dates; a process of its own, likewise."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := try(func() { check(k.Run()) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// failure is an error on its way to main. A measurement needs all that came before it, so that nobody in between could
// go on; what is deferred there is done.
type failure struct{ error }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

// try gives the error that ended f.
func try(f func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case failure:
			err = e.error
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

// say tells what is being done.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
