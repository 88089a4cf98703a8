package store

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	texts "example.com/seats/sql"
)

// The statements that are the same for every table, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	var all string
	for _, used := range []struct {
		statement string
		on        []part
	}{
		{"drop", []part{self, head, row, groups, evidence, result}},
		{"take_days", []part{row}},
		{"take_all", []part{self, head, record}},
		{"empty", []part{row, evidence, result, monthly}},
		{"keep", []part{evidence, result, monthly}},
		{"mask", []part{row}},
		{"write_rows", []part{row}},
		{"write_days", []part{self, head}},
		{"write_days_csv", []part{result}},
		{"seal", []part{row, groups, evidence}},
		{"unseal", []part{row, groups, evidence}},
		{"drop_days", []part{row, groups, evidence}},
		{"compact", []part{self, head, row, groups, evidence, result, monthly, record, sent, sealing}},
	} {
		for _, d := range tables {
			if slices.Contains(used.on, d.part) {
				name := "store/each_" + used.statement
				all += "-- sql/" + name + " on " + d.Name + "\n" + texts.Fill(name, d.Table) + "\n"
			}
		}
	}
	golden.Assert(t, all, "each.golden")
}

// A table that is not in the list would not be dropped, moved or packed with its day; and one whose rows have no total
// order would be packed in another order every time.
func TestEveryTableOfTheSchemaIsDescribed(t *testing.T) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	for _, schema := range schemas {
		require.NoError(t, duck.Exec(t.Context(), db, schema))
	}
	rows := must.Have(db.QueryContext(t.Context(), `select table_name, (select count(*) filter (column_name = 'day') from duckdb_columns() as c where c.schema_name = '_data' and c.table_name = t.table_name)
		from duckdb_tables() as t where schema_name = '_data' and table_name <> 'store_version'`))(t)
	defer rows.Close() //nolint:errcheck // only read
	has := map[string]bool{}
	for rows.Next() {
		var name string
		var days bool
		require.NoError(t, rows.Scan(&name, &days))
		has[name] = days
	}
	require.NoError(t, rows.Err())
	require.Len(t, has, len(tables))
	for _, d := range tables {
		days, is := has[d.Name]
		require.True(t, is, d.Name)
		require.Equal(t, d.part != monthly && d.part != record && d.part != sent && d.part != sealing, days, "%s: what belongs to a day has a day", d.Name)
		_, err := db.ExecContext(t.Context(), texts.Fill("store/each_write_rows", d.Table), t.TempDir()+"/"+d.Name)
		require.NoError(t, err, "%s: its order", d.Name)
	}
}

// Attempt and BeginVanished are for tests of what another program does at a moment of its own.
var Attempt = attempt

// BeginVanished is BeginExisting where the store goes away after the first look.
func BeginVanished(ctx context.Context, path string, o duck.Options) (*Work, error) {
	return begin(ctx, path, o, false)
}
