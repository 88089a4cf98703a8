package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
	texts "seats/sql"
)

// part is what the rows of a table belong to.
type part int

const (
	self     part = iota // of a slice: its own row
	head                 // of a slice: what else it says of itself
	row                  // of a slice: its raw rows
	groups               // of a slice: what its rows belong to, for analysis alone; no hash covers it
	aside                // of a slice: what its source is like; no hash covers it
	result               // a day's numbers
	evidence             // what a day's numbers were counted from, row by row
	monthly              // a month's numbers
	record               // what was done
	sealing              // what lies in other files
	sent                 // what was delivered
)

type described struct {
	part
	texts.Table
}

// tables are the base tables of the store (sql/store/schema_*.sql), each with what its rows belong to and a total order
// of them. Whatever drops, moves, takes, keeps or writes rows goes through this list.
var tables = []described{
	{self, texts.Table{Name: "slice", Order: []string{"day"}}},
	{head, texts.Table{Name: "slice_span", Order: []string{"day", "start_ts", "end_ts"}}},
	{aside, texts.Table{Name: "left_out", Order: []string{"day", "data_source_type", "data_source_key"}}},
	{head, texts.Table{Name: "default_guid", Order: []string{"day", "call_attempt_guid"}}},
	{row, texts.Table{Name: "voice_session", Order: []string{"resource_key", "start_ts", "sm_res_session_fact_key", "start_date_time_key"}}},
	{row, texts.Table{Name: "ocs_activity", Order: []string{"resource_key", "start_ts", "kind", "activity_key", "start_date_time_key"}}},
	{row, texts.Table{Name: "other_leg", Order: []string{"resource_key", "start_ts", "activity_key", "start_date_time_key"}}},
	{row, texts.Table{Name: "other_session", Order: []string{"resource_key", "start_ts", "sm_res_session_fact_key", "start_date_time_key"}}},
	{row, texts.Table{Name: "agent", Order: []string{"resource_key"}}},
	{row, texts.Table{Name: "duplicate_key", Order: []string{"relation", "row_key", "copies"}}},
	{groups, texts.Table{Name: "session_group", Order: []string{"sm_res_session_fact_key", "start_date_time_key", "group_name"}}},
	{evidence, texts.Table{Name: "qualifying_session", Order: []string{"day", "region", "location", "resource_key", "sm_res_session_fact_key", "start_date_time_key"}}},
	{evidence, texts.Table{Name: "concurrency", Order: []string{"day", "region", "location nulls first", "start_ts"}}},
	{result, texts.Table{Name: "daily_concurrent", Order: []string{"day", "region", "location nulls first"}}},
	{result, texts.Table{Name: "enabled_daily", Order: []string{"day", "region"}}},
	{result, texts.Table{Name: "data_quality", Order: []string{"day", "rule"}}},
	{result, texts.Table{Name: "computation", Order: []string{"day"}}},
	{monthly, texts.Table{Name: "monthly_enabled", Order: []string{"month", "region"}}},
	{record, texts.Table{Name: "counting_rules", Order: []string{"sha256"}}},
	{record, texts.Table{Name: "issued_file", Order: []string{"region", "measure", "period", "revision"}}},
	{record, texts.Table{Name: "run", Order: []string{"run_id"}}},
	{sealing, texts.Table{Name: "sealed_month", Order: []string{"month"}}},
	{sent, texts.Table{Name: "delivery", Order: []string{"delivered_ts", "file", "sha256"}}},
}

func tablesOf(parts ...part) (found []texts.Table) {
	for _, t := range tables {
		if slices.Contains(parts, t.part) {
			found = append(found, t.Table)
		}
	}
	return found
}

// of runs a statement of sql/store/each on the tables of some parts.
func of(ctx context.Context, q duck.Queryer, statement string, args []any, parts ...part) error {
	for _, t := range tablesOf(parts...) {
		if _, err := duck.ExecOn(ctx, q, "store/each_"+statement, t, args...); err != nil {
			return err
		}
	}
	return nil
}

// DropSlice takes a day's slice out of a store, but for its own row, which is replaced: DuckDB breaks down where one
// transaction takes a primary key out of a table, puts it in again and then fails. A day without a slice is no error.
func DropSlice(ctx context.Context, q duck.Queryer, day calendar.Date) error {
	return of(ctx, q, "drop", []any{duck.Days(day)}, head, aside, row, groups)
}

// DropResults takes all that was computed of some days out of a store.
func DropResults(ctx context.Context, q duck.Queryer, days ...calendar.Date) error {
	return of(ctx, q, "drop", []any{duck.Days(days...)}, evidence, result)
}

