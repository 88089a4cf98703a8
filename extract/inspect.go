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
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
)

// Findings is what a look at a source tells, without copying anything.
type Findings struct {
	Name     string
	Detail   string
	Horizon  Horizon
	NoGroups string   // why agent groups cannot be read; empty where they can, or where nobody asked for them
	MayWrite []string // tables that the user could change, though the program never does
	// TenantKeys are those that sessions have, in order: of the last month of a GIM DB, or in the files of an export
	// that are written as GIM writes them.
	TenantKeys []int64
	Counted    bool // whether Attempts and GUIDs were counted
	// Contact attempts and attempt GUIDs of Day, the last that the source holds whole.
	Day             calendar.Date
	Attempts, GUIDs int64
	CommonGUIDs     []CommonGUID
	DefaultGUIDs    []string // that the mapping of user data puts on calls that have none

	Switches []string // of the source's DNs and queues
}

// CommonGUID is an attempt GUID on legs of so many agents that it stands for none.
type CommonGUID struct {
	GUID         string
	Legs, Agents int64
}

// InspectGIMDB connects, checks tables, columns and rights, and counts attempts and GUIDs of the last whole day
// in a zone. It says why agent groups could not be read, whether they are wanted or not. Errors carry fail.Source.
func InspectGIMDB(ctx context.Context, cfg config.GIMDB, zone *time.Location) (Findings, error) {
	cfg.Connections = 1
	g := &GIMDB{origin: origin{name: sourceName(cfg)}, cfg: cfg}
	f := Findings{Name: g.name, Counted: true}
	err := g.inspect(ctx, zone, &f)
	return f, errors.Join(explainPG(err, cfg), g.Close())
}

func (g *GIMDB) inspect(ctx context.Context, zone *time.Location, f *Findings) (err error) {
	err = g.look(ctx)
	f.Horizon = g.horizon
	if err != nil {
		return err
	}
	f.Detail, f.NoGroups = fmt.Sprintf("%d tables", len(tables)), g.whyNoGroups()
	f.MayWrite = tablesWith(g.rightsOn(slices.Concat(tables, histories)...), func(r right) bool { return r.MayWrite })
	leader, last := g.readers[0], *f.Horizon.Last()
	for _, from := range []int64{floorKey(last - month), 0} { // further back only where there is nothing in a month
		if len(f.TenantKeys) > 0 {
			break
		}
		if f.TenantKeys, err = all(ctx, leader, "gim/session_tenant", pgx.RowTo[int64], from, last); err != nil {
			return err
		}
	}
	f.Day = calendar.DateOf(time.Unix(last, 0), zone).AddDays(-1)
	day := f.Day.In(zone)
	if err := leader.ask(ctx, "gim/guid_mapping", []any{floorKey(day.Start), day.End}, &f.Attempts, &f.GUIDs); err != nil {
		return err
	}
	if err := g.readNames(ctx); err != nil {
		return err
	}
	f.DefaultGUIDs = g.noGUIDs
	if f.Switches, err = leader.names(ctx, "gim/switch"); err != nil {
		return err
	}
	f.CommonGUIDs, err = all(ctx, leader, "gim/common_guid", func(row pgx.CollectableRow) (c CommonGUID, err error) {
		var guid []byte
		err = row.Scan(&guid, &c.Legs, &c.Agents)
		c.GUID = leader.texts.text(guid)
		return c, err
	}, floorKey(day.Start), day.End)
	return err
}

// month is how long before its end a GIM DB is asked whose sessions it has, in seconds.
const month = 31 * 24 * hour

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
			partial = cmp.Or(partial, c.lacksFacts(has))
		}
		maps.Copy(seen, has)
	}
	if missing := missingTables(seen); len(missing) > 0 {
		return f, fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", f.Name, strings.Join(missing, ", "))
	}
	if partial != nil {
		return f, partial
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
