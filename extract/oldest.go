package extract

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"seats/internal/fail"
)

// A source knows from when on it has sessions. A day that ends before that is not one on which nobody was there: it was purged, or
// the source is not that old. Nothing about it may become a number.

// NeverThereError: a day ends before the oldest session of the source began.
type NeverThereError struct {
	Source string
	Oldest *int64 // when that was, epoch seconds; nil: the source has no session at all
}

func (e *NeverThereError) Error() string {
	if e.Oldest == nil {
		return e.Source + " has no session at all: purged, or never there"
	}
	return fmt.Sprintf("the oldest session of %s began at %s, after the day's end: purged, or never there", e.Source, time.Unix(*e.Oldest, 0).UTC().Format(time.RFC3339))
}

// neverThere refuses a day without a session that ends before the source's first; where a loss is accepted, it tells it.
func (c *cut) neverThere(ctx context.Context) (*NeverThereError, error) {
	if c.sent[voiceSession.Name] != nil {
		return nil, nil
	}
	has, oldest, err := c.Source.HasBefore(ctx, c.w.Hull().End)
	if err != nil || has {
		return nil, err
	}
	never := &NeverThereError{Source: c.Source.Name(), Oldest: oldest}
	if c.AcceptLoss {
		return never, nil
	}
	return nil, fail.New(fail.Source, "let production_date be no earlier than the first day that the source has; if nobody was there before, --accept-loss takes the day as one without a session, and the ledger says so",
		"%w", never)
}

// HasBefore asks the snapshot.
func (g *GIMDB) HasBefore(ctx context.Context, end int64) (has bool, oldest *int64, err error) {
	err = ask(ctx, g.readers[0], g.cfg.Schema, "gim/session_before", []any{end, g.tenantKey}, &has)
	if err == nil && !has {
		err = ask(ctx, g.readers[0], g.cfg.Schema, "gim/oldest_session", []any{g.tenantKey}, &oldest)
	}
	return has, oldest, explainRead(err, g.name)
}

// HasBefore knows it since the export was opened.
func (e *Export) HasBefore(_ context.Context, end int64) (has bool, oldest *int64, err error) {
	return e.oldest != nil && *e.oldest < end, e.oldest, nil
}

// findOldest looks for the oldest session of an export, file by file; the first that began before a time will do.
func findOldest(ctx context.Context, chunks []chunk, files []exportFile, enough int64, tenantKey *int64) (oldest *int64, err error) {
	for _, f := range files {
		if f.table != sessionTable {
			continue
		}
		key, err := oldestIn(ctx, chunks[f.chunk], f, enough, tenantKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.shown, err)
		}
		if key != nil && (oldest == nil || *key < *oldest) {
			oldest = key
		}
		if oldest != nil && *oldest < enough {
			break
		}
	}
	return oldest, nil
}

func oldestIn(ctx context.Context, c chunk, f exportFile, enough int64, tenantKey *int64) (*int64, error) {
	if f.old && c.isZip { // it was not unpacked
		return oldestInZip(ctx, c.path, enough, tenantKey)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return oldestOf(ctx, file, enough, tenantKey)
}

func oldestInZip(ctx context.Context, path string, enough int64, tenantKey *int64) (oldest *int64, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	for _, entry := range z.File {
		if strings.ToLower(filepath.Base(strings.ReplaceAll(entry.Name, `\`, "/"))) != sessionTable+".csv" {
			continue
		}
		file, err := entry.Open()
		if err != nil {
			return nil, err
		}
		oldest, err = oldestOf(ctx, file, enough, tenantKey)
		return oldest, errors.Join(err, file.Close())
	}
	return nil, nil
}

// oldestOf reads time keys until one lies before a time that is early enough. What is no row or no number is for those to name who
// read the rows.
func oldestOf(ctx context.Context, file io.Reader, enough int64, tenantKey *int64) (oldest *int64, err error) {
	rows := csv.NewReader(file)
	rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = -1, true, true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	place := func(name string) int {
		return slices.IndexFunc(header, func(field string) bool { return strings.EqualFold(strings.TrimPrefix(field, "\ufeff"), name) })
	}
	key, tenant := place("start_date_time_key"), place("tenant_key")
	number := func(row []string, at int) (int64, bool) {
		if at < 0 || at >= len(row) {
			return 0, false
		}
		n, err := strconv.ParseInt(row[at], 10, 64)
		return n, err == nil
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return oldest, nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return oldest, err
		}
		of, _ := number(row, tenant)
		began, is := number(row, key)
		if !is || tenantKey != nil && of != *tenantKey || oldest != nil && *oldest <= began {
			continue
		}
		if oldest = &began; began < enough {
			return oldest, nil
		}
	}
}
