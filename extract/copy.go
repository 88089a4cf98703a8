package extract

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"seats/internal/duck"
	"seats/internal/fail"
)

// receiver hands rows of PostgreSQL queries to DuckDB, chunk by chunk and column by column, through a table
// function gim_rows(number): no value is boxed on its way.
type receiver struct {
	mu      sync.Mutex
	last    int64
	sources map[int64]*rowSource
}

// newReceiver registers the table function; every connection of the database sees it.
func newReceiver(conn *sql.Conn) (*receiver, error) {
	r := &receiver{sources: map[int64]*rowSource{}}
	number, err := duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	if err != nil {
		return nil, err
	}
	err = duckdb.RegisterTableUDF(conn, "gim_rows", duckdb.ChunkTableFunction{
		Config: duckdb.TableFunctionConfig{Arguments: []duckdb.TypeInfo{number}},
		BindArguments: func(_ map[string]any, args ...any) (duckdb.ChunkTableSource, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if s := r.sources[args[0].(int64)]; s != nil {
				return s, nil
			}
			return nil, fmt.Errorf("gim_rows: no source %v", args[0])
		},
	})
	if err != nil {
		return nil, fmt.Errorf("register gim_rows: %w", err)
	}
	return r, nil
}

func (r *receiver) add(s *rowSource) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.sources[r.last] = s
	return r.last
}

func (r *receiver) remove(number int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sources, number)
}

// receive stores the rows of a query in a staged table, chunk 0, and returns what was sent. each may be nil. Where they
// cannot be stored it leaves the rows unread: the caller must cancel the query before closing it, or the server
// would go on sending.
func (s *Stage) receive(ctx context.Context, name string, rows pgx.Rows, texts alphabet, each eachRow, progress func(int64)) (*tally, error) {
	source, err := newRowSource(name, rows, texts, each, progress)
	if err != nil {
		return nil, err
	}
	conn, err := s.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	defer conn.Close() //nolint:errcheck // the statement's error is the one that tells
	number := s.rows.add(source)
	defer s.rows.remove(number)
	_, err = duck.ExecOn(ctx, conn, "slice/each_receive", table(name), sql.Named("source", number))
	// An error of the server reaches DuckDB as text only: the original says what it was.
	if err := errors.Join(source.err, rows.Err()); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	return source.sent, nil
}

// eachRow is shown a row as it was sent, in binary format, once it can be stored.
type eachRow func(fields []pgconn.FieldDescription, row [][]byte)

// rowSource is the rows of one query as DuckDB's table function takes them.
type rowSource struct {
	table    string
	rows     pgx.Rows
	fields   []pgconn.FieldDescription
	columns  []duckdb.ColumnInfo
	most     []int64 // the greatest number that the store has room for, of each column
	keys     int     // so many columns, the first ones, are the table's key: never NULL
	texts    alphabet
	sent     *tally
	each     eachRow
	progress func(int64)
	err      error
}

func newRowSource(name string, rows pgx.Rows, texts alphabet, each eachRow, progress func(int64)) (*rowSource, error) {
	s := &rowSource{table: name, rows: rows, fields: rows.FieldDescriptions(), keys: len(table(name).Key), texts: texts, each: each, progress: progress}
	if len(s.fields) == 0 { // the query failed before its first row
		rows.Close()
		return nil, rows.Err()
	}
	s.sent = newTally(len(s.fields))
	if err := s.checkColumns(); err != nil {
		return nil, err
	}
	for _, f := range s.fields {
		kind := duckdb.TYPE_BIGINT
		if isText(f.DataTypeOID) {
			kind = duckdb.TYPE_VARCHAR
		}
		info, err := duckdb.NewTypeInfo(kind)
		if err != nil {
			return nil, err
		}
		s.columns = append(s.columns, duckdb.ColumnInfo{Name: f.Name, T: info})
		s.most = append(s.most, math.MaxInt64)
		if f.Name == "active_flag" {
			s.most[len(s.most)-1] = math.MaxInt16
		}
	}
	return s, nil
}

// checkColumns makes sure that the statement reads the columns of the table, in their order: they are stored by place.
func (s *rowSource) checkColumns() error {
	var sent, wanted []string
	for _, f := range s.fields {
		sent = append(sent, f.Name)
	}
	for _, c := range table(s.table).Columns {
		wanted = append(wanted, c.Name)
	}
	if !slices.Equal(sent, wanted) {
		return fmt.Errorf("receive %s: the statement reads %v, the table has %v", s.table, sent, wanted)
	}
	return nil
}

// ColumnInfos are the query's columns: numbers as BIGINT, texts as VARCHAR.
func (s *rowSource) ColumnInfos() []duckdb.ColumnInfo { return s.columns }

// Cardinality is not known before the end.
func (s *rowSource) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init has nothing to do.
func (s *rowSource) Init() {}

// FillChunk writes the next rows; none at the end. The first error is final.
func (s *rowSource) FillChunk(chunk duckdb.DataChunk) error {
	n := 0
	for ; n < duckdb.GetDataChunkCapacity() && s.rows.Next(); n++ {
		row := s.rows.RawValues()
		for i, raw := range row {
			told, err := s.put(chunk, i, n, raw)
			if err == nil && told {
				continue
			}
			if s.err = err; err == nil {
				s.err = s.notWhole(row, i)
			}
			return s.err
		}
		if s.each != nil {
			s.each(s.fields, row)
		}
	}
	s.progress(int64(n))
	if err := s.rows.Err(); err != nil {
		return err
	}
	s.sent.rows += int64(n)
	return chunk.SetSize(n)
}

// put writes one value; told is false where it is no number that can be stored, or where a key has none.
func (s *rowSource) put(chunk duckdb.DataChunk, column, row int, raw []byte) (told bool, err error) {
	if raw == nil {
		return column >= s.keys, duckdb.SetChunkValue[any](chunk, column, row, nil)
	}
	oid := s.fields[column].DataTypeOID
	if isText(oid) {
		if oid == pgtype.BPCharOID {
			raw = bytes.TrimRight(raw, " ") // what fills up a char(n) is no part of the text
		}
		text := s.texts.text(raw)
		s.sent.columns[column].add(int64(len(text)))
		return true, duckdb.SetChunkValue(chunk, column, row, text)
	}
	v, ok := whole(oid, raw)
	if !ok || v > s.most[column] || v < -s.most[column]-1 {
		return false, nil
	}
	s.sent.columns[column].add(v)
	return true, duckdb.SetChunkValue(chunk, column, row, v)
}

// notWhole names a number that cannot be stored, and its row.
func (s *rowSource) notWhole(row [][]byte, column int) error {
	var key []string
	for i := range table(s.table).Key {
		key = append(key, s.fields[i].Name+" "+shown(s.fields[i], row[i]))
	}
	return fail.New(fail.Source, "correct that row, or let a view of the same name leave it out; nothing was changed",
		"%s, row with %s: %s is %s, not a whole number of %d bits", s.table, strings.Join(key, ", "),
		s.fields[column].Name, shown(s.fields[column], row[column]), bits.Len64(uint64(s.most[column]))+1)
}
