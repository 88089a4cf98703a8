package sweep

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"seats/compute/rule"
	"seats/internal/calendar"
)

// BenchmarkKernel counts a million stays of 100,000 agents, some overlapping.
func BenchmarkKernel(b *testing.B) {
	const sessions, agents, seconds = 1_000_000, 100_000, 86_400
	r := rand.New(rand.NewPCG(1, 2))
	stays := make([]stay, sessions)
	for i := range stays {
		start := r.Int32N(seconds)
		stays[i] = stay{start, min(seconds, start+1+r.Int32N(8*3600)), r.Int32N(agents)}
	}
	slices.SortFunc(stays, func(a, b stay) int { return cmp.Compare(a.start, b.start) })
	var c counter
	b.ReportAllocs()
	for b.Loop() {
		c.count(stays, seconds, agents)
	}
	b.ReportMetric(float64(sessions)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msessions/s")
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
			s.Session(i/10, start, start+r.Int64N(4000), false)
			s.Activity(i/10, start, start+60, false, switches[i/10%5], true)
			if i%5 == 0 {
				s.Activity(i/10, start+100, start+160, false, switches[i/10%5], true)
			}
		}
		result := s.Result()
		for scope := range result.Scopes() {
			result.Curve(scope)
		}
	}
	b.ReportMetric(float64(sessions)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msessions/s")
}
