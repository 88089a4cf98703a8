package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"seats/internal/calendar"
	"seats/internal/store"
)

// repeatCmd gives a tenant's store the history of a year in seconds: its one day is repeated on the days before it,
// with everything that was computed for it.
type repeatCmd struct {
	Config string `required:""`
	Tenant string `required:""`
	Days   int    `required:"" help:"Days that the store has in the end."`
}

func (c *repeatCmd) Run(ctx context.Context) (err error) {
	tenant, date, err := loadTenant(c.Config, c.Tenant)
	if err != nil {
		return err
	}
	work, err := beginWork(ctx, tenant)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Drop()) }()
	tables, err := dayTables(ctx, work)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := work.Conn.ExecContext(ctx, fmt.Sprintf(repeatSQL, table), sql.Named("days", c.Days)); err != nil {
			return fmt.Errorf("repeat %s: %w", table, err)
		}
	}
	if err := c.sealOld(ctx, work, date); err != nil {
		return err
	}
	return work.Publish()
}

// sealOld seals the months that a run would have sealed by now: all but the measured one and the one before it.
func (c *repeatCmd) sealOld(ctx context.Context, work *store.Work, measured calendar.Date) error {
	for first := measured.AddDays(1 - c.Days).YearMonth(); first.Last().AddDays(35).Before(measured); first = first.Last().AddDays(1).YearMonth() {
		if _, err := work.Seal(ctx, first, 0); err != nil {
			return err
		}
	}
	return nil
}

// repeatSQL is asked of one table after the other; their names come from the catalog.
const repeatSQL = `
	insert into _data.%[1]s
	select t.* replace (t.day - n::integer as day)
	from _data.%[1]s as t
	cross join range(1, $days::bigint) as r (n)
	order by t.day - n::integer`

// dayTables are the tables that hold rows of a day.
func dayTables(ctx context.Context, work *store.Work) ([]string, error) {
	var names string
	err := work.Conn.QueryRowContext(ctx, `
		select string_agg(distinct c.table_name, ' ')
		from duckdb_columns() as c
		join duckdb_tables() as t using (database_name, schema_name, table_name)
		where c.schema_name = '_data'
		  and c.column_name = 'day'
		  and c.data_type = 'DATE'
		  and c.database_name = current_database()`).Scan(&names)
	return strings.Fields(names), err
}
