package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
)

// Groups are put beside what is simulated without them, and change nothing of it but the sessions' combination, which is
// always one that is there.
func TestGroupsChangeNothingElse(t *testing.T) {
	const combination = "resource_group_combination_key"
	without, with := simulation(t, nil), simulation(t, func(o *sim.Options) { o.Groups = 3 })
	layout := sim.Layout{Cuts: with.Cuts(1)}
	before, after := simtest.Text(t, without, layout)[0], simtest.Text(t, with, layout)[0]
	known, used := map[string]bool{}, map[string]bool{}
	for _, row := range simtest.Parse(t, sim.GroupCombination, after[sim.GroupCombination], false) {
		known[row["group_combination_key"]] = true
	}
	require.Len(t, known, 2+3+3)
	for _, table := range sim.Tables() {
		if !without.Has(table) {
			require.Empty(t, before[table])
			continue
		}
		want, got := simtest.Parse(t, table, before[table], false), simtest.Parse(t, table, after[table], false)
		if table == sim.Session {
			for i := range got {
				require.Equal(t, "-2", want[i][combination])
				require.Contains(t, known, got[i][combination])
				used[got[i][combination]] = true
				got[i][combination] = "-2"
			}
		}
		require.Equal(t, want, got, table.Name())
	}
	require.Len(t, used, 1+3+3, "in none, in one, and in two groups")
}
