package extract_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/extract"
	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

// behind is the configuration of a GIM that is reached through what edits its connections.
func (g *gim) behind(connections int, edit func(connection int, way pgtest.Direction, bytes []byte) []byte) config.GIMDB {
	p := pgtest.NewProxy(g.t, g.db.ServerInfo)
	p.Edit = edit
	cfg := g.config(connections)
	cfg.Host, cfg.Port = p.Host, p.Port
	return cfg
}

// small is a GIM with one session that qualifies.
func small(t *testing.T, db *pgtest.DB) *gim {
	g := newGIMIn(t, db, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	g.leg(1, 1, 10, day0+110, day0+120, "g1")
	return g
}

// instead replaces a text by one of the same length, filled up with blanks.
func instead(text []byte, from, to string) []byte {
	return bytes.ReplaceAll(text, []byte(from), []byte(to+strings.Repeat(" ", len(from)-len(to))))
}

// fatal is a message of a server that ends the connection.
func fatal(state, text string) []byte {
	body := "SFATAL\x00VFATAL\x00C" + state + "\x00M" + text + "\x00\x00"
	return append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(body)+4)), body...)
}

// A pooler knows few startup parameters: it drops the others, or refuses who sends them. None is sent.
func TestNothingIsAskedAtTheStartOfAConnection(t *testing.T) {
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	var mu sync.Mutex
	starts := map[int][]byte{}
	cfg := g.behind(2, func(connection int, way pgtest.Direction, b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if way == pgtest.FromClient && starts[connection] == nil {
			starts[connection] = bytes.Clone(b[8:])
		}
		return b
	})
	r.cut(t, openDB(t, r, cfg, nil), utcDay)
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
	require.Len(t, starts, 2)
	for _, start := range starts {
		words := strings.Split(string(start), "\x00")
		asked := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			asked[words[i]] = words[i+1]
		}
		delete(asked, "")
		require.Equal(t, map[string]string{"user": cfg.User, "database": cfg.Database}, asked)
	}
}

// Who is refused for a startup parameter is so every time.
func TestAPoolerThatRefusesAStartupParameterIsAskedOnce(t *testing.T) {
	g := small(t, pgtest.Schema(t))
	for _, state := range []string{"08P01", "42704"} {
		var connections atomic.Int64 // the proxy carries each way on a goroutine of its own
		cfg := g.behind(1, func(connection int, way pgtest.Direction, b []byte) []byte {
			connections.Store(int64(connection))
			if way == pgtest.FromServer {
				return fatal(state, "unsupported startup parameter: jit")
			}
			return b
		})
		_, err := extract.OpenGIMDB(t.Context(), cfg, nil, none)
		must.Fail(t, err, fail.Source, "unsupported startup parameter: jit", "let user and database pass")
		require.EqualValues(t, 1, connections.Load())
		require.False(t, extract.Lost(err))
	}
}

// What a transaction has become is read back in it: whoever stands between may have led it elsewhere, or left out what it
// was begun with.
func TestATransactionThatIsNotAsItWasBegunIsRefused(t *testing.T) {
	g, other := small(t, pgtest.Database(t, "UTF8")), small(t, pgtest.Database(t, "UTF8"))
	var advanced sync.Once
	for name, c := range map[string]struct {
		says string
		edit func(connection int, way pgtest.Direction, b []byte) []byte
	}{
		"another database": {fmt.Sprintf("the database is %q in the transaction that was begun, not %q", other.db.Database, g.db.Database),
			func(_ int, way pgtest.Direction, b []byte) []byte {
				if way == pgtest.FromClient && bytes.Contains(b, []byte("user\x00")) {
					return instead(b, g.db.Database, other.db.Database)
				}
				return b
			}},
		"not read-only": {`transaction_read_only is "off"`,
			func(_ int, _ pgtest.Direction, b []byte) []byte { return instead(b, ", read only", "") }},
		"not one snapshot": {`transaction_isolation is "read committed"`,
			func(_ int, _ pgtest.Direction, b []byte) []byte {
				return instead(b, "isolation level repeatable read,", "isolation level read committed, ")
			}},
		"another server": {"two connections do not read the same: the server's start is ",
			func(connection int, way pgtest.Direction, b []byte) []byte {
				if connection == 2 && way == pgtest.FromServer {
					return regexp.MustCompile(`20\d\d(-\d\d-\d\d \d\d:)`).ReplaceAll(b, []byte("1999$1"))
				}
				return b
			}},
		"another snapshot": {"two connections do not read the same: the snapshot is ",
			func(connection int, way pgtest.Direction, b []byte) []byte {
				if connection != 2 || way != pgtest.FromClient || !bytes.Contains(b, []byte("set transaction snapshot")) {
					return b
				}
				advanced.Do(func() { g.db.Exec(t, "create table later ()") })
				return regexp.MustCompile(`set transaction snapshot`).ReplaceAll(b, []byte("--  transaction snapshot"))
			}},
		"no such snapshot": {"two connections do not lead to the same database of the same server: ",
			func(connection int, way pgtest.Direction, b []byte) []byte {
				if connection == 2 && way == pgtest.FromClient {
					return instead(b, "set transaction snapshot '0", "set transaction snapshot 'A")
				}
				return b
			}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := extract.OpenGIMDB(t.Context(), g.behind(2, c.edit), nil, none)
			must.Fail(t, err, fail.Source, c.says, "")
			require.False(t, extract.Lost(err))
		})
	}
}

