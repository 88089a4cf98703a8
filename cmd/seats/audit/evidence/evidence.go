// Package evidence packs what a tenant's numbers of a period were counted from, so that they can be counted again with nothing but a DuckDB client:
// slices as Parquet, counting rules, statements, results, issued files with their manifests, the ledger, checksums, and a script.
//
// Equal stores and folders give equal bytes, as long as program, Go and DuckDB are the same. The file appears whole
// or not at all, readable by its owner alone, and never takes the place of another. Memory grows with a day's
// slice. With a key, agents are replaced by pseudonyms everywhere, in such a way that every count stays.
package evidence

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	"example.com/seats/report"
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
		return plain.Taken(o.Path)
	}
	p := &packer{Options: o, digests: digests{of: map[string]string{}}}
	if o.KeyFile != "" {
		if p.masks, err = pseudonym.ReadKey(o.KeyFile, o.Tenant.Name); err != nil {
			return err
		}
	}
	p.scratch, err = store.OpenScratch(ctx, o.Tenant.StorePath(), duck.Of(o.Tenant.Engine), o.Period.Touches)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.scratch.Close()) }()
	if err := plain.MakeTemp(p.scratch.TempDir()); err != nil {
		return err
	}
	p.dir = filepath.Join(p.scratch.TempDir(), "pack")
	return fail.InTurn(ctx, p.load, p.writeSlices, p.writeRules, p.writeIssued, p.writeLedger, p.writeResults, p.writeTexts, p.zip)
}

type packer struct {
	Options
	digests
	scratch  *store.Scratch
	dir      string
	held     map[calendar.Date]settle.Slice
	days     []calendar.Date
	from, to calendar.Date // bounds for the statements
	computed []computation
	months   []calendar.Month // that have a number, and every day of which is in the pack
	tables   []table          // that the script reads
	signed   bool             // there are signatures
	copied   bool             // there are issued files
}

// computation is how a day of the store was computed.
type computation struct {
	Day               calendar.Date
	Slice, Rules, SQL string // hashes
	Text              string // the counting rules as JSON
	State             string
	tenant            config.Tenant // with these rules, as they stand in the pack
}

func (p *packer) load(ctx context.Context) (err error) {
	// Files depend on the order in which threads write them: one thread writes them always alike.
	if err := duck.Exec(ctx, p.scratch.Conn, "store/one_thread"); err != nil {
		return err
	}
	if p.held, err = store.Slices(ctx, p.scratch.Conn); err != nil {
		return err
	}
	p.days = slices.SortedFunc(maps.Keys(p.held), calendar.Date.Compare)
	p.days = slices.DeleteFunc(p.days, func(d calendar.Date) bool { return !p.Period.Holds(d) })
	if len(p.days) == 0 {
		return fail.New(fail.NotReady, "`seats status` lists the days", "the store has no slice of the period")
	}
	p.from, p.to = p.days[0], p.days[len(p.days)-1]
	if m := p.to.YearMonth(); p.Period.HoldsMonth(m) { // all of which may have ended before its last day
		p.to = m.Last()
	}
	if p.computed, err = duck.All[computation](ctx, p.scratch.Conn, "ask/pack_computation", duck.Span(p.from, p.to)...); err != nil {
		return err
	}
	done := map[calendar.Date]bool{}
	for at := range p.computed {
		c := &p.computed[at]
		if c.tenant, err = p.Tenant.WithRules([]byte(c.Text)); err != nil {
			return err
		}
		p.replace(c.SQL, c.SQL)
		done[c.Day] = true
	}
	p.months, err = duck.All[calendar.Month](ctx, p.scratch.Conn, "ask/pack_month", duck.Span(p.from, p.to)...)
	p.months = slices.DeleteFunc(p.months, func(m calendar.Month) bool {
		return slices.ContainsFunc(p.Tenant.DaysOf(m), func(d calendar.Date) bool { return !done[d] })
	})
	return err
}

func (p *packer) file(name string) (string, error) {
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	return path, os.MkdirAll(filepath.Dir(path), 0o700)
}

