// Command gimsim simulates a Genesys Info Mart of any size, as a PostgreSQL database or as an export folder. It is a stand-in for
// somebody else's system: it knows nothing of what seats does with the rows.
package main

import (
	"context"
	"os"
	"os/signal"

	"example.com/seats/cmd/gimsim/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
