package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/plain"
)

// value is what stands in the file under a key: what there is, where to say that something is wrong with it, and what the schema says.
type value struct {
	*loader
	place
	path  string           // globals.gimdb.port
	key   string           // port; "" of what is in a list
	node  *node            // nil: not in the file
	rule  *node            // of the schema
	byKey map[string]value // of a mapping with known keys: see fields
}

// given reports whether the file says anything here. A key without a value, or with null, does not.
func (v value) given() bool { return v.node != nil && v.node.kind != kindNull }

// is reports whether what is given, if anything, is of kind k.
func (v value) is(k kind) bool { return !v.given() || v.node.kind == k }

// isText reports whether this text is given, as it stands in the file.
func (v value) isText(text string) bool {
	return v.given() && v.node.kind == kindText && v.node.text == text
}

// problem reports that the value given is wrong. What came out of the environment is not shown: it may be a secret in the wrong place.
func (v value) problem(msg, hint string) {
	shown := v.written()
	if shown != "" && v.node.kind == kindText && strings.Contains(v.node.text, "${") {
		shown = "the value of " + shown
	}
	v.wrong(shown, msg, hint)
}

// complain reports that something is wrong here, without quoting the value.
func (v value) complain(msg, hint string) { v.wrong("", msg, hint) }

func (v value) wrong(shown, msg, hint string) {
	v.report(v.place, Problem{Key: v.path, Value: shown, Msg: msg, Hint: hint})
}

// written returns a scalar as the file has it, text in quotes; "" for everything else and for a secret.
func (v value) written() string {
	switch {
	case !v.given() || v.secret():
	case v.node.kind == kindText:
		return strconv.Quote(v.node.text)
	case v.node.kind == kindPlain:
		return v.node.text
	}
	return ""
}

// secret reports whether the key is one whose value must not be seen.
func (v value) secret() bool {
	return strings.HasSuffix(v.path, "password") || v.path == "globals.sink"
}

// aPassword is one that is given: to its key, or within a connection string.
var aPassword = regexp.MustCompile(`(?s)password\s*=.|//[^@]*:.*@`)

// text returns the text given, which the schema may want to be one of some words, or not to be empty.
func (v value) text() (string, bool) {
	words := v.rule.words()
	switch text, ok := v.anyText(); {
	case ok && words != nil && !slices.Contains(words, text):
		last := len(words) - 1
		v.problem("must be "+strings.Join(words[:last], ", ")+" or "+words[last], suggest(text, words))
	case ok && text == "" && v.rule.says("minLength") != nil:
		v.problem("must not be empty", "")
	default:
		return text, ok
	}
	return "", false
}

// anyText returns the text given, with ${NAME} expanded. It is false where there is none, or after reporting why it cannot be used.
func (v value) anyText() (string, bool) {
	if v.given() && v.node.kind == kindPlain {
		v.problem("must be text", "put it in quotes")
	} else if v.must(kindText) {
		return v.expand()
	}
	return "", false
}

// foresee reports what is wrong with a text that is read later, whatever the environment will hold then; and a password that stands
// as it is in a file that others can read, as keys are refused.
func (v value) foresee() {
	now := *v.loader
	now.findings = &findings{}
	now.env = func(name string) (string, bool) { return name, true }
	own := v
	own.loader = &now
	text, ok := own.text()
	v.problems = append(v.problems, now.problems...)
	if !v.secret() || !v.given() {
		return
	}
	v.keepSecret(v.node.text) // whatever else is wrong with it
	if ok && aPassword.MatchString(v.path+"="+text) && exposed(v.info) && !strings.Contains(strings.ReplaceAll(v.node.text, "$${", ""), "${") {
		v.complain(fmt.Sprintf("others can read it here (mode of the file: %s)", v.info.Mode()), "chmod 600, or take it from the environment: ${NAME}")
	}
}

// scalar returns the text, number or truth value given, as text: 4 is "4".
func (v value) scalar() (string, bool) {
	if v.given() && v.node.kind == kindPlain {
		return v.node.text, true
	}
	return v.anyText()
}

var variable = regexp.MustCompile(`\$\$\{|\$\{(?:[A-Za-z_][A-Za-z0-9_]*\})?`)

