package extract_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/gimschema"
	"seats/internal/pgtest"
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
		require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "unsupported startup parameter: jit")
		require.Contains(t, fail.Hints(err)[0], "let user and database pass")
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
			require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.NotEmpty(t, fail.Hints(err))
			require.False(t, extract.Lost(err))
		})
	}
}

// Where there is one connection and no more, it reads all, and it is said why.
func TestASourceIsReadOverTheConnectionsThatCanBeHad(t *testing.T) {
	g := small(t, pgtest.Schema(t))
	role := strings.Replace(g.db.Schema, "test_", "single_", 1)
	g.db.Exec(t, fmt.Sprintf("create role %[1]s login connection limit 1; grant usage on schema %[2]s to %[1]s; grant select on all tables in schema %[2]s to %[1]s", role, g.db.Schema))
	t.Cleanup(func() {
		_, err := g.db.Conn.Exec(context.Background(), fmt.Sprintf("drop owned by %[1]s; drop role %[1]s", role))
		require.NoError(t, err)
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
	pooled.ReadTimeout = 300 * time.Millisecond
	for name, cfg := range map[string]config.GIMDB{"(SQLSTATE 53300)": limited, "no room for another within 300ms": pooled} {
		r := newRig(t)
		src := openDB(t, r, cfg, nil)
		require.Contains(t, src.Fewer(), "1 of 3 connections could be had: ")
		require.Contains(t, src.Fewer(), name)
		r.cut(t, src, utcDay)
		require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
		require.NoError(t, src.Close())
	}
}

// A standby ends what is in the way of its primary's changes, wherever it stands, as a statement's error or the
// connection's end. Another time it may well go.
func TestAConflictWithRecoveryIsALostSnapshotWhereverItStrikes(t *testing.T) {
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
