package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"seats/cmd/seats/audit"
	"seats/cmd/seats/pseudonym"
	"seats/compute"
	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/plain"
	"seats/internal/store"
	texts "seats/sql"
)

// Relations of a day: what was read, with the rules that it was counted by, and what was counted. Each is written by the
// statement lake/<relation>.sql.
var (
	rowRelations    = []string{"slice", "voice_session", "ocs_activity", "agent", "duplicate_key", "rule"}
	numberRelations = []string{"daily_concurrent", "enabled_daily", "data_quality"}
)

// Summary of an export.
type Summary struct {
	Days, Written, Unchanged int             // days and partitions
	Uncounted                []calendar.Date // that have a slice, and no numbers of it: they are not in the lake
}

// Export brings a tenant's days into the lake, and the months in which they lie. The errors are those of
// store.OpenScratch and store.Lock.
func (l *Lake) Export(ctx context.Context, tenant config.Tenant, period audit.Period) (summary Summary, err error) {
	defer func() { err = l.placed(err) }()
	lock, err := store.Lock(filepath.Join(l.dir, "."+tenant.Name+".lock"))
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	scratch, err := store.OpenScratch(ctx, tenant.StorePath(), duck.Of(tenant.Engine), period.Touches)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	h := sha256.New()
	for _, name := range texts.Names("lake/") {
		fmt.Fprintf(h, "%s\x00%s\x00", name, texts.Text(name))
	}
	x := &export{lake: l, tenant: tenant, scratch: scratch, statements: fmt.Sprintf("%x", h.Sum(nil))}
	if l.masks != nil {
		x.masks = l.masks.Of(tenant.Name)
	}
	if err := plain.MakeTemp(scratch.TempDir()); err != nil {
		return Summary{}, err
	}
	if err := scratch.Take(ctx); err != nil {
		return Summary{}, err
	}
	if err := x.claim(ctx); err != nil {
		return Summary{}, err
	}
	// Files depend on the order in which threads write them: one thread writes them always alike.
	if _, err := duck.Exec(ctx, scratch.Conn, "store/one_thread"); err != nil {
		return Summary{}, err
	}
	if err = x.days(ctx, period); err == nil {
		err = x.months(ctx, period)
	}
	return x.summary, err
}

