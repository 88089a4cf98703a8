package query

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

// catalog is what there is to ask, as the comments of the snapshot say it.
type catalog struct {
	columns []column // of all relations, by these
	macros  []macro
}

type column struct{ Relation, RelationComment, Name, DataType, Comment string }

type macro struct{ Name, Parameters, Comment string }

func (m macro) call() string { return m.Name + "(" + m.Parameters + ")" }

func readCatalog(ctx context.Context, q duck.Queryer) (c catalog, err error) {
	if c.columns, err = duck.All[column](ctx, q, "ask/relation"); err != nil {
		return c, err
	}
	c.macros, err = duck.All[macro](ctx, q, "ask/macro")
	return c, err
}

// relations are a column of each.
func (c catalog) relations() []column {
	return slices.CompactFunc(slices.Clone(c.columns), func(a, b column) bool { return a.Relation == b.Relation })
}

// of are the columns of a relation.
func (c catalog) of(relation string) (columns []column) {
	for _, col := range c.columns {
		if strings.EqualFold(col.Relation, relation) {
			columns = append(columns, col)
		}
	}
	return columns
}

// tables lists the relations and macros.
func (c catalog) tables() report.Table {
	t := report.Table{Header: []string{"name", "what it holds"}}
	for _, r := range c.relations() {
		t.Rows = append(t.Rows, []any{r.Relation, r.RelationComment})
	}
	for _, m := range c.macros {
		t.Rows = append(t.Rows, []any{m.call(), m.Comment})
	}
	return t
}

// describe tells of a relation its columns, of a macro how it is called.
func (c catalog) describe(name string) (t report.Table, err error) {
	t.Header = []string{"column", "type", "what it holds"}
	for _, col := range c.of(name) {
		t.Rows = append(t.Rows, []any{col.Name, col.DataType, col.Comment})
	}
	if len(t.Rows) > 0 {
		return t, nil
	}
	for _, m := range c.macros {
		if strings.EqualFold(m.Name, name) {
			return report.Table{Header: []string{"macro", "what it answers"}, Rows: [][]any{{m.call(), m.Comment}}}, nil
		}
	}
	return t, fail.New(fail.Other, ".tables lists them", "there is no relation or macro %q", name)
}

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
	var may []string
	switch rest := strings.TrimSuffix(before, begun); {
	case strings.HasPrefix(before, "."):
		may = c.inCommand(rest)
	case slices.Contains(keywords, strings.ToLower(begun)):
	case begun != "" || afterFrom.MatchString(rest) || ofBefore.MatchString(rest):
		may = c.inSQL(rest, before+after)
	}
	for _, word := range may {
		if len(word) >= len(begun) && strings.EqualFold(word[:len(begun)], begun) {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 || slices.Equal(words, []string{begun}) {
		words = []string{begun + " "}
	}
	return begun, words
}

func (c catalog) inCommand(before string) (may []string) {
	name, _, _ := strings.Cut(strings.TrimPrefix(before, "."), " ")
	for _, command := range commands {
		if before == "." {
			may = append(may, command.name)
		} else if name == command.name {
			may = command.values
		}
	}
	if name == "describe" {
		return c.names("")
	}
	return may
}

// names are those of the relations, and of the macros with what is put behind them.
func (c catalog) names(behind string) (names []string) {
	for _, r := range c.relations() {
		names = append(names, r.Relation)
	}
	for _, m := range c.macros {
		names = append(names, m.Name+behind)
	}
	return names
}

func (c catalog) inSQL(before, statement string) (may []string) {
	named := func(columns []column) {
		for _, col := range columns {
			may = append(may, col.Name)
		}
	}
	is := func(relation, behind string) bool {
		return regexp.MustCompile(`(?i)\b` + relation + behind + `\b`).MatchString(statement)
	}
	if of := ofBefore.FindStringSubmatch(before); of != nil { // a relation, or its alias
		named(c.of(of[1]))
		for _, r := range c.relations() {
			if len(may) == 0 && is(r.Relation, `\s+(as\s+)?`+of[1]) {
				named(c.of(r.Relation))
			}
		}
		return may
	}
	if may = c.names("("); afterFrom.MatchString(before) {
		return may
	}
	for _, r := range c.relations() {
		if is(r.Relation, "") {
			named(c.of(r.Relation))
		}
	}
	return append(may, keywords...)
}
