package extract

import (
	"testing"

	"seats/internal/golden"
	texts "seats/sql"
)

// The statements that are the same for every table of a source, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	var all string
	for _, name := range []string{"create", "load", "receive", "check"} {
		all += golden.Filled("slice/each_"+name, inFiles(tables)...)
	}
	for _, table := range tables {
		if mayRepeat(table) {
			all += golden.Filled("slice/each_repeated", table) + golden.Filled("slice/each_newest", table)
		}
		if table.Has("tenant_key") {
			all += golden.Filled("slice/each_other_tenant", table)
		}
	}
	for _, table := range inFiles(append(groupTables, sessionGroups)) {
		for _, name := range []string{"create", "load", "receive", "check", "repeated", "newest"} {
			all += golden.Filled("slice/each_"+name, table)
		}
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
