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
	starts  []int32 // by second: where its stays begin in byStart
	byStart []leaving
	reached []int32 // by agent: up to which second it has been counted
}

// leaving is what is left to know of a stay in the list of its start.
type leaving struct {
	end, agent int32
}

// count walks through the stays in the order of their starts, which it gets by counting them per second. An
// agent's stays may overlap: each adds only the seconds that the ones before it have not reached.
// The curve is the counter's own and is overwritten by the next call.
func (c *counter) count(stays []stay, seconds, agents int) Curve {
	c.reset(len(stays), seconds, agents)
	sessions := c.curve.Sessions
	for i := range stays {
		c.starts[stays[i].start+1]++
		sessions[stays[i].start]++
		sessions[stays[i].end]--
	}
	for second := range seconds {
		c.starts[second+1] += c.starts[second]
	}
	c.order(stays)

	diff, from := c.curve.Agents, int32(0)
	for second := range seconds {
		to := c.starts[second] // order has moved it to the start of the next second
		for _, l := range c.byStart[from:to] {
			reached := c.reached[l.agent]
			if l.end <= reached {
				continue
			}
			diff[max(int32(second), reached)]++
			diff[l.end]--
			c.reached[l.agent] = l.end
		}
		from = to
	}
	return c.curve.summed(seconds)
}

func (c *counter) order(stays []stay) {
	for i := range stays {
		at := &c.starts[stays[i].start]
		c.byStart[*at] = leaving{stays[i].end, stays[i].agent}
		*at++
	}
}

// reset makes the buffers large enough and clears those that are added to. Curves get one second more, for
// the stays that last until the end of the day.
func (c *counter) reset(stays, seconds, agents int) {
	c.curve.Agents = zeroed(c.curve.Agents, seconds+1)
	c.curve.Sessions = zeroed(c.curve.Sessions, seconds+1)
	c.starts = zeroed(c.starts, seconds+1)
	c.reached = zeroed(c.reached, agents)
	if cap(c.byStart) < stays {
		c.byStart = make([]leaving, stays)
	}
	c.byStart = c.byStart[:stays]
}

func zeroed(buffer []int32, n int) []int32 {
	if cap(buffer) < n {
		return make([]int32, n)
	}
	buffer = buffer[:n]
	clear(buffer)
	return buffer
}

// summed adds up the changes of a curve, and drops the second after the day.
func (c Curve) summed(seconds int) Curve {
	var agents, sessions int32
	for second := range seconds {
		agents += c.Agents[second]
		sessions += c.Sessions[second]
		c.Agents[second], c.Sessions[second] = agents, sessions
	}
	return Curve{Agents: c.Agents[:seconds], Sessions: c.Sessions[:seconds]}
}
