package lake_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"seats/cmd/seats/lake"
	"seats/internal/must"
	"seats/internal/pgtest"
	texts "seats/sql"
)

// Raw rows and rules of the lake alone give every number that was issued, and every peak of a location, by a statement that
// two engines run as it is.
func TestTheNumbersFromTheLakeAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	export(t, dir, "", site(t)...)
	schema := schemaOf(t, dir)
	duckDB := views(t, dir, schema)
	for _, name := range []string{"seats_outbound", "comparison"} {
		must.Have(duckDB.Exec("create view " + name + " as " + texts.Text("fleet/"+name)))(t)
	}
	const perDay = 2 + 3 + 1 + 1 // regions and locations of the two tenants
	require.Len(t, ask(t, duckDB, "from comparison where value > 0"), 2*perDay)
	require.Empty(t, ask(t, duckDB, "from comparison where not agrees"))
	require.NotEmpty(t, ask(t, duckDB, "from seats_outbound where measure = 'enabled' and value > 0"))

	postgres := copied(t, duckDB, schema)
	rows := must.Have(postgres.Query(context.Background(), texts.Text("fleet/seats_outbound")))(t)
	theirs := written(t, rows)
	require.ElementsMatch(t, theirs, scanned(t, must.Have(duckDB.Query("from seats_outbound"))(t)))
	must.Have(postgres.Exec(context.Background(), "create view seats_outbound as "+texts.Text("fleet/seats_outbound")))(t)
	var numbers, same int
	require.NoError(t, postgres.QueryRow(context.Background(), "select count(*), count(*) filter (where agrees) from ("+texts.Text("fleet/comparison")+") as c").Scan(&numbers, &same))
	require.Equal(t, 2*perDay, numbers)
	require.Equal(t, numbers, same)
}

// copied is the lake in PostgreSQL.
func copied(t *testing.T, lakeDB *sql.DB, schema lake.Schema) *pgx.Conn {
	t.Helper()
	db := pgtest.Schema(t)
	for _, r := range schema.Relations {
		if r.Name == "data_quality" {
			continue // no statement reads it
		}
		columns := append([]lake.Column{{Name: "tenant", Type: "varchar"}, {Name: "month", Type: "varchar"}}, r.Columns...)
		if r.Period == "day" {
			columns = append(columns, lake.Column{Name: "day", Type: "date"})
		}
		var names, typed []string
		for _, c := range columns {
			names, typed = append(names, c.Name), append(typed, c.Name+" "+c.Type)
		}
		db.Exec(t, "create table "+r.Name+" ("+strings.Join(typed, ", ")+")")
		rows := must.Have(lakeDB.Query("select " + strings.Join(names, ", ") + " from " + r.Name))(t)
		must.Have(db.Conn.CopyFrom(context.Background(), pgx.Identifier{r.Name}, names, &source{rows, len(names)}))(t)
	}
	return db.Conn
}

// source hands rows of a database to another.
type source struct {
	*sql.Rows
	columns int
}

// Values implements pgx.CopyFromSource.
func (s *source) Values() ([]any, error) {
	values, into := make([]any, s.columns), make([]any, s.columns)
	for i := range values {
		into[i] = &values[i]
	}
	return values, s.Scan(into...)
}

// written gives rows as texts.
func written(t *testing.T, rows pgx.Rows) (all []string) {
	t.Helper()
	for rows.Next() {
		values := must.Have(rows.Values())(t)
		all = append(all, fmt.Sprint(values...))
	}
	require.NoError(t, rows.Err())
	return all
}

func scanned(t *testing.T, rows *sql.Rows) (all []string) {
	t.Helper()
	names := must.Have(rows.Columns())(t)
	for s := (&source{rows, len(names)}); s.Next(); {
		values := must.Have(s.Values())(t)
		all = append(all, fmt.Sprint(values...))
	}
	require.NoError(t, rows.Err())
	return all
}
