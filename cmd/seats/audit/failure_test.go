package audit

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
)

func TestDayThatCannotBeComputed(t *testing.T) {
	d := calendar.Date{Year: 2026, Month: 2, Day: 26}
	differ := failure(d, &compute.DifferenceError{Period: "2026-02-26", Scope: "US/dallas", What: "agents", SQL: "1", Sweep: "2"})
	require.Equal(t, ComputationsDiffer, differ.Rule)
	require.Equal(t, "US", differ.Region)
	require.Contains(t, differ.What, "1 by SQL, 2 by the sweep")

	require.Equal(t, CannotCompute, failure(d, &compute.CoverageError{Day: d, Region: "EU"}).Rule)
	require.True(t, explained(&compute.CoverageError{}) && explained(&compute.DifferenceError{}) && !explained(errors.New("disk")))
}

func TestEveryRuleIsExplained(t *testing.T) {
	seen := map[Rule]bool{}
	for _, k := range catalogue {
		require.False(t, seen[k.rule], k.rule)
		seen[k.rule] = true
		require.NotEmpty(t, k.advice, k.rule)
		require.NotEmpty(t, k.check, k.rule)
	}
}
