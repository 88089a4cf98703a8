package extract

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"seats/internal/config"
	"seats/internal/fail"
	texts "seats/sql"
)

// Between the program and the server there may be a pooler, which knows few startup parameters, drops or refuses the
// others, and may lead each connection elsewhere. So none is sent: what a reader needs is set in its transaction, which a
// pooler leaves whole, and what the transaction has become is read back in it.

const lockTimeout = "10s"

// settings of every reader's transaction.
func settings(cfg config.GIMDB) map[string]string {
	return map[string]string{
		"application_name":                "seats",
		"client_encoding":                 "UTF8",
		"standard_conforming_strings":     "on",
		"TimeZone":                        "UTC",
		"row_security":                    "off",                                 // a policy that would hide rows is an error
		"search_path":                     pgx.Identifier{cfg.Schema}.Sanitize(), // for functions of views: statements name it
		"statement_timeout":               strconv.FormatInt(cfg.StatementTimeout.Milliseconds(), 10),
		"lock_timeout":                    lockTimeout,
		"jit":                             "off", // compiling takes longer than scanning
		"max_parallel_workers_per_gather": "0",   // a reader is one process of the production database, not three
		// A reader rests while others read and while slices are cut, all within one snapshot. A client that is gone is
		// noticed by the probes, within two minutes; one that stands still, in a day.
		"transaction_timeout":                 "0",
		"idle_in_transaction_session_timeout": "24h",
		"tcp_keepalives_idle":                 "60",
		"tcp_keepalives_interval":             "10",
		"tcp_keepalives_count":                "6",
	}
}

// transaction is what a reader's has become, by the server's own word.
type transaction struct {
	database, readOnly, isolation, timeZone, rowSecurity string
	user, serverStart, snapshot                          string
	process                                              int64
}

// newReader connects, trying so many times, and begins a transaction that only reads: in the named snapshot, or, where none is
// named, in its own.
func newReader(ctx context.Context, c *pgx.ConnConfig, cfg config.GIMDB, tries int, snapshot string) (*pgx.Conn, transaction, error) {
	conn, err := dial(ctx, c, tries)
	if err != nil {
		return nil, transaction{}, err
	}
	own, err := begin(ctx, conn, cfg, snapshot)
	if err != nil {
		return nil, own, errors.Join(err, conn.Close(ctx))
	}
	return conn, own, nil
}

// snapshotName is what the server calls an exported snapshot.
var snapshotName = regexp.MustCompile(`^[0-9A-Fa-f-]+$`)

func begin(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB, snapshot string) (t transaction, err error) {
	if _, err := conn.Exec(ctx, "begin isolation level repeatable read, read only"); err != nil {
		return t, err
	}
	if snapshot != "" {
		if !snapshotName.MatchString(snapshot) { // SET takes no parameters
			return t, fmt.Errorf("the server calls its snapshot %q", snapshot)
		}
		if _, err := conn.Exec(ctx, "set transaction snapshot '"+snapshot+"'"); err != nil {
			return t, explainSnapshot(err, cfg)
		}
	}
	var names, values []string
	for name, value := range settings(cfg) {
		names, values = append(names, name), append(values, value)
	}
	if _, err := conn.Exec(ctx, texts.Text("gim/settings"), names, values); err != nil {
		return t, locate(err, "gim/settings", cfg.Schema)
	}
	err = ask(ctx, conn, cfg.Schema, "gim/transaction", nil, &t.database, &t.readOnly, &t.isolation, &t.timeZone, &t.rowSecurity,
		&t.user, &t.process, &t.serverStart, &t.snapshot)
	if err != nil {
		return t, err
	}
	return t, t.asWanted(cfg)
}

const oneServer = "let gimdb.host name one server, not several behind one name; with gimdb.connections: 1 there is one reader alone"

// explainSnapshot says what it means that a server does not know a snapshot which another reader holds.
func explainSnapshot(err error, cfg config.GIMDB) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || Lost(err) {
		return err
	}
	return fail.New(fail.Source, oneServer, "%s: two connections do not lead to the same database of the same server: %w", sourceName(cfg), err)
}

// asWanted refuses a transaction that is not the one that was begun, or is in another database.
func (t transaction) asWanted(cfg config.GIMDB) error {
	for _, is := range [][3]string{
		{"the database", t.database, cfg.Database},
		{"transaction_read_only", t.readOnly, "on"},
		{"transaction_isolation", t.isolation, "repeatable read"},
		{"TimeZone", t.timeZone, "UTC"},
		{"row_security", t.rowSecurity, "off"},
	} {
		if is[1] != is[2] {
			return fail.New(fail.Source, "a pooler between has to lead to gimdb.database under its own name, and to leave transactions whole",
				"%s: %s is %q in the transaction that was begun, not %q", sourceName(cfg), is[0], is[1], is[2])
		}
	}
	return nil
}

// sameAs refuses a reader that is on another server than the leader, or sees another snapshot. The name of a snapshot proves
// neither: servers give the same names.
func (t transaction) sameAs(leader transaction, source string) error {
	for _, is := range [][3]string{
		{"server's start", t.serverStart, leader.serverStart},
		{"snapshot", t.snapshot, leader.snapshot},
		{"user", t.user, leader.user},
	} {
		if is[1] != is[2] {
			return fail.New(fail.Source, oneServer, "%s: two connections do not read the same: the %s is %s for one and %s for the other", source, is[0], is[2], is[1])
		}
	}
	return nil
}

// ask runs a statement of sql/gim that gives one row.
func ask(ctx context.Context, conn *pgx.Conn, schema, name string, args []any, into ...any) error {
	if err := conn.QueryRow(ctx, texts.InSchema(name, schema), args...).Scan(into...); err != nil {
		return locate(err, name, schema)
	}
	return nil
}
