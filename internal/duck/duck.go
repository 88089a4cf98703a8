// Package duck opens DuckDB files the way this program wants them and runs the embedded statements.
//
// Nothing is downloaded at run time, every connection is in UTC, and memory, threads and the folder for
// spilling are always set: DuckDB's own defaults take 80 % of the machine.
package duck

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	texts "example.com/seats/sql"
)

// Options of a database. The zero value of Threads means all cores, of MemoryLimit 1 GB, of TempDir that nothing is spilled.
type Options struct {
	ReadOnly    bool
	Locked      bool   // no reading or writing of other files, and no further settings: for the analyst's queries
	Except      string // the one other file that may be read and written though it is locked; "": none
	MemoryLimit string
	Threads     int
	BlockSize   int    // of a new file, in bytes: each column of a table takes a block at least; 0: LargeBlocks
	TempDir     string // the database's own; made when it is needed, in a folder that is there, and removed at the end
}

// Sizes of the blocks of a file, in bytes, of those that DuckDB 1.2 and later read.
const SmallBlocks, LargeBlocks = 16 << 10, 64 << 10

// oldest is the DuckDB that reads new files. As those before it want them they are half as large again, and take as much longer to attach.
const oldest = "v1.2.0"

// Of gives DuckDB half of the memory that the program may take. The other half is for what DuckDB has beside its buffers, what the
// allocator keeps, and the program's own; and a buffer more is mostly a block more that nobody reads again.
func Of(e config.Engine) Options {
	return Options{MemoryLimit: strconv.FormatInt(e.MemoryLimit/2, 10) + "B", Threads: e.Threads, TempDir: e.TempDir}
}

