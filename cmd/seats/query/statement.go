package query

import (
	"regexp"
	"strings"
)

// statements cuts the complete statements, each with its semicolon, off the front of an SQL text; what has not
// ended yet is the rest. Semicolons inside texts, quoted names and comments end nothing. A statement of nothing
// but comments is passed over.
func statements(text string) (complete []string, rest string) {
	begin, blank := 0, true
	for at := 0; at < len(text); {
		if text[at] == ';' {
			if at++; !blank {
				complete = append(complete, strings.TrimSpace(text[begin:at]))
			}
			begin, blank = at, true
			continue
		}
		length, counts := tokenAt(text, at)
		if counts {
			blank = false
		}
		at += length
	}
	if blank {
		return complete, commentLeftOpen(text[begin:])
	}
	return complete, text[begin:]
}

// oneLine is an SQL text with its lines in one, without the comments that the end of a line ends. Texts in it are as they were,
// and may have several lines.
func oneLine(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		length, counts := tokenAt(text, at)
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

// commentLeftOpen keeps the beginning of a block comment that goes on in the next line.
func commentLeftOpen(text string) string {
	if at := strings.Index(text, "/*"); at >= 0 && !strings.Contains(text[at:], "*/") {
		return text[at:]
	}
	return ""
}

var dollarQuote = regexp.MustCompile(`^\$[A-Za-z_]*\$`)

// tokenAt is the token that begins at a place of a text, where an E stands before a quote or not.
func tokenAt(text string, at int) (length int, counts bool) {
	if text[at] == '\'' && escapes(text[:at]) {
		return escapedText(text[at:]), true
	}
	return token(text[at:])
}

// token is how long the text, name, comment or single byte at the front is, and whether it is of the statement
// itself: blanks and comments are not.
func token(text string) (length int, counts bool) {
	switch {
	case strings.HasPrefix(text, "--"):
		return upTo(text, 2, "\n"), false
	case strings.HasPrefix(text, "/*"):
		return upTo(text, 2, "*/"), false
	case text[0] == '\'' || text[0] == '"':
		return upTo(text, 1, text[:1]), true
	case text[0] == '$':
		if tag := dollarQuote.FindString(text); tag != "" {
			return upTo(text, len(tag), tag), true
		}
	}
	return 1, !strings.ContainsRune(" \t\r\n\f\v", rune(text[0]))
}

// upTo is the length of text through the first end after its beginning, or all of it.
func upTo(text string, beginning int, end string) int {
	if at := strings.Index(text[beginning:], end); at >= 0 {
		return beginning + at + len(end)
	}
	return len(text)
}

var escapePrefix = regexp.MustCompile(`(^|[^A-Za-z0-9_])[eE]$`)

// escapes tells whether the text literal that follows is an E'...', in which a backslash hides a quote.
func escapes(before string) bool { return escapePrefix.MatchString(before[max(0, len(before)-2):]) }

func escapedText(text string) int {
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '\'':
			return at + 1
		}
	}
	return len(text)
}
