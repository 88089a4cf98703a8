package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"seats/internal/calendar"
)

// value is a place in the file under its key: what there is, and where to say
// that something is wrong with it.
type value struct {
	loader *loader
	path   string // globals.gimdb.port
	at     position
	node   *node // nil: not in the file
}

// given reports whether the file says anything here. A key without a value, or
// with null, does not.
func (v value) given() bool {
	return v.node != nil && v.node.kind != kindNull
}

// is reports whether what is given, if anything, is of kind k.
func (v value) is(k kind) bool {
	return !v.given() || v.node.kind == k
}

// hasItems reports whether a list with something in it is given.
func (v value) hasItems() bool {
	return v.given() && len(v.node.items) > 0
}

// problem reports that the value given is wrong.
func (v value) problem(msg, hint string) {
	v.loader.report(Problem{Line: v.at.line, Column: v.at.column, Key: v.path, Value: v.shown(), Msg: msg, Hint: hint})
}

// complain reports that something is wrong here, without quoting the value.
func (v value) complain(msg, hint string) {
	v.loader.report(Problem{Line: v.at.line, Column: v.at.column, Key: v.path, Msg: msg, Hint: hint})
}

// shown returns a scalar as a problem may show it. What came out of the
// environment is not shown: it may be a secret in the wrong place.
func (v value) shown() string {
	written := v.written()
	if written != "" && v.node.kind == kindText && strings.Contains(v.node.text, "${") {
		return "the value of " + written
	}
	return written
}

// written returns a scalar as the file has it, text in quotes; "" for everything
// else and for a secret.
func (v value) written() string {
	switch {
	case !v.given() || v.secret():
		return ""
	case v.node.kind == kindText:
		return strconv.Quote(v.node.text)
	case v.node.kind == kindPlain:
		return v.node.text
	}
	return ""
}

// secret reports whether the key is one whose value must not be seen.
func (v value) secret() bool {
	return strings.HasSuffix(v.path, "password")
}

// text returns the text given, with ${NAME} expanded. It is false where there
// is none, or after reporting why it cannot be used.
func (v value) text() (string, bool) {
	if !v.given() {
		return "", false
	}
	switch v.node.kind {
	case kindText:
		return v.expand()
	case kindPlain:
		v.problem("must be text", "put it in quotes")
	default:
		v.complain(fmt.Sprintf("must be text, not %s", v.node.kind), "")
	}
	return "", false
}

// scalar returns the text, number or truth value given, as text: 4 is "4".
func (v value) scalar() (string, bool) {
	if v.given() && v.node.kind == kindPlain {
		return v.node.text, true
	}
	return v.text()
}

// filledText is text that may not be empty.
func (v value) filledText() (string, bool) {
	text, ok := v.text()
	if ok && text == "" {
		v.problem("must not be empty", "")
		return "", false
	}
	return text, ok
}

var wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// integer returns the whole number given, which must be from low to high. It may
// come from the environment; other text is none, and neither are the octal and
// hexadecimal forms of YAML.
func (v value) integer(low, high int64) (int64, bool) {
	if !v.given() {
		return 0, false
	}
	text := v.node.text
	switch {
	case v.node.kind == kindText && strings.Contains(text, "${"):
		expanded, ok := v.expand()
		if !ok {
			return 0, false
		}
		text = expanded
	case v.node.kind != kindPlain:
		text = ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !wholeNumber.MatchString(text) || n < low || n > high {
		v.problem("must be "+span(low, high), "")
		return 0, false
	}
	return n, true
}

func span(low, high int64) string {
	if low == math.MinInt64 && high == math.MaxInt64 {
		return "a whole number"
	}
	return fmt.Sprintf("%d..%d", low, high)
}

// word returns the text given, which must be one of words.
func (v value) word(words ...string) (string, bool) {
	text, ok := v.text()
	if ok && !slices.Contains(words, text) {
		v.problem("must be "+either(words), suggest(nearest(text, words)))
		return "", false
	}
	return text, ok
}

// either lists words as "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// suggest words the hint for a slip of the hand; no suggestion, no hint.
func suggest(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", word)
}

// flag returns the truth value given, or else fallback.
func (v value) flag(fallback bool) bool {
	if !v.given() {
		return fallback
	}
	if v.node.kind == kindPlain && (v.node.text == "true" || v.node.text == "false") {
		return v.node.text == "true"
	}
	v.problem("must be true or false", "")
	return fallback
}

// date returns the day given.
func (v value) date() (calendar.Date, bool) {
	text, ok := v.text()
	if !ok {
		return calendar.Date{}, false
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		v.problem("must be an existing date as YYYY-MM-DD", "")
	}
	return day, err == nil
}

// items returns the elements of the list given.
func (v value) items() []value {
	if !v.given() {
		return nil
	}
	if v.node.kind != kindList {
		v.complain(fmt.Sprintf("must be a list, not %s", v.node.kind), "")
		return nil
	}
	items := make([]value, len(v.node.items))
	for i, item := range v.node.items {
		items[i] = value{loader: v.loader, path: fmt.Sprintf("%s[%d]", v.path, i), at: item.at, node: item.value}
	}
	return items
}

// units returns what a list says that seats are broken down by, each once.
func (v value) units() (units []Unit) {
	var words []string
	for _, u := range Units {
		words = append(words, string(u))
	}
	for _, item := range v.items() {
		if !item.given() {
			item.complain("must not be empty", "")
			continue
		}
		word, ok := item.word(words...)
		switch {
		case !ok:
		case slices.Contains(units, Unit(word)):
			item.problem("is there already", "")
		default:
			units = append(units, Unit(word))
		}
	}
	return units
}

// texts returns the elements of a list of texts, none of them empty, and their places.
func (v value) texts() (texts []string, places []value) {
	for _, item := range v.items() {
		if !item.given() {
			item.complain("must not be empty", "")
		} else if text, ok := item.filledText(); ok {
			texts, places = append(texts, text), append(places, item)
		}
	}
	return texts, places
}
