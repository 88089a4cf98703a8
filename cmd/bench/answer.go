package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/judge"
)

var (
	//go:embed copy_slice.sql
	copySliceSQL string
	//go:embed extracted.sql
	extractedSQL string
	//go:embed slice_tables.sql
	sliceTablesSQL string
	//go:embed script/copy.sql
	scriptCopySQL string
	//go:embed script/answer.py
	scriptAnswerPy string
)

// answer asks PostgreSQL, on a connection of its own as a user would.
func (s *site) answer(schema string, question func(context.Context, *pgx.Conn) ([]judge.Peak, error)) (peaks []judge.Peak, taken sample) {
	taken = s.watch(func() sample {
		began := time.Now()
		conn := s.connect(schema)
		peaks = must(question(s.ctx, conn))
		check(conn.Close(s.ctx))
		return sample{took: time.Since(began)}
	})
	return peaks, taken
}

// script answers as an engineer would who has no seats: psql copies rows into CSV files, another client of DuckDB counts.
func (s *site) script(schema string, q judge.Question) (peaks []judge.Peak, taken sample) {
	dir := filepath.Join(s.dir, "script")
	program, asked := filepath.Join(dir, "answer.py"), filepath.Join(dir, "question.json")
	check(os.MkdirAll(dir, 0o700))
	check(os.WriteFile(program, []byte(scriptAnswerPy), 0o600))
	check(os.WriteFile(asked, must(json.Marshal(q)), 0o600))
	taken = s.watch(func() sample {
		began := time.Now()
		copied := must(s.copyOut(dir, schema, scriptCopySQL, map[string]int64{
			"sessions_from": key(q.From - q.Lookback), "activities_from": key(q.From - 2*q.Lookback),
			"day_from": key(q.From), "day_until": q.Until, "until": q.AsOf}))
		counted := must(child(s.ctx, s.Python, program, asked))
		counted.took, counted.cpu = time.Since(began), counted.cpu+copied.cpu
		return counted
	})
	for d := json.NewDecoder(bytes.NewReader(taken.stdout)); ; {
		var p judge.Peak
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return peaks, taken
		} else {
			check(err)
		}
		peaks = append(peaks, p)
	}
}

// copyOut has psql run a script of copies in a folder.
func (s *site) copyOut(dir, schema, script string, numbers map[string]int64, args ...string) (sample, error) {
	for name, v := range numbers {
		args = append(args, "--set="+name+"="+strconv.FormatInt(v, 10))
	}
	cmd := exec.CommandContext(s.ctx, s.Psql, append(args, "--quiet", "--no-psqlrc", s.dsn.ConnString())...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PGOPTIONS=-c search_path="+schema)
	return childOf(cmd, script)
}

// key is GIM's time key of a second: where its 15 minutes begin.
func key(ts int64) int64 { return ts - ts%900 }

// sliceColumns of the store are what extracted.sql reads.
var sliceColumns = map[string]string{
	"voice_session": "resource_key, start_ts, end_ts, active_flag",
	"ocs_activity":  "resource_key, start_ts, end_ts, active_flag, switch_name",
	"other_leg":     "resource_key, start_ts, end_ts, active_flag, switch_name",
	"agent":         "resource_key, employee_id, resource_name",
}

// loadSlice puts the rows that seats has extracted into PostgreSQL's own tables.
func (s *site) loadSlice(config, tenant string) {
	conn := s.connect("slice")
	defer conn.Close(s.ctx) //nolint:errcheck // what was written is checked statement by statement
	must(conn.Exec(s.ctx, sliceTablesSQL))
	for table, columns := range sliceColumns {
		cmd := exec.CommandContext(s.ctx, s.Seats, "--config", config, "sql", "--tenant", tenant, "--format", "csv",
			fmt.Sprintf("select %s from _data.%s where day = '%s'", columns, table, day))
		cmd.Stderr = os.Stderr
		rows := must(cmd.StdoutPipe())
		check(cmd.Start())
		must(conn.PgConn().CopyFrom(s.ctx, rows, fmt.Sprintf("copy slice.%s (%s) from stdin (format csv, header)", table, columns)))
		check(cmd.Wait())
	}
	must(conn.Exec(s.ctx, "analyze"))
}

// ofSlice has a question answered from the rows of loadSlice.
func ofSlice(q judge.Question) func(context.Context, *pgx.Conn) ([]judge.Peak, error) {
	return func(ctx context.Context, conn *pgx.Conn) ([]judge.Peak, error) {
		rows, err := conn.Query(ctx, extractedSQL, q.Regions, q.Starts, q.Ends, q.Switches, q.SwitchRegions, q.DefaultRegion(), q.AsOf, q.Excluded)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByNameLax[judge.Peak])
	}
}

// agree fails where an answer is not what seats printed with `run --format json`: then one of them is wrong, and no time matters.
func agree(what string, theirs []judge.Peak, printed []byte) error {
	var rows []struct {
		Region, Measure string
		Value           int64
		PeakAt          time.Time `json:"peak_at"`
		PeakSeconds     int64     `json:"peak_seconds"`
	}
	if err := json.Unmarshal(printed, &rows); err != nil {
		return fmt.Errorf("read what seats printed: %w", err)
	}
	var ours []judge.Peak
	for _, r := range rows {
		if r.Measure != "concurrent" {
			continue
		}
		p := judge.Peak{Region: r.Region, Agents: r.Value, Seconds: r.PeakSeconds}
		if r.Value > 0 {
			p.At = r.PeakAt.Unix()
		}
		ours = append(ours, p)
	}
	slices.SortFunc(ours, func(a, b judge.Peak) int { return cmp.Compare(a.Region, b.Region) })
	if !slices.Equal(ours, theirs) {
		return fmt.Errorf("%s: seats issued %+v, the answer is %+v", what, ours, theirs)
	}
	return nil
}
