package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/query"
	"example.com/seats/internal/config"
	"example.com/seats/internal/confine"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
)

type sqlCmd struct {
	Tenant    []string      `help:"Whose snapshot; may be repeated. By default all of the configuration: several are asked as one, with a column tenant." placeholder:"T"`
	Timeout   time.Duration `help:"Of a statement; 0: none." default:"10m" placeholder:"10m"`
	Format    string        `help:"What is written: ${enum}. Parquet needs --output." enum:"table,box,markdown,json,csv,parquet" default:"table"`
	Output    string        `help:"Write the result of one statement into this new file instead; without --format, as its name ends: .csv, .json, .parquet." placeholder:"FILE" type:"path"`
	With      []string      `help:"A file that statements may join, as a table of this name: .csv, .parquet; may be repeated." placeholder:"NAME=FILE" sep:"none"`
	NoPager   bool          `help:"Show long results on a terminal without $SEATS_PAGER, $PAGER or less."`
	NoHistory bool          `help:"Keep nothing of what is typed at the prompt."`
	Query     string        `arg:"" optional:"" help:"A statement, or several. Without it, statements are read from standard input, each ended by a semicolon; on a terminal, at a prompt."`
}

// Run asks on a thread of its own, which is confined.
func (c *sqlCmd) Run(ctx context.Context, p *program) error {
	return confine.Apart(func() error { return c.run(ctx, p) })
}

func (c *sqlCmd) run(ctx context.Context, p *program) (err error) {
	screen, prompts := c.prompts(p.world)
	switch {
	case c.Timeout < 0:
		return usageError("--timeout %s is negative", c.Timeout)
	case c.Format == query.FormatParquet && c.Output == "" && !prompts:
		return usageError("--format parquet needs --output: Parquet goes to a file")
	}
	cfg, err := p.load(c.Tenant)
	if err != nil {
		return err
	}
	explain := func(err error) error {
		for _, tenant := range cfg.Tenants {
			err = job.Explain(err, tenant)
		}
		return err
	}
	defer func() { err = explain(err) }()
	o := duck.Of(cfg.Tenants[0].Engine)
	o.Locked = len(c.With) == 0 // until they are read
	remove, err := c.confine(p, cfg.Tenants[0].StorePath(), &o)
	if err != nil {
		return err
	}
	defer remove()
	asker := &query.Asker{Timeout: c.Timeout, Parquet: o.Except, Out: p.stdout, Clock: p.clock}
	if !c.NoPager {
		asker.Pager = query.DefaultPager(p.env)
	}
	return openAsOne(ctx, p, cfg.Tenants, o, func(conn *duck.Conn, name string) error {
		if has, err := store.Has(ctx, conn, store.Version); err == nil && !has { // of several as one, each has what it has
			p.Warn("the store is an older version's: relations and macros that came since are there after the next run", "tenant", name)
		}
		for _, with := range c.With {
			if err := query.Join(ctx, conn, with); err != nil {
				return err
			}
		}
		if !o.Locked {
			if err := duck.Lock(ctx, conn, o); err != nil {
				return err
			}
		}
		asker.Conn = conn
		switch {
		case c.Query != "":
			return asker.Script(ctx, strings.NewReader(c.Query), c.Format, c.Output)
		case !prompts:
			return asker.Script(ctx, p.stdin, c.Format, c.Output)
		}
		prompt := query.Prompt{
			Asker: asker, Name: name, Terminal: screen, Format: c.Format, File: c.Output,
			Fail: func(err error) { p.fail(explain(err)) },
		}
		if !c.NoHistory {
			prompt.History = query.HistoryFile(p.env)
		}
		return prompt.Run(ctx)
	})
}

// confine takes from what asks, from here on, the right to write anywhere but in a folder for temporary files, where the operating system
// can. Without that folder, beside a store that this user may only read, it writes nowhere.
func (c *sqlCmd) confine(p *program, path string, o *duck.Options) (remove func(), err error) {
	folder, err := store.ReaderTemp(path, o.TempDir)
	if err != nil {
		return nil, err
	}
	o.Except = filepath.Join(folder, "result.parquet")
	if plain.MakeTemp(folder) == nil {
		o.TempDir = folder
	}
	remove = func() { _ = confine.Apart(func() error { return os.RemoveAll(folder) }) }
	if _, err := confine.Thread(folder); err != nil {
		p.Warn("statements run without the operating system's guard over files", "reason", err)
	}
	return remove, nil
}

func members(tenants []config.Tenant) []store.Member {
	return list.Of(tenants, func(t config.Tenant) store.Member { return store.Member{Tenant: t.Name, Path: t.StorePath()} })
}

// writeCatalogue brings the catalogue of several tenants up to date, for clients of their own. No number rests on it. What knows some of
// them alone leaves it: where one of theirs has changed since, it ends with an error.
func (p *program) writeCatalogue(ctx context.Context, cfg *config.Config) {
	if len(cfg.Tenants) == 1 || len(cfg.Tenants) < len(cfg.Names) {
		return
	}
	if err := store.WriteSet(ctx, members(cfg.Tenants)); err != nil && !errors.Is(err, store.ErrMissing) {
		p.Warn("the catalogue of all tenants is not up to date", "reason", err)
	}
}

// openAsOne opens the snapshot of one tenant as it is, those of several as one set, and says what is open.
func openAsOne(ctx context.Context, p *program, tenants []config.Tenant, o duck.Options, ask func(*duck.Conn, string) error) error {
	if len(tenants) == 1 {
		db, err := store.OpenWhole(ctx, tenants[0].StorePath(), o, nil)
		if err != nil {
			return err
		}
		return duck.On(ctx, db, func(conn *duck.Conn) error { return ask(conn, tenants[0].Name) })
	}
	db, without, err := store.OpenSet(ctx, members(tenants), o)
	if err != nil {
		return err
	}
	for _, m := range without {
		p.Warn("left out: it has no store yet", "tenant", m.Tenant, "store", m.Path)
	}
	return duck.On(ctx, db, func(conn *duck.Conn) error { return ask(conn, fmt.Sprintf("%d tenants", len(tenants)-len(without))) })
}

// prompts gives the terminal of a person who can be asked for statements, if there is one.
func (c *sqlCmd) prompts(w *world) (*os.File, bool) {
	_, types := query.Terminal(w.stdin)
	screen, sees := query.Terminal(w.stdout)
	kind, _ := w.env("TERM")
	return screen, c.Query == "" && types && sees && kind != "" && kind != "dumb"
}
