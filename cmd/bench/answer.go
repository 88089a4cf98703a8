package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
)

//go:embed answer.sql
var answerSQL string

// peak is a region's, as PostgreSQL or seats has it.
type peak struct {
	Region              string
	Agents, At, Seconds int64
}

// question is what PostgreSQL is asked, in the terms of its statements' parameters.
type question struct {
	regions            []string
	dayStart, dayEnd   []int64
	switches, at       []string // a switch and its region
	fallback           string   // the region of the default location
	asOf               int64
	sessionsFrom, ends int64
	activitiesFrom     int64
	excluded           []string
}

func ask(t config.Tenant) (question, error) {
	date, err := calendar.ParseDate(day)
	if err != nil {
		return question{}, err
	}
	mark, err := time.Parse(time.RFC3339, highWater)
	if err != nil {
		return question{}, err
	}
	q := question{asOf: mark.Unix()}
	for _, r := range t.Regions {
		span := date.In(r.Zone)
		q.regions, q.dayStart, q.dayEnd = append(q.regions, r.Name), append(q.dayStart, span.Start), append(q.dayEnd, span.End)
		for _, l := range r.Locations {
			for _, name := range l.Switches {
				q.switches, q.at = append(q.switches, name), append(q.at, r.Name)
			}
			if len(l.Switches) == 0 {
				q.fallback = r.Name
			}
		}
	}
	back := int64(t.MaxSessionHours) * 3600
	q.sessionsFrom, q.ends = slices.Min(q.dayStart)-back, slices.Max(q.dayEnd)
	q.activitiesFrom = q.sessionsFrom - back
	for _, pattern := range t.ExcludeAgents {
		q.excluded = append(q.excluded, strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(pattern))
	}
	return q, nil
}

func (q question) ofGIM() []any {
	return []any{q.regions, q.dayStart, q.dayEnd, q.switches, q.at, q.fallback, q.asOf, q.sessionsFrom, q.activitiesFrom, q.ends, q.excluded}
}

func (q question) ofSlice() []any {
	return []any{q.regions, q.dayStart, q.dayEnd, q.switches, q.at, q.fallback, q.asOf, q.excluded}
}

// planning is what the answers are given to work with: parallel workers, and memory so that no sort or hash goes to
// disk. Compiling the statement is off because it costs more here than it brings.
const planning = "set work_mem = '256MB'; set max_parallel_workers_per_gather = 2; set jit = off; set plan_cache_mode = force_custom_plan"

// answer asks PostgreSQL, on a connection of its own as a user would.
func (s *site) answer(ctx context.Context, schema, statement string, args []any) (peaks []peak, taken sample, err error) {
	taken, err = s.watch(func() (sample, error) {
		began := time.Now()
		conn, err := s.connect(ctx, schema)
		if err != nil {
			return sample{}, err
		}
		rows, err := conn.Query(ctx, statement, args...)
		if err == nil {
			peaks, err = pgx.CollectRows(rows, pgx.RowToStructByPos[peak])
		}
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
func issued(printed []byte) ([]peak, error) {
	var rows []struct {
		Region, Measure string
		Value           int64
		PeakAt          time.Time `json:"peak_at"`
		PeakSeconds     int64     `json:"peak_seconds"`
	}
	if err := json.NewDecoder(bytes.NewReader(printed)).Decode(&rows); err != nil {
		return nil, fmt.Errorf("read what seats printed: %w", err)
	}
	var peaks []peak
	for _, r := range rows {
		if r.Measure != "concurrent" {
			continue
		}
		p := peak{Region: r.Region, Agents: r.Value, Seconds: r.PeakSeconds}
		if r.Value > 0 {
			p.At = r.PeakAt.Unix()
		}
		peaks = append(peaks, p)
	}
	slices.SortFunc(peaks, func(a, b peak) int { return strings.Compare(a.Region, b.Region) })
	return peaks, nil
}

// agree fails where PostgreSQL's answer is not what seats issued: then one of them is wrong, and no time matters.
func agree(what string, theirs []peak, printed []byte) error {
	ours, err := issued(printed)
	if err != nil {
		return err
	}
	if !slices.Equal(ours, theirs) {
		return fmt.Errorf("%s: seats issued %+v, PostgreSQL answers %+v", what, ours, theirs)
	}
	return nil
}
