package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/judge"
)

// ask puts the question of the day that is measured.
func ask(t config.Tenant) (judge.Question, error) {
	date, err := calendar.ParseDate(day)
	if err != nil {
		return judge.Question{}, err
	}
	mark, err := time.Parse(time.RFC3339, highWater)
	return judge.Ask(t, date, mark.Unix()), err
}

// ofSlice has the same question answered from the rows that seats has extracted.
func ofSlice(q judge.Question) func(context.Context, *pgx.Conn) ([]judge.Peak, error) {
	return func(ctx context.Context, conn *pgx.Conn) ([]judge.Peak, error) {
		rows, err := conn.Query(ctx, extractedSQL, q.Regions, q.Starts, q.Ends, q.Switches, q.SwitchRegions, q.DefaultRegion(), q.AsOf, q.Excluded)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByNameLax[judge.Peak])
	}
}

// planning is what the answers are given to work with: parallel workers, and memory so that no sort or hash goes to
// disk. Compiling the statement is off because it costs more here than it brings.
const planning = "set work_mem = '256MB'; set max_parallel_workers_per_gather = 2; set jit = off; set plan_cache_mode = force_custom_plan"

// answer asks PostgreSQL, on a connection of its own as a user would.
func (s *site) answer(ctx context.Context, schema string, question func(context.Context, *pgx.Conn) ([]judge.Peak, error)) (peaks []judge.Peak, taken sample, err error) {
	taken, err = s.watch(func() (sample, error) {
		began := time.Now()
		conn, err := s.connect(ctx, schema)
		if err != nil {
			return sample{}, err
		}
		peaks, err = question(ctx, conn)
		err = errors.Join(err, conn.Close(ctx))
		return sample{took: time.Since(began)}, err
	})
	if err != nil {
		err = fmt.Errorf("ask PostgreSQL: %w", err)
	}
	return peaks, taken, err
}

func (s *site) connect(ctx context.Context, schema string) (*pgx.Conn, error) {
	c := s.dsn.Copy()
	c.RuntimeParams["search_path"] = schema
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, planning)
	return conn, err
}

// issued reads the peaks that `seats run --format json` printed.
func issued(printed []byte) ([]judge.Peak, error) {
	var rows []struct {
		Region, Measure string
		Value           int64
		PeakAt          time.Time `json:"peak_at"`
		PeakSeconds     int64     `json:"peak_seconds"`
	}
	if err := json.NewDecoder(bytes.NewReader(printed)).Decode(&rows); err != nil {
		return nil, fmt.Errorf("read what seats printed: %w", err)
	}
	var peaks []judge.Peak
	for _, r := range rows {
		if r.Measure != "concurrent" {
			continue
		}
		p := judge.Peak{Region: r.Region, Agents: r.Value, Seconds: r.PeakSeconds}
		if r.Value > 0 {
			p.At = r.PeakAt.Unix()
		}
		peaks = append(peaks, p)
	}
	slices.SortFunc(peaks, func(a, b judge.Peak) int { return strings.Compare(a.Region, b.Region) })
	return peaks, nil
}

// agree fails where an answer is not what seats issued: then one of them is wrong, and no time matters.
func agree(what string, theirs []judge.Peak, printed []byte) error {
	ours, err := issued(printed)
	if err != nil {
		return err
	}
	if !slices.Equal(ours, theirs) {
		return fmt.Errorf("%s: seats issued %+v, the answer is %+v", what, ours, theirs)
	}
	return nil
}
