package extract

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

// is tells whether an error is one of a type, or wraps one.
func is[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}

// locate shows a failed statement's file, line and caret, where the server says where it failed.
func locate(err error, name, schema string) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	text := []rune(texts.InSchema(name, schema))
	if !errors.As(err, &pg) || pg.Position < 1 || int(pg.Position) > len(text)+1 {
		return fmt.Errorf("run sql/%s: %w", name, err)
	}
	before := strings.Split(string(text[:pg.Position-1]), "\n")
	line, column := len(before), utf8.RuneCountInString(before[len(before)-1])
	source := strings.Split(string(text), "\n")[line-1]
	return fmt.Errorf("run sql/%s:%d: %w\n%s\n%s^", name, line, err, source, strings.Repeat(" ", column))
}

// explainPG gives an error of connecting the exit code of a failed source, and a hint by SQLSTATE.
func explainPG(err error, cfg config.GIMDB) error {
	if err == nil || fail.CodeOf(err) != fail.Other || errors.Is(err, context.Canceled) {
		return err
	}
	hint := cmp.Or(hintForTLS(err, cfg), "is the host right, the server up, and the way there open?")
	var pg *pgconn.PgError
	switch {
	case refusesParameter(err):
		hint = hintForParameter
	case errors.As(err, &pg) && isPolicy(pg):
		hint = hintForPolicy(cfg.User)
	case errors.As(err, &pg) && pg.Code == "42501":
		hint = fmt.Sprintf("user %s lacks a right: see `seats check`", cfg.User)
	case errors.As(err, &pg):
		hint = cmp.Or(hintsForConnecting.of(pg), hintsForStatements.of(pg), "see `seats check`")
	}
	return fail.New(fail.Source, hint, "%s: %w", sourceName(cfg), err)
}

// hintForTLS says what helps where the server is not known for sure to be the right one, or nothing.
func hintForTLS(err error, cfg config.GIMDB) string {
	name, isName := errors.AsType[x509.HostnameError](err)
	switch {
	case is[*pgconn.ParseConfigError](err):
		return "gimdb.sslrootcert must be a file of certificates, as PEM, that this user may read; what PG* variables of the environment say counts too"
	case is[x509.UnknownAuthorityError](err):
		return "let gimdb.sslrootcert name the certificate of the authority that signed the server's; is it this server that answers?"
	case isName && len(name.Certificate.DNSNames)+len(name.Certificate.IPAddresses) == 0:
		kind := "DNS"
		if net.ParseIP(cfg.Host) != nil {
			kind = "IP"
		}
		return fmt.Sprintf("have the server's certificate made anew with a subjectAltName (%s:%s): it has none, and a common name alone is believed no more", kind, cfg.Host)
	case isName:
		return fmt.Sprintf("let gimdb.host be a name that stands in the server's certificate; is it this server that answers at %s?", cfg.Host)
	case is[x509.CertificateInvalidError](err):
		return "the server's certificate cannot be used any more, or not for this: have it renewed"
	case strings.Contains(err.Error(), "server refused TLS connection"): // the driver has no type for it
		return fmt.Sprintf("have TLS set up on the server; gimdb.sslmode is %s, and weaker ones send what is read, and perhaps the password, in the clear", cfg.SSLMode)
	}
	return ""
}

// hints say what helps, by SQLSTATEs or their classes: where connecting failed, and where any statement did.
type hints map[string]string

func (h hints) of(pg *pgconn.PgError) string {
	return cmp.Or(h[pg.Code], h[fmt.Sprintf("%.2s", pg.Code)])
}

const badCharacter = "the database holds a character that its server cannot put into UTF-8: correct it there"

var (
	hintsForConnecting = hints{
		"28":    "check gimdb.user, its password and the server's pg_hba.conf",
		"08":    "a pooler between has to leave transactions whole (pool_mode session or transaction), and to have room for one more",
		"3D000": "check gimdb.database",
	}
	hintsForStatements = hints{
		"40":    "a standby ends what is in the way of its primary's changes: read the primary, or raise max_standby_streaming_delay or set hot_standby_feedback on the standby",
		"57014": tookTooLong,                                                                                                          // query_canceled
		"55P03": "another session holds a lock on that table, which was waited for " + lockTimeout + ": run again when it has let go", // lock_not_available
		"22P05": badCharacter,                                                                                                         // untranslatable_character
		"22021": badCharacter,                                                                                                         // character_not_in_repertoire
	}
)

// isPolicy tells the server's refusal to leave rows out: row_security is off. Its code is that of any right that is missing.
func isPolicy(pg *pgconn.PgError) bool { return pg.Code == "42501" && pg.Routine == "check_enable_rls" }

const hintForParameter = "a pooler between has to let user and database pass, which is all that is sent, and what the environment's " +
	"PGOPTIONS, PGAPPNAME and PGTZ ask for (options, application_name, timezone): unset them"

// refusesParameter tells that a connection was refused for what it was asked for at its start; it would be another time.
func refusesParameter(err error) bool {
	pg, told := errors.AsType[*pgconn.PgError](err)
	return told && is[*pgconn.ConnectError](err) && slices.Contains([]string{
		"08P01", "0A000", "42704", "22023", // protocol_violation, feature_not_supported, undefined_object, invalid_parameter_value
	}, pg.Code)
}

const tookTooLong = "the source needed longer than gimdb.statement_timeout, or somebody cancelled the statement"

// explainRead gives an error of reading the exit code of a failed source, unless it is one of storing what was read.
func explainRead(err error, source string) error {
	if err == nil || fail.CodeOf(err) != fail.Other || errors.Is(err, context.Canceled) || is[*duckdb.Error](err) {
		return err
	}
	hint := ""
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && isPolicy(pg):
		hint = "row security would hide rows from gimdb.user: let gimdb.schema be one of views of the tenant's rows, whose owner sees all of them"
	case errors.As(err, &pg):
		hint = hintsForStatements.of(pg)
	case errors.Is(err, context.DeadlineExceeded):
		hint = tookTooLong
	}
	return fail.New(fail.Source, cmp.Or(hint, "nothing was changed; run again when the source answers"), "%s: %w", source, err)
}

// Lost tells whether an error is the connection's, or its snapshot's: the same may well go another time. It is told by types
// and SQLSTATE, and no statement's own failure is one.
func Lost(err error) bool {
	if pg, told := errors.AsType[*pgconn.PgError](err); told {
		return !refusesParameter(err) && (slices.Contains(lostStates, pg.Code) ||
			strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "40")) // connection_exception, transaction_rollback: a standby's conflict
	}
	name, isName := errors.AsType[*net.DNSError](err)
	switch {
	case is[*tls.CertificateVerificationError](err):
		return false // and the handshake, which is a write, says that nothing was sent
	case is[*silence](err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case isName:
		return !name.IsNotFound
	case is[*pgconn.ConnectError](err) && errors.Is(err, context.DeadlineExceeded): // of a statement it is no fault of the connection
		return true
	case pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return true // the connection was found closed before anything was sent
	}
	return is[*net.OpError](err)
}

var lostStates = []string{
	cannotConnectNow, tooManyConnections,
	"57P01", "57P02", // admin_shutdown, crash_shutdown
	"57P05", "25P03", // idle_session_timeout, idle_in_transaction_session_timeout
}
