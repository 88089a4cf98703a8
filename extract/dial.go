package extract

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"

	"seats/internal/config"
)

const (
	connectTimeout = 10 * time.Second // for finding the host, and again for all up to the server's welcome
	connectTries   = 4
	cancelPatience = 2 * time.Second        // for the server's answer to a cancelled statement
	statementGrace = 10 * time.Second       // beyond statement_timeout, for the server to end a statement itself
	firstPause     = 500 * time.Millisecond // doubled after every try
	readBuffer     = 256 << 10              // bytes taken from the network at a time: rows come faster than 8 kB of them are used up
)

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

// pgConfig turns the configuration into pgx's. The password never becomes part of a connection string, which
// an error could show.
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
	if p := cfg.Password.Reveal(); p != "" {
		c.Password = p
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // every statement is planned for its own values
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	bound(c, cfg)
	return c, nil
}

// bound limits whatever pgx waits for.
func bound(c *pgx.ConnConfig, cfg config.GIMDB) {
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
}

// mayPass tells a server that is not there yet from one that says no.
func mayPass(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == cannotConnectNow || pg.Code == tooManyConnections
	}
	var network *net.OpError
	return errors.As(err, &network)
}
