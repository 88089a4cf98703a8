package disk_test

import (
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"seats/internal/disk"
)

// DuckDB quotes names of databases and tables too.
func TestTheFolderIsThatOfAQuotedPathAndNotOfAName(t *testing.T) {
	err := disk.Explain(&duckdb.Error{Type: duckdb.ErrorTypeIO,
		Msg: `IO Error: Failed to checkpoint "sealing": Could not write file "/nowhere/var/acme.duckdb": No space left on device`}, "")
	require.ErrorContains(t, err, "the disk of /nowhere/var is full")
}
