package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"seats/internal/duck"
)

// Member is a tenant's store in a set.
type Member struct{ Tenant, Path string }

// TenantColumn is the first column of every relation and macro of a set.
const TenantColumn = "tenant"

// OpenSet opens the published stores of several tenants, with their sealed months, as one set of relations: each has the rows
// of all tenants, and a column that says whose. A macro that asks relations alone answers for each tenant by itself; any other says
// that it is for one tenant. Each store is seen as it is at one
// moment; one of an older schema has no rows in what it has not yet.
//
// Tenants that have no store yet are left out and named; where none has one, it is ErrMissing. Any other store that cannot be
// opened is an error, as in OpenWhole.
func OpenSet(ctx context.Context, members []Member, o duck.Options) (db *sql.DB, without []Member, err error) {
	db, err = together(ctx, members[0].Path, o, func(conn *sql.Conn) (err error) {
		without, err = attachMembers(ctx, conn, members)
		return err
	})
	return db, without, err
}

func attachMembers(ctx context.Context, conn *sql.Conn, members []Member) (without []Member, err error) {
	var missing error
	var there []Member
	var stores []attached
	for i, m := range members {
		store, err := attachAll(ctx, conn, m.Path, fmt.Sprintf("_%d", i+1), nil)
		if errors.Is(err, ErrMissing) {
			without, missing = append(without, m), cmp.Or(missing, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		there, stores = append(there, m), append(stores, store)
	}
	if len(stores) == 0 {
		return nil, missing
	}
	catalogs, err := catalogsOf(ctx, conn)
	if err != nil {
		return nil, err
	}
	var s set
	for i, store := range stores {
		shown, err := show(ctx, conn, store, catalogs)
		if err != nil {
			return nil, err
		}
		s = append(s, member{there[i].Tenant, shown, nil})
	}
	macros, err := macrosOf(ctx, conn)
	if err != nil {
		return nil, err
	}
	for i := range s {
		s[i].macros = macros[s[i].live]
	}
	return without, s.unite(ctx, conn)
}

// show gives the relations of a member a database of their own, where it has sealed months; without, its own do.
func show(ctx context.Context, conn *sql.Conn, store attached, catalogs map[string]*catalog) (shown, error) {
	if len(store.sealed) == 0 {
		return shown{store.live, store.live, store.version, catalogs[store.live].relations}, nil
	}
	database := strings.Replace(store.live, "live", "tenant", 1)
	if _, err := conn.ExecContext(ctx, "attach ':memory:' as "+database); err != nil {
		return shown{}, err
	}
	return assemble(ctx, conn, store, catalogs, database)
}

type member struct {
	tenant string
	shown
	macros macros
}

type macros []macro

type set []member

// unite makes the relations and macros of the set in the database that names lead to.
func (s set) unite(ctx context.Context, conn *sql.Conn) error {
	newest := slices.MaxFunc(s, func(a, b member) int { return cmp.Compare(a.version, b.version) })
	var made []string
	for _, name := range newest.relations {
		made = append(made, "create view "+name+" as "+s.each(func(m member) string {
			if !slices.Contains(m.relations, name) {
				return ""
			}
			return "select " + m.column() + ", * from " + m.database + ".main." + name
		}))
	}
	for _, named := range newest.macros {
		if newest.macros.alone(named) {
			made = append(made, named.statement("select error('"+named.name+" is for one tenant at a time: name it with --tenant')"))
			continue
		}
		made = append(made, named.statement(s.each(func(m member) string { return m.answer(named.name) })))
	}
	if err := all(ctx, conn, made); err != nil {
		return err
	}
	if err := comment(ctx, conn, newest.shown); err != nil {
		return err
	}
	var comments []string
	for _, name := range newest.relations {
		comments = append(comments, "comment on column "+name+"."+TenantColumn+" is 'As configured'")
	}
	return all(ctx, conn, comments)
}

// each unites the queries of all members that have one.
func (s set) each(query func(member) string) string {
	var queries []string
	for _, m := range s {
		if q := query(m); q != "" {
			queries = append(queries, "("+q+")")
		}
	}
	return strings.Join(queries, " union all by name ")
}

func (m member) column() string {
	return duck.Literal(m.tenant) + " as " + TenantColumn
}

// alone tells whether a macro asks more than relations: the tables behind them, or other macros, whose names cannot lead to a
// member's own.
func (all macros) alone(m macro) bool {
	return strings.Contains(m.definition, "_data.") || slices.ContainsFunc(all, func(other macro) bool { return strings.Contains(m.definition, other.name+"(") })
}

// answer is the query that a macro of the member stands for, where the names of relations lead to its own.
func (m member) answer(name string) string {
	at := slices.IndexFunc(m.macros, func(other macro) bool { return other.name == name })
	if at < 0 {
		return ""
	}
	var own []string
	for _, relation := range m.relations { // with the tenant: an argument may be a query that asks for it
		own = append(own, relation+" as (select "+m.column()+", * from "+m.database+".main."+relation+")")
	}
	return "with " + strings.Join(own, ", ") + " select " + m.column() + ", * from (" + m.macros[at].definition + ")"
}
