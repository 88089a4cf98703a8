package main

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAlternateTakesTurnsAndGivesMedians(t *testing.T) {
	var order string
	side := func(name string, took ...time.Duration) measurement {
		return func() sample {
			order += name
			s := sample{took: took[0], memory: int64(took[0]), server: 10 * took[0]}
			took = took[1:]
			return s
		}
	}
	taken := alternate(3, side("a", 9, 1, 5), side("b", 2, 8, 4))
	require.Equal(t, "ababab", order)
	require.Equal(t, []sample{
		{took: 5, memory: 9, server: 50},
		{took: 4, memory: 8, server: 40},
	}, taken, "median times, largest memory")
}

func TestAlternateStopsAtTheFirstFailure(t *testing.T) {
	taken := 0
	err := try(func() { alternate(3, func() sample { taken++; return must(sample{}, errors.New("no")) }) })
	require.ErrorContains(t, err, "no")
	require.Equal(t, 1, taken)
}

func TestServerTimeCountsChildrenThatHaveEnded(t *testing.T) {
	before := serverTime(os.Getpid())
	child(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
	require.Greater(t, serverTime(os.Getpid())-before, 50*time.Millisecond)
}

func TestCountIsWrittenAsPeopleSayIt(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 25_000: "25 k", 1_000_000: "1 M", 1_250_000: "1.25 M", 10_000_000: "10 M"} {
		require.Equal(t, want, count(n))
	}
}
