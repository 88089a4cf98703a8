package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fields are the values of a mapping with known keys.
type fields struct {
	of    value
	byKey map[string]value
}

// fields returns the values of the mapping given and reports the keys that it
// should not have by the schema. What is not given is a mapping without keys.
func (v value) fields() fields {
	f, known := fields{of: v, byKey: map[string]value{}}, v.rule.keys()
	for _, e := range v.mapping() {
		if slices.Contains(known, e.key) {
			f.byKey[e.key] = e.value
			continue
		}
		e.value.complain("unknown key", unknownKeyHint(e.key, known))
	}
	return f
}

// unknownKeyHint names the key that was meant, or where the key belongs.
func unknownKeyHint(key string, known []string) string {
	if near := nearest(key, known); near != "" {
		return suggest(near)
	}
	for _, section := range []struct{ name, place string }{
		{"globals", "globals"}, {"gimdb", "globals.gimdb"}, {"engine", "globals.engine"}, {"tenant", "a tenant"}, {"deliver", "deliver"},
	} {
		if slices.Contains(definition(section.name).keys(), key) {
			return "it belongs in " + section.place
		}
	}
	return ""
}

// get returns the value under key; one that is not given, where there is none.
func (f fields) get(key string) value {
	if v, ok := f.byKey[key]; ok {
		return v
	}
	missing := f.of.entry(key, f.of.at, nil)
	if missing.rule == nil {
		panic("the schema of the configuration knows no key " + key)
	}
	return missing
}

// over returns the fields with those of base behind them, key by key. Two of the keys say one thing in two ways: either of
// these fields replaces either of base's.
func (f fields) over(base fields, one, other string) fields {
	merged := fields{of: f.of, byKey: maps.Clone(base.byKey)}
	for key, v := range f.byKey {
		if v.given() {
			merged.byKey[key] = v
		}
	}
	for key, other := range map[string]string{one: other, other: one} {
		if f.get(key).given() && !f.get(other).given() {
			delete(merged.byKey, other)
		}
	}
	return merged
}

// keyed is an entry of a mapping.
type keyed struct {
	key   string
	value value
}

// mapping returns the entries of the mapping given, in the order of the file.
func (v value) mapping() []keyed {
	if !v.given() {
		return nil
	}
	if v.node.kind != kindMapping {
		v.complain(fmt.Sprintf("must be a mapping, not %s", v.node.kind), "")
		return nil
	}
	for _, again := range v.node.again {
		v.entry(again.key, again.at, nil).complain(fmt.Sprintf("is given twice, first on line %d", again.first.line), "")
	}
	entries := make([]keyed, len(v.node.entries))
	for i, e := range v.node.entries {
		entries[i] = keyed{key: e.key, value: v.entry(e.key, e.at, e.value)}
	}
	return entries
}

// entry returns the value n under key of this mapping.
func (v value) entry(key string, at position, n *node) value {
	return value{loader: v.loader, path: v.under(key), at: at, node: n, rule: v.rule.under(key)}
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// named returns the entries of a mapping whose keys the user chooses: tenants,
// regions, locations. Where they stand nowhere else, there must be one.
func (v value) named(what string, needed bool) []keyed {
	entries := v.mapping()
	if needed && len(entries) == 0 && v.is(kindMapping) {
		v.complain("needs at least one "+what, "")
	}
	for _, e := range entries {
		if !namePattern.MatchString(e.key) {
			e.value.wrong(strconv.Quote(e.key), "is no name for a "+what, "1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit")
		}
	}
	return entries
}

// distinctFiles reports names that are one file name on a file system that does
// not tell capital letters from small ones.
func distinctFiles(entries []keyed, what string) {
	first := map[string]keyed{}
	for _, e := range entries {
		folded := strings.ToLower(e.key)
		other, seen := first[folded]
		switch where := other.value.place; {
		case !seen:
			first[folded] = e
		case other.key == e.key: // one in the file, one in the folder
			e.value.complain(fmt.Sprintf("is a %s that there is already, %s", what, where(e.value.loader.file)), "")
		default:
			e.value.complain(fmt.Sprintf("differs only in capital letters from the %s %s %s", what, other.key, where(e.value.loader.file)), "")
		}
	}
}

// place says where the value stands, for what stands in a file.
func (v value) place(file string) string {
	if v.loader.file != file {
		return "in " + v.loader.file
	}
	return fmt.Sprintf("on line %d", v.at.line)
}

// under returns the path of a key in this mapping.
func (v value) under(key string) string {
	if v.path == "" {
		return pathStep(key)
	}
	return v.path + "." + pathStep(key)
}

var wordEnd = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// pathStep returns key as it is shown in a path. What comes after the first odd
// character is cut: with a colon or a space gone astray, that may be a password.
func pathStep(key string) string {
	if key == "" {
		return `""`
	}
	if at := wordEnd.FindStringIndex(key); at != nil {
		return key[:at[0]] + "…"
	}
	return key
}
