// Package simtest reads simulated rows back, for the tests of gimsim's packages.
package simtest

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/sim"
)

// Row is a row by column; an empty string is NULL.
type Row map[string]string

// Int returns an integer field, and false where it is NULL.
func (r Row) Int(t testing.TB, column string) (int64, bool) {
	t.Helper()
	require.Contains(t, r, column)
	if r[column] == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(r[column], 10, 64)
	require.NoError(t, err)
	return n, true
}

// Text returns the CSV text of each increment and table.
func Text(t testing.TB, s *sim.Simulation, layout sim.Layout) []map[sim.Table]string {
	t.Helper()
	all := make([]map[sim.Table]string, len(layout.Cuts))
	for i := range all {
		all[i] = map[sim.Table]string{}
	}
	require.NoError(t, s.Stream(t.Context(), layout, func(b *sim.Batch) error {
		for i := range all {
			for _, table := range sim.Tables() {
				text, _ := b.Increment(i, table)
				all[i][table] += string(text)
			}
		}
		return nil
	}))
	return all
}

// Parse reads CSV lines of a table, without header.
func Parse(t testing.TB, table sim.Table, text string, extra bool) []Row {
	t.Helper()
	columns := table.Columns(extra)
	reader := csv.NewReader(bytes.NewBufferString(text))
	reader.FieldsPerRecord = len(columns)
	records, err := reader.ReadAll()
	require.NoError(t, err, table.Name())
	rows := make([]Row, len(records))
	for i, record := range records {
		rows[i] = Row{}
		for j, column := range columns {
			rows[i][column] = record[j]
		}
	}
	return rows
}

// Merge brings the increments of a table together as a reader of an export
// must: by primary key, then the higher update_audit_key, then the later row.
func Merge(t testing.TB, table sim.Table, increments []map[sim.Table]string, extra bool) map[string]Row {
	t.Helper()
	merged := map[string]Row{}
	for _, increment := range increments {
		for _, row := range Parse(t, table, increment[table], extra) {
			key := Key(table, row)
			old, seen := merged[key]
			if seen && row["update_audit_key"] != "" {
				was, _ := old.Int(t, "update_audit_key")
				is, _ := row.Int(t, "update_audit_key")
				if is < was {
					continue
				}
			}
			merged[key] = row
		}
	}
	return merged
}

// Key returns a row's primary key; that of a table without one is the whole row.
func Key(table sim.Table, row Row) string {
	if table == sim.ExtractHistory {
		return row["data_source_key"] + " " + row["table_name"] + " " + row["created_ts"]
	}
	if table == sim.TransformHistory {
		return row["hwm_name"] + " " + row["job_id"]
	}
	if table == sim.GroupCombination {
		return row["group_combination_key"] + " " + row["group_key"]
	}
	key := row[table.Columns(false)[0]]
	if start, fact := row["start_date_time_key"]; fact {
		key += " " + start
	}
	return key
}
