// Package query puts a user's questions to a snapshot, in SQL: from an argument, from a stream, or at a prompt; and writes the
// answers to a screen or into files.
//
// What a statement may do is bounded four times. The connection is locked (duck.Options): it reads and writes no other file, but for one
// that Parquet needs. Of the files that are open DuckDB lets a locked connection do what it likes, so nothing is run but questions, and
// little else; DuckDB's parser tells what a text is, and how many, not a look at it. A question calls the functions of a list. And where the
// operating system can, the thread that asks may write nowhere but there (package confine).
package query

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

// FormatParquet is a format beside those of report.Table. It goes to a file, and DuckDB writes it: with every type as it is,
// and without holding the rows in memory.
const FormatParquet = "parquet"

// Asker puts questions to a locked connection.
type Asker struct {
	Conn    *sql.Conn
	Timeout time.Duration // of a statement; 0: none
	Parquet string        // the one file that the connection may write, in a folder of its own: duck.Options.Except
	Out     io.Writer
	Pager   string // a command of the shell's; "": none
	Clock   func() time.Time

	Took time.Duration // the last statement, without what it took to show its rows
	Rows int           // of its answer

	functions []string // that a question may call; nil: not read yet
}

// Ask runs a statement and writes its rows to the screen or, where file is not empty, into a new file; then the name's ending
// says the format, unless another than a table was asked for. A statement that only sets something writes no file.
func (a *Asker) Ask(ctx context.Context, query, format, file string) (wrote bool, err error) {
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Timeout)
		defer cancel()
	}
	wrote, err = a.ask(ctx, query, formatFor(format, file), file)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil {
		return false, fail.New(fail.Other, "--timeout gives it longer", "query: it took longer than %s", a.Timeout)
	}
	return wrote, err
}

func (a *Asker) ask(ctx context.Context, query, format, file string) (wrote bool, err error) {
	f, err := a.look(ctx, query)
	if err != nil {
		return false, fmt.Errorf("query: %w", err)
	}
	if file != "" && !f.sets {
		if err := free(file); err != nil {
			return false, err
		}
		if format == FormatParquet {
			return true, a.parquet(ctx, f, file)
		}
	}
	table, err := a.run(ctx, f)
	write := func(w io.Writer) error { return table.Write(w, format) }
	switch {
	case err != nil || file != "" && f.sets:
		return false, err
	case file != "":
		return true, create(file, write)
	case f.sets:
		a.Rows = -1
		return false, nil
	}
	return false, a.show(ctx, write)
}

func (a *Asker) run(ctx context.Context, f form) (table report.Table, err error) {
	var zone string
	if err := a.Conn.QueryRowContext(ctx, "select current_setting('TimeZone')").Scan(&zone); err != nil {
		return table, err
	}
	shows, err := time.LoadLocation(zone)
	if err != nil {
		shows = time.UTC
	}
	began := a.Clock()
	err = a.Conn.Raw(func(conn any) error {
		return prepare(conn, f, func(s *duckdb.Stmt) (err error) {
			table, err = collect(ctx, s, shows)
			return err
		})
	})
	a.Took, a.Rows = a.Clock().Sub(began), len(table.Rows)
	if err != nil {
		return table, fmt.Errorf("query: %w", err)
	}
	return table, nil
}

// formatFor is the format of a result that goes to a file, if file is not empty.
func formatFor(format, file string) string {
	if format != report.FormatTable {
		return format
	}
	switch ending := strings.TrimPrefix(filepath.Ext(file), "."); ending {
	case report.FormatCSV, report.FormatJSON, FormatParquet:
		return ending
	}
	return format
}

