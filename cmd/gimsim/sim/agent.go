package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Keys of rows in media_type and dialing_mode.
const (
	mediaVoice = 1
	mediaEmail = 2
	mediaChat  = 3

	modePredictive  = 1
	modeProgressive = 2
	modePreview     = 3
	modePushPreview = 4
)

// Keys of rows in resource_. Below agentBase are those that belong to no agent.
const (
	unknownKey   = -1 // a row: UNKNOWN
	noValueKey   = -2 // a row: NO_VALUE
	queueBase    = 100
	labDN        = 50 // a DN of a switch that is none of the options'
	switchlessDN = 51 // a DN without switch_name
	agentBase    = 1000
	danglingKey  = 2_000_000_000 // no row
)

// Each agent has a run of four resource keys.
const (
	keysPerAgent = 4
	ownKey       = 0
	secondKey    = 1
	homeDN       = 2
	awayDN       = 3
)

type shift struct {
	from, to int64 // earliest and latest begin, seconds of the local day
	length   int64 // seconds
}

// Late shifts in America and night shifts everywhere cross midnight UTC; night shifts also cross midnight of their own site.
var shifts = []shift{
	{7 * 3600, 9*3600 + 1800, 8*3600 + 1800}, // full time
	{8 * 3600, 10 * 3600, 8*3600 + 1800},     // full time
	{13 * 3600, 15 * 3600, 8 * 3600},         // late
	{21*3600 + 1800, 23 * 3600, 8 * 3600},    // night
	{8 * 3600, 9*3600 + 1800, 4 * 3600},      // part-time, mornings
	{16 * 3600, 18 * 3600, 4*3600 + 1800},    // part-time, evenings
}

// agent is what stays the same about an agent from day to day.
type agent struct {
	index, key         int64
	tenant             int64
	home, away         int // switches
	shift              shift
	mode               int64 // dialing mode of the campaign
	outbound           bool  // ever works for Outbound Contact Server
	twoKeys, roaming   bool
	renamed            bool
	employee, userName string
}

func (s *Simulation) agent(index int64) agent {
	d := s.dice(forAgent, index, 0)
	a := agent{
		index:  index,
		key:    agentBase + index*keysPerAgent,
		tenant: 1 + index%int64(s.Tenants),
		home:   int(d.Int64N(int64(len(s.Switches)))),
		away:   int(d.Int64N(int64(len(s.Switches)))),
		shift:  shifts[d.Int64N(int64(len(shifts)))],
		mode:   d.between(modePredictive, modePushPreview),
	}
	a.outbound = d.chance(s.OCSShare)
	a.twoKeys = d.chance(s.Rates.TwoKeys)
	a.roaming = d.chance(s.Rates.Roaming)
	a.renamed = d.chance(0.02)
	a.employee = fmt.Sprintf("E%06d", index)
	a.userName = fmt.Sprintf("agent%06d@example.com", index)
	if d.chance(s.Rates.NoEmployeeID) {
		a.employee = ""
	}
	if d.chance(s.Rates.TestAgents) {
		a.employee = fmt.Sprintf("TEST%04d", index)
		a.userName = fmt.Sprintf("test%04d@example.com", index)
	}
	return a
}

// login is a time from logging in to logging out, before anything goes wrong with the row that records it.
type login struct {
	number     int64 // of the agent's day, from 0
	resource   int64 // the resource key that the agent has then
	start, end int64
}

