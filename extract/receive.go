package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	texts "example.com/seats/sql"
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
	if slices.EqualFunc(r.fields, r.of.Columns, func(f pgconn.FieldDescription, c texts.Column) bool { return f.Name == c.Name }) {
		return nil
	}
	return fmt.Errorf("receive %s: the statement reads %v, the table has %v", r.of.Name, r.fields, r.of.Columns)
}

// put takes one value; it is false where that is no number that can be stored, or where a key has none.
func (r *receiver) put(column int, raw []byte) bool {
	if raw == nil {
		return column >= len(r.of.Key)
	}
	oid := r.fields[column].DataTypeOID
	if slices.Contains(textTypes, oid) {
		if oid == pgtype.BPCharOID {
			raw = bytes.TrimRight(raw, " ") // what fills up a char(n) is no part of the text
		}
		r.Rows.setText(column, r.texts.utf8(raw))
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

var textTypes = []uint32{pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID}

// whole reads a whole number of any of PostgreSQL's types in binary format (network byte order); ok is false where it is none, or none of 64 bits.
func whole(oid uint32, raw []byte) (v int64, ok bool) {
	switch oid {
	case pgtype.Int8OID:
		return int64(binary.BigEndian.Uint64(raw)), true
	case pgtype.Int4OID:
		return int64(int32(binary.BigEndian.Uint32(raw))), true
	case pgtype.Int2OID:
		return int64(int16(binary.BigEndian.Uint16(raw))), true
	case pgtype.NumericOID:
		return wholeNumeric(raw)
	case pgtype.Float8OID:
		return wholeFloat(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	case pgtype.Float4OID:
		return wholeFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(raw))))
	}
	return 0, false
}

func wholeFloat(f float64) (int64, bool) {
	if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 { // of NaN the first is true
		return 0, false
	}
	return int64(f), true
}

// wholeNumeric reads PostgreSQL's numeric: after the number of digits, the power of the first, the sign and the scale,
// 16 bits each, come the digits, to the base of 10000.
func wholeNumeric(raw []byte) (int64, bool) {
	word := func(i int) uint16 { return binary.BigEndian.Uint16(raw[2*i:]) }
	digits, power, sign := int(word(0)), int(int16(word(1))), word(2)
	if sign != 0 && sign != 0x4000 { // NaN and the infinities
		return 0, false
	}
	var v uint64
	for i := 0; i < max(digits, power+1); i++ {
		digit := uint64(0)
		if i < digits {
			digit = uint64(word(4 + i))
		}
		if i > power {
			if digit != 0 {
				return 0, false
			}
			continue
		}
		if v > (math.MaxUint64-digit)/10000 {
			return 0, false
		}
		v = 10000*v + digit
	}
	if sign != 0 {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v < 1<<63
}

// shown is a value as people write it.
func shown(f pgconn.FieldDescription, raw []byte) string {
	if raw == nil {
		return "null"
	}
	m := pgtype.NewMap()
	if t, known := m.TypeForOID(f.DataTypeOID); known {
		v, err := t.Codec.DecodeDatabaseSQLValue(m, f.DataTypeOID, f.Format, raw)
		if f, is := v.(float64); is && math.Abs(f) < 1e15 {
			return strconv.FormatFloat(f, 'f', -1, 64) // as PostgreSQL writes it
		}
		if err == nil {
			return fmt.Sprint(v)
		}
	}
	return fmt.Sprintf("%x", raw)
}

// damage stands in a text for a byte that means nothing: the sign that people know, and the byte, so that values that
// differ stay different. No name has this by chance: sql/count/quality_damaged_name knows a damaged one by it.
const damage = "\ufffdx%02X"

// alphabet is what the bytes of a database's texts mean: of each byte its character, "" where it has none. A nil one is UTF-8's.
type alphabet []string

// readAlphabet asks what the bytes of the database's texts mean. raw: the server shall hand them out as they are, for
// it gives up a whole statement for one byte that it cannot tell.
func (r *reader) readAlphabet(ctx context.Context) (a alphabet, raw bool, err error) {
	encoding := r.PgConn().ParameterStatus("server_encoding")
	if encoding == "UTF8" {
		return nil, false, nil
	}
	if _, err := r.Exec(ctx, texts.Text("gim/alphabet")); err != nil {
		return nil, false, locate(err, "gim/alphabet", r.cfg.Schema)
	}
	var found [][]byte
	if err := r.ask(ctx, "gim/alphabet_found", nil, &found); err != nil {
		return nil, false, err
	}
	if len(bytes.Join(found, nil)) == 0 { // SQL_ASCII, or several bytes a character, which the server tells better
		return nil, encoding == "SQL_ASCII", nil
	}
	for ascii := range utf8.RuneSelf {
		a = append(a, string(rune(ascii)))
	}
	return append(a, list.Of(found, func(character []byte) string { return string(character) })...), true, nil
}

// text is the text of the bytes, in UTF-8.
func (a alphabet) text(raw []byte) string { return string(a.utf8(raw)) }

func (a alphabet) utf8(raw []byte) (text []byte) {
	if a == nil && utf8.Valid(raw) {
		return raw
	}
	for size := 1; len(raw) > 0; raw = raw[size:] {
		character := []byte(nil)
		if size = 1; a != nil {
			character = []byte(a[raw[0]])
		} else if r, n := utf8.DecodeRune(raw); r != utf8.RuneError || n > 1 {
			character, size = raw[:n], n
		}
		if len(character) == 0 {
			text = fmt.Appendf(text, damage, raw[0])
		}
		text = append(text, character...)
	}
	return text
}

// plain puts the server's message into UTF-8: it too comes in bytes that only the alphabet can tell.
func (a alphabet) plain(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		pg.Message = a.text([]byte(pg.Message))
	}
	return err
}
