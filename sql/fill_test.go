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
