package extract

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

// GIMDB is a GIM PostgreSQL database, read in one snapshot shared by all its readers: read-only, repeatable read, every statement bounded in time.
type GIMDB struct {
	origin
	cfg       config.GIMDB
	tenantKey *int64
	told      Told

	Fewer     string    // why there are fewer readers than gimdb.connections says, if there are
	readers   []*reader // the first holds the snapshot
	free      chan *reader
	fractions []string        // columns that may hold one, TABLE.COLUMN
	unique    map[string]bool // tables whose key the server itself keeps unique, as it does of no view for all that is known
	inOrder   bool            // the legs and their attached data lie in the order of time

	sizes
}

// sizes are of what is read at a time; tests take smaller ones.
type sizes struct {
	// Two million rows of attached data are some 500 MB with the legs that they belong to. A day of no more is not cut where a table does
	// not lie in the order of time, since every piece costs the server a look at all of it; else into pieces of an eighth of that.
	partRows   int64 // of attached data, by the server's estimate
	fewRows    int64 // that are not worth sharing
	probeBatch int   // legs that are asked for by their keys in one statement
	crowd      int   // sessions at least that make an hour beside the day one that is read whole
}

// Told is told how far reading is: that so many rows are about to come, by the server's estimate; and of rows as they arrive, from
// several goroutines.
type Told struct {
	Expect func(rows int64)
	Arrive func(table string, rows int64)
}

const (
	cuts   = 8
	idBits = 32 // of the sieve of legs for each of them
)

// OpenGIMDB connects, checks what may be read, opens the snapshot, and reads the dimensions.
func OpenGIMDB(ctx context.Context, cfg config.GIMDB, tenantKey *int64, told Told) (*GIMDB, error) {
	g := &GIMDB{origin: origin{name: sourceName(cfg)}, cfg: cfg, tenantKey: tenantKey, told: told, sizes: sizes{2_000_000, 50_000, 20_000, 100}}
	if err := fail.InTurn(ctx, g.look, g.readOrder, g.readNames, g.readCodes); err != nil {
		return nil, errors.Join(explainPG(err, cfg), g.Close())
	}
	return g, nil
}

// readOrder asks which keys the server keeps unique, and what lies in the order of time.
func (g *GIMDB) readOrder(ctx context.Context) error {
	var names, key []string
	for _, t := range tables {
		if !isFact(t) && t.Name != "resource_" {
			continue // of a small table a source is not asked whether it holds a row in several copies
		}
		names = append(names, t.Name)
		for _, c := range t.Key {
			key = append(key, t.Name+"."+c)
		}
	}
	g.unique = map[string]bool{}
	unique, err := all(ctx, g.readers[0], "gim/unique_key", pgx.RowTo[string], g.cfg.Schema, names, key)
	if err != nil {
		return err
	}
	for _, name := range unique {
		g.unique[name] = true
	}
	return g.readers[0].ask(ctx, "gim/time_order", []any{g.cfg.Schema, []string{legTable, dataTable}}, &g.inOrder)
}

func (g *GIMDB) readCodes(ctx context.Context) error {
	var media, modes *Rows
	err := g.fetch(ctx, g.read("media_type", "gim/media_type", &media), g.read("dialing_mode", "gim/dialing_mode", &modes))
	if err == nil {
		g.reference.takeCodes(media, modes)
	}
	return err
}

// look connects, and looks what may be read and how far it is.
func (g *GIMDB) look(ctx context.Context) error {
	return fail.InTurn(ctx, g.connect, g.checkRights, g.readHorizon)
}

// connect opens the leader's snapshot and lets the other readers see the same. It goes on with fewer readers where no more can be had.
func (g *GIMDB) connect(ctx context.Context) error {
	c, err := pgConfig(g.cfg)
	if err != nil {
		return err
	}
	leader, err := newReader(ctx, c, g.cfg, connectTries, "")
	if err != nil {
		return err
	}
	g.add(ctx, c, leader)
	for len(g.readers) < g.cfg.Connections && g.Fewer == "" {
		if err := g.follow(ctx, c); err != nil {
			return err
		}
	}
	g.free = make(chan *reader, len(g.readers))
	for _, r := range g.readers {
		g.free <- r
	}
	return nil
}

func (g *GIMDB) add(ctx context.Context, c *pgx.ConnConfig, r *reader) {
	under := r.PgConn().Conn()
	if encrypted, is := under.(*tls.Conn); is {
		under = encrypted.NetConn()
	}
	under.(*line).atWork = asks(ctx, c, r.transaction["process"])
	g.readers = append(g.readers, r)
}

