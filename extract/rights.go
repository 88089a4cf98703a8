package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

// right is what the server says of one column.
type right struct {
	Table, Column                                         string
	Wanted                                                string // its type in the stage
	HasSchema, MayUseSchema, HasTable, HasColumn, MayRead bool
	SentType                                              uint32 // that its values are sent in (oid)
	MayBeFraction                                         bool
	ShownType                                             string
	HidesRows, MayWrite                                   bool // of the table
}

// readRights asks for all columns that the program reads of a GIM that has them.
func readRights(ctx context.Context, r *reader) ([]right, error) {
	var names, columns, types []string
	combination := texts.Table{Name: sessionTable, Columns: sessionGroups.Columns[2:3]}
	for _, t := range slices.Concat(tables, histories, []texts.Table{sourceNames, mapping, combination}, groupTables) {
		for _, c := range t.Columns {
			names, columns, types = append(names, t.Name), append(columns, c.Name), append(types, c.Type)
		}
	}
	return all(ctx, r, "gim/right", pgx.RowToStructByPos[right], r.cfg.Schema, names, columns, types)
}

// rightsOn are those on the columns of some tables.
func (g *GIMDB) rightsOn(of ...texts.Table) []right {
	return slices.DeleteFunc(slices.Clone(g.rights), func(r right) bool {
		return !slices.ContainsFunc(of, func(t texts.Table) bool { return t.Name == r.Table && column(t, r.Column) >= 0 })
	})
}

func (g *GIMDB) mayBeFraction(table, column string) bool {
	return slices.ContainsFunc(g.rights, func(r right) bool { return r.Table == table && r.Column == column && r.MayBeFraction })
}

// checkRights reports every table, column and right that is missing, and every column of another type, at once, and
// what would help.
func (g *GIMDB) checkRights(context.Context) error {
	rights, ofHistories := g.rightsOn(tables...), g.rightsOn(histories...)
	hidden := tablesWith(slices.Concat(rights, ofHistories), hidesRows)
	if !mayReadAll(ofHistories) {
		ofHistories = nil
	}
	return errors.Join(explainRights(rights, g.cfg), typeError(slices.Concat(rights, ofHistories), g.cfg), hiddenError(hidden, g.cfg))
}

func hidesRows(r right) bool { return r.HidesRows }

// tablesWith are the tables of those rights of which something is true, in order.
func tablesWith(rights []right, is func(right) bool) (names []string) {
	for _, r := range rights {
		if is(r) {
			names = append(names, r.Table)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
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
	return !slices.ContainsFunc(rights, func(r right) bool { return !r.MayRead })
}

// explainRights says what is missing, in what can be read and in who may.
func explainRights(rights []right, cfg config.GIMDB) (err error) {
	schema, user := pgx.Identifier{cfg.Schema}.Sanitize(), pgx.Identifier{cfg.User}.Sanitize()
	var missing, unreadable, qualified []string
	for _, r := range rights {
		switch {
		case !r.HasSchema:
			return fail.New(fail.Source, "set gimdb.schema to where the GIM tables, or the tenant's views of them, are",
				"%s: no schema %s", sourceName(cfg), schema)
		case !r.MayUseSchema:
			return fail.New(fail.Source, fmt.Sprintf("grant usage on schema %s to %s;", schema, user),
				"%s: user %s may not use schema %s", sourceName(cfg), user, schema)
		case !r.HasTable:
			missing = append(missing, "table "+r.Table)
		case !r.HasColumn:
			missing = append(missing, "column "+r.Table+"."+r.Column)
		case !r.MayRead && !slices.Contains(unreadable, r.Table):
			unreadable, qualified = append(unreadable, r.Table), append(qualified, schema+"."+r.Table)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		err = fail.New(fail.Source, "is gimdb.schema the GIM's, and the GIM of release 8.5 or later?",
			"%s: missing: %s", sourceName(cfg), strings.Join(slices.Compact(missing), ", "))
	}
	if len(unreadable) > 0 {
		err = errors.Join(err, fail.New(fail.Source, fmt.Sprintf("grant select on %s to %s;", strings.Join(qualified, ", "), user),
			"%s: user %s may not read %s", sourceName(cfg), user, strings.Join(unreadable, ", ")))
	}
	return err
}

// typeError names every column whose values are not what the program reads.
func typeError(rights []right, cfg config.GIMDB) error {
	var wrong []string
	for _, r := range rights {
		if r.HasColumn && !slices.Contains(sentTypes[r.Wanted], r.SentType) {
			wrong = append(wrong, fmt.Sprintf("%s.%s is %s", r.Table, r.Column, r.ShownType))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fail.New(fail.Source, "views of the same names that cast these columns will do: set gimdb.schema to where they are",
		"%s: wrong type: %s; numbers may be smallint, integer, bigint, numeric, real or double precision, texts text, varchar or char, times timestamp",
		sourceName(cfg), strings.Join(wrong, ", "))
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

// Agent groups are for analysis alone: they are read where they are asked for, beside the slice, whose hash does not cover
// them, and a source that lacks them gives the slice all the same.

// whyNoGroups says what keeps the groups from being read, and what would help; "" where nothing does.
func (g *GIMDB) whyNoGroups() string {
	ofSessions := sessionGroups
	ofSessions.Name = sessionTable
	return whyNot(g.rightsOn(append(groupTables, ofSessions)...), tablesWith(g.rightsOn(groupTables...), hidesRows), g.cfg)
}

// WithGroups has Groups tell the agent groups of sessions, and reads what their names are made of; or says why that cannot be.
func (g *GIMDB) WithGroups(ctx context.Context) (why string, err error) {
	if why = g.whyNoGroups(); why != "" {
		return why, nil
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
