package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"seats/internal/calendar"
	"seats/internal/config"
	texts "seats/sql"
)

// GIMDB is a GIM PostgreSQL database, read in one snapshot shared by all its readers: read-only, repeatable
// read, every statement bounded in time.
type GIMDB struct {
	name      string
	cfg       config.GIMDB
	tenantKey *int64
	stage     *Stage
	horizon   Horizon
	progress  func(table string, rows int64)

	readers    []*pgx.Conn // the first holds the snapshot
	fewer      error       // why there are not as many as were asked for
	free       chan *pgx.Conn
	unique     map[string]bool
	fractional map[string]bool // columns, with their tables, whose types allow fractions
	inOrder    bool            // the legs and their attached data lie in the order of time
	resolved   bool            // agents and switches are those of this snapshot
	groups     bool            // the agent groups of sessions are told
	texts      alphabet
	noGUIDs    []string // attempt GUIDs of calls that have none

	// partRows is how many rows of attached data are staged at a time, by the server's estimate; fewRows, how many are not
	// worth sharing; probeBatch, how many legs are asked for by their keys in one statement; crowd, how many sessions at
	// least make an hour beside the day one that is read whole.
	partRows   int64
	fewRows    int64
	probeBatch int
	crowd      int64

	mu   sync.Mutex
	sent map[string]*tally // of the window at hand
}

// Two million rows of attached data are some 300 MB with the legs that they belong to. A day of no more is not cut:
// where a table does not lie in the order of time, every piece costs the server a look at all of it.
const (
	partRows   = 2_000_000
	fewRows    = 50_000
	probeBatch = 20_000
	crowd      = 100
	idBits     = 32 // of the sieve of legs for each of them
)

// OpenGIMDB connects, checks what may be read, opens the snapshot, and stages the dimensions. progress is
// told of rows as they arrive, from several goroutines.
func OpenGIMDB(ctx context.Context, cfg config.GIMDB, tenantKey *int64, stage *Stage, progress func(table string, rows int64)) (*GIMDB, error) {
	g := &GIMDB{name: sourceName(cfg), cfg: cfg, tenantKey: tenantKey, stage: stage, progress: progress, sent: map[string]*tally{},
		partRows: partRows, fewRows: fewRows, probeBatch: probeBatch, crowd: crowd}
	if err := g.open(ctx, cfg); err != nil {
		return nil, errors.Join(explainPG(err, cfg), g.Close())
	}
	return g, nil
}

func (g *GIMDB) open(ctx context.Context, cfg config.GIMDB) error {
	if err := g.connect(ctx, cfg); err != nil {
		return err
	}
	leader := g.readers[0]
	rights, err := checkRights(ctx, leader, cfg)
	if err != nil {
		return err
	}
	g.fractional = map[string]bool{}
	for _, r := range rights {
		g.fractional[r.table+"."+r.column] = r.mayBeFraction
	}
	if g.horizon, err = readHorizon(ctx, leader, cfg); err != nil {
		return err
	}
	if g.unique, err = uniqueKeys(ctx, leader, cfg.Schema); err != nil {
		return err
	}
	err = ask(ctx, leader, cfg.Schema, "gim/time_order", []any{cfg.Schema, []string{"interaction_resource_fact", "irf_user_data_gen_1"}}, &g.inOrder)
	if err != nil {
		return err
	}
	hasMapping, err := mayRead(ctx, leader, cfg.Schema, mapping)
	if err != nil {
		return err
	}
	if err := g.readTexts(ctx); err != nil {
		return err
	}
	if hasMapping {
		if g.noGUIDs, err = g.names(ctx, "gim/default_guid"); err != nil {
			return err
		}
	}
	if err := g.stage.clear(ctx); err != nil {
		return err
	}
	err = g.fetch(ctx, g.tasks(
		job{table: "media_type", statement: "gim/media_type"},
		job{table: "dialing_mode", statement: "gim/dialing_mode"})...)
	if err != nil {
		return err
	}
	if err := g.verify(ctx, "media_type", "dialing_mode"); err != nil {
		return err
	}
	return g.stage.resolveCodes(ctx)
}

// verify compares what was sent into tables with what they hold, once all of it has arrived.
func (g *GIMDB) verify(ctx context.Context, tables ...string) error {
	for _, table := range tables {
		if g.sent[table] == nil {
			continue // nothing was asked for
		}
		if err := g.stage.verify(ctx, table, g.sent[table]); err != nil {
			return err
		}
	}
	return nil
}

