package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	texts "example.com/seats/sql"
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
	{monthly, texts.Table{Name: "monthly_concurrent", Order: []string{"month", "region"}}},
	{record, texts.Table{Name: "contract", Order: []string{"region", "contract"}}},
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
		if err := duck.ExecOn(ctx, q, "store/each_"+statement, t, args...); err != nil {
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

// TakeRows brings the raw rows of the slices of a range of days, both included, into the scratch store.
func (s *Scratch) TakeRows(ctx context.Context, from, to calendar.Date) error {
	return of(ctx, s.Conn, "take_days", duck.Span(from, to), row)
}

// RowTables are the tables of the raw rows of a slice.
func RowTables() []string { return names(row) }

func names(parts ...part) []string {
	return list.Of(tablesOf(parts...), func(t texts.Table) string { return t.Name })
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
	return duck.ExecOn(ctx, s.Conn, "store/each_"+statement, tables[at].Table, args...)
}

// Scratch is a store in memory, empty but for the schema, with a tenant's published store attached beside it, read-only, as
// `published`. What works on a store works on a scratch one too and can spoil nothing: it is never published. It keeps no run from
// working and sees one moment of the published store.
type Scratch struct {
	DB   *sql.DB
	Conn *sql.Conn // the one pinned connection, as Work has it

	temp string
}

// OpenScratch attaches the store at path, with those of its sealed months that are wanted, all where wanted is nil, and takes over what
// it says of itself: its slices without their rows, the issued files and the ledger. The errors are those of OpenPublished, and ErrUnsealed.
func OpenScratch(ctx context.Context, path string, o duck.Options, wanted func(calendar.Month) bool) (*Scratch, error) {
	return inMemory(ctx, path, o, func(conn *sql.Conn) error {
		if err := makeNew(ctx, conn); err != nil {
			return err
		}
		if _, err := attachOne(ctx, conn, path, "published", wanted); err != nil {
			return err
		}
		return takeOver(ctx, conn)
	})
}

func takeOver(ctx context.Context, conn *sql.Conn) error {
	return of(ctx, conn, "take_all", nil, self, head, record)
}

// OpenEmpty opens a scratch store without any beside it, for Turn. Its temporary files are those of the store at path.
func OpenEmpty(ctx context.Context, path string, o duck.Options) (*Scratch, error) {
	return inMemory(ctx, path, o, func(conn *sql.Conn) error {
		return cmp.Or(makeNew(ctx, conn), run(ctx, conn, "attach ':memory:' as batch", "create schema batch._data"))
	})
}

// Turn has the published stores of several tenants take the place of those beside a scratch store that OpenEmpty opened: each table of
// batch._data has the rows of all, those of sealed months that are wanted too, and says whose. A store that cannot be opened is left out,
// and its error stands by its tenant. With take, of one tenant alone, it is there as OpenScratch has it, too.
func (s *Scratch) Turn(ctx context.Context, members []Member, wanted func(calendar.Month) bool, take bool) (failed map[string]error, err error) {
	if err := making(ctx, s.Conn, "store/detaching"); err != nil {
		return nil, err
	}
	failed = map[string]error{}
	var batch []*attached
	for i, m := range members {
		a, err := attachStore(ctx, s.Conn, m.Path, i+1, wanted)
		if err != nil {
			failed[m.Tenant] = err
			continue
		}
		a.Tenant, a.Home = &m.Tenant, "published"
		batch = append(batch, a)
	}
	if err := run(ctx, s.Conn, "use memory"); err != nil {
		return nil, err
	}
	if take && len(batch) == 1 {
		_, err = gather(ctx, s.Conn, false, batch...)
		err = cmp.Or(err, of(ctx, s.Conn, "empty", nil, self, head, record), takeOver(ctx, s.Conn))
	}
	return failed, cmp.Or(err, making(ctx, s.Conn, "store/batch", duck.JSON("members", batch)))
}

// Own has the tables of batch._data be those of the scratch store itself, of a tenant.
func (s *Scratch) Own(ctx context.Context, tenant string) error {
	return making(ctx, s.Conn, "store/batch", duck.JSON("members", []attached{{Tenant: &tenant, Live: "memory"}}))
}

// inMemory opens a database in memory beside the store at path and fills it: once more where a sealed month is missing, which a run may
// have brought back meanwhile, and published.
func inMemory(ctx context.Context, path string, o duck.Options, fill func(*sql.Conn) error) (s *Scratch, err error) {
	o.ReadOnly, o.Locked = false, false
	dir := o.TempDir
	for range 2 {
		if o.TempDir, err = tempDir(path, dir, readerSuffix()); err != nil {
			return nil, err
		}
		s = &Scratch{temp: o.TempDir}
		if s.DB, err = duck.Open("", o); err == nil {
			s.Conn, err = s.DB.Conn(ctx)
		}
		if err == nil {
			err = fill(s.Conn)
		}
		if err == nil {
			return s, nil
		}
		if err = errors.Join(err, s.Close()); !errors.Is(err, ErrUnsealed) {
			break
		}
	}
	return nil, err
}

// attached is a store that is attached to a connection, with its sealed months, as store/gather is told of it.
type attached struct {
	No      int      `json:"no"`
	Tenant  *string  `json:"tenant"` // in a set
	Version uint64   `json:"version"`
	Live    string   `json:"live"` // database of the store itself
	Home    string   `json:"home"` // database that has its relations: of the whole, where there are sealed months
	Sealed  []string `json:"sealed"`

	made []string // the statements that attach them
}

// attachStore attaches the store at path, and its sealed months that are wanted, all where wanted is nil. The number tells the databases
// of several stores apart; 0: it is the only one. Names lead to the store afterwards.
func attachStore(ctx context.Context, conn *sql.Conn, path string, no int, wanted func(calendar.Month) bool) (*attached, error) {
	suffix := ""
	if no > 0 {
		suffix = fmt.Sprintf("_%d", no)
	}
	a := &attached{No: no, Live: "live" + suffix, Home: "live" + suffix, Sealed: []string{}, made: []string{attaching(path, "live"+suffix)}}
	if err := attempt(ctx, path, func() error { return attach(ctx, conn, path, a.Live, "(read_only)") }); err != nil {
		return nil, err
	}
	var seals []Seal
	err := run(ctx, conn, "use "+a.Live)
	if err == nil {
		a.Version, err = checkVersion(ctx, conn, path)
	}
	if err == nil {
		seals, err = Seals(ctx, conn)
	}
	for _, s := range seals {
		if err != nil || wanted != nil && !wanted(s.Month) {
			continue
		}
		name := "sealed_" + digits(s.Month) + suffix
		err = attachSeal(ctx, conn, path, s, name)
		a.Sealed, a.made = append(a.Sealed, name), append(a.made, attaching(filepath.Join(filepath.Dir(path), s.File), name))
	}
	return a, err
}

// attachOne attaches the store at path to a database that is to have its tables, and its relations too where that is the one in memory.
func attachOne(ctx context.Context, conn *sql.Conn, path, home string, wanted func(calendar.Month) bool) (made []string, err error) {
	a, err := attachStore(ctx, conn, path, 0, wanted)
	if err != nil {
		return nil, err
	}
	a.Home = home
	return gather(ctx, conn, home == "memory", a)
}

// gather makes the tables of stores, and where that is wanted their relations, as the statements of these names say. It gives what was run,
// from attaching on.
func gather(ctx context.Context, conn *sql.Conn, relations bool, stores ...*attached) (made []string, err error) {
	do := func(statements ...string) {
		if err == nil && len(statements) > 0 {
			made, err = append(made, statements...), run(ctx, conn, statements...)
		}
	}
	ask := func(name string, args ...any) {
		var statements []string
		if err == nil {
			statements, err = duck.All[string](ctx, conn, name, append(args, duck.JSON("members", stores))...)
		}
		do(append(statements, "use memory")...)
	}
	for _, a := range stores {
		if made = append(made, a.made...); a.Home != a.Live && a.Home != "memory" {
			do("attach ':memory:' as " + a.Home)
		}
	}
	ask("store/gather_tables", sql.Named("relations", relations))
	if relations && stores[0].Tenant == nil {
		do(texts.Text("store/region"))
	}
	if relations {
		ask("store/gather")
	}
	if relations && stores[0].Tenant == nil && err == nil {
		err = making(ctx, conn, "store/own")
	}
	if err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	return made, nil
}

// OpenWhole is OpenPublished with the rows of the sealed months, as if all lay in one file; of those alone that are wanted, all where wanted is nil.
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
	return together(ctx, path, o, func(conn *sql.Conn) error {
		_, err := attachOne(ctx, conn, path, "memory", wanted)
		return err
	})
}

