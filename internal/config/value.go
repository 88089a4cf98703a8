package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"seats/internal/calendar"
)

// value is a place in the file under its key: what there is, and where to say
// that something is wrong with it.
type value struct {
	loader *loader
	path   string // globals.gimdb.port
	at     position
	node   *node // nil: not in the file
	rule   *node // what the schema says of it
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
	v.wrong(v.shown(), msg, hint)
}

// complain reports that something is wrong here, without quoting the value.
func (v value) complain(msg, hint string) { v.wrong("", msg, hint) }

func (v value) wrong(shown, msg, hint string) {
	v.loader.report(Problem{Line: v.at.line, Column: v.at.column, Key: v.path, Value: shown, Msg: msg, Hint: hint})
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

// text returns the text given, which the schema may want to be one of some words, or not to be empty.
func (v value) text() (string, bool) {
	words := v.rule.words()
	switch text, ok := v.anyText(); {
	case ok && words != nil && !slices.Contains(words, text):
		v.problem("must be "+either(words), suggest(nearest(text, words)))
	case ok && text == "" && v.rule.says("minLength") != nil:
		v.problem("must not be empty", "")
	default:
		return text, ok
	}
	return "", false
}

// anyText returns the text given, with ${NAME} expanded. It is false where there
// is none, or after reporting why it cannot be used.
func (v value) anyText() (string, bool) {
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
	return v.anyText()
}

var wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// integer returns the whole number given, which must be within the schema's bounds. It may
// come from the environment; other text is none, and neither are the octal and
// hexadecimal forms of YAML.
func (v value) integer() (int64, bool) {
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
	isNumber := err == nil && wholeNumber.MatchString(text)
	low, high := v.rule.says("minimum"), v.rule.says("maximum")
	switch {
	case low == nil && !isNumber:
		v.problem("must be a whole number", "")
	case low != nil && (!isNumber || n < low.number() || n > high.number()):
		v.problem("must be "+low.text+".."+high.text, "")
	default:
		return n, true
	}
	return 0, false
}

// number is that of the schema.
func (n *node) number() int64 {
	number, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil {
		panic(err)
	}
	return number
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
		items[i] = value{loader: v.loader, path: fmt.Sprintf("%s[%d]", v.path, i), at: item.at, node: item.value, rule: v.rule.says("items")}
	}
	return items
}

// units returns what a list says that seats are broken down by, each once.
func (v value) units() (units []Unit, ok bool) {
	words, places := v.texts()
	for i, word := range words {
		if slices.Contains(units, Unit(word)) {
			places[i].problem("is there already", "")
		} else {
			units = append(units, Unit(word))
		}
	}
	return units, v.given()
}

// texts returns the elements of a list of texts, and their places.
func (v value) texts() (texts []string, places []value) {
	for _, item := range v.items() {
		if !item.given() {
			item.complain("must not be empty", "")
		} else if text, ok := item.text(); ok {
			texts, places = append(texts, text), append(places, item)
		}
	}
	return texts, places
}

// zone returns the time zone given by its IANA name.
//
// The machine's zone files are looked at first, as they may be newer than the
// program, and then those that the program carries.
func (v value) zone() (*time.Location, bool) {
	name, ok := v.text()
	if !ok {
		return nil, false
	}
	// Local and localtime are another zone on every machine; right/... counts
	// leap seconds, which epoch seconds do not.
	if name != "Local" && name != "localtime" && !strings.HasPrefix(name, "right/") {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, true
		}
	}
	v.problem("is no time zone", "an IANA name such as America/New_York")
	return nil, false
}

var memoryLimit = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B)$`)

var bytesOf = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// memory returns the amount given, in bytes: more than none, and less than no number holds.
func (v value) memory() (int64, bool) {
	text, ok := v.scalar()
	if !ok {
		return 0, false
	}
	if parts := memoryLimit.FindStringSubmatch(text); parts != nil {
		number, err := strconv.ParseFloat(parts[1], 64)
		if n := number * bytesOf[parts[2]]; err == nil && n >= 1 && n < 1<<62 {
			return int64(n), true
		}
	}
	v.problem("must be a number and one of KB MB GB TB KiB MiB GiB TiB", "")
	return 0, false
}
