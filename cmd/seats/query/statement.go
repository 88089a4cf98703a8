package query

import (
	"regexp"
	"strings"
)

// statements cuts the complete statements, each with its semicolon, off the front of an SQL text; what has not
// ended yet is the rest. Semicolons inside texts, quoted names and comments end nothing. A statement of nothing
// but comments is passed over.
func statements(text string) (complete []string, rest string) {
	begin, last, blank := 0, 0, true
	for at := 0; at < len(text); {
		last = at
		if text[at] == ';' {
			if at++; !blank {
				complete = append(complete, strings.TrimSpace(text[begin:at]))
			}
			begin, blank = at, true
			continue
		}
		length, counts := token(text[at:])
		if counts {
			blank = false
		}
		at += length
	}
	if blank {
		return complete, commentLeftOpen(text[last:])
	}
	return complete, text[begin:]
}

// oneLine is an SQL text with its lines in one, without the comments that the end of a line ends. Texts in it are as they were,
// and may have several lines.
func oneLine(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		length, counts := token(text[at:])
		switch part := text[at : at+length]; {
		case counts:
			out.WriteString(part)
		case strings.HasPrefix(part, "--"):
			out.WriteByte(' ')
		default:
			out.WriteString(strings.ReplaceAll(part, "\n", " "))
		}
		at += length
	}
	return strings.TrimRight(out.String(), " ")
}

// commentLeftOpen keeps the last token of a text, if it is the beginning of a block comment that goes on in the next line.
func commentLeftOpen(last string) string {
	if strings.HasPrefix(last, "/*") {
		if _, ended := blockComment(last); !ended {
			return last
		}
	}
	return ""
}

// As DuckDB's lexer has them: a name takes in what would begin a text elsewhere.
var (
	word        = regexp.MustCompile(`^[A-Za-z_\x{80}-\x{10FFFF}][A-Za-z0-9_$\x{80}-\x{10FFFF}]*`)
	dollarQuote = regexp.MustCompile(`^\$([A-Za-z_\x{80}-\x{10FFFF}][A-Za-z0-9_\x{80}-\x{10FFFF}]*)?\$`)
	escapeQuote = regexp.MustCompile(`^[eE]'`)
)

// token is how long the text, name, comment or single byte at the front is, and whether it is of the statement
// itself: blanks and comments are not.
func token(text string) (length int, counts bool) {
	switch {
	case strings.HasPrefix(text, "--"):
		return upTo(text, 2, "\n\r"), false
	case strings.HasPrefix(text, "/*"):
		length, _ = blockComment(text)
		return length, false
	case escapeQuote.MatchString(text):
		return escapedText(text), true
	case text[0] == '\'' || text[0] == '"':
		return upTo(text, 1, text[:1]), true
	case text[0] == '$':
		if tag := dollarQuote.FindString(text); tag != "" {
			if at := strings.Index(text[len(tag):], tag); at >= 0 {
				return len(tag) + at + len(tag), true
			}
			return len(text), true
		}
	}
	if name := word.FindString(text); name != "" {
		return len(name), true
	}
	return 1, !strings.ContainsRune(" \t\r\n\f\v", rune(text[0]))
}

// blockComment is the length of one, with those in it, and whether it has ended.
func blockComment(text string) (length int, ended bool) {
	depth := 0
	for at := 0; at+1 < len(text); at++ {
		switch text[at : at+2] {
		case "/*":
			depth++
			at++
		case "*/":
			depth--
			at++
			if depth == 0 {
				return at + 1, true
			}
		}
	}
	return len(text), false
}

// upTo is the length of text through the first of some bytes after its beginning, or all of it.
func upTo(text string, beginning int, ends string) int {
	if at := strings.IndexAny(text[beginning:], ends); at >= 0 {
		return beginning + at + 1
	}
	return len(text)
}

// escapedText is the length of an E'...', in which a backslash hides a quote.
func escapedText(text string) int {
	for at := 2; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '\'':
			return at + 1
		}
	}
	return len(text)
}
