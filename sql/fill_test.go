package sql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/sql"
)

// Nothing but a name gets into a statement.
func TestOnlyNamesAreFilledIn(t *testing.T) {
	const statement = "store/each/write_rows.sql"
	good := sql.Table{Name: "a_1", Order: []string{"b", "c nulls first"}}
	require.Contains(t, sql.Fill(statement, good), "from _data.a_1\n    order by b, c nulls first\n")
	for _, bad := range []sql.Table{
		{},
		{Name: "a; drop table b"},
		{Name: "A"},
		{Name: "1a"},
		{Name: `a"`},
		{Name: "a", Key: []string{"b c"}},
		{Name: "a", Order: []string{"b desc"}},
		{Name: "a", Order: []string{"b nulls first nulls first"}},
		{Name: "a", Columns: []sql.Column{{Name: "b", Type: "bigint; "}}},
		{Name: "a", Columns: []sql.Column{{Name: "b-c", Type: "bigint"}}},
	} {
		require.Panics(t, func() { sql.Fill(statement, bad) }, "%+v", bad)
	}
	require.Panics(t, func() { sql.Fill("store/each/nothing.sql", good) })
}

// The schema of a GIM is quoted, so that a capital in it stays one, and is nothing but a name.
func TestOnlyASchemaIsPutBeforeTheTablesOfAGIM(t *testing.T) {
	require.Contains(t, sql.InSchema("gim/media_type.sql", "Tenant_B"), "from \"Tenant_B\".media_type\n")
	for _, bad := range []string{"", `a"b`, "a b", "1a", "a.b"} {
		require.Panics(t, func() { sql.InSchema("gim/media_type.sql", bad) }, bad)
	}
}
