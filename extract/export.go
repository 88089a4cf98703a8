package extract

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"seats/internal/calendar"
	"seats/internal/fail"
	texts "seats/sql"
)

// Export is a folder of GIM data exports, merged by primary key: all of it is read when it is opened. Of the fact tables, which hold days
// and weeks, it keeps what can matter to the run's days, and every copy of that: whether the newest one matters, none of the others can
// tell. So a file is gone through twice: which ids matter in any copy, then which rows have such an id.
type Export struct {
	ExportOptions
	origin
	dir   string
	files []*exportFile
	rows  map[string]*Rows // by table

	asOf   int64                       // open sessions of the days last at least until then
	stays  map[int64]calendar.Interval // of agents whose sessions reach out of the days
	driven func(id int64) bool         // legs that Outbound Contact Server may have driven
	oldest *int64                      // when the oldest session began that was read, by its time key; nil: none was
}

func newExport(dir string, o ExportOptions) *Export {
	e := &Export{ExportOptions: o, origin: origin{name: "export " + dir}, dir: dir, asOf: o.Days.Start, rows: map[string]*Rows{}}
	for _, t := range slices.Concat(tables, groupTables, []texts.Table{sessionGroups}) {
		e.rows[t.Name] = newRows(t)
	}
	return e
}

// ExportOptions bounds what is read from an export.
type ExportOptions struct {
	TenantKey  *int64
	Marker     string            // the file that says of a chunk that it is whole; empty: none does
	Now        time.Time         // the reader's clock
	KeyFrom    int64             // least time key of a fact row that can matter to any window of the run
	Days       calendar.Interval // from the first second of the run's days to the last, in any region
	WithGroups bool              // the agent groups of sessions are wanted; where the export lacks them, Warn says so
	TempDir    string            // where zips are unpacked: made when it is needed, in a folder that is there
	Warn       func(string)
	Progress   func(table string, rows int64)
}

// OpenExport reads the chunks of the folder: what can matter to the run's days, every copy of it. Errors carry
// fail.Source and name file and line.
func OpenExport(ctx context.Context, dir string, o ExportOptions) (*Export, error) {
	e := newExport(dir, o)
	return e, e.open(ctx)
}

func (e *Export) open(ctx context.Context) error {
	chunks, coming, err := findChunks(e.dir, e.Marker)
	if err != nil {
		return err
	}
	for _, c := range coming {
		e.Warn(fmt.Sprintf("export chunk %s is not read yet: %s", c.path, c.unready))
	}
	if e.horizon.HighWater, err = markOf(e.dir, chunks, e.Now); err != nil {
		return err
	}
	temp := filepath.Join(e.TempDir, "export")
	defer os.RemoveAll(temp) //nolint:errcheck // the work folder is removed with the run
	if e.files, err = unpackAll(ctx, chunks, temp, e.ExportOptions); err != nil {
		return explainExport(err, e.name)
	}
	seen := map[string]bool{}
	for _, f := range e.files {
		seen[f.table] = true
	}
	if err := e.lacksTables(seen); err != nil {
		return err
	}
	without, err := lacking(chunks, e.files, e.Warn)
	if err != nil {
		return err
	}
	if e.horizon.HighWater != nil {
		e.asOf = *e.horizon.HighWater
	}
	if err := e.read(ctx, chunks, temp); err != nil {
		return explainExport(err, e.name)
	}
	if without != "" {
		if err := e.describes(without); err != nil {
			return err
		}
	}
	switch why := missingGroups(seen); {
	case !e.WithGroups:
	case why != "":
		e.Warn("the agent groups cannot be told: " + e.name + ": " + why)
	default:
		e.reference.takeGroups(e.rows["group_"], e.rows["resource_group_combination"])
	}
	return nil
}

// exportFile is a table's file in one chunk, which is gone through twice.
type exportFile struct {
	table       string
	chunk       int
	path, shown string // an unpacked file's own path says nothing to anybody
	old         bool   // of rows that all began before any that matter

	csv    *csvFile
	before os.FileInfo
	first  int64   // the earliest time key in it, of the tenant's rows
	last   int64   // the latest
	ids    []int64 // that matter
	rows   *Rows   // that were chosen
}

// unpackAll lists the files of all chunks, unpacked, in the order of chunks.
func unpackAll(ctx context.Context, chunks []chunk, temp string, o ExportOptions) ([]*exportFile, error) {
	found := make([][]*exportFile, len(chunks))
	err := cmp.Or(atOnce(ctx, len(chunks), func(ctx context.Context, number int) error {
		c := &chunks[number]
		c.old, c.groups = c.isBefore(o.KeyFrom), o.WithGroups
		folder, files, _, err := c.unpack(temp)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f := &exportFile{table: name, chunk: number, path: filepath.Join(folder, files[name]), shown: c.shown(files[name]), old: c.old && isFact(table(name))}
			if !has(tables, name) && !f.old {
				if _, err := openCSV(f.path, f.shown, table(name)); errors.Is(err, errNoColumn) {
					continue // of groups, without which there are slices too
				}
			}
			found[number] = append(found[number], f)
		}
		return err
	})...)
	return slices.Concat(found...), err
}

