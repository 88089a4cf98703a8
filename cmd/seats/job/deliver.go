package job

import (
	"context"
	"errors"
	"fmt"

	"seats/cmd/seats/deliver"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// deliverAfter delivers once the numbers are published, so that nothing that fails here can undo them. It is a run of
// its own to the store, with an entry in the ledger.
func (s *state) deliverAfter(ctx context.Context) {
	alone := !s.Extract && !s.Compute && !s.Report
	if !s.Deliver || s.Tenant.Deliver == nil || ctx.Err() != nil || !alone && !s.done {
		return
	}
	own := *s.Job
	own.Command, own.Days = "deliver", nil
	d := &state{Job: &own, started: s.Clock()}
	s.in(Deliver, func() int64 {
		d.Log = s.Log
		if err := d.deliver(ctx); err != nil {
			d.note(calendar.Date{}, err)
		}
		s.errs = append(s.errs, d.errs...)
		return int64(len(d.result.Delivered))
	})
	s.result.Delivered, s.done = d.result.Delivered, s.done || d.done
}

// deliver brings what was issued and not delivered yet to where the tenant wants it, and has the store remember what
// arrived. Where nothing is left to deliver, the store stays as it is.
func (s *state) deliver(ctx context.Context) (err error) {
	if left, err := s.leftToDeliver(ctx); !left {
		s.done = err == nil
		return err
	}
	if err := s.begin(ctx, store.BeginExisting); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.work.Drop()) }()
	courier := deliver.Courier{Delivery: *s.Tenant.Deliver, Tenant: s.Tenant.Name, From: s.Tenant.FilesPath(), Outbox: s.Tenant.OutboxPath(),
		Clock: s.Clock, Sleep: s.Sleep, Down: s.Down, Log: s.Log}
	delivered, parcels, err := Pending(ctx, s.work.Conn, s.Tenant)
	if err != nil {
		return err
	}
	arrived, failed := courier.Send(ctx, parcels, delivered)
	ctx = context.WithoutCancel(ctx) // the store must know of what has arrived
	for _, d := range arrived {
		if err := deliver.Put(ctx, s.work.Conn, d); err != nil {
			return err
		}
	}
	for _, err := range failed {
		s.note(calendar.Date{}, err)
	}
	if err := s.remember(ctx); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if err := s.work.Publish(); err != nil {
		return err
	}
	s.result.Delivered, s.done = arrived, true
	if len(failed) > 0 {
		return nil // the outbox is needed again
	}
	return courier.Clear()
}

// leftToDeliver asks the published store, which is not copied for that.
func (s *state) leftToDeliver(ctx context.Context) (bool, error) {
	db, err := store.OpenPublished(ctx, s.Tenant.StorePath(), duck.Of(s.Tenant.Engine))
	if err != nil {
		return false, err
	}
	defer db.Close() //nolint:errcheck // only read
	_, parcels, err := Pending(ctx, db, s.Tenant)
	return len(parcels) > 0, err
}

// Pending is what was delivered of a tenant that delivers, and what is still to be.
func Pending(ctx context.Context, q duck.Queryer, t config.Tenant) ([]deliver.Delivery, []deliver.Parcel, error) {
	issued, err := report.IssuedFiles(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	delivered, err := deliver.Delivered(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	parcels, err := deliver.Pending(issued, t.FilesPath(), delivered, t.Deliver.Since)
	return delivered, parcels, err
}