// DropRows takes the rows of some days out of a store: their slices, and what was derived from them row by row. Their numbers stay.
func DropRows(ctx context.Context, q duck.Queryer, days ...calendar.Date) error {
	return of(ctx, q, "drop", []any{duck.Days(days...)}, self, head, aside, row, groups, evidence)
}

// Take brings what the published store says of itself into the scratch store: its slices without their rows, the issued
// files and the ledger.
func (s *Scratch) Take(ctx context.Context) error {
	return of(ctx, s.Conn, "take_all", nil, self, head, record)
}

// TakeRows brings the raw rows of the slices of a range of days, both included, into the scratch store.
func (s *Scratch) TakeRows(ctx context.Context, from, to calendar.Date) error {
	return of(ctx, s.Conn, "take_days", duck.Span(from, to), row)
}

// RowTables are the tables of the raw rows of a slice.
func RowTables() (names []string) {
	for _, t := range tablesOf(row) {
		names = append(names, t.Name)
	}
	return names
}

// EmptyRows takes all raw rows out of the scratch store.
func (s *Scratch) EmptyRows(ctx context.Context) error { return of(ctx, s.Conn, "empty", nil, row) }

// Empty takes all raw rows, and what was computed from them, out of the scratch store.
func (s *Scratch) Empty(ctx context.Context) error {
	return of(ctx, s.Conn, "empty", nil, row, evidence, result, monthly)
}

// Each runs a statement of sql/store/each on a table: "keep" saves its rows as they are now in a table kept_<name>, "mask" puts the
// pseudonyms of the table pseudonym in place of its resources, "write_rows" writes them into a Parquet file, "write_days" those of a
// range of days of the published store, "write_days_csv" these into a CSV file. A table that does not exist is a mistake in the program.
func (s *Scratch) Each(ctx context.Context, statement, name string, args ...any) error {
	at := slices.IndexFunc(tables, func(t described) bool { return t.Name == name })
	_, err := duck.ExecOn(ctx, s.Conn, "store/each_"+statement, tables[at].Table, args...)
	return err
}

// Scratch is a store in memory, empty but for the schema, with a tenant's published store attached beside it, read-only, as
// `published`. What works on a store works on a scratch one too and can spoil nothing: it is never published. It keeps no run from
// working and sees one moment of the published store.
type Scratch struct {
	DB   *sql.DB
	Conn *sql.Conn // the one pinned connection, as Work has it

	temp string
}

// OpenScratch attaches the store at path, with those of its sealed months that are wanted, all where wanted is nil. The errors are
// those of OpenPublished, and ErrUnsealed.
func OpenScratch(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*Scratch, error) {
	return twice(func() (*Scratch, error) {
		temp, err := tempDir(path, o.TempDir, readerSuffix())
		if err != nil {
			return nil, err
		}
		s := &Scratch{temp: temp}
		if err := s.open(ctx, path, o, wanted); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	})
}

