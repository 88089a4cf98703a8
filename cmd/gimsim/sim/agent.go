package sim

import "fmt"

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

// Late shifts in America and night shifts everywhere cross midnight UTC; night
// shifts also cross midnight of their own site.
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

// works tells whether an agent comes to work on a day. The pattern of weekdays
// stays the same from week to week, so that an agent has days off.
func (s *Simulation) works(index, day int64) bool {
	weekday := s.From.AddDate(0, 0, int(day)).Weekday()
	rate := s.Presence
	if weekday == 0 || weekday == 6 {
		rate *= s.Presence
	}
	return s.dice(forPresence, index, int64(weekday)).chance(rate)
}
