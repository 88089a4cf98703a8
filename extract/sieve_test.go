package extract

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/pgtest"
)

// The server must read the sieve as it is written: every key of it passes, and few of the others, also where keys
// are given out in strides.
func TestPostgreSQLLetsEveryKeyOfASieveThroughAndFewOthers(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgtest.Schema(t).ConnString())
	require.NoError(t, err)
	defer conn.Close(ctx) //nolint:errcheck // nothing was written
	passing := func(t require.TestingT, s sieve, keys []int64) (n int) {
		require.NoError(t, conn.QueryRow(ctx,
			"select count(*) from unnest($3::bigint[]) as k (id) where get_bit($1::bytea, abs(id % $2::bigint)::integer) = 1",
			s.bits, s.prime, keys).Scan(&n))
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		ours := rapid.SliceOfN(rapid.Int64(), 0, 50).Draw(t, "keys")
		require.Equal(t, len(ours), passing(t, newSieve(ours, 16), ours))
	})
	for _, stride := range []int64{1, 2, 1000, 2048, 1 << 20, 900 * 1024} {
		var ours, others []int64
		for i := range int64(10_000) {
			ours, others = append(ours, 10_000_000_001+stride*i), append(others, 20_000_000_003+stride*i)
		}
		s := newSieve(ours, 16)
		require.Equal(t, len(ours), passing(t, s, ours), "stride %d", stride)
		require.Less(t, passing(t, s, others), len(others)/4, "stride %d", stride)
		require.LessOrEqual(t, len(s.bits), 2*len(ours)+100)
	}
}
