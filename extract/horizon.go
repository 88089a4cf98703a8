package extract

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/settle"
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

	readUpTo *int64 // by the one that was read furthest; nil where nothing tells
}

// Last is a time up to which there may be facts, where any time is known: the high-water mark, else what was read, else the source's clock.
func (h Horizon) Last() *int64 {
	return cmp.Or(h.HighWater, h.readUpTo, h.Clock)
}

// AsOf is where open sessions end (R10): the high-water mark, else the source's clock, else the window's end.
func (h Horizon) AsOf(w Window) int64 {
	return *cmp.Or(h.HighWater, h.Clock, new(w.Hull().End))
}

// Ready says whether the source is complete up to the end of the day in every region (R10); known is false where that cannot be told.
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
		return fmt.Sprintf("is complete up to %s (%s)", settle.Epoch(*h.HighWater), h.Behind)
	}
	return "is complete up to " + settle.Epoch(*h.HighWater).String()
}

// LeftOut names the data sources that were left out, or nothing.
func (h Horizon) LeftOut() string { return listed(h.Retired) }

// GIMDBHorizon asks a GIM DB up to when it is complete, and for nothing else: one connection, a few small statements.
func GIMDBHorizon(ctx context.Context, cfg config.GIMDB) (h Horizon, err error) {
	err = lookAt(cfg, nil, func(g *GIMDB) error {
		err := fail.InTurn(ctx, g.connect, g.readHorizon)
		h = g.horizon
		return err
	})
	return h, err
}

// readHorizon reads the server's clock and the high-water mark; where the histories cannot be read the mark is unknown.
func (g *GIMDB) readHorizon(ctx context.Context) error {
	clock := g.readers[0].transaction["clock"].(int64)
	g.horizon.Clock = &clock
	l, err := g.lacks(ctx, histories...)
	if l.hidden = nil; err != nil { // that it hides rows of them the server says when they are read
		return err
	}
	if g.horizon.Unknown = l.whyNot(g.cfg); g.horizon.Unknown != "" {
		return nil
	}
	sources, err := g.readDataSources(ctx, clock)
	if err == nil {
		g.horizon.settle(sources, g.cfg.RetiredAfterDays)
	}
	return err
}

