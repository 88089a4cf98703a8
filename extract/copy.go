package extract

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// copyRows sends the rows of a PostgreSQL query into a staged table, chunk 0, and returns what was sent. The
// first error is final: after a failed row the appender cannot be trusted.
func copyRows(ctx context.Context, stage *Stage, table string, rows pgx.Rows, progress func(int64)) (*tally, error) {
	defer rows.Close()
	conn, err := stage.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", table, err)
	}
	defer conn.Close() //nolint:errcheck // the appender's own close is the one that tells
	sent := newTally(len(rows.FieldDescriptions()))
	err = conn.Raw(func(c any) error {
		app, err := duckdb.NewAppender(c.(driver.Conn), "stage", "gim", table)
		if err != nil {
			return err
		}
		return errors.Join(appendAll(app, rows, sent, progress), app.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", table, err)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return sent, nil
}

// progressEvery is how many rows pass between two words on how far a copy has come.
const progressEvery = 50_000

func appendAll(app *duckdb.Appender, rows pgx.Rows, sent *tally, progress func(int64)) error {
	fields := rows.FieldDescriptions()
	values := make([]driver.Value, 1+len(fields))
	values[0] = int32(0) // chunk
	for rows.Next() {
		for i, raw := range rows.RawValues() {
			v, err := decode(fields[i].DataTypeOID, raw, &sent.columns[i])
			if err != nil {
				return fmt.Errorf("column %s: %w", fields[i].Name, err)
			}
			values[i+1] = v
		}
		if err := app.AppendRow(values...); err != nil {
			return err
		}
		if sent.rows++; sent.rows%progressEvery == 0 {
			progress(progressEvery)
		}
	}
	progress(sent.rows % progressEvery)
	return nil
}

// decode reads a value in PostgreSQL's binary format (network byte order) and adds it to the column's tally.
// The statements of sql/gim cast every column to one of these types.
func decode(oid uint32, raw []byte, t *columnTally) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	switch oid {
	case pgtype.Int8OID:
		v := int64(binary.BigEndian.Uint64(raw))
		t.add(v)
		return v, nil
	case pgtype.Int2OID:
		v := int16(binary.BigEndian.Uint16(raw))
		t.add(int64(v))
		return v, nil
	case pgtype.TextOID:
		t.add(int64(len(raw)))
		return string(raw), nil
	default:
		return nil, fmt.Errorf("unexpected type (oid %d)", oid)
	}
}