// settle verifies fact tables and leaves the newest copy of every row in them.
func (g *GIMDB) settle(ctx context.Context, tables ...string) error {
	if err := g.verify(ctx, tables...); err != nil {
		return err
	}
	for _, table := range tables {
		if err := g.stage.merge(ctx, table, g.unique[table], g.tenantKey); err != nil {
			return err
		}
	}
	return nil
}

// connect opens the leader's snapshot and lets the other readers see the same. It goes on with fewer readers where no more
// can be had.
func (g *GIMDB) connect(ctx context.Context, cfg config.GIMDB) error {
	c, err := pgConfig(cfg)
	if err != nil {
		return err
	}
	leader, seen, err := newReader(ctx, c, cfg, connectTries, "")
	if err != nil {
		return err
	}
	g.add(ctx, c, leader, seen)
	for len(g.readers) < cfg.Connections && g.fewer == nil {
		if err := g.follow(ctx, c, cfg, seen); err != nil {
			return err
		}
	}
	g.free = make(chan *pgx.Conn, len(g.readers))
	for _, r := range g.readers {
		g.free <- r
	}
	return nil
}

func (g *GIMDB) add(ctx context.Context, c *pgx.ConnConfig, reader *pgx.Conn, t transaction) {
	lineOf(reader).atWork = asks(ctx, c, t.process)
	g.readers = append(g.readers, reader)
}

// follow adds a reader of the leader's snapshot.
func (g *GIMDB) follow(ctx context.Context, c *pgx.ConnConfig, cfg config.GIMDB, seen transaction) error {
	var snapshot string
	if err := ask(ctx, g.readers[0], cfg.Schema, "gim/export_snapshot", nil, &snapshot); err != nil {
		return err
	}
	patience := connectTimeout // what is full may also say nothing
	if cfg.ReadTimeout > 0 {
		patience = min(patience, cfg.ReadTimeout)
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reader, own, err := newReader(limited, c, cfg, 1, snapshot)
	if err == nil {
		g.add(ctx, c, reader, own)
		return own.sameAs(seen, g.name)
	}
	if gone := g.readers[0].Ping(ctx); gone != nil {
		return gone // and the snapshot with it: the server says no more than that it knows none of that name
	}
	var connect *pgconn.ConnectError
	switch {
	case ctx.Err() != nil:
		return err
	case limited.Err() != nil:
		g.fewer = fmt.Errorf("there was no room for another within %s", patience)
	case errors.As(err, &connect), Lost(err):
		g.fewer = err
	default:
		return err
	}
	return nil
}

// Fewer says why there are fewer readers than gimdb.connections says; "" where there are not.
func (g *GIMDB) Fewer() string {
	if g.fewer == nil {
		return ""
	}
	return fmt.Sprintf("%d of %d connections could be had: %s", len(g.readers), g.cfg.Connections, g.fewer)
}

// readTexts settles how texts are read, once no more of the program's own are sent.
func (g *GIMDB) readTexts(ctx context.Context) error {
	a, raw, err := readAlphabet(ctx, g.readers[0], g.cfg.Schema)
	if err != nil || !raw {
		return err
	}
	g.texts = a
	for _, r := range g.readers {
		if _, err := r.Exec(ctx, "set local client_encoding to 'SQL_ASCII'"); err != nil {
			return err
		}
	}
	return nil
}

// names reads a query of one text column, once it is settled how texts are read.
func (g *GIMDB) names(ctx context.Context, statement string) (names []string, err error) {
	rows, err := g.readers[0].Query(ctx, texts.InSchema(statement, g.cfg.Schema))
	if err == nil {
		names, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) { return g.texts.text(row.RawValues()[0]), nil })
	}
	if err != nil {
		return nil, locate(g.texts.plain(err), statement, g.cfg.Schema)
	}
	return names, nil
}

// Name says which database and schema are read.
func (g *GIMDB) Name() string { return g.name }

// Horizon is the snapshot's high-water mark and the server's clock.
func (g *GIMDB) Horizon() Horizon { return g.horizon }

// DefaultGUIDs are those of ctl_ud_to_ude_mapping, where that may be read.
func (g *GIMDB) DefaultGUIDs() []string { return g.noGUIDs }

