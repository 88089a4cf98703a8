package extract

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"seats/internal/config"
	"seats/internal/fail"
)

func isText(oid uint32) bool {
	return oid == pgtype.TextOID || oid == pgtype.VarcharOID || oid == pgtype.BPCharOID
}

// isNumber says whether a type can hold whole numbers; some hold others too, which are errors where they are met.
func isNumber(oid uint32) bool {
	return oid == pgtype.Int2OID || oid == pgtype.Int4OID || oid == pgtype.Int8OID ||
		oid == pgtype.NumericOID || oid == pgtype.Float4OID || oid == pgtype.Float8OID
}

func isTime(oid uint32) bool { return oid == pgtype.TimestampOID || oid == pgtype.TimestamptzOID }

// typeError names every column whose values are not what the program reads.
func typeError(rights []right, cfg config.GIMDB) error {
	var wrong []string
	for _, r := range rights {
		wanted := isNumber
		switch r.wanted {
		case typeText:
			wanted = isText
		case typeTime:
			wanted = isTime
		}
		if r.hasColumn && !wanted(r.sentType) {
			wrong = append(wrong, fmt.Sprintf("%s.%s is %s", r.table, r.column, r.shownType))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fail.New(fail.Source, "views of the same names that cast these columns will do: set gimdb.schema to where they are",
		"%s: wrong type: %s; numbers may be smallint, integer, bigint, numeric, real or double precision, texts text, varchar or char, times timestamp",
		sourceName(cfg), strings.Join(wrong, ", "))
}

// whole reads a whole number of any of PostgreSQL's types in binary format (network byte order); ok is false where it
// is none, or none of 64 bits.
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
		over, product := bits.Mul64(v, 10000)
		sum, carry := bits.Add64(product, digit, 0)
		if v = sum; over != 0 || carry != 0 {
			return 0, false
		}
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
