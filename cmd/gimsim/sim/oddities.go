package sim

// neverClosed returns the rate of sessions like this one that are never closed:
// those of the last day are open, older ones stuck.
func (y *diary) neverClosed(l login) float64 {
	if l.start > y.highWater-24*3600 {
		return y.Rates.Open
	}
	return y.Rates.Stuck
}

// broken returns a closed session without start, or with its end before it.
func (y *diary) broken(row session) session {
	if y.chance(0.5) {
		row.start = null
	} else {
		row.end = row.start - y.between(1, 3600)
	}
	return row
}

// overlapping writes a second session of the same resource that begins inside
// the first one.
func (y *diary) overlapping(row session) {
	row.key = y.key(Session)
	row.start += (row.end - row.start) / 2
	row.end += y.between(0, 600)
	row.startKey = quarter(row.start)
	y.history(row, 0)
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
	y.history(session{
		key: y.key(Session), tenant: y.tenant, media: mediaVoice, resource: resource,
		startKey: quarter(l.start), start: l.start, end: l.end,
	}, 0)
}
