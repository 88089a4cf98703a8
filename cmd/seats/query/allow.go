package query

import (
	"cmp"
	"context"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"

	"seats/internal/duck"
	"seats/internal/fail"
)

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

// forms: what stands before the question is put before it again when it has been looked at alone, and so cannot be part of
// anything else.
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
		if name, is := node["function_name"].(string); is && !a.functions[strings.ToLower(name)] {
			return fail.New(fail.Other, "what reads or writes files, settings or logs, or runs a text, is not for questions",
				"no function %s can be called here", strings.ToLower(name))
		}
		for _, child := range node {
			err = cmp.Or(err, a.calls(child))
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
	macros, err := duck.All[macro](ctx, a.Conn, "ask/macro")
	if err != nil {
		return err
	}
	a.functions = map[string]bool{}
	for _, name := range names(listed) {
		a.functions[name] = true
	}
	for _, m := range macros {
		a.functions[strings.ToLower(m.Name)] = true
	}
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
	c, is := conn.(driver.Conn)
	if !is {
		return errors.New("the driver prepares nothing")
	}
	s, err := c.Prepare(f.text)
	if err != nil {
		return err
	}
	statement, is := s.(*duckdb.Stmt)
	if !is {
		return errors.Join(errors.New("the driver does not tell what it prepared"), s.Close())
	}
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
