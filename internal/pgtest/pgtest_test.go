package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

// holder, when set, turns this test binary into a process that starts a
// server of its own, prints where it is and waits to be killed.
const holder = "PGTEST_HOLD_A_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(holder) != "" && len(os.Args) > 1 && os.Args[1] == "hold" {
		hold()
	}
	os.Exit(m.Run())
}

func hold() {
	os.Args = os.Args[:1]
	testing.Main(func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "hold", F: func(t *testing.T) {
			fmt.Println(pgtest.Server(t).ConnString())
			select {}
		}}}, nil, nil)
}

// ask asks a server for one value.
func ask[T any](t *testing.T, dsn, query string, args ...any) (answer T) {
	conn := must.Have(pgx.Connect(t.Context(), dsn))(t)
	defer conn.Close(t.Context()) //nolint:errcheck // nothing was written
	require.NoError(t, conn.QueryRow(t.Context(), query, args...).Scan(&answer))
	return answer
}

func TestSchemaIsFreshAndDropped(t *testing.T) {
	var name string
	t.Run("uses a schema", func(t *testing.T) {
		one, other := pgtest.Schema(t), pgtest.Schema(t)
		name = one.Schema
		one.Exec(t, "create table tenant (tenant_key integer)")
		other.Exec(t, "create table tenant (tenant_key integer)")
		require.NotEqual(t, one.Schema, other.Schema)
		require.Equal(t, one.Schema, ask[string](t, one.ConnString(), "show search_path"))
	})
	require.Zero(t, ask[int](t, pgtest.Server(t).ConnString(), "select count(*) from pg_namespace where nspname = $1", name))
}

func TestDatabaseIsOfItsEncodingAndDropped(t *testing.T) {
	var name string
	t.Run("uses a database", func(t *testing.T) {
		db := pgtest.Database(t, "LATIN1")
		name = db.Database
		db.Exec(t, "create table tenant (tenant_name text); insert into tenant values ('Zürich')")
		require.Equal(t, "LATIN1", ask[string](t, db.ConnString(), "select getdatabaseencoding()"))
		require.Equal(t, 6, ask[int](t, db.ConnString(), "select octet_length(tenant_name) from tenant"))
	})
	require.Zero(t, ask[int](t, pgtest.Server(t).ConnString(), "select count(*) from pg_database where datname = $1", name))
}

func TestServerIsOnLoopbackOnly(t *testing.T) {
	if os.Getenv("SEATS_TEST_PG") == "" {
		require.Equal(t, "127.0.0.1", ask[string](t, pgtest.Server(t).ConnString(), "show listen_addresses"))
	}
	require.Equal(t, "127.0.0.1", pgtest.Server(t).Host)
}

func TestServerStopsWithAKilledTestProcess(t *testing.T) {
	cmd := exec.Command(os.Args[0], "hold")
	cmd.Env = append(os.Environ(), holder+"=1", "SEATS_TEST_PG=")
	cmd.Stderr = os.Stderr
	stdout := must.Have(cmd.StdoutPipe())(t)
	require.NoError(t, cmd.Start())
	dsn := must.Have(bufio.NewReader(stdout).ReadString('\n'))(t)
	dsn = strings.TrimSpace(dsn)
	require.NoError(t, reach(t.Context(), dsn))

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool { return reach(context.Background(), dsn) != nil },
		10*time.Minute, 100*time.Millisecond, "server is still there")
}

func reach(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func TestMissingServerFailsWithAHint(t *testing.T) {
	cmd := exec.Command("/bin/sh", "with-postgres.sh", "--find")
	cmd.Env = []string{"PATH=" + t.TempDir()} // no server, and no ls to look for one
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "make test")
	require.Contains(t, string(out), "SEATS_TEST_PG")
}

func TestScriptReturnsTheStatusOfItsCommand(t *testing.T) {
	err := exec.Command("sh", "with-postgres.sh", "sh", "-c", `test -n "$SEATS_TEST_PG" && exit 42`).Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 42, exit.ExitCode())
}
