package duck_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// What memory_limit allows is for the whole program: see docs/performance.md.
func TestBuffersHaveHalfOfTheMemory(t *testing.T) {
	db := must.Have(duck.Open("", duck.Of(config.Engine{MemoryLimit: 2 << 30, Threads: 3, TempDir: t.TempDir()})))(t)
	defer db.Close() //nolint:errcheck // the test is over
	var limit, threads string
	require.NoError(t, db.QueryRow("select current_setting('memory_limit'), current_setting('threads')").Scan(&limit, &threads))
	require.Equal(t, "1.0 GiB", limit)
	require.Equal(t, "3", threads)
}