// Open opens a file, or a database in memory where path is empty. It reports a file that is missing, damaged, or open elsewhere for writing.
func Open(path string, o Options) (*sql.DB, error) {
	settings := "set timezone = 'UTC'"
	if o.Locked {
		settings += "; " + o.locked()
	}
	dsn := path + "?" + o.query()
	// The driver reads this as a URL, but takes for the file all before the first question mark.
	if u, err := url.Parse(dsn); err != nil || u.RawQuery != o.query() {
		return nil, fail.New(fail.Other, "choose another data_dir", "open %s: no path can be used that has ? or # in it, or %% with no number behind it", path)
	}
	c, err := duckdb.NewConnector(dsn, func(c driver.ExecerContext) error {
		_, err := c.ExecContext(context.Background(), settings, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	if o.Locked {
		db.SetMaxOpenConns(1) // of a locked configuration a second one could set nothing
	}
	return db, nil
}

// Lock does to an open database what Options.Locked does: for one that has attached others first. It must have no more than this connection.
func Lock(ctx context.Context, conn *sql.Conn, o Options) error {
	_, err := conn.ExecContext(ctx, o.locked())
	return err
}

// locked takes away what would lead out of the database, or over its limits; the settings that remain are harmless.
func (o Options) locked() string {
	settings := "set enable_external_access = false; set allowed_configs = ['TimeZone', 'schema', 'search_path']; set lock_configuration = true"
	if o.Except != "" {
		settings = "set allowed_paths = [" + Literal(o.Except) + "]; " + settings
	}
	return settings
}

// Literal is a text as it is written in a statement, for the few that take no parameters.
func Literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func (o Options) query() string {
	v := url.Values{
		"autoinstall_known_extensions": {"false"}, "autoload_known_extensions": {"false"},
		"memory_limit": {cmp.Or(o.MemoryLimit, "1GB")}, "temp_directory": {o.TempDir}, "threads": {strconv.Itoa(threads(o.Threads))},
		"default_block_size": {strconv.Itoa(cmp.Or(o.BlockSize, LargeBlocks))}, "storage_compatibility_version": {oldest},
	}
	if o.ReadOnly {
		v.Set("access_mode", "READ_ONLY")
	}
	return v.Encode()
}

// threads is how many there are: 0 is all cores, by GOMAXPROCS, which knows of a container's limit; DuckDB does not.
func threads(n int) int { return cmp.Or(n, runtime.GOMAXPROCS(0)) }

// FewRows are worked on by one thread: others would take longer to look whether there is something for them than to do it.
const FewRows = 50_000

// Spread gives an open database the threads for so many rows: at most n, where 0 is all cores, but those that are at work on something else.
func Spread(ctx context.Context, q Queryer, n int, rows int64, busy int) error {
	if n = max(threads(n)-busy, 1); rows <= FewRows {
		n = 1
	}
	_, err := q.ExecContext(ctx, "set threads = "+strconv.Itoa(n))
	return err
}

func Days(days ...calendar.Date) sql.NamedArg {
	return sql.Named("days", list.Of(days, calendar.Date.String))
}

// JSON binds a value as the text that package json makes of it.
func JSON(name string, value any) sql.NamedArg { return sql.Named(name, asJSON{value}) }

type asJSON struct{ value any }

// Value implements driver.Valuer.
func (j asJSON) Value() (driver.Value, error) {
	text, err := json.Marshal(j.value)
	return string(text), err
}

// Span binds the first and the last of a range of days.
func Span(from, to calendar.Date) []any {
	return []any{sql.Named("from", from.String()), sql.Named("to", to.String())}
}

// Version is the DuckDB library's, for instance "v1.5.6".
func Version(ctx context.Context, q Queryer) (version string, err error) {
	err = q.QueryRowContext(ctx, "select version()").Scan(&version)
	return version, err
}

// Conn is one connection, with its temporary tables and its transaction.
type Conn = sql.Conn

// On reads over one connection to a database, and closes both.
func On(ctx context.Context, db *sql.DB, read func(*Conn) error) error {
	defer db.Close() //nolint:errcheck // only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // only read
	return read(conn)
}

// Queryer is what *sql.DB, *sql.Conn and *sql.Tx share.
type Queryer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Begin begins a transaction. A context that ends interrupts the statements that were given it, and no more: database/sql would
// roll back the transaction of an ended context on its own and throw the connection away, with all that it has attached.
func Begin(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return conn.BeginTx(context.WithoutCancel(ctx), nil)
}

// InTx works in a transaction of its own: all of it is done, or nothing.
func InTx(ctx context.Context, conn *sql.Conn, work func(*sql.Tx) error) error {
	tx, err := Begin(ctx, conn)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Exec runs an embedded statement. An error names the file; DuckDB's own text adds line and caret.
func Exec(ctx context.Context, q Queryer, name string, args ...any) error {
	return exec(ctx, q, texts.Text(name), name, args)
}

// ExecAll runs embedded statements in their order, up to the first that fails, each with those of the arguments that are Taken.
func ExecAll(ctx context.Context, q Queryer, names []string, args ...any) error {
	for _, name := range names {
		if err := Exec(ctx, q, name, Taken(name, args)...); err != nil {
			return err
		}
	}
	return nil
}

var parameter = regexp.MustCompile(`\$\w+`)

// Taken are those of some arguments of which an embedded statement has a parameter. One too many the driver would take by its place
// for a parameter that has none.
func Taken(name string, args []any) []any {
	has := parameter.FindAllString(texts.Text(name), -1)
	return slices.DeleteFunc(slices.Clone(args), func(arg any) bool { return !slices.Contains(has, "$"+arg.(sql.NamedArg).Name) })
}

// ExecOn is Exec of a statement that is the same for every table but for its names, on one of them.
func ExecOn(ctx context.Context, q Queryer, name string, table texts.Table, args ...any) error {
	return exec(ctx, q, texts.Fill(name, table), name+" on "+table.Name, args)
}

func exec(ctx context.Context, q Queryer, text, shown string, args []any) error {
	if _, err := q.ExecContext(ctx, text, args...); err != nil {
		return fmt.Errorf("run sql/%s: %w", shown, err)
	}
	return nil
}

// One is All of a query that has one row at most: the zero value where it has none.
func One[T any](ctx context.Context, q Queryer, name string, args ...any) (one T, err error) {
	all, err := All[T](ctx, q, name, args...)
	if len(all) > 0 {
		one = all[0]
	}
	return one, err
}

// All gives the rows of an embedded query. Its columns are the exported fields of T in their order, those of a struct in it in
// its place and without those marked `duck:"-"`; T is the one column itself where it is no struct, or scans itself.
func All[T any](ctx context.Context, q Queryer, name string, args ...any) (all []T, err error) {
	rows, err := q.QueryContext(ctx, texts.Text(name), args...)
	if err != nil {
		return nil, fmt.Errorf("run sql/%s: %w", name, err)
	}
	defer rows.Close()
	var row, none T
	into := columns(reflect.ValueOf(&row).Elem())
	for err == nil && rows.Next() {
		row = none
		err = rows.Scan(into...)
		all = append(all, row)
	}
	if err = cmp.Or(err, rows.Err()); err != nil {
		err = fmt.Errorf("read sql/%s: %w", name, err)
	}
	return all, err
}

// By gives the rows of an embedded query by their first columns, those of K; those of V follow, as in All.
func By[K comparable, V any](ctx context.Context, q Queryer, name string, args ...any) (map[K][]V, error) {
	rows, err := All[struct {
		Key K
		Row V
	}](ctx, q, name, args...)
	by := map[K][]V{}
	for _, r := range rows {
		by[r.Key] = append(by[r.Key], r.Row)
	}
	return by, err
}

// columns are where a row's columns go in a value.
func columns(v reflect.Value) (into []any) {
	scans := reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[sql.Scanner]()) || v.Type() == reflect.TypeFor[time.Time]()
	if scans || v.Kind() != reflect.Struct {
		return []any{v.Addr().Interface()}
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); (f.Anonymous || f.IsExported()) && f.Tag.Get("duck") != "-" {
			into = append(into, columns(v.Field(i))...)
		}
	}
	return into
}