// Where there is one connection and no more, it reads all, and it is said why.
func TestASourceIsReadOverTheConnectionsThatCanBeHad(t *testing.T) {
	t.Parallel()
	g := small(t, pgtest.Schema(t))
	role := strings.Replace(g.db.Schema, "test_", "single_", 1)
	g.db.Exec(t, fmt.Sprintf("create role %[1]s login connection limit 1; grant usage on schema %[2]s to %[1]s; grant select on all tables in schema %[2]s to %[1]s", role, g.db.Schema))
	t.Cleanup(func() {
		must.Have(g.db.Conn.Exec(context.Background(), fmt.Sprintf("drop owned by %[1]s; drop role %[1]s", role)))(t)
	})
	limited := g.config(3)
	limited.User = role
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	pooled := g.behind(3, func(connection int, way pgtest.Direction, b []byte) []byte {
		if connection == 2 && way == pgtest.FromClient && bytes.Contains(b, []byte("begin")) {
			<-ended // until there is room
		}
		return b
	})
	pooled.ReadTimeout = 2 * time.Second
	for name, cfg := range map[string]config.GIMDB{"(SQLSTATE 53300)": limited, "no room for another within 2s": pooled} {
		r := newRig(t)
		src := openDB(t, r, cfg, nil)
		require.Contains(t, src.Fewer, "1 of 3 connections could be had: ")
		require.Contains(t, src.Fewer, name)
		r.cut(t, src, utcDay)
		require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
		require.NoError(t, src.Close())
	}
}

// A standby ends what is in the way of its primary's changes, wherever it stands, as a statement's error or the
// connection's end. Another time it may well go.
func TestAConflictWithRecoveryIsALostSnapshotWhereverItStrikes(t *testing.T) {
	t.Parallel()
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	for i, statement := range []string{"begin isolation", "pg_settings", "txid_current_snapshot", "has_column_privilege", "ctl_extract_history",
		"row_security_active", ".dialing_mode", ".resource_", ".sm_res_session_fact", "explain (format json)", ".irf_user_data_gen_1", ".contact_attempt_fact", ".group_"} {
		var struck sync.Map
		cfg := g.behind(1+i%2, func(connection int, way pgtest.Direction, b []byte) []byte {
			if way == pgtest.FromClient && bytes.Contains(b, []byte(statement)) {
				struck.Store(connection, true)
			}
			if _, is := struck.Load(connection); is && way == pgtest.FromServer {
				return fatal("40001", "terminating connection due to conflict with recovery")
			}
			return b
		})
		src, err := extract.OpenGIMDB(t.Context(), cfg, nil, none)
		if err == nil {
			_, err = src.WithGroups(t.Context())
		}
		if err == nil {
			_, err = cutter(r, src).Cut(t.Context(), utcDay)
		}
		if src != nil {
			_ = src.Close()
		}
		require.Error(t, err, statement)
		require.True(t, extract.Lost(err), "%s: %v", statement, err)
		require.Equal(t, fail.Source, fail.CodeOf(err), statement)
		require.Contains(t, strings.Join(fail.Hints(err), ""), "standby", statement)
	}
}

// forever is what no wait of these tests may come near, on the slowest day.
const forever = 10 * time.Minute

// ends runs what must not hang, and gives its error.
func ends(work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-time.After(forever):
		return errors.New("it hangs")
	}
}