// claim keeps the partitions of two sites apart that each have a tenant of this name. A store is known by the first entry of
// its ledger, which it keeps wherever it goes.
func (x *export) claim(ctx context.Context) error {
	runs, err := store.Runs(ctx, x.scratch.Conn)
	if err != nil || len(runs) == 0 {
		return err
	}
	name, is := path.Join("issued", "tenant="+x.tenant.Name, storeName), []byte(x.digest(runs[0].SHA256)+"\n")
	if err := x.lake.folder(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	said, err := x.lake.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return x.lake.write(name, is)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if !bytes.Equal(said, is) {
		return fail.New(fail.Usage, "give each site a lake of its own, or its tenant another name; if this store has taken the other's place, remove "+filepath.Join(x.lake.dir, name)+" and export again",
			"the tenant %s in the lake %s is another store's: nothing of %s was written", x.tenant.Name, x.lake.dir, x.tenant.StorePath())
	}
	return nil
}

type export struct {
	lake       *Lake
	tenant     config.Tenant
	scratch    *store.Scratch
	masks      *pseudonym.Key // nil: none
	statements string         // hash of what writes the partitions
	summary    Summary
}

type day struct {
	Date        calendar.Date
	HasRows     sql.NullBool // null: they are not counted
	Rules       string
	AsOf        int64
	Extracted   int64  // when it was read, epoch seconds
	FromNumbers string // what the numbers were counted from
	FromRows    string // what the store says of the slice
}

func (x *export) days(ctx context.Context, period audit.Period) error {
	days, err := duck.All[day](ctx, x.scratch.Conn, "lake/day", period.Bounds()...)
	if err != nil {
		return err
	}
	for _, d := range days {
		if !d.HasRows.Valid {
			x.summary.Uncounted = append(x.summary.Uncounted, d.Date)
			continue
		}
		x.summary.Days++
		if err := x.day(ctx, d); err != nil {
			return fmt.Errorf("export %s: %w", d.Date, err)
		}
	}
	return nil
}

// day brings a day's partitions into the lake: all of them or none.
func (x *export) day(ctx context.Context, d day) error {
	var parts []partition
	folder := fmt.Sprintf("month=%s/day=%s", d.Date.YearMonth(), d.Date)
	if d.HasRows.Bool {
		parts = x.partitions(rowRelations, folder, d.FromNumbers, d.FromRows)
	}
	parts = append(parts, x.partitions(numberRelations, folder, d.FromNumbers)...)
	if x.done(parts) {
		return nil
	}
	values := map[string]any{"day": d.Date.String()}
	if d.HasRows.Bool {
		t, err := x.load(ctx, d)
		if err != nil {
			return err
		}
		rules, err := json.Marshal(compute.RulesFor(t, d.Date))
		if err != nil {
			return err
		}
		values["text"], values["rules"], values["as_of"], values["extracted_ts"] = string(t.Rules()), string(rules), d.AsOf, d.Extracted
	}
	if err := x.put(ctx, parts, values); err != nil {
		return err
	}
	if x.masks == nil {
		return x.scratch.EmptyRows(ctx)
	}
	return x.scratch.Empty(ctx) // of what was counted from them, too
}

// load brings the day's raw rows into the scratch store, with pseudonyms where they are wanted, and gives the tenant
// with the rules that count them.
func (x *export) load(ctx context.Context, d day) (t config.Tenant, err error) {
	if t, err = x.tenant.WithRules([]byte(d.Rules)); err != nil {
		return t, err
	}
	if err := x.scratch.TakeRows(ctx, d.Date, d.Date); err != nil || x.masks == nil {
		return t, err
	}
	if t, err = x.masks.Day(ctx, x.scratch, t, d.Date); err != nil {
		return t, err
	}
	sum, err := extract.SliceSHA256(ctx, x.scratch.Conn, d.Date)
	if err == nil {
		_, err = duck.Exec(ctx, x.scratch.Conn, "ask/pseudonym_slice", sql.Named("day", d.Date.String()), sql.Named("sha256", sum))
	}
	return t, err
}

func (x *export) months(ctx context.Context, period audit.Period) error {
	months, err := duck.All[struct{ Relation, Month, Hash string }](ctx, x.scratch.Conn, "lake/month", period.Bounds()...)
	if err != nil {
		return err
	}
	for _, m := range months {
		parts := x.partitions([]string{m.Relation}, "month="+m.Month, m.Hash)
		if x.done(parts) {
			continue
		}
		if err := x.put(ctx, parts, map[string]any{"month": m.Month}); err != nil {
			return fmt.Errorf("export %s: %w", m.Month, err)
		}
	}
	return nil
}

// partitions are those of relations in a tenant's folder of a day or month, made of the same.
func (x *export) partitions(relations []string, folder string, from ...string) []partition {
	h := sha256.New()
	for _, part := range append(from, x.statements) {
		fmt.Fprintf(h, "%d:%s", len(part), part) // lengths keep the parts apart
	}
	hash := x.digest(fmt.Sprintf("%x", h.Sum(nil)))
	var parts []partition
	for _, r := range relations {
		parts = append(parts, partition{relation: r, dir: path.Join(r, "tenant="+x.tenant.Name, folder), hash: hash})
	}
	return parts
}

// digest is one that stands in the lake: a keyed one in its place where the lake has pseudonyms, since names went into it.
func (x *export) digest(sum string) string {
	if x.masks == nil {
		return sum
	}
	return x.masks.Digest(sum)
}

func (x *export) done(parts []partition) bool {
	for _, p := range parts {
		if !x.lake.holds(p) {
			return false
		}
	}
	x.summary.Unchanged += len(parts)
	return true
}

func (x *export) put(ctx context.Context, parts []partition, values map[string]any) error {
	values["masked"] = x.masks != nil
	for at := range parts {
		p := &parts[at]
		p.file = filepath.Join(x.scratch.TempDir(), p.relation+".parquet")
		args := []any{sql.Named("file", p.file)}
		for name, value := range values {
			if strings.Contains(texts.Text("lake/"+p.relation), "$"+name) {
				args = append(args, sql.Named(name, value))
			}
		}
		if _, err := duck.Exec(ctx, x.scratch.Conn, "lake/"+p.relation, args...); err != nil {
			return err
		}
	}
	x.summary.Written += len(parts)
	return x.lake.replace(parts)
}
