package delta_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/delta"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
)

var spec = delta.Spec{Comment: "Days", Partition: []string{"month"}, Properties: map[string]string{"seats.format": "2"}, Columns: []delta.Column{
	{"tenant", "VARCHAR", "As configured"}, {"month", "VARCHAR", ""}, {"day", "DATE", ""}, {"n", "BIGINT", ""}, {"at", "TIMESTAMP WITH TIME ZONE", ""}, {"names", "VARCHAR[]", ""},
}}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *delta.Folder {
	f := must.Have(delta.Open(dir, plain.Access{}))(t)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func load(t *testing.T, dir string) *delta.Table {
	return must.Have(open(t, dir).Load(t.Context(), "daily"))(t)
}

// night puts a file with a number in the place of all that the table has.
func night(t *testing.T, table *delta.Table, n int, at time.Time) {
	file := filepath.Join(t.TempDir(), "part.parquet")
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer func() { require.NoError(t, db.Close()) }()
	must.Have(db.ExecContext(t.Context(), fmt.Sprintf("copy (select 'null' as tenant, '2026-03' as month, '2026-03-01'::date as day, %d::bigint as n, to_timestamp(7) as at, ['a', null] as names) to '%s' (format parquet)", n, file)))(t)
	added := must.Have(table.Add(file, map[string]string{"month": "2026-03"}, `{"numRecords":1}`, at))(t)
	require.NoError(t, table.Commit(t.Context(), spec, "WRITE", []delta.File{added}, table.Files, at))
}

// numbers are those that the files of a version hold.
func numbers(t *testing.T, table *delta.Table) (all []int) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer func() { require.NoError(t, db.Close()) }()
	for _, file := range table.Files {
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), "select n from read_parquet($file) where tenant = 'null' and month = '2026-03'", sql.Named("file", table.Local(file))).Scan(&n))
		all = append(all, n)
	}
	return all
}

func TestAVersionStaysWhatItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	table := load(t, dir)
	require.EqualValues(t, -1, table.Version)
	night(t, table, 1, noon)
	before := load(t, dir)
	night(t, table, 2, noon)
	require.Equal(t, []int{1}, numbers(t, before))
	now := load(t, dir)
	require.Equal(t, []int{2}, numbers(t, now))
	require.Equal(t, []any{table.Version, table.Properties, table.Files}, []any{now.Version, now.Properties, now.Files})
	require.Equal(t, spec.Properties, now.Properties)
	require.Equal(t, []string{"daily"}, must.Have(open(t, dir).Tables())(t))
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		require.NoError(t, err)
		require.Equal(t, map[bool]os.FileMode{true: 0o700, false: 0o600}[e.IsDir()], must.Have(e.Info())(t).Mode().Perm(), path)
		return nil
	}))
}

func TestOfTwoWritersOneIsTold(t *testing.T) {
	dir := t.TempDir()
	night(t, load(t, dir), 1, noon)
	one, other := load(t, dir), load(t, dir)
	night(t, one, 2, noon)
	require.ErrorIs(t, other.Commit(t.Context(), spec, "WRITE", nil, other.Files, noon), delta.ErrConflict)
	require.Equal(t, []int{2}, numbers(t, load(t, dir)))
}

// After each night there are as many nights as before, whatever is cleared up; and a reader of what is kept has its files.
func TestWhatIsOverGoes(t *testing.T) {
	dir := t.TempDir()
	table := load(t, dir)
	var kept []*delta.Table
	for n := range 45 {
		at := noon.AddDate(0, 0, n)
		night(t, table, n, at)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "daily", "killed.parquet"), nil, 0o600))
		require.NoError(t, os.Chtimes(filepath.Join(dir, "daily", "killed.parquet"), at, at))
		kept = append(kept, load(t, dir))
		require.NoError(t, table.Expire(t.Context(), at.AddDate(0, 0, -7)))
		for _, old := range kept[max(0, n-7):] {
			require.Equal(t, []int{int(old.Version)}, numbers(t, old))
		}
		now := load(t, dir)
		require.Equal(t, []any{table.Version, table.Properties, table.Files}, []any{now.Version, now.Properties, now.Files})
	}
	names := must.Names(t, filepath.Join(dir, "daily"))
	require.Len(t, slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".parquet") }), 1+8+1, "the newest, those of a week, and one that is not old enough")
	require.Less(t, len(must.Names(t, filepath.Join(dir, "daily", "_delta_log"))), 30)
	_, err := os.Stat(filepath.Join(dir, "daily", "_delta_log", "00000000000000000000.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestNoLinkIsFollowed(t *testing.T) {
	dir, away := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(away, filepath.Join(dir, "daily")))
	file := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	table, err := open(t, dir).Load(context.Background(), "daily")
	if err == nil {
		_, err = table.Add(file, nil, "", noon)
	}
	require.ErrorContains(t, err, filepath.Join(dir, "daily"))
	require.Empty(t, must.Names(t, away))
}

func TestALogThatCannotBeReadIsNamed(t *testing.T) {
	dir := t.TempDir()
	night(t, load(t, dir), 1, noon)
	log := filepath.Join(dir, "daily", "_delta_log", "00000000000000000001.json")
	for text, said := range map[string]string{"{": "read the log", `{"protocol":{"minReaderVersion":3,"minWriterVersion":7}}`: "newer program"} {
		require.NoError(t, os.WriteFile(log, []byte(text), 0o600))
		_, err := open(t, dir).Load(t.Context(), "daily")
		require.ErrorContains(t, err, said)
		require.ErrorContains(t, err, filepath.Join(dir, "daily"))
	}
}
