package sql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"example.com/seats/internal/list"
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

// Fill is the text of a statement each_... for one table. A description with a bad name is a mistake in the program, so it panics.
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
	must(schemaName.MatchString(schema), schema)
	return fill(name, Text(name), nil, struct{ Schema string }{`"` + schema + `"`})
}

// holes are what the statements can make of names beside writing them.
var holes = template.FuncMap{
	"list": func(names []string) string { return strings.Join(names, ", ") },
	"of": func(alias string, names []string) []string {
		return list.Of(names, func(n string) string { return alias + "." + n })
	},
}

var (
	nameOf     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]{0,62}$`)
	types      = []string{"bigint", "smallint", "varchar"}
)

// must panics where what would be put into a statement is not what it has to be.
func must(is bool, what string) {
	if !is {
		panic(fmt.Sprintf("sql: %q cannot stand in a statement", what))
	}
}

func (t Table) validate() {
	ordered := list.Of(t.Order, func(o string) string { return strings.TrimSuffix(o, " nulls first") })
	names := slices.Concat([]string{t.Name}, t.Key, ordered)
	for _, c := range t.Columns {
		names = append(names, c.Name)
		must(slices.Contains(types, c.Type), c.Type)
	}
	for _, n := range names {
		must(nameOf.MatchString(n), n)
	}
}
