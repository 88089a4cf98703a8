package sweep

// Curve is a scope's day second by second (R8). Both slices have one element for each second of the day.
type Curve struct {
	Agents   []int32
	Sessions []int32
}

// Peak is the top of a curve. Without any agent Second and Seconds are 0.
type Peak struct {
	Agents  int64
	Second  int64 // the first second at the peak, counted from the start of the day
	Seconds int64 // how many seconds of the day are at the peak
}

// Peak finds the largest number of agents.
func (c Curve) Peak() Peak {
	var p Peak
	for second, agents := range c.Agents {
		switch n := int64(agents); {
		case n == 0 || n < p.Agents:
		case n == p.Agents:
			p.Seconds++
		default:
			p = Peak{Agents: n, Second: int64(second), Seconds: 1}
		}
	}
	return p
}

// stay is a qualifying session cut to the day, in seconds of the day: [start, end).
type stay struct {
	start, end, agent int32
}

// counter turns the stays of one scope into its curve. Its buffers serve one scope after the other.
type counter struct {
	curve   Curve
	reached []int32 // by agent: up to which second it has been counted
}

// count walks through the stays, which come in the order of their starts. An agent's stays may overlap: each adds only the
// seconds that the ones before it have not reached. The curve is the counter's own and is overwritten by the next call.
func (c *counter) count(stays []stay, seconds, agents int) Curve {
	// A second more, for the stays that last until the end of the day.
	c.curve.Agents, c.curve.Sessions = zeroed(c.curve.Agents, seconds+1), zeroed(c.curve.Sessions, seconds+1)
	c.reached = zeroed(c.reached, agents)
	there, sessions := c.curve.Agents, c.curve.Sessions
	for i := range stays {
		s := &stays[i]
		sessions[s.start]++
		sessions[s.end]--
		if reached := c.reached[s.agent]; s.end > reached {
			there[max(s.start, reached)]++
			there[s.end]--
			c.reached[s.agent] = s.end
		}
	}
	for second := 1; second < seconds; second++ {
		there[second] += there[second-1]
		sessions[second] += sessions[second-1]
	}
	return Curve{Agents: there[:seconds], Sessions: sessions[:seconds]}
}

func zeroed(buffer []int32, n int) []int32 {
	if cap(buffer) < n {
		return make([]int32, n)
	}
	buffer = buffer[:n]
	clear(buffer)
	return buffer
}
