package query

import (
	"regexp"
	"slices"
	"strings"
)

// keywords are those that a question needs again and again.
var keywords = strings.Fields(`and as asc avg between by case cast count desc distinct else end exclude exists false filter from group having in
	interval is join left like limit max min not null offset on or order over partition select sum then true union using when where with`)

var (
	nameBefore = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*$`)
	ofBefore   = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\.$`)
	afterFrom  = regexp.MustCompile(`(?i)\b(from|join|describe|summarize)\s+$`)
)

// complete gives the words that may stand at the cursor in place of the one begun before it: relations and macros where they
// are read from, columns of one behind its name or alias and a dot, otherwise all of these, columns of the relations that the
// statement names, and keywords. Where nothing is left to complete it is a blank: so are the tabs of a text that is pasted.
func (c catalog) complete(before, after string) (begun string, words []string) {
	begun = nameBefore.FindString(before)
	propose := func(name string) {
		if len(name) >= len(begun) && strings.EqualFold(name[:len(begun)], begun) {
			words = append(words, name)
		}
	}
	switch rest := strings.TrimSuffix(before, begun); {
	case strings.HasPrefix(before, "."):
		c.completeCommand(rest, propose)
	case slices.Contains(keywords, strings.ToLower(begun)):
	case begun != "" || afterFrom.MatchString(rest) || ofBefore.MatchString(rest):
		c.completeSQL(rest, before+after, propose)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 || slices.Equal(words, []string{begun}) {
		words = []string{begun + " "}
	}
	return begun, words
}

func (c catalog) completeCommand(before string, propose func(string)) {
	switch name, _, _ := strings.Cut(strings.TrimPrefix(before, "."), " "); {
	case before == ".":
		for _, command := range commands {
			propose(command.name)
		}
	case name == "describe":
		for _, r := range c.relations {
			propose(r.name)
		}
		for _, m := range c.macros {
			propose(m.name)
		}
	case name == "mode":
		for _, format := range Formats() {
			propose(format)
		}
	case name == "timing":
		propose("on")
		propose("off")
	}
}

func (c catalog) completeSQL(before, statement string, propose func(string)) {
	if of := ofBefore.FindStringSubmatch(before); of != nil {
		if r, is := c.named(of[1], statement); is {
			r.complete(propose)
		}
		return
	}
	for _, r := range c.relations {
		propose(r.name)
	}
	for _, m := range c.macros {
		propose(m.name + "(")
	}
	if afterFrom.MatchString(before) {
		return
	}
	for _, r := range c.relations {
		if regexp.MustCompile(`(?i)\b` + r.name + `\b`).MatchString(statement) {
			r.complete(propose)
		}
	}
	for _, k := range keywords {
		propose(k)
	}
}

func (r relation) complete(propose func(string)) {
	for _, of := range r.columns {
		propose(of.name)
	}
}

// named finds the relation that a statement calls by its name or by an alias.
func (c catalog) named(name, statement string) (relation, bool) {
	if r, is := c.relation(name); is {
		return r, true
	}
	for _, r := range c.relations {
		if regexp.MustCompile(`(?i)\b` + r.name + `\s+(as\s+)?` + name + `\b`).MatchString(statement) {
			return r, true
		}
	}
	return relation{}, false
}
