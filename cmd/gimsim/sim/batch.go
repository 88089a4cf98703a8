package sim

import "slices"

// Layout says how the simulated rows are cut into increments and written.
type Layout struct {
	// Cuts are ascending epoch seconds. Increment i holds, in their state at
	// Cuts[i], the rows that changed since Cuts[i-1]. With a single cut that is
	// what a database holds.
	Cuts []int64
	// ExtraColumns adds columns that gimschema does not have.
	ExtraColumns bool
	// CRLF ends lines with \r\n.
	CRLF bool
	// Resent is the share of rows that come again, unchanged, in the increment
	// after theirs.
	Resent float64
	// Duplicated is the share of changed rows whose older state is in the same
	// increment too.
	Duplicated float64
}

// Batch is a run of rows of all tables and increments.
type Batch struct {
	layout *Layout
	lines  [][tables]lines // by increment
}

func newBatch(layout *Layout) *Batch {
	b := &Batch{layout: layout, lines: make([][tables]lines, len(layout.Cuts))}
	for i := range b.lines {
		for t := range b.lines[i] {
			b.lines[i][t].extra, b.lines[i][t].crlf = layout.ExtraColumns, layout.CRLF
		}
	}
	return b
}

// Increment returns CSV lines of a table in an increment, and their number.
func (b *Batch) Increment(i int, t Table) (text []byte, rows int64) {
	l := &b.lines[i][t]
	return l.text, l.rows
}

// row writes itself. The audit keys tell when it came into being and when it
// reached its state; tables without such columns ignore them.
type row interface {
	write(l *lines, created, updated int64)
}

// state is a row as it is from an epoch second on, until the next state.
type state struct {
	since int64
	row   row
}

// put writes a row's states, which are in strict order of time, to the
// increments in which they are seen: the last state before each cut, if it is
// new. A state after the last cut is one that GIM does not know yet.
func (b *Batch) put(t Table, states ...state) {
	created := AuditKey(states[0].since)
	for i, s := range states {
		cut := b.cutOf(s.since)
		if cut == len(b.lines) {
			return
		}
		next := len(b.lines)
		if i+1 < len(states) {
			next = b.cutOf(states[i+1].since)
		}
		luck := int64(mix(uint64(s.since)<<8^uint64(t)) % million)
		if next > cut || luck < parts(b.layout.Duplicated) {
			s.row.write(&b.lines[cut][t], created, AuditKey(s.since))
		}
		if next > cut+1 && cut+1 < len(b.lines) && luck < parts(b.layout.Resent) {
			s.row.write(&b.lines[cut+1][t], created, AuditKey(s.since))
		}
	}
}

// cutOf returns the first increment that sees what happened at a time.
func (b *Batch) cutOf(at int64) int {
	i, _ := slices.BinarySearch(b.layout.Cuts, at)
	return i
}

// AuditKey numbers the loading job, one a second, that wrote what happened at an
// epoch second. It is beyond 32 bits.
func AuditKey(at int64) int64 { return 40_000_000_000 + at }
