package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	texts "example.com/seats/sql"
)

// Chunk is a few thousand rows at most, column by column, in DuckDB's own memory: where hundreds of thousands of rows are read or
// written, handing them over value by value costs more than what is done with them. All of it is numbers (BIGINT) and texts.
type Chunk struct {
	Size    int
	Columns []Column
}

// Chunks runs an embedded query and calls read for every chunk of its rows. Neither the chunk nor what is taken of it may be used after
// read returns. The connection may be in a transaction.
func Chunks(ctx context.Context, conn *sql.Conn, name string, read func(Chunk) error, args ...sql.NamedArg) error {
	return conn.Raw(func(c any) (err error) {
		queryer, ok := c.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("read sql/%s: the driver has no direct queries", name)
		}
		var named []driver.NamedValue
		for i, a := range args {
			named = append(named, driver.NamedValue{Name: a.Name, Ordinal: i + 1, Value: a.Value})
		}
		rows, err := queryer.QueryContext(ctx, texts.Text(name), named)
		if err != nil {
			return fmt.Errorf("run sql/%s: %w", name, err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		result, err := hidden[mapping.Result](rows, "res")
		for err == nil {
			chunk := mapping.FetchChunk(*result)
			if chunk.Ptr == nil {
				return ctx.Err()
			}
			err = errors.Join(read(chunkOf(chunk, int(mapping.DataChunkGetSize(chunk)))), ctx.Err())
			mapping.DestroyDataChunk(&chunk)
		}
		return fmt.Errorf("read sql/%s: %w", name, err)
	})
}

// ToFill is the chunk that a table function is to fill: as large as one can be, and without a NULL.
func ToFill(of *duckdb.DataChunk) (Chunk, error) {
	chunk, err := hidden[mapping.DataChunk](of, "chunk")
	if err != nil {
		return Chunk{}, err
	}
	return chunkOf(*chunk, duckdb.GetDataChunkCapacity()), nil
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

type Column struct {
	Numbers []int64 // nil of texts; in the place of a NULL stands anything
	texts   []text
	valid   []uint64 // a bit for each row; nil: none is NULL
	vector  mapping.Vector
}

// chunkOf finds the columns of a chunk. One of another type is a mistake in the program, so it panics.
func chunkOf(chunk mapping.DataChunk, size int) Chunk {
	c := Chunk{size, make([]Column, mapping.DataChunkGetColumnCount(chunk))}
	for i := range c.Columns {
		column, vector := &c.Columns[i], mapping.DataChunkGetVector(chunk, mapping.IdxT(i))
		logical := mapping.VectorGetColumnType(vector)
		switch kind := mapping.GetTypeId(logical); kind {
		case duckdb.TYPE_BIGINT:
			column.Numbers = unsafe.Slice((*int64)(mapping.VectorGetData(vector)), size)
		case duckdb.TYPE_VARCHAR:
			column.texts = unsafe.Slice((*text)(mapping.VectorGetData(vector)), size)
		default:
			panic(fmt.Sprintf("duck: column %d of a chunk is of the type %d", i, kind))
		}
		mapping.DestroyLogicalType(&logical)
		if mask := mapping.VectorGetValidity(vector); mask != nil {
			column.valid = unsafe.Slice((*uint64)(mask), (size+63)/64)
		}
		column.vector = vector
	}
	return c
}

func (c *Column) Has(row int) bool { return c.valid == nil || c.valid[row/64]>>(row%64)&1 == 1 }

// Number is a row's number; NULL as what is given for it.
func (c *Column) Number(row int, null int64) int64 {
	if !c.Has(row) {
		return null
	}
	return c.Numbers[row]
}

// text is a text as it lies in a column (duckdb_string_t): its length in four bytes, then it, or the address of a longer one.
type text [16]byte

// shortText is how many bytes a text has at most that lies in the column itself.
const shortText = 12

// Text is a row's text, in DuckDB's memory; NULL as nil.
func (c *Column) Text(row int) []byte {
	if !c.Has(row) {
		return nil
	}
	t := &c.texts[row]
	n := binary.NativeEndian.Uint32(t[:])
	if n <= shortText {
		return t[4 : 4+n]
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t[8])), n)
}

// SetText gives a row of a chunk that is to be filled a copy of a text. One that is no UTF-8 DuckDB makes NULL.
func (c *Column) SetText(row int, value []byte) {
	if len(value) > shortText || !utf8.Valid(value) {
		mapping.VectorAssignStringElementLen(c.vector, mapping.IdxT(row), value)
		return
	}
	var t text
	binary.NativeEndian.PutUint32(t[:], uint32(len(value)))
	copy(t[4:], value)
	c.texts[row] = t
}

// SetNull leaves a row of a chunk that is to be filled without a value.
func (c *Column) SetNull(row int) { c.valid[row/64] &^= 1 << (row % 64) }
