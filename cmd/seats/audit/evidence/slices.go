package evidence

import (
	"context"
	"slices"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
)

// heads are the tables of what a slice says of itself.
var heads = []string{"slice", "slice_span", "default_guid"}

// writeSlices writes the raw rows, a folder a day.
func (p *packer) writeSlices(ctx context.Context) error {
	for _, d := range p.days {
		if err := p.writeSlice(ctx, d); err != nil {
			return err
		}
	}
	return p.writeHeads(ctx)
}

// writeHeads writes what the slices say of themselves, once the hashes of their rows are known.
func (p *packer) writeHeads(ctx context.Context) error {
	for _, name := range heads {
		file, err := p.file("slices/" + name + ".parquet")
		if err != nil {
			return err
		}
		if name == "slice" {
			err = p.writeHashes(ctx, file)
		} else {
			err = p.scratch.WriteDays(ctx, name, file, p.days[0], p.days[len(p.days)-1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeHashes writes the table slice, with what stands in the place of its hashes.
func (p *packer) writeHashes(ctx context.Context, file string) error {
	if p.masks != nil {
		for day, slice := range p.held {
			_, err := duck.Exec(ctx, p.scratch.Conn, "ask/pseudonym_slice", named("day", day), named("sha256", p.digest(slice.SHA256)))
			if err != nil {
				return err
			}
		}
	}
	_, err := duck.Exec(ctx, p.scratch.Conn, "ask/pack_slice", append(p.bounds(), named("file", file))...)
	return err
}

func (p *packer) writeSlice(ctx context.Context, d calendar.Date) error {
	if err := p.scratch.TakeRows(ctx, d, d); err != nil {
		return err
	}
	if p.masks != nil {
		if err := p.maskDay(ctx, d); err != nil {
			return err
		}
	}
	for _, table := range store.RowTables() {
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

// maskDay replaces the agents of the day in the scratch store, and the rules by those that count it as before.
func (p *packer) maskDay(ctx context.Context, d calendar.Date) error {
	original, err := extract.SliceSHA256(ctx, p.scratch.Conn, d)
	if err != nil {
		return err
	}
	if err := p.maskRows(ctx, d); err != nil {
		return err
	}
	masked, err := extract.SliceSHA256(ctx, p.scratch.Conn, d)
	p.replace(original, masked)
	return err
}

func (p *packer) maskRows(ctx context.Context, d calendar.Date) (err error) {
	at := slices.IndexFunc(p.computed, func(c computation) bool { return c.day == d })
	if at < 0 {
		return p.masks.Rows(ctx, p.scratch, p.Tenant.ExcludeAgents)
	}
	c := &p.computed[at]
	if c.tenant, err = p.masks.Day(ctx, p.scratch, c.tenant, d); err != nil {
		return err
	}
	original := sha([]byte(c.text))
	c.text = string(c.tenant.Rules())
	p.replace(original, sha([]byte(c.text)))
	return nil
}
