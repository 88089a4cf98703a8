package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"seats/internal/judge"
)

//go:embed copy_slice.sql
var copySliceSQL string

//go:embed extracted.sql
var extractedSQL string

//go:embed slice_tables.sql
var sliceTablesSQL string

// copySlice has two psql copy a slice's rows to /dev/null, as many as seats has readers.
func (s *site) copySlice(ctx context.Context, schema string, q judge.Question) (sample, error) {
	dayFrom, middle := key(q.From), key(q.From+(q.Until-q.From)/2)
	halves := []map[string]int64{
		{"first": 1, "from": dayFrom, "until": middle, "around_from": key(q.From - 2*q.Lookback), "around_until": dayFrom},
		{"first": 0, "from": middle, "until": q.Until, "around_from": q.Until, "around_until": q.Until + q.Lookback},
	}
	return s.watch(func() (sample, error) {
		began := time.Now()
		var group errgroup.Group
		for _, half := range halves {
			group.Go(func() error {
				half["sessions_from"], half["day_from"], half["day_until"] = key(q.From-q.Lookback), dayFrom, q.Until
				_, err := s.copyOut(ctx, s.dir, schema, copySliceSQL, half, "--output="+os.DevNull)
				return err
			})
		}
		err := group.Wait()
		return sample{took: time.Since(began)}, err
	})
}

// copyOut has psql run a script of copies in a folder.
func (s *site) copyOut(ctx context.Context, dir, schema, script string, numbers map[string]int64, args ...string) (sample, error) {
	for name, v := range numbers {
		args = append(args, "--set="+name+"="+strconv.FormatInt(v, 10))
	}
	args = append(args, "--quiet", "--no-psqlrc", s.dsn.ConnString())
	return childIn(ctx, dir, []string{"PGOPTIONS=-c search_path=" + schema}, script, s.psql, args...)
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
func (s *site) loadSlice(ctx context.Context, config, tenant string) error {
	conn, err := s.connect(ctx, "slice")
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // what was written is checked statement by statement
	if _, err := conn.Exec(ctx, sliceTablesSQL); err != nil {
		return fmt.Errorf("create tables of the slice: %w", err)
	}
	for table, columns := range sliceColumns {
		if err := s.loadTable(ctx, conn, config, tenant, table, columns); err != nil {
			return fmt.Errorf("load %s: %w", table, err)
		}
	}
	_, err = conn.Exec(ctx, "analyze")
	return err
}

func (s *site) loadTable(ctx context.Context, conn *pgx.Conn, config, tenant, table, columns string) error {
	cmd := exec.CommandContext(ctx, s.seats, "--config", config, "sql", "--tenant", tenant, "--format", "csv",
		fmt.Sprintf("select %s from _data.%s where day = '%s'", columns, table, day))
	cmd.Stderr = os.Stderr
	rows, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = conn.PgConn().CopyFrom(ctx, rows, fmt.Sprintf("copy slice.%s (%s) from stdin (format csv, header)", table, columns))
	return errors.Join(err, cmd.Wait())
}
