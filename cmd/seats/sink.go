package main

import (
	"context"
	"errors"
	"slices"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/sink"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
)

// fillSink brings the sink to what the tenants of these results have published, until its connection is lost.
func (p *program) fillSink(ctx context.Context, cfg *config.Config, results []job.Result) (err error) {
	to, err := sink.Open(ctx, cfg.Sink)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	ran := slices.DeleteFunc(slices.Clone(cfg.Tenants), func(t config.Tenant) bool {
		return !slices.ContainsFunc(results, func(r job.Result) bool { return r.Tenant == t.Name })
	})
	return p.eachTenant(ctx, ran, func(t config.Tenant) error {
		if to.Lost() {
			return errors.New("sink: not brought up to date: the connection was lost before")
		}
		return to.Bring(ctx, t.Name, func(read func(duck.Queryer) error) error { return reading(ctx, t, read) })
	})
}

// trySink finds out for check whether the sink can be written.
func trySink(ctx context.Context, to config.Secret) error {
	s, err := sink.Open(ctx, to)
	if err != nil {
		return err
	}
	return errors.Join(s.Try(ctx), s.Close())
}
