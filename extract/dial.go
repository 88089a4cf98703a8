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
	connectTimeout = 10 * time.Second
	connectTries   = 4
	cancelPatience = 3 * time.Second        // for the server's answer to a cancelled statement
	firstPause     = 500 * time.Millisecond // doubled after every try
	readBuffer     = 256 << 10              // bytes taken from the network at a time: rows come faster than 8 kB of them are used up
)

// dial connects, and tries again where the reason may pass: nobody listens yet, the server starts or is full.
func dial(ctx context.Context, cfg config.GIMDB) (*pgx.Conn, error) {
	c, err := pgConfig(cfg)
	if err != nil {
		return nil, err
	}
	pause := firstPause
	for try := 1; ; try++ {
		conn, err := pgx.ConnectConfig(ctx, c)
		if err == nil || try == connectTries || !mayPass(err) {
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
	c.ConnectTimeout = connectTimeout
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // every statement is planned for its own values
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		// Without a word to the server a cancelled statement would run on there until its timeout.
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelPatience}
	}
	for key, value := range map[string]string{
		"application_name":                    "seats",
		"client_encoding":                     "UTF8",
		"standard_conforming_strings":         "on",
		"default_transaction_read_only":       "on",
		"statement_timeout":                   strconv.FormatInt(cfg.StatementTimeout.Milliseconds(), 10),
		"lock_timeout":                        "10s",
		"jit":                                 "off", // compiling takes longer than scanning
		"max_parallel_workers_per_gather":     "0",   // a reader is one process of the production database, not three
		"idle_in_transaction_session_timeout": "1h",
		"timezone":                            "UTC",
		"search_path":                         pgx.Identifier{cfg.Schema}.Sanitize(),
	} {
		c.RuntimeParams[key] = value
	}
	return c, nil
}

// mayPass tells a server that is not there yet from one that says no.
func mayPass(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "57P03" || pg.Code == "53300" // cannot_connect_now, too_many_connections
	}
	var network *net.OpError
	return errors.As(err, &network)
}
