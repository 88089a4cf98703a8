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

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	texts "example.com/seats/sql"
)

// Export is a folder of GIM data exports, merged by primary key: all of it is read when it is opened. Of the fact tables, which hold days
// and weeks, it keeps what can matter to the run's days, and every copy of that: whether the newest one matters, none of the others can
// tell. So a file is gone through twice: which ids matter in any copy, then which rows have such an id.
type Export struct {
	ExportOptions
	origin
	chunks []chunk // those that are read
	coming []chunk
	files  []*exportFile
	rows   map[string]*Rows // by table

	asOf   int64                       // open sessions of the days last at least until then
	stays  map[int64]calendar.Interval // of agents whose sessions reach out of the days
	among  func(id int64) bool         // sessions that may touch the days
	driven func(id int64) bool         // legs that Outbound Contact Server may have driven
	oldest *int64                      // when the oldest session began that was read, by its time key; nil: none was
}

// ExportOptions bounds what is read from an export.
type ExportOptions struct {
	TenantKey  *int64
	Marker     string            // the file that says of a chunk that it is whole; empty: none does
	Now        time.Time         // the reader's clock
	KeyFrom    int64             // least time key of a fact row that can matter to any window of the run
	Days       calendar.Interval // from the first second of the run's days to the last, in any region
	WithGroups bool              // the agent groups of sessions are wanted; where the export lacks them, Warn says so
	TempDir    string            // zips are unpacked in a folder in it: made when it is needed, in one that is there
	Warn       func(string)
	Progress   func(table string, rows int64)
}

// OpenExport reads the chunks of the folder: what can matter to the run's days, every copy of it. Errors carry fail.Source and name file and line.
func OpenExport(ctx context.Context, dir string, o ExportOptions) (*Export, error) {
	e, err := lookFor(dir, o)
	if err == nil {
		err = explainExport(e.read(ctx), e.name)
	}
	return e, err
}

// lookFor looks which chunks there are. The date of the newest, if any has one, is the high-water mark.
func lookFor(dir string, o ExportOptions) (e *Export, err error) {
	e = &Export{ExportOptions: o, origin: origin{name: "export " + dir}, asOf: o.Days.Start, rows: map[string]*Rows{}}
	for _, t := range slices.Concat(tables, groupTables, []texts.Table{sessionGroups}) {
		e.rows[t.Name] = newRows(t)
	}
	if e.chunks, e.coming, err = findChunks(dir, o.Marker); err != nil {
		return e, err
	}
	newest := e.chunks[len(e.chunks)-1]
	if newest.date != nil && *newest.date > o.Now.Unix()+aheadAtMost {
		return e, fail.New(fail.Source, "the date in the name is UTC, and of data that is there: is the clock or the zone wrong of what made the chunk, or this machine's clock? nothing was changed",
			"%s: %s is dated ahead of this machine's clock", e.name, newest.path)
	}
	e.horizon.HighWater = newest.date
	return e, nil
}

