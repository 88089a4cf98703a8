package extract

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"seats/internal/fail"
)

// receiver puts the rows of a PostgreSQL query, in binary format, into Rows.
type receiver struct {
	*Rows
	texts  alphabet
	fields []pgconn.FieldDescription
}

// arrivals is after how many rows progress is told of them.
const arrivals = 2048

func (r *receiver) receive(rows pgx.Rows, progress func(int64)) error {
	for r.fields = rows.FieldDescriptions(); rows.Next(); {
		if r.len == 0 {
			if err := r.checkColumns(); err != nil {
				return err
			}
		}
		r.begin()
		row := rows.RawValues()
		for i, raw := range row {
			if !r.put(i, raw) {
				return r.notWhole(row, i)
			}
		}
		if r.len%arrivals == 0 {
			progress(arrivals)
		}
	}
	progress(int64(r.len % arrivals))
	return rows.Err()
}

// checkColumns makes sure that the statement reads the columns of the table, in their order: they are stored by place.
func (r *receiver) checkColumns() error {
	var sent, wanted []string
	for _, f := range r.fields {
		sent = append(sent, f.Name)
	}
	for _, c := range r.of.Columns {
		wanted = append(wanted, c.Name)
	}
	if !slices.Equal(sent, wanted) {
		return fmt.Errorf("receive %s: the statement reads %v, the table has %v", r.of.Name, sent, wanted)
	}
	return nil
}

// put takes one value; it is false where that is no number that can be stored, or where a key has none.
func (r *receiver) put(column int, raw []byte) bool {
	if raw == nil {
		return column >= len(r.of.Key)
	}
	oid := r.fields[column].DataTypeOID
	if isText(oid) {
		if oid == pgtype.BPCharOID {
			raw = bytes.TrimRight(raw, " ") // what fills up a char(n) is no part of the text
		}
		r.setText(column, r.texts.text(raw))
		return true
	}
	v, ok := whole(oid, raw)
	if most := r.most(column); !ok || v > most || v < -most-1 {
		return false
	}
	r.setNumber(column, v)
	return true
}

// most is the greatest number that the store has room for, of a column.
func (r *receiver) most(column int) int64 {
	if r.of.Columns[column].Type == typeFlag {
		return math.MaxInt16
	}
	return math.MaxInt64
}

// notWhole names a number that cannot be stored, and its row.
func (r *receiver) notWhole(row [][]byte, column int) error {
	var key []string
	for i := range r.of.Key {
		key = append(key, r.fields[i].Name+" "+shown(r.fields[i], row[i]))
	}
	return fail.New(fail.Source, "correct that row, or let a view of the same name leave it out; nothing was changed",
		"%s, row with %s: %s is %s, not a whole number of %d bits", r.of.Name, strings.Join(key, ", "),
		r.fields[column].Name, shown(r.fields[column], row[column]), bits.Len64(uint64(r.most(column)))+1)
}
