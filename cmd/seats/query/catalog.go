package query

import (
	"context"
	"strings"

	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

// catalog is what there is to ask, as the comments of the snapshot say it.
type catalog struct {
	relations []relation
	macros    []macro
}

type relation struct {
	name, comment string
	columns       []column
}

type column struct{ name, dataType, comment string }

type macro struct{ name, parameters, comment string }

func (m macro) call() string { return m.name + "(" + m.parameters + ")" }

func readCatalog(ctx context.Context, q duck.Queryer) (c catalog, err error) {
	err = duck.Each(ctx, q, "ask/relation", func(scan func(...any) error) error {
		var r relation
		var of column
		if err := scan(&r.name, &r.comment, &of.name, &of.dataType, &of.comment); err != nil {
			return err
		}
		if last := len(c.relations) - 1; last < 0 || c.relations[last].name != r.name {
			c.relations = append(c.relations, r)
		}
		last := &c.relations[len(c.relations)-1]
		last.columns = append(last.columns, of)
		return nil
	})
	if err != nil {
		return c, err
	}
	err = duck.Each(ctx, q, "ask/macro", func(scan func(...any) error) error {
		var m macro
		err := scan(&m.name, &m.parameters, &m.comment)
		c.macros = append(c.macros, m)
		return err
	})
	return c, err
}

// tables lists the relations and macros.
func (c catalog) tables() report.Table {
	t := report.Table{Header: []string{"name", "what it holds"}}
	for _, r := range c.relations {
		t.Rows = append(t.Rows, []any{r.name, r.comment})
	}
	for _, m := range c.macros {
		t.Rows = append(t.Rows, []any{m.call(), m.comment})
	}
	return t
}

// describe tells of a relation its columns, of a macro how it is called.
func (c catalog) describe(name string) (t report.Table, err error) {
	if r, is := c.relation(name); is {
		t.Header = []string{"column", "type", "what it holds"}
		for _, of := range r.columns {
			t.Rows = append(t.Rows, []any{of.name, of.dataType, of.comment})
		}
		return t, nil
	}
	for _, m := range c.macros {
		if strings.EqualFold(m.name, name) {
			return report.Table{Header: []string{"macro", "what it answers"}, Rows: [][]any{{m.call(), m.comment}}}, nil
		}
	}
	return t, fail.New(fail.Other, ".tables lists them", "there is no relation or macro %q", name)
}

func (c catalog) relation(name string) (relation, bool) {
	for _, r := range c.relations {
		if strings.EqualFold(r.name, name) {
			return r, true
		}
	}
	return relation{}, false
}
