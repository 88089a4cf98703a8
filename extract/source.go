// Package extract copies slices of a Genesys Info Mart into a tenant's store: from the GIM DB itself, or from
// a folder of its data exports. It knows nothing of counting.
//
// A source hands out its rows as they are, and one cutter makes the slice of them, whatever the source: so both give the same. Promises: a slice is
// replaced in one transaction, whole or not at all; what was sent into the store is compared with what it holds; every day of one run is read from
// one snapshot of a GIM DB; a cancelled context ends the work and leaves the store as it was.
package extract

import (
	"cmp"
	"context"
	"slices"
	"time"

	"example.com/seats/internal/calendar"
	texts "example.com/seats/sql"
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
	// LegsOf are the legs of some resources that begin in a range of time keys and end no earlier than a time, OCS-driven or not, and others.
	LegsOf(ctx context.Context, resources []int64, keys calendar.Interval, from int64) ([]*Rows, error)
	// Groups tell which combination of agent groups the sessions of the window are of; nil where that was not asked for, or cannot be told.
	Groups(ctx context.Context, w Window) (*Rows, error)
	// HasBefore tells whether the source has a session that began before a time, and where it has none, when its oldest one
	// began: nil where it has none at all.
	HasBefore(ctx context.Context, end int64) (has bool, oldest *int64, err error)
	// Broken tells, after an error, whether the snapshot is lost: every further read of it would fail.
	Broken() bool
	// Close ends the snapshot.
	Close() error
}

// origin is what both sources tell of themselves.
type origin struct {
	name      string
	horizon   Horizon
	noGUIDs   []string // attempt GUIDs of calls that have none; an export does not tell
	reference Reference
}

func (o *origin) Name() string           { return o.name }
func (o *origin) Horizon() Horizon       { return o.horizon }
func (o *origin) DefaultGUIDs() []string { return o.noGUIDs }
func (o *origin) Reference() *Reference  { return &o.reference }

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

// SessionKeys and ActivityKeys are the time keys of rows that start in the window or in the reach. Every
// statement on a fact table is bounded by them: GIM is partitioned by this key.
func (w Window) SessionKeys() calendar.Interval {
	return calendar.Interval{Start: floorKey(w.SessionFrom()), End: w.Hull().End}
}

func (w Window) ActivityKeys(reach calendar.Interval) calendar.Interval {
	return calendar.Interval{Start: floorKey(w.ActivityFrom(reach)), End: reach.End}
}

func floorKey(ts int64) int64 { return ts - (ts%quarter+quarter)%quarter }

// A time beyond all calendars is cut off before 1 is added to it; a slice with one is refused in the end.
const (
	endless  = 1<<63 - 1
	lastTime = endOfTime - 1 // of the year 9999
)

// fact is a row of a fact table that takes time: a session, a leg or an attempt.
type fact struct {
	rowKey
	resource, start, end, active, audit   int64 // 0 where there is none
	hasStart, hasEnd, hasActive, hasAudit bool
}

// places are where a table has the columns of a fact; -1 where it has none.
type places struct{ resource, start, end, active, audit int }

func placesOf(t texts.Table) places {
	return places{column(t, "resource_key"), column(t, "start_ts"), column(t, "end_ts"), column(t, "active_flag"), column(t, "update_audit_key")}
}

// fact reads a row as one; number tells the value of a column, and whether it has one.
func (p places) fact(k rowKey, number func(column int) (int64, bool)) (f fact) {
	at := func(column int) (int64, bool) {
		if column < 0 {
			return 0, false
		}
		return number(column)
	}
	f.rowKey = k
	f.resource, _ = at(p.resource)
	f.start, f.hasStart = at(p.start)
	f.end, f.hasEnd = at(p.end)
	f.active, f.hasActive = at(p.active)
	f.audit, f.hasAudit = at(p.audit)
	return f
}

func factsOf(r *Rows) func(row int) fact {
	at := placesOf(r.of)
	return func(row int) fact {
		return at.fact(r.key(row), func(column int) (int64, bool) { return r.number(column, row), r.isThere(column, row) })
	}
}

func (f fact) timeKey() int64 { return f.rowKey[1] }

// isOpen: it has no end yet (R2, R3).
func (f fact) isOpen() bool     { return f.active != 0 || !f.hasEnd }
func (f fact) isRejected() bool { return !f.hasStart || !f.isOpen() && f.end < f.start }

// from says where it belongs: a rejected one has no interval; its start, or failing that its time key, says where.
func (f fact) from() int64 {
	if f.hasStart {
		return f.start
	}
	return f.timeKey()
}

// moment is the end of the second in which it starts.
func (f fact) moment() int64 { return min(f.from(), lastTime) + 1 }

// session is the time of a voice session, its end second included: so a slice serves both settings of session_end (R2). An open one lasts until asOf.
func (f fact) session(asOf int64) (from, until int64) {
	switch {
	case f.isRejected():
		return f.from(), f.moment()
	case f.isOpen():
		return f.start, max(asOf, f.moment()) + 1
	}
	return f.start, min(f.end, lastTime) + 1
}

