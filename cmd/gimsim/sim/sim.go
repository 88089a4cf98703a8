// Package sim simulates the facts of a Genesys Info Mart: agents who log in and
// out, the calls they take, and what Outbound Contact Server does, with the
// kinds of untidy rows that real sites have.
//
// Promises. Equal options give equal rows, in equal order. An agent's day is made
// from the seed and its own number alone, so that memory does not grow with days
// or agents. Each fact has a history of states, as GIM loads it; any choice of
// cuts shows those same histories, so that the increments of an export, merged by
// key, are the rows of the database.
//
// All times are UTC epoch seconds.
package sim

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// Simulation is a GIM that is not there.
type Simulation struct {
	Options
	zones     []*time.Location // by switch
	highWater int64
}

// New checks options and fills in what they leave open.
func New(o Options) (*Simulation, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Simulation{Options: o}
	end := s.From
	for _, sw := range o.Switches {
		zone, err := time.LoadLocation(sw.Zone)
		if err != nil {
			return nil, fmt.Errorf("load zone of switch %s: %w", sw.Name, err)
		}
		s.zones = append(s.zones, zone)
		if local := s.clock(zone, int64(o.Days), 0); local > end.Unix() {
			end = time.Unix(local, 0)
		}
	}
	s.highWater = end.Add(3 * time.Hour).Unix()
	if !o.HighWater.IsZero() {
		s.highWater = o.HighWater.Unix()
	}
	if s.highWater <= s.From.Unix() {
		return nil, fmt.Errorf("high-water mark %s is not after the first day", o.HighWater.Format(time.RFC3339))
	}
	return s, nil
}

// HighWater returns the second up to which GIM has read its sources.
func (s *Simulation) HighWater() int64 { return s.highWater }

// Cuts returns the ends of n increments: evenly spread, the last one at the
// high-water mark.
func (s *Simulation) Cuts(n int) []int64 {
	cuts := make([]int64, n)
	span := s.highWater - s.From.Unix()
	for i := range cuts {
		cuts[i] = s.From.Unix() + span*int64(i+1)/int64(n)
	}
	return cuts
}

// clock returns a time of day, in seconds, of a day of the simulation in a zone.
func (s *Simulation) clock(zone *time.Location, day, second int64) int64 {
	y, m, d := s.From.Date()
	return time.Date(y, m, d+int(day), 0, 0, int(second), 0, zone).Unix()
}

// Agents per batch: enough that handing a batch on costs nothing beside making
// it, few enough that a dozen of them in flight are small.
const (
	agentsPerBatch    = 256
	resourcesPerBatch = 8192
)

// Stream makes all rows and hands them on batch by batch, in an order that
// depends on the options alone. It stops at the first error of handOn and when
// ctx ends.
func (s *Simulation) Stream(ctx context.Context, layout Layout, handOn func(*Batch) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for done := range s.produce(ctx, layout) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case batch := <-done:
			if err := handOn(batch); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// produce makes batches on all processors. The channels that it sends are in the
// order of the work; each gives one batch when that is done.
func (s *Simulation) produce(ctx context.Context, layout Layout) <-chan chan *Batch {
	workers := runtime.GOMAXPROCS(0)
	order := make(chan chan *Batch, 2*workers)
	seats := make(chan struct{}, workers)
	go func() {
		defer close(order)
		for fill := range s.work {
			done := make(chan *Batch, 1)
			select {
			case <-ctx.Done():
				return
			case order <- done:
			}
			seats <- struct{}{}
			go func() {
				batch := newBatch(&layout)
				fill(batch)
				done <- batch
				<-seats
			}()
		}
	}()
	return order
}

// work yields the pieces of the simulation, in order.
func (s *Simulation) work(yield func(func(*Batch)) bool) {
	if !yield(s.dimensions) {
		return
	}
	each := func(size int64, piece func(b *Batch, agent int64)) bool {
		for first := int64(0); first < int64(s.Agents); first += size {
			last := min(first+size, int64(s.Agents))
			ok := yield(func(b *Batch) {
				for agent := first; agent < last; agent++ {
					piece(b, agent)
				}
			})
			if !ok {
				return false
			}
		}
		return true
	}
	if !each(resourcesPerBatch, s.resources) {
		return
	}
	for day := range int64(s.Days) {
		if !each(agentsPerBatch, func(b *Batch, agent int64) { s.agentDay(b, agent, day) }) {
			return
		}
	}
}
