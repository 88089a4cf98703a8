package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"seats/internal/config"
)

// GIMDBHorizon asks a GIM DB up to when it is complete, and for nothing else: one connection, three small statements.
func GIMDBHorizon(ctx context.Context, cfg config.GIMDB) (h Horizon, err error) {
	cfg.Connections = 1
	g := &GIMDB{name: sourceName(cfg), cfg: cfg}
	if err = g.connect(ctx, cfg); err == nil {
		h, err = readHorizon(ctx, g.readers[0], cfg.Schema)
	}
	return h, errors.Join(explainPG(err, cfg), g.Close())
}

// ExportState is what a look at an export folder tells. Where no marker says that a chunk is whole, it may still be being
// copied there.
type ExportState struct {
	Horizon
	Newest  string    // the files of the newest chunk with their sizes and times, which are others as long as they move; or empty
	Written time.Time // when the newest chunk was last written to; or zero
	Lacks   bool      // whether tables are missing from it, as dimensions may be from an increment
	Partial bool      // whether fact tables are: it is not read so
}

// ExportHorizon is up to when an export folder is complete, by the name of its newest chunk.
func ExportHorizon(dir, marker string) (s ExportState, err error) {
	chunks, _, err := findChunks(dir, marker)
	if err != nil {
		return s, err
	}
	s.HighWater = chunks[len(chunks)-1].date
	if marker != "" {
		return s, nil
	}
	var files strings.Builder
	for _, c := range chunks {
		if s.HighWater == nil || c.date == nil || *c.date != *s.HighWater {
			continue
		}
		if found, err := c.tables(c.path); err == nil && !c.isZip {
			has := map[string]bool{}
			for name := range found {
				has[name] = true
			}
			s.Lacks, s.Partial = len(missingTables(has)) > 0, c.lacksFacts(has) != nil
		}
		err := c.files(func(path string, info fs.FileInfo) {
			fmt.Fprintln(&files, path, info.Size(), info.ModTime().UnixNano())
			if info.ModTime().After(s.Written) {
				s.Written = info.ModTime()
			}
		})
		if err != nil {
			return s, explainExport(err, "export "+dir)
		}
	}
	s.Newest = files.String()
	return s, nil
}
