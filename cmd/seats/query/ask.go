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
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"seats/internal/dirs"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/report"
)

// FormatParquet is a format beside those of report.Table. It goes to a file, and DuckDB writes it: with every type as it is,
// and without holding the rows in memory.
const FormatParquet = "parquet"

// Asker puts questions to a locked connection.
type Asker struct {
	Conn    *sql.Conn
	Timeout time.Duration // of a statement; 0: none
	Parquet string        // the one file that the connection may write, in a folder of its own: duck.Options.Except
	Screen  Screen
	Clock   func() time.Time

	Took time.Duration // the last statement, without what it took to show its rows

	functions map[string]bool // that a question may call; nil: not read yet
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
	if err != nil || file != "" && f.sets {
		return false, err
	}
	if file != "" {
		return true, create(file, func(w io.Writer) error { return table.Write(w, format) })
	}
	return false, a.Screen.Show(ctx, func(w io.Writer) error { return table.Write(w, format) })
}

// run runs what was looked at, and gives its rows.
func (a *Asker) run(ctx context.Context, f form) (table report.Table, err error) {
	began := a.Clock()
	err = a.Conn.Raw(func(conn any) error {
		return prepare(conn, f, func(s *duckdb.Stmt) (err error) {
			table, err = collect(ctx, s)
			return err
		})
	})
	a.Took = a.Clock().Sub(began)
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
	if err := dirs.MakeTemp(filepath.Dir(a.Parquet)); err != nil {
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

// resultLimit bounds the rows of a result, in bytes: they are kept beside DuckDB's buffers.
const resultLimit = 512 << 20

// collect runs a statement and gives its rows.
func collect(ctx context.Context, s *duckdb.Stmt) (table report.Table, err error) {
	rows, err := s.QueryContext(ctx, nil)
	if err != nil {
		return table, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, is := rows.(driver.RowsColumnTypeDatabaseTypeName)
	if !is {
		return table, errors.New("the driver gives no types")
	}
	table.Header = rows.Columns()
	held := 0
	for {
		values, row := make([]driver.Value, len(table.Header)), make([]any, len(table.Header))
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return table, ctx.Err()
		case err != nil:
			return table, err
		case ctx.Err() != nil:
			return table, ctx.Err()
		}
		for i, v := range values {
			held += size(v)
			row[i] = shown(v, types.ColumnTypeDatabaseTypeName(i))
		}
		if held > resultLimit {
			return table, fail.New(fail.Other, "ask for less, with where or limit, or write it as Parquet",
				"the result is larger than %d MB, after %d rows", resultLimit>>20, len(table.Rows))
		}
		table.Rows = append(table.Rows, row)
	}
}

// size is about how many bytes a value takes.
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

// shown takes from a date and from a time of day what the driver makes up to fill a time.Time.
func shown(value any, typeName string) any {
	t, isTime := value.(time.Time)
	switch {
	case isTime && typeName == "DATE":
		return t.Format(time.DateOnly)
	case isTime && typeName == "TIME":
		return t.Format("15:04:05.999999")
	}
	return value
}
