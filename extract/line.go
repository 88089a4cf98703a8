package extract

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	texts "seats/sql"
)

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
		if err := l.arm(l.Conn.SetReadDeadline, limit); err != nil {
			return 0, err
		}
		n, err := l.Conn.Read(p)
		if n > 0 || !l.ranOut(err) {
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
	if err := l.arm(l.Conn.SetWriteDeadline, l.limit); err != nil {
		return 0, err
	}
	n, err := l.Conn.Write(p)
	if l.ranOut(err) {
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

// arm sets the sooner of the limit and pgx's deadline.
func (l *line) arm(set func(time.Time) error, limit time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead != nil {
		return l.dead
	}
	until := l.deadline
	if limit > 0 {
		if own := time.Now().Add(limit); until.IsZero() || own.Before(until) {
			until = own
		}
	}
	return set(until)
}

// ranOut tells whether it was the line's own limit that ended a wait.
func (l *line) ranOut(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Is(err, os.ErrDeadlineExceeded) && l.limit > 0 && (l.deadline.IsZero() || time.Now().Before(l.deadline))
}

func (l *line) giveUp(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = &silence{what, l.limit}
	return l.dead
}

// lineOf is the line under a connection.
func lineOf(conn *pgx.Conn) *line {
	under := conn.PgConn().Conn()
	if encrypted, is := under.(*tls.Conn); is {
		under = encrypted.NetConn()
	}
	return under.(*line)
}

// asks makes what asks the server whether the statement of one of its processes is still at work: before the first row, and
// between rows that are far apart, that takes as long as statement_timeout lets it.
func asks(ctx context.Context, c *pgx.ConnConfig, process int64) func() bool {
	return func() bool {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, c)
		if err != nil {
			var pg *pgconn.PgError
			return errors.As(err, &pg) && pg.Code == tooManyConnections // it is there, and cannot tell
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

// TraceQueryStart begins a statement.
func (s statementLimit) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	ctx, end := context.WithTimeout(ctx, time.Duration(s))
	return context.WithValue(ctx, endStatement{}, end)
}

// TraceQueryEnd ends it.
func (s statementLimit) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	ctx.Value(endStatement{}).(context.CancelFunc)()
}
