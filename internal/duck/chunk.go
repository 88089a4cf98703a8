package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	texts "seats/sql"
)

// Chunk is a few thousand rows at most, column by column, in DuckDB's own memory: where hundreds of thousands of rows are read or
// written, handing them over value by value costs more than what is done with them.
type Chunk struct {
	Size  int
	chunk mapping.DataChunk
}

// Chunks runs an embedded query and calls read for every chunk of its rows. Neither the chunk nor what is taken of it may be used after
// read returns. The connection may be in a transaction.
func Chunks(ctx context.Context, conn *sql.Conn, name string, read func(Chunk) error, args ...sql.NamedArg) error {
	return chunks(ctx, conn, texts.Text(name), name, read, args)
}

// ChunksOn is Chunks of a query that is the same for every table but for its names, on one of them.
func ChunksOn(ctx context.Context, conn *sql.Conn, name string, table texts.Table, read func(Chunk) error, args ...sql.NamedArg) error {
	return chunks(ctx, conn, texts.Fill(name, table), name+" on "+table.Name, read, args)
}

func chunks(ctx context.Context, conn *sql.Conn, text, shown string, read func(Chunk) error, args []sql.NamedArg) error {
	return conn.Raw(func(c any) (err error) {
		queryer, ok := c.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("read sql/%s: the driver has no direct queries", shown)
		}
		var named []driver.NamedValue
		for i, a := range args {
			named = append(named, driver.NamedValue{Name: a.Name, Ordinal: i + 1, Value: a.Value})
		}
		rows, err := queryer.QueryContext(ctx, text, named)
		if err != nil {
			return fmt.Errorf("run sql/%s: %w", shown, err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		result, err := hidden[mapping.Result](rows, "res")
		for err == nil {
			chunk := mapping.FetchChunk(*result)
			if chunk.Ptr == nil {
				return ctx.Err()
			}
			err = errors.Join(read(Chunk{int(mapping.DataChunkGetSize(chunk)), chunk}), ctx.Err())
			mapping.DestroyDataChunk(&chunk)
		}
		return fmt.Errorf("read sql/%s: %w", shown, err)
	})
}

// ToFill is the chunk that a table function is to fill: as large as one can be, and without a NULL.
func ToFill(of *duckdb.DataChunk) (Chunk, error) {
	chunk, err := hidden[mapping.DataChunk](of, "chunk")
	if err != nil {
		return Chunk{}, err
	}
	return Chunk{duckdb.GetDataChunkCapacity(), *chunk}, nil
}

// hidden is a field that the driver keeps to itself: it hands out the values of its results and chunks one by one, though its package
// mapping has all that reads and writes them whole. A driver without such a field is one that this program was not built for.
func hidden[T any](of any, field string) (*T, error) {
	if v := reflect.Indirect(reflect.ValueOf(of)); v.Kind() == reflect.Struct && v.CanAddr() {
		if f := v.FieldByName(field); f.IsValid() && f.Type() == reflect.TypeFor[T]() {
			return (*T)(unsafe.Pointer(f.UnsafeAddr())), nil
		}
	}
	return nil, fmt.Errorf("the DuckDB driver's %T has no field %s of type %s", of, field, reflect.TypeFor[T]())
}

// Cell is what the columns of chunks hold.
type Cell interface{ int64 | int16 | bool | Text }

// Column is one column of a chunk. In the place of a NULL stands anything.
type Column[T Cell] struct {
	Values []T
	valid  []uint64 // a bit for each row; nil: none is NULL
	vector mapping.Vector
}

// ColumnOf is a column of a chunk. A type that is not the query's is a mistake in the program, so it panics.
func ColumnOf[T Cell](c Chunk, column int) Column[T] {
	vector := mapping.DataChunkGetVector(c.chunk, mapping.IdxT(column))
	logical := mapping.VectorGetColumnType(vector)
	defer mapping.DestroyLogicalType(&logical)
	want := duckdb.TYPE_VARCHAR
	switch any(*new(T)).(type) {
	case int64:
		want = duckdb.TYPE_BIGINT
	case int16:
		want = duckdb.TYPE_SMALLINT
	case bool:
		want = duckdb.TYPE_BOOLEAN
	}
	if is := mapping.GetTypeId(logical); is != want {
		panic(fmt.Sprintf("duck: column %d is of type %d, not %d", column, is, want))
	}
	of := Column[T]{Values: unsafe.Slice((*T)(mapping.VectorGetData(vector)), c.Size), vector: vector}
	if mask := mapping.VectorGetValidity(vector); mask != nil {
		of.valid = unsafe.Slice((*uint64)(mask), (c.Size+63)/64)
	}
	return of
}

// Has tells whether a row has a value.
func (c *Column[T]) Has(row int) bool { return c.valid == nil || c.valid[row/64]>>(row%64)&1 == 1 }

// At is a row's value; NULL as what is given for it.
func (c *Column[T]) At(row int, null T) T {
	if !c.Has(row) {
		return null
	}
	return c.Values[row]
}

// SetNull takes the value from a row of a chunk that is to be filled.
func (c *Column[T]) SetNull(row int) { c.valid[row/64] &^= 1 << (row % 64) }

// Text is a text as DuckDB has it in a column (duckdb_string_t): its length in four bytes, then it, or the address of a longer one.
type Text [16]byte

// textWithin is how many bytes a text has at most that lies in the column itself.
const textWithin = 12

// Bytes are a row's text: nobody's but DuckDB's. NULL is nil.
func Bytes(c *Column[Text], row int) []byte {
	if !c.Has(row) {
		return nil
	}
	t := &c.Values[row]
	n := *(*uint32)(unsafe.Pointer(t))
	if n <= textWithin {
		return t[4 : 4+n]
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t[8])), n)
}

// SetText gives a row of a chunk that is to be filled a text. DuckDB copies it; one that is no UTF-8 it makes NULL.
func SetText(c *Column[Text], row int, text []byte) {
	mapping.VectorAssignStringElementLen(c.vector, mapping.IdxT(row), text)
}

// Names hands out texts of which there are few in many rows, each once.
type Names map[string]string

// Of is the text of a row; NULL as an empty one.
func (n Names) Of(c *Column[Text], row int) string {
	text := Bytes(c, row)
	name, met := n[string(text)]
	if !met {
		name = string(text)
		n[name] = name
	}
	return name
}
