package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/golden"
	"seats/internal/must"
	"seats/internal/store"
)

// The page describes what is in a store, and its questions are answered by one. `go test -update-golden` writes it anew.
func snapshot(t *testing.T, demo string) {
	const path = "../../docs/snapshot.md"
	written := must.Have(os.ReadFile(path))(t)
	page := string(written)
	page = between(t, page, "relations", relationsOfAStore(t))
	page = between(t, page, "macros", macrosOfAStore(t))
	page = answered(t, page, demo)
	golden.Equal(t, path, page)
	require.NotContains(t, page, "|  |\n", "a column without a comment")
	_, questions, _ := strings.Cut(page, "## Fifteen questions")
	require.Equal(t, 15, strings.Count(questions, "\n### "))
}

// between puts text between a marker and its end.
func between(t *testing.T, page, marker, text string) string {
	begin, end := "<!-- "+marker+" -->\n", "<!-- end of "+marker+" -->"
	before, rest, found := strings.Cut(page, begin)
	require.True(t, found, marker)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, marker)
	return before + begin + text + end + after
}

// askStore runs a query on an empty store and gives each of its rows in one text.
func askStore(t *testing.T, query string) (rows []string) {
	w := must.Have(store.Begin(t.Context(), filepath.Join(t.TempDir(), "acme.duckdb"), duck.Options{}))(t)
	defer func() { require.NoError(t, w.Drop()) }()
	found := must.Have(w.Conn.QueryContext(t.Context(), query))(t)
	defer found.Close() //nolint:errcheck // only read
	for found.Next() {
		var row string
		require.NoError(t, found.Scan(&row))
		rows = append(rows, row)
	}
	require.NoError(t, found.Err())
	require.NotEmpty(t, rows)
	return rows
}

// relationsOfAStore are its views, each with a table of its columns.
func relationsOfAStore(t *testing.T) string {
	return "\n" + strings.Join(askStore(t, `
		select '### ' || v.view_name || chr(10) || chr(10) || v.comment || '.' || chr(10) || chr(10) || '| column | type | |' || chr(10) || '|---|---|---|' || chr(10)
			|| string_agg('| `+"`' || c.column_name || '` | `' || c.data_type || '`"+` | ' || coalesce(c.comment, '') || ' |' || chr(10), '' order by c.column_index)
		from duckdb_views() as v
		join duckdb_columns() as c on c.table_oid = v.view_oid and c.database_name = v.database_name
		where v.schema_name = 'main' and not v.internal and v.database_name = current_database()
		group by v.view_name, v.comment
		order by v.view_name`), "\n") + "\n"
}

func macrosOfAStore(t *testing.T) string {
	return "\n" + strings.Join(askStore(t, `
		select '- `+"`' || function_name || '(' || list_aggregate(parameters, 'string_agg', ', ') || ')`"+`: ' || comment || '.'
		from duckdb_functions()
		where schema_name = 'main' and function_type = 'table_macro' and not internal and database_name = current_database()
		order by function_name`), "\n") + "\n\n"
}

var question = regexp.MustCompile("(?s)```sql\n(.*?)\n```\n(?:\n```\n.*?\n```\n)?")

// answered puts its answer behind every question, by the demo's store.
func answered(t *testing.T, page, demo string) string {
	return question.ReplaceAllStringFunc(page, func(block string) string {
		query := question.FindStringSubmatch(block)[1]
		answer := inProcess(t, time.Date(2026, 5, 10, 13, 0, 0, 0, time.UTC), filepath.Join(demo, "seats.yaml"), "sql", query)
		require.Greater(t, strings.Count(answer, "\n"), 1, "no row answers\n%s", query)
		return fmt.Sprintf("```sql\n%s\n```\n\n```\n%s```\n", query, answer)
	})
}
