package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// syntaxProblem says where and why content is no YAML. The parser's own text is
// not used whole: it quotes the lines around the error, where a password may be.
func syntaxProblem(err error, content []byte) (at position, msg, hint string) {
	at, msg = position{line: 1, column: 1}, "is not YAML"
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		at = positionOfToken(syntax.GetToken())
		if detail := syntax.GetMessage(); !strings.ContainsRune(detail, '"') {
			msg += ": " + oneLine(detail)
		}
	}
	lines := bytes.Split(content, []byte("\n"))
	if at.line <= len(lines) && bytes.Contains(lines[at.line-1], []byte("${")) {
		hint = "inside [...] and {...}, ${NAME} needs quotes"
	}
	return at, msg, hint
}

// oneLine makes control characters in the parser's messages visible.
func oneLine(s string) string {
	return strings.NewReplacer("\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(s)
}

var byteOrderMark = []byte("\ufeff")

// badText returns the line of the first byte that is no UTF-8, or 0.
func badText(content []byte) (line int) {
	for i, text := range bytes.Split(content, []byte("\n")) {
		if !utf8.Valid(text) {
			return i + 1
		}
	}
	return 0
}