// follow adds a reader of the leader's snapshot.
func (g *GIMDB) follow(ctx context.Context, c *pgx.ConnConfig) error {
	leader, snapshot := g.readers[0], ""
	if err := leader.ask(ctx, "gim/export_snapshot", nil, &snapshot); err != nil {
		return err
	}
	patience := min(connectTimeout, cmp.Or(g.cfg.ReadTimeout, connectTimeout)) // what is full may also say nothing
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reader, err := newReader(limited, c, g.cfg, 1, snapshot)
	if err == nil {
		g.add(ctx, c, reader)
		return reader.transaction.sameAs(leader.transaction, g.name)
	}
	if gone := leader.Ping(ctx); gone != nil {
		return gone // and the snapshot with it: the server says no more than that it knows none of that name
	}
	switch {
	case ctx.Err() != nil:
		return err
	case limited.Err() != nil:
		err = fmt.Errorf("there was no room for another within %s", patience)
	case !is[*pgconn.ConnectError](err) && !Lost(err):
		return err
	}
	g.Fewer = fmt.Sprintf("%d of %d connections could be had: %s", len(g.readers), g.cfg.Connections, err)
	return nil
}

// readNames settles how texts are read, once no more of the program's own are sent, and reads the GUIDs that stand for none.
func (g *GIMDB) readNames(ctx context.Context) error {
	a, raw, err := g.readers[0].readAlphabet(ctx)
	if err != nil {
		return err
	}
	for _, r := range g.readers {
		if !raw {
			break
		}
		if _, err := r.Exec(ctx, "set local client_encoding to 'SQL_ASCII'"); err != nil {
			return err
		}
		r.texts = a
	}
	l, err := g.lacks(ctx, mapping)
	if err == nil && l.mayReadAll() {
		g.noGUIDs, err = g.readers[0].names(ctx, "gim/default_guid")
	}
	return err
}

// names reads a query of one text column, once it is settled how texts are read.
func (r *reader) names(ctx context.Context, statement string) ([]string, error) {
	return all(ctx, r, statement, func(row pgx.CollectableRow) (string, error) { return r.texts.text(row.RawValues()[0]), nil })
}

// Sessions reads the sessions that can touch the window, and until they have come whole the resources, which serve all windows.
func (g *GIMDB) Sessions(ctx context.Context, w Window) (*Rows, error) {
	var sessions, resources *Rows
	tasks := []task{g.sessions(&sessions, w.SessionKeys(), w.Hull().Start, nil)}
	if g.reference.resources == nil {
		tasks = append(tasks, g.read("resource_", "gim/resource", &resources, g.unique["resource_"]))
	}
	if err := g.fetch(ctx, tasks...); err != nil {
		return nil, err
	}
	if resources != nil {
		g.reference.takeResources(resources)
	}
	return sessions, nil
}

// SessionsOf reads the voice sessions of some resources that begin in a range of time keys.
func (g *GIMDB) SessionsOf(ctx context.Context, resources []int64, keys calendar.Interval) (sessions *Rows, err error) {
	err = g.fetch(ctx, g.sessions(&sessions, keys, nil, resources))
	return sessions, err
}

// sessions is a task: the voice sessions that begin in a range of time keys, and end no earlier than a time or are of some resources.
func (g *GIMDB) sessions(into **Rows, keys calendar.Interval, from any, resources []int64) task {
	return g.read(sessionTable, "gim/session", into, keys.Start, keys.End, g.tenantKey, keysOf(g.reference.voice), from, resources, g.unique[sessionTable])
}

// settle leaves the newest copy of every row, and the tenant's alone.
func (g *GIMDB) settle(r *Rows) *Rows {
	if !g.unique[r.of.Name] { // else the source itself keeps the table's key unique, and has looked at the tenant
		r.newest(g.tenantKey)
	}
	return r
}

// task is work for one reader.
type task func(ctx context.Context, reader *reader) error

// fetch shares tasks out among the readers, in order, and waits for all.
func (g *GIMDB) fetch(ctx context.Context, tasks ...task) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(len(g.readers))
	for _, t := range tasks {
		group.Go(func() error {
			reader := <-g.free
			defer func() { g.free <- reader }()
			return t(gctx, reader)
		})
	}
	return explainRead(group.Wait(), g.name)
}