// Sessions stages the sessions that can touch the window, and until they have come whole the resources, which serve all
// windows.
func (g *GIMDB) Sessions(ctx context.Context, w Window) error {
	if err := g.stage.create(ctx, "sm_res_session_fact"); err != nil {
		return err
	}
	delete(g.sent, "sm_res_session_fact")
	media, err := g.stage.keys(ctx, "slice/voice_media_key")
	if err != nil {
		return err
	}
	keys := w.SessionKeys()
	jobs := []job{{table: "sm_res_session_fact", statement: "gim/session",
		args: []any{keys.Start, keys.End, g.tenantKey, media, w.Hull().Start, g.unique["sm_res_session_fact"]}}}
	if !g.resolved {
		if err := g.stage.create(ctx, "resource_"); err != nil {
			return err
		}
		delete(g.sent, "resource_")
		jobs = append(jobs, job{table: "resource_", statement: "gim/resource", args: []any{g.unique["resource_"]}})
	}
	if err := g.fetch(ctx, g.tasks(jobs...)...); err != nil {
		return err
	}
	if err := g.resolve(ctx); err != nil {
		return err
	}
	return g.settle(ctx, "sm_res_session_fact")
}

// resolve finds agents and switches among the resources, once.
func (g *GIMDB) resolve(ctx context.Context) error {
	if g.resolved {
		return nil
	}
	if err := g.settle(ctx, "resource_"); err != nil {
		return err
	}
	if err := g.stage.resolveResources(ctx); err != nil {
		return err
	}
	g.resolved = true
	return g.stage.create(ctx, "resource_")
}

func (g *GIMDB) attempts(keys calendar.Interval, modes []int64) job {
	return job{table: "contact_attempt_fact", statement: "gim/attempt", args: []any{keys.Start, keys.End, g.tenantKey, modes, g.unique["contact_attempt_fact"]}}
}

// job is one query into one staged table.
type job struct {
	table, statement string
	args             []any
	each             eachRow // may be nil
}

// task is work for one reader.
type task func(ctx context.Context, reader *pgx.Conn) error

func (g *GIMDB) tasks(jobs ...job) (tasks []task) {
	for _, j := range jobs {
		tasks = append(tasks, func(ctx context.Context, reader *pgx.Conn) error { return g.fetchOne(ctx, reader, j) })
	}
	return tasks
}

// fetch shares tasks out among the readers, in order, and waits for all. What arrived is verified when a table is
// whole.
func (g *GIMDB) fetch(ctx context.Context, tasks ...task) error {
	err := g.stage.awaiting(ctx, func() error {
		group, gctx := errgroup.WithContext(ctx)
		group.SetLimit(len(g.readers))
		for _, t := range tasks {
			group.Go(func() error {
				reader := <-g.free
				defer func() { g.free <- reader }()
				return t(gctx, reader)
			})
		}
		return group.Wait()
	})
	return explainRead(err, g.name)
}

func (g *GIMDB) fetchOne(ctx context.Context, reader *pgx.Conn, j job) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var got int64
	failed := func(err error) error {
		return fmt.Errorf("%s after %d rows: %w", j.table, got, locate(g.texts.plain(err), j.statement, g.cfg.Schema))
	}
	rows, err := reader.Query(ctx, texts.InSchema(j.statement, g.cfg.Schema), j.args...)
	if err != nil {
		return failed(err)
	}
	defer rows.Close()
	sent, err := g.stage.receive(ctx, j.table, rows, g.texts, j.each, func(n int64) {
		got += n
		g.progress(j.table, n)
	})
	if err != nil {
		cancel() // or closing would read all that the server still sends
		return failed(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if before := g.sent[j.table]; before != nil {
		sent.merge(before)
	}
	g.sent[j.table] = sent
	return nil
}

// Broken tells whether a reader has lost its connection, or its transaction to a failed statement.
func (g *GIMDB) Broken() bool {
	const inTransaction = 'T'
	return slices.ContainsFunc(g.readers, func(r *pgx.Conn) bool { return r.IsClosed() || r.PgConn().TxStatus() != inTransaction })
}

// Close ends the snapshot with a context of its own: the run's may be cancelled already.
func (g *GIMDB) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var errs []error
	for _, r := range g.readers {
		errs = append(errs, r.Close(ctx))
	}
	g.readers = nil
	return errors.Join(errs...)
}

func sourceName(cfg config.GIMDB) string {
	return fmt.Sprintf("gimdb %s:%d/%s schema %s", cfg.Host, cfg.Port, cfg.Database, cfg.Schema)
}
