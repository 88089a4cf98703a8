// Package evidence packs what a tenant's numbers of a period were counted from, so that they can be counted again
// with nothing but a DuckDB client: slices as Parquet, counting rules, statements, results, issued files with
// their manifests, the ledger, checksums, and a script.
//
// Equal stores and folders give equal bytes, as long as program, Go and DuckDB are the same. The file appears whole
// or not at all, readable by its owner alone, and never takes the place of another. Memory grows with a day's
// slice. With a key, agents are replaced by pseudonyms everywhere, in such a way that every count stays.
package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"seats/cmd/seats/audit"
	"seats/cmd/seats/pseudonym"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/dirs"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	texts "seats/sql"
)

// Options of a pack.
type Options struct {
	Tenant  config.Tenant
	Period  audit.Period // its days, and the months whose last day is among them
	Path    string       // of the zip file to be made
	KeyFile string       // of the pseudonyms; "" for none
}

// Write makes the pack. A key that is too short or readable by others, and a path that is taken, are errors with
// fail.Usage; a period without slices is an error too.
func Write(ctx context.Context, o Options) (err error) {
	if _, err := os.Lstat(o.Path); err == nil {
		return fail.New(fail.Usage, "nothing was overwritten; give a new name", "%s exists", o.Path)
	}
	p := &packer{Options: o}
	if o.KeyFile != "" {
		masks, err := pseudonym.ReadKey(o.KeyFile, o.Tenant.Name)
		if err != nil {
			return err
		}
		p.digests = digests{masks, map[string]string{}}
	}
	p.scratch, err = store.OpenScratch(ctx, o.Tenant.StorePath(), duck.Of(o.Tenant.Engine), o.Period.Touches)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.scratch.Close()) }()
	if err := dirs.MakeTemp(p.scratch.TempDir()); err != nil {
		return err
	}
	p.dir = filepath.Join(p.scratch.TempDir(), "pack")
	for _, step := range []func(context.Context) error{p.load, p.writeSlices, p.writeRules, p.writeIssued, p.writeLedger, p.writeResults, p.writeTexts} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return p.zip(filepath.Join(p.scratch.TempDir(), "pack.zip"))
}

// packer is a pack in the making: a folder that becomes the zip.
type packer struct {
	Options
	scratch  *store.Scratch
	dir      string
	held     map[string]store.Slice // by day
	days     []calendar.Date
	from, to string // bounds for the statements, as days
	computed []computation
	signed   bool             // there are signatures
	copied   bool             // there are issued files
	digests                   // and pseudonyms
	months   []calendar.Month // that have a number, and every day of which is in the pack
}

// computation is how a day of the store was computed.
type computation struct {
	day               calendar.Date
	slice, rules, sql string // hashes
	text              string // the counting rules as JSON
	state             string
	tenant            config.Tenant // with these rules, as they stand in the pack
}

// load finds what is to be packed.
func (p *packer) load(ctx context.Context) error {
	if err := p.scratch.Take(ctx); err != nil {
		return err
	}
	// Files depend on the order in which threads write them: one thread writes them always alike.
	if _, err := duck.Exec(ctx, p.scratch.Conn, "store/one_thread"); err != nil {
		return err
	}
	if err := p.loadDays(ctx); err != nil {
		return err
	}
	if err := p.loadComputed(ctx); err != nil {
		return err
	}
	return p.loadMonths(ctx)
}

func (p *packer) loadDays(ctx context.Context) error {
	var err error
	if p.held, err = store.Slices(ctx, p.scratch.Conn); err != nil {
		return err
	}
	for text := range p.held {
		d, err := calendar.ParseDate(text)
		if err != nil {
			return err
		}
		if p.Period.Holds(d) {
			p.days = append(p.days, d)
		}
	}
	if len(p.days) == 0 {
		return fail.New(fail.NotReady, "`seats status` lists the days", "the store has no slice of the period")
	}
	slices.SortFunc(p.days, calendar.Date.Compare)
	p.from, p.to = p.days[0].String(), p.days[len(p.days)-1].String()
	if m := p.days[len(p.days)-1].YearMonth(); p.Period.HoldsMonth(m) { // all of which may have ended before its last day
		p.to = m.Last().String()
	}
	return nil
}

func (p *packer) loadComputed(ctx context.Context) error {
	return duck.Each(ctx, p.scratch.Conn, "ask/pack_computation", func(scan func(...any) error) error {
		var c computation
		var day string
		err := scan(&day, &c.slice, &c.rules, &c.sql, &c.text, &c.state)
		if err != nil {
			return err
		}
		if c.day, err = calendar.ParseDate(day); err != nil {
			return err
		}
		if c.tenant, err = p.Tenant.WithRules([]byte(c.text)); err != nil {
			return err
		}
		p.keep(c.sql)
		p.computed = append(p.computed, c)
		return nil
	}, p.bounds()...)
}

func (p *packer) loadMonths(ctx context.Context) error {
	done := map[calendar.Date]bool{}
	for _, c := range p.computed {
		done[c.day] = true
	}
	return duck.Each(ctx, p.scratch.Conn, "ask/pack_month", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		m, err := calendar.ParseMonth(text)
		if err != nil {
			return err
		}
		for _, d := range p.Tenant.DaysOf(m) {
			if !done[d] {
				return nil
			}
		}
		p.months = append(p.months, m)
		return nil
	}, p.bounds()...)
}

func (p *packer) bounds() []any {
	return []any{sql.Named("from", p.from), sql.Named("to", p.to)}
}

// file is the path of a file of the pack, in a folder that is there.
func (p *packer) file(name string) (string, error) {
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	return path, os.MkdirAll(filepath.Dir(path), 0o700)
}

// put writes a file of the pack.
func (p *packer) put(name string, text []byte) error {
	path, err := p.file(name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeResults copies the results as they stand in the store. The examples of the data-quality rules name agents;
// with pseudonyms they come from the pseudonymized rows.
func (p *packer) writeResults(ctx context.Context) error {
	from, to := p.days[0], p.days[len(p.days)-1]
	for _, table := range []string{"daily_concurrent", "enabled_daily", "data_quality"} {
		file, err := p.file("results/" + table + ".csv")
		if err != nil {
			return err
		}
		if table == "data_quality" && p.masks != nil {
			_, err = duck.Exec(ctx, p.scratch.Conn, "ask/pack_data_quality_again", sql.Named("file", file))
		} else {
			err = p.scratch.WriteDaysCSV(ctx, table, file, from, to)
		}
		if err == nil {
			err = p.maskFile(file)
		}
		if err != nil {
			return err
		}
	}
	file, err := p.file("results/monthly_enabled.csv")
	if err != nil {
		return err
	}
	if _, err = duck.Exec(ctx, p.scratch.Conn, "ask/pack_monthly_enabled", append(p.bounds(), sql.Named("file", file))...); err != nil {
		return err
	}
	return p.maskFile(file)
}

// writeTexts adds the statements as they are, the script that runs them, and the page that tells how.
func (p *packer) writeTexts(context.Context) error {
	names := slices.Concat(texts.Names("count/"), []string{"slice/slice_sha256"}, store.Schemas())
	for _, name := range names {
		if err := p.put("sql/"+name+".sql", []byte(texts.Text(name))); err != nil {
			return err
		}
	}
	if err := p.put("recompute.sql", p.script()); err != nil {
		return err
	}
	page, err := p.page()
	if err != nil {
		return err
	}
	return p.put("RECOMPUTE.md", page)
}
