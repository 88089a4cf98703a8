package pgload_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/pgload"
	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
	"seats/internal/pgtest"
)

func simulation(t testing.TB) *sim.Simulation {
	t.Helper()
	o := sim.Defaults(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC))
	o.Agents, o.Days, o.Groups = 30, 2, 3
	s, err := sim.New(o)
	require.NoError(t, err)
	return s
}

// stored reads a table back as the CSV text that a simulation has for it.
func stored(t testing.TB, db *pgtest.DB, table sim.Table) string {
	t.Helper()
	columns := strings.Join(table.Columns(false), ", ")
	var text bytes.Buffer
	_, err := db.Conn.PgConn().CopyTo(t.Context(), &text,
		fmt.Sprintf("copy (select %s from %s) to stdout (format csv)", columns, table.Name()))
	require.NoError(t, err)
	return text.String()
}

func TestDatabaseHoldsWhatTheMergedExportHolds(t *testing.T) {
	db, s := pgtest.Schema(t), simulation(t)
	counts, err := pgload.Load(t.Context(), pgload.Target{DSN: db.ConnString(), Schema: db.Schema, Create: true}, s)
	require.NoError(t, err)

	increments := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(4)})
	for _, table := range sim.Tables() {
		rows := []map[sim.Table]string{{table: stored(t, db, table)}}
		inDatabase := simtest.Merge(t, table, rows, false)
		require.Len(t, inDatabase, int(counts[table]), table.Name())
		if table.Exported() {
			require.Equal(t, simtest.Merge(t, table, increments, false), inDatabase, table.Name())
		}
	}
}

func TestEveryColumnOfTheSchemaIsFilled(t *testing.T) {
	db := pgtest.Schema(t)
	_, err := pgload.Load(t.Context(), pgload.Target{DSN: db.ConnString(), Schema: db.Schema, Create: true}, simulation(t))
	require.NoError(t, err)
	for _, table := range sim.Tables() {
		var columns []string
		require.NoError(t, db.Conn.QueryRow(t.Context(), `
			select array_agg(column_name::text order by ordinal_position)
			from information_schema.columns
			where table_schema = $1 and table_name = $2`, db.Schema, table.Name()).Scan(&columns))
		require.Equal(t, columns, table.Columns(false), table.Name())
	}
}

func TestRowsAreAddedToTablesThatAreThere(t *testing.T) {
	db, s := pgtest.Schema(t), simulation(t)
	target := pgload.Target{DSN: db.ConnString(), Schema: db.Schema}
	_, err := pgload.Load(t.Context(), target, s)
	require.ErrorContains(t, err, "does not exist")

	target.Create = true
	_, err = pgload.Load(t.Context(), target, s)
	require.NoError(t, err)
	target.Create = false
	_, err = pgload.Load(t.Context(), target, s)
	require.ErrorContains(t, err, "duplicate key", "the same rows again")
}
