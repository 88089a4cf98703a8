package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"

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

// tablesOf are the tables of some parts.
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

func on(days ...calendar.Date) []any {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = d.String()
	}
	return []any{sql.Named("days", names)}
}

func span(from, to calendar.Date) []any {
	return []any{sql.Named("from", from.String()), sql.Named("to", to.String())}
}

// DropSlice takes a day's slice out of a store, but for its own row, which is replaced: DuckDB breaks down where one
// transaction takes a primary key out of a table, puts it in again and then fails. A day without a slice is no error.
func DropSlice(ctx context.Context, q duck.Queryer, day calendar.Date) error {
	return of(ctx, q, "drop", on(day), head, aside, row, groups)
}

// DropResults takes all that was computed of some days out of a store.
func DropResults(ctx context.Context, q duck.Queryer, days ...calendar.Date) error {
	return of(ctx, q, "drop", on(days...), evidence, result)
}

// DropRows takes the rows of some days out of a store: their slices, and what was derived from them row by row. Their numbers stay.
func DropRows(ctx context.Context, q duck.Queryer, days ...calendar.Date) error {
	return of(ctx, q, "drop", on(days...), self, head, aside, row, groups, evidence)
}

// Take brings what the published store says of itself into the scratch store: its slices without their rows, the issued
// files and the ledger.
func (s *Scratch) Take(ctx context.Context) error {
	return of(ctx, s.Conn, "take_all", nil, self, head, record)
}

// TakeRows brings the raw rows of the slices of a range of days, both included, into the scratch store.
func (s *Scratch) TakeRows(ctx context.Context, from, to calendar.Date) error {
	return of(ctx, s.Conn, "take_days", span(from, to), row)
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

// Keep saves the rows of a table as they are now in a table kept_<name> of the scratch store.
func (s *Scratch) Keep(ctx context.Context, name string) error { return s.each(ctx, "keep", name) }

// Mask puts the pseudonyms of the table pseudonym in place of a table's resources.
func (s *Scratch) Mask(ctx context.Context, name string) error { return s.each(ctx, "mask", name) }

// WriteRows writes the scratch store's rows of a table into a Parquet file.
func (s *Scratch) WriteRows(ctx context.Context, name, file string) error {
	return s.each(ctx, "write_rows", name, sql.Named("file", file))
}

// WriteDays writes a table's rows of a range of days, both included, into a Parquet file: those of the published store.
func (s *Scratch) WriteDays(ctx context.Context, name, file string, from, to calendar.Date) error {
	return s.each(ctx, "write_days", name, append(span(from, to), sql.Named("file", file))...)
}

// WriteDaysCSV is WriteDays into a CSV file.
func (s *Scratch) WriteDaysCSV(ctx context.Context, name, file string, from, to calendar.Date) error {
	return s.each(ctx, "write_days_csv", name, append(span(from, to), sql.Named("file", file))...)
}

// each runs a statement of sql/store/each on a table. One that does not exist is a mistake in the program, so it panics.
func (s *Scratch) each(ctx context.Context, statement, name string, args ...any) error {
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