// atOnce does n pieces of work, as many at once as there are processors, and gives the error of each.
func atOnce(ctx context.Context, n int, work func(ctx context.Context, number int) error) []error {
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for number := range n {
		group.Go(func() error {
			if errs[number] = ctx.Err(); errs[number] == nil {
				errs[number] = work(ctx, number)
			}
			return nil
		})
	}
	group.Wait() //nolint:errcheck // the errors are each piece's own
	return errs
}

// Sessions were read when the export was opened, like all that follows.
func (e *Export) Sessions(context.Context, Window) (*Rows, error) { return e.rows[sessionTable], nil }

// Activities are one part.
func (e *Export) Activities(_ context.Context, _ Window, _ calendar.Interval, _ Logins, take func(Part) error) error {
	return take(Part{Legs: e.rows[legTable], Data: e.rows[dataTable], Previews: e.rows[attemptTable]})
}

// SessionsOf are among all sessions.
func (e *Export) SessionsOf(context.Context, []int64, calendar.Interval) (*Rows, error) {
	return e.rows[sessionTable], nil
}

// LegsOf are among all legs.
func (e *Export) LegsOf(context.Context, []int64, calendar.Interval, int64) ([]*Rows, error) {
	return []*Rows{e.rows[legTable]}, nil
}

// Groups are told where they were asked for and the export has them.
func (e *Export) Groups(context.Context, Window) (*Rows, error) {
	if e.reference.groups == nil {
		return nil, nil
	}
	return e.rows[sessionGroups.Name], nil
}

// Broken is never true: what was read stays.
func (e *Export) Broken() bool { return false }

// Close has nothing to end.
func (e *Export) Close() error { return nil }

// explainExport gives an error of reading a chunk the exit code of a failed source, unless it says itself what is
// to be done: the folder for unpacking may be to blame.
func explainExport(err error, name string) error {
	var explained *fail.Error
	if err == nil || errors.As(err, &explained) || errors.Is(err, context.Canceled) {
		return err
	}
	return fail.New(fail.Source, "copy that chunk again from where GIM exported it, or have it exported again; nothing was changed", "%s: %w", name, err)
}

// missingOf are the tables that were not seen, in order.
func missingOf[V any](wanted []texts.Table, seen map[string]V) (missing []string) {
	for _, t := range wanted {
		if _, is := seen[t.Name]; !is {
			missing = append(missing, t.Name)
		}
	}
	slices.Sort(missing)
	return missing
}

// lacksTables is an error where no chunk of an export has a table.
func (e *Export) lacksTables(seen map[string]bool) error {
	missing := missingOf(tables, seen)
	if len(missing) == 0 {
		return nil
	}
	return fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", e.name, strings.Join(missing, ", "))
}

// lacking refuses chunks without a fact table whose rows may matter, and warns of those without a dimension, the first of which it
// returns: GIM writes a file with the header alone where nothing changed, other tools may leave a dimension out; so does a copy
// that broke off.
func lacking(chunks []chunk, files []*exportFile, warn func(string)) (without string, err error) {
	for number, c := range chunks {
		has := map[string]bool{}
		for _, f := range files {
			if f.chunk == number {
				has[f.table] = true
			}
		}
		if err := lacksFacts(c, has); err != nil && !c.old {
			return "", err
		}
		if missing := missingOf(tables, has); len(missing) > 0 {
			what := fmt.Sprintf("export chunk %s has no %s", c.path, strings.Join(missing, ", "))
			warn(what)
			without = cmp.Or(without, what)
		}
	}
	return without, nil
}

// describes refuses facts whose media type or resource no chunk describes, where a chunk came without a dimension: it is the rows in
// that which are missing, and without them a session is no agent's, a leg on no switch. Keys below 0 stand for nothing.
func (e *Export) describes(without string) error {
	media, resources := e.rows["media_type"], e.rows["resource_"]
	for _, look := range []struct {
		table, column string
		in            *Rows
	}{
		{attemptTable, "resource_key", resources}, {legTable, "media_resource_key", resources}, {legTable, "resource_key", resources},
		{sessionTable, "media_type_key", media}, {sessionTable, "resource_key", resources},
	} {
		facts := e.rows[look.table]
		of := column(facts.of, look.column)
		for row := range facts.len {
			key := facts.number(of, row)
			if _, known := look.in.find(rowKey{key}); !known && facts.isThere(of, row) && key >= 0 {
				return fail.New(fail.Source, "have that chunk copied whole or exported again; nothing was changed",
					"%s, and no other one has %s %d, of row %d of %s", without, strings.ToUpper(look.column), key, facts.number(0, row), look.table)
			}
		}
	}
	return nil
}

