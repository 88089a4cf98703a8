package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
	texts "seats/sql"
)

// Export is a folder of GIM data exports, merged by primary key. Every chunk is read once, when it is opened.
type Export struct {
	dir     string
	stage   *Stage
	horizon Horizon
	groups  bool // the agent groups of sessions are told
}

// ExportOptions bounds what is read from an export.
type ExportOptions struct {
	TenantKey *int64
	KeyFrom   int64  // least time key of a fact row that can matter to any window of the run
	Groups    bool   // the agent groups of sessions are wanted; where the export lacks them, Warn says so
	TempDir   string // where zips are unpacked, one after the other: made when the first is, in a folder that is there
	Warn      func(string)
	Progress  func(table string, rows int64)
}

// OpenExport reads every chunk of the folder into the stage. Errors carry fail.Source and name file and line.
func OpenExport(ctx context.Context, dir string, stage *Stage, o ExportOptions) (*Export, error) {
	e := &Export{dir: dir, stage: stage}
	if err := e.open(ctx, o); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Export) open(ctx context.Context, o ExportOptions) error {
	chunks, err := findChunks(e.dir)
	if err != nil {
		return noChunks(e.dir, err)
	}
	if err := errors.Join(e.stage.clear(ctx), e.stage.clearGroups(ctx)); err != nil {
		return err
	}
	e.horizon.HighWater = chunks[len(chunks)-1].date
	seen := map[string]bool{}
	for number, c := range chunks {
		c.groups = o.Groups
		found, err := loadChunk(ctx, e.stage, c, number, o)
		if err != nil {
			return explainExport(err, "export "+e.dir)
		}
		warnIncomplete(c, found, o.Warn)
		for table := range found {
			seen[table] = true
		}
	}
	if missing := missingTables(seen); len(missing) > 0 {
		return fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?",
			"export %s: no file for %s", e.dir, strings.Join(missing, ", "))
	}
	if o.Groups {
		if err := e.takeGroups(ctx, seen, o.Warn); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if !mayRepeat(t) {
			continue
		}
		if err := e.stage.merge(ctx, t.Name, false, o.TenantKey); err != nil {
			return err
		}
	}
	if err := e.stage.resolveCodes(ctx); err != nil {
		return err
	}
	return e.stage.resolveResources(ctx)
}

func noChunks(dir string, err error) error {
	return fail.New(fail.Source, "export_dir must hold export_* folders or zip files, as GIM's export job writes them", "export %s: %w", dir, err)
}

// Name says which folder is read.
func (e *Export) Name() string { return "export " + e.dir }

// Horizon is the date of the newest chunk, if any has one.
func (e *Export) Horizon() Horizon { return e.horizon }

// Sessions has nothing to do: everything was staged when the export was opened.
func (e *Export) Sessions(context.Context, Window) error { return nil }

// Activities are staged too: they are one part.
func (e *Export) Activities(_ context.Context, _ Window, _ calendar.Interval, take func() error) error {
	return take()
}

// Broken is never true: what was staged stays.
func (e *Export) Broken() bool { return false }

// Close has nothing to end.
func (e *Export) Close() error { return nil }

// explainExport gives an error of reading a chunk the exit code of a failed source, unless it says itself what is
// to be done: the folder for unpacking may be to blame.
func explainExport(err error, name string) error {
	var explained *fail.Error
	if errors.As(err, &explained) || errors.Is(err, context.Canceled) {
		return err
	}
	return fail.New(fail.Source, "copy that chunk again from where GIM exported it, or have it exported again; nothing was changed", "%s: %w", name, err)
}

func missingTables(seen map[string]bool) []string { return missingOf(tables, seen) }

func missingOf(wanted []texts.Table, seen map[string]bool) (missing []string) {
	for _, t := range wanted {
		if !seen[t.Name] {
			missing = append(missing, t.Name)
		}
	}
	sort.Strings(missing)
	return missing
}

// warnIncomplete says which tables a chunk lacks: an increment without changes of a table may well leave it
// out, but so does a copy that broke off.
func warnIncomplete(c chunk, found map[string]bool, warn func(string)) {
	if missing := missingTables(found); len(missing) > 0 {
		warn(fmt.Sprintf("export chunk %s has no %s", c.path, strings.Join(missing, ", ")))
	}
}

// loadChunk loads the tables of one chunk and says which it held.
func loadChunk(ctx context.Context, stage *Stage, c chunk, number int, o ExportOptions) (map[string]bool, error) {
	folder, cleanup, err := c.unpack(o.TempDir)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	files, err := c.tables(folder)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, table := range slices.Sorted(maps.Keys(files)) {
		err := loadFile(ctx, stage, filepath.Join(folder, files[table]), c.shown(files[table]), table, number, o)
		if errors.Is(err, errNoColumn) && !has(tables, table) {
			continue // of groups, without which there are slices too
		}
		if err != nil {
			return nil, err
		}
		found[table] = true
	}
	return found, nil
}

// loadFile lets DuckDB's CSV reader load a file, then asks what it could not read. shown is the file's name
// for messages: an unpacked file's own path says nothing to anybody.
func loadFile(ctx context.Context, stage *Stage, path, shown, name string, chunk int, o ExportOptions) error {
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	keys, err := checkHeader(path, shown, table(name))
	if err != nil {
		return err
	}
	if err := checkWhole(path, shown, table(name)); err != nil {
		return err
	}
	args := []any{sql.Named("file", path), sql.Named("chunk", chunk)}
	if isFact(table(name)) {
		args = append(args, sql.Named("key_from", o.KeyFrom), sql.Named("key_to", int64(math.MaxInt64)))
	}
	n, err := duck.ExecOn(ctx, stage.Conn, "stage/each/load.sql", table(name), args...)
	if err != nil {
		return explainCSV(err, path, shown, keys)
	}
	o.Progress(name, n)
	if err := rejected(ctx, stage, shown); err != nil {
		return err
	}
	return checkStill(path, shown, before, o.Warn)
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
		return fail.New(fail.Source, "run again once it is copied whole: `seats run --wait` waits for that", "%s: it changed while it was read", shown)
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

// rejected is the first row that the last load could not read, as an error, and forgets the others.
func rejected(ctx context.Context, stage *Stage, shown string) error {
	var first error
	err := duck.Each(ctx, stage.Conn, "stage/reject.sql", func(scan func(...any) error) error {
		var line int64
		var column, message string
		if err := scan(&line, &column, &message); err != nil {
			return err
		}
		first = fmt.Errorf("%s:%d:%s", shown, line, plainReject(column, message))
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := duck.Exec(ctx, stage.Conn, "stage/forget_rejects.sql"); err != nil {
		return err
	}
	return first
}
