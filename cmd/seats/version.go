package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/alecthomas/kong"

	"seats/internal/duck"
)

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