// together has stores attached to a database in memory, read-only. It is locked afterwards, where that is wanted.
func together(ctx context.Context, path string, o duck.Options, attachThem func(*sql.Conn) error) (*sql.DB, error) {
	s, err := inMemory(ctx, path, o, attachThem)
	if err != nil {
		return nil, err
	}
	s.DB.SetMaxOpenConns(1) // what is attached belongs to all, where names lead to does not
	if o.TempDir = s.temp; o.Locked {
		err = duck.Lock(ctx, s.Conn, o)
	}
	if err = errors.Join(err, s.Conn.Close()); err != nil {
		return nil, errors.Join(err, s.DB.Close())
	}
	return s.DB, nil
}

// Member is a tenant's store in a set.
type Member struct{ Tenant, Path string }

// OpenSet opens the published stores of several tenants, with their sealed months, as one set of relations: each has the rows of all
// tenants, and a column that says whose. A macro that asks relations alone answers for each tenant by itself; any other says that it
// is for one tenant. Each store is seen as it is at one moment; one of an older schema has no rows in what it has not yet.
//
// Tenants that have no store yet are left out and named; where none has one, it is ErrMissing. Any other store that cannot be opened
// is an error, as in OpenWhole.
func OpenSet(ctx context.Context, members []Member, o duck.Options) (db *sql.DB, without []Member, err error) {
	db, err = together(ctx, members[0].Path, o, func(conn *sql.Conn) (err error) {
		_, without, err = attachSet(ctx, conn, members)
		return err
	})
	return db, without, err
}

func attachSet(ctx context.Context, conn *sql.Conn, members []Member) (made []string, without []Member, err error) {
	var missing error
	var set []*attached
	for i, m := range members {
		a, err := attachStore(ctx, conn, m.Path, i+1, nil)
		switch {
		case errors.Is(err, ErrMissing):
			if without = append(without, m); missing == nil {
				missing = err
			}
			continue
		case err != nil:
			return nil, without, err
		case len(a.Sealed) > 0:
			a.Home = strings.Replace(a.Live, "live", "tenant", 1)
		}
		a.Tenant = &m.Tenant
		set = append(set, a)
	}
	if len(set) == 0 {
		return nil, without, missing
	}
	made, err = gather(ctx, conn, true, set...)
	return made, without, err
}
