package extract

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"seats/internal/calendar"
	"seats/internal/config"
	texts "seats/sql"
)

// GIMDB is a GIM PostgreSQL database, read in one snapshot shared by all its readers: read-only, repeatable
// read, every statement bounded in time.
type GIMDB struct {
	name      string
	tenantKey *int64
	stage     *Stage
	horizon   Horizon
	progress  func(table string, rows int64)

	readers []*pgx.Conn // the first holds the snapshot
	free    chan *pgx.Conn
	unique  map[string]bool

	mu   sync.Mutex
	sent map[string]*tally // of the window at hand
}

// OpenGIMDB connects, checks what may be read, opens the snapshot, and stages the dimensions. progress is
// told of rows as they arrive, from several goroutines.
func OpenGIMDB(ctx context.Context, cfg config.GIMDB, tenantKey *int64, stage *Stage, progress func(table string, rows int64)) (*GIMDB, error) {
	g := &GIMDB{name: sourceName(cfg), tenantKey: tenantKey, stage: stage, progress: progress, sent: map[string]*tally{}}
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
	if err := checkRights(ctx, leader, cfg); err != nil {
		return err
	}
	var err error
	if g.horizon, err = readHorizon(ctx, leader, cfg.Schema); err != nil {
		return err
	}
	if g.unique, err = uniqueKeys(ctx, leader, cfg.Schema); err != nil {
		return err
	}
	if err := g.stage.clear(ctx); err != nil {
		return err
	}
	err = g.fetch(ctx,
		job{"media_type", "gim/media_type.sql", nil},
		job{"dialing_mode", "gim/dialing_mode.sql", nil},
		job{"resource_", "gim/resource.sql", nil})
	if err != nil {
		return err
	}
	if err := g.verify(ctx, "media_type", "dialing_mode", "resource_"); err != nil {
		return err
	}
	if err := g.stage.merge(ctx, "resource_", g.unique["resource_"]); err != nil {
		return err
	}
	return g.stage.resolve(ctx)
}

// verify compares what was sent into tables with what they hold, once all of it has arrived.
func (g *GIMDB) verify(ctx context.Context, tables ...string) error {
	for _, table := range tables {
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
		if err := g.stage.merge(ctx, table, g.unique[table]); err != nil {
			return err
		}
	}
	return nil
}

// connect opens the leader's snapshot and lets the other readers see the same.
func (g *GIMDB) connect(ctx context.Context, cfg config.GIMDB) error {
	leader, err := dial(ctx, cfg)
	if err != nil {
		return err
	}
	g.readers = append(g.readers, leader)
	if _, err := leader.Exec(ctx, "begin isolation level repeatable read, read only"); err != nil {
		return err
	}
	for len(g.readers) < cfg.Connections {
		if err := g.follow(ctx, cfg); err != nil {
			return err
		}
	}
	g.free = make(chan *pgx.Conn, len(g.readers))
	for _, r := range g.readers {
		g.free <- r
	}
	return nil
}

func (g *GIMDB) follow(ctx context.Context, cfg config.GIMDB) error {
	var snapshot string
	if err := g.readers[0].QueryRow(ctx, texts.Text("gim/export_snapshot.sql")).Scan(&snapshot); err != nil {
		return err
	}
	reader, err := dial(ctx, cfg)
	if err != nil {
		return err
	}
	g.readers = append(g.readers, reader)
	if _, err := reader.Exec(ctx, "begin isolation level repeatable read, read only"); err != nil {
		return err
	}
	// SET takes no parameters; the identifier comes from the server and is of hexadecimal digits and dashes.
	quoted, err := reader.PgConn().EscapeString(snapshot)
	if err != nil {
		return err
	}
	_, err = reader.Exec(ctx, "set transaction snapshot '"+quoted+"'")
	return err
}

// Name says which database and schema are read.
func (g *GIMDB) Name() string { return g.name }

// Horizon is the snapshot's high-water mark and the server's clock.
func (g *GIMDB) Horizon() Horizon { return g.horizon }

// Sessions stages the session rows that can touch the window.
func (g *GIMDB) Sessions(ctx context.Context, w Window) error {
	if err := g.stage.clearFacts(ctx); err != nil {
		return err
	}
	for _, table := range []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"} {
		delete(g.sent, table)
	}
	media, err := g.stage.keys(ctx, "stage/voice_media_key.sql")
	if err != nil {
		return err
	}
	keys, from := w.SessionKeys(), w.Hull().Start
	if !g.unique["sm_res_session_fact"] {
		from = math.MinInt64 // an older copy of the key may end elsewhere: take all copies
	}
	err = g.fetch(ctx, job{"sm_res_session_fact", "gim/session.sql", []any{keys.Start, keys.End, g.tenantKey, media, from}})
	if err != nil {
		return err
	}
	return g.settle(ctx, "sm_res_session_fact")
}

// Activities stages the legs and their attached data, side by side, and the previews. Before and after the
// day only what can matter is read: legs of the resources whose sessions reach there.
func (g *GIMDB) Activities(ctx context.Context, w Window, reach calendar.Interval) error {
	day := calendar.Interval{Start: floorKey(w.Hull().Start), End: w.Hull().End}
	keys := w.ActivityKeys(reach)
	modes, err := g.stage.keys(ctx, "stage/preview_mode_key.sql")
	if err != nil {
		return err
	}
	legs, data, err := g.legs(ctx, day)
	if err != nil {
		return err
	}
	err = g.fetch(ctx, legs, data, job{"contact_attempt_fact", "gim/attempt.sql", []any{keys.Start, keys.End, g.tenantKey, modes}})
	if err != nil {
		return err
	}
	if err := g.outside(ctx, day, keys, w.Hull()); err != nil {
		return err
	}
	return g.settle(ctx, "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact")
}

// job is one query into one staged table.
type job struct {
	table, statement string
	args             []any
}

// fetch runs jobs on the free readers and waits for all. What arrived is verified when a table is whole.
func (g *GIMDB) fetch(ctx context.Context, jobs ...job) error {
	group, gctx := errgroup.WithContext(ctx)
	for _, j := range jobs {
		group.Go(func() error {
			select {
			case reader := <-g.free:
				defer func() { g.free <- reader }()
				return g.fetchOne(gctx, reader, j)
			case <-gctx.Done():
				return gctx.Err()
			}
		})
	}
	if err := group.Wait(); err != nil {
		return explainRead(err, g.name)
	}
	return nil
}

func (g *GIMDB) fetchOne(ctx context.Context, reader *pgx.Conn, j job) error {
	rows, err := reader.Query(ctx, texts.Text(j.statement), j.args...)
	if err != nil {
		return locate(err, j.statement)
	}
	sent, err := g.stage.receive(ctx, j.table, rows, func(n int64) { g.progress(j.table, n) })
	if err != nil {
		return locate(err, j.statement)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if before := g.sent[j.table]; before != nil {
		sent.merge(before)
	}
	g.sent[j.table] = sent
	return nil
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
