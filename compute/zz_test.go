package compute

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"seats/internal/duck"
)

func TestZZ(t *testing.T) {
	conn, day := openStore(t), date(t, "2026-03-10")
	bigDay(t, conn, day.String())
	ctx := context.Background()
	if f := os.Getenv("ZZSETUP"); f != "" {
		execSQL(t, conn, f)
	}
	for range 2 {
		slice, rules, err := prepare(ctx, conn, bigTenant(t), day)
		require.NoError(t, err)
		tx, err := conn.BeginTx(ctx, nil)
		require.NoError(t, err)
		require.NoError(t, writeRules(ctx, tx, rules))
		all := time.Now()
		for _, n := range steps {
			at := time.Now()
			c, err := duck.Exec(ctx, tx, n, sql.Named("day", day.String()), sql.Named("state", "final"))
			require.NoError(t, err)
			if d := time.Since(at); d > 20*time.Millisecond {
				fmt.Println(d.Round(time.Millisecond), n, c)
			}
		}
		fmt.Println("sql", time.Since(all))
		at := time.Now()
		sw, err := sweepDay(ctx, conn, rules, slice)
		require.NoError(t, err)
		fmt.Println("sweep", time.Since(at))
		at = time.Now()
		require.NoError(t, compareDay(ctx, conn, tx, day, sw))
		fmt.Println("compare", time.Since(at))
		if f := os.Getenv("ZZ"); f != "" {
			b, _ := os.ReadFile(f)
			for _, q := range strings.Split(string(b), ";\n") {
				if strings.TrimSpace(q) == "" {
					continue
				}
				at := time.Now()
				_, err := tx.ExecContext(ctx, q)
				require.NoError(t, err, q)
				fmt.Println(time.Since(at).Round(time.Millisecond), strings.SplitN(strings.TrimSpace(q), "\n", 2)[0])
			}
		}
		at = time.Now()
		require.NoError(t, tx.Commit())
		fmt.Println("commit", time.Since(at))
	}
}