// roster returns an agent's logins of a day, in order, none overlapping; none on a day off. It depends on nothing but the agent
// and the day, and so can be asked from any other agent's day: a transfer needs somebody who is there.
func (s *Simulation) roster(a *agent, day int64) []login {
	weekday := s.From.AddDate(0, 0, int(day)).Weekday()
	rate := s.Presence
	if weekday == 0 || weekday == 6 {
		rate *= s.Presence
	}
	if !s.dice(forPresence, a.index, int64(weekday)).chance(rate) { // the same from week to week, so that an agent has days off
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

// onDuty returns an agent, of the same tenant, who is logged in from one second to another on a day; false if a few tries find none.
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

// purpose keeps draws of different kinds apart: a new draw in one place leaves those of all others as they were.
type purpose uint64

const (
	forAgent purpose = iota + 1
	forPresence
	forRoster
	forDay
	forExtract
	forGroups
)

// dice is a random sequence of its own for one purpose and one subject, so that any agent's day can be made without making those
// before it. Only integers are drawn: floating-point results may differ between processors.
type dice struct{ *rand.Rand }

func (s *Simulation) dice(p purpose, subject, day int64) dice {
	high := mix(s.Seed ^ mix(uint64(p)))
	low := mix(uint64(subject)) ^ mix(uint64(day)+1<<40)
	return dice{rand.New(rand.NewPCG(high, low))}
}

// mix is the finalizer of SplitMix64: near inputs give unrelated outputs.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// million is how many parts a rate is counted in.
const million = 1_000_000

func (d dice) chance(rate float64) bool {
	return d.Int64N(million) < parts(rate)
}

// parts returns a rate in millionths. The conversion in the middle keeps the compiler from fusing the two operations, which would round differently.
func parts(rate float64) int64 { return int64(float64(rate*million) + 0.5) }

// between returns a number of [low, high]; low where there is none.
func (d dice) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + d.Int64N(high-low+1)
}

func (d dice) guid() string {
	var text [32]byte
	for half := range 2 {
		bits := d.Uint64()
		for i := range 16 {
			text[half*16+i] = "0123456789ABCDEF"[bits&15]
			bits >>= 4
		}
	}
	return string(text[:])
}

// dimensions writes what does not depend on agents, and how far GIM has read.
func (s *Simulation) dimensions(b *batch) {
	put := func(t table, fields ...any) { b.putCells(t, always, fields...) }
	for n := range s.Tenants {
		put(tenantTable, n+1, fmt.Sprintf("tenant %d", n+1))
	}
	// Names are in a language of the site's choice: only the codes are stable.
	put(mediaTypeTable, mediaVoice, "Sprache", "VOICE", 1)
	put(mediaTypeTable, mediaEmail, "E-Mail", "EMAIL", 0)
	put(mediaTypeTable, mediaChat, "Chat", "CHAT", 1)
	put(mediaTypeTable, unknownKey, "unbekannt", "UNKNOWN", 0)
	put(mediaTypeTable, noValueKey, "kein Wert", "NO_VALUE", 0)
	put(dialingModeTable, modePredictive, "vorausschauend", "PREDICTIVE")
	put(dialingModeTable, modeProgressive, "fortlaufend", "PROGRESSIVE")
	put(dialingModeTable, modePreview, "Vorschau", "PREVIEW")
	put(dialingModeTable, modePushPreview, "Vorschau (zugestellt)", "PUSH_PREVIEW")
	put(dialingModeTable, unknownKey, "unbekannt", "UNKNOWN")
	put(dialingModeTable, noValueKey, "kein Wert", "NO_VALUE")
	resources := []resource{ // those that belong to no agent
		{key: unknownKey, tenant: unknownKey, typeName: "unbekannt", typeCode: "UNKNOWN", name: "UNKNOWN"},
		{key: noValueKey, tenant: noValueKey, typeName: "kein", typeCode: "NONE", name: "NO_VALUE", comment: "several\nlines, and a \"quote\""},
		dn(labDN, 1, "SIP_LAB"), dn(switchlessDN, 1, ""),
	}
	for i, sw := range s.Switches {
		resources = append(resources, resource{key: int64(queueBase + i), tenant: 1, typeName: "Warteschlange", typeCode: "QUEUE",
			subtype: "ACD", name: "VQ_" + sw.Name, switchName: sw.Name})
	}
	for _, r := range resources {
		b.put(resourceTable, state{always, r})
	}
	s.groups(b)
	s.extractHistory(b)
}

func dn(key, tenant int64, switchName string) resource {
	return resource{key: key, tenant: tenant, typeName: "Anschluss", typeCode: "ENDPOINT", subtype: "EXTENSION",
		name: fmt.Sprintf("%d", 20000+key), switchName: switchName}
}

var (
	firstNames = []string{"Ann", "Zoë", "Luc", "Mary Jo", "Ravi", "Siân", "Tom", "François"}
	lastNames  = []string{"Miller", "O'Brien", "Müller, jr.", "Dubois", `Lee "Ace"`, "Iyer", "Nuñez", "Smith"}
)

// resources writes an agent's rows of resource_: the person, under one key or two, and the DNs.
func (s *Simulation) resources(b *batch, index int64) {
	a := s.agent(index)
	person := resource{
		key: a.key + ownKey, tenant: a.tenant, typeName: "Vermittler", typeCode: "AGENT", subtype: "AGENT",
		name: a.userName, employee: a.employee, comment: "since 2019, part-time",
		firstName: firstNames[index%int64(len(firstNames))], lastName: lastNames[index/3%int64(len(lastNames))],
	}
	states := []state{{always, person}}
	if a.renamed { // seen in the increment after half of the time
		married := person
		married.lastName = "Smith-Jones"
		states = append(states, state{s.From.Unix()/2 + s.HighWater.Unix()/2, married})
	}
	b.put(resourceTable, states...)
	if a.twoKeys {
		person.key = a.key + secondKey
		b.put(resourceTable, state{always, person})
	}
	b.put(resourceTable, state{always, dn(a.key+homeDN, a.tenant, s.Switches[a.home].Name)})
	if a.roaming {
		b.put(resourceTable, state{always, dn(a.key+awayDN, a.tenant, s.Switches[a.away].Name)})
	}
}

var groupNames = []string{"Outbound North", "Retention, evenings", "Équipe Paris", "Collections"}

// groups writes the agent groups, and their combinations: each group by itself, and with the next one.
func (s *Simulation) groups(b *batch) {
	n := int64(s.Groups)
	if n == 0 {
		return
	}
	put := func(combination int64, of ...int64) {
		for _, g := range of {
			b.putCells(combinationTable, always, combination, g, 1)
		}
	}
	b.putCells(groupTable, always, unknownKey, unknownKey, "UNKNOWN")
	put(unknownKey, unknownKey)
	b.putCells(groupTable, always, noValueKey, noValueKey, "NO_VALUE")
	put(noValueKey, noValueKey)
	for g := range n {
		name := groupNames[g%int64(len(groupNames))]
		if g >= int64(len(groupNames)) {
			name += fmt.Sprintf(" %d", 1+g/int64(len(groupNames)))
		}
		b.putCells(groupTable, always, 1+g, 1, name)
		put(1+g, 1+g)
		if n > 1 {
			put(1+n+g, 1+g, 1+(g+1)%n)
		}
	}
}

// combination is that of the groups that an agent is in on a day: mostly the same from day to day, but now and then she helps out elsewhere.
func (s *Simulation) combination(agent, day int64) int64 {
	n := int64(s.Groups)
	if n == 0 {
		return noValueKey
	}
	d := s.dice(forGroups, agent, 0)
	if lent := s.dice(forGroups, agent, day+1); lent.chance(0.05) {
		d = lent
	}
	first, fate := d.Int64N(n), d.Int64N(million)
	switch {
	case fate < parts(0.1):
		return noValueKey
	case fate < parts(0.3) && n > 1:
		return 1 + n + first
	}
	return 1 + first
}

// Types of data sources of ctl_extract_history.
const (
	tServer           = 1
	interactionServer = 2
	outboundServer    = 3
	configServer      = 4
)

// serverTime writes a time as the GIM server's clock on the wall shows it: five hours behind UTC, which the column does not say.
func serverTime(at int64) string {
	return time.Unix(at-5*3600, 0).UTC().Format("2006-01-02 15:04:05.000")
}

// extractHistory writes how far GIM has read each source at each cut, and a few cycles before. Of the sources of type 1 and 3 the slowest is exactly
// at the cut: the T-Server of the first switch. Others are ahead of it by a little, and those of the types that do not matter are far behind. All of
// it is transformed some minutes later; but for one cycle more, which ran ahead: its transformation has begun and not ended.
func (s *Simulation) extractHistory(b *batch) {
	for _, cut := range b.cuts {
		d := s.dice(forExtract, cut, 0)
		for cycle := int64(3); cycle >= -1; cycle-- {
			at := cut - cycle*900
			since, done := min(at, cut), at+120
			// How far one cycle read one table of one source.
			put := func(table string, source, kind, reached int64) {
				b.putCells(extractTable, since, table, source, kind, d.between(1, 9999), serverTime(reached), reached, 10+kind, 1, 1,
					serverTime(done-60), serverTime(done), fmt.Sprintf("job-%d", done), "Job_ExtractICON", "8.5.015", "dap_icon", AuditKey(since), done)
			}
			for i := range s.Switches {
				ahead := int64(0)
				if i > 0 {
					ahead = d.between(1, 600)
				}
				put("G_CALL", int64(101+i), tServer, at+ahead)
				put("G_PARTY", int64(101+i), tServer, at+ahead-d.between(1, 30))
			}
			put("G_IR", 201, interactionServer, at-7200)
			put("GO_CHAIN", 301, outboundServer, at+d.between(1, 600))
			put("GO_CAMPAIGN", 301, outboundServer, at-d.between(3600, 36000))
			put("GC_AGENT", 401, configServer, s.From.Unix()-30*86400)
			for _, table := range []string{"G_CALL", "G_PARTY", "G_IR", "GO_CHAIN", "GO_CAMPAIGN"} {
				began, ended := at+180, serverTime(at+480)
				if cycle < 0 {
					ended = ""
				}
				b.putCells(transformTable, since, fmt.Sprintf("job-%d", began), "8.5.015", table, AuditKey(since), "", serverTime(began), ended,
					d.between(1, 9999), began, AuditKey(since))
			}
		}
	}
}
