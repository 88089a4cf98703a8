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

// version is set by the linker.
var version = "dev"

func main() {
	syscall.Umask(0o077) // the store and the outputs are nobody else's to read
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, clock: time.Now, env: os.LookupEnv,
	})
	stop()
	os.Exit(code)
}
