package query

import (
	"context"
	"database/sql"
	"time"

	"seats/internal/fail"
	"seats/report"
)

// resultLimit bounds the rows of a result, in bytes: they are kept beside DuckDB's buffers.
const resultLimit = 512 << 20

// collect gives the rows of a statement.
func collect(ctx context.Context, conn *sql.Conn, query string) (table report.Table, err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return table, err
	}
	defer rows.Close() //nolint:errcheck // its error is in rows.Err
	if table.Header, err = rows.Columns(); err != nil {
		return table, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return table, err
	}
	held := 0
	for rows.Next() {
		row, places := make([]any, len(table.Header)), make([]any, len(table.Header))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return table, err
		}
		for i := range row {
			held += size(row[i])
			row[i] = shown(row[i], types[i].DatabaseTypeName())
		}
		if held > resultLimit {
			return table, fail.New(fail.Other, "ask for less, with where or limit, or write it as Parquet",
				"the result is larger than %d MB, after %d rows", resultLimit>>20, len(table.Rows))
		}
		table.Rows = append(table.Rows, row)
	}
	return table, rows.Err()
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
