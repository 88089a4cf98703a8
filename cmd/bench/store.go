package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"seats/compute"
	"seats/compute/rule"
	"seats/extract"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/store"
)

// tenantOf names a tenant's store.
type tenantOf struct {
	Config string `required:""`
	Tenant string `required:""`
}

// begin works on the store.
func (t tenantOf) begin(ctx context.Context) (config.Tenant, *store.Work) {
	tenants := must(config.Load(t.Config, os.LookupEnv)).Tenants
	tenant := tenants[slices.IndexFunc(tenants, func(one config.Tenant) bool { return one.Name == t.Tenant })]
	return tenant, must(store.Begin(ctx, tenant.StorePath(), duck.Of(tenant.Engine)))
}

// engineCmd times the two computations of a day on a work copy of a tenant's store, which it throws away.
type engineCmd struct {
	tenantOf `embed:""`
	Rounds   int `required:""`
}

// engineTimes is what it prints, as JSON, medians of the rounds: the whole computation with its comparison (R12), and the sweep
// alone, the reading of its rows included. What is left of the first without the second is the SQL engine's. And the hash
// of the slice.
type engineTimes struct{ Whole, Sweep, Hash time.Duration }

func (c *engineCmd) Run(ctx context.Context) error {
	tenant, work := c.begin(ctx)
	defer work.Drop() //nolint:errcheck // it ends with the process
	taken := alternate(c.Rounds,
		timed(func() { must(compute.NewCounter(work.Conn, tenant).Day(ctx, day, time.Now().Unix())) }),
		timed(func() {
			must(compute.Recount(ctx, work.Conn, day, rule.Scope{Region: "US"}, compute.Reading{Tenant: tenant}))
		}),
		timed(func() { must(extract.SliceSHA256(ctx, work.Conn, day)) }))
	return json.NewEncoder(os.Stdout).Encode(engineTimes{taken[0].took, taken[1].took, taken[2].took})
}

// repeatCmd gives a tenant's store the history of a year in seconds: its one day is repeated on the days before it,
// with everything that was computed for it. The months that a run would have sealed by now are: all but the measured one
// and the one before it.
type repeatCmd struct {
	tenantOf `embed:""`
	Days     int `required:"" help:"Days that the store has in the end."`
}

func (c *repeatCmd) Run(ctx context.Context) error {
	_, work := c.begin(ctx)
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
