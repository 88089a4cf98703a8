package extract

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// activity is a leg of an agent whose attached data holds an attempt GUID, or a preview shown to an agent (R3), or, of those
// without an end, a leg that may tell a switch (R5).
type activity struct {
	fact
	kind, mode string
	guid       []byte // of the rows that it was read from
	switchName string // an absent or empty one is unknown (R5)
	faults     []fault

	// Where one without an end does (R3): where a session ends before its end second, and where that second counts (R2).
	ended, until int64
}

// activities writes the slice's activities as the source hands them out, and then what tells of some of them where they end and belong.
func (c *cut) activities(ctx context.Context) error {
	reach := c.logins.reach(c.w.Hull())
	c.keys, c.from = c.w.ActivityKeys(reach), c.w.ActivityFrom(reach)
	err := c.Source.Activities(ctx, c.w, reach, c.logins, func(p Part) error { return c.take(ctx, p) })
	if err != nil {
		return err
	}
	return c.beside(ctx)
}

// take writes those activities of a part that belong to the slice.
func (c *cut) take(ctx context.Context, p Part) error {
	out := newRows(ocsActivity)
	p.each(c.Reference, func(a activity) { c.consider(out, a) })
	return c.write(ctx, ocsActivity, out, nil)
}

// each calls visit with the activities of a part. Both keys of a leg and its attached data must match, since the id may also be a
// mediation segment's.
func (p Part) each(known *Reference, visit func(activity)) {
	if p.Legs != nil {
		at, guid, dn := factsOf(p.Legs), column(p.Data.of, "gsw_call_attempt_guid"), column(p.Legs.of, "media_resource_key")
		for row := range p.Legs.len {
			k := p.Legs.key(row)
			data, has := p.Data.find(k)
			if !has || len(p.Data.texts[guid].at(data)) == 0 {
				continue
			}
			visit(activity{fact: at(row), kind: "leg", guid: p.Data.texts[guid].at(data), switchName: known.switchOf(p.Legs.number(dn, row)), faults: faultsOf(k, p.Legs, p.Data)})
		}
	}
	if p.Previews != nil {
		at, mode, id := factsOf(p.Previews), column(p.Previews.of, "dialing_mode_key"), column(p.Previews.of, "call_attempt_id")
		for row := range p.Previews.len {
			if mode, is := known.previews[p.Previews.number(mode, row)]; is {
				visit(activity{fact: at(row), kind: "preview", guid: p.Previews.texts[id].at(row), mode: mode, faults: faultsOf(p.Previews.key(row), p.Previews)})
			}
		}
	}
}

// consider adds an activity that belongs to the slice (R10): it shares a second with the day, or with a session of the slice of the
// same resource. One without an end waits until all are read.
func (c *cut) consider(out *Rows, a activity) {
	if _, known := c.agents[a.resource]; !known || !c.keys.Contains(a.timeKey()) || !a.isRejected() && a.start < c.from {
		return
	}
	from, until := a.activity()
	switch inDay := c.w.touches(from, until); {
	case !inDay && (a.isRejected() || !c.logins.touch(a.resource, from, until)):
	case a.isOpen() && !a.isRejected():
		a.guid = bytes.Clone(a.guid)
		c.open = append(c.open, &a)
	default:
		c.add(out, a)
	}
}

// add adds an activity to the slice.
func (c *cut) add(out *Rows, a activity) {
	c.use(a.kind, a.fact, a.faults)
	if a.switchName == "" && !a.isRejected() {
		c.unknown[a.resource] = true
	}
	out.begin()
	out.setText(0, []byte(a.kind))
	out.setNumber(1, a.rowKey[0])
	out.setNumber(2, a.rowKey[1])
	a.put(out, 3, 4, 5, 6, 10)
	for i, text := range [][]byte{[]byte(a.switchName), a.guid, []byte(a.mode)} {
		if len(text) > 0 {
			out.setText(7+i, text)
		}
	}
}

// A slice keeps more than its own rows: the sessions that end activities without an end of their own (R3), and the legs that tell
// the switch of sessions whose activities know none (R5). The source is asked for more only where there are such.

// otherSession is one outside the slice.
type otherSession struct {
	fact
	login
}

