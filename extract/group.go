package extract

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
)

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
