package compute

import (
	"context"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	texts "seats/sql"
)

// TestStatementsPrepareAgainstEmptyStore prepares every statement of sql/count. The steps are
// run before, because they make the temporary tables that others read.
func TestStatementsPrepareAgainstEmptyStore(t *testing.T) {
	ctx, conn, day := context.Background(), openStore(t), date(t, "2026-03-10")
	require.NoError(t, countBySQL(ctx, conn, RulesFor(smallTenant(), day), day, Final))
	require.NoError(t, basis{}.write(ctx, conn))
	names := texts.Names("count/")
	require.NotEmpty(t, names)
	for _, name := range names {
		statement, err := conn.PrepareContext(ctx, texts.Text(name))
		require.NoError(t, err, name)
		require.NoError(t, statement.Close(), name)
	}
	for _, name := range Steps() {
		require.Contains(t, names, name)
	}
}

// TestStepsBindNothingButDayAndState: the driver binds a parameter that it is not given to any other value.
func TestStepsBindNothingButDayAndState(t *testing.T) {
	for _, name := range Steps() {
		for _, parameter := range regexp.MustCompile(`\$[a-z_]+`).FindAllString(withoutComments(texts.Text(name)), -1) {
			require.Contains(t, []string{"$day", "$state"}, parameter, name)
		}
	}
}

func withoutComments(text string) string {
	return regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(text, "")
}

// TestR12SweepSharesNothingWithSQL: the sweep may know the rules and the calendar, and nothing of DuckDB.
func TestR12SweepSharesNothingWithSQL(t *testing.T) {
	paths, err := filepath.Glob("sweep/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imported := range file.Imports {
			name := strings.Trim(imported.Path.Value, `"`)
			if !strings.HasSuffix(path, "_test.go") && strings.Contains(name, "/") {
				require.Equal(t, "seats/compute/rule", name, path)
			}
		}
	}
}

// TestEmptySliceGivesZeros: a slice without a row has a curve of one step, and its peak is 0.
func TestEmptySliceGivesZeros(t *testing.T) {
	conn, tenant, day := openStore(t), smallTenant(), date(t, "2026-03-10")
	writeSlice(t, conn, tenant, day, 0, history{})
	result, err := Day(context.Background(), conn, tenant, day, 1)
	require.NoError(t, err)
	require.Equal(t, []Peak{{Region: "EU"}, {Region: "EU", Location: "london"}}, result.Peaks)
	require.Equal(t, []Enabled{{Region: "EU"}}, result.Enabled)
	require.Len(t, result.Quality, len(texts.Names("count/quality_")), "every rule reports, if only a zero")
}

// TestR12TheSweepIsFedRawRowsAlone: what it is given can be read where there is nothing but the slice's raw rows, none of
// the SQL engine's tables.
func TestR12TheSweepIsFedRawRowsAlone(t *testing.T) {
	ctx, conn, day := context.Background(), openStore(t), date(t, "2026-03-10")
	writeSlice(t, conn, smallTenant(), day, 0, twoSeats(t, "2026-03-10"))
	slice, rules, err := prepare(ctx, conn, smallTenant(), day)
	require.NoError(t, err)
	rows, err := conn.QueryContext(ctx, "select table_name from duckdb_tables() where schema_name = '_data'")
	require.NoError(t, err)
	var others []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		if !slices.Contains([]string{"voice_session", "ocs_activity", "other_leg", "other_session", "agent"}, name) {
			others = append(others, name)
		}
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, others)
	for _, name := range others {
		execSQL(t, conn, "drop table _data."+name+" cascade")
	}
	swept, err := sweepDay(ctx, conn, rules, slice)
	require.NoError(t, err)
	require.EqualValues(t, 2, swept.Curve(0).Peak().Agents)
}