// beside settles which of the activities without an end belong to the slice, and writes what is beside it.
func (c *cut) beside(ctx context.Context) error {
	if err := c.ends(ctx); err != nil {
		return err
	}
	out := newRows(ocsActivity)
	var started []*activity // without an end, that the slice keeps
	for _, a := range c.open {
		if last := max(a.ended, a.until); c.w.touches(a.start, last) || c.logins.touch(a.resource, a.start, last) {
			c.add(out, *a)
			started = append(started, a)
		}
	}
	if err := c.write(ctx, ocsActivity, out, nil); err != nil {
		return err
	}
	told, err := c.otherLegs(ctx, started)
	if err != nil {
		return err
	}
	others, by := newRows(otherSessionOf), map[int64][]*activity{}
	for _, a := range append(started, told...) {
		by[a.resource] = append(by[a.resource], a)
	}
	for _, s := range c.elsewhere {
		if slices.ContainsFunc(by[s.fact.resource], func(a *activity) bool { return a.start >= s.login.start && a.start < s.login.until }) {
			c.checkTimes("session", s.fact)
			others.begin()
			others.setNumber(0, s.rowKey[0])
			others.setNumber(1, s.rowKey[1])
			s.put(others, 2, 3, 4, 5, 6)
		}
	}
	return c.write(ctx, otherSessionOf, others, nil)
}

// ends finds where activities without an end do (R3): at the end of the session of their resource in which they started, of several
// the one that ends last; at the as-of where they started in none. Such a session may lie outside the slice.
func (c *cut) ends(ctx context.Context) error {
	began := map[int64][]*activity{} // outside the day, by resource
	started := nothing()
	for _, a := range c.open {
		if !c.w.touches(a.start, a.start+1) {
			began[a.resource] = append(began[a.resource], a)
			started = spread(started, a.start, a.start)
		}
	}
	if c.elsewhere = nil; len(began) > 0 {
		if err := c.findElsewhere(ctx, began, started); err != nil {
			return err
		}
	}
	var outside Logins
	for _, s := range c.elsewhere {
		outside = append(outside, s.login)
	}
	outside.sort()
	for _, a := range c.open {
		a.ended, a.until = c.asOf, c.asOf
		ended, until := int64(math.MinInt64), int64(math.MinInt64)
		for _, l := range slices.Concat(c.logins.of(a.resource), outside.of(a.resource)) {
			if l.start > a.start || l.until <= a.start {
				continue
			}
			if until = max(until, l.until); l.end > a.start {
				ended = max(ended, l.end)
			}
		}
		if ended > math.MinInt64 {
			a.ended = ended
		}
		if until > math.MinInt64 {
			a.until = until
		}
		a.ended, a.until = max(a.ended, a.moment()), max(a.until, a.moment())
	}
	return nil
}

// findElsewhere finds the sessions outside the slice in which activities without an end started. One is looked for as far before that
// activity as any session is before the day, by its time key too.
func (c *cut) findElsewhere(ctx context.Context, began map[int64][]*activity, started calendar.Interval) error {
	lookback := int64(c.w.Lookback.Seconds())
	all, err := c.Source.SessionsOf(ctx, slices.Sorted(maps.Keys(began)), calendar.Interval{Start: started.Start - lookback - quarter, End: started.End + 1})
	if err != nil {
		return err
	}
	at, media := factsOf(all), column(all.of, "media_type_key")
	for row := range all.len {
		s := at(row)
		began := began[s.resource]
		if began == nil || s.isRejected() || !c.voice[all.number(media, row)] || c.belongs(s) {
			continue
		}
		in := func(a *activity) bool {
			return a.start >= s.start && (s.isOpen() || a.start <= s.end) && a.start-lookback <= s.start && s.timeKey() >= a.start-lookback-quarter && s.timeKey() <= a.start
		}
		if slices.ContainsFunc(began, in) {
			end := min(s.end, lastTime)
			if s.isOpen() {
				end = max(c.asOf, s.moment())
			}
			c.elsewhere = append(c.elsewhere, otherSession{s, login{s.resource, s.start, max(end, s.moment()), end + 1}})
		}
	}
	return nil
}

// lackingLogin is a session of the slice whose own activities know no switch, where sessions end before their end second, or where that
// second counts (R2): a slice serves both.
type lackingLogin struct {
	login
	without, with bool
}

