package delta_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/delta"
	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
)

var spec = delta.Spec{Name: "sessions", Comment: "what was read", Partition: []string{"month", "bucket"}, Properties: map[string]string{"delta.deletedFileRetentionDuration": "interval 30 days"},
	Columns: []delta.Column{{"tenant", "VARCHAR", "who"}, {"month", "VARCHAR", ""}, {"bucket", "SMALLINT", ""}, {"seconds", "BIGINT", ""}, {"at", "TIMESTAMP WITH TIME ZONE", ""}, {"names", "VARCHAR[]", ""}, {"share", "DECIMAL(9,3)", ""}}}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// put brings a file of data into a table's folder, which no version names yet.
func put(t *testing.T, files delta.Files, name string) delta.File {
	from := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(from, []byte("data"), 0o600))
	require.NoError(t, files.Put(t.Context(), "lake/sessions/"+name, from))
	return delta.File{Path: name, Partition: map[string]string{"month": "2026-03", "bucket": ""}, Bytes: 4, Rows: 7, Modified: noon,
		Stats: json.RawMessage(`{"numRecords":7}`), Tags: map[string]string{"of": "ü"}}
}

func open(t *testing.T) (delta.Files, string) {
	dir := filepath.Join(t.TempDir(), "all")
	files := must.Have(delta.Open(context.Background(), dir, t.TempDir(), plain.Access{}))(t)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	return files, dir
}

func load(t *testing.T, files delta.Files) *delta.Table {
	return must.Have(delta.Load(t.Context(), files, "lake/sessions"))(t)
}

func TestATableIsReadAsItWasWritten(t *testing.T) {
	files, _ := open(t)
	table := load(t, files)
	require.EqualValues(t, -1, table.Version)
	a, b := put(t, files, "month=2026-03/ü%20 a.parquet"), put(t, files, "b.parquet")
	require.NoError(t, table.Commit(t.Context(), spec, "EXPORT", []delta.File{a, b}, nil, noon))
	c := put(t, files, "c.parquet")
	require.NoError(t, table.Commit(t.Context(), spec, "EXPORT", []delta.File{c}, []delta.File{b}, noon))
	again := load(t, files)
	require.Equal(t, []delta.File{c, a}, again.Files)
	require.Equal(t, spec, again.Spec)
	require.Equal(t, table, again)
	require.NoError(t, table.Expire(t.Context(), time.Now().Add(time.Hour)))
	require.ErrorIs(t, must.Err(files.Read(t.Context(), "lake/sessions/b.parquet")), fs.ErrNotExist)
	require.Equal(t, table.Files, load(t, files).Files)
}
