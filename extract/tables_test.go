package extract

import (
	"testing"

	"seats/internal/golden"
)

// The statements that are the same for every relation of a slice, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	var all string
	for _, name := range []string{"insert", "check"} {
		all += golden.Filled("slice/each_"+name, relations...)
	}
	golden.Equal(t, "testdata/each.golden", all)
}