// findLacking finds them.
func (c *cut) findLacking(ctx context.Context, open []*activity) (found []lackingLogin, err error) {
	if len(c.unknown) == 0 {
		return nil, nil
	}
	type told struct {
		login
		known bool
	}
	activities := map[int64][]told{}
	if err := c.written(); err != nil {
		return nil, err
	}
	err = duck.Each(ctx, c.tx, "slice/activity_of_resource", func(scan func(...any) error) error {
		var t told
		err := scan(&t.resource, &t.start, &t.end, &t.known)
		t.end = max(t.end, min(t.start, lastTime)+1)
		t.until = t.end
		activities[t.resource] = append(activities[t.resource], t)
		return err
	}, sql.Named("day", c.w.Day.String()), sql.Named("resources", slices.Sorted(maps.Keys(c.unknown))))
	if err != nil {
		return nil, err
	}
	for _, a := range open {
		activities[a.resource] = append(activities[a.resource], told{login{a.resource, a.start, a.ended, a.until}, a.switchName != ""})
	}
	for _, s := range c.logins {
		l, seen, known := lackingLogin{login: s}, [2]bool{}, [2]bool{}
		for _, a := range activities[s.resource] {
			for i, is := range s.shares(a.login) {
				seen[i], known[i] = seen[i] || is, known[i] || is && a.known
			}
		}
		if l.without, l.with = seen[0] && !known[0], seen[1] && !known[1]; c.unknown[s.resource] && (l.without || l.with) {
			found = append(found, l)
		}
	}
	return found, nil
}

// shares tells whether two times of a resource share a second, where sessions end before their end second, and where that counts.
func (l login) shares(o login) [2]bool {
	return [2]bool{l.start < o.end && l.end > o.start, l.start < o.until && l.until > o.start}
}

// otherLegs writes the legs that tell a switch for sessions whose own activities know none (R5): of each such session and switch
// the earliest, under either reading of a session's end second. It returns those without an end.
func (c *cut) otherLegs(ctx context.Context, open []*activity) (endless []*activity, err error) {
	lacking, err := c.findLacking(ctx, open)
	if err != nil || len(lacking) == 0 {
		return nil, err
	}
	of, logins := map[int64]Logins{}, nothing()
	for _, l := range lacking {
		of[l.resource] = append(of[l.resource], l.login)
		logins = spread(logins, l.start, l.until)
	}
	read, err := c.Source.LegsOf(ctx, slices.Sorted(maps.Keys(of)), c.keys, logins.Start)
	if err != nil {
		return nil, err
	}
	var legs []*activity
	for _, r := range read {
		legs = append(legs, c.telling(r, of)...)
	}
	before := c.open
	for _, a := range legs {
		if a.isOpen() {
			c.open = append(c.open, a)
		}
	}
	if len(c.open) > len(before) {
		if err := c.ends(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(legs, func(a, b *activity) int {
		return cmp.Or(cmp.Compare(a.start, b.start), slices.Compare(a.rowKey[:], b.rowKey[:]))
	})
	by := map[int64][]*activity{}
	for _, a := range legs {
		by[a.resource] = append(by[a.resource], a)
	}
	tells := map[*activity]bool{}
	for _, l := range lacking {
		for reading, lacks := range []bool{l.without, l.with} {
			told := map[string]bool{}
			for _, a := range by[l.resource] {
				if lacks && !told[a.switchName] && l.shares(login{a.resource, a.start, a.ended, a.until})[reading] {
					told[a.switchName], tells[a] = true, true
				}
			}
		}
	}
	out := newRows(otherLegOf)
	for _, a := range legs {
		if !tells[a] {
			continue
		}
		if a.isOpen() {
			endless = append(endless, a)
		}
		c.checkTimes("leg", a.fact)
		out.begin()
		out.setNumber(0, a.rowKey[0])
		out.setNumber(1, a.rowKey[1])
		a.put(out, 2, 3, 4, 5, 7)
		out.setText(6, []byte(a.switchName))
	}
	return endless, c.write(ctx, otherLegOf, out, nil)
}

// telling are the legs with a known switch, OCS-driven or not, that may share a second with one of some sessions. One without an end
// takes all time after its start, until ends has said where it ends.
func (c *cut) telling(legs *Rows, of map[int64]Logins) (telling []*activity) {
	at, dn := factsOf(legs), column(legs.of, "media_resource_key")
	for row := range legs.len {
		f := at(row)
		sessions, name := of[f.resource], c.switchOf(legs.number(dn, row))
		if sessions == nil || name == "" || f.isRejected() || f.start < c.from || !c.keys.Contains(f.timeKey()) {
			continue
		}
		if _, until := f.activity(); sessions.touch(f.resource, f.start, until) {
			telling = append(telling, &activity{fact: f, kind: "leg", switchName: name, ended: until, until: until})
		}
	}
	return telling
}

// nothing is an interval that spread makes one of.
func nothing() calendar.Interval { return calendar.Interval{Start: math.MaxInt64, End: math.MinInt64} }

// spread makes an interval reach over two more moments.
func spread(i calendar.Interval, from, to int64) calendar.Interval {
	return calendar.Interval{Start: min(i.Start, from), End: max(i.End, to)}
}
