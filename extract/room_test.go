package extract_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/disk"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
)

// An export whose rows do not fit into memory is not broken.
func TestAnExportThatDoesNotFitIsNotBroken(t *testing.T) {
	dir := t.TempDir()
	w, err := store.Begin(t.Context(), filepath.Join(dir, "acme.duckdb"), duck.Options{Threads: 1, MemoryLimit: "50MB"})
	require.NoError(t, err)
	defer w.Drop() //nolint:errcheck // the test is over
	_, err = w.Conn.ExecContext(t.Context(), "set max_temp_directory_size = '1MB'")
	require.NoError(t, err)

	var rows strings.Builder
	for i := range 500_000 {
		fmt.Fprintf(&rows, "%d,AGENT,name \"%d\",E%064d,\n", i, i, i) // a quote that DuckDB reads, and others would not
	}
	exports := exportOf(t, base(files{"resource_": "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n" + rows.String()}))
	_, err = extract.OpenExport(t.Context(), exports, w.Conn, exportOptions(t))
	require.ErrorContains(t, err, "resource_.csv: ")
	err = disk.Explain(err, dir)
	require.ErrorContains(t, err, "too little memory: ")
	require.Equal(t, fail.Other, fail.CodeOf(err))
}
