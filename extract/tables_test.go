package extract

import (
	"slices"
	"testing"

	"seats/internal/golden"
	texts "seats/sql"
)

// The statements that are the same for every table of a source, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	all := golden.Filled("slice/each_load", inFiles(slices.Concat(tables, groupTables, []texts.Table{sessionGroups}))...)
	for _, name := range []string{"insert", "check"} {
		all += golden.Filled("slice/each_"+name, relations...)
	}
	golden.Equal(t, "testdata/each.golden", all)
}

// inFiles are tables whose files have their columns and no other.
func inFiles(tables []texts.Table) (described []texts.Table) {
	for _, t := range tables {
		t.Fields = t.Columns
		described = append(described, t)
	}
	return described
}
