package extract

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"seats/internal/duck"
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

// receive stores the rows of a query in a staged table, chunk 0, and returns what was sent. each may be nil.
func (s *Stage) receive(ctx context.Context, table string, rows pgx.Rows, texts alphabet, each func([][]byte), progress func(int64)) (*tally, error) {
	defer rows.Close()
	source, err := newRowSource(rows, texts, each, progress)
	if err != nil {
		return nil, err
	}
	conn, err := s.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", table, err)
	}
	defer conn.Close() //nolint:errcheck // the statement's error is the one that tells
	number := s.rows.add(source)
	defer s.rows.remove(number)
	_, err = duck.Exec(ctx, conn, "stage/receive/"+table+".sql", sql.Named("source", number))
	// An error of the server reaches DuckDB as text only: the original says what it was.
	if err := errors.Join(source.err, rows.Err()); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", table, err)
	}
	return source.sent, nil
}

// rowSource is the rows of one query as DuckDB's table function takes them.
type rowSource struct {
	rows     pgx.Rows
	fields   []pgconn.FieldDescription
	columns  []duckdb.ColumnInfo
	texts    alphabet
	sent     *tally
	each     func([][]byte)
	progress func(int64)
	err      error
}

func newRowSource(rows pgx.Rows, texts alphabet, each func([][]byte), progress func(int64)) (*rowSource, error) {
	s := &rowSource{rows: rows, fields: rows.FieldDescriptions(), texts: texts, each: each, progress: progress}
	if len(s.fields) == 0 { // the query failed before its first row
		rows.Close()
		return nil, rows.Err()
	}
	s.sent = newTally(len(s.fields))
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
	}
	return s, nil
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
		if s.each != nil {
			s.each(row)
		}
		for i, raw := range row {
			if err := s.put(chunk, i, n, raw); err != nil {
				s.err = fmt.Errorf("column %s: %w", s.fields[i].Name, err)
				return s.err
			}
		}
	}
	if err := s.rows.Err(); err != nil {
		return err
	}
	s.sent.rows += int64(n)
	s.progress(int64(n))
	return chunk.SetSize(n)
}

func (s *rowSource) put(chunk duckdb.DataChunk, column, row int, raw []byte) error {
	if raw == nil {
		return duckdb.SetChunkValue[any](chunk, column, row, nil)
	}
	if isText(s.fields[column].DataTypeOID) {
		text := s.texts.text(raw)
		s.sent.columns[column].add(int64(len(text)))
		return duckdb.SetChunkValue(chunk, column, row, text)
	}
	v, err := integer(s.fields[column], raw)
	if err != nil {
		return err
	}
	s.sent.columns[column].add(v)
	return duckdb.SetChunkValue(chunk, column, row, v)
}

func isText(oid uint32) bool {
	return oid == pgtype.TextOID || oid == pgtype.VarcharOID || oid == pgtype.BPCharOID
}

// integer reads a whole number of any of PostgreSQL's types in binary format (network byte order).
func integer(f pgconn.FieldDescription, raw []byte) (int64, error) {
	switch f.DataTypeOID {
	case pgtype.Int8OID:
		return int64(binary.BigEndian.Uint64(raw)), nil
	case pgtype.Int4OID:
		return int64(int32(binary.BigEndian.Uint32(raw))), nil
	case pgtype.Int2OID:
		return int64(int16(binary.BigEndian.Uint16(raw))), nil
	case pgtype.NumericOID:
		var n pgtype.Numeric
		if err := pgtype.NewMap().Scan(f.DataTypeOID, f.Format, raw, &n); err != nil {
			return 0, err
		}
		v, err := n.Int64Value()
		return v.Int64, err
	default:
		return 0, fmt.Errorf("unexpected type (oid %d)", f.DataTypeOID)
	}
}
