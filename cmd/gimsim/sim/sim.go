// Package sim simulates the facts of a Genesys Info Mart: agents who log in and out, the calls they take, and what Outbound
// Contact Server does, with the kinds of untidy rows that real sites have.
//
// Promises. Equal options give equal rows, in equal order. An agent's day is made from the seed and its own number alone, so that
// memory does not grow with days or agents. Each fact has a history of states, as GIM loads it; any choice of cuts shows those
// same histories, so that the increments of an export, merged by key, are the rows of the database.
//
// All times are UTC epoch seconds.
package sim

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Options say what is simulated. Equal options give equal rows, byte for byte. The tags are those of the command line, which
// documents every field; shares and rates are between 0 and 1.
type Options struct {
	Seed     uint64    `default:"1" help:"Equal seeds and flags give equal rows."`
	From     time.Time `required:"" format:"2006-01-02" placeholder:"DATE" help:"First day, YYYY-MM-DD, in each site's own time zone."`
	Days     int       `default:"1" help:"Number of days."`
	Agents   int       `default:"100" help:"Number of agents."`
	Switches Switches  `default:"SIP_DAL_1=America/Chicago,SIP_DAL_2=America/Chicago,SIP_LON=Europe/London,SIP_PAR=Europe/Paris" help:"NAME=ZONE,NAME=ZONE..., the zone being that of the agents there (UTC if left out)."`
	Tenants  int       `default:"1" help:"Tenants in the one GIM, with keys from 1; agents are dealt out among them."`

	Groups int `default:"0" help:"Agent groups; an agent is in none, one or two of them at a time. 0: no tables of them either."`

	Presence            float64 `default:"0.7" help:"Share of agents at work on a day; fewer on weekends unless 1."`
	SessionsPerAgentDay float64 `default:"2.4" help:"Voice logins of an agent at work, on average."`
	LegsPerHour         float64 `default:"4" help:"Calls that an agent takes an hour, inbound and outbound."`
	OCSShare            float64 `name:"ocs-share" default:"0.4" help:"Share of agents who ever work for Outbound Contact Server."`
	OCSSessions         float64 `name:"ocs-sessions" default:"0.7" help:"Share of their logins that have outbound work."`
	OCSLegs             float64 `name:"ocs-legs" default:"0.6" help:"Share of outbound calls in such a login."`
	Interactions        bool    `default:"true" negatable:"" help:"Also write interaction_fact, which is as large as the legs."`

	HighWater time.Time `placeholder:"TIME" help:"Up to when GIM has read its sources, RFC 3339; default: the end of the data and 3 hours."`

	Rates Rates `embed:"" group:"Rates"`
}

// Rates of what is unusual in a real GIM. Fields of sessions and legs count per
// row, fields of agents per agent, Orphan and Stray per agent and day.
type Rates struct {
	Open           float64 `default:"0.01" help:"Sessions of the last 24 hours that were never closed."`
	Stuck          float64 `default:"0" help:"Older sessions that were never closed."`
	Overlapping    float64 `default:"0.002" help:"Sessions beside which the same agent has a second one."`
	Broken         float64 `default:"0.001" help:"Sessions and activities without start, or that end before they start."`
	ZeroLength     float64 `default:"0.002" help:"Sessions and legs that end when they start."`
	Long           float64 `default:"0.0005" help:"Sessions of 25 to 40 hours."`
	Corrected      float64 `default:"0.01" help:"Sessions whose end is corrected up to 3 days later."`
	Late           float64 `default:"0.01" help:"Rows that reach GIM 1 to 36 hours late."`
	Orphan         float64 `default:"0.002" help:"Agent-days with outbound activity after the last logout."`
	Stray          float64 `default:"0.001" help:"Agent-days with a session of something that is no agent."`
	OtherMedia     float64 `default:"0.15" help:"Logins with a second login for chat or e-mail beside them."`
	Transfers      float64 `default:"0.02" help:"Calls handed on to another agent."`
	NoEmployeeID   float64 `name:"no-employee-id" default:"0.002" help:"Agents without employee_id."`
	TwoKeys        float64 `default:"0.01" help:"Agents with two resource keys and one employee_id."`
	TestAgents     float64 `default:"0.005" help:"Agents whose employee_id begins with TEST."`
	Roaming        float64 `default:"0.02" help:"Agents who also work on a second switch."`
	UnknownSwitch  float64 `default:"0.003" help:"Logins on a DN that GIM does not know, or whose switch it does not know."`
	UnlistedSwitch float64 `default:"0.003" help:"Logins on the switch SIP_LAB, which is none of --switches."`
}