// lacksFacts is an error where a chunk lacks fact tables. What they would have told of its days, nobody knows.
func lacksFacts[V any](c chunk, has map[string]V) error {
	missing := slices.DeleteFunc(missingOf(tables, has), func(name string) bool { return !isFact(table(name)) })
	if len(missing) == 0 {
		return nil
	}
	return fail.New(fail.Source, "have it copied whole (`seats run --wait` waits for that) or exported again; of a fact table in which nothing changed, a file with its header alone belongs in every chunk",
		"export chunk %s has no %s", c.path, strings.Join(missing, ", "))
}

// checkStill refuses a file that somebody has written to since a look at it, and warns of one that ends within a line:
// whether a copy broke off there, or was always so, nobody can tell from the file.
func checkStill(path, shown string, before os.FileInfo, warn func(string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
		return changed(shown)
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, now.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' && last[0] != '\r' {
		warn("export file " + shown + " ends without a line end: was it copied whole?")
	}
	return nil
}

func changed(shown string) error {
	return fail.New(fail.Source, "run again once it is copied whole: `seats run --wait` waits for that", "%s: it changed while it was read", shown)
}

// InspectExport looks at the chunks of an export folder: checksums, tables, headers. Errors carry fail.Source. Zips are
// unpacked one after the other, in a folder of their own that is made in tempDir for the first of them, and removed. reach: how
// long before the newest chunk facts matter. groups: agent groups are looked for too. now is the reader's clock.
func InspectExport(ctx context.Context, dir, marker, tempDir string, reach time.Duration, groups bool, now time.Time) (Findings, error) {
	f := Findings{Name: "export " + dir}
	chunks, coming, err := findChunks(dir, marker)
	if err != nil {
		return f, err
	}
	if f.Horizon.HighWater, err = markOf(dir, chunks, now); err != nil {
		return f, err
	}
	temp := filepath.Join(tempDir, "seats-check-"+rand.Text())
	defer os.RemoveAll(temp) //nolint:errcheck // a folder for temporary files
	newest := chunks[len(chunks)-1]
	seen, tenants := map[string]bool{}, map[int64]bool{}
	names := newExport(dir, ExportOptions{KeyFrom: math.MinInt64, Warn: func(string) {}, Progress: func(string, int64) {}})
	var partial error
	for i, c := range chunks {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		c.groups = groups
		has := map[string]bool{}
		if err := names.inspectChunk(ctx, i, c, filepath.Join(temp, "export"), has, tenants); err != nil {
			return f, explainExport(err, f.Name)
		}
		if newest.date == nil || !c.isBefore(*newest.date-int64(reach.Seconds())) {
			partial = cmp.Or(partial, lacksFacts(c, has))
		}
		maps.Copy(seen, has)
	}
	if err := cmp.Or(names.lacksTables(seen), partial); err != nil {
		return f, err
	}
	if groups {
		f.NoGroups = missingGroups(seen)
	}
	names.reference.takeResources(names.rows["resource_"], false)
	f.Switches = names.reference.Switches()
	f.TenantKeys = slices.Sorted(maps.Keys(tenants))
	f.Detail = fmt.Sprintf("%d tables in %d chunks, the newest %s", len(tables), len(chunks), filepath.Base(newest.path))
	for _, c := range coming {
		f.Detail += fmt.Sprintf("; %s is not read yet: %s", filepath.Base(c.path), c.unready)
	}
	return f, nil
}

// inspectChunk looks at the files of a chunk.
func (e *Export) inspectChunk(ctx context.Context, number int, c chunk, temp string, seen map[string]bool, tenants map[int64]bool) error {
	folder, files, cleanup, err := c.unpack(temp)
	if err != nil {
		return err
	}
	defer cleanup()
	for name, file := range files {
		of := &exportFile{table: name, chunk: number, path: filepath.Join(folder, file), shown: c.shown(file)}
		_, err := openCSV(of.path, of.shown, table(name))
		if errors.Is(err, errNoColumn) && !has(tables, name) {
			continue
		}
		if err != nil {
			return err
		}
		seen[name] = true
		if name == "resource_" {
			if err := e.dimension(ctx, of); err != nil {
				return err
			}
		}
		if name == sessionTable {
			if err := e.noteTenants(ctx, of, tenants); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteTenants notes whose sessions a file has, as far as it can be read: to say what is wrong with it is a run's business.
func (e *Export) noteTenants(ctx context.Context, f *exportFile, tenants map[int64]bool) error {
	key := column(table(sessionTable), "tenant_key")
	err := e.look(ctx, f, func(row *csvRow, _ fact) bool {
		if of, has := row.number(key); has {
			tenants[of] = true
		}
		return false
	})
	if ctx.Err() != nil || f.csv == nil {
		return err
	}
	return nil
}
