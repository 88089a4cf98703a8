package sim

import (
	"fmt"
)

const (
	keyBase    = 10_000_000_000 // surrogate keys of facts start above this
	keysPerDay = 2048           // how many rows of a table an agent's day can have
)

type diary struct {
	*Simulation
	dice
	*batch
	agent
	day      int64
	firstKey int64         // of the day's run of surrogate keys
	used     [tables]int64 // of that run, by table
}

func (y *diary) key(t table) int64 {
	y.used[t]++
	return y.firstKey + y.used[t]
}

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
		if y.chance(y.Rates.OtherMedia) { // a login for chat or e-mail is beside the voice login and outlasts it
			y.history(y.login(y.between(mediaEmail, mediaChat), l.resource, l.start+30, l.end+y.between(0, 1800)), 0)
		}
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
	if l.start > y.HighWater.Unix()-24*3600 {
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

// orphan writes outbound activity that no session of the agent covers: a call that begins in the very second of the logout, or long after.
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

// line is where an agent's calls arrive during a login.
type line struct{ resource, dn int64 }

func (y *diary) calls(l login) {
	at := line{l.resource, y.agent.key + homeDN}
	switch {
	case y.roaming && (y.day+l.number)%2 == 1:
		at.dn = y.agent.key + awayDN
	case y.chance(y.Rates.UnlistedSwitch):
		at.dn = labDN
	case y.chance(y.Rates.UnknownSwitch):
		nowhere := []int64{null, unknownKey, noValueKey, switchlessDN, danglingKey}
		at.dn = nowhere[y.Int64N(int64(len(nowhere)))]
	}
	if y.LegsPerHour == 0 {
		return
	}
	campaign := y.outbound && y.chance(y.OCSSessions)
	every := int64(3600 / y.LegsPerHour)
	const enough = keysPerDay - 16 // the rest may not do for another call and what belongs to it
	for turn := l.start; turn < l.end && max(y.used[legTable], y.used[attemptTable]) <= enough; turn += every {
		start := turn + y.between(0, every/3)
		end := min(start+y.between(8, every*3/5), l.end)
		if start >= l.end {
			return
		}
		switch outbound := campaign && y.chance(y.OCSLegs); {
		case outbound && y.mode >= modePreview:
			y.preview(at, start, end)
		case outbound:
			y.dialed(at, start, end)
		default:
			y.call(at, start, end, false)
		}
	}
}

// dialed writes a call of a predictive or progressive campaign, and the attempts before it that reached nobody and so no agent.
func (y *diary) dialed(at line, start, end int64) {
	for n := y.between(0, modeProgressive+1-y.mode); n > 0; n-- {
		tried := start - y.between(10, 120)
		y.attempt(attempt{resource: noValueKey, guid: y.guid(), callID: y.guid(), start: tried, end: tried + 25})
	}
	guid, callID := y.call(at, start, end, true)
	row := attempt{resource: noValueKey, guid: guid, callID: callID, start: start - 15, end: end}
	switch y.Int64N(50) {
	case 0: // names somebody who had nothing to do with it
		row.resource = agentBase + y.Int64N(int64(y.Agents))*keysPerAgent
	case 1:
		row.resource = null
	case 2: // one row for each call of the attempt, as GIM wrote them once
		y.attempt(row)
	}
	y.attempt(row)
}

// preview writes a record that the agent looked at; a call follows in most cases.
func (y *diary) preview(at line, start, end int64) {
	row := attempt{resource: at.resource, guid: y.guid(), start: start, end: end}
	if y.chance(0.7) && end-start > 30 {
		row.guid, row.callID = y.call(at, start+y.between(3, 25), end, true)
	}
	if y.chance(y.Rates.Broken) {
		row.start, row.end = null, end
	}
	y.attempt(row)
}

// attempt writes a row of contact_attempt_fact. It comes when the attempt is over, and never changes.
func (y *diary) attempt(row attempt) {
	row.key, row.tenant, row.mode = y.key(attemptTable), y.tenant, y.mode
	row.campaign = 10*y.mode + int64(y.home)%3
	row.startKey = quarter(row.start)
	if row.start == null {
		row.startKey = quarter(row.end)
	}
	y.put(attemptTable, state{row.end + 5 + y.delay(), row})
}

// call writes a call that an agent takes, with the queue before it and the
// colleague after it, and returns its GUID (empty if inbound) and its call id.
func (y *diary) call(at line, start, end int64, outbound bool) (guid, callID string) {
	if outbound {
		guid = y.guid()
	}
	callID = y.guid()
	rung := start - y.between(0, 60)
	talk := leg{
		id: y.key(legTable), tenant: y.tenant, media: mediaVoice, interaction: y.key(interactionTable), interactionStart: rung,
		resource: at.resource, mediaResource: at.dn, startKey: quarter(start), start: start, end: end,
	}
	y.leg(talk, guid)
	if y.chance(0.2) {
		y.queued(talk, guid)
	}
	last := end
	if y.chance(y.Rates.Transfers) {
		last = y.transfer(talk, guid)
	}
	if y.Interactions {
		y.put(interactionTable, state{last + 1, cells{talk.interaction, quarter(rung), y.tenant, 1, mediaVoice, callID, rung, last, created, updated}})
	}
	return guid, callID
}

// leg writes an agent's part in a call and what is attached to it. Attached data come with the end of the call, or up to an hour after.
func (y *diary) leg(row leg, guid string) {
	if y.chance(y.Rates.ZeroLength) {
		row.end = row.start
	}
	delay, closed := y.delay(), row.end
	running := row
	running.active, running.end = 1, null
	switch {
	case y.chance(y.Rates.Broken):
		row.start, row.end = y.broken(row.start, row.end, 600)
		y.put(legTable, state{closed + delay, row})
	case delay > 0 || row.end <= row.start:
		y.put(legTable, state{closed + delay, row})
	default:
		y.put(legTable, state{row.start, running}, state{closed, row})
	}
	if y.chance(0.1) {
		delay += y.between(1, 3600)
	}
	y.put(userDataTable, state{closed + delay, userData(row.id, row.startKey, row.tenant, fmt.Sprintf("C%07d", y.Int64N(5_000_000)), guid)})
}

// queued writes the queue through which a call came: as a resource of the interaction, and as a mediation segment, which only shows in attached data.
func (y *diary) queued(talk leg, guid string) {
	row := talk
	row.id, row.resource, row.mediaResource = y.key(legTable), int64(queueBase+y.home), int64(queueBase+y.home)
	row.start, row.end = talk.interactionStart, talk.start
	row.startKey = quarter(row.start)
	y.put(legTable, state{talk.start, row})
	y.put(userDataTable, state{talk.start, userData(row.id, row.startKey, row.tenant, "", guid)})

	id, startKey, another := y.key(legTable), row.startKey, y.guid()
	if guid == "" && y.chance(0.1) {
		// The number of an inbound leg, at another time: only half of the key agrees.
		id, startKey = talk.id, talk.startKey-900
	}
	y.put(userDataTable, state{talk.start, userData(id, startKey, row.tenant, "", another)})
}

// transfer writes the part of a colleague to whom the call is handed on, if one is on duty, and returns when the call ends.
func (y *diary) transfer(talk leg, guid string) int64 {
	row := talk
	row.start, row.end = talk.end-min(5, talk.end-talk.start), talk.end+y.between(30, 400)
	other, l, found := y.onDuty(y.dice, y.tenant, y.day, row.start, row.end)
	if !found || other.index == y.index {
		return talk.end
	}
	row.id, row.startKey = y.key(legTable), quarter(row.start)
	row.resource, row.mediaResource = l.resource, other.key+homeDN
	y.leg(row, guid)
	return row.end
}

// delay returns how much too late a row reaches GIM: not at all, mostly.
func (y *diary) delay() int64 {
	if y.chance(y.Rates.Late) {
		return y.lateness()
	}
	return 0
}
