package extract

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
	"seats/internal/fail"
	texts "seats/sql"
)

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

// String names the data source as the GIM does.
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
			names[i] += ", read up to " + instant(*d.ReadUpTo)
		}
	}
	return strings.Join(names, "; ")
}

func instant(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }

// furthest is up to when that data source was read that was read furthest.
func furthest(of []DataSource) (newest int64) {
	for _, d := range of {
		if d.ReadUpTo != nil {
			newest = max(newest, *d.ReadUpTo)
		}
	}
	return newest
}

// readDataSources refuses a mark that is none: a day that was read by it could be final before its time.
func readDataSources(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB, clock int64) ([]DataSource, error) {
	names, err := dataSourceNames(ctx, conn, cfg)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, texts.InSchema("gim/high_water", cfg.Schema))
	if err != nil {
		return nil, locate(err, "gim/high_water", cfg.Schema)
	}
	var d DataSource
	var read, transformed *float64
	var sources []DataSource
	var wrong []string
	_, err = pgx.ForEachRow(rows, []any{&d.Key, &d.Type, &read, &transformed, &d.hasEnded}, func() error {
		d.Name = names[[2]int64{d.Key, d.Type}]
		if why := noTime(read, clock); why != "" {
			wrong = append(wrong, fmt.Sprintf("max_ts of %s is %s", d, why))
			return nil
		}
		d.ReadUpTo, d.mark = seconds(read), seconds(transformed)
		sources = append(sources, d)
		return nil
	})
	if err != nil {
		return nil, locate(err, "gim/high_water", cfg.Schema)
	}
	if len(wrong) > 0 {
		return nil, fail.New(fail.Source, "have these rows of ctl_extract_history corrected, or let a view of the same name leave them out; nothing was changed",
			"%s: ctl_extract_history: %s", sourceName(cfg), strings.Join(wrong, "; "))
	}
	return sources, nil
}

// noTime says why the newest max_ts of a data source is no mark; nothing where it is one.
func noTime(maxTS *float64, clock int64) string {
	switch {
	case maxTS == nil:
		return "missing from every row"
	case !(*maxTS >= firstMark && *maxTS < endOfTime): // NaN is neither
		return fmt.Sprintf("%.0f, which is no time in seconds", *maxTS)
	case *maxTS > float64(clock+aheadAtMost):
		return fmt.Sprintf("%.0f (%s), which lies ahead of the server's clock", *maxTS, instant(int64(*maxTS)))
	}
	return ""
}

func seconds(of *float64) *int64 {
	if of == nil {
		return nil
	}
	ts := int64(*of)
	return &ts
}

// dataSourceNames reads what the GIM calls its data sources, by key and type, where it tells.
func dataSourceNames(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB) (map[[2]int64]string, error) {
	rights, err := readRights(ctx, conn, cfg.Schema, sourceNames)
	if err != nil || whyNot(rights, nil, cfg) != "" {
		return nil, err
	}
	rows, err := conn.Query(ctx, texts.InSchema("gim/data_source_name", cfg.Schema))
	if err != nil {
		return nil, locate(err, "gim/data_source_name", cfg.Schema)
	}
	names := map[[2]int64]string{}
	var of [2]int64
	var name string
	_, err = pgx.ForEachRow(rows, []any{&of[0], &of[1], &name}, func() error {
		names[of] = name
		return nil
	})
	if err != nil {
		return nil, locate(err, "gim/data_source_name", cfg.Schema)
	}
	return names, nil
}
