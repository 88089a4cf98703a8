package duck

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
)

// filler hands over so many rows: a number and a text of a length about that which lies in a column, each third one NULL.
type filler int

func (f *filler) Init()                                {}
func (f *filler) Cardinality() *duckdb.CardinalityInfo { return nil }
func (f *filler) ColumnInfos() []duckdb.ColumnInfo {
	number, _ := duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	text, _ := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	return []duckdb.ColumnInfo{{Name: "resource_key", T: number}, {Name: "employee_id", T: text}}
}

func (f *filler) FillChunk(chunk duckdb.DataChunk) error {
	to, err := ToFill(&chunk)
	n := 0
	for ; err == nil && n < to.Size && *f > 0; n, *f = n+1, *f-1 {
		if to.Columns[0].Numbers[n] = int64(*f); *f%3 == 0 {
			to.Columns[0].SetNull(n)
			to.Columns[1].SetNull(n)
			continue
		}
		to.Columns[1].SetText(n, []byte(strings.Repeat("ü", int(*f)/3%14)))
	}
	chunk.SetSize(n) //nolint:errcheck // it is no more than fit
	return err
}

func TestChunksComeBackAsTheyWereFilled(t *testing.T) {
	conn := must.Have(must.Have(Open("", Options{}))(t).Conn(t.Context()))(t)
	rows := filler(7000)
	require.NoError(t, duckdb.RegisterTableUDF(conn, "filler", duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) { return &rows, nil },
	}))
	must.Have(conn.ExecContext(t.Context(), `create schema _data;
		create table _data.agent as select date '2026-03-10' as day, *, null::varchar as resource_name from filler()`))(t)
	type agent struct {
		No       int64
		Key      sql.NullInt64
		ID, Name sql.NullString
	}
	days := Days(calendar.Date{Year: 2026, Month: 3, Day: 10})
	want, got := must.Have(All[agent](t.Context(), conn, "count/agent_row", days))(t), []agent(nil)
	read := func(c Chunk) error {
		for row, no := range c.Columns[0].Numbers {
			key, id := &c.Columns[1], &c.Columns[2]
			got = append(got, agent{no, sql.NullInt64{Int64: key.Number(row, 0), Valid: key.Has(row)},
				sql.NullString{String: string(id.Text(row)), Valid: id.Has(row)}, sql.NullString{}})
		}
		return nil
	}
	require.NoError(t, Chunks(t.Context(), conn, "count/agent_row", read, days))
	require.Len(t, got, 7000)
	require.Equal(t, want, got)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, Chunks(ctx, conn, "count/agent_row", func(Chunk) error { cancel(); return nil }, days), context.Canceled)
	_, err := hidden[int](t, "chunk")
	require.EqualError(t, err, "the DuckDB driver's *testing.T has no field chunk of type int")
}
