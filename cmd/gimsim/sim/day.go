package sim

const (
	keyBase    = 10_000_000_000 // surrogate keys of facts start above this
	keysPerDay = 2048           // how many rows of a table an agent's day can have
)

// diary is the making of one agent's day.
type diary struct {
	*Simulation
	dice
	*batch
	agent
	day      int64
	firstKey int64         // of the day's run of surrogate keys
	used     [tables]int64 // of that run, by table
}

// key returns the next surrogate key of a table.
func (y *diary) key(t table) int64 {
	y.used[t]++
	return y.firstKey + y.used[t]
}

// full tells that the day's keys may not do for another call and what belongs to it.
func (y *diary) full() bool {
	return y.used[legTable] > keysPerDay-16 || y.used[attemptTable] > keysPerDay-16
}

// agentDay writes everything that begins on an agent's day.
func (s *Simulation) agentDay(b *batch, index, day int64) {
	y := diary{
		Simulation: s, dice: s.dice(forDay, index, day), batch: b, agent: s.agent(index), day: day,
		firstKey: keyBase + (day*int64(s.Agents)+index)*keysPerDay,
	}
	logins := s.roster(&y.agent, day)
	if len(logins) == 0 {
		return
	}
	for _, l := range logins {
		y.session(l)
		y.otherMedia(l)
		y.calls(l)
	}
	y.orphan(logins[len(logins)-1].end)
	y.stray(logins[0])
}

// login is a session as it would be if nothing went wrong.
func (y *diary) login(media, resource, start, end int64) session {
	return session{key: y.key(sessionTable), tenant: y.tenant, media: media, resource: resource, groups: y.combination(y.index, y.day),
		startKey: quarter(start), start: start, end: end}
}

// session writes the row of a voice login, in one of the ways in which it may go right or wrong.
func (y *diary) session(l login) {
	r, row := &y.Rates, y.login(mediaVoice, l.resource, l.start, l.end)
	if y.chance(r.Overlapping) { // a second one of the same resource begins inside the first
		y.history(y.login(mediaVoice, l.resource, l.start+(l.end-l.start)/2, l.end+y.between(0, 600)), 0)
	}
	fate := y.Int64N(million)
	struck := func(rate float64) bool {
		fate -= parts(rate)
		return fate < 0
	}
	neverClosed := r.Stuck
	if l.start > y.highWater-24*3600 {
		neverClosed = r.Open
	}
	switch {
	case struck(neverClosed):
		y.put(sessionTable, state{l.start, y.active(row)})
	case struck(r.Broken):
		row.start, row.end = y.broken(row.start, row.end, 3600)
		y.put(sessionTable, state{l.end, row})
	case struck(r.ZeroLength):
		row.end = row.start
		y.put(sessionTable, state{l.start, row})
	case struck(r.Long):
		row.end += y.between(25*3600, 32*3600)
		y.history(row, 0)
	case struck(r.Corrected): // closed at a wrong second first
		wrong := row
		wrong.end = max(row.start+1, row.end-y.between(60, 3600))
		y.put(sessionTable, state{row.start, y.active(row)}, state{row.end + 1, wrong}, state{row.end + y.between(3600, 72*3600), row})
	case struck(r.Late):
		y.history(row, y.lateness())
	default:
		y.history(row, 0)
	}
}

// history writes a session as GIM sees it: active from its start, closed from its end, all of it a while later.
func (y *diary) history(row session, delay int64) {
	if row.end <= row.start+delay {
		y.put(sessionTable, state{row.start + delay, row})
		return
	}
	y.put(sessionTable, state{row.start + delay, y.active(row)}, state{row.end, row})
}

// broken returns the interval of a closed row without start, or with its end up to so many seconds before it.
func (y *diary) broken(start, end, most int64) (int64, int64) {
	if y.chance(0.5) {
		return null, end
	}
	return start, start - y.between(1, most)
}

// active returns a session that has not ended: what its end holds until then means nothing.
func (y *diary) active(row session) session {
	nothing := []int64{null, null, 2147483647, 0, row.start, row.start - 3600}
	row.active, row.end = 1, nothing[y.Int64N(int64(len(nothing)))]
	return row
}

func (y *diary) lateness() int64 { return y.between(3600, 36*3600) }

// otherMedia writes a login for chat or e-mail that is beside a voice login and outlasts it.
func (y *diary) otherMedia(l login) {
	if y.chance(y.Rates.OtherMedia) {
		y.history(y.login(y.between(mediaEmail, mediaChat), l.resource, l.start+30, l.end+y.between(0, 1800)), 0)
	}
}

// orphan writes outbound activity that no session of the agent covers: a call
// that begins in the very second of the logout, or long after.
func (y *diary) orphan(logout int64) {
	if !y.chance(y.Rates.Orphan) {
		return
	}
	at := logout
	if y.chance(0.5) {
		at += y.between(1, 3*3600)
	}
	y.call(line{resource: y.agent.key, dn: y.agent.key + homeDN}, at, at+y.between(5, 300), true)
}

// stray writes a voice session whose resource is a queue, or is not in resource_.
func (y *diary) stray(l login) {
	if !y.chance(y.Rates.Stray) {
		return
	}
	resource := int64(queueBase + y.home)
	if y.chance(0.5) {
		resource = danglingKey
	}
	row := y.login(mediaVoice, resource, l.start, l.end)
	row.groups = noValueKey
	y.history(row, 0)
}
