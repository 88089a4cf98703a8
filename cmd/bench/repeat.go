package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// repeatCmd gives a tenant's store the history of a year in seconds: its one day is repeated on the days before it,
// with everything that was computed for it. The months that a run would have sealed by now are: all but the measured one
// and the one before it.
type repeatCmd struct {
	Config string `required:""`
	Tenant string `required:""`
	Days   int    `required:"" help:"Days that the store has in the end."`
}

func (c *repeatCmd) Run(ctx context.Context) error {
	work := beginWork(ctx, loadTenant(c.Config, c.Tenant))
	defer work.Drop() //nolint:errcheck // it ends with the process
	var tables string
	check(work.Conn.QueryRowContext(ctx, dayTablesSQL).Scan(&tables))
	for table := range strings.FieldsSeq(tables) {
		must(work.Conn.ExecContext(ctx, fmt.Sprintf(repeatSQL, table), sql.Named("days", c.Days)))
	}
	for month := day.AddDays(1 - c.Days).YearMonth(); month.Last().AddDays(35).Before(day); month = month.Last().AddDays(1).YearMonth() {
		must(work.Seal(ctx, month, 0))
	}
	return work.Publish()
}

// repeatSQL is asked of one table after the other; their names come from the catalog.
const repeatSQL = `
	insert into _data.%[1]s
	select t.* replace (t.day - n::integer as day)
	from _data.%[1]s as t
	cross join range(1, $days::bigint) as r (n)
	order by t.day - n::integer`

// dayTablesSQL are the tables that hold rows of a day.
const dayTablesSQL = `
	select string_agg(distinct c.table_name, ' ')
	from duckdb_columns() as c
	join duckdb_tables() as t using (database_name, schema_name, table_name)
	where c.schema_name = '_data'
	  and c.column_name = 'day'
	  and c.data_type = 'DATE'
	  and c.database_name = current_database()`