// A statement that computes long before its first row is not a dead connection: the server says so when it is asked.
func TestASilentStatementThatIsAtWorkIsWaitedFor(t *testing.T) {
	t.Parallel()
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	g.sleeping("sm_res_session_fact", "4")
	cfg := g.config(2)
	cfg.ReadTimeout = 500 * time.Millisecond
	src := openDB(t, r, cfg, nil)
	require.NoError(t, ends(func() error { return must.Err(cutter(r, src).Cut(t.Context(), utcDay)) }))
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

// A server that accepts and then says nothing, at once or in the middle of the exchange, is given up.
func TestConnectingToASilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	g := newGIM(t, gimschema.DDL)
	var all sync.WaitGroup // at once: each waits ten seconds
	for _, sslmode := range []string{"disable", "prefer", "require"} {
		for _, after := range []int64{0, 1, 20, 300} {
			p := pgtest.NewProxy(t, g.db.ServerInfo)
			p.FailAfter(after, pgtest.FromServer, false)
			cfg := g.config(1)
			cfg.Host, cfg.Port, cfg.SSLMode = p.Host, p.Port, sslmode
			all.Go(func() {
				err := ends(func() error { return must.Err(extract.InspectGIMDB(t.Context(), cfg, nil, time.UTC)) })
				assert.Equal(t, fail.Source, fail.CodeOf(err), "%s after %d bytes: %v", sslmode, after, err)
				assert.NotEmpty(t, fail.Hints(err))
			})
		}
	}
	all.Wait()
}

// A server that comes up late is waited for.
func TestConnectingIsTriedAgainUntilTheServerListens(t *testing.T) {
	t.Parallel()
	g := complete(t, gimschema.DDL)
	cfg := g.config(2)
	cfg.Host, cfg.Port = "127.0.0.1", freePort(t)
	go func() {
		time.Sleep(700 * time.Millisecond)
		pgtest.ProxyAt(t, cfg.Port, g.db.ServerInfo)
	}()
	require.NoError(t, must.Have(extract.OpenGIMDB(t.Context(), cfg, nil, none))(t).Close())
}

func TestConnectingIsGivenUpInTheEndOrWhenCancelled(t *testing.T) {
	t.Parallel()
	g := config.GIMDB{Host: "127.0.0.1", Port: freePort(t), Database: "gim", User: "u", Schema: "public", SSLMode: "disable", Connections: 1}
	began := time.Now()
	must.Fail(t, must.Err(extract.OpenGIMDB(t.Context(), g, nil, none)), fail.Source, "refused")
	require.Greater(t, time.Since(began), 2*time.Second)

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	// Not because all tries were refused, as above.
	require.ErrorIs(t, ends(func() error { return must.Err(extract.OpenGIMDB(ctx, g, nil, none)) }), context.DeadlineExceeded)
}

