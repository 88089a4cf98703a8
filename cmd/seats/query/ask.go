// Package query puts a user's questions to a snapshot, in SQL: from an argument, from a stream, or at a prompt; and writes the
// answers to a screen or into files.
//
// What a statement may do is bounded by the connection, which is locked (duck.Options): it reads and writes no other file, but for
// one that Parquet needs. Of the files that are open DuckDB lets a locked connection do what it likes, so no statement is run
// that is about files at all; DuckDB tells which kind one is of, not a look at its text.
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
	"regexp"
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
	sets, err := a.allowed(ctx, query)
	if err != nil {
		return false, fmt.Errorf("query: %w", err)
	}
	if file != "" {
		switch {
		case sets:
			_, err := a.Conn.ExecContext(ctx, query)
			return false, err
		case format == FormatParquet:
			return true, a.parquet(ctx, query, file)
		default:
			if err := free(file); err != nil {
				return false, err
			}
		}
	}
	began := a.Clock()
	table, err := collect(ctx, a.Conn, query)
	a.Took = a.Clock().Sub(began)
	if err != nil {
		return false, fmt.Errorf("query: %w", err)
	}
	if file != "" {
		return true, create(file, func(w io.Writer) error { return table.Write(w, format) })
	}
	return false, a.Screen.Show(ctx, func(w io.Writer) error { return table.Write(w, format) })
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

// allowed refuses a statement that may not be run, and tells whether it only sets something, and so has no rows.
func (a *Asker) allowed(ctx context.Context, query string) (sets bool, err error) {
	kind, err := a.kind(ctx, query)
	if err != nil {
		return false, err
	}
	switch kind {
	case duckdb.STATEMENT_TYPE_SET, duckdb.STATEMENT_TYPE_VARIABLE_SET:
		return true, nil
	case duckdb.STATEMENT_TYPE_SELECT,
		duckdb.STATEMENT_TYPE_CREATE, duckdb.STATEMENT_TYPE_DROP, // of what is temporary: stores are read-only
		duckdb.STATEMENT_TYPE_INSERT, duckdb.STATEMENT_TYPE_UPDATE, duckdb.STATEMENT_TYPE_DELETE:
		return false, nil
	case duckdb.STATEMENT_TYPE_EXPLAIN: // with analyze it runs what it explains
		if explained := explains.ReplaceAllLiteralString(query, ""); explained != query {
			return a.allowed(ctx, explained)
		}
	}
	return false, fail.New(fail.Other, "--output, or .output at the prompt, writes a result into a file", "this kind of statement is not run here: it is for questions")
}

var explains = regexp.MustCompile(`(?i)^explain(\s+analyze\b)?(\s*\([a-z_, ]*\))?`)

// kind is DuckDB's word on what a statement is.
func (a *Asker) kind(ctx context.Context, query string) (kind duckdb.StmtType, err error) {
	err = a.Conn.Raw(func(c any) error {
		statement, err := c.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		kind, err = statement.(*duckdb.Stmt).StatementType()
		return errors.Join(err, statement.Close())
	})
	return kind, err
}

// parquet has DuckDB write the rows of a query into the one file that it may write, and copies that to where it was asked for.
func (a *Asker) parquet(ctx context.Context, query, file string) (err error) {
	if err := free(file); err != nil {
		return err
	}
	dir := filepath.Dir(a.Parquet)
	if err := dirs.MakeTemp(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := a.Clock()
	_, err = a.Conn.ExecContext(ctx, "copy (from (\n"+strings.TrimSuffix(query, ";")+"\n)) to "+duck.Literal(a.Parquet)+" (format parquet)")
	a.Took = a.Clock().Sub(began)
	if err != nil {
		return fmt.Errorf("query: %w", err)
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
	for {
		line, err := r.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read statements: %w", err)
		}
		complete, rest := statements(pending + line)
		if err != nil && rest != "" {
			complete = append(complete, rest)
		}
		for _, statement := range complete {
			if written {
				return fail.New(fail.Other, "give each statement a file of its own", "write %s: it has the result of the statement before", file)
			}
			wrote, err := a.Ask(ctx, statement, format, file)
			if err != nil {
				return err
			}
			written = wrote
		}
		if err != nil {
			return nil
		}
		pending = rest
	}
}
