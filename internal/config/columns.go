package config

import (
	"fmt"
	"slices"
	"strings"
)

// Column is one column of the data file: a field under its name or another, or
// the same constant in every row.
type Column struct {
	Name     string
	Field    string // one of Fields; empty for a constant
	Value    string // of a constant
	Constant bool
}

// Fields are the fields of a measurement that a data file may show, in the order
// of the default data file.
func Fields() []string { return definition("column").words() }

// countField holds the number that the data file is there for.
const countField = "MessageSize"

// DefaultColumns returns the columns of a data file for which report.columns
// says nothing: every field under its own name.
func DefaultColumns() []Column {
	var columns []Column
	for _, name := range Fields() {
		columns = append(columns, Column{Name: name, Field: name})
	}
	return columns
}

func (l *loader) columns(v value) []Column {
	items := v.items()
	if len(items) == 0 {
		return DefaultColumns()
	}
	columns := make([]Column, len(items))
	lines := map[string]int{}
	for i, item := range items {
		column, ok := item.column()
		columns[i] = column
		if line, seen := lines[column.Name]; ok && seen {
			item.complain(fmt.Sprintf("has the name of the column on line %d", line), "")
		}
		if ok {
			lines[column.Name] = item.at.line
		}
	}
	if !slices.ContainsFunc(columns, func(c Column) bool { return c.Field == countField }) {
		v.complain("must show the field "+countField+": a data file without the count is none", "")
	}
	return columns
}

// column reads NAME, {name: N, field: NAME} or {name: N, value: constant}.
func (v value) column() (Column, bool) {
	if v.given() && v.node.kind == kindText {
		field, ok := v.fieldName()
		return Column{Name: field, Field: field}, ok
	}
	if !v.given() || v.node.kind != kindMapping {
		v.problem("must be a field, {name, field} or {name, value}", "")
		return Column{}, false
	}
	f := v.fields()
	named, field, constant := f.get("name"), f.get("field"), f.get("value")
	name, ok := named.text()
	if !named.given() {
		v.complain("needs a name", "")
	}
	if field.given() == constant.given() {
		v.complain("needs either field or value", "")
		return Column{}, false
	}
	column := Column{Name: name, Constant: constant.given()}
	var valueOK bool
	if column.Constant {
		column.Value, valueOK = constant.scalar()
	} else {
		column.Field, valueOK = field.fieldName()
	}
	return column, ok && valueOK
}

func (v value) fieldName() (string, bool) {
	name, ok := v.anyText()
	if ok && name == "" {
		v.problem("must not be empty", "")
		return "", false
	}
	if ok && !slices.Contains(Fields(), name) {
		hint := suggest(nearest(name, Fields()))
		if hint == "" {
			hint = "one of " + strings.Join(Fields(), ", ")
		}
		v.problem("is no field of the data file", hint)
		return "", false
	}
	return name, ok
}
