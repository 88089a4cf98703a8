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
		all += golden.Filled("stage/each/"+name+".sql", inFiles(tables)...)
	}
	for _, table := range tables {
		if mayRepeat(table) {
			all += golden.Filled("stage/each/repeated.sql", table) + golden.Filled("stage/each/newest.sql", table)
		}
		if table.Has("tenant_key") {
			all += golden.Filled("stage/each/other_tenant.sql", table)
		}
	}
	for _, table := range inFiles(append(groupTables, sessionGroups)) {
		for _, name := range []string{"create", "load", "receive", "check", "repeated", "newest"} {
			all += golden.Filled("stage/each/"+name+".sql", table)
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
