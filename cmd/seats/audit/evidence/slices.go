package evidence

import (
	"cmp"
	"context"
	"slices"

	"seats/internal/calendar"
)

// heads are the tables of what a slice says of itself.
var heads = []string{"slice", "slice_span", "default_guid"}

// tables of the raw rows of a slice.
var tables = []string{"voice_session", "ocs_activity", "agent", "duplicate_key"}

// writeSlices writes the raw rows, a folder a day.
func (p *packer) writeSlices(ctx context.Context) error {
	for _, name := range heads {
		file, err := p.file("slices/" + name + ".parquet")
		if err != nil {
			return err
		}
		if err := p.scratch.WriteDays(ctx, name, file, p.days[0], p.days[len(p.days)-1]); err != nil {
			return err
		}
	}
	for _, d := range p.days {
		if err := p.writeSlice(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) writeSlice(ctx context.Context, d calendar.Date) error {
	if err := p.scratch.TakeRows(ctx, d, d); err != nil {
		return err
	}
	if p.masks != nil {
		if err := p.mask(ctx, d); err != nil {
			return err
		}
	}
	for _, table := range tables {
		file, err := p.file("slices/" + d.String() + "/" + table + ".parquet")
		if err != nil {
			return err
		}
		if err := p.scratch.WriteRows(ctx, table, file); err != nil {
			return err
		}
	}
	return p.scratch.EmptyRows(ctx)
}

// mask replaces the agents of the day in the scratch store, and the rules by those that count it as before.
func (p *packer) mask(ctx context.Context, d calendar.Date) (err error) {
	at := slices.IndexFunc(p.computed, func(c computation) bool { return c.day == d })
	if at < 0 {
		return p.masks.Rows(ctx, p.scratch, p.Tenant.ExcludeAgents)
	}
	c := &p.computed[at]
	c.tenant, err = p.masks.Day(ctx, p.scratch, c.tenant, d)
	c.text = string(c.tenant.Rules())
	return err
}

func sortDays(days []calendar.Date) {
	slices.SortFunc(days, func(a, b calendar.Date) int { return cmp.Compare(a.String(), b.String()) })
}
