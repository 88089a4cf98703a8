package html

import (
	"time"

	"seats/internal/calendar"
	"seats/internal/forecast"
	"seats/report"
)

// Head is what every page says of where it comes from.
type Head struct {
	Made    time.Time // when the site was written
	Version string    // of the program
	Masked  bool      // agents are pseudonyms
}

// Tenant is what a tenant's pages are made from, but for the curves.
type Tenant struct {
	Name    string
	Problem string    // why there is nothing to show; "" where there is
	AsOf    time.Time // end of the newest run on the store; zero: none
	Regions []Region
	Days    []Day            // in their order, without a gap from the first that is held to the last
	Enabled []Enabled        // by month and region, where a month was counted
	Issued  []Issued         // every revision, each chain in its order
	Shown   []calendar.Month // the months that get a page, in their order
	Outlook []Outlook        // what the newest month may still bring, by region
}

// Outlook is what a region's month may still bring.
type Outlook struct {
	Region string
	forecast.Outlook
	Lacks []string // why there are no bands, or not of all days
}

// Region is a region as it is configured today.
type Region struct {
	Name      string
	Zone      string
	Committed int64 // concurrent agents that were agreed on; 0: not said
}

// The states of a day beside final and provisional.
const (
	Final       = report.Final
	Provisional = report.Provisional
	Missing     = "missing" // the store holds nothing of it
)

// Day is a day's numbers.
type Day struct {
	Date    calendar.Date
	State   string // Final, Provisional or Missing
	HasPage bool
	Peaks   []Peak           // in the order of the tenant's regions, then those that are configured no more
	Quality []report.Quality // what each rule found (R11)
}

// Peak is a region's day (R8), or that of one of its locations.
type Peak struct {
	Region, Location string // Location "": the region's
	Agents           int64
	At               time.Time // first second of the peak, in the region's zone; zero without agents
	Seconds          int64     // of the day at the peak
	Enabled          int64     // different agents of the day; a region's alone
	SoFar            *int64    // different agents from the month's first day to this one; nil: not known, or a location's
}

// Enabled is a region's month (R9).
type Enabled struct {
	Month  calendar.Month
	Region string
	Agents int64
	State  string
}

// Issued is a data file.
type Issued struct {
	report.Issue
	Stands bool // no later revision supersedes it
}

// Detail is what a day's page shows beside its numbers.
type Detail struct {
	Slice   *report.Slice // what the day was counted from; nil: its rows were dropped
	Regions []RegionDetail
}

// RegionDetail is a region's day in full.
type RegionDetail struct {
	Region string
	Day    calendar.Interval // in the region's zone
	Zone   *time.Location
	Curves []Curve // the region's first, then its locations'; none: not kept
	Seats  []Seat  // who was in the peak's first second
	Note   string  // why that cannot be told

	Breakdowns []Breakdown // in the order in which they were asked for; none: nobody asked, or Note says why not
}

// Breakdown is who used the seats of a region's day, for analysis alone.
type Breakdown struct {
	By    string // agent_group, location or switch
	Parts []Part // the largest share first
	Note  string // why it cannot be told
}

// Part is an agent group, a location or a switch.
type Part struct {
	Name    string
	Peak    int64     // its own
	At      time.Time // the first second of that, in the region's zone
	Share   int64     // of the region's peak, in the first second of that
	Enabled int64     // different agents of the day
}

// Curve is a step function through the whole day.
type Curve struct {
	Location string // "": the region's
	Steps    []Step
}

// Step is a span of time in which the number of agents stays the same.
type Step struct {
	calendar.Interval
	Agents int64
}

// Seat is a qualifying session of an agent who was in the peak, and what qualified it.
type Seat struct {
	Agent    string
	Location string
	Session  int64 // sm_res_session_fact_key
	Login    time.Time
	Logout   *time.Time // nil: the session was open
	Kind     string     // leg or preview
	Activity int64      // its key
	At       time.Time  // its start
	Switch   string     // "": unknown
	Why      string     // it leads to the location
}