// settle finds the high-water mark among those of the data sources. One that was read last so many days before the one that
// was read furthest is left out; none, where days is 0.
func (h *Horizon) settle(sources []DataSource, retiredAfterDays int) {
	var unmarked []DataSource
	for _, d := range sources {
		if d.ReadUpTo != nil && (h.readUpTo == nil || *d.ReadUpTo > *h.readUpTo) {
			h.readUpTo = d.ReadUpTo
		}
	}
	for _, d := range sources {
		switch {
		case retiredAfterDays > 0 && d.ReadUpTo != nil && *d.ReadUpTo < *h.readUpTo-int64(retiredAfterDays)*86400:
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

// ExportState is what a look at an export folder tells. Where no marker says that a chunk is whole, it may still be being copied there.
type ExportState struct {
	Horizon
	Newest  string    // the files of the newest chunk with their sizes and times, which are others as long as they move; or empty
	Written time.Time // when the newest chunk was last written to; or zero
	Lacks   bool      // whether tables are missing from it, as dimensions may be from an increment
	Partial bool      // whether fact tables are: it is not read so
}

// ExportHorizon is up to when an export folder is complete, by the name of its newest chunk. now is the reader's clock.
func ExportHorizon(dir, marker string, now time.Time) (s ExportState, err error) {
	e, err := lookFor(dir, ExportOptions{Marker: marker, Now: now})
	if s.Horizon = e.horizon; err != nil || marker != "" || s.HighWater == nil {
		return s, err
	}
	var files strings.Builder
	for _, c := range e.chunks {
		if c.date == nil || *c.date != *s.HighWater {
			continue
		}
		if !c.isZip && c.find(false) == nil {
			s.Lacks, s.Partial = len(missingOf(tables, c.files)) > 0, c.lacksFacts() != nil
		}
		err := c.eachFile(func(path string, info fs.FileInfo) {
			fmt.Fprintln(&files, path, info.Size(), info.ModTime().UnixNano())
			if info.ModTime().After(s.Written) {
				s.Written = info.ModTime()
			}
		})
		if err != nil {
			return s, explainExport(err, e.name)
		}
	}
	s.Newest = files.String()
	return s, nil
}

// DataSource is a T-Server or an Outbound Contact Server that a GIM reads.
type DataSource struct {
	Key, Type int64
	Name      string // of the GIM's way to it; empty where that is not told
	ReadUpTo  *int64 // epoch seconds; nil where nothing tells
	mark      *int64 // up to where facts have been made of what was read
	hasEnded  bool   // by its own word an extraction has
}

const outboundServer = 3 // data_source_type; 1 is a T-Server

// A mark is no time where it lies further ahead of the server's clock than clocks of a site may be apart, or before there
// were GIMs: milliseconds, minutes, a zero.
const (
	aheadAtMost = 5 * 60
	firstMark   = 946684800    // 2000-01-01
	endOfTime   = 253402300800 // the year 10000
)

func (d DataSource) String() string {
	kind := "T-Server"
	if d.Type == outboundServer {
		kind = "OCS"
	}
	return fmt.Sprintf("data_source_key %d, %s", d.Key, strings.TrimSpace(kind+" "+d.Name))
}

// listed names data sources, each with up to when it was read.
func listed(of []DataSource) string {
	names := make([]string, len(of))
	for i, d := range of {
		names[i] = d.String()
		if d.ReadUpTo != nil {
			names[i] += ", read up to " + settle.Epoch(*d.ReadUpTo).String()
		}
	}
	return strings.Join(names, "; ")
}

// readDataSources refuses a mark that is none: a day that was read by it could be final before its time.
func (g *GIMDB) readDataSources(ctx context.Context, clock int64) (sources []DataSource, err error) {
	names := map[[2]int64]string{} // what the GIM calls them, by key and type, where it tells
	l, err := g.lacks(ctx, sourceNames)
	if err == nil && l.mayReadAll() && len(l.wrongType) == 0 {
		_, err = all(ctx, g.readers[0], "gim/data_source_name", func(row pgx.CollectableRow) (name string, err error) {
			var of [2]int64
			err = row.Scan(&of[0], &of[1], &name)
			names[of] = name
			return name, err
		})
	}
	if err != nil {
		return nil, err
	}
	var wrong []string
	sources, err = all(ctx, g.readers[0], "gim/high_water", func(row pgx.CollectableRow) (d DataSource, err error) {
		var read, transformed *float64
		err = row.Scan(&d.Key, &d.Type, &read, &transformed, &d.hasEnded)
		d.Name = names[[2]int64{d.Key, d.Type}]
		if why := noTime(read, clock); why != "" {
			wrong = append(wrong, fmt.Sprintf("max_ts of %s is %s", d, why))
			return d, err
		}
		if d.ReadUpTo = new(int64(*read)); transformed != nil {
			d.mark = new(int64(*transformed))
		}
		return d, err
	})
	if err == nil && len(wrong) > 0 {
		err = fail.New(fail.Source, "have these rows of ctl_extract_history corrected, or let a view of the same name leave them out; nothing was changed",
			"%s: ctl_extract_history: %s", g.name, strings.Join(wrong, "; "))
	}
	return sources, err
}

// noTime says why the newest max_ts of a data source is no mark; nothing where it is one.
func noTime(maxTS *float64, clock int64) string {
	switch {
	case maxTS == nil:
		return "missing from every row"
	case !(*maxTS >= firstMark && *maxTS < endOfTime): // NaN is neither
		return fmt.Sprintf("%.0f, which is no time in seconds", *maxTS)
	case *maxTS > float64(clock+aheadAtMost):
		return fmt.Sprintf("%.0f (%s), which lies ahead of the server's clock", *maxTS, settle.Epoch(int64(*maxTS)))
	}
	return ""
}
