package extract

import (
	"cmp"
	"slices"
	"sort"

	"seats/internal/calendar"
)

// A time beyond all calendars is cut off before 1 is added to it; times.go refuses it.
const (
	endless   = 1<<63 - 1
	lastTime  = endOfTime - 1 // of the year 9999
	firstTime = -62135596800  // of the year 1
)

// fact is a row of a fact table that takes time: a session, a leg or an attempt.
type fact struct {
	rowKey
	resource, start, end, active, audit   int64 // 0 where there is none
	hasStart, hasEnd, hasActive, hasAudit bool
}

// factsOf reads rows as facts.
func factsOf(r *Rows) func(row int) fact {
	resource, start, end, active, audit := column(r.of, "resource_key"), column(r.of, "start_ts"), column(r.of, "end_ts"), column(r.of, "active_flag"), column(r.of, "update_audit_key")
	return func(row int) fact {
		f := fact{rowKey: r.key(row), resource: r.number(resource, row), start: r.number(start, row), end: r.number(end, row), audit: r.number(audit, row),
			hasStart: r.isThere(start, row), hasEnd: r.isThere(end, row), hasAudit: r.isThere(audit, row)}
		if active >= 0 { // attempts have none
			f.active, f.hasActive = r.number(active, row), r.isThere(active, row)
		}
		return f
	}
}

// put writes the columns that all facts of a slice have into the row that was begun last.
func (f fact) put(out *Rows, resource, start, end, active, audit int) {
	out.setNumber(resource, f.resource)
	for _, v := range []struct {
		column int
		number int64
		is     bool
	}{{start, f.start, f.hasStart}, {end, f.end, f.hasEnd}, {active, f.active, f.hasActive}, {audit, f.audit, f.hasAudit}} {
		if v.is {
			out.setNumber(v.column, v.number)
		}
	}
}

func (f fact) timeKey() int64 { return f.rowKey[1] }

// isOpen: it has no end yet (R2, R3).
func (f fact) isOpen() bool { return f.active != 0 || !f.hasEnd }

// isRejected: it has no start, or ends before it.
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

// session is the time of a voice session, its end second included: so a slice serves both settings of session_end (R2). An open
// one lasts until asOf.
func (f fact) session(asOf int64) (from, until int64) {
	switch {
	case f.isRejected():
		return f.from(), f.moment()
	case f.isOpen():
		return f.start, max(asOf, f.moment()) + 1
	}
	return f.start, min(f.end, lastTime) + 1
}

// activity is the time of a leg or a preview. One without an end takes all time after its start: where it ends is known once all
// are read.
func (f fact) activity() (from, until int64) {
	switch {
	case f.isRejected():
		return f.from(), f.moment()
	case f.isOpen():
		return f.start, endless
	}
	return f.start, max(f.end, f.moment())
}

// login is a time in which a resource is logged in, from start until end, or, where the end second counts (R2), until.
type login struct {
	resource, start, end, until int64
}

// Logins are the times of some sessions, by resource and start.
type Logins []login

func (s Logins) sort() {
	slices.SortFunc(s, func(a, b login) int {
		return cmp.Or(cmp.Compare(a.resource, b.resource), cmp.Compare(a.start, b.start), cmp.Compare(a.until, b.until))
	})
}

// of are those of a resource.
func (s Logins) of(resource int64) Logins {
	from := sort.Search(len(s), func(i int) bool { return s[i].resource >= resource })
	to := from
	for to < len(s) && s[to].resource == resource {
		to++
	}
	return s[from:to]
}

// touch tells whether a resource has one that shares a second with a time.
func (s Logins) touch(resource, from, until int64) bool {
	for _, p := range s.of(resource) {
		if p.start < until && p.until > from {
			return true
		}
	}
	return false
}

// reach is the time in which activities can matter: that of the sessions and of the day.
func (s Logins) reach(day calendar.Interval) calendar.Interval {
	for _, p := range s {
		day.Start, day.End = min(day.Start, p.start), max(day.End, p.until)
	}
	return day
}

// crowded adds to the day's time keys the hours beside it in which many sessions run that reach into it, at least one in a hundred
// and no fewer than crowd: sessions reach from the day into those hours, so what is crowded begins beside it.
func (s Logins) crowded(w Window, crowd int) calendar.Interval {
	hull := w.Hull()
	var before, after []int64 // hours
	for _, p := range s {
		before = append(before, (max(hull.Start-p.start, 0)+hour-1)/hour)
		after = append(after, (max(p.until-hull.End, 0)+hour-1)/hour)
	}
	crowd = max(len(s)/100, crowd)
	furthest := func(hours []int64) int64 {
		slices.SortFunc(hours, func(a, b int64) int { return cmp.Compare(b, a) })
		if len(hours) < crowd {
			return 0
		}
		return hours[crowd-1]
	}
	keys := w.DayKeys()
	return calendar.Interval{Start: keys.Start - furthest(before)*hour, End: keys.End + furthest(after)*hour}
}

// outside are the resources with one that reaches out of a time.
func (s Logins) outside(of calendar.Interval) (resources []int64) {
	for _, p := range s {
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

func (w Window) contains(ts int64) bool {
	return slices.ContainsFunc(w.Spans, func(p calendar.Interval) bool { return p.Contains(ts) })
}
