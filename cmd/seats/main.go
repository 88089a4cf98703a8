// Command seats computes seats_outbound from a Genesys Info Mart: how many agents used Outbound Contact, at
// once (daily) and at all (monthly), for billing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"seats/internal/duck"
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

// release is what the CHANGELOG calls this program; `make dist` reads it here.
const release = "0.1.0"

// version is what manifests, metrics and the ledger name: the release and, where the source was a checkout, its revision.
var version = release + revision()

func revision() string {
	info, _ := debug.ReadBuildInfo()
	said := map[string]string{}
	if info != nil {
		for _, s := range info.Settings {
			said[s.Key] = s.Value
		}
	}
	if said["vcs.revision"] == "" {
		return ""
	}
	revision := fmt.Sprintf("+%.12s", said["vcs.revision"])
	if said["vcs.modified"] == "true" {
		revision += ".dirty"
	}
	return revision
}

// versionFlag prints the versions and ends the program, whatever else is on the command line.
type versionFlag bool

// BeforeReset runs as soon as the flag is seen.
func (versionFlag) BeforeReset(app *kong.Kong, _ kong.Vars) error {
	db, err := duck.Open("", duck.Options{})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // in memory
	engine, err := duck.Version(context.Background(), db)
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Stdout, "seats %s (%s, DuckDB %s)\n", version, runtime.Version(), engine)
	app.Exit(0)
	return nil
}
