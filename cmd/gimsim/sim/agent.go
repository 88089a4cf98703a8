package sim

import (
	"fmt"
	"math/rand/v2"
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

// shift is the pattern of an agent's working day.
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

// parts returns a rate in millionths. The conversion in the middle keeps the
// compiler from fusing the two operations, which would round differently.
func parts(rate float64) int64 { return int64(float64(rate*million) + 0.5) }

// between returns a number of [low, high]; low where there is none.
func (d dice) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + d.Int64N(high-low+1)
}

const hexDigits = "0123456789ABCDEF"

// guid returns 32 hexadecimal digits.
func (d dice) guid() string {
	var text [32]byte
	for half := range 2 {
		bits := d.Uint64()
		for i := range 16 {
			text[half*16+i] = hexDigits[bits&15]
			bits >>= 4
		}
	}
	return string(text[:])
}