// login is that of a voice session of an agent.
func (f fact) login(agent int, asOf int64) login {
	_, until := f.session(asOf)
	return login{agent: agent, resource: f.resource, start: f.start, end: max(until-1, f.moment()), until: until}
}

// activity is the time of a leg or a preview. One without an end takes all time after its start: where it ends is known once all are read.
func (f fact) activity() (from, until int64) {
	switch {
	case f.isRejected():
		return f.from(), f.moment()
	case f.isOpen():
		return f.start, endless
	}
	return f.start, max(f.end, f.moment())
}

// login is a time in which a resource is logged in, from start until end, or, where the end second counts (R2), until; and what its
// activities tell of its switch (R5), under either reading.
type login struct {
	agent                       int // its row among the resources
	resource, start, end, until int64
	told                        [2]struct{ any, aSwitch bool }
	row                         int32 // of one outside the slice, where it was read
}

// lacks tells whether its activities know no switch.
func (l login) lacks(reading int) bool { return l.told[reading].any && !l.told[reading].aSwitch }

// shares tells whether two times of a resource share a second, where sessions end before their end second, and where that counts.
func (l login) shares(o login) [2]bool {
	return [2]bool{l.start < o.end && l.end > o.start, l.start < o.until && l.until > o.start}
}

// Logins are the times of some sessions, by agent and start.
type Logins struct {
	all   []login
	first []int // of each agent, and one more
}

func newLogins(all []login, agents int) Logins {
	slices.SortFunc(all, func(a, b login) int {
		return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.start, b.start), cmp.Compare(a.until, b.until))
	})
	s := Logins{all: all, first: make([]int, agents+1)}
	for _, l := range all {
		s.first[l.agent+1]++
	}
	for i := range agents {
		s.first[i+1] += s.first[i]
	}
	return s
}

func (s Logins) of(agent int) []login { return s.all[s.first[agent]:s.first[agent+1]] }

// touch tells whether an agent has one that shares a second with a time.
func (s Logins) touch(agent int, from, until int64) bool {
	return slices.ContainsFunc(s.of(agent), func(p login) bool { return p.start < until && p.until > from })
}

// reach is the time in which activities can matter: that of the sessions and of the day.
func (s Logins) reach(day calendar.Interval) calendar.Interval {
	for _, p := range s.all {
		day.Start, day.End = min(day.Start, p.start), max(day.End, p.until)
	}
	return day
}

// crowded adds to the day's time keys the hours beside it in which many sessions run that reach into it, at least one in a hundred
// and no fewer than crowd: sessions reach from the day into those hours, so what is crowded begins beside it.
func (s Logins) crowded(w Window, crowd int) calendar.Interval {
	hull := w.Hull()
	var before, after []int64 // hours
	for _, p := range s.all {
		before = append(before, (max(hull.Start-p.start, 0)+hour-1)/hour)
		after = append(after, (max(p.until-hull.End, 0)+hour-1)/hour)
	}
	crowd = max(len(s.all)/100, crowd)
	furthest := func(hours []int64) int64 {
		if len(hours) < crowd {
			return 0
		}
		slices.Sort(hours)
		return hours[len(hours)-crowd]
	}
	return calendar.Interval{Start: floorKey(hull.Start) - furthest(before)*hour, End: hull.End + furthest(after)*hour}
}

// outside are the resources with one that reaches out of a time.
func (s Logins) outside(of calendar.Interval) (resources []int64) {
	for _, p := range s.all {
		if p.start < of.Start || p.until > of.End {
			resources = append(resources, p.resource)
		}
	}
	return slices.Compact(resources)
}

// touches tells whether a time shares a second with the window.
func (w Window) touches(from, until int64) bool {
	return slices.ContainsFunc(w.Spans, func(p calendar.Interval) bool { return from < p.End && until > p.Start })
}

// Findings is what a look at a source tells, without copying anything.
type Findings struct {
	Name     string
	Detail   string
	Horizon  Horizon
	Oldest   *int64   // when the oldest session of any medium began, by its time key: before it the source was purged, or never there; nil: there is none
	NoGroups string   // why agent groups cannot be read; empty where they can, or where nobody asked for them
	MayWrite []string // tables that the user could change, though the program never does
	// TenantKeys are those that sessions have, in order: of the last month of a GIM DB, or in the files of an export
	// that are written as GIM writes them.
	TenantKeys []int64
	Counted    bool // whether Attempts and GUIDs were counted
	// Contact attempts and attempt GUIDs of Day, the last that the source holds whole.
	Day             calendar.Date
	Attempts, GUIDs int64
	CommonGUIDs     []CommonGUID
	DefaultGUIDs    []string // that the mapping of user data puts on calls that have none

	Switches []string // of the source's DNs and queues
}

// CommonGUID is an attempt GUID on legs of so many agents that it stands for none.
type CommonGUID struct {
	GUID         string
	Legs, Agents int64
}
