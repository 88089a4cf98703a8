package duck

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
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
		key, id := &to.Columns[0], &to.Columns[1]
		key.Numbers[n] = int64(*f)
		if id.SetText(n, []byte(filled(int(*f)))); *f%3 == 0 {
			key.SetNull(n)
			id.SetNull(n)
		}
	}
	chunk.SetSize(n) //nolint:errcheck // it is no more than fit
	return err
}

func filled(number int) string { return strings.Repeat("ü", number/3%14) }

func TestChunksComeBackAsTheyWereFilled(t *testing.T) {
	conn := must.Have(must.Have(Open("", Options{}))(t).Conn(t.Context()))(t)
	rows := filler(7000)
	require.NoError(t, duckdb.RegisterTableUDF(conn, "filler", duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) { return &rows, nil },
	}))
	must.Have(conn.ExecContext(t.Context(), `create schema _data;
		create table _data.agent as select date '2026-03-10' as day, *, null::varchar as resource_name from filler();
		create table _data.voice_session as select day, 1::bigint as resource_key, 1::bigint as start_ts, 1::bigint as end_ts, 1 as active_flag from _data.agent limit 0;
		create table _data.other_session as from _data.voice_session;
		create table _data.ocs_activity as select *, '' as switch_name from _data.voice_session;
		create table _data.other_leg as from _data.ocs_activity`))(t)
	days, left := Days(calendar.Date{Year: 2026, Month: 3, Day: 10}), 7000
	read := func(c Chunk) error {
		for row := range c.Size {
			key, id, is := &c.Columns[2], &c.Columns[6], left%3 != 0
			require.Equal(t, []bool{is, is}, []bool{key.Has(row), id.Has(row)})
			if is {
				require.Equal(t, filled(left), string(id.Text(row)))
				require.Equal(t, int64(left), key.Numbers[row])
			}
			left--
		}
		return nil
	}
	require.NoError(t, Chunks(t.Context(), conn, "count/slice_row", read, days))
	require.Zero(t, left)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, Chunks(ctx, conn, "count/slice_row", func(Chunk) error { cancel(); return nil }, days), context.Canceled)
	_, err := hidden[int](t, "chunk")
	require.EqualError(t, err, "the DuckDB driver's *testing.T has no field chunk of type int")
}

// What memory_limit allows is for the whole program: see docs/performance.md.
func TestBuffersHaveHalfOfTheMemory(t *testing.T) {
	db := must.Have(Open("", Of(config.Engine{MemoryLimit: 2 << 30, Threads: 3, TempDir: t.TempDir()})))(t)
	defer db.Close() //nolint:errcheck // the test is over
	var limit, threads string
	require.NoError(t, db.QueryRow("select current_setting('memory_limit'), current_setting('threads')").Scan(&limit, &threads))
	require.Equal(t, "1.0 GiB", limit)
	require.Equal(t, "3", threads)
}

func TestAllFillsTheFieldsOfAStruct(t *testing.T) {
	db := must.Have(Open("", Options{}))(t)
	defer db.Close() //nolint:errcheck // the test is over
	must.Have(db.Exec(`create schema _data;
		create table _data.concurrency (day date, region text, location text, start_ts bigint, end_ts bigint, agents bigint);
		insert into _data.concurrency values ('2026-03-10', 'US', null, 1, 2, 3), ('2026-03-10', 'US', null, 2, 4, 0);
		create table _data.monthly_enabled (month text, region text, agents bigint, state text);
		insert into _data.monthly_enabled values ('2026-03', 'US', null, 'final')`))(t)
	type step struct {
		Day, Region, Location string
		calendar.Interval
		Agents int64
	}
	steps := must.Have(All[step](t.Context(), db, "ask/page_curve", Days(calendar.Date{Year: 2026, Month: 3, Day: 10})))(t)
	require.Equal(t, []step{{"2026-03-10", "US", "", calendar.Interval{Start: 1, End: 2}, 3}, {"2026-03-10", "US", "", calendar.Interval{Start: 2, End: 4}, 0}}, steps)
	type number struct {
		Month  calendar.Month
		Region string
		Agents *int64
		State  string
	}
	months := must.Have(All[number](t.Context(), db, "ask/page_month"))(t)
	require.Equal(t, []number{{Month: calendar.Month{Year: 2026, Month: 3}, Region: "US", State: "final"}}, months)
	days, err := All[int64](t.Context(), db, "ask/page_as_of")
	require.ErrorContains(t, err, "_data.run")
	require.Empty(t, days)
}

// A statement gets its own of the arguments of several, and lacks what is not among them.
func TestAStatementTakesTheArgumentsOfItsParameters(t *testing.T) {
	region, day, wide := sql.Named("region", "US"), sql.Named("day", "2026-03-10"), sql.Named("wide", false)
	require.Equal(t, []any{region, wide}, Taken("ask/reading_kind", []any{region, day, wide}))
	require.Equal(t, []any{region}, Taken("ask/reading_kind", []any{sql.Named("regio", ""), region, sql.Named("regions", "")}), "no part of a name is one")
	require.Empty(t, Taken("store/checkpoint", []any{region}))
}
