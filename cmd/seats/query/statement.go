package query

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"seats/internal/fail"
)

// parsed is what DuckDB's parser says of a text. It runs nothing.
type parsed struct {
	Error      bool
	ErrorType  string            `json:"error_type"`
	Message    string            `json:"error_message"`
	Statements []json.RawMessage // questions, where there is no error
}

func (a *Asker) parse(ctx context.Context, text string) (p parsed, err error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) { // at a zero, a text ends for some of DuckDB, and goes on for the rest
		return p, fail.New(fail.Other, "", "statements are UTF-8, without zeros")
	}
	var tree string
	if err := a.Conn.QueryRowContext(ctx, "select system.main.json_serialize_sql(?::varchar)::varchar", text).Scan(&tree); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(tree), &p)
}

// wrong tells whether the text breaks the grammar: anything else that DuckDB says of it is about a statement that is one.
func (p parsed) wrong() bool { return p.Error && p.ErrorType == "parser" }

// open tells whether what is wrong may come right with more of the text: a quote or a comment has no end yet, or a statement.
func (p parsed) open() bool {
	return p.wrong() && (strings.HasPrefix(p.Message, "unterminated") || strings.HasSuffix(p.Message, "at end of input"))
}

// blank tells a text of nothing but comments.
func (p parsed) blank() bool { return !p.Error && len(p.Statements) == 0 }

// split cuts the complete statements, each with its semicolon, off the front of a text; what has not ended yet is the rest.
// Which semicolons end one is DuckDB's to say: where a statement has ended, a bracket behind it is an error, and in a text or a
// comment it is none. What is wrong whatever follows is complete too. A statement of nothing but comments is passed over.
//
// Nothing rests on it but what is shown where: what is run is again one statement, by DuckDB's count.
func (a *Asker) split(ctx context.Context, text string) (complete []string, rest string, err error) {
	rest = text
	for at := 0; ; {
		next := strings.IndexByte(rest[at:], ';')
		if next < 0 {
			return complete, rest, nil
		}
		at += next + 1
		p, err := a.parse(ctx, rest[:at])
		if err != nil {
			return nil, "", err
		}
		if p.open() {
			continue
		}
		if !p.wrong() {
			behind, err := a.parse(ctx, rest[:at]+")")
			if err != nil {
				return nil, "", err
			}
			if !behind.wrong() {
				continue
			}
		}
		if !p.blank() {
			complete = append(complete, strings.TrimSpace(rest[:at]))
		}
		rest, at = rest[at:], 0
	}
}

// whole gives all statements of a text, of which nothing more is to come.
func (a *Asker) whole(ctx context.Context, text string) (complete []string, err error) {
	complete, rest, err := a.split(ctx, text)
	if err != nil {
		return nil, err
	}
	p, err := a.parse(ctx, rest)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if !p.blank() {
		complete = append(complete, rest)
	}
	return complete, nil
}
