package extract

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

const (
	connectTimeout = 10 * time.Second // for finding the host, and again for all up to the server's welcome
	connectTries   = 4
	cancelPatience = 2 * time.Second        // for the server's answer to a cancelled statement
	firstPause     = 500 * time.Millisecond // doubled after every try
	readBuffer     = 256 << 10              // bytes taken from the network at a time: rows come faster than 8 kB of them are used up
)

// statementGrace is for the server to end a statement itself, beyond statement_timeout; tests wait less.
var statementGrace = 10 * time.Second

// SQLSTATEs of a server that may answer otherwise a little later.
const (
	cannotConnectNow   = "57P03"
	tooManyConnections = "53300"
)

// dial connects, and tries so many times where the reason may pass: nobody listens yet, the server starts or is full. The
// context is that of all that will be read.
func dial(ctx context.Context, c *pgx.ConnConfig, tries int) (*pgx.Conn, error) {
	pause := firstPause
	for try := 1; ; try++ {
		conn, err := pgx.ConnectConfig(ctx, c)
		if err == nil || try >= tries || !mayPass(err) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// pgConfig turns the configuration into pgx's. The password never becomes part of a connection string, which an error could show.
func pgConfig(cfg config.GIMDB) (*pgx.ConnConfig, error) {
	var dsn strings.Builder
	for _, kv := range [][2]string{
		{"host", cfg.Host}, {"port", strconv.Itoa(cfg.Port)}, {"dbname", cfg.Database}, {"user", cfg.User},
		{"sslmode", cfg.SSLMode}, {"sslrootcert", cfg.SSLRootCert},
	} {
		if kv[1] != "" {
			fmt.Fprintf(&dsn, "%s='%s' ", kv[0], strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(kv[1]))
		}
	}
	c, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("prepare connection: %w", err)
	}
	password, err := cfg.Password.Reveal()
	if err != nil {
		return nil, err
	}
	c.Password = cmp.Or(password, c.Password)
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // every statement is planned for its own values
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	// Whatever pgx waits for is limited.
	c.ConnectTimeout = connectTimeout // does not count the time in which pgx looks the host up
	c.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return net.DefaultResolver.LookupHost(ctx, host)
	}
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn, limit: cfg.ReadTimeout}, nil
	}
	if cfg.StatementTimeout > 0 {
		c.Tracer = statementLimit(cfg.StatementTimeout + statementGrace)
	}
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		// Without a word to the server a cancelled statement would run on there until its timeout.
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelPatience}
	}
	return c, nil
}

// mayPass tells a server that is not there yet from one that says no.
func mayPass(err error) bool {
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return pg.Code == cannotConnectNow || pg.Code == tooManyConnections
	}
	return is[*net.OpError](err)
}

// Between the program and the server there may be a pooler, which knows few startup parameters, drops or refuses the
// others, and may lead each connection elsewhere. So none is sent: what a reader needs is set in its transaction, which a
// pooler leaves whole, and what the transaction has become is read back in it.

const lockTimeout = "10s"

// reader is a connection in a transaction that only reads.
type reader struct {
	*pgx.Conn
	cfg         config.GIMDB
	texts       alphabet
	transaction transaction
}

// transaction is what a reader's has become, by the server's own word.
type transaction map[string]any

// newReader connects, trying so many times, and begins a transaction: in the named snapshot, or, where none is named, in its own.
func newReader(ctx context.Context, c *pgx.ConnConfig, cfg config.GIMDB, tries int, snapshot string) (*reader, error) {
	conn, err := dial(ctx, c, tries)
	if err != nil {
		return nil, err
	}
	r := &reader{Conn: conn, cfg: cfg}
	if err := r.begin(ctx, snapshot); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return r, nil
}

// snapshotName is what the server calls an exported snapshot.
var snapshotName = regexp.MustCompile(`^[0-9A-Fa-f-]+$`)

func (r *reader) begin(ctx context.Context, snapshot string) error {
	if _, err := r.Exec(ctx, "begin isolation level repeatable read, read only"); err != nil {
		return err
	}
	if snapshot != "" {
		if !snapshotName.MatchString(snapshot) { // SET takes no parameters
			return fmt.Errorf("the server calls its snapshot %q", snapshot)
		}
		if _, err := r.Exec(ctx, "set transaction snapshot '"+snapshot+"'"); err != nil {
			if !is[*pgconn.PgError](err) || Lost(err) {
				return err
			}
			return fail.New(fail.Source, oneServer, "%s: two connections do not lead to the same database of the same server: %w", sourceName(r.cfg), err)
		}
	}
	limit := strconv.FormatInt(r.cfg.StatementTimeout.Milliseconds(), 10)
	if _, err := r.Exec(ctx, texts.Text("gim/settings"), pgx.Identifier{r.cfg.Schema}.Sanitize(), limit, lockTimeout); err != nil {
		return locate(err, "gim/settings", r.cfg.Schema)
	}
	is, err := all(ctx, r, "gim/transaction", pgx.RowToMap)
	if err != nil {
		return err
	}
	r.transaction = is[0]
	return r.transaction.asWanted(r.cfg)
}

const oneServer = "let gimdb.host name one server, not several behind one name; with gimdb.connections: 1 there is one reader alone"

