package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	texts "example.com/seats/sql"
)

// lack is what keeps the program from reading some tables of a GIM, by the server's word.
type lack struct {
	noSchema, noUsage              bool
	missing, unreadable, wrongType []string // tables and columns; tables; columns, each with its type
	hidden, writable               []string // tables with rows that row security hides; that the user could change
	fractions                      []string // columns that may hold one, TABLE.COLUMN
}

// lacks asks what keeps tables from being read.
func (g *GIMDB) lacks(ctx context.Context, of ...texts.Table) (l lack, err error) {
	var names, columns, types []string
	for _, t := range of {
		for _, c := range t.Columns {
			names, columns, types = append(names, t.Name), append(columns, c.Name), append(types, c.Type)
		}
	}
	return l, g.readers[0].ask(ctx, "gim/right", []any{g.cfg.Schema, names, columns, types},
		&l.noSchema, &l.noUsage, &l.missing, &l.unreadable, &l.wrongType, &l.hidden, &l.writable, &l.fractions)
}

func (l lack) mayReadAll() bool {
	return !l.noSchema && !l.noUsage && len(l.missing)+len(l.unreadable) == 0
}

// checkRights reports every table, column and right that is missing, and every column of another type, at once, and what would help.
func (g *GIMDB) checkRights(ctx context.Context) error {
	l, err := g.lacks(ctx, tables...)
	ofHistories, errOf := g.lacks(ctx, histories...)
	if err := cmp.Or(err, errOf); err != nil {
		return err
	}
	if g.fractions = l.fractions; ofHistories.mayReadAll() {
		l.wrongType = append(l.wrongType, ofHistories.wrongType...)
	}
	l.hidden = append(l.hidden, ofHistories.hidden...)
	slices.Sort(l.wrongType)
	slices.Sort(l.hidden)
	return errors.Join(l.explain(g.cfg)...)
}

func hintForPolicy(user string) string {
	return fmt.Sprintf("let gimdb.schema be one of views of the tenant's rows, whose owner sees all of them, or: alter role %s bypassrls;", pgx.Identifier{user}.Sanitize())
}

// explain says what is missing, in what can be read and in who may, which columns' values are not what the program reads, and what is hidden.
func (l lack) explain(cfg config.GIMDB) (errs []error) {
	schema, user := pgx.Identifier{cfg.Schema}.Sanitize(), pgx.Identifier{cfg.User}.Sanitize()
	say := func(hint, format string, args ...any) {
		errs = append(errs, fail.New(fail.Source, hint, "%s: "+format, append([]any{sourceName(cfg)}, args...)...))
	}
	switch {
	case l.noSchema:
		say("set gimdb.schema to where the GIM tables, or the tenant's views of them, are", "no schema %s", schema)
	case l.noUsage:
		say(fmt.Sprintf("grant usage on schema %s to %s;", schema, user), "user %s may not use schema %s", user, schema)
	default:
		if len(l.missing) > 0 {
			say("is gimdb.schema the GIM's, and the GIM of release 8.5 or later?", "missing: %s", strings.Join(l.missing, ", "))
		}
		if len(l.unreadable) > 0 {
			say(fmt.Sprintf("grant select on %s.%s to %s;", schema, strings.Join(l.unreadable, ", "+schema+"."), user),
				"user %s may not read %s", user, strings.Join(l.unreadable, ", "))
		}
		errs = slices.DeleteFunc([]error{errors.Join(errs...)}, func(err error) bool { return err == nil }) // told as one
	}
	if len(l.wrongType) > 0 {
		say("views of the same names that cast these columns will do: set gimdb.schema to where they are",
			"wrong type: %s; numbers may be smallint, integer, bigint, numeric, real or double precision, texts text, varchar or char, times timestamp",
			strings.Join(l.wrongType, ", "))
	}
	if len(l.hidden) > 0 { // what a policy leaves out of a table is missing from every number, and nothing shows it
		say(hintForPolicy(cfg.User), "row security hides rows of %s from user %s", strings.Join(l.hidden, ", "), user)
	}
	return errs
}

// whyNot says what keeps tables from being read, and what would help; "" where nothing does.
func (l lack) whyNot(cfg config.GIMDB) string {
	return strings.Join(list.Of(l.explain(cfg), func(err error) string {
		return strings.ReplaceAll(err.Error(), "\n", "; ") + " (" + strings.Join(fail.Hints(err), "; ") + ")"
	}), "; ")
}

// Agent groups are for analysis alone: they are read where they are asked for, beside the slice, whose hash does not cover
// them, and a source that lacks them gives the slice all the same.

// whyNoGroups says what keeps the groups from being read, and what would help; "" where nothing does.
func (g *GIMDB) whyNoGroups(ctx context.Context) (string, error) {
	l, err := g.lacks(ctx, append(groupTables, texts.Table{Name: sessionTable, Columns: sessionGroups.Columns})...)
	return l.whyNot(g.cfg), explainRead(err, g.name)
}

// WithGroups has Groups tell the agent groups of sessions, and reads what their names are made of; or says why that cannot be.
func (g *GIMDB) WithGroups(ctx context.Context) (why string, err error) {
	if why, err = g.whyNoGroups(ctx); err != nil || why != "" {
		return why, err
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
	return told, err
}

// missingGroups says what no chunk of an export has; "" where all is there.
func missingGroups(seen map[string]string) string {
	missing := missingOf(groupTables, seen)
	if seen[sessionGroups.Name] == "" {
		missing = append(missing, sessionTable+" with column resource_group_combination_key")
	}
	if len(missing) == 0 {
		return ""
	}
	return "no file for " + strings.Join(missing, ", ")
}
