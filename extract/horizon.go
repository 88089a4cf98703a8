package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
	"seats/internal/fail"
)

// Horizon is how far a source can be believed (R10).
type Horizon struct {
	HighWater *int64 // up to when its facts are complete, epoch seconds; nil where that cannot be told
	Clock     *int64 // the source's own clock; nil where it has none

	// Of a GIM DB, whose data sources are read one by one:
	Unknown string       // why HighWater cannot be told
	Behind  *DataSource  // the one that is behind the others: HighWater is its mark
	Waiting []DataSource // extracted, and nothing of it transformed yet: the source is not ready for any day
	Retired []DataSource // taken for switched off, and left out

	readUpTo int64 // by the one that was read furthest; 0 where nothing tells
}

// Last is a time up to which there may be facts, where any time is known: the high-water mark, else what was read, else the
// source's clock.
func (h Horizon) Last() *int64 {
	switch {
	case h.HighWater != nil:
		return h.HighWater
	case h.readUpTo > 0:
		return &h.readUpTo
	}
	return h.Clock
}

// AsOf is where open sessions end (R10): the high-water mark, else the source's clock, else the window's end.
func (h Horizon) AsOf(w Window) int64 {
	switch {
	case h.HighWater != nil:
		return *h.HighWater
	case h.Clock != nil:
		return *h.Clock
	default:
		return w.Hull().End
	}
}

// Ready says whether the source is complete up to the end of the day in every region (R10); known is false
// where that cannot be told.
func (h Horizon) Ready(w Window) (ready, known bool) {
	switch {
	case len(h.Waiting) > 0:
		return false, true
	case h.HighWater == nil:
		return false, false
	}
	return *h.HighWater >= w.Hull().End, true
}

// Reach says how far the source is, where that is known: a verb and more.
func (h Horizon) Reach() string {
	switch {
	case len(h.Waiting) > 0:
		return "has not transformed yet what it extracted of " + listed(h.Waiting)
	case h.Behind != nil:
		return fmt.Sprintf("is complete up to %s (%s)", instant(*h.HighWater), h.Behind)
	}
	return "is complete up to " + instant(*h.HighWater)
}

// LeftOut names the data sources that were left out, or nothing.
func (h Horizon) LeftOut() string { return listed(h.Retired) }

// GIMDBHorizon asks a GIM DB up to when it is complete, and for nothing else: one connection, a few small statements.
func GIMDBHorizon(ctx context.Context, cfg config.GIMDB) (h Horizon, err error) {
	cfg.Connections = 1
	g := &GIMDB{name: sourceName(cfg), cfg: cfg}
	if err = g.connect(ctx, cfg); err == nil {
		h, err = readHorizon(ctx, g.readers[0], cfg)
	}
	return h, errors.Join(explainPG(err, cfg), g.Close())
}

// readHorizon reads the server's clock and the high-water mark; where the histories cannot be read the mark is unknown.
func readHorizon(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB) (h Horizon, err error) {
	if err := ask(ctx, conn, cfg.Schema, "gim/clock", nil, &h.Clock); err != nil {
		return h, err
	}
	rights, err := readRights(ctx, conn, cfg.Schema, histories...)
	if err != nil {
		return h, err
	}
	if h.Unknown = whyNot(rights, nil, cfg); h.Unknown != "" {
		return h, nil
	}
	sources, err := readDataSources(ctx, conn, cfg, *h.Clock)
	if err != nil {
		return h, err
	}
	h.settle(sources, cfg.RetiredAfterDays)
	return h, nil
}

// settle finds the high-water mark among those of the data sources. One that was read last so many days before the one that
// was read furthest is left out; none, where days is 0.
func (h *Horizon) settle(sources []DataSource, retiredAfterDays int) {
	var unmarked []DataSource
	h.readUpTo = furthest(sources)
	for _, d := range sources {
		switch {
		case retiredAfterDays > 0 && d.ReadUpTo != nil && *d.ReadUpTo < h.readUpTo-int64(retiredAfterDays)*86400:
			h.Retired = append(h.Retired, d)
		case d.mark == nil && d.hasEnded:
			h.Waiting = append(h.Waiting, d)
		case d.mark == nil:
			unmarked = append(unmarked, d)
		case h.Behind == nil || *d.mark < *h.Behind.mark:
			h.Behind = &d
		}
	}
	switch {
	case len(h.Waiting) > 0:
		h.Behind = nil
	case len(unmarked) > 0:
		h.Behind, h.Unknown = nil, "ctl_extract_history does not say up to when facts were made of "+listed(unmarked)+
			": extract_end_time is null in every row of it"
	case h.Behind == nil:
		h.Unknown = "ctl_extract_history names no T-Server and no Outbound Contact Server"
	default:
		h.HighWater = h.Behind.mark
	}
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

// ExportHorizon is up to when an export folder is complete, by the name of its newest chunk. now is the reader's clock.
func ExportHorizon(dir, marker string, now time.Time) (s ExportState, err error) {
	chunks, _, err := findChunks(dir, marker)
	if err != nil {
		return s, err
	}
	if s.HighWater, err = markOf(dir, chunks, now); err != nil || marker != "" {
		return s, err
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

// markOf is the date of the newest chunk, if any has one.
func markOf(dir string, chunks []chunk, now time.Time) (*int64, error) {
	newest := chunks[len(chunks)-1]
	if newest.date != nil && *newest.date > now.Unix()+aheadAtMost {
		return nil, fail.New(fail.Source, "the date in the name is UTC, and of data that is there: is the clock or the zone wrong of what made the chunk, or this machine's clock? nothing was changed",
			"export %s: %s is dated ahead of this machine's clock", dir, newest.path)
	}
	return newest.date, nil
}
