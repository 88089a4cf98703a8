package extract

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"example.com/seats/internal/calendar"
)

// activity is a leg of an agent whose attached data holds an attempt GUID, or a preview shown to an agent (R3), or, of those
// without an end, a leg that may tell a switch (R5).
type activity struct {
	fact
	agent      int
	kind, mode string
	guid       []byte // of the rows that it was read from
	switchName []byte // an absent or empty one is unknown (R5)
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

// take writes those activities of a part that belong to the slice, so many at a time: an export's part is all of it.
func (c *cut) take(ctx context.Context, p Part) (err error) {
	const atATime = 200_000
	out := newRows(ocsActivity)
	p.each(c.Reference, func(a activity) {
		if c.consider(out, a); out.len == atATime {
			err = cmp.Or(err, c.write(ctx, ocsActivity, out, nil))
			out = newRows(ocsActivity)
		}
	})
	return cmp.Or(err, c.write(ctx, ocsActivity, out, nil))
}

// each calls visit with the activities of a part. Both keys of a leg and its attached data must match, since the id may also be a
// mediation segment's.
func (p Part) each(known *Reference, visit func(activity)) {
	if p.Legs != nil {
		at, guid, dn := factsOf(p.Legs), column(p.Data.of, "gsw_call_attempt_guid"), column(p.Legs.of, "media_resource_key")
		next := 0
		for row := range p.Legs.len {
			k := p.Legs.key(row)
			data, has := p.Data.findFrom(next, k)
			if next = data + 1; !has || len(p.Data.texts[guid].at(data)) == 0 {
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
	if a.agent = c.agent(a.resource); a.agent < 0 || !c.keys.Contains(a.timeKey()) || !a.isRejected() && a.start < c.from {
		return
	}
	from, until := a.activity()
	switch inDay := c.w.touches(from, until); {
	case !inDay && (a.isRejected() || !c.logins.touch(a.agent, from, until)):
	case a.isOpen() && !a.isRejected():
		a.guid = bytes.Clone(a.guid)
		c.open = append(c.open, &a)
	default:
		c.add(out, a)
	}
}

func (c *cut) add(out *Rows, a activity) {
	c.use(a.agent, a.fact, a.faults)
	if !a.isRejected() {
		c.tell(a)
	}
	a.put(out)
}

// put adds an activity to rows as ocs_activity has them; other_leg has some of their columns.
func (a activity) put(out *Rows) {
	out.begin()
	for i, number := range [...]struct {
		v  int64
		is bool
	}{
		{a.rowKey[0], true}, {a.rowKey[1], true}, {a.resource, true},
		{a.start, a.hasStart}, {a.end, a.hasEnd}, {a.active, a.hasActive}, {a.audit, a.hasAudit},
	} {
		if number.is {
			out.setNumber(i, number.v)
		}
	}
	for i, text := range [...][]byte{[]byte(a.kind), a.switchName, a.guid, []byte(a.mode)} {
		if len(text) > 0 {
			out.setText(7+i, text)
		}
	}
}

// A slice keeps more than its own rows: the sessions that end activities without an end of their own (R3), and the legs that tell
// the switch of sessions whose activities know none (R5). The source is asked for more only where there are such.

// beside settles which of the activities without an end belong to the slice, and writes what is beside it.
func (c *cut) beside(ctx context.Context) error {
	if err := c.ends(ctx); err != nil {
		return err
	}
	out := newRows(ocsActivity)
	var started []*activity // without an end, that the slice keeps
	for _, a := range c.open {
		if last := max(a.ended, a.until); c.w.touches(a.start, last) || c.logins.touch(a.agent, a.start, last) {
			c.add(out, *a)
			started = append(started, a)
		}
	}
	if err := c.write(ctx, ocsActivity, out, nil); err != nil {
		return err
	}
	told, err := c.otherLegs(ctx)
	if err != nil {
		return err
	}
	picked, by := []int{}, map[int64][]*activity{} // not nil, which stands for all
	for _, a := range append(started, told...) {
		by[a.resource] = append(by[a.resource], a)
	}
	for _, s := range c.elsewhere {
		if slices.ContainsFunc(by[s.resource], func(a *activity) bool { return a.start >= s.start && a.start < s.until }) {
			picked = append(picked, int(s.row))
		}
	}
	return c.write(ctx, otherSessionOf, c.others, picked)
}

// ends finds where activities without an end do (R3): at the end of the session of their resource in which they started, of several
// the one that ends last; at the as-of where they started in none. Such a session may lie outside the slice.
func (c *cut) ends(ctx context.Context) error {
	if len(c.open) == 0 {
		return nil
	}
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
	outside := newLogins(slices.Clone(c.elsewhere), c.resources.len)
	for _, a := range c.open {
		last := [2]*int64{} // end and until of the session that ends last
		for _, l := range slices.Concat(c.logins.of(a.agent), outside.of(a.agent)) {
			for i, end := range [2]int64{l.end, l.until} {
				if l.start <= a.start && end > a.start && (last[i] == nil || end > *last[i]) {
					last[i] = &end
				}
			}
		}
		a.ended = max(*cmp.Or(last[0], &c.asOf), a.moment())
		a.until = max(*cmp.Or(last[1], &c.asOf), a.moment())
	}
	return nil
}

// findElsewhere finds the sessions outside the slice in which activities without an end started. One is looked for as far before that
// activity as any session is before the day, by its time key too.
func (c *cut) findElsewhere(ctx context.Context, began map[int64][]*activity, started calendar.Interval) (err error) {
	lookback := int64(c.w.Lookback.Seconds())
	keys := calendar.Interval{Start: started.Start - lookback - quarter, End: started.End + 1}
	if c.others, err = c.Source.SessionsOf(ctx, slices.Sorted(maps.Keys(began)), keys); err != nil {
		return err
	}
	at, media := factsOf(c.others), column(c.others.of, "media_type_key")
	for row := range c.others.len {
		s := at(row)
		began := began[s.resource]
		if began == nil || s.isRejected() || !c.voice[c.others.number(media, row)] || c.belongs(s) {
			continue
		}
		in := func(a *activity) bool {
			return a.start >= s.start && (s.isOpen() || a.start <= s.end) && a.start-lookback <= s.start && s.timeKey() >= a.start-lookback-quarter && s.timeKey() <= a.start
		}
		if slices.ContainsFunc(began, in) {
			l := s.login(c.agent(s.resource), c.asOf)
			l.row = int32(row)
			c.elsewhere = append(c.elsewhere, l)
		}
	}
	return nil
}

func (a activity) time() login {
	if a.isOpen() {
		return login{start: a.start, end: a.ended, until: a.until}
	}
	_, until := a.activity()
	return login{start: a.start, end: until, until: until}
}

// tell notes for the sessions of the slice with which an activity shares a second whether their switch is known by it.
func (c *cut) tell(a activity) {
	own, of := c.logins.of(a.agent), a.time()
	for i := range own {
		for reading, is := range own[i].shares(of) {
			told := &own[i].told[reading]
			told.any, told.aSwitch = told.any || is, told.aSwitch || is && len(a.switchName) > 0
		}
	}
}

// otherLegs writes the legs that tell a switch for sessions whose own activities know none (R5): of each such session and switch
// the earliest, under either reading of a session's end second. It returns those without an end.
func (c *cut) otherLegs(ctx context.Context) (endless []*activity, err error) {
	from, resources, found := int64(math.MaxInt64), []int64{}, []login{}
	for _, l := range c.logins.all {
		if l.lacks(0) || l.lacks(1) {
			from, resources, found = min(from, l.start), append(resources, l.resource), append(found, l)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	lacking := newLogins(found, c.resources.len)
	read, err := c.Source.LegsOf(ctx, slices.Compact(resources), c.keys, from)
	if err != nil {
		return nil, err
	}
	var legs []*activity
	for _, r := range read {
		legs = append(legs, c.telling(r, lacking)...)
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
	for _, l := range lacking.all {
		for reading := range l.told {
			told := map[string]bool{}
			for _, a := range by[l.resource] {
				if l.lacks(reading) && !told[string(a.switchName)] && l.shares(a.time())[reading] {
					told[string(a.switchName)], tells[a] = true, true
				}
			}
		}
	}
	out := newRows(ocsActivity)
	for _, a := range legs {
		if !tells[a] {
			continue
		}
		if a.isOpen() {
			endless = append(endless, a)
		}
		a.put(out)
	}
	return endless, c.write(ctx, otherLegOf, out, nil)
}

// telling are the legs with a known switch, OCS-driven or not, that may share a second with one of some sessions. One without an end
// takes all time after its start, until ends has said where it ends.
func (c *cut) telling(legs *Rows, of Logins) (telling []*activity) {
	at, dn := factsOf(legs), column(legs.of, "media_resource_key")
	for row := range legs.len {
		f := at(row)
		if f.isRejected() || f.start < c.from || !c.keys.Contains(f.timeKey()) {
			continue
		}
		agent, name := c.agent(f.resource), c.switchOf(legs.number(dn, row))
		if _, until := f.activity(); agent >= 0 && len(name) > 0 && of.touch(agent, f.start, until) {
			telling = append(telling, &activity{fact: f, agent: agent, kind: "leg", switchName: name})
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
