// Command seats computes seats_outbound from a Genesys Info Mart: how many agents used Outbound Contact, at
// once (daily) and at all (monthly), for billing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(start(time.Now, sleep)) }

// patience is how long after a first signal a second one is taken for the same: timeout(1) sends two.
const patience = time.Second

// start runs the program as a process of its own and gives its exit status. A first Ctrl-C asks it to stop
// cleanly, a second one ends it on the spot: the published stores survive that too.
func start(clock func() time.Time, sleep func(context.Context, time.Duration)) int {
	syscall.Umask(0o077) // the store and the outputs are nobody else's to read
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		time.Sleep(patience)
		stop()
	})
	return run(ctx, os.Args[1:], world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, clock: clock, sleep: sleep, env: os.LookupEnv,
	})
}