func (s *Scratch) open(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (err error) {
	o.TempDir, o.ReadOnly, o.Locked = s.temp, false, false
	if s.DB, err = duck.Open("", o); err != nil {
		return err
	}
	if s.Conn, err = s.DB.Conn(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.Conn, 0); err != nil {
		return err
	}
	y := assembly{conn: s.Conn}
	a := y.attach(ctx, path, "", wanted)
	y.describe(ctx, a)
	y.run(ctx, "attach ':memory:' as published")
	y.gather(ctx, a, "published")
	if y.err != nil {
		return y.err
	}
	for _, name := range y.catalogs["memory"].tables { // a store of an older version has not all: the others are there, without rows
		y.run(ctx, "create view if not exists published._data."+name+" as from memory._data."+name+" limit 0")
	}
	return y.err
}

// Close throws the scratch store away.
func (s *Scratch) Close() error { return errors.Join(closeBoth(&s.Conn, &s.DB), os.RemoveAll(s.temp)) }

// attached is a store that is attached to a connection, with its sealed months.
type attached struct {
	tenant  string // in a set
	version uint64
	live    string // database of the store itself
	sealed  []string
	shown   string // database that has its relations: those of the whole, where there are sealed months
	*catalog
}

// catalog is what a database has: its tables, its relations with the statements that make them, and its macros.
type catalog struct {
	database                 string
	tables, relations, views list[string]
	macros                   list[macro]
}

type macro struct{ Name, Parameters, Definition string }

// catalogsOf are those of all that is attached. Of many stores it takes hardly longer than of one, which a question for each would not.
func catalogsOf(ctx context.Context, q duck.Queryer) (map[string]*catalog, error) {
	found := map[string]*catalog{}
	err := duck.Each(ctx, q, "store/catalog", func(scan func(...any) error) error {
		var c catalog
		err := scan(&c.database, &c.tables, &c.relations, &c.views, &c.macros)
		found[c.database] = &c
		return err
	})
	return found, err
}

// assembly is stores on a connection that are looked at together. After an error, which it keeps, it does nothing.
type assembly struct {
	conn     *sql.Conn
	catalogs map[string]*catalog
	err      error
}

func (y *assembly) run(ctx context.Context, statements ...string) {
	if y.err == nil && len(statements) > 0 {
		if y.err = run(ctx, y.conn, strings.Join(statements, ";\n")); y.err != nil {
			y.err = fmt.Errorf("gather: %w", y.err)
		}
	}
}

func (y *assembly) within(ctx context.Context, name string, work func() error) {
	if y.err == nil {
		y.err = within(ctx, y.conn, name, work)
	}
}

func (y *assembly) runIn(ctx context.Context, name string, statements []string) {
	y.within(ctx, name, func() error {
		y.run(ctx, statements...)
		return y.err
	})
}

// attach attaches the store at path, and its sealed months that are wanted, all where wanted is nil. The suffix tells the databases
// of several stores apart.
func (y *assembly) attach(ctx context.Context, path, suffix string, wanted func(calendar.Month) bool) *attached {
	a := &attached{live: "live" + suffix, catalog: &catalog{}}
	if y.err == nil {
		y.err = attempt(path, func() error { return attach(ctx, y.conn, path, a.live, "(read_only)") })
	}
	var seals []Seal
	y.within(ctx, a.live, func() (err error) {
		if a.version, err = checkVersion(ctx, y.conn, path); err == nil {
			seals, err = Seals(ctx, y.conn)
		}
		return err
	})
	for _, s := range seals {
		if month, err := calendar.ParseMonth(s.Month); y.err != nil || err == nil && wanted != nil && !wanted(month) {
			continue
		}
		name := "sealed_" + strings.ReplaceAll(s.Month, "-", "") + suffix
		y.err = attachSeal(ctx, y.conn, filepath.Dir(path), s, name)
		a.sealed = append(a.sealed, name)
	}
	return a
}

// describe finds out what the stores have that are attached by now.
func (y *assembly) describe(ctx context.Context, stores ...*attached) {
	if y.err == nil {
		y.catalogs, y.err = catalogsOf(ctx, y.conn)
	}
	for _, a := range stores {
		if y.err == nil {
			a.catalog = y.catalogs[a.live]
		}
	}
}

// gather makes of a store and its sealed months one set of tables: views in the schema _data of another attached database.
func (y *assembly) gather(ctx context.Context, a *attached, into string) {
	made := []string{"create schema _data"}
	for _, name := range a.tables {
		text := "create view _data." + name + " as from " + a.live + "._data." + name
		for _, sealed := range a.sealed { // it has the tables of the version that sealed it
			if slices.Contains(y.catalogs[sealed].tables, name) {
				text += " union all by name from " + sealed + "._data." + name
			}
		}
		made = append(made, text)
	}
	y.runIn(ctx, into, made)
}

// show gives the relations of a store, those of the whole, to another attached database.
func (y *assembly) show(ctx context.Context, a *attached, into string) {
	a.shown = into
	y.gather(ctx, a, into)
	y.runIn(ctx, into, a.views)
}

// comment gives the relations and macros of the database that names lead to the comments that a store has on its own.
func (y *assembly) comment(ctx context.Context, a *attached) {
	var comments []string
	y.within(ctx, a.live, func() (err error) {
		comments, err = duck.All[string](ctx, y.conn, "store/comment")
		return err
	})
	y.run(ctx, comments...)
}

func (m macro) statement(query string) string {
	return "create macro " + m.Name + "(" + m.Parameters + ") as table " + query
}

// OpenWhole is OpenPublished with the rows of the sealed months, as if all lay in one file; of those alone that are wanted, all where
// wanted is nil.
func OpenWhole(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*sql.DB, error) {
	db, err := OpenPublished(ctx, path, o)
	if err != nil {
		return nil, err
	}
	seals, err := Seals(ctx, db)
	if err == nil && len(seals) == 0 {
		return db, nil
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return together(ctx, path, o, func(y *assembly) {
		a := y.attach(ctx, path, "", wanted)
		y.describe(ctx, a)
		y.show(ctx, a, "memory")
		for _, m := range a.macros {
			y.run(ctx, m.statement(m.Definition))
		}
		y.comment(ctx, a)
	})
}

// together opens a database in memory beside the store at path and has stores attached to it, read-only. It is locked afterwards, where
// that is wanted.
func together(ctx context.Context, path string, o duck.Options, attachThem func(*assembly)) (*sql.DB, error) {
	return twice(func() (db *sql.DB, err error) {
		o := o
		if o.TempDir, err = tempDir(path, o.TempDir, readerSuffix()); err != nil {
			return nil, err
		}
		lock := o
		o.ReadOnly, o.Locked = false, false
		if db, err = duck.Open("", o); err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(1) // what is attached belongs to all, where names lead to does not
		conn, err := db.Conn(ctx)
		if err == nil {
			y := assembly{conn: conn}
			if attachThem(&y); y.err == nil && lock.Locked {
				y.err = duck.Lock(ctx, conn, lock)
			}
			err = errors.Join(y.err, conn.Close())
		}
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return db, nil
	})
}

// twice opens a store, and once more where a sealed month is missing: a run may have brought it back meanwhile, and published.
func twice[T any](open func() (T, error)) (T, error) {
	opened, err := open()
	if errors.Is(err, ErrUnsealed) {
		return open()
	}
	return opened, err
}

// Member is a tenant's store in a set.
type Member struct{ Tenant, Path string }

// tenantColumn is the first column of every relation and macro of a set.
const tenantColumn = "tenant"

// OpenSet opens the published stores of several tenants, with their sealed months, as one set of relations: each has the rows of all
// tenants, and a column that says whose. A macro that asks relations alone answers for each tenant by itself; any other says that it
// is for one tenant. Each store is seen as it is at one moment; one of an older schema has no rows in what it has not yet.
//
// Tenants that have no store yet are left out and named; where none has one, it is ErrMissing. Any other store that cannot be opened
// is an error, as in OpenWhole.
func OpenSet(ctx context.Context, members []Member, o duck.Options) (db *sql.DB, without []Member, err error) {
	db, err = together(ctx, members[0].Path, o, func(y *assembly) {
		var missing error
		var s set
		without = nil
		for i, m := range members {
			a := y.attach(ctx, m.Path, fmt.Sprintf("_%d", i+1), nil)
			if errors.Is(y.err, ErrMissing) {
				without, missing, y.err = append(without, m), cmp.Or(missing, y.err), nil
				continue
			}
			a.tenant, a.shown = m.Tenant, a.live
			s = append(s, a)
		}
		if len(s) == 0 {
			y.err = missing
			return
		}
		y.describe(ctx, s...)
		for _, a := range s {
			if len(a.sealed) > 0 {
				database := strings.Replace(a.live, "live", "tenant", 1)
				y.run(ctx, "attach ':memory:' as "+database)
				y.show(ctx, a, database)
			}
		}
		s.unite(ctx, y)
	})
	return db, without, err
}

type set []*attached

// unite makes the relations and macros of the set in the database that names lead to.
func (s set) unite(ctx context.Context, y *assembly) {
	newest := slices.MaxFunc(s, func(a, b *attached) int { return cmp.Compare(a.version, b.version) })
	var made, comments []string
	for _, name := range newest.relations {
		made = append(made, "create view "+name+" as "+s.each(func(a *attached) string {
			if !slices.Contains(a.relations, name) {
				return ""
			}
			return a.rows("from " + a.shown + ".main." + name)
		}))
		comments = append(comments, "comment on column "+name+"."+tenantColumn+" is 'As configured'")
	}
	for _, m := range newest.macros {
		query := "select error('" + m.Name + " is for one tenant at a time: name it with --tenant')"
		if newest.asksRelationsAlone(m) {
			query = s.each(func(a *attached) string { return a.answer(m.Name) })
		}
		made = append(made, m.statement(query))
	}
	y.run(ctx, made...)
	y.comment(ctx, newest)
	y.run(ctx, comments...)
}

func (s set) each(query func(*attached) string) string {
	var queries []string
	for _, a := range s {
		if q := query(a); q != "" {
			queries = append(queries, "("+q+")")
		}
	}
	return strings.Join(queries, " union all by name ")
}

// asksRelationsAlone tells whether a macro asks neither the tables behind them nor other macros, whose names cannot lead to a member's own.
func (c *catalog) asksRelationsAlone(m macro) bool {
	return !strings.Contains(m.Definition, "_data.") &&
		!slices.ContainsFunc(c.macros, func(other macro) bool { return strings.Contains(m.Definition, other.Name+"(") })
}

func (a *attached) rows(from string) string {
	return "select " + duck.Literal(a.tenant) + " as " + tenantColumn + ", * " + from
}

// answer is the query that a macro of the member stands for, where the names of relations lead to its own.
func (a *attached) answer(name string) string {
	at := slices.IndexFunc(a.macros, func(m macro) bool { return m.Name == name })
	if at < 0 {
		return ""
	}
	var own []string
	for _, relation := range a.relations { // with the tenant: an argument may be a query that asks for it
		own = append(own, relation+" as ("+a.rows("from "+a.shown+".main."+relation)+")")
	}
	return "with " + strings.Join(own, ", ") + " " + a.rows("from ("+a.macros[at].Definition+")")
}