// expand returns the text with each ${NAME} replaced by the environment variable NAME, and each $${ by a literal ${. It is false
// after reporting a variable that is not set, or a ${ that names none; all of them are reported.
func (v value) expand() (string, bool) {
	ok := true
	text := variable.ReplaceAllStringFunc(v.node.text, func(found string) string {
		switch found {
		case "$${":
			return "${"
		case "${":
			v.wrong(v.written(), "has a ${ that starts no ${NAME}", "a literal ${ is written $${")
			ok = false
			return ""
		}
		name := found[2 : len(found)-1]
		text, set := v.env(name)
		if !set {
			v.complain(fmt.Sprintf("environment variable %s is not set", name), "")
			ok = false
		}
		return text
	})
	if v.secret() {
		v.keepSecret(v.node.text, text)
	}
	return text, ok
}

var wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// integer returns the whole number given, which must be within the schema's bounds. It may come from the environment; other text is
// none, and neither are the octal and hexadecimal forms of YAML.
func (v value) integer() (int64, bool) {
	text := ""
	switch {
	case !v.given():
		return 0, false
	case v.node.kind == kindPlain:
		text = v.node.text
	case v.node.kind == kindText && strings.Contains(v.node.text, "${"):
		var ok bool
		if text, ok = v.expand(); !ok {
			return 0, false
		}
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

// isFalse reports whether false is given; what is neither true nor false is reported.
func (v value) isFalse() bool {
	if v.given() && (v.node.kind != kindPlain || v.node.text != "true" && v.node.text != "false") {
		v.problem("must be true or false", "")
	}
	return v.given() && v.node.text == "false"
}

// must tells whether it is of kind k; what is given and is not is reported.
func (v value) must(k kind) bool {
	if !v.is(k) {
		v.complain(fmt.Sprintf("must be %s, not %s", k, v.node.kind), "")
	}
	return v.given() && v.node.kind == k
}

func (v value) items() []value {
	if !v.must(kindList) {
		return nil
	}
	items := make([]value, len(v.node.held))
	for i, item := range v.node.held {
		items[i] = value{loader: v.loader, path: fmt.Sprintf("%s[%d]", v.path, i), place: item.place, node: item.node, rule: v.rule.says("items")}
	}
	return items
}

// texts returns the elements of a list of texts, which are what as takes them for; each once, where the schema wants that.
func (v value) texts(kind string) (texts []string) {
	for _, item := range v.items() {
		if !item.given() {
			item.complain("must not be empty", "")
		} else if text, ok := item.text(); ok && v.rule.says("uniqueItems") != nil && slices.Contains(texts, text) {
			item.problem("is there already", "")
		} else if ok {
			texts = append(texts, item.as(kind, text))
		}
	}
	return texts
}

// program returns a program and its arguments. One that is named by a relative path, and not to be looked for in PATH, is relative to the
// file's folder, as all paths.
func (v value) program() []string {
	command := v.texts("")
	if len(command) > 0 && strings.ContainsRune(command[0], filepath.Separator) {
		command[0] = v.absolute(command[0])
	}
	return command
}

// mapping returns the entries of the mapping given, in the order of the file.
func (v value) mapping() (entries []value) {
	if !v.must(kindMapping) {
		return nil
	}
	for _, e := range v.node.held {
		entry := v.entry(e.key, e.place, e.node)
		if e.first > 0 {
			entry.complain(fmt.Sprintf("is given twice, first on line %d", e.first), "")
			continue
		}
		entries = append(entries, entry)
	}
	return entries
}

// entry returns the value n under key of this mapping.
func (v value) entry(key string, at place, n *node) value {
	path := strings.TrimPrefix(v.path+"."+cmp.Or(fromOddOn.ReplaceAllString(key, "…"), `""`), ".")
	return value{loader: v.loader, path: path, key: key, place: at, node: n, rule: v.rule.under(key)}
}

// fromOddOn is cut off a key where it is shown: with a colon or a space gone astray, a password may follow.
var fromOddOn = regexp.MustCompile(`(?s)[^A-Za-z0-9_-].*`)

// fields returns the mapping given with its values by their keys, and reports keys that it should not have by the schema. What is
// not given is a mapping without keys.
func (v value) fields() value {
	known := v.rule.keys()
	v.byKey = map[string]value{}
	for _, e := range v.mapping() {
		if slices.Contains(known, e.key) {
			v.byKey[e.key] = e
			continue
		}
		hint := cmp.Or(replaced[e.key], suggest(e.key, known))
		for _, section := range []struct{ name, place string }{
			{"globals", "globals"}, {"gimdb", "globals.gimdb"}, {"engine", "globals.engine"}, {"tenant", "a tenant"}, {"deliver", "deliver"},
		} {
			if hint == "" && slices.Contains(definition(section.name).keys(), e.key) {
				hint = "it belongs in " + section.place
			}
		}
		e.complain("unknown key", hint)
	}
	return v
}

// replaced are keys that there once were, and what to write instead.
var replaced = map[string]string{"metrics_file": "metrics_dir takes its place, a folder"}

// get returns the value under key; one that is not given, where there is none.
func (v value) get(key string) value {
	if v, ok := v.byKey[key]; ok {
		return v
	}
	missing := v.entry(key, v.place, nil)
	if missing.rule == nil {
		panic("the schema of the configuration knows no key " + key)
	}
	return missing
}

// over returns the fields with those of base behind them, key by key. Two of the keys say one thing in two ways: either of these
// fields replaces either of base's.
func (v value) over(base value, one, other string) value {
	merged := v
	merged.byKey = maps.Clone(base.byKey)
	for key, own := range v.byKey {
		if own.given() {
			merged.byKey[key] = own
		}
	}
	for key, other := range map[string]string{one: other, other: one} {
		if v.get(key).given() && !v.get(other).given() {
			delete(merged.byKey, other)
		}
	}
	return merged
}

// fill reads the values of keys into the fields of a struct that name them, as `key:"port"`; behind a comma, `key:"data_dir,path"`,
// stands what a text is beside one: see as. Where the file says nothing, or nothing that can be used, a field stays as it is.
// Settings that tenants share with globals are fields of one struct, of which either has its own.
func (v value) fill(settings any) {
	s := reflect.ValueOf(settings).Elem()
	for _, field := range reflect.VisibleFields(s.Type()) {
		key, kind, _ := strings.Cut(field.Tag.Get("key"), ",")
		if v.rule.under(key) != nil {
			v.get(key).read(s.FieldByIndex(field.Index), kind)
		}
	}
}

func (v value) read(into reflect.Value, kind string) {
	switch p := into.Addr().Interface().(type) {
	case *int, *int64:
		if amount, is := p.(*int64); is && kind == "memory" {
			parse(v, value.scalar, amount, memory, "must be a number and one of KB MB GB TB KiB MiB GiB TiB", "")
		} else if n, ok := v.integer(); ok {
			into.SetInt(n)
		}
	case *bool:
		if v.given() {
			*p = v.isFalse() == (kind == "not")
		}
	case **int64:
		if n, ok := v.integer(); ok {
			*p = &n
		}
	case *time.Duration:
		if d, ok := v.timeout(); ok {
			*p = d
		}
	case **time.Location:
		parse(v, value.text, p, zone, "is no time zone", "an IANA name such as America/New_York")
	case *calendar.Date:
		parse(v, value.text, p, calendar.ParseDate, "must be an existing date as YYYY-MM-DD", "")
	case *fs.FileMode:
		hint := "0600 to 0664, and nobody runs them"
		if kind == "ours" {
			hint = "0600, 0640, 0604 or 0644: nobody else writes there"
		}
		parse(v, value.scalar, p, v.fileMode, "must be a mode such as 0640, in octal", hint)
	case *[]string:
		if v.given() {
			*p = v.texts(kind)
		}
	case *Secret:
		if v.given() {
			v.foresee()
			*p = v.later(func(anew func(value) value) string {
				text, _ := anew(v).text()
				return v.as(kind, text)
			})
		}
	default: // text
		if text, ok := v.text(); ok {
			into.SetString(v.as(kind, text))
		}
	}
}

// parse reads a setting out of the text given, or reports what it must be.
func parse[T any](v value, read func(value) (string, bool), setting *T, of func(string) (T, error), msg, hint string) {
	if text, ok := read(v); ok {
		if got, err := of(text); err == nil {
			*setting = got
		} else {
			v.problem(msg, hint)
		}
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]{0,62}$`)

// as reports what is wrong with the text given as one of a kind, and returns it: a path, relative to the file's folder, as an absolute one; a place may
// be one, or a bucket.
func (v value) as(kind, text string) string {
	switch kind {
	case "path", "place":
		if text != "" && (kind == "path" || !strings.HasPrefix(text, "s3://")) {
			return v.absolute(text)
		}
	case "certificates":
		if text == "" || text == "system" { // the system's own, for PostgreSQL
			return text
		}
		path := v.absolute(text)
		if err := plain.Check(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // PostgreSQL's client opens it without a look
			v.problem("cannot be read: "+cause(err), "")
		}
		return path
	case "identifier": // of SQL: it becomes part of the text of queries
		if !identifier.MatchString(text) {
			v.problem("must be a plain SQL identifier", "1 to 63 of A-Z a-z 0-9 _ $, the first no digit and no $")
		}
	case "host": // a connection string in its place is not quoted, as it may hold a password
		if !isSocket(text) && (strings.Contains(text, "://") || strings.ContainsAny(text, "=@ \t\r\n")) {
			v.complain("must be a host name, an address or a socket directory, not a connection string", "")
		}
	case "server":
		if strings.ContainsAny(text, "/@=[] \t\r\n") {
			v.complain("must be a host name or an address", "user, port and folder have keys of their own")
		}
	case "account":
		if !namePattern.MatchString(text) {
			v.problem("is no name for an account", nameHint)
		}
	case "recipient": // a bad one is not quoted: it may be a secret key
		if _, err := age.ParseRecipients(strings.NewReader(text)); err != nil || strings.ContainsAny(text, "\r\n") {
			v.complain("is no public key of age", "age-keygen -y prints it: age1...")
		}
	}
	return text
}

// zone is the time zone of an IANA name.
//
// The machine's zone files are looked at first, as they may be newer than the program, and then those that the program carries.
func zone(name string) (*time.Location, error) {
	// Local and localtime are another zone on every machine; right/... counts leap seconds, which epoch seconds do not.
	if name == "Local" || name == "localtime" || strings.HasPrefix(name, "right/") {
		return nil, strconv.ErrSyntax
	}
	return time.LoadLocation(name)
}

// timeout returns the duration given. PostgreSQL counts it in milliseconds of 32 bits, where 0 is none.
func (v value) timeout() (time.Duration, bool) {
	const rule = `must be a duration such as "30m", or 0 for none`
	text, ok := v.scalar()
	d, err := time.ParseDuration(text)
	switch {
	case !ok:
	case v.node.kind == kindPlain && text != "0":
		v.problem(rule, "give it a unit: ms, s, m or h")
	case err != nil || d < 0:
		v.problem(rule, "")
	case d > 0 && d < time.Millisecond, d > math.MaxInt32*time.Millisecond:
		v.problem("must be 0, or from 1ms to 596h", "")
	default:
		return d, true
	}
	return 0, false
}

var memoryLimit = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B)$`)

var bytesOf = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// memory is an amount in bytes: more than none, and less than no number holds.
func memory(text string) (int64, error) {
	parts := memoryLimit.FindStringSubmatch(text)
	if parts == nil {
		return 0, strconv.ErrSyntax
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	n := number * bytesOf[parts[2]]
	if n < 1 || n >= 1<<62 {
		err = strconv.ErrRange
	}
	return int64(n), err
}

// fileMode is a mode in octal, with or without quotes: chmod's number, of those that the schema knows.
func (v value) fileMode(text string) (fs.FileMode, error) {
	if !regexp.MustCompile(v.rule.says("pattern").text).MatchString(text) {
		return 0, strconv.ErrSyntax
	}
	mode, err := strconv.ParseUint(text[len(text)-3:], 8, 32)
	return fs.FileMode(mode), err
}
