package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSessionsAreThoseOfAllSlices(t *testing.T) {
	log := "seats: extracted tenant=001 day=2026-03-31 state=final sessions=26 activities=30 agents=10 took=249ms\n" +
		"seats: computed tenant=001 day=2026-03-31 sessions=26 took=1ms\n" +
		"seats: extracted tenant=002 day=2026-03-31 state=final sessions=58 activities=31 agents=21 took=379ms\n"
	require.EqualValues(t, 84, extracted([]byte(log)))
}

func TestSpaceIsOfAllFilesBelow(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
	for name, size := range map[string]int{"x": 10, "a/y": 5000, "a/b/z": 1} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600))
	}
	s, err := spaceOf(dir)
	require.NoError(t, err)
	require.Equal(t, []int64{3, 5011}, []int64{s.files, s.bytes})
	_, err = spaceOf(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestATenantsShareIsOfTheProcessorTime(t *testing.T) {
	s := sample{took: time.Hour, cpu: 2 * time.Second}
	f := fleet{tenants: 10, sessions: 1234, night: s, stores: space{bytes: 10_000_000}, parquet: space{files: 180, bytes: 500_000, disk: 1_000_000}}
	var b strings.Builder
	require.NoError(t, writeFleets(&b, []fleet{f}, 0))
	require.Contains(t, b.String(), "| 10 | 1 k | 3600.0 (2.0) |")
	require.Contains(t, b.String(), "| 10 | 200 ms | 0 ms | 0 ms | 1000 kB | 50 kB | 100 kB | 18 |")
}
