package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"seats/compute"
	"seats/compute/sweep"
	"seats/extract"
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

// engineTimes is what it prints, as JSON, medians of the rounds: the whole computation with its comparison (R12), and the sweep
// alone, the reading of its rows included. What is left of the first without the second is the SQL engine's. And the hash
// of the slice.
type engineTimes struct{ Whole, Sweep, Hash time.Duration }

func (c *engineCmd) Run(ctx context.Context) error {
	tenant := loadTenant(c.Config, c.Tenant)
	work := beginWork(ctx, tenant)
	defer work.Drop() //nolint:errcheck // it ends with the process
	whole := func() { must(compute.Day(ctx, work.Conn, tenant, day, time.Now().Unix())) }
	swept := func() { runSweep(ctx, work, tenant) }
	hashed := func() { must(extract.SliceSHA256(ctx, work.Conn, day)) }
	taken := alternate(c.Rounds, timed(whole), timed(swept), timed(hashed))
	return json.NewEncoder(os.Stdout).Encode(engineTimes{taken[0].took, taken[1].took, taken[2].took})
}

// timeEngines has another process time the engines.
func (b *bench) timeEngines() (times engineTimes, memory int64) {
	s := self(b.ctx, "engine", "--config", b.config, "--tenant", mainTenant, "--rounds", strconv.Itoa(b.size.rounds))
	check(json.Unmarshal(s.stdout, &times))
	return times, s.memory
}

// timed measures what this process does itself.
func timed(f func()) measurement {
	return func() sample {
		began := time.Now()
		f()
		return sample{took: time.Since(began)}
	}
}

func loadTenant(path, name string) config.Tenant {
	tenants := must(config.Load(path, os.LookupEnv)).Tenants
	at := slices.IndexFunc(tenants, func(t config.Tenant) bool { return t.Name == name })
	if at < 0 {
		check(fmt.Errorf("no tenant %s", name))
	}
	return tenants[at]
}

func beginWork(ctx context.Context, t config.Tenant) *store.Work {
	return must(store.Begin(ctx, t.StorePath(), duck.Of(t.Engine)))
}

// runSweep reads a slice's rows, as compute does, and has the sweep count them.
func runSweep(ctx context.Context, work *store.Work, t config.Tenant) {
	slice := must(compute.LoadSlice(ctx, work.Conn, day))
	rules := compute.RulesFor(t, day)
	rules.AsOf = slice.AsOf
	w := sweep.New(rules, int(slice.Sessions), int(slice.Activities))
	on := sql.Named("day", day.String())
	check(duck.Rows(ctx, work.Conn, "count/agent_row", func(v []driver.Value) {
		w.Agent(v[0].(int64), text(v[1]), text(v[2]))
	}, on))
	check(duck.Rows(ctx, work.Conn, "count/session_row", func(v []driver.Value) {
		w.Session(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]))
	}, on))
	check(duck.Rows(ctx, work.Conn, "count/activity_row", func(v []driver.Value) {
		w.Activity(v[0].(int64), instant(v[1]), instant(v[2]), active(v[3]), text(v[4]))
	}, on))
	result := w.Result()
	for no := range result.Scopes() {
		result.Curve(no)
	}
}

func instant(v driver.Value) int64 {
	if v == nil {
		return sweep.Unknown
	}
	return v.(int64)
}

func active(v driver.Value) bool { return v != nil && v.(int16) != 0 }

func text(v driver.Value) string {
	s, _ := v.(string) // NULL is ""
	return s
}
