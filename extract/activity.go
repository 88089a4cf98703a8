package extract

import (
	"context"
)

// activity is a leg of an agent whose attached data holds an attempt GUID, or a preview shown to an agent (R3), or, of those
// without an end, a leg that may tell a switch (R5).
type activity struct {
	fact
	kind, guid, mode string
	switchName       string // an absent or empty one is unknown (R5)
	faults           []fault

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
			if !has || p.Data.texts[guid][data] == "" {
				continue
			}
			visit(activity{fact: at(row), kind: "leg", guid: p.Data.texts[guid][data], switchName: known.switches[p.Legs.number(dn, row)], faults: faultsOf(k, p.Legs, p.Data)})
		}
	}
	if p.Previews != nil {
		at, mode, id := factsOf(p.Previews), column(p.Previews.of, "dialing_mode_key"), column(p.Previews.of, "call_attempt_id")
		for row := range p.Previews.len {
			if mode, is := known.previews[p.Previews.number(mode, row)]; is {
				visit(activity{fact: at(row), kind: "preview", guid: p.Previews.texts[id][row], mode: mode, faults: faultsOf(p.Previews.key(row), p.Previews)})
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
	out.setText(0, a.kind)
	out.setNumber(1, a.rowKey[0])
	out.setNumber(2, a.rowKey[1])
	a.put(out, 3, 4, 5, 6, 10)
	for i, text := range []string{a.switchName, a.guid, a.mode} {
		if text != "" {
			out.setText(7+i, text)
		}
	}
}
