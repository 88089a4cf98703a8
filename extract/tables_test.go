package extract

import (
	"testing"

	"seats/internal/golden"
)

// The statements that are the same for every table of a source, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	var all string
	for _, name := range []string{"create", "load", "receive", "check"} {
		all += golden.Filled("stage/each/"+name+".sql", tables...)
	}
	for _, table := range tables {
		if mayRepeat(table) {
			all += golden.Filled("stage/each/repeated.sql", table) + golden.Filled("stage/each/newest.sql", table)
		}
		if table.Has("tenant_key") {
			all += golden.Filled("stage/each/other_tenant.sql", table)
		}
	}
	for _, table := range append(groupTables, sessionGroups) {
		for _, name := range []string{"create", "load", "receive", "check", "repeated", "newest"} {
			all += golden.Filled("stage/each/"+name+".sql", table)
		}
	}
	golden.Equal(t, "testdata/each.golden", all)
}
