package main

import (
	"context"
	"errors"

	"seats/cmd/seats/lake"
	"seats/internal/calendar"
	"seats/internal/config"
)

type exportCmd struct {
	Lake         string   `help:"The folder to export to; made where it is missing." required:"" placeholder:"DIR" type:"path"`
	Tenant       []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Pseudonymize string   `help:"Replace agents by pseudonyms keyed with this file." placeholder:"KEYFILE" type:"path"`
	shardFlags
	periodFlags
}

// Run exports the tenants' published stores. A tenant that cannot be exported does not keep back the others.
func (c *exportCmd) Run(ctx context.Context, p *program) (err error) {
	cfg, err := c.part(p, c.Tenant)
	if err != nil {
		return err
	}
	to, err := lake.Open(c.Lake, c.Pseudonymize)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return p.eachTenant(ctx, cfg.Tenants, func(tenant config.Tenant) error {
		period, err := c.periodOrAll(tenant, p.clock())
		if err != nil {
			return err
		}
		summary, err := to.Export(ctx, tenant, period)
		if err != nil {
			return err
		}
		if len(summary.Uncounted) > 0 {
			p.Warn("left out: days whose slice is not counted yet", "tenant", tenant.Name, "days", calendar.Runs(summary.Uncounted, ".."))
		}
		p.Info("exported", "tenant", tenant.Name, "days", summary.Days, "written", summary.Written, "unchanged", summary.Unchanged)
		return nil
	})
}
