package explain

import (
	"cmp"
	"slices"
	"sort"

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
	at := slices.IndexFunc(c, func(s Step) bool { return s.Contains(second) })
	if at < 0 {
		return Step{}, false
	}
	return c[at], true
}

// at are the spans of time with so many agents.
func (c Curve) at(agents int64) (spans []calendar.Interval) {
	for _, s := range c {
		if s.Agents == agents {
			spans = append(spans, s.Interval)
		}
	}
	return calendar.Union(spans)
}

// Plateaus are all spans of time at the highest number of agents; none where it is 0.
func (c Curve) Plateaus() (agents int64, plateaus []calendar.Interval) {
	for _, s := range c {
		agents = max(agents, s.Agents)
	}
	if agents == 0 {
		return 0, nil
	}
	return agents, c.at(agents)
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
	lasts := func(agents int64) bool { // what is held, fewer are too
		begun := false
		for _, s := range c {
			if s.Agents < agents {
				begun = false
				continue
			}
			if !begun {
				begun, second = true, s.Start
			}
			if s.End-second >= seconds {
				return true
			}
		}
		return false
	}
	top, _ := c.peak()
	agents = int64(sort.Search(int(top), func(n int) bool { return !lasts(int64(n) + 1) }))
	if agents == 0 {
		return 0, 0
	}
	lasts(agents)
	return agents, second
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
func (c Curve) Busiest(n int) (minutes []Minute) {
	for _, s := range c {
		for from := s.Start; s.Agents > 0 && from < s.End; { // cut at every full minute
			start := from - from%60
			seconds := min(s.End, start+60) - from
			if last := len(minutes) - 1; last < 0 || minutes[last].Start != start {
				minutes = append(minutes, Minute{Start: start})
			}
			m := &minutes[len(minutes)-1]
			if s.Agents > m.Agents {
				m.Agents, m.Seconds = s.Agents, 0
			}
			if s.Agents == m.Agents {
				m.Seconds += seconds
			}
			m.AgentSeconds += s.Agents * seconds
			from += seconds
		}
	}
	slices.SortStableFunc(minutes, func(a, b Minute) int {
		return cmp.Or(cmp.Compare(b.Agents, a.Agents), cmp.Compare(b.AgentSeconds, a.AgentSeconds))
	})
	return minutes[:min(n, len(minutes))]
}