func (e *Export) read(ctx context.Context) (err error) {
	for _, c := range e.coming {
		e.Warn(fmt.Sprintf("export chunk %s is not read yet: %s", c.path, c.unready))
	}
	defer os.RemoveAll(e.temp()) //nolint:errcheck // the work folder is removed with the run
	if e.files, err = e.find(ctx, e.chunks); err != nil {
		return err
	}
	seen := tablesOf(e.files)
	if err := e.lacksTables(seen); err != nil {
		return err
	}
	without, err := e.lacking()
	if err != nil {
		return err
	}
	if e.horizon.HighWater != nil {
		e.asOf = *e.horizon.HighWater
	}
	err = fail.InTurn(ctx, e.dimensions, e.sessions, e.attempts, e.legs, e.tellingLegs, e.openedSessions, e.past)
	if err == nil && without != "" {
		err = e.describes(without)
	}
	if err != nil {
		return err
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
	of          texts.Table
	in          *chunk
	path, shown string // an unpacked file's own path says nothing to anybody
	old         bool   // of rows that all began before any that matter

	csv    *csvFile
	before os.FileInfo
	taken  bool    // rows were, once
	first  int64   // the earliest time key in it, of the tenant's rows
	last   int64   // the latest
	ids    []int64 // that matter
	rows   *Rows   // that were chosen
}

// find finds the files of chunks, in the order of chunks, and opens those that are to be read.
func (e *Export) find(ctx context.Context, chunks []chunk) (files []*exportFile, err error) {
	err = cmp.Or(atOnce(ctx, len(chunks), func(_ context.Context, i int) error {
		chunks[i].old = chunks[i].isBefore(e.KeyFrom)
		return chunks[i].find(e.WithGroups)
	})...)
	for i := range chunks {
		for _, name := range slices.Sorted(maps.Keys(chunks[i].files)) {
			file, of := filepath.Join(chunks[i].path, chunks[i].files[name]), table(name)
			files = append(files, &exportFile{of: of, in: &chunks[i], path: file, shown: file, old: chunks[i].old && isFact(of)})
		}
	}
	if err == nil {
		err = cmp.Or(atOnce(ctx, len(files), func(_ context.Context, i int) error { return e.open(files[i]) })...)
	}
	return slices.DeleteFunc(files, func(f *exportFile) bool { return f.csv == nil && !f.old }), err
}

func (e *Export) temp() string { return filepath.Join(e.TempDir, "export") }

// open unpacks a file and reads its header, unless there is nothing in it that matters. One of groups that lacks a column is left as it
// is: there are slices without it too.
func (e *Export) open(f *exportFile) (err error) {
	if f.old {
		return nil
	}
	if f.in.isZip {
		f.path = filepath.Join(e.temp(), fmt.Sprint(f.in.number, "-", f.of.Name))
		if err := cmp.Or(plain.MakeTemp(e.TempDir), plain.MakeTemp(e.temp())); err != nil {
			return err
		}
		if err := f.in.unpack(filepath.Base(f.shown), f.path); err != nil {
			return err
		}
	}
	if f.before, err = os.Stat(f.path); err != nil {
		return err
	}
	if f.csv, err = openCSV(f.path, f.shown, f.of); errors.Is(err, errNoColumn) && !has(tables, f.of.Name) {
		return nil
	}
	return err
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

// What a Source is asked for was read when the export was opened: all sessions, all legs, and activities in one part. It stays.

func (e *Export) Sessions(context.Context, Window) (*Rows, error) { return e.rows[sessionTable], nil }
func (e *Export) SessionsOf(context.Context, []int64, calendar.Interval) (*Rows, error) {
	return e.rows[sessionTable], nil
}
func (e *Export) LegsOf(context.Context, []int64, calendar.Interval, int64) ([]*Rows, error) {
	return []*Rows{e.rows[legTable]}, nil
}
func (e *Export) Activities(_ context.Context, _ Window, _ calendar.Interval, _ Logins, take func(Part) error) error {
	return take(Part{Legs: e.rows[legTable], Data: e.rows[dataTable], Previews: e.rows[attemptTable]})
}

func (e *Export) HasBefore(_ context.Context, end int64) (has bool, oldest *int64, err error) {
	return e.oldest != nil && *e.oldest < end, e.oldest, nil
}
func (e *Export) Broken() bool { return false }
func (e *Export) Close() error { return nil }

// Groups are told where they were asked for and the export has them.
func (e *Export) Groups(context.Context, Window) (*Rows, error) {
	if e.reference.groups == nil {
		return nil, nil
	}
	return e.rows[sessionGroups.Name], nil
}

// explainExport gives an error of reading a chunk the exit code of a failed source, unless it says itself what is
// to be done: the folder for unpacking may be to blame.
func explainExport(err error, name string) error {
	if err == nil || is[*fail.Error](err) || errors.Is(err, context.Canceled) {
		return err
	}
	return fail.New(fail.Source, "copy that chunk again from where GIM exported it, or have it exported again; nothing was changed", "%s: %w", name, err)
}

func tablesOf(files []*exportFile) map[string]string {
	seen := map[string]string{}
	for _, f := range files {
		seen[f.of.Name] = f.shown
	}
	return seen
}

// missingOf are the tables of which there is no file, in order.
func missingOf(wanted []texts.Table, files map[string]string) (missing []string) {
	for _, t := range wanted {
		if files[t.Name] == "" {
			missing = append(missing, t.Name)
		}
	}
	slices.Sort(missing)
	return missing
}

// lacksTables is an error where no chunk of an export has a table.
func (e *Export) lacksTables(seen map[string]string) error {
	missing := missingOf(tables, seen)
	if len(missing) == 0 {
		return nil
	}
	return fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", e.name, strings.Join(missing, ", "))
}

// lacking refuses chunks without a fact table whose rows may matter, and warns of those without a dimension, the first of which it returns: GIM
// writes a file with the header alone where nothing changed, other tools may leave a dimension out; so does a copy that broke off.
func (e *Export) lacking() (without string, err error) {
	for _, c := range e.chunks {
		if err := c.lacksFacts(); err != nil && !c.old {
			return "", err
		}
		if missing := missingOf(tables, c.files); len(missing) > 0 {
			what := fmt.Sprintf("export chunk %s has no %s", c.path, strings.Join(missing, ", "))
			e.Warn(what)
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
func (c *chunk) lacksFacts() error {
	missing := slices.DeleteFunc(missingOf(tables, c.files), func(name string) bool { return !isFact(table(name)) })
	if len(missing) == 0 {
		return nil
	}
	return fail.New(fail.Source, "have it copied whole (`seats run --wait` waits for that) or exported again; of a fact table in which nothing changed, a file with its header alone belongs in every chunk",
		"export chunk %s has no %s", c.path, strings.Join(missing, ", "))
}

// checkStill refuses a file that somebody has written to since a look at it, and warns once of one that ends within a line:
// whether a copy broke off there, or was always so, nobody can tell from the file.
func (e *Export) checkStill(f *exportFile) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	now, err := file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != f.before.Size() || !now.ModTime().Equal(f.before.ModTime()) {
		return fail.New(fail.Source, "run again once it is copied whole: `seats run --wait` waits for that", "%s: it changed while it was read", f.shown)
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, now.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' && last[0] != '\r' && !f.taken {
		e.Warn("export file " + f.shown + " ends without a line end: was it copied whole?")
	}
	f.taken = true
	return nil
}

// InspectExport looks at the chunks of an export folder: checksums, tables, headers. Errors carry fail.Source. Zips are
// unpacked one after the other, in a folder of their own that is made in tempDir for the first of them, and removed. reach: how
// long before the newest chunk facts matter. groups: agent groups are looked for too. now is the reader's clock.
func InspectExport(ctx context.Context, dir, marker, tempDir string, reach time.Duration, groups bool, now time.Time) (Findings, error) {
	e, err := lookFor(dir, ExportOptions{
		Marker: marker, Now: now, KeyFrom: math.MinInt64 / 2, WithGroups: groups, TempDir: filepath.Join(tempDir, "seats-check-"+rand.Text()),
		Warn: func(string) {}, Progress: func(string, int64) {},
	})
	f := Findings{Name: "export " + dir, Horizon: e.horizon}
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(e.TempDir) //nolint:errcheck // a folder for temporary files
	newest := e.chunks[len(e.chunks)-1]
	seen, tenants := map[string]string{}, map[int64]bool{}
	var partial error
	for i := range e.chunks {
		c := &e.chunks[i]
		if err := e.inspect(ctx, i, tenants); err != nil {
			return f, explainExport(err, f.Name)
		}
		if newest.date == nil || !c.isBefore(*newest.date-int64(reach.Seconds())) {
			partial = cmp.Or(partial, c.lacksFacts())
		}
		maps.Copy(seen, tablesOf(e.files))
	}
	if err := cmp.Or(e.lacksTables(seen), partial); err != nil {
		return f, err
	}
	if groups {
		f.NoGroups = missingGroups(seen)
	}
	f.Oldest = e.oldest
	e.rows["resource_"].newest(nil) // of all chunks
	e.reference.takeResources(e.rows["resource_"])
	f.Switches = e.reference.Switches()
	f.TenantKeys = slices.Sorted(maps.Keys(tenants))
	f.Detail = fmt.Sprintf("%d tables in %d chunks, the newest %s", len(tables), len(e.chunks), filepath.Base(newest.path))
	for _, c := range e.coming {
		f.Detail += fmt.Sprintf("; %s is not read yet: %s", filepath.Base(c.path), c.unready)
	}
	return f, nil
}

// inspect looks at the files of a chunk, reads its resources, and notes whose sessions it has, so far as they can be read: to say what is
// wrong with them is a run's business.
func (e *Export) inspect(ctx context.Context, number int, tenants map[int64]bool) (err error) {
	defer os.RemoveAll(e.temp()) //nolint:errcheck // a folder for temporary files
	if e.files, err = e.find(ctx, e.chunks[number:number+1]); err != nil {
		return err
	}
	if _, err := e.readThose(ctx, "resource_", nil, none); err != nil {
		return err
	}
	key := column(table(sessionTable), "tenant_key")
	_, _, err = e.look(ctx, sessionTable, func(row *csvRow, _ fact) bool {
		if of, has := row.number(key); has {
			tenants[of] = true
		}
		return false
	})
	for _, f := range e.files {
		e.notePast(f)
	}
	return ctx.Err()
}
