package main

import (
	"testing"

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
	same := []judge.Peak{{Region: "EU"}, us(42, 1773165787, 12)}
	require.NoError(t, agree("", same, []byte(printed)))
	for name, other := range map[string][]judge.Peak{
		"agents":         {{Region: "EU"}, us(41, 1773165787, 12)},
		"second":         {{Region: "EU"}, us(42, 1773165788, 12)},
		"seconds":        {{Region: "EU"}, us(42, 1773165787, 13)},
		"missing region": {us(42, 1773165787, 12)},
	} {
		require.ErrorContains(t, agree("whole run", other, []byte(printed)), "whole run: seats issued", name)
	}
}
