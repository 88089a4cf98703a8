package extract

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	texts "seats/sql"
)

// damage stands in a text for a byte that means nothing: the sign that people know, and the byte, so that values that
// differ stay different. No name has this by chance: sql/count/quality_damaged_name knows a damaged one by it.
const damage = "\ufffdx%02X"

// alphabet is what the bytes of a database's texts mean: of each byte its character, "" where it has none. A nil one
// is UTF-8's.
type alphabet []string

// readAlphabet asks what the bytes of the database's texts mean. raw: the server shall hand them out as they are, for
// it gives up a whole statement for one byte that it cannot tell.
func readAlphabet(ctx context.Context, conn *pgx.Conn, schema string) (a alphabet, raw bool, err error) {
	encoding := conn.PgConn().ParameterStatus("server_encoding")
	if encoding == "UTF8" {
		return nil, false, nil
	}
	if _, err := conn.Exec(ctx, texts.Text("gim/alphabet")); err != nil {
		return nil, false, locate(err, "gim/alphabet", schema)
	}
	var found string
	if err := ask(ctx, conn, schema, "gim/alphabet_found", nil, &found); err != nil {
		return nil, false, err
	}
	if strings.Trim(found, ",") == "" { // SQL_ASCII, or several bytes a character, which the server tells better
		return nil, encoding == "SQL_ASCII", nil
	}
	for ascii := range utf8.RuneSelf {
		a = append(a, string(rune(ascii)))
	}
	for meaning := range strings.SplitSeq(strings.TrimSuffix(found, ","), ",") {
		character, err := hex.DecodeString(meaning)
		if err != nil {
			return nil, false, fmt.Errorf("read alphabet of %s: %w", encoding, err)
		}
		a = append(a, string(character))
	}
	return a, true, nil
}

// text is the text of the bytes, in UTF-8.
func (a alphabet) text(raw []byte) string {
	if a == nil && utf8.Valid(raw) {
		return string(raw)
	}
	var text strings.Builder
	for len(raw) > 0 {
		character, size := a.first(raw)
		if character == "" {
			fmt.Fprintf(&text, damage, raw[0])
		}
		text.WriteString(character)
		raw = raw[size:]
	}
	return text.String()
}

// first is the first character of the bytes, "" where they begin with none, and how many bytes it takes.
func (a alphabet) first(raw []byte) (character string, size int) {
	if a != nil {
		return a[raw[0]], 1
	}
	r, size := utf8.DecodeRune(raw)
	if r == utf8.RuneError && size == 1 {
		return "", 1
	}
	return string(raw[:size]), size
}

// plain puts the server's message into UTF-8: it too comes in bytes that only the alphabet can tell.
func (a alphabet) plain(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		pg.Message = a.text([]byte(pg.Message))
	}
	return err
}
