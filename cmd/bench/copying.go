package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/jackc/pgx/v5"

	"seats/internal/judge"
)

//go:embed copy_slice.sql
var copySliceSQL string

//go:embed extracted.sql
var extractedSQL string

//go:embed slice_tables.sql
var sliceTablesSQL string

// copySlice has psql copy a slice's rows to /dev/null.
func (s *site) copySlice(ctx context.Context, schema string, q judge.Question) (sample, error) {
	return s.watch(func() (sample, error) {
		nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return sample{}, err
		}
		defer nowhere.Close() //nolint:errcheck // nothing is kept there
		number := func(name string, v int64) string { return "--set=" + name + "=" + strconv.FormatInt(v, 10) }
		sessionsFrom := q.From - q.Lookback
		return child(ctx, []string{"PGOPTIONS=-c search_path=" + schema}, copySliceSQL, s.psql, "--quiet", "--no-psqlrc",
			"--output="+os.DevNull, number("sessions_from", sessionsFrom-sessionsFrom%900),
			number("day_from", q.From-q.From%900), number("until", q.Until), s.dsn.ConnString())
	})
}

// sliceColumns of the store are what extracted.sql reads.
var sliceColumns = map[string]string{
	"voice_session": "resource_key, start_ts, end_ts, active_flag",
	"ocs_activity":  "resource_key, start_ts, end_ts, active_flag, switch_name",
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