func (p *packer) put(name string, text []byte) error {
	path, err := p.file(name)
	if err = cmp.Or(err, os.WriteFile(path, text, 0o600)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// heads are the tables of what a slice says of itself.
var heads = []string{"slice", "slice_span", "default_guid"}

// copy adds a file that a statement writes: one of the store's on a table, or one that has its tables itself.
func (p *packer) copy(ctx context.Context, name, statement, table string, args ...any) error {
	path, err := p.file(name)
	if err != nil {
		return err
	}
	if args = append(slices.Clip(args), sql.Named("file", path)); table == "" {
		err = duck.Exec(ctx, p.scratch.Conn, statement, args...)
	} else {
		err = p.scratch.Each(ctx, statement, table, args...)
	}
	if err != nil || p.masks == nil || filepath.Ext(name) != ".csv" {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, p.mask(text), 0o600)
}

// writeSlices writes the raw rows, a folder a day, and then, since the hashes of the rows are known, what the slices say of themselves.
func (p *packer) writeSlices(ctx context.Context) error {
	for _, d := range p.days {
		err := p.scratch.TakeRows(ctx, d, d)
		if err == nil {
			err = p.maskDay(ctx, d)
		}
		for _, table := range store.RowTables() {
			if err == nil {
				err = p.copy(ctx, "slices/"+d.String()+"/"+table+".parquet", "write_rows", table)
			}
		}
		if err := cmp.Or(err, p.scratch.EmptyRows(ctx)); err != nil {
			return err
		}
	}
	for day, slice := range p.held {
		if p.masks == nil {
			break
		}
		if err := duck.Exec(ctx, p.scratch.Conn, "ask/pseudonym_slice", sql.Named("day", day.String()), sql.Named("sha256", p.digest(slice.SHA256))); err != nil {
			return err
		}
	}
	err := p.copy(ctx, "slices/slice.parquet", "ask/pack_slice", "", duck.Span(p.from, p.to)...)
	for _, table := range heads[1:] {
		err = cmp.Or(err, p.copy(ctx, "slices/"+table+".parquet", "write_days", table, duck.Span(p.days[0], p.days[len(p.days)-1])...))
	}
	return err
}

// maskDay replaces the agents of the day in the scratch store, and the rules by those that count it as before.
func (p *packer) maskDay(ctx context.Context, d calendar.Date) error {
	if p.masks == nil {
		return nil
	}
	original, err := extract.SliceSHA256(ctx, p.scratch.Conn, d)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(p.computed, func(c computation) bool { return c.Day == d }); at < 0 {
		err = p.masks.Rows(ctx, p.scratch, p.Tenant.ExcludeAgents)
	} else {
		c := &p.computed[at]
		if c.tenant, err = p.masks.Day(ctx, p.scratch, c.tenant, d); err == nil {
			rules := report.Digest([]byte(c.Text))
			c.Text = string(c.tenant.Rules())
			p.replace(rules, report.Digest([]byte(c.Text)))
		}
	}
	if err != nil {
		return err
	}
	masked, err := extract.SliceSHA256(ctx, p.scratch.Conn, d)
	p.replace(original, masked)
	return err
}

// writeResults copies the results as they stand in the store. The examples of the data-quality rules name agents;
// with pseudonyms they come from the pseudonymized rows.
func (p *packer) writeResults(ctx context.Context) error {
	tables, err := []string{"daily_concurrent", "enabled_daily", "data_quality"}, error(nil)
	if p.masks != nil {
		tables = tables[:2]
		err = p.copy(ctx, "results/data_quality.csv", "ask/pack_data_quality_again", "")
	}
	for _, table := range tables {
		err = cmp.Or(err, p.copy(ctx, "results/"+table+".csv", "write_days_csv", table, duck.Span(p.days[0], p.days[len(p.days)-1])...))
	}
	for _, name := range []string{"monthly_concurrent", "monthly_enabled"} {
		err = cmp.Or(err, p.copy(ctx, "results/"+name+".csv", "ask/pack_"+name, "", duck.Span(p.from, p.to)...))
	}
	return err
}

// packTime is what every file of a pack is dated: a pack says nothing of when it was made.
var packTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zip closes the pack: checksums as sha256sum --check reads them, then every file, and then the one file at its place. What is there
// already is left alone.
func (p *packer) zip(context.Context) (err error) {
	var sums bytes.Buffer
	err = plain.Each(os.DirFS(p.dir), func(name string, text []byte) error {
		fmt.Fprintf(&sums, "%s  %s\n", report.Digest(text), name)
		return nil
	})
	if err := cmp.Or(err, p.put("SHA256SUMS", sums.Bytes())); err != nil {
		return err
	}
	return plain.CreateNew(p.Path, func(out io.Writer) error {
		w := zip.NewWriter(out)
		err := plain.Each(os.DirFS(p.dir), func(name string, text []byte) error {
			header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packTime}
			header.SetMode(0o600)
			entry, err := w.CreateHeader(header)
			if err == nil {
				_, err = entry.Write(text)
			}
			return err
		})
		return errors.Join(err, w.Close())
	})
}
