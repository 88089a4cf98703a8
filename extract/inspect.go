package extract

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	Counted  bool     // whether Attempts and GUIDs were counted
	// Contact attempts and attempt GUIDs of Day, the last that the source holds whole.
	Day             calendar.Date
	Attempts, GUIDs int64
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
	if f.Horizon, err = readHorizon(ctx, conn, cfg); err != nil {
		return f, err
	}
	f.Day = calendar.DateOf(time.Unix(*f.Horizon.Last(), 0), zone).AddDays(-1)
	day := f.Day.In(zone)
	err = conn.QueryRow(ctx, texts.Text("gim/guid_mapping.sql"), floorKey(day.Start), day.End).Scan(&f.Attempts, &f.GUIDs)
	if err != nil {
		return f, locate(err, "gim/guid_mapping.sql")
	}
	return f, nil
}

// InspectExport looks at the chunks of an export folder: checksums, tables, headers. Errors carry fail.Source. Zips are
// unpacked one after the other, in a folder of their own that is made in tempDir for the first of them, and removed. groups:
// agent groups are looked for too. now is the reader's clock.
func InspectExport(ctx context.Context, dir, marker, tempDir string, groups bool, now time.Time) (Findings, error) {
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
	seen := map[string]bool{}
	for _, c := range chunks {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		c.groups = groups
		if err := inspectChunk(c, filepath.Join(temp, "export"), seen); err != nil {
			return f, explainExport(err, f.Name)
		}
	}
	if missing := missingTables(seen); len(missing) > 0 {
		return f, fail.New(fail.Source, "the export job must export these tables; was the folder copied whole?", "%s: no file for %s", f.Name, strings.Join(missing, ", "))
	}
	if groups {
		f.NoGroups = missingGroups(seen)
	}
	f.Detail = fmt.Sprintf("%d tables in %d chunks, the newest %s", len(tables), len(chunks), filepath.Base(chunks[len(chunks)-1].path))
	for _, c := range coming {
		f.Detail += fmt.Sprintf("; %s is not read yet: %s", filepath.Base(c.path), c.unready)
	}
	return f, nil
}

func inspectChunk(c chunk, temp string, seen map[string]bool) error {
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
	}
	return nil
}
