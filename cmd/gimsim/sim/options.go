package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Options say what is simulated. Equal options give equal rows, byte for byte.
// The tags are those of the command line, which documents every field; shares
// and rates are between 0 and 1.
type Options struct {
	Seed     uint64   `default:"1" help:"Equal seeds and flags give equal rows."`
	From     Date     `required:"" placeholder:"DATE" help:"First day, YYYY-MM-DD, in each site's own time zone."`
	Days     int      `default:"1" help:"Number of days."`
	Agents   int      `default:"100" help:"Number of agents."`
	Switches Switches `default:"SIP_DAL_1=America/Chicago,SIP_DAL_2=America/Chicago,SIP_LON=Europe/London,SIP_PAR=Europe/Paris" help:"A number, or NAME=ZONE,NAME=ZONE..., the zone being that of the agents there (UTC if left out)."`
	Tenants  int      `default:"1" help:"Tenants in the one GIM, with keys from 1; agents are dealt out among them."`

	Groups int `default:"0" help:"Agent groups; an agent is in none, one or two of them at a time. 0: no tables of them either."`

	Presence            float64 `default:"0.7" help:"Share of agents at work on a day; fewer on weekends unless 1."`
	SessionsPerAgentDay float64 `default:"2.4" help:"Voice logins of an agent at work, on average."`
	LegsPerHour         float64 `default:"4" help:"Calls that an agent takes an hour, inbound and outbound."`
	OCSShare            float64 `name:"ocs-share" default:"0.4" help:"Share of agents who ever work for Outbound Contact Server."`
	OCSSessions         float64 `name:"ocs-sessions" default:"0.7" help:"Share of their logins that have outbound work."`
	OCSLegs             float64 `name:"ocs-legs" default:"0.6" help:"Share of outbound calls in such a login."`
	Interactions        bool    `default:"true" negatable:"" help:"Also write interaction_fact, which is as large as the legs."`

	HighWater Instant `placeholder:"TIME" help:"Up to when GIM has read its sources, RFC 3339; default: the end of the data and 3 hours."`
	KeyBase   int64   `default:"10000000000" help:"Surrogate keys of facts start above this."`

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
func Defaults(from Date) Options {
	switches := Switches{
		{"SIP_DAL_1", "America/Chicago"}, {"SIP_DAL_2", "America/Chicago"},
		{"SIP_LON", "Europe/London"}, {"SIP_PAR", "Europe/Paris"},
	}
	return Options{
		Seed: 1, From: from, Days: 1, Agents: 100, Switches: switches, Tenants: 1,
		Presence: 0.7, SessionsPerAgentDay: 2.4, LegsPerHour: 4,
		OCSShare: 0.4, OCSSessions: 0.7, OCSLegs: 0.6, Interactions: true, KeyBase: 10_000_000_000,
		Rates: Rates{
			Open: 0.01, Overlapping: 0.002, Broken: 0.001, ZeroLength: 0.002, Long: 0.0005, Corrected: 0.01,
			Late: 0.01, Orphan: 0.002, Stray: 0.001, OtherMedia: 0.15, Transfers: 0.02, NoEmployeeID: 0.002,
			TwoKeys: 0.01, TestAgents: 0.005, Roaming: 0.02, UnknownSwitch: 0.003, UnlistedSwitch: 0.003,
		},
	}
}

func (o Options) validate() error {
	switch {
	case o.Days < 1 || o.Days > 4000:
		return fmt.Errorf("days %d: want 1 to 4000", o.Days)
	case o.Agents < 1 || o.Agents > 100_000_000:
		return fmt.Errorf("agents %d: want 1 to 100,000,000", o.Agents)
	case len(o.Switches) < 1 || len(o.Switches) > 400:
		return fmt.Errorf("%d switches: want 1 to 400", len(o.Switches))
	case o.Tenants < 1:
		return fmt.Errorf("tenants %d: want at least 1", o.Tenants)
	case o.Groups < 0 || o.Groups > 10_000:
		return fmt.Errorf("groups %d: want 0 to 10,000", o.Groups)
	case o.SessionsPerAgentDay < 0 || o.SessionsPerAgentDay > 48:
		return fmt.Errorf("sessions per agent and day %v: want 0 to 48", o.SessionsPerAgentDay)
	case o.LegsPerHour < 0 || o.LegsPerHour > 120:
		return fmt.Errorf("legs per hour %v: want 0 to 120", o.LegsPerHour)
	case o.KeyBase < 0 || o.KeyBase > 1<<62:
		return fmt.Errorf("key base %d: want 0 to 2^62", o.KeyBase)
	}
	return o.validateShares()
}

func (o Options) validateShares() error {
	r := o.Rates
	for _, share := range []float64{
		o.Presence, o.OCSShare, o.OCSSessions, o.OCSLegs,
		r.Open, r.Stuck, r.Overlapping, r.Broken, r.ZeroLength, r.Long, r.Corrected, r.Late, r.Orphan, r.Stray,
		r.OtherMedia, r.Transfers, r.NoEmployeeID, r.TwoKeys, r.TestAgents, r.Roaming, r.UnknownSwitch, r.UnlistedSwitch,
	} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("share or rate %v: want 0 to 1", share)
		}
	}
	return nil
}

// Date is a calendar day in no particular zone.
type Date struct{ time.Time }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) (err error) {
	d.Time, err = time.Parse(time.DateOnly, string(text))
	return err
}

// Instant is a time; the zero value is none.
type Instant struct{ time.Time }

// UnmarshalText reads RFC 3339.
func (i *Instant) UnmarshalText(text []byte) (err error) {
	i.Time, err = time.Parse(time.RFC3339, string(text))
	return err
}

// Switch is a telephone switch and the time zone of the site that it serves.
type Switch struct{ Name, Zone string }

// Switches is a list of switches.
type Switches []Switch

// UnmarshalText reads a number of switches, which are then named SIP_001 and so
// on, or a list of NAME=ZONE.
func (s *Switches) UnmarshalText(text []byte) error {
	*s = nil
	if n, err := strconv.Atoi(string(text)); err == nil {
		zones := []string{"America/Chicago", "America/New_York", "Europe/London", "Europe/Paris", "Asia/Kolkata"}
		for i := range n {
			*s = append(*s, Switch{fmt.Sprintf("SIP_%03d", i+1), zones[i%len(zones)]})
		}
		return nil
	}
	for item := range strings.SplitSeq(string(text), ",") {
		name, zone, _ := strings.Cut(item, "=")
		if name == "" {
			return fmt.Errorf("switch %q: want NAME or NAME=ZONE", item)
		}
		*s = append(*s, Switch{name, zone})
	}
	return nil
}