func freePort(t *testing.T) int {
	l := must.Have(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAPasswordIsInNoError(t *testing.T) {
	t.Parallel()
	g := newGIM(t, gimschema.DDL)
	for _, change := range []func(*config.GIMDB){
		func(c *config.GIMDB) { c.Port = freePort(t) },
		func(c *config.GIMDB) { c.Database = "nowhere" },
		func(c *config.GIMDB) { c.User = "nobody" },
		func(c *config.GIMDB) { c.Schema = "nowhere" },
	} {
		cfg := g.config(1)
		cfg.Password = config.Hide("sesame")
		change(&cfg)
		_, err := extract.OpenGIMDB(t.Context(), cfg, nil, none)
		require.Error(t, err)
		require.NotContains(t, err.Error()+strings.Join(fail.Hints(err), ""), "sesame")
	}
}

// Where silence is not limited, a statement still ends by the client's own clock.
func TestAStatementEndsWithoutAWordOfTheServer(t *testing.T) {
	t.Parallel()
	g := newGIM(t, gimschema.DDL)
	p := pgtest.NewProxy(t, g.db.ServerInfo)
	cfg := g.config(2)
	cfg.Host, cfg.Port, cfg.StatementTimeout = p.Host, p.Port, 3*time.Second
	r := newRig(t)
	src := openDB(t, r, cfg, nil)
	p.FailAfter(0, pgtest.FromServer, false)
	err := ends(func() error { return must.Err(cutter(r, src).Cut(t.Context(), utcDay)) })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, " after 0 rows: run sql/gim/")
	require.Contains(t, fail.Hints(err)[0], "gimdb.statement_timeout")
	require.False(t, extract.Lost(err), "the same statement would take as long again")
}

// Only what the connection did is tried again; a statement's own failure would come again.
func TestLostIsTheConnectionAlone(t *testing.T) {
	for code, lost := range map[string]bool{
		"57P01": true, "57P02": true, "57P03": true, "57P05": true, "25P03": true, "53300": true, "08006": true, "40001": true, "40P01": true,
		"57014": false, "55P03": false, "22012": false, "42501": false, "28P01": false, "3D000": false, "53200": false,
	} {
		require.Equal(t, lost, extract.Lost(fmt.Errorf("extract: %w", fail.New(fail.Source, "", "%w", &pgconn.PgError{Code: code}))), code)
	}
	require.True(t, extract.Lost(fmt.Errorf("receive: %w", io.ErrUnexpectedEOF)))
	require.True(t, extract.Lost(&net.OpError{Op: "read", Err: io.EOF}))
	require.True(t, extract.Lost(&net.DNSError{IsTimeout: true}))
	require.False(t, extract.Lost(&net.DNSError{IsNotFound: true}))
	require.False(t, extract.Lost(context.DeadlineExceeded))
	require.False(t, extract.Lost(&extract.LossError{}))
	require.False(t, extract.Lost(nil))
}

// What PostgreSQL's own manual makes in its first example is a certificate with a common name alone.
func TestACertificateWithoutNamesIsToldForWhatItIs(t *testing.T) {
	key := must.Have(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	certificate := must.Have(x509.CreateCertificate(rand.Reader, c, c, key.Public(), key))(t)
	authority := filepath.Join(t.TempDir(), "server.crt")
	require.NoError(t, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	pair := tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, 8)) // it asks for TLS
			_, _ = conn.Write([]byte("S"))
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake()
			_ = conn.Close()
		}
	}()
	for host, name := range map[string]string{"localhost": "DNS:localhost", "127.0.0.1": "IP:127.0.0.1"} {
		_, err = extract.GIMDBHorizon(t.Context(), config.GIMDB{Host: host, Port: l.Addr().(*net.TCPAddr).Port, Database: "d", User: "u", Schema: "s",
			SSLMode: "verify-full", SSLRootCert: authority})
		require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
		require.Contains(t, fail.Hints(err)[0], "a subjectAltName ("+name+")")
		require.False(t, extract.Lost(err))
	}
}

const namesSQL = `select resource_key || ' ' || coalesce(employee_id, '-') || ' ' || coalesce(resource_name, '-') from agent
	union all select kind || ' ' || activity_key || ' ' || coalesce(switch_name, '-') || ' ' || call_attempt_guid from ocs_activity order by 1`

// named is a GIM whose agent, switch and attempts are called so.
func named(t *testing.T, db *pgtest.DB, agent, employee, switchName, attempt string) *gim {
	g := small(t, db)
	g.attempt(7, 1, 3, day0+130, day0+140)
	g.db.Exec(t, fmt.Sprintf(`
		update resource_ set resource_name = %s, employee_id = %s where resource_key = 1;
		update resource_ set switch_name = %s where resource_key = 10;
		update irf_user_data_gen_1 set gsw_call_attempt_guid = %[4]s;
		update contact_attempt_fact set call_attempt_id = %[4]s`, agent, employee, switchName, attempt))
	return g
}

// cut reads the day into a store of its own, and gives back the locks of the snapshot.
func (g *gim) cut(connections int) (*rig, extract.Summary) {
	r := newRig(g.t)
	return r, r.cutOver(g.t, g, connections)
}

// A name is the same name whatever bytes its database keeps it in.
func TestEveryEncodingGivesTheSliceOfUTF8(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encodings string
		names     [4]string
	}{
		"umlauts":     {"LATIN1 WIN1252 LATIN9 SQL_ASCII", [4]string{"'Jürgen Groß'", "'É1'", "'SIP_MÜ'", "'gä'"}},
		"euro":        {"WIN1252 LATIN9 SQL_ASCII", [4]string{"'10 €'", "'€'", "'€ '", "'Ž'"}},
		"Cyrillic":    {"WIN1251 KOI8R ISO_8859_5 SQL_ASCII", [4]string{"'Юрий'", "'Э1'", "'Москва'", "'я'"}},
		"Japanese":    {"EUC_JP SQL_ASCII", [4]string{"'山田'", "'社員1'", "'東京'", "'試'"}},
		"supplement":  {"SQL_ASCII", [4]string{"'😀'", "'𝔈1'", "'SIP_😀'", "'😀😀'"}},
		"replacement": {"SQL_ASCII", [4]string{"'M\ufffdller \\xFC'", "'\\xFC\uffff'", "'\ufffd\u0080'", "'\ufffdFC'"}},
	} {
		n := c.names
		want, summary := named(t, pgtest.Schema(t), n[0], n[1], n[2], n[3]).cut(1)
		for encoding := range strings.FieldsSeq(c.encodings) {
			t.Run(name+" in "+encoding, func(t *testing.T) {
				r, s := named(t, pgtest.Database(t, encoding), n[0], n[1], n[2], n[3]).cut(2)
				require.Equal(t, want.strings(t, namesSQL), r.strings(t, namesSQL))
				require.Equal(t, summary.SHA256, s.SHA256)
			})
		}
	}
}

