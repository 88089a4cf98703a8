package sim

// The rows of the facts, as they are written. Fields hold what GIM's columns of
// the same name hold; null is NULL.

type session struct {
	key, tenant, media, resource int64
	groups                       int64 // resource_group_combination_key; 0: none
	startKey                     int64 // of the true start, also where start is missing
	start, end, active           int64
}

func (r session) write(l *lines, created, updated int64) {
	endKey, duration := quarter(r.end), int64(null)
	if r.active != 0 {
		endKey = farFuture
	} else if r.start != null {
		duration = r.end - r.start
	}
	l.ints(r.key, r.startKey, endKey, r.tenant, r.media, r.resource)
	l.extraInt(-1)
	if r.groups == 0 {
		r.groups = noValueKey
	}
	l.ints(r.groups, created, updated, r.start, r.end, duration, 0, 0, r.active)
	l.end()
}

type leg struct {
	id, tenant, media, interaction, interactionStart int64
	resource, mediaResource                          int64
	startKey                                         int64
	start, end, active                               int64
}

func (r leg) write(l *lines, created, updated int64) {
	endKey, talk := quarter(r.end), int64(0)
	if r.active != 0 {
		endKey = farFuture
	} else if r.start != null {
		talk = r.end - r.start
	}
	l.ints(r.id, r.startKey, endKey, r.tenant, 1, r.media, r.interaction, quarter(r.interactionStart),
		r.resource, r.mediaResource, -2)
	l.extraInt(talk)
	l.ints(r.start, r.end, r.active, created, updated)
	l.end()
}

type userData struct {
	id, startKey, tenant int64
	customer, guid       string
}

func (r userData) write(l *lines, created, updated int64) {
	l.ints(r.id, r.startKey, r.tenant, created, updated)
	l.strings(r.customer)
	l.extraString("case, open")
	l.strings(r.guid)
	l.end()
}

type attempt struct {
	key, tenant, mode, campaign, resource int64
	guid, callID                          string
	startKey                              int64
	start, end                            int64
}

func (r attempt) write(l *lines, created, updated int64) {
	l.ints(r.key, r.tenant, created, updated, mediaVoice, r.startKey, quarter(r.end), r.mode, r.campaign, r.resource)
	l.strings(r.guid, r.callID)
	l.ints(r.start, r.end)
	l.end()
}

type interaction struct {
	id, tenant int64
	guid       string
	start, end int64
}

func (r interaction) write(l *lines, created, updated int64) {
	l.ints(r.id, quarter(r.start), r.tenant, 1, mediaVoice)
	l.strings(r.guid)
	l.ints(r.start, r.end, created, updated)
	l.end()
}

// farFuture is the interval to which GIM points where there is no end yet.
const farFuture = 2147482800

// quarter returns the time key of an epoch second: the start of its 15-minute
// interval.
func quarter(at int64) int64 {
	if at == null {
		return farFuture
	}
	return at - at%900
}
