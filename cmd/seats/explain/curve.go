package explain

import (
	"slices"

	"seats/internal/calendar"
)

// Step is a span of time in which the numbers stay the same.
type Step struct {
	calendar.Interval
	Agents, Sessions int64
}

// Curve is the steps of a scope through its whole day, one after the other (R8).
type Curve []Step

// At is the step that holds a second; false outside the day.
func (c Curve) At(second int64) (Step, bool) {
	for _, s := range c {
		if s.Contains(second) {
			return s, true
		}
	}
	return Step{}, false
}

// Plateaus are all spans of time at the highest number of agents; none where it is 0.
func (c Curve) Plateaus() (agents int64, plateaus []calendar.Interval) {
	for _, s := range c {
		agents = max(agents, s.Agents)
	}
	if agents == 0 {
		return 0, nil
	}
	for _, s := range c {
		if s.Agents == agents {
			plateaus = append(plateaus, s.Interval)
		}
	}
	return agents, calendar.Union(plateaus)
}

// peak is the highest number of agents, and the first second of it, 0 where there is nobody.
func (c Curve) peak() (agents, second int64) {
	agents, plateaus := c.Plateaus()
	if agents > 0 {
		second = plateaus[0].Start
	}
	return agents, second
}

// Sessions is the highest number of sessions at once, and the first second of it.
func (c Curve) Sessions() (sessions, second int64) {
	for _, s := range c {
		if s.Sessions > sessions {
			sessions, second = s.Sessions, s.Start
		}
	}
	return sessions, second
}

// Lasting is the highest number of agents that is not undercut for some seconds on end, and the first second of
// the first such span; 0 where there is none.
func (c Curve) Lasting(seconds int64) (agents, second int64) {
	l := lasting{atLeast: seconds}
	end := int64(0)
	for _, s := range c {
		l.rising = append(l.rising, height{s.Agents, l.sink(s.Agents, s.Start)})
		end = s.End
	}
	l.sink(0, end)
	return l.agents, l.second
}

// lasting walks a curve with a stack of rising heights, each with the second since which the curve has been at
// least as high. A height that the curve sinks below has had its longest span.
type lasting struct {
	atLeast int64
	rising  []height

	agents, second int64
}

type height struct{ agents, from int64 }

// sink takes off the heights that are not below agents, and returns since when the curve has been that high.
func (l *lasting) sink(agents, until int64) (from int64) {
	from = until
	for len(l.rising) > 0 && l.rising[len(l.rising)-1].agents >= agents {
		top := l.rising[len(l.rising)-1]
		l.rising, from = l.rising[:len(l.rising)-1], top.from
		if until-top.from >= l.atLeast && top.agents > l.agents {
			l.agents, l.second = top.agents, top.from
		}
	}
	return from
}

// Minute is a minute of the day.
type Minute struct {
	Start        int64 // its first second
	Agents       int64 // the most at once in any second of it
	Seconds      int64 // how many of its seconds are at that number
	AgentSeconds int64 // the sum of the agents over its seconds
}

// Busiest are the n minutes with the most agents at once; among equals those with more agent-seconds first, and
// then the earlier ones. Minutes without anybody are left out.
func (c Curve) Busiest(n int) []Minute {
	minutes := slices.DeleteFunc(c.minutes(), func(m Minute) bool { return m.Agents == 0 })
	slices.SortStableFunc(minutes, func(a, b Minute) int {
		if a.Agents != b.Agents {
			return int(b.Agents - a.Agents)
		}
		return int(b.AgentSeconds - a.AgentSeconds)
	})
	return minutes[:min(n, len(minutes))]
}

// minutes cuts the curve at every full minute.
func (c Curve) minutes() []Minute {
	var minutes []Minute
	for _, s := range c {
		for from := s.Start; from < s.End; {
			start := from - from%60
			until := min(s.End, start+60)
			if last := len(minutes) - 1; last < 0 || minutes[last].Start != start {
				minutes = append(minutes, Minute{Start: start})
			}
			minutes[len(minutes)-1].add(s.Agents, until-from)
			from = until
		}
	}
	return minutes
}

func (m *Minute) add(agents, seconds int64) {
	if agents > m.Agents {
		m.Agents, m.Seconds = agents, 0
	}
	if agents == m.Agents {
		m.Seconds += seconds
	}
	m.AgentSeconds += agents * seconds
}
