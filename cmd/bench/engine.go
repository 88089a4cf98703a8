package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"seats/compute"
	"seats/compute/sweep"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
)

// engineCmd times the two computations of a day on a work copy of a tenant's store, which it throws away.
type engineCmd struct {
	Config string `required:""`
	Tenant string `required:""`
	Rounds int    `required:""`
}

// engineTimes is what it prints, as JSON: of each round the whole computation with its comparison (R12), and the sweep
// alone, the reading of its rows included. What is left of the first without the second is the SQL engine's. And the hash
// of the slice.
type engineTimes struct {
	Whole, Sweep, Hash []time.Duration
}

func (c *engineCmd) Run(ctx context.Context) (err error) {
	tenant, date, err := loadTenant(c.Config, c.Tenant)
	if err != nil {
		return err
	}
	work, err := beginWork(ctx, tenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Drop()) }()
	var times engineTimes
	for range c.Rounds {
		began := time.Now()
		if _, err := compute.Day(ctx, work.Conn, tenant, date, began.Unix()); err != nil {
			return err
		}
		times.Whole = append(times.Whole, time.Since(began))
		took, err := timeSweep(ctx, work, tenant, date)
		if err != nil {
			return err
		}
		times.Sweep = append(times.Sweep, took)
		began = time.Now()
		if _, err := extract.SliceSHA256(ctx, work.Conn, date); err != nil {
			return err
		}
		times.Hash = append(times.Hash, time.Since(began))
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}

func loadTenant(path, name string) (config.Tenant, calendar.Date, error) {
	date, err := calendar.ParseDate(day)
	if err != nil {
		return config.Tenant{}, date, err
	}
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return config.Tenant{}, date, err
	}
	for _, t := range cfg.Tenants {
		if t.Name == name {
			return t, date, nil
		}
	}
	return config.Tenant{}, date, errors.New("no tenant " + name)
}

func beginWork(ctx context.Context, t config.Tenant) (*store.Work, error) {
	return store.Begin(ctx, t.StorePath(), duck.Of(t.Engine))
}

// timeSweep reads a slice's rows, as compute does, and has the sweep count them.
func timeSweep(ctx context.Context, work *store.Work, t config.Tenant, date calendar.Date) (time.Duration, error) {
	began := time.Now()
	slice, err := compute.LoadSlice(ctx, work.Conn, date)
	if err != nil {
		return 0, err
	}
	rules := compute.RulesFor(t, date)
	rules.AsOf = slice.AsOf
	w := sweep.New(rules, int(slice.Sessions), int(slice.Activities))
	if err := feed(ctx, work.Conn, w); err != nil {
		return 0, err
	}
	result := w.Result()
	for no := range result.Scopes() {
		result.Curve(no)
	}
	return time.Since(began), nil
}