// read is a task: the rows of a table that a statement gives, settled.
func (g *GIMDB) read(name, statement string, into **Rows, args ...any) task {
	return func(ctx context.Context, reader *reader) error {
		rows, err := g.rows(ctx, reader, name, statement, args...)
		if err == nil {
			*into = g.settle(rows)
		}
		return err
	}
}

func (g *GIMDB) rows(ctx context.Context, reader *reader, name, statement string, args ...any) (*Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &receiver{Rows: newRows(table(name)), texts: reader.texts}
	rows, err := reader.Query(ctx, texts.InSchema(statement, g.cfg.Schema), args...)
	if err == nil {
		if err = r.receive(rows, func(n int64) { g.told.Arrive(name, n) }); err != nil {
			cancel() // or closing would read all that the server still sends
		}
		rows.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("%s after %d rows: %w", name, r.len, locate(reader.texts.plain(err), statement, g.cfg.Schema))
	}
	return r.Rows, nil
}

// Broken tells whether a reader has lost its connection, or its transaction to a failed statement.
func (g *GIMDB) Broken() bool {
	const inTransaction = 'T'
	return slices.ContainsFunc(g.readers, func(r *reader) bool { return r.IsClosed() || r.PgConn().TxStatus() != inTransaction })
}

// Close ends the snapshot with a context of its own: the run's may be cancelled already.
func (g *GIMDB) Close() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, r := range g.readers {
		err = errors.Join(err, r.Close(ctx))
	}
	g.readers = nil
	return err
}

func sourceName(cfg config.GIMDB) string {
	return fmt.Sprintf("gimdb %s:%d/%s schema %s", cfg.Host, cfg.Port, cfg.Database, cfg.Schema)
}

// InspectGIMDB connects, checks tables, columns and rights, and counts attempts and GUIDs of the last whole day
// in a zone. It says why agent groups could not be read, whether they are wanted or not. Errors carry fail.Source.
func InspectGIMDB(ctx context.Context, cfg config.GIMDB, tenantKey *int64, zone *time.Location) (Findings, error) {
	f := Findings{Name: sourceName(cfg), Counted: true}
	err := lookAt(cfg, tenantKey, func(g *GIMDB) error { return g.inspect(ctx, zone, &f) })
	return f, err
}

// lookAt looks at a GIM DB over one connection.
func lookAt(cfg config.GIMDB, tenantKey *int64, look func(*GIMDB) error) error {
	cfg.Connections = 1
	g := &GIMDB{origin: origin{name: sourceName(cfg)}, cfg: cfg, tenantKey: tenantKey}
	return errors.Join(explainPG(look(g), cfg), g.Close())
}

func (g *GIMDB) inspect(ctx context.Context, zone *time.Location, f *Findings) (err error) {
	err = g.look(ctx)
	f.Horizon = g.horizon
	if err != nil {
		return err
	}
	l, err := g.lacks(ctx, slices.Concat(tables, histories)...)
	if err != nil {
		return err
	}
	f.Detail, f.MayWrite = fmt.Sprintf("%d tables", len(tables)), l.writable
	if f.NoGroups, err = g.whyNoGroups(ctx); err != nil {
		return err
	}
	leader, last := g.readers[0], *f.Horizon.Last()
	if err := leader.ask(ctx, "gim/oldest_session", []any{g.tenantKey}, &f.Oldest); err != nil {
		return err
	}
	if f.TenantKeys, err = all(ctx, leader, "gim/session_tenant", pgx.RowTo[int64], last); err != nil {
		return err
	}
	f.Day = calendar.DateOf(time.Unix(last, 0), zone).AddDays(-1)
	day := f.Day.In(zone)
	if err := leader.ask(ctx, "gim/guid_mapping", []any{floorKey(day.Start), day.End}, &f.Attempts, &f.GUIDs); err != nil {
		return err
	}
	if err := g.readNames(ctx); err != nil {
		return err
	}
	f.DefaultGUIDs = g.noGUIDs
	if f.Switches, err = leader.names(ctx, "gim/switch"); err != nil {
		return err
	}
	f.CommonGUIDs, err = all(ctx, leader, "gim/common_guid", func(row pgx.CollectableRow) (c CommonGUID, err error) {
		var guid []byte
		err = row.Scan(&guid, &c.Legs, &c.Agents)
		c.GUID = leader.texts.text(guid)
		return c, err
	}, floorKey(day.Start), day.End)
	return err
}
