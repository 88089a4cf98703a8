package query

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"seats/internal/fail"
	"seats/report"
)

// resultLimit bounds the rows of a result, in bytes: they are kept beside DuckDB's buffers.
const resultLimit = 512 << 20

// collect runs a statement and gives its rows.
func collect(ctx context.Context, s *duckdb.Stmt) (table report.Table, err error) {
	rows, err := s.QueryContext(ctx, nil)
	if err != nil {
		return table, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, is := rows.(driver.RowsColumnTypeDatabaseTypeName)
	if !is {
		return table, errors.New("the driver gives no types")
	}
	table.Header = rows.Columns()
	held := 0
	for {
		values, row := make([]driver.Value, len(table.Header)), make([]any, len(table.Header))
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return table, ctx.Err()
		case err != nil:
			return table, err
		case ctx.Err() != nil:
			return table, ctx.Err()
		}
		for i, v := range values {
			held += size(v)
			row[i] = shown(v, types.ColumnTypeDatabaseTypeName(i))
		}
		if held > resultLimit {
			return table, fail.New(fail.Other, "ask for less, with where or limit, or write it as Parquet",
				"the result is larger than %d MB, after %d rows", resultLimit>>20, len(table.Rows))
		}
		table.Rows = append(table.Rows, row)
	}
}

// size is about how many bytes a value takes.
func size(value any) int {
	bytes := 32
	switch v := value.(type) {
	case string:
		bytes += len(v)
	case []byte:
		bytes += len(v)
	case []any:
		for _, member := range v {
			bytes += size(member)
		}
	case map[string]any:
		for name, member := range v {
			bytes += len(name) + size(member)
		}
	}
	return bytes
}

// shown takes from a date and from a time of day what the driver makes up to fill a time.Time.
func shown(value any, typeName string) any {
	t, isTime := value.(time.Time)
	switch {
	case isTime && typeName == "DATE":
		return t.Format(time.DateOnly)
	case isTime && typeName == "TIME":
		return t.Format("15:04:05.999999")
	}
	return value
}
