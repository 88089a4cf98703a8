package extract

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
	"seats/internal/duck"
	texts "seats/sql"
)

// Agent groups are for analysis alone: they are read where they are asked for, beside the slice, whose hash does not cover
// them, and a source that lacks them gives the slice all the same.

// groupTables are the dimensions that tell which groups a combination stands for.
var groupTables = []texts.Table{
	{Name: "group_", Key: []string{"group_key"}, Columns: []texts.Column{
		{Name: "group_key", Type: typeNumber},
		{Name: "group_name", Type: typeText},
	}},
	{Name: "resource_group_combination", Key: []string{"group_combination_key", "group_key"}, Columns: []texts.Column{
		{Name: "group_combination_key", Type: typeNumber},
		{Name: "group_key", Type: typeNumber},
	}},
}

// sessionGroups is what a session says of the groups of its agent. It is no table of a GIM but more columns of
// sm_res_session_fact, apart from those that a slice needs: a GIM that lacks them has slices too.
var sessionGroups = texts.Table{Name: "session_groups", Key: []string{"sm_res_session_fact_key", "start_date_time_key"}, Columns: []texts.Column{
	{Name: "sm_res_session_fact_key", Type: typeNumber},
	{Name: "start_date_time_key", Type: typeNumber},
	{Name: "resource_group_combination_key", Type: typeNumber},
	{Name: "update_audit_key", Type: typeNumber},
}}

const sessionTable = "sm_res_session_fact"

// clearGroups empties the part of the stage that groups are put into.
func (s *Stage) clearGroups(ctx context.Context) error {
	return s.create(ctx, groupTables[0].Name, groupTables[1].Name, sessionGroups.Name)
}

// groups writes the groups of the slice's sessions, where the source tells them.
func (c *Cutter) groups(ctx context.Context, w Window) error {
	told, err := c.Source.Groups(ctx, w)
	if err != nil || !told {
		return err
	}
	return duck.InTx(ctx, c.Conn, func(tx *sql.Tx) error { return exec(ctx, tx, w.Day, nil, "slice/insert_session_group") })
}

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

// WithGroups has Groups tell the agent groups of sessions, and stages what their names are made of; or says why that
// cannot be.
func (g *GIMDB) WithGroups(ctx context.Context) (why string, err error) {
	if why, err = whyNoGroups(ctx, g.readers[0], g.cfg); err != nil || why != "" {
		return why, explainPG(err, g.cfg)
	}
	if err := g.stage.clearGroups(ctx); err != nil {
		return "", err
	}
	err = g.fetch(ctx, g.tasks(
		job{table: "group_", statement: "gim/group"},
		job{table: "resource_group_combination", statement: "gim/group_combination"})...)
	if err != nil {
		return "", err
	}
	g.unique[sessionGroups.Name] = g.unique[sessionTable]
	g.groups = true
	return "", g.settle(ctx, "group_", "resource_group_combination")
}

// Groups stages which combination of groups each session of the window is of.
func (g *GIMDB) Groups(ctx context.Context, w Window) (told bool, err error) {
	if !g.groups {
		return false, nil
	}
	if err := g.stage.create(ctx, sessionGroups.Name); err != nil {
		return false, err
	}
	delete(g.sent, sessionGroups.Name)
	media, err := g.stage.keys(ctx, "slice/voice_media_key")
	if err != nil {
		return false, err
	}
	keys := w.SessionKeys()
	err = g.fetch(ctx, g.tasks(job{table: sessionGroups.Name, statement: "gim/session_groups",
		args: []any{keys.Start, keys.End, g.tenantKey, media, w.Hull().Start}})...)
	if err != nil {
		return false, err
	}
	return true, g.settle(ctx, sessionGroups.Name)
}

// Groups are staged too, where they were asked for and the export has them.
func (e *Export) Groups(context.Context, Window) (told bool, err error) { return e.groups, nil }

// takeGroups leaves the newest state of each row that tells of groups, or warns that some of it is missing. Of sessions' own
// it is there by now.
func (e *Export) takeGroups(ctx context.Context, seen map[string]bool, warn func(string)) error {
	if why := missingGroups(seen); why != "" {
		warn("the agent groups cannot be told: " + e.Name() + ": " + why)
		return nil
	}
	e.groups = true
	for _, t := range groupTables {
		if err := e.stage.merge(ctx, t.Name, false, nil); err != nil {
			return err
		}
	}
	return nil
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