// Defaults returns the options that the command line starts from.
func Defaults(from time.Time) (o Options) {
	if _, err := kong.Must(&o).Parse([]string{"--from", from.Format(time.DateOnly)}); err != nil {
		panic(err) // the tags above are wrong
	}
	return o
}

func (o Options) validate() error {
	for _, number := range []struct {
		what             string
		value, low, high float64
	}{
		{"days", float64(o.Days), 1, 4000}, {"agents", float64(o.Agents), 1, 1e8}, {"switches", float64(len(o.Switches)), 1, 400},
		{"tenants", float64(o.Tenants), 1, 1e8}, {"groups", float64(o.Groups), 0, 10_000},
		{"sessions per agent and day", o.SessionsPerAgentDay, 0, 48}, {"legs per hour", o.LegsPerHour, 0, 120},
		{"presence", o.Presence, 0, 1}, {"OCS share", o.OCSShare, 0, 1}, {"OCS sessions", o.OCSSessions, 0, 1}, {"OCS legs", o.OCSLegs, 0, 1},
	} {
		if !(number.value >= number.low && number.value <= number.high) { // not a number is none of them
			return fmt.Errorf("%s %v: want %v to %.f", number.what, number.value, number.low, number.high)
		}
	}
	for field, rate := range reflect.ValueOf(o.Rates).Fields() {
		if share := rate.Float(); !(share >= 0 && share <= 1) {
			return fmt.Errorf("rate of %s %v: want 0 to 1", field.Name, share)
		}
	}
	return nil
}

// Switch is a telephone switch and the time zone of the site that it serves.
type Switch struct{ Name, Zone string }

// Switches is a list of switches.
type Switches []Switch

// UnmarshalText reads a list of NAME=ZONE.
func (s *Switches) UnmarshalText(text []byte) error {
	*s = nil
	for item := range strings.SplitSeq(string(text), ",") {
		name, zone, _ := strings.Cut(item, "=")
		if name == "" {
			return fmt.Errorf("switch %q: want NAME or NAME=ZONE", item)
		}
		*s = append(*s, Switch{name, zone})
	}
	return nil
}

// Simulation is a GIM that is not there.
type Simulation struct {
	Options
	zones     []*time.Location // by switch
	highWater int64
}

// New checks options and fills in what they leave open.
func New(o Options) (*Simulation, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Simulation{Options: o}
	end := s.From
	for _, sw := range o.Switches {
		zone, err := time.LoadLocation(sw.Zone)
		if err != nil {
			return nil, fmt.Errorf("load zone of switch %s: %w", sw.Name, err)
		}
		s.zones = append(s.zones, zone)
		if local := s.clock(zone, int64(o.Days), 0); local > end.Unix() {
			end = time.Unix(local, 0)
		}
	}
	s.highWater = end.Add(3 * time.Hour).Unix()
	if !o.HighWater.IsZero() {
		s.highWater = o.HighWater.Unix()
	}
	if s.highWater <= s.From.Unix() {
		return nil, fmt.Errorf("high-water mark %s is not after the first day", o.HighWater.Format(time.RFC3339))
	}
	return s, nil
}

// HighWater returns the second up to which GIM has read its sources.
func (s *Simulation) HighWater() int64 { return s.highWater }

// cuts returns the ends of n increments: evenly spread, the last one at the high-water mark.
func (s *Simulation) cuts(n int) []int64 {
	cuts := make([]int64, n)
	span := s.highWater - s.From.Unix()
	for i := range cuts {
		cuts[i] = s.From.Unix() + span*int64(i+1)/int64(n)
	}
	return cuts
}

// clock returns a time of day, in seconds, of a day of the simulation in a zone.
func (s *Simulation) clock(zone *time.Location, day, second int64) int64 {
	y, m, d := s.From.Date()
	return time.Date(y, m, d+int(day), 0, 0, int(second), 0, zone).Unix()
}
