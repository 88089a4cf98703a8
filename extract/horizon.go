package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"seats/internal/config"
)

// GIMDBHorizon asks a GIM DB up to when it is complete, and for nothing else: one connection, three small statements.
func GIMDBHorizon(ctx context.Context, cfg config.GIMDB) (h Horizon, err error) {
	cfg.Connections = 1
	g := &GIMDB{name: sourceName(cfg)}
	if err = g.connect(ctx, cfg); err == nil {
		h, err = readHorizon(ctx, g.readers[0], cfg.Schema)
	}
	return h, errors.Join(explainPG(err, cfg), g.Close())
}

// ExportHorizon is up to when an export folder is complete, by the name of its newest chunk, which may still be being
// copied there: newest lists the files of that chunk with their sizes and times, and is another as long as they move.
func ExportHorizon(dir string) (h Horizon, newest string, err error) {
	chunks, err := findChunks(dir)
	if err != nil {
		return h, "", noChunks(dir, err)
	}
	h.HighWater = chunks[len(chunks)-1].date
	var files strings.Builder
	for _, c := range chunks {
		if h.HighWater == nil || c.date == nil || *c.date != *h.HighWater {
			continue
		}
		err := filepath.WalkDir(c.path, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintln(&files, path, info.Size(), info.ModTime().UnixNano())
			}
			return err
		})
		if err != nil {
			return h, "", explainExport(err, "export "+dir)
		}
	}
	return h, files.String(), nil
}
