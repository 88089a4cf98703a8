package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
)

func date(t testing.TB, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return d
}

func simulation(t testing.TB, change func(*sim.Options)) *sim.Simulation {
	t.Helper()
	o := sim.Defaults(date(t, "2026-03-06"))
	o.Agents, o.Days = 60, 4
	if change != nil {
		change(&o)
	}
	s, err := sim.New(o)
	require.NoError(t, err)
	return s
}

// untidy sets all rates so high that each shows among few agents.
func untidy(o *sim.Options) {
	o.Rates = sim.Rates{
		Open: 0.1, Stuck: 0.05, Overlapping: 0.1, Broken: 0.1, ZeroLength: 0.1, Long: 0.05, Corrected: 0.2,
		Late: 0.2, Orphan: 0.1, Stray: 0.1, OtherMedia: 0.2, Transfers: 0.2, NoEmployeeID: 0.1, TwoKeys: 0.2,
		TestAgents: 0.1, Roaming: 0.2, UnknownSwitch: 0.1, UnlistedSwitch: 0.1,
	}
}

func TestEqualOptionsGiveEqualBytes(t *testing.T) {
	layout := sim.Layout{Cuts: simulation(t, untidy).Cuts(3), ExtraColumns: true}
	one := simtest.Text(t, simulation(t, untidy), layout)
	two := simtest.Text(t, simulation(t, untidy), layout)
	require.Equal(t, one, two)

	other := simtest.Text(t, simulation(t, func(o *sim.Options) { untidy(o); o.Seed = 2 }), layout)
	require.NotEqual(t, one[0][sim.Session], other[0][sim.Session])
}

func TestMoreDaysLeaveEarlierDaysAsTheyWere(t *testing.T) {
	mark := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	short := simulation(t, func(o *sim.Options) { o.HighWater = mark })
	long := simulation(t, func(o *sim.Options) { o.HighWater = mark; o.Days = 6 })
	layout := sim.Layout{Cuts: short.Cuts(1)}
	a, b := simtest.Text(t, short, layout)[0], simtest.Text(t, long, layout)[0]
	require.Equal(t, a[sim.Session], b[sim.Session][:len(a[sim.Session])])
}

func TestMergedIncrementsAreTheDatabase(t *testing.T) {
	s := simulation(t, untidy)
	whole := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(1)})
	for name, layout := range map[string]sim.Layout{
		"plain":      {Cuts: s.Cuts(5)},
		"resent":     {Cuts: s.Cuts(5), Resent: 0.3},
		"duplicated": {Cuts: s.Cuts(5), Duplicated: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			parts := simtest.Text(t, s, layout)
			for _, table := range sim.Tables() {
				if !table.Exported() {
					continue
				}
				require.Equal(t, simtest.Merge(t, table, whole, false),
					simtest.Merge(t, table, parts, false), table.Name())
			}
		})
	}
}

func TestIncrementsCorrectEarlierRows(t *testing.T) {
	s := simulation(t, untidy)
	parts := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(6)})
	before := map[string]simtest.Row{}
	closed, ends, names := 0, 0, 0
	for _, part := range parts {
		for _, row := range simtest.Parse(t, sim.Session, part[sim.Session], false) {
			key := simtest.Key(sim.Session, row)
			if old, seen := before[key]; seen {
				was, _ := old.Int(t, "update_audit_key")
				is, _ := row.Int(t, "update_audit_key")
				require.Greater(t, is, was)
				require.Equal(t, old["create_audit_key"], row["create_audit_key"])
				switch {
				case old["active_flag"] == "1" && row["active_flag"] == "0":
					closed++
				case old["end_ts"] != row["end_ts"]:
					ends++
				}
			}
			before[key] = row
		}
		for _, row := range simtest.Parse(t, sim.Resource, part[sim.Resource], false) {
			if row["agent_last_name"] == "Smith-Jones" {
				names++
			}
		}
	}
	require.Positive(t, closed, "open sessions closed later")
	require.Positive(t, ends, "ends corrected later")
	require.Positive(t, names, "people renamed later")
}

func TestDuplicatesAreInOneIncrement(t *testing.T) {
	s := simulation(t, nil)
	text := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(1), Duplicated: 0.5})[0]
	rows := simtest.Parse(t, sim.Session, text[sim.Session], false)
	merged := simtest.Merge(t, sim.Session, []map[sim.Table]string{text}, false)
	require.Greater(t, len(rows), len(merged)*5/4)
}

func TestStreamStopsAtAnErrorAndWhenCancelled(t *testing.T) {
	s := simulation(t, nil)
	full := errors.New("disk full")
	require.ErrorIs(t, s.Stream(t.Context(), sim.Layout{Cuts: s.Cuts(1)},
		func(*sim.Batch) error { return full }), full)

	ctx, cancel := context.WithCancel(t.Context())
	err := s.Stream(ctx, sim.Layout{Cuts: s.Cuts(1)}, func(*sim.Batch) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*sim.Options){
		"no agents":       func(o *sim.Options) { o.Agents = 0 },
		"no days":         func(o *sim.Options) { o.Days = 0 },
		"no switches":     func(o *sim.Options) { o.Switches = nil },
		"unknown zone":    func(o *sim.Options) { o.Switches = sim.Switches{{Name: "SIP", Zone: "Mars/Olympus"}} },
		"early high mark": func(o *sim.Options) { o.HighWater = time.Unix(0, 0) },
		"no such rate":    func(o *sim.Options) { o.Rates.Broken = 1.5 },
		"negative share":  func(o *sim.Options) { o.OCSShare = -0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			o := sim.Defaults(date(t, "2026-03-06"))
			change(&o)
			_, err := sim.New(o)
			require.Error(t, err)
		})
	}
}
