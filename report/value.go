package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// settle follows a pointer to what it points at, nil where it points nowhere.
// A *big.Int is a number as it is.
func settle(value any) any {
	if _, number := value.(*big.Int); value == nil || number {
		return value
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return settle(v.Elem().Interface())
	}
	return value
}

// isBlank tells whether a settled value shows as nothing.
func isBlank(value any) bool { return value == nil || value == Absent }

// isNumber tells whether a value counts or measures; a named integer type that
// has a text of its own does not.
func isNumber(value any) bool {
	value = settle(value)
	switch value.(type) {
	case nil:
		return false
	case *big.Int:
		return true
	case fmt.Stringer:
		return false
	}
	return reflect.TypeOf(value).ConvertibleTo(reflect.TypeFor[float64]())
}

// textOf is a value as text, for CSV and, once Printable, for people. Lists and
// maps are written as JSON.
func textOf(value any) string {
	value = settle(value)
	if isBlank(value) {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case fmt.Stringer:
		return v.String()
	}
	var encoded bytes.Buffer
	number := reflect.TypeOf(value).Kind() < reflect.Array // or a bool
	if number || encodeJSON(&encoded, jsonValue(value)) != nil {
		return fmt.Sprint(value)
	}
	var text string
	if json.Unmarshal(encoded.Bytes(), &text) == nil {
		return text
	}
	return encoded.String()
}

// jsonValue makes a value into one that package json writes as Table promises.
// What JSON has no word for, such as NaN, becomes text.
func jsonValue(value any) any {
	value = settle(value)
	if isBlank(value) {
		return nil
	}
	switch v := value.(type) {
	case string, time.Time, *big.Int, json.Marshaler:
		return v
	case []byte:
		return fmt.Sprintf("%x", v)
	case float64, float32:
		if f := reflect.ValueOf(v).Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return textOf(v)
		}
		return v
	case fmt.Stringer:
		return v.String()
	}
	return jsonCollection(value)
}

// jsonCollection does for the members of lists and maps what jsonValue does for
// a value. Keys of maps become text, as JSON wants them.
func jsonCollection(value any) any {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, jsonValue(v.Index(i).Interface()))
		}
		return list
	case reflect.Map:
		object := make(map[string]any, v.Len())
		for entries := v.MapRange(); entries.Next(); {
			object[textOf(entries.Key().Interface())] = jsonValue(entries.Value().Interface())
		}
		return object
	}
	return value
}

// Printable makes text safe to show on a terminal: whatever could move the
// cursor, begin a line, change colours or reorder the line is written as an
// escape, and so is what is not UTF-8.
func Printable(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return out.String()
}