// bytesOf is an SQL expression for a text of these bytes: a client could not send them.
func bytesOf(raw string) string {
	return fmt.Sprintf(`convert_from('\x%x', getdatabaseencoding())`, raw)
}

func TestR11BytesThatMeanNothingAreKeptAsTheirNumbers(t *testing.T) {
	t.Parallel()
	for encoding, want := range map[string][]string{
		"SQL_ASCII": {"1 \ufffdx81E\ufffdxFF1 J\ufffdxFCrgen", "leg 1 SIP_\ufffdxDC-\ufffdx81 ä\ufffdxE4", "preview 7 - ä\ufffdxE4"},
		"WIN1252":   {"1 \ufffdx81Eÿ1 Jürgen", "leg 1 SIP_Ü-\ufffdx81 Ã¤ä", "preview 7 - Ã¤ä"},
		"LATIN1":    {"1 \u0081Eÿ1 Jürgen", "leg 1 SIP_Ü-\u0081 Ã¤ä", "preview 7 - Ã¤ä"},
	} {
		t.Run(encoding, func(t *testing.T) {
			g := named(t, pgtest.Database(t, encoding), bytesOf("J\xfcrgen"), bytesOf("\x81E\xff1"), bytesOf("SIP_\xdc-\x81"), bytesOf("\xc3\xa4\xe4"))
			r, first := g.cut(2)
			require.Equal(t, want, r.strings(t, namesSQL))
			g.db.Exec(t, "update resource_ set employee_id = "+bytesOf("\x8dE\xff1")+" where resource_key = 1")
			_, second := g.cut(2)
			require.NotEqual(t, first.SHA256, second.SHA256, "another byte is another agent")
		})
	}
}

// What a server says of itself comes in its own encoding too, and ends in the ledger and on terminals.
func TestMessagesOfTheServerAreUTF8(t *testing.T) {
	g := named(t, pgtest.Database(t, "LATIN1"), "'a'", "'E1'", "'S'", "'g'")
	g.db.Exec(t, `create function late(r resource_) returns resource_ language plpgsql as 'begin raise exception ''Zeitüberschreitung''; end';
		alter table resource_ rename to real_resource; create view resource_ as select (late(r)).* from real_resource as r`)
	must.Fail(t, g.fails(), fail.Source, "Zeitüberschreitung")
}

// A character of several bytes that UTF-8 lacks cannot be read: the server gives up the statement.
func TestACharacterThatTheServerCannotConvertIsToldAsThat(t *testing.T) {
	g := named(t, pgtest.Database(t, "EUC_JP"), bytesOf("\xf5\xa1"), "'E1'", "'S'", "'g'")
	must.Fail(t, g.fails(), fail.Source, "EUC_JP", "UTF-8")
}

// Databases set many things of their own; what the program depends on it asks for.
func TestSettingsOfTheDatabaseDoNotMatter(t *testing.T) {
	g := named(t, pgtest.Database(t, "LATIN1"), "'Jürgen'", `'E\1'`, "'S'", "'g'")
	g.db.Exec(t, fmt.Sprintf(`
		alter database %[1]s set standard_conforming_strings = off;
		alter database %[1]s set client_encoding = 'SQL_ASCII';
		alter database %[1]s set bytea_output = 'escape';
		alter database %[1]s set extra_float_digits = -15;
		alter database %[1]s set datestyle = 'German'`, g.db.Database))
	r, _ := g.cut(2)
	require.Contains(t, r.strings(t, namesSQL), `1 E\1 Jürgen`)
	must.Have(extract.InspectGIMDB(t.Context(), g.config(1), nil, time.UTC))(t)
}
