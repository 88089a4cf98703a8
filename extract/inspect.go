package extract

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	texts "seats/sql"
)

// Findings is what a look at a source tells, without copying anything.
type Findings struct {
	Name     string
	Detail   string
	Horizon  Horizon
	NoGroups string   // why agent groups cannot be read; empty where they can, or where nobody asked for them
	MayWrite []string // tables that the user could change, though the program never does
	Counted  bool     // whether Attempts and GUIDs were counted
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
	g := &GIMDB{name: sourceName(cfg)}
	f, err := g.inspect(ctx, cfg, zone)
	return f, errors.Join(explainPG(err, cfg), g.Close())
}

func (g *GIMDB) inspect(ctx context.Context, cfg config.GIMDB, zone *time.Location) (Findings, error) {
	f := Findings{Name: g.name, Counted: true}
	if err := g.connect(ctx, cfg); err != nil {
		return f, err
	}
	conn := g.readers[0]
	if _, err := checkRights(ctx, conn, cfg); err != nil {
		return f, err
	}
	f.Detail = fmt.Sprintf("%d tables", len(tables))
	var err error
	if f.NoGroups, err = whyNoGroups(ctx, conn, cfg); err != nil {
		return f, err
	}
	if f.MayWrite, err = mayWrite(ctx, conn, cfg.Schema); err != nil {
		return f, err
	}
	if f.Horizon, err = readHorizon(ctx, conn, cfg.Schema); err != nil {
		return f, err
	}
	last := *f.Horizon.Clock
	if f.Horizon.HighWater != nil {
		last = min(last, *f.Horizon.HighWater)
	}
	f.Day = calendar.DateOf(time.Unix(last, 0), zone).AddDays(-1)
	day := f.Day.In(zone)
	err = conn.QueryRow(ctx, texts.Text("gim/guid_mapping.sql"), floorKey(day.Start), day.End).Scan(&f.Attempts, &f.GUIDs)
	if err != nil {
		return f, locate(err, "gim/guid_mapping.sql")
	}
	return f, g.inspectNames(ctx, cfg, day, &f)
}

// inspectNames looks for attempt GUIDs that stand for none, and for switches.
func (g *GIMDB) inspectNames(ctx context.Context, cfg config.GIMDB, day calendar.Interval, f *Findings) error {
	hasMapping, err := mayRead(ctx, g.readers[0], cfg.Schema, mapping)
	if err != nil {
		return err
	}
	if err := g.readTexts(ctx); err != nil {
		return err
	}
	if hasMapping {
		if f.DefaultGUIDs, err = g.names(ctx, "gim/default_guid.sql"); err != nil {
			return err
		}
	}
	if f.Switches, err = g.names(ctx, "gim/switch.sql"); err != nil {
		return err
	}
	rows, err := g.readers[0].Query(ctx, texts.Text("gim/common_guid.sql"), floorKey(day.Start), day.End)
	if err == nil {
		f.CommonGUIDs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c CommonGUID, err error) {
			var guid []byte
			err = row.Scan(&guid, &c.Legs, &c.Agents)
			c.GUID = g.texts.text(guid)
			return c, err
		})
	}
	if err != nil {
		return locate(g.texts.plain(err), "gim/common_guid.sql")
	}
	return nil
}

// InspectExport looks at the chunks of an export folder: checksums, tables, headers. Errors carry fail.Source. Zips are
// unpacked one after the other, in a folder of their own that is made in tempDir for the first of them, and removed. groups:
// agent groups are looked for too.
func InspectExport(ctx context.Context, dir, marker, tempDir string, groups bool) (Findings, error) {
	f := Findings{Name: "export " + dir}
	chunks, coming, err := findChunks(dir, marker)
	if err != nil {
		return f, err
	}
	temp := filepath.Join(tempDir, "seats-check-"+rand.Text())
	defer os.RemoveAll(temp) //nolint:errcheck // a folder for temporary files
	seen := map[string]bool{}
	names, err := newResourceReader(ctx, temp)
	if err != nil {
		return f, err
	}
	defer names.close()
	for i, c := range chunks {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		c.groups = groups
		if err := names.inspectChunk(ctx, i, c, filepath.Join(temp, "export"), seen); err != nil {
			return f, explainExport(err, f.Name)
		}
	}
	if missing := missingTables(seen); len(missing) > 0 {
		return f, fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", f.Name, strings.Join(missing, ", "))
	}
	if groups {
		f.NoGroups = missingGroups(seen)
	}
	if f.Switches, err = names.switches(ctx); err != nil {
		return f, err
	}
	newest := chunks[len(chunks)-1]
	f.Horizon.HighWater = newest.date
	f.Detail = fmt.Sprintf("%d tables in %d chunks, the newest %s", len(tables), len(chunks), filepath.Base(newest.path))
	for _, c := range coming {
		f.Detail += fmt.Sprintf("; %s is not read yet: %s", filepath.Base(c.path), c.unready)
	}
	return f, nil
}

// resourceReader reads the resources of an export, chunk by chunk, into a stage of its own.
type resourceReader struct {
	db *sql.DB
	exportReader
}

func newResourceReader(ctx context.Context, temp string) (*resourceReader, error) {
	db, err := duck.Open("", duck.Options{TempDir: temp})
	if err != nil {
		return nil, err
	}
	r := &resourceReader{db: db}
	r.Warn, r.Progress = func(string) {}, func(string, int64) {}
	conn, err := db.Conn(ctx)
	if err == nil {
		if r.stage, err = NewStage(ctx, db, conn); err == nil {
			err = r.stage.create(ctx, "resource_")
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return r, nil
}

func (r *resourceReader) close() { r.db.Close() } //nolint:errcheck // in memory

// switches are those of the newest state of each resource.
func (r *resourceReader) switches(ctx context.Context) ([]string, error) {
	if err := r.stage.merge(ctx, "resource_", false, nil); err != nil {
		return nil, err
	}
	if err := r.stage.resolveResources(ctx); err != nil {
		return nil, err
	}
	return r.stage.Switches(ctx)
}

// inspectChunk looks at the files of a chunk.
func (r *resourceReader) inspectChunk(ctx context.Context, number int, c chunk, temp string, seen map[string]bool) error {
	folder, files, cleanup, err := c.unpack(temp)
	if err != nil {
		return err
	}
	defer cleanup()
	for name, file := range files {
		_, err := checkHeader(filepath.Join(folder, file), c.shown(file), table(name))
		if errors.Is(err, errNoColumn) && !has(tables, name) {
			continue
		}
		if err != nil {
			return err
		}
		seen[name] = true
		if name == "resource_" {
			if err := r.loadFile(ctx, exportFile{table: name, chunk: number, path: filepath.Join(folder, file), shown: c.shown(file)}); err != nil {
				return err
			}
		}
	}
	return nil
}
