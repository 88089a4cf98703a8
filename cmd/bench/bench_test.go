package main

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/judge"
)

const printed = `[
	{"tenant":"acme","region":"US","measure":"concurrent","period":"2026-03-10","value":42,"peak_at":"2026-03-10T14:03:07-04:00","peak_seconds":12},
	{"tenant":"acme","region":"EU","measure":"concurrent","period":"2026-03-10","value":0},
	{"tenant":"acme","region":"US","measure":"enabled","period":"2026-03","value":99}]`

func TestAnswersAgreeOnlyWhereEveryNumberIsTheSame(t *testing.T) {
	us := func(agents, at, seconds int64) judge.Peak {
		return judge.Peak{Region: "US", Agents: agents, At: at, Seconds: seconds}
	}
	require.NoError(t, agree("", []judge.Peak{{Region: "EU"}, us(42, 1773165787, 12)}, []byte(printed)))
	for name, other := range map[string][]judge.Peak{
		"agents":         {{Region: "EU"}, us(41, 1773165787, 12)},
		"second":         {{Region: "EU"}, us(42, 1773165788, 12)},
		"seconds":        {{Region: "EU"}, us(42, 1773165787, 13)},
		"missing region": {us(42, 1773165787, 12)},
	} {
		require.ErrorContains(t, agree("whole run", other, []byte(printed)), "whole run: seats issued", name)
	}
}

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

func TestFiguresAreRatiosWithTheirTargetsWhereBothSidesWereMeasured(t *testing.T) {
	r := row{ours: sample{took: time.Second, cpu: time.Second, server: time.Second, memory: 7e6}, theirs: sample{took: 2 * time.Second, cpu: time.Second / 2},
		targets: targets{took: "≤ 1", memory: "≤ 8 MB"}}
	require.Equal(t, []string{"0.50 (≤ 1): 1 s ÷ 2 s", "4.00: 2 s ÷ 0.5 s", "1 s", "7 MB (≤ 8 MB)"}, r.figures())
	require.Equal(t, make([]string, 4), row{theirs: r.ours, targets: r.targets}.figures())
}

func TestCountIsWrittenAsPeopleSayIt(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 25_000: "25 k", 1_000_000: "1 M", 1_250_000: "1.25 M", 10_000_000: "10 M"} {
		require.Equal(t, want, count(n))
	}
}
