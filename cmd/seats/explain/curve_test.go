package explain

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
)

// curveOf makes a curve that begins at a second, from its agents second by second.
func curveOf(from int64, agents ...int64) Curve {
	var c Curve
	for i, n := range agents {
		at := from + int64(i)
		c = append(c, Step{calendar.Interval{Start: at, End: at + 1}, n, n})
	}
	return c
}

func TestPlateausAreAllSpansAtThePeak(t *testing.T) {
	agents, plateaus := curveOf(100, 0, 3, 3, 1, 3, 0).Plateaus()
	require.EqualValues(t, 3, agents)
	require.Equal(t, []calendar.Interval{{Start: 101, End: 103}, {Start: 104, End: 105}}, plateaus)
}

func TestNobodyHasNoPlateau(t *testing.T) {
	agents, plateaus := curveOf(100, 0, 0).Plateaus()
	require.Zero(t, agents)
	require.Empty(t, plateaus)
}

func TestAtTellsWhetherASecondIsInTheDay(t *testing.T) {
	c := curveOf(100, 1, 2)
	for second, want := range map[int64]int64{99: -1, 100: 1, 101: 2, 102: -1} {
		step, found := c.At(second)
		require.Equal(t, want >= 0, found, second)
		if found {
			require.Equal(t, want, step.Agents, second)
		}
	}
}

// TestLastingIsTheBestOfTheLowestInAnyWindow: on any curve, Lasting is the largest, over all windows of the
// length, of the lowest number in the window, and the second is the first from which that many are held.
func TestLastingIsTheBestOfTheLowestInAnyWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents := rapid.SliceOfN(rapid.Int64Range(0, 4), 1, 30).Draw(t, "agents")
		length := rapid.Int64Range(1, 12).Draw(t, "seconds")
		want, wantAt := int64(0), int64(0)
		for from := 0; from+int(length) <= len(agents); from++ {
			lowest := agents[from]
			for _, n := range agents[from : from+int(length)] {
				lowest = min(lowest, n)
			}
			if lowest > want {
				want, wantAt = lowest, 1000+int64(from)
			}
		}
		got, at := curveOf(1000, agents...).Lasting(length)
		require.Equal(t, want, got)
		require.Equal(t, wantAt, at)
	})
}

func TestBusiestMinutes(t *testing.T) {
	c := Curve{
		{calendar.Interval{Start: 600, End: 630}, 2, 2},
		{calendar.Interval{Start: 630, End: 700}, 5, 5}, // 30 s of one minute, 40 of the next
		{calendar.Interval{Start: 700, End: 780}, 1, 1},
		{calendar.Interval{Start: 780, End: 900}, 0, 0},
	}
	want := []Minute{
		{Start: 660, Agents: 5, Seconds: 40, AgentSeconds: 220},
		{Start: 600, Agents: 5, Seconds: 30, AgentSeconds: 210},
		{Start: 720, Agents: 1, Seconds: 60, AgentSeconds: 60},
	}
	require.Equal(t, want, c.Busiest(10))
	require.Equal(t, want[:2], c.Busiest(2))
}
