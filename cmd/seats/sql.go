package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"seats/cmd/seats/job"
	"seats/internal/fail"
	"seats/report"
)

type sqlCmd struct {
	Tenant  string        `help:"Whose snapshot; may be left out where the configuration has one tenant." placeholder:"T"`
	Timeout time.Duration `help:"Of a statement; 0: none." default:"10m" placeholder:"10m"`
	Format  string        `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
	Query   string        `arg:"" optional:"" help:"A statement, or several. Without it, statements are read from standard input, each ended by a semicolon; on a terminal, at a prompt."`
}

// Help gives examples.
func (*sqlCmd) Help() string {
	return `Examples:
  seats sql "from daily_concurrent limit 5"
  seats sql --format csv "from agents_at('US', '2026-03-10T17:30:00Z')" > agents.csv
  echo "show tables;" | seats sql --tenant acme`
}

func (c *sqlCmd) Run(ctx context.Context, w *world, root *cli) (err error) {
	if c.Timeout < 0 {
		return usageError("--timeout %s is negative", c.Timeout)
	}
	tenant, err := root.oneTenant(w, c.Tenant)
	if err != nil {
		return err
	}
	defer func() { err = job.Explain(err, tenant) }()
	db, err := openWhole(ctx, tenant, true, nil)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // only read
	ask := func(query string) error { return c.ask(ctx, conn, query, w.stdout) }
	if c.Query != "" {
		return script(strings.NewReader(c.Query), ask)
	}
	if in, ok := w.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		return prompt(in, w.stdout, tenant.Name, ask)
	}
	return script(w.stdin, ask)
}

// ask runs one statement within its time and prints its rows.
func (c *sqlCmd) ask(ctx context.Context, conn *sql.Conn, query string, out io.Writer) error {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	table, err := collect(ctx, conn, query)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fail.New(fail.Other, "--timeout gives it longer", "query: it took longer than %s", c.Timeout)
	}
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return table.Write(out, c.Format)
}

// resultLimit bounds the rows of a result, in bytes: they are kept beside DuckDB's buffers.
const resultLimit = 512 << 20

// collect gives the rows of a statement.
func collect(ctx context.Context, conn *sql.Conn, query string) (table report.Table, err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return table, err
	}
	defer rows.Close() //nolint:errcheck // its error is in rows.Err
	if table.Header, err = rows.Columns(); err != nil {
		return table, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return table, err
	}
	held := 0
	for rows.Next() {
		row, places := make([]any, len(table.Header)), make([]any, len(table.Header))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return table, err
		}
		for i := range row {
			held += size(row[i])
			row[i] = shown(row[i], types[i].DatabaseTypeName())
		}
		if held > resultLimit {
			return table, fail.New(fail.Other, "ask for less, with where or limit, or open the store read-only in a client of DuckDB's",
				"the result is larger than %d MB, after %d rows", resultLimit>>20, len(table.Rows))
		}
		table.Rows = append(table.Rows, row)
	}
	return table, rows.Err()
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

// script runs the statements of a stream and stops at the first that fails.
func script(in io.Reader, ask func(string) error) error {
	r := bufio.NewReader(in)
	pending := ""
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
			if err := ask(statement); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		pending = rest
	}
}

// prompt reads statements on a terminal, with line editing and history, until the end of input.
func prompt(in *os.File, out io.Writer, tenant string, ask func(string) error) error {
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(in.Fd()), state) //nolint:errcheck // nothing more can be done
	first, more := tenant+"> ", strings.Repeat(" ", len(tenant))+"| "
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, first)
	fmt.Fprintln(screen, "Statements end with a semicolon; Ctrl-D leaves. `show tables;` lists the relations.")
	pending := ""
	for {
		line, err := screen.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		complete, rest := statements(pending + line + "\n")
		if pending = rest; pending != "" {
			screen.SetPrompt(more)
		} else {
			screen.SetPrompt(first)
		}
		for _, statement := range complete {
			if err := cooked(in, state, func() error { return ask(statement) }); err != nil {
				fmt.Fprintln(screen, "seats: error: "+onTerminal(err.Error()))
			}
		}
	}
}

// cooked runs f with the terminal as it was, so that lines end as usual and Ctrl-C works.
func cooked(in *os.File, before *term.State, f func() error) error {
	raw, err := term.GetState(int(in.Fd()))
	if err != nil {
		return err
	}
	if err := term.Restore(int(in.Fd()), before); err != nil {
		return err
	}
	return errors.Join(f(), term.Restore(int(in.Fd()), raw))
}