// asWanted refuses a transaction that is not the one that was begun, or is in another database.
func (t transaction) asWanted(cfg config.GIMDB) error {
	for _, want := range [][2]string{
		{"the database", cfg.Database}, {"transaction_read_only", "on"}, {"transaction_isolation", "repeatable read"}, {"TimeZone", "UTC"}, {"row_security", "off"},
	} {
		if is := t[want[0]]; is != want[1] {
			return fail.New(fail.Source, "a pooler between has to lead to gimdb.database under its own name, and to leave transactions whole",
				"%s: %s is %q in the transaction that was begun, not %q", sourceName(cfg), want[0], is, want[1])
		}
	}
	return nil
}

// sameAs refuses a reader that is on another server than the leader, or sees another snapshot. The name of a snapshot proves
// neither: servers give the same names.
func (t transaction) sameAs(leader transaction, source string) error {
	for _, what := range []string{"server's start", "snapshot", "user"} {
		if t[what] != leader[what] {
			return fail.New(fail.Source, oneServer, "%s: two connections do not read the same: the %s is %s for one and %s for the other", source, what, leader[what], t[what])
		}
	}
	return nil
}

// ask runs a statement of sql/gim that gives one row.
func (r *reader) ask(ctx context.Context, name string, args []any, into ...any) error {
	return locate(r.QueryRow(ctx, texts.InSchema(name, r.cfg.Schema), args...).Scan(into...), name, r.cfg.Schema)
}

// all are the rows that a statement of sql/gim gives.
func all[T any](ctx context.Context, r *reader, name string, row pgx.RowToFunc[T], args ...any) (found []T, err error) {
	rows, err := r.Query(ctx, texts.InSchema(name, r.cfg.Schema), args...)
	if err == nil {
		found, err = pgx.CollectRows(rows, row)
	}
	return found, locate(r.texts.plain(err), name, r.cfg.Schema)
}

// lastCall is how long a line is read once more after the server was asked: what it sent meanwhile is on its way.
const lastCall = time.Second

// line is a connection to the server that gives up after a silence in which the server was not at work. Neither a
// network that swallows what is sent nor a proxy that stands still ever says that it does so.
type line struct {
	net.Conn
	limit  time.Duration // of a silence; 0: none
	atWork func() bool   // asks the server on a connection of its own; nil until there is something to ask for

	mu       sync.Mutex
	deadline time.Time // pgx's own
	dead     error     // once given up, for good
}

// silence is why a line was given up. It is no net.Error of pgx's kind, which stands for an ended context.
type silence struct {
	what  string
	limit time.Duration
}

func (e *silence) Error() string {
	return fmt.Sprintf("%s for %s (gimdb.read_timeout), and the server does not say that it is still at work", e.what, e.limit)
}

func (l *line) Read(p []byte) (int, error) {
	limit, asked := l.limit, false
	for {
		n, ranOut, err := l.move(l.Conn.SetReadDeadline, limit, l.Conn.Read, p)
		if n > 0 || !ranOut {
			return n, err
		}
		switch {
		case asked:
			return 0, l.giveUp("no byte came")
		case l.atWork != nil && l.atWork():
		default:
			limit, asked = min(limit, lastCall), true
		}
	}
}

func (l *line) Write(p []byte) (int, error) {
	n, ranOut, err := l.move(l.Conn.SetWriteDeadline, l.limit, l.Conn.Write, p)
	if ranOut {
		err = l.giveUp("no byte went")
	}
	return n, err
}

// SetDeadline is pgx's way to end what waits. It goes before the line's own limit where it is sooner.
func (l *line) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return l.Conn.SetDeadline(t)
}

// move reads or writes, up to the sooner of the limit and pgx's deadline, and tells whether it was the line's own limit that ended it.
func (l *line) move(set func(time.Time) error, limit time.Duration, bytes func([]byte) (int, error), p []byte) (n int, ranOut bool, err error) {
	l.mu.Lock()
	err = l.dead
	if until, own := l.deadline, time.Now().Add(limit); err == nil {
		if limit > 0 && (until.IsZero() || own.Before(until)) {
			until = own
		}
		err = set(until)
	}
	l.mu.Unlock()
	if err == nil {
		n, err = bytes(p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return n, errors.Is(err, os.ErrDeadlineExceeded) && l.limit > 0 && (l.deadline.IsZero() || time.Now().Before(l.deadline)), err
}

func (l *line) giveUp(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = &silence{what, l.limit}
	return l.dead
}

// asks makes what asks the server whether the statement of one of its processes is still at work: before the first row, and
// between rows that are far apart, that takes as long as statement_timeout lets it.
func asks(ctx context.Context, c *pgx.ConnConfig, process any) func() bool {
	return func() bool {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, c)
		if err != nil {
			pg, is := errors.AsType[*pgconn.PgError](err)
			return is && pg.Code == tooManyConnections // it is there, and cannot tell
		}
		defer conn.Close(ctx) //nolint:errcheck // nothing hangs on it
		var atWork bool
		// In one go: outside a transaction a pooler may lead each message elsewhere.
		err = conn.QueryRow(ctx, texts.Text("gim/at_work"), pgx.QueryExecModeExec, process).Scan(&atWork)
		// Whoever greets and then says nothing may have no room beside the very statement that is asked for; it has its limit.
		return err == nil && atWork || errors.Is(err, context.DeadlineExceeded) && c.Tracer != nil
	}
}

// statementLimit is how long a statement may take by the client's own clock. To pgx it is a tracer: the context that a
// tracer returns is the statement's.
type statementLimit time.Duration

type endStatement struct{}

func (s statementLimit) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	ctx, end := context.WithTimeout(ctx, time.Duration(s))
	return context.WithValue(ctx, endStatement{}, end)
}

func (s statementLimit) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	ctx.Value(endStatement{}).(context.CancelFunc)()
}
