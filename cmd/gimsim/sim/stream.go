package sim

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Layout says how the rows are cut into increments and written as an export. An increment holds, in their state at its
// end, the rows that changed since the end of the one before; a single one is what a database holds. The tags are those
// of the command line.
type Layout struct {
	Increments   int     `default:"1" help:"Number of increments; later ones correct rows of earlier ones."`
	Zip          bool    `help:"Write a zip and its .zip.sha1 in each folder, in place of bare files."`
	Header       string  `default:"UPPER" enum:"UPPER,lower,Mixed" help:"Case of the header lines: UPPER, lower or Mixed."`
	ExtraColumns bool    `help:"Add columns that GIM has and seats does not read, some quoted and some of several lines."`
	CRLF         bool    `name:"crlf" help:"End lines with CR LF."`
	Resent       float64 `default:"0" help:"Share of rows that come again, unchanged, in the next increment."`
	Duplicated   float64 `default:"0" help:"Share of changed rows whose older state is in the same file."`
}

func (l Layout) newline() string {
	if l.CRLF {
		return "\r\n"
	}
	return "\n"
}

// sinks take an increment's rows by table, those that are wanted: CSV lines without a header.
type sinks [tables]io.Writer

// Counts are the numbers of rows of all tables, over all increments.
type Counts [tables]int64

// String lists the tables that have rows, a line each.
func (c Counts) String() string {
	var list strings.Builder
	for t, n := range c {
		if n > 0 {
			fmt.Fprintf(&list, "%-26s %12d rows\n", table(t).name(), n)
		}
	}
	return list.String()
}

// Agents per batch: enough that handing a batch on costs nothing beside making
// it, few enough that a dozen of them in flight are small.
const (
	agentsPerBatch    = 256
	resourcesPerBatch = 8192
)

// stream makes all rows, on all processors, and writes them to the sinks of the increments batch by batch, in an order that
// depends on the options alone. It stops at the first error of a sink and when ctx ends.
func (s *Simulation) stream(ctx context.Context, l Layout, to []sinks) (counts Counts, err error) {
	cuts := s.cuts(l.Increments)
	order := make(chan chan *batch, 2*runtime.GOMAXPROCS(0)) // each gives one batch when that is done
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(order)
		for fill := range s.work {
			done := make(chan *batch, 1)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case order <- done:
			}
			go func() {
				b := newBatch(&l, cuts)
				fill(b)
				done <- b
			}()
		}
		return nil
	})
	group.Go(func() error {
		for done := range order {
			b := <-done
			for i := range to {
				for t, sink := range to[i] {
					made := &b.lines[i][t]
					if sink == nil || made.rows == 0 {
						continue
					}
					if _, err := sink.Write(made.text); err != nil {
						return err
					}
					counts[t] += made.rows
				}
			}
		}
		return nil
	})
	err = group.Wait()
	return counts, err
}

// work yields the pieces of the simulation, in order.
func (s *Simulation) work(yield func(func(*batch)) bool) {
	if !yield(s.dimensions) {
		return
	}
	each := func(size int64, piece func(b *batch, agent int64)) bool {
		for first := int64(0); first < int64(s.Agents); first += size {
			if !yield(func(b *batch) {
				for agent := first; agent < min(first+size, int64(s.Agents)); agent++ {
					piece(b, agent)
				}
			}) {
				return false
			}
		}
		return true
	}
	more := each(resourcesPerBatch, s.resources)
	for day := int64(0); more && day < int64(s.Days); day++ {
		more = each(agentsPerBatch, func(b *batch, agent int64) { s.agentDay(b, agent, day) })
	}
}

// batch is a run of rows of all tables and increments. The increments end at its cuts, which are ascending epoch seconds.
type batch struct {
	*Layout
	cuts  []int64
	lines [][tables]lines // by increment
}

func newBatch(l *Layout, cuts []int64) *batch {
	b := &batch{l, cuts, make([][tables]lines, len(cuts))}
	for i := range b.lines {
		for t := range b.lines[i] {
			b.lines[i][t] = lines{Layout: l, table: table(t)}
		}
	}
	return b
}

// state is a row as it is from an epoch second on, until the next state.
type state struct {
	since int64
	row   row
}

// always is since when rows are there that were there from the beginning.
const always = 0

// put writes a row's states, which are in strict order of time, to the increments in which they are seen: the last state before
// each cut, if it is new. A state after the last cut is one that GIM does not know yet.
func (b *batch) put(t table, states ...state) {
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
		if next > cut || luck < parts(b.Duplicated) {
			s.row.write(&b.lines[cut][t], created, AuditKey(s.since))
		}
		if next > cut+1 && cut+1 < len(b.lines) && luck < parts(b.Resent) {
			s.row.write(&b.lines[cut+1][t], created, AuditKey(s.since))
		}
	}
}

// putCells writes a row that does not change, field by field.
func (b *batch) putCells(t table, since int64, fields ...any) { b.put(t, state{since, cells(fields)}) }

// cutOf returns the first increment that sees what happened at a time.
func (b *batch) cutOf(at int64) int {
	i, _ := slices.BinarySearch(b.cuts, at)
	return i
}

// AuditKey numbers the loading job, one a second, that wrote what happened at an epoch second. It is beyond 32 bits.
func AuditKey(at int64) int64 { return 40_000_000_000 + at }
