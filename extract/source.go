// Package extract copies slices of a Genesys Info Mart into a tenant's store: from the GIM DB itself, or from
// a folder of its data exports. It knows nothing of counting.
//
// A source hands out its rows as they are, and one cutter makes the slice of them, whatever the source: so both give the same.
// Promises: a slice is replaced in one transaction, whole or not at all; what was sent into the store is compared with what it
// holds; every day of one run is read from one snapshot of a GIM DB; a cancelled context ends the work and leaves the store as
// it was.
package extract

import (
	"context"
	"time"

	"seats/internal/calendar"
)

// quarter is the grain of GIM's time keys: the epoch second at which the 15-minute interval of the start begins.
const quarter = 15 * 60

// Source is a GIM that slices can be cut from (R1). Of the rows that it hands out each is the newest copy, and the tenant's.
type Source interface {
	// Name says where the rows come from, without credentials.
	Name() string
	// Horizon says up to when the source is complete.
	Horizon() Horizon
	// DefaultGUIDs are the attempt GUIDs that the source's mapping of user data puts on calls that have none.
	DefaultGUIDs() []string
	// Reference is what the dimensions tell: of resources and groups, once sessions were read.
	Reference() *Reference
	// Sessions are all sessions that can belong to the window, and others.
	Sessions(ctx context.Context, w Window) (*Rows, error)
	// Activities reads all activities that can share a second with reach, in one part or in several, and has each taken, one after
	// the other. logins are the sessions of the slice.
	Activities(ctx context.Context, w Window, reach calendar.Interval, logins Logins, take func(Part) error) error
	// SessionsOf are the voice sessions of some resources that begin in a range of time keys, and others.
	SessionsOf(ctx context.Context, resources []int64, keys calendar.Interval) (*Rows, error)
	// LegsOf are the legs of some resources that begin in a range of time keys and end no earlier than a time, OCS-driven or not,
	// and others.
	LegsOf(ctx context.Context, resources []int64, keys calendar.Interval, from int64) ([]*Rows, error)
	// Groups tell which combination of agent groups the sessions of the window are of; nil where that was not asked for, or cannot
	// be told.
	Groups(ctx context.Context, w Window) (*Rows, error)
	// HasBefore tells whether the source has a session that began before a time, and where it has none, when its oldest one
	// began: nil where it has none at all.
	HasBefore(ctx context.Context, end int64) (has bool, oldest *int64, err error)
	// Broken tells, after an error, whether the snapshot is lost: every further read of it would fail.
	Broken() bool
	// Close ends the snapshot.
	Close() error
}

// Part is activities: legs with their attached data, and previews. Each may be nil.
type Part struct{ Legs, Data, Previews *Rows }

// Window is a tenant's day: the spans of time that it covers in the zones of the tenant's regions, sorted and
// disjoint, and how far before them a session is looked for.
type Window struct {
	Day      calendar.Date
	Spans    []calendar.Interval
	Lookback time.Duration
}

// Hull is the time from the first to the last second of the day in any region.
func (w Window) Hull() calendar.Interval {
	return calendar.Interval{Start: w.Spans[0].Start, End: w.Spans[len(w.Spans)-1].End}
}

// SessionFrom is the earliest start of a session of this window, epoch seconds.
func (w Window) SessionFrom() int64 { return w.Hull().Start - int64(w.Lookback.Seconds()) }

// ActivityFrom is the earliest start of an activity that is looked for: as far before the reach of the
// sessions as a session is looked for before the day.
func (w Window) ActivityFrom(reach calendar.Interval) int64 {
	return reach.Start - int64(w.Lookback.Seconds())
}

// DayKeys are the time keys of rows that start in the day, in any region.
func (w Window) DayKeys() calendar.Interval {
	return calendar.Interval{Start: floorKey(w.Hull().Start), End: w.Hull().End}
}

// SessionKeys and ActivityKeys are the time keys of rows that start in the window or in the reach. Every
// statement on a fact table is bounded by them: GIM is partitioned by this key.
func (w Window) SessionKeys() calendar.Interval {
	return calendar.Interval{Start: floorKey(w.SessionFrom()), End: w.Hull().End}
}

// ActivityKeys: see SessionKeys.
func (w Window) ActivityKeys(reach calendar.Interval) calendar.Interval {
	return calendar.Interval{Start: floorKey(w.ActivityFrom(reach)), End: reach.End}
}

func floorKey(ts int64) int64 {
	key := ts - ts%quarter
	if key > ts {
		key -= quarter
	}
	return key
}
