package extract

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
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
	// TenantKeys are those that sessions have, in order: of the last month of a GIM DB, or in the files of an export
	// that are written as GIM writes them.
	TenantKeys []int64
	Counted    bool // whether Attempts and GUIDs were counted
	// Contact attempts and attempt GUIDs of Day, the last that the source holds whole.
	Day             calendar.Date
	Attempts, GUIDs int64
}

// InspectGIMDB connects, checks tables, columns and rights, and counts attempts and GUIDs of the last whole day
// in a zone. It says why agent groups could not be read, whether they are wanted or not. Errors carry fail.Source.
func InspectGIMDB(ctx context.Context, cfg config.GIMDB, zone *time.Location) (Findings, error) {
	cfg.Connections = 1
	g := &GIMDB{name: sourceName(cfg), cfg: cfg}
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
	if f.TenantKeys, err = tenantsUntil(ctx, conn, cfg.Schema, last); err != nil {
		return f, err
	}
	f.Day = calendar.DateOf(time.Unix(last, 0), zone).AddDays(-1)
	day := f.Day.In(zone)
	return f, ask(ctx, conn, cfg.Schema, "gim/guid_mapping.sql", []any{floorKey(day.Start), day.End}, &f.Attempts, &f.GUIDs)
}

// month is how long before its end a GIM DB is asked whose sessions it has, in seconds.
const month = 31 * 24 * hour

func tenantsUntil(ctx context.Context, conn *pgx.Conn, schema string, last int64) (keys []int64, err error) {
	const name = "gim/session_tenant.sql"
	for _, from := range []int64{floorKey(last - month), 0} { // further back only where there is nothing in a month
		rows, err := conn.Query(ctx, texts.InSchema(name, schema), from, last)
		if err != nil {
			return nil, locate(err, name, schema)
		}
		keys, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return nil, locate(err, name, schema)
		}
		if len(keys) > 0 {
			break
		}
	}
	return keys, nil
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
	seen, tenants := map[string]bool{}, map[int64]bool{}
	for _, c := range chunks {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		c.groups = groups
		if err := inspectChunk(ctx, c, filepath.Join(temp, "export"), seen, tenants); err != nil {
			return f, explainExport(err, f.Name)
		}
	}
	if missing := missingTables(seen); len(missing) > 0 {
		return f, fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", f.Name, strings.Join(missing, ", "))
	}
	if groups {
		f.NoGroups = missingGroups(seen)
	}
	f.TenantKeys = slices.Sorted(maps.Keys(tenants))
	newest := chunks[len(chunks)-1]
	f.Horizon.HighWater = newest.date
	f.Detail = fmt.Sprintf("%d tables in %d chunks, the newest %s", len(tables), len(chunks), filepath.Base(newest.path))
	for _, c := range coming {
		f.Detail += fmt.Sprintf("; %s is not read yet: %s", filepath.Base(c.path), c.unready)
	}
	return f, nil
}

func inspectChunk(ctx context.Context, c chunk, temp string, seen map[string]bool, tenants map[int64]bool) error {
	folder, files, cleanup, err := c.unpack(temp)
	if err != nil {
		return err
	}
	defer cleanup()
	for name, file := range files {
		h, err := checkHeader(filepath.Join(folder, file), c.shown(file), table(name))
		if errors.Is(err, errNoColumn) && !has(tables, name) {
			continue
		}
		if err != nil {
			return err
		}
		seen[name] = true
		if name == sessionTable {
			if err := noteTenants(ctx, filepath.Join(folder, file), h, tenants); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteTenants notes whose sessions a file has, so far as it is plain: to read any other is a run's business.
func noteTenants(ctx context.Context, path string, h header, tenants map[int64]bool) error {
	t := table(sessionTable)
	plain, err := newPlainFile(path, h, t)
	if err != nil || plain == nil {
		return err
	}
	key := column(t, "tenant_key")
	_, err = plain.look(ctx, func(row *plainRow) error {
		if of, has := row.number(key); has {
			tenants[of] = true
		}
		return nil
	})
	return err
}
