package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"seats/internal/duck"
)

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
