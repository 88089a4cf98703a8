package sweep

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/compute/rule"
	"example.com/seats/internal/calendar"
)

// TestCurveCountsAgentsNotStays: in every second the curve has as many agents as there are different ones
// among the stays of that second, and as many sessions as there are stays. One counter serves all.
func TestCurveCountsAgentsNotStays(t *testing.T) {
	var c counter
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.IntRange(1, 30).Draw(t, "seconds")
		stays := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stay {
			start := rapid.IntRange(0, seconds-1).Draw(t, "start")
			return stay{int32(start), int32(rapid.IntRange(start+1, seconds).Draw(t, "end")), rapid.Int32Range(0, 3).Draw(t, "agent")}
		}), 0, 12).Draw(t, "stays")

		slices.SortFunc(stays, func(a, b stay) int { return cmp.Compare(a.start, b.start) })
		curve := c.count(stays, seconds, 4)
		require.Len(t, curve.Agents, seconds)
		for second := range int32(seconds) {
			there, sessions := map[int32]bool{}, 0
			for _, s := range stays {
				if s.start <= second && second < s.end {
					there[s.agent] = true
					sessions++
				}
			}
			require.EqualValues(t, len(there), curve.Agents[second], "agents in second %d", second)
			require.EqualValues(t, sessions, curve.Sessions[second], "sessions in second %d", second)
		}
	})
}

func TestWildcardsMatchAsTryingDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é.\\(\n")), 0, 8, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé.\\(\n")), 0, 8, -1).Draw(t, "text")
		require.Equal(t, matches([]rune(pattern), []rune(text)), wildcard(pattern).MatchString(text))
	})
}

// matches tells whether the whole text fits the pattern: * is any number of characters, ? is one.
// On a mismatch the last star takes one character more; earlier stars never need to be tried again.
func matches(pattern, text []rune) bool {
	p, t := 0, 0
	star, taken := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			taken++
			p, t = star+1, taken
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func TestGroupsHoldEveryRowOnceInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SliceOfN(rapid.Int32Range(0, 4), 0, 20).Draw(t, "group of each row")
		g := groupBy(5, len(of), func(row int) int32 { return of[row] })
		for group := range int32(5) {
			var want []int32
			for row, its := range of {
				if its == group {
					want = append(want, int32(row))
				}
			}
			require.Equal(t, len(want), g.size(int(group)))
			require.Equal(t, want, append([]int32(nil), g.of(int(group))...))
		}
	})
}

func TestPeakIsTheFirstOfAllPlateaus(t *testing.T) {
	require.Equal(t, Peak{}, Curve{Agents: []int32{0, 0}}.Peak())
	require.Equal(t, Peak{}, Curve{}.Peak())
	require.Equal(t, Peak{Agents: 3, Second: 2, Seconds: 3}, Curve{Agents: []int32{1, 2, 3, 3, 1, 3, 0}}.Peak())
}

// BenchmarkResult counts a whole day of two regions and four locations: a million sessions with 1.2 activities each.
func BenchmarkResult(b *testing.B) {
	const sessions, activities = 1_000_000, 1_200_000
	day := calendar.Interval{Start: 1_800_000_000, End: 1_800_086_400}
	rules := rule.Set{AsOf: day.End, Regions: []rule.Region{
		{Name: "US", Day: day, Locations: []rule.Location{{Name: "dallas", Switches: []string{"D"}}, {Name: "other"}}},
		{Name: "EU", Day: day, Locations: []rule.Location{{Name: "london", Switches: []string{"L"}}, {Name: "paris", Switches: []string{"P"}}}},
	}}
	switches := []string{"D", "L", "P", "X", ""}
	for b.Loop() {
		r := rand.New(rand.NewPCG(1, 2))
		s := New(rules, sessions, activities)
		for i := range int64(sessions) {
			start := day.Start + r.Int64N(80_000)
			s.Session(i/10, start, start+r.Int64N(4000), false, true)
			s.Activity(i/10, start, start+60, false, switches[i/10%5], true)
			if i%5 == 0 {
				s.Activity(i/10, start+100, start+160, false, switches[i/10%5], true)
			}
		}
		result := s.Result()
		for scope := range result.Scopes {
			result.Curve(scope)
		}
	}
	b.ReportMetric(float64(sessions)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msessions/s")
}
