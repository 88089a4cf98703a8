package extract_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
	"seats/internal/gimschema"
	"seats/internal/pgtest"
)

// forever is what no wait of these tests may come near, on the slowest day.
const forever = 2 * time.Minute

// ends runs what must not hang, and gives its error.
func ends(t *testing.T, work func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-time.After(forever):
		require.FailNow(t, "it hangs")
		return nil
	}
}

// A statement that computes long before its first row is not a dead connection: the server says so when it is asked.
func TestASilentStatementThatIsAtWorkIsWaitedFor(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	g.sleeping("sm_res_session_fact", "4")
	cfg := g.config(2)
	cfg.ReadTimeout = 500 * time.Millisecond
	r := newRig(t)
	require.NoError(t, ends(t, func() error {
		_, err := cutter(r, openDB(t, r, cfg, nil)).Cut(t.Context(), utcDay)
		return err
	}))
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

// A server that accepts and then says nothing, at once or in the middle of the exchange, is given up.
func TestConnectingToASilentServerIsGivenUp(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	for _, sslmode := range []string{"disable", "prefer", "require"} {
		for _, after := range []int64{0, 1, 20, 300} {
			t.Run(fmt.Sprintf("%s after %d bytes", sslmode, after), func(t *testing.T) {
				t.Parallel()
				p := pgtest.NewProxy(t, g.db.ServerInfo)
				p.FailAfter(after, pgtest.FromServer, false)
				cfg := g.config(1)
				cfg.Host, cfg.Port, cfg.SSLMode = p.Host, p.Port, sslmode
				err := ends(t, func() error {
					_, err := extract.InspectGIMDB(t.Context(), cfg, time.UTC)
					return err
				})
				require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
				require.NotEmpty(t, fail.Hints(err))
			})
		}
	}
}

// Where silence is not limited, a statement still ends by the client's own clock.
func TestAStatementEndsWithoutAWordOfTheServer(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	p := pgtest.NewProxy(t, g.db.ServerInfo)
	cfg := g.config(2)
	cfg.Host, cfg.Port, cfg.StatementTimeout = p.Host, p.Port, time.Second
	r := newRig(t)
	src := openDB(t, r, cfg, nil)
	p.FailAfter(0, pgtest.FromServer, false)
	err := ends(t, func() error {
		_, err := cutter(r, src).Cut(t.Context(), utcDay)
		return err
	})
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
		err := fmt.Errorf("extract: %w", fail.New(fail.Source, "", "%w", &pgconn.PgError{Code: code}))
		require.Equal(t, lost, extract.Lost(err), code)
	}
	require.True(t, extract.Lost(fmt.Errorf("receive: %w", io.ErrUnexpectedEOF)))
	require.True(t, extract.Lost(&net.OpError{Op: "read", Err: io.EOF}))
	require.True(t, extract.Lost(&net.DNSError{IsTimeout: true}))
	require.False(t, extract.Lost(&net.DNSError{IsNotFound: true}))
	require.False(t, extract.Lost(context.DeadlineExceeded))
	require.False(t, extract.Lost(&extract.LossError{}))
	require.False(t, extract.Lost(nil))
}
