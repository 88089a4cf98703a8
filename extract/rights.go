package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
	"seats/internal/fail"
	texts "seats/sql"
)

// right is what the server says of one column.
type right struct {
	table, column                                         string
	wanted                                                string // its type in the stage
	hasSchema, mayUseSchema, hasTable, hasColumn, mayRead bool
	sentType                                              uint32 // that its values are sent in (oid)
	mayBeFraction                                         bool
	shownType                                             string
}

// checkRights reports every table, column and right that is missing, and every column of another type, at once, and
// what would help.
func checkRights(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB) ([]right, error) {
	rights, err := readRights(ctx, conn, cfg.Schema, tables...)
	if err != nil {
		return nil, err
	}
	ofHistories, err := readRights(ctx, conn, cfg.Schema, histories...)
	if err != nil {
		return nil, err
	}
	if !mayReadAll(ofHistories) {
		ofHistories = nil
	}
	hidden, err := tablesOf(ctx, conn, cfg.Schema, "gim/row_policy", namesOf(slices.Concat(tables, histories)))
	if err != nil {
		return nil, err
	}
	return rights, errors.Join(explainRights(rights, cfg), typeError(slices.Concat(rights, ofHistories), cfg), hiddenError(hidden, cfg))
}

func namesOf(tables []texts.Table) (names []string) {
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// tablesOf are those of some tables that a statement finds.
func tablesOf(ctx context.Context, conn *pgx.Conn, schema, name string, among []string) ([]string, error) {
	rows, err := conn.Query(ctx, texts.InSchema(name, schema), schema, among)
	if err != nil {
		return nil, locate(err, name, schema)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// hiddenError: what a policy leaves out of a table is missing from every number, and nothing shows it.
func hiddenError(tables []string, cfg config.GIMDB) error {
	if len(tables) == 0 {
		return nil
	}
	return fail.New(fail.Source, hintForPolicy(cfg.User), "%s: row security hides rows of %s from user %s",
		sourceName(cfg), strings.Join(tables, ", "), pgx.Identifier{cfg.User}.Sanitize())
}

func hintForPolicy(user string) string {
	return fmt.Sprintf("let gimdb.schema be one of views of the tenant's rows, whose owner sees all of them, or: alter role %s bypassrls;", pgx.Identifier{user}.Sanitize())
}

func mayReadAll(rights []right) bool {
	return !slices.ContainsFunc(rights, func(r right) bool { return !r.mayRead })
}

// mayRead tells whether a table is there with all columns that are wanted, to be read.
func mayRead(ctx context.Context, conn *pgx.Conn, schema string, t texts.Table) (bool, error) {
	rights, err := readRights(ctx, conn, schema, t)
	return err == nil && mayReadAll(rights), err
}

func readRights(ctx context.Context, conn *pgx.Conn, schema string, of ...texts.Table) ([]right, error) {
	var names, columns []string
	wanted := map[string]string{}
	for _, t := range of {
		for _, c := range t.Columns {
			names, columns = append(names, t.Name), append(columns, c.Name)
			wanted[t.Name+"."+c.Name] = c.Type
		}
	}
	rows, err := conn.Query(ctx, texts.InSchema("gim/right", schema), schema, names, columns)
	if err != nil {
		return nil, locate(err, "gim/right", schema)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r right, err error) {
		err = row.Scan(&r.table, &r.column, &r.hasSchema, &r.mayUseSchema, &r.hasTable, &r.hasColumn, &r.mayRead,
			&r.sentType, &r.mayBeFraction, &r.shownType)
		r.wanted = wanted[r.table+"."+r.column]
		return r, err
	})
}

// mayWrite names the tables that the user could change.
func mayWrite(ctx context.Context, conn *pgx.Conn, schema string) ([]string, error) {
	return tablesOf(ctx, conn, schema, "gim/may_write", namesOf(slices.Concat(tables, histories)))
}

func explainRights(rights []right, cfg config.GIMDB) error {
	schema, user := pgx.Identifier{cfg.Schema}.Sanitize(), pgx.Identifier{cfg.User}.Sanitize()
	missing := map[string]bool{}
	var unreadable []string
	for _, r := range rights {
		switch {
		case !r.hasSchema:
			return fail.New(fail.Source, "set gimdb.schema to where the GIM tables, or the tenant's views of them, are",
				"%s: no schema %s", sourceName(cfg), schema)
		case !r.mayUseSchema:
			return fail.New(fail.Source, fmt.Sprintf("grant usage on schema %s to %s;", schema, user),
				"%s: user %s may not use schema %s", sourceName(cfg), user, schema)
		case !r.hasTable:
			missing["table "+r.table] = true
		case !r.hasColumn:
			missing["column "+r.table+"."+r.column] = true
		case !r.mayRead && (len(unreadable) == 0 || unreadable[len(unreadable)-1] != r.table):
			unreadable = append(unreadable, r.table)
		}
	}
	return errors.Join(missingError(missing, cfg), unreadableError(unreadable, schema, user, cfg))
}

func missingError(missing map[string]bool, cfg config.GIMDB) error {
	if len(missing) == 0 {
		return nil
	}
	names := make([]string, 0, len(missing))
	for name := range missing {
		names = append(names, name)
	}
	sort.Strings(names)
	return fail.New(fail.Source, "is gimdb.schema the GIM's, and the GIM of release 8.5 or later?",
		"%s: missing: %s", sourceName(cfg), strings.Join(names, ", "))
}

func unreadableError(tables []string, schema, user string, cfg config.GIMDB) error {
	if len(tables) == 0 {
		return nil
	}
	qualified := make([]string, len(tables))
	for i, t := range tables {
		qualified[i] = schema + "." + t
	}
	return fail.New(fail.Source, fmt.Sprintf("grant select on %s to %s;", strings.Join(qualified, ", "), user),
		"%s: user %s may not read %s", sourceName(cfg), user, strings.Join(tables, ", "))
}

// whyNot says what keeps tables from being read, and what would help; "" where nothing does.
func whyNot(rights []right, hidden []string, cfg config.GIMDB) string {
	var whys []string
	for _, err := range []error{explainRights(rights, cfg), typeError(rights, cfg), hiddenError(hidden, cfg)} {
		if err != nil {
			whys = append(whys, strings.ReplaceAll(err.Error(), "\n", "; ")+" ("+strings.Join(fail.Hints(err), "; ")+")")
		}
	}
	return strings.Join(whys, "; ")
}

// uniqueKeys says of each table with many rows whether the server itself keeps its key unique. Of a view it is not known.
func uniqueKeys(ctx context.Context, conn *pgx.Conn, schema string) (map[string]bool, error) {
	unique := map[string]bool{}
	for _, t := range tables {
		if !mayRepeat(t) {
			continue
		}
		var is bool
		if err := ask(ctx, conn, schema, "gim/unique_key", []any{schema, t.Name, t.Key}, &is); err != nil {
			return nil, err
		}
		unique[t.Name] = is
	}
	return unique, nil
}

// Agent groups are for analysis alone: they are read where they are asked for, beside the slice, whose hash does not cover
// them, and a source that lacks them gives the slice all the same.

// whyNoGroups says what keeps the groups from being read, and what would help; "" where nothing does.
func whyNoGroups(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB) (string, error) {
	ofSessions := sessionGroups
	ofSessions.Name = sessionTable
	rights, err := readRights(ctx, conn, cfg.Schema, append(groupTables, ofSessions)...)
	if err != nil {
		return "", err
	}
	hidden, err := tablesOf(ctx, conn, cfg.Schema, "gim/row_policy", namesOf(groupTables))
	if err != nil {
		return "", err
	}
	return whyNot(rights, hidden, cfg), nil
}

// WithGroups has Groups tell the agent groups of sessions, and reads what their names are made of; or says why that cannot be.
func (g *GIMDB) WithGroups(ctx context.Context) (why string, err error) {
	if why, err = whyNoGroups(ctx, g.readers[0], g.cfg); err != nil || why != "" {
		return why, explainPG(err, g.cfg)
	}
	var groups, combinations *Rows
	err = g.fetch(ctx, g.read("group_", "gim/group", &groups), g.read("resource_group_combination", "gim/group_combination", &combinations))
	if err != nil {
		return "", err
	}
	g.unique[sessionGroups.Name] = g.unique[sessionTable]
	g.reference.takeGroups(groups, combinations)
	return "", nil
}

// Groups reads which combination of groups each session of the window is of.
func (g *GIMDB) Groups(ctx context.Context, w Window) (told *Rows, err error) {
	if g.reference.groups == nil {
		return nil, nil
	}
	keys := w.SessionKeys()
	err = g.fetch(ctx, g.read(sessionGroups.Name, "gim/session_groups", &told, keys.Start, keys.End, g.tenantKey, keysOf(g.reference.voice), w.Hull().Start))
	if err != nil {
		return nil, err
	}
	return g.settle(told), nil
}

// missingGroups says what no chunk of an export has; "" where all is there.
func missingGroups(seen map[string]bool) string {
	missing := missingOf(groupTables, seen)
	if !seen[sessionGroups.Name] {
		missing = append(missing, sessionTable+" with column resource_group_combination_key")
	}
	if len(missing) == 0 {
		return ""
	}
	return "no file for " + strings.Join(missing, ", ")
}
