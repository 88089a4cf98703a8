package sql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Table describes a table to the statements that are the same for every table but for its names: those named
// each_.... Its names are the only thing that is ever put into a statement, and each is validated.
type Table struct {
	Name    string
	Key     []string // primary key
	Columns []Column // in their order in the table
	Order   []string // a total order of its rows: columns, of which one may say "nulls first"
}

// Column is a column of a Table. Its type is one of DuckDB's.
type Column struct {
	Name, Type string
}

// Has tells whether the table has a column.
func (t Table) Has(name string) bool { return t.TypeOf(name) != "" }

// TypeOf is the type of a column; "" where the table has none of that name.
func (t Table) TypeOf(name string) string {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Type
		}
	}
	return ""
}

// IsKey tells whether a column is one of the primary key's.
func (t Table) IsKey(name string) bool { return slices.Contains(t.Key, name) }

// Fill is the text of a statement each_... for one table. A description with a bad name, and a statement that
// does not exist, are mistakes in the program, so it panics.
func Fill(name string, t Table) string {
	t.validate()
	return fill(name, Text(name), holes, t)
}

func fill(name, text string, funcs template.FuncMap, with any) string {
	var out strings.Builder
	if err := template.Must(template.New(name).Funcs(funcs).Parse(text)).Execute(&out, with); err != nil {
		panic(err)
	}
	return out.String()
}

// InSchema is the text of a statement of the folder gim, with the schema in place that its tables are in: no search_path,
// which others can set, decides whose rows are read. A bad name is a mistake in the program, so it panics.
func InSchema(name, schema string) string {
	if !schemaName.MatchString(schema) {
		panic(fmt.Sprintf("sql: %q cannot stand in a statement", schema))
	}
	return fill(name, Text(name), nil, struct{ Schema string }{`"` + schema + `"`})
}

// holes are what the statements can make of names beside writing them.
var holes = template.FuncMap{
	"list": func(names []string) string { return strings.Join(names, ", ") },
	"of": func(alias string, names []string) (qualified []string) {
		for _, n := range names {
			qualified = append(qualified, alias+"."+n)
		}
		return qualified
	},
}

var (
	nameOf     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]{0,62}$`)
	types      = []string{"bigint", "smallint", "varchar"}
)

func (t Table) validate() {
	names := slices.Concat([]string{t.Name}, t.Key)
	for _, o := range t.Order {
		names = append(names, strings.TrimSuffix(o, " nulls first"))
	}
	for _, c := range t.Columns {
		names = append(names, c.Name)
		if !slices.Contains(types, c.Type) {
			panic(fmt.Sprintf("sql: %q is no type of a column", c.Type))
		}
	}
	for _, n := range names {
		if !nameOf.MatchString(n) {
			panic(fmt.Sprintf("sql: %q cannot stand in a statement", n))
		}
	}
}
