package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"seats/cmd/seats/draft"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

type initCmd struct {
	Output string `help:"File to write, which must not be there; default that of --config." placeholder:"FILE" type:"path"`
	draft.Settings

	Days int `help:"How many of the last days that the GIM holds whole are looked at for switches; 0: none." default:"7" placeholder:"N"`
}

// Help gives examples.
func (*initCmd) Help() string {
	return `What is not given is asked for, on a terminal. The GIM is then read as a run would read it, into a temporary folder beside the file: what was found there is proposed. If it cannot be read, nothing is written, save with --days 0.

Examples:
  seats init
  seats init --host gim.internal --database gim --user seats_ro --tenant acme --timezone America/New_York
  seats init --output new.yaml --export-dir exports --tenant acme --timezone UTC`
}

// Run writes a configuration and checks it.
func (c *initCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) error {
	if c.Output == "" {
		c.Output = root.Config
	}
	if c.Days < 0 {
		return usageError("--days %d is negative", c.Days)
	}
	if _, err := os.Lstat(c.Output); err == nil {
		return fail.New(fail.Usage, "nothing was overwritten; --output gives it another name", "%s exists", c.Output)
	}
	if _, err := os.Stat(filepath.Dir(c.Output)); err != nil {
		return fail.New(fail.Other, "make the folder first", "write %s: %w", c.Output, err) // before anything is asked or looked at
	}
	d := drafter{initCmd: c, env: w.env, ask: newAsker(w, t)}
	if err := d.complete(ctx); err != nil {
		return err
	}
	found, err := d.look(ctx, w, t)
	if err != nil {
		return err
	}
	if err := d.write(found); err != nil {
		return err
	}
	t.Info("written", "file", c.Output, "switches", len(found.Switches))
	checked, asChecked := *w, *root
	checked.env, asChecked.Config = d.env, c.Output
	err = (&checkCmd{listFlags{Format: report.FormatTable}}).Run(ctx, &checked, &asChecked, t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.next(w, t, found)
	return err
}

// drafter is the command at work.
type drafter struct {
	*initCmd
	env func(string) (string, bool) // with a password that was typed
	ask *asker                      // nil: nobody is there
}

// text is the configuration as far as it is known.
func (d *drafter) text(found draft.Traffic) string {
	return d.Text(filepath.Dir(d.Output), found)
}

func (d *drafter) parse(found draft.Traffic) (*config.Config, error) {
	return config.Parse(d.Output, []byte(d.text(found)), d.env)
}

// look reads the last days of the GIM as a run does, into a store that is thrown away.
func (d *drafter) look(ctx context.Context, w *world, t *terminal) (found draft.Traffic, err error) {
	cfg, err := d.parse(found)
	if err != nil || d.Days == 0 {
		return found, err
	}
	tenant := cfg.Tenants[0]
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("nothing was written: look at the GIM: %w", err)
		}
	}()
	days, err := lastDays(ctx, tenant, d.Days, w.clock())
	if err != nil {
		return found, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(d.Output), ".seats-init-") // where the stores will be, there is room
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	tenant.DataDir, tenant.Readiness = temp, config.ReadinessOff
	read := (&job.Job{Stages: job.Stages{Command: "init", Extract: true}, Tenant: tenant, Days: days, Clock: w.clock, Sleep: w.sleep, Version: version, Log: looking{t}}).Do(ctx)
	if ctx.Err() != nil {
		return found, ctx.Err()
	}
	if read.Err != nil {
		return found, read.Err
	}
	err = reading(ctx, tenant, func(db duck.Queryer) (err error) {
		found, err = draft.Find(ctx, db, days)
		return err
	})
	return found, err
}

// looking is a job's log that tells of trouble and progress alone: what it stores is thrown away.
type looking struct{ *terminal }

// Info is not said.
func (looking) Info(string, ...any) {}

// lastDays are the last days that the GIM holds whole, the oldest first.
func lastDays(ctx context.Context, t config.Tenant, n int, now time.Time) (days []calendar.Date, err error) {
	h, err := job.Horizon(ctx, t, now)
	if err != nil {
		return nil, err
	}
	if last := h.Last(); last != nil {
		now = time.Unix(*last, 0)
	}
	today := calendar.DateOf(now, t.Zone)
	for i := n; i > 0; i-- {
		days = append(days, today.AddDays(-i))
	}
	return days, nil
}

// write makes the file, whole, and never replaces one.
func (d *drafter) write(found draft.Traffic) (err error) {
	if _, err := d.parse(found); err != nil {
		return err
	}
	f, err := os.OpenFile(d.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(d.text(found))
	if err = errors.Join(err, f.Close()); err != nil {
		err = errors.Join(err, os.Remove(d.Output))
	}
	return err
}

// next says what to do with the file.
func (d *drafter) next(w *world, t *terminal, found draft.Traffic) {
	program := "seats"
	if standard, err := filepath.Abs("seats.yaml"); err != nil || d.Output != standard || !unset(w.env, "SEATS_CONFIG") {
		program += " --config " + d.Output
	}
	if d.PasswordEnv != "" && unset(w.env, d.PasswordEnv) {
		t.Info("every run wants the password in the environment variable " + d.PasswordEnv + ": it is not in the file")
	}
	t.Info("next: look through the file, above all at regions and locations")
	if found.To != "" {
		t.Info(fmt.Sprintf("then: %s run --date %s", program, found.To))
		return
	}
	t.Info("then: " + program + " run")
}

func unset(env func(string) (string, bool), name string) bool {
	_, set := env(name)
	return !set
}