// parquet has DuckDB write the rows of a question into the one file that it may write, and copies that to where it was asked for.
func (a *Asker) parquet(ctx context.Context, f form, file string) (err error) {
	if err := plain.MakeTemp(filepath.Dir(a.Parquet)); err != nil {
		return err
	}
	defer os.Remove(a.Parquet) //nolint:errcheck // its folder goes at the end anyway
	alone := func(conn any) error { return prepare(conn, f, func(*duckdb.Stmt) error { return nil }) }
	if err := a.Conn.Raw(alone); err != nil { // with its own lines in what is wrong
		return fmt.Errorf("query: %w", err)
	}
	f.text = "copy (from (\n" + strings.TrimSuffix(f.text, ";") + "\n)) to " + duck.Literal(a.Parquet) + " (format parquet)"
	f.kinds = []duckdb.StmtType{duckdb.STATEMENT_TYPE_COPY}
	if _, err := a.run(ctx, f); err != nil {
		return err
	}
	written, err := os.Open(a.Parquet)
	if err != nil {
		return err
	}
	defer written.Close() //nolint:errcheck // only read
	return create(file, func(w io.Writer) error {
		_, err := io.Copy(w, written)
		return err
	})
}

// Script runs the statements of a stream and stops at the first that fails. A file takes the result of one.
func (a *Asker) Script(ctx context.Context, in io.Reader, format, file string) error {
	r := bufio.NewReader(in)
	pending, written := "", false
	for ended := false; !ended; {
		line, err := r.ReadString('\n')
		if ended = errors.Is(err, io.EOF); err != nil && !ended {
			return fmt.Errorf("read statements: %w", err)
		}
		complete, rest, err := a.split(ctx, pending+line)
		if ended && err == nil {
			var last parsed
			if last, err = a.parse(ctx, rest); !last.blank() {
				complete = append(complete, rest)
			}
		}
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		pending = rest
		for _, statement := range complete {
			if written {
				return fail.New(fail.Other, "give each statement a file of its own", "write %s: it has the result of the statement before", file)
			}
			if written, err = a.Ask(ctx, statement, format, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func collect(ctx context.Context, s *duckdb.Stmt, zone *time.Location) (table report.Table, err error) {
	rows, err := s.QueryContext(ctx, nil)
	if err != nil {
		return table, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	const resultLimit = 512 << 20                         // bytes: the rows are kept beside DuckDB's buffers
	types := rows.(driver.RowsColumnTypeDatabaseTypeName) // DuckDB's tell
	table.Header = rows.Columns()
	held := 0
	for {
		values, row := make([]driver.Value, len(table.Header)), make([]any, len(table.Header))
		if err := rows.Next(values); err != nil && !errors.Is(err, io.EOF) {
			return table, err
		} else if err != nil || ctx.Err() != nil {
			return table, ctx.Err()
		}
		for i, v := range values {
			held += size(v)
			row[i] = shown(v, types.ColumnTypeDatabaseTypeName(i), zone)
		}
		if held > resultLimit {
			return table, fail.New(fail.Other, "ask for less, with where or limit, or write it as Parquet",
				"the result is larger than %d MB, after %d rows", resultLimit>>20, len(table.Rows))
		}
		table.Rows = append(table.Rows, row)
	}
}

func size(value any) int {
	bytes := 32
	switch v := value.(type) {
	case string:
		bytes += len(v)
	case []byte:
		bytes += len(v)
	case []any:
		for _, member := range v {
			bytes += size(member)
		}
	case map[string]any:
		for name, member := range v {
			bytes += len(name) + size(member)
		}
	}
	return bytes
}

// shown takes from a date and from a time of day what the driver makes up to fill a time.Time, gives a moment in the zone that was set,
// and tells people of NULL.
func shown(value any, typeName string, zone *time.Location) any {
	t, isTime := value.(time.Time)
	switch {
	case value == nil:
		return report.Told{Words: "NULL"}
	case isTime && typeName == "TIMESTAMPTZ":
		return t.In(zone)
	case isTime && typeName == "DATE":
		return t.Format(time.DateOnly)
	case isTime && typeName == "TIME":
		return t.Format("15:04:05.999999")
	}
	return value
}

// form is a kind of statement that may be run: a plain question, or one of forms.
type form struct {
	pattern *regexp.Regexp
	text    string // the statement, of what the pattern found
	asks    string // the question in it, that is looked at alone; "": none
	sets    bool   // it has no rows
	kinds   []duckdb.StmtType
}

const (
	begins = `(?is)^((?:--[^\r\n]*[\r\n]|\s)*`
	name   = `(?:\w+|"[^"]+")`
	value  = `(?:'[^']*'|` + name + `)`
	option = `(?:analyze|format\s+\w+)`
	ends   = `\s*;?\s*$`
)

var settings = []duckdb.StmtType{duckdb.STATEMENT_TYPE_SET, duckdb.STATEMENT_TYPE_VARIABLE_SET}

// forms: what stands before the question is put before it again when it has been looked at alone, and so cannot be part of anything else.
var forms = []form{
	{
		pattern: regexp.MustCompile(begins + `explain(?:\s+analyze)?(?:\s*\(\s*` + option + `(?:\s*,\s*` + option + `)*\s*\))?)(.*)$`),
		text:    "$1 $2", asks: "$2", kinds: []duckdb.StmtType{duckdb.STATEMENT_TYPE_EXPLAIN},
	},
	{
		pattern: regexp.MustCompile(begins + `create\s+(?:or\s+replace\s+)?temp(?:orary)?\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?` + name + `\s+as)\b(.*)$`),
		text:    "$1 $2", asks: "$2", kinds: []duckdb.StmtType{duckdb.STATEMENT_TYPE_CREATE},
	},
	{
		pattern: regexp.MustCompile(begins + `set\s+variable\s+` + name + `\s*(?:=|\bto\b))(.*?)` + ends),
		text:    "$1 ($2\n)", asks: "select ($2\n)", sets: true, kinds: settings,
	},
	{
		pattern: regexp.MustCompile(begins +
			`(?:set\s+(?:(?:session|local|global)\s+)?(?:timezone|schema|search_path)\s*(?:=|\bto\b)\s*` + value +
			`|set\s+time\s+zone\s+` + value +
			`|reset\s+(?:timezone|schema|search_path)` +
			`|use\s+` + name + `(?:\.` + name + `)?))` + ends),
		text: "$1", sets: true, kinds: settings,
	},
}

// look refuses a statement that may not be run. Nothing of it has been run by then, nor prepared: preparing a statement calls
// some of its functions already. What may be run is the text of the form.
func (a *Asker) look(ctx context.Context, query string) (form, error) {
	if err := a.readFunctions(ctx); err != nil {
		return form{}, err
	}
	p, err := a.parse(ctx, query)
	if err != nil {
		return form{}, err
	}
	if !p.Error || p.wrong() {
		return form{text: query, kinds: []duckdb.StmtType{duckdb.STATEMENT_TYPE_SELECT}}, a.question(p)
	}
	for _, f := range forms {
		found := f.pattern.FindStringSubmatchIndex(query)
		if found == nil {
			continue
		}
		fill := func(template string) string { return string(f.pattern.ExpandString(nil, template, query, found)) }
		if f.asks != "" {
			p, err := a.parse(ctx, fill(f.asks))
			if err != nil || p.Error && !p.wrong() {
				return f, errors.Join(err, notRun())
			}
			if err := a.question(p); err != nil {
				return f, err
			}
		}
		f.text = fill(f.text)
		return f, nil
	}
	return form{}, notRun()
}

func notRun() error {
	return fail.New(fail.Other, "--output, or .output at the prompt, writes a result into a file; pivot needs its values: on region in ('US', 'EU')",
		"this kind of statement is not run here: it is for questions")
}

// question refuses what is not one question, or calls a function that is not on the list. What breaks the grammar passes: DuckDB
// says better why it cannot be prepared.
func (a *Asker) question(p parsed) error {
	if p.wrong() {
		return nil
	}
	if len(p.Statements) != 1 {
		return fail.New(fail.Other, "", "one statement at a time, not %d", len(p.Statements))
	}
	var tree any
	if err := json.Unmarshal(p.Statements[0], &tree); err != nil {
		return err
	}
	return a.calls(tree)
}

// calls refuses a tree of DuckDB's in which a function is called that is not on the list, by whatever schema.
func (a *Asker) calls(tree any) (err error) {
	switch node := tree.(type) {
	case []any:
		for _, child := range node {
			err = cmp.Or(err, a.calls(child))
		}
	case map[string]any:
		err = a.calls(slices.Collect(maps.Values(node)))
		if name, is := node["function_name"].(string); is && !slices.Contains(a.functions, strings.ToLower(name)) {
			return fail.New(fail.Other, "what reads or writes files, settings or logs, or runs a text, is not for questions",
				"no function %s can be called here", strings.ToLower(name))
		}
	}
	return err
}

//go:embed functions.txt
var listed string

// readFunctions reads, before anything is run, which functions may be called: those of the list, and the macros that the store came with.
func (a *Asker) readFunctions(ctx context.Context) error {
	if a.functions != nil {
		return nil
	}
	macros, err := duck.All[string](ctx, a.Conn, "ask/macro")
	if err != nil {
		return err
	}
	a.functions = list.Of(append(names(listed), macros...), strings.ToLower)
	return nil
}

// names are those of a list, without its comments.
func names(list string) (all []string) {
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, "# ") {
			all = append(all, strings.Fields(line)...)
		}
	}
	return all
}

// prepare has DuckDB prepare what was looked at, and hands it on: exactly one statement, of the kind expected. The driver's Prepare
// refuses several before any is run; its PrepareContext would run all but the last.
func prepare(conn any, f form, run func(*duckdb.Stmt) error) (err error) {
	s, err := conn.(*duckdb.Conn).Prepare(f.text)
	if err != nil {
		return err
	}
	statement := s.(*duckdb.Stmt)
	defer func() { err = errors.Join(err, statement.Close()) }()
	kind, err := statement.StatementType()
	if err != nil {
		return err
	}
	if !slices.Contains(f.kinds, kind) {
		return fmt.Errorf("%w (DuckDB takes it for kind %d)", notRun(), kind)
	}
	return run(statement)
}

// parsed is what DuckDB's parser says of a text. It runs nothing.
type parsed struct {
	Error      bool
	ErrorType  string            `json:"error_type"`
	Message    string            `json:"error_message"`
	Statements []json.RawMessage // questions, where there is no error
}

func (a *Asker) parse(ctx context.Context, text string) (p parsed, err error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) { // at a zero, a text ends for some of DuckDB, and goes on for the rest
		return p, fail.New(fail.Other, "", "statements are UTF-8, without zeros")
	}
	var tree string
	if err := a.Conn.QueryRowContext(ctx, "select system.main.json_serialize_sql(?::varchar)::varchar", text).Scan(&tree); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(tree), &p)
}

// wrong tells whether the text breaks the grammar: anything else that DuckDB says of it is about a statement that is one.
func (p parsed) wrong() bool { return p.Error && p.ErrorType == "parser" }

// open tells whether what is wrong may come right with more of the text: a quote or a comment has no end yet, or a statement.
func (p parsed) open() bool {
	return p.wrong() && (strings.HasPrefix(p.Message, "unterminated") || strings.HasSuffix(p.Message, "at end of input"))
}

// blank tells a text of nothing but comments.
func (p parsed) blank() bool { return !p.Error && len(p.Statements) == 0 }

// split cuts the complete statements, each with its semicolon, off the front of a text; what has not ended yet is the rest.
// Which semicolons end one is DuckDB's to say: where a statement has ended, a bracket behind it is an error, and in a text or a
// comment it is none. What is wrong whatever follows is complete too. A statement of nothing but comments is passed over.
//
// Nothing rests on it but what is shown where: what is run is again one statement, by DuckDB's count.
func (a *Asker) split(ctx context.Context, text string) (complete []string, rest string, err error) {
	rest = text
	for at := 0; ; {
		next := strings.IndexByte(rest[at:], ';')
		if next < 0 {
			return complete, rest, nil
		}
		at += next + 1
		p, err := a.parse(ctx, rest[:at])
		if err != nil {
			return nil, "", err
		}
		if p.open() {
			continue
		}
		if !p.wrong() {
			behind, err := a.parse(ctx, rest[:at]+")")
			if err != nil {
				return nil, "", err
			}
			if !behind.wrong() {
				continue
			}
		}
		if !p.blank() {
			complete = append(complete, strings.TrimSpace(rest[:at]))
		}
		rest, at = rest[at:], 0
	}
}
