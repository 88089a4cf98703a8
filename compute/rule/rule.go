// Package rule says what a tenant's day is counted by, besides its slice: the configuration's counting rules,
// with the region's days already placed in time. Both ways of counting are given the same value (R12).
package rule

import "example.com/seats/internal/calendar"

// Set is what the counting of one day needs to know. The tags are for count/rule, by which the SQL engine reads it.
type Set struct {
	AsOf            int64    `json:"as_of"`             // where open sessions and activities end (R10), epoch seconds
	EndSecondCounts bool     `json:"end_second_counts"` // `session_end: inclusive`: a session occupies the second of its logout too (R2)
	Exclude         []string `json:"exclude"`           // the patterns of exclude_agents, with * and ? (R6)
	Regions         []Region `json:"regions"`           // in the order of the configuration
}

// Region is a region on the day that is counted.
type Region struct {
	Name      string            `json:"region"`
	Day       calendar.Interval `json:"span"` // the day in the region's zone (R7); empty where the zone skipped the date
	Locations []Location        `json:"locations"`
}

// Location is a place with its switches; the tenant's default location has none (R5).
type Location struct {
	Name     string   `json:"location"`
	Switches []string `json:"switches"`
}

// Scope is what concurrency is counted for: a region, or a location of it.
type Scope struct {
	Region   string
	Location string // "": the region as a whole
	Day      calendar.Interval
}

// String names the scope in messages: "US" or "US/dallas".
func (s Scope) String() string {
	if s.Location == "" {
		return s.Region
	}
	return s.Region + "/" + s.Location
}

// End is the end of the day in its last region, epoch seconds. A region whose zone skipped the date has no day.
func (s Set) End() (end int64) {
	for _, r := range s.Regions {
		if r.Day.Seconds() > 0 {
			end = max(end, r.Day.End)
		}
	}
	return end
}

// Scopes lists each region, followed by its locations.
func (s Set) Scopes() []Scope {
	var scopes []Scope
	for _, r := range s.Regions {
		scopes = append(scopes, Scope{Region: r.Name, Day: r.Day})
		for _, l := range r.Locations {
			scopes = append(scopes, Scope{Region: r.Name, Location: l.Name, Day: r.Day})
		}
	}
	return scopes
}
