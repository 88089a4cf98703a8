package sim

// login is a time from logging in to logging out, before anything goes wrong
// with the row that records it.
type login struct {
	number     int64 // of the agent's day, from 0
	resource   int64 // the resource key that the agent has then
	start, end int64
}

// roster returns an agent's logins of a day, in order, none overlapping; none
// on a day off. It depends on nothing but the agent and the day, and so can be
// asked from any other agent's day: a transfer needs somebody who is there.
func (s *Simulation) roster(a *agent, day int64) []login {
	if !s.works(a.index, day) {
		return nil
	}
	d := s.dice(forRoster, a.index, day)
	start := s.clock(s.zones[a.home], day, d.between(a.shift.from, a.shift.to))
	number := int64(s.SessionsPerAgentDay)
	if d.chance(s.SessionsPerAgentDay - float64(number)) {
		number++
	}
	logins := make([]login, 0, number)
	for n := range number {
		part := a.shift.length / number
		pause := d.between(part/12, min(part/4, 3600))
		if d.chance(0.02) {
			pause = 0 // logs in again the second after
		}
		begin := start + n*part
		if n == 0 {
			begin += d.between(0, part/8) // late for work
		}
		key := a.key + ownKey
		if a.twoKeys && (day+n)%2 == 1 {
			key = a.key + secondKey
		}
		logins = append(logins, login{n, key, begin, start + (n+1)*part - pause})
	}
	return logins
}

// onDuty returns an agent, of the same tenant, who is logged in from one second
// to another on a day; false if a few tries find none.
func (s *Simulation) onDuty(d dice, tenant, day, from, to int64) (agent, login, bool) {
	for range 4 {
		other := s.agent(d.Int64N(int64(s.Agents)))
		if other.tenant != tenant {
			continue
		}
		for _, l := range s.roster(&other, day) {
			if l.start <= from && to <= l.end {
				return other, l, true
			}
		}
	}
	return agent{}, login{}, false
}
