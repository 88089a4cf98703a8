package extract

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"seats/internal/config"
	"seats/internal/fail"
	texts "seats/sql"
)

// requiredColumns are the columns that the statements of sql/gim name; a real GIM has more.
var requiredColumns = map[string][]string{
	"media_type":   {"media_type_key", "media_name_code"},
	"dialing_mode": {"dialing_mode_key", "dialing_mode_code"},
	"resource_":    {"resource_key", "resource_type_code", "resource_name", "employee_id", "switch_name"},
	"sm_res_session_fact": {"sm_res_session_fact_key", "start_date_time_key", "tenant_key", "media_type_key", "resource_key",
		"start_ts", "end_ts", "active_flag", "update_audit_key"},
	"interaction_resource_fact": {"interaction_resource_id", "start_date_time_key", "tenant_key", "resource_key",
		"media_resource_key", "start_ts", "end_ts", "active_flag", "update_audit_key"},
	"irf_user_data_gen_1": {"interaction_resource_id", "start_date_time_key", "gsw_call_attempt_guid", "update_audit_key"},
	"contact_attempt_fact": {"contact_attempt_fact_key", "start_date_time_key", "tenant_key", "dialing_mode_key",
		"resource_key", "call_attempt_id", "start_ts", "end_ts", "update_audit_key"},
}

// historyColumns are wanted for the high-water mark; without them it is unknown (R10), which is no error.
var historyColumns = map[string][]string{
	"ctl_extract_history": {"data_source_key", "data_source_type", "max_ts"},
}

// factKeys are the primary keys of the fact tables.
var factKeys = map[string][]string{
	"sm_res_session_fact":       {"sm_res_session_fact_key", "start_date_time_key"},
	"interaction_resource_fact": {"interaction_resource_id", "start_date_time_key"},
	"irf_user_data_gen_1":       {"interaction_resource_id", "start_date_time_key"},
	"contact_attempt_fact":      {"contact_attempt_fact_key", "start_date_time_key"},
}

// right is what the server says of one column.
type right struct {
	table, column                                         string
	hasSchema, mayUseSchema, hasTable, hasColumn, mayRead bool
	sentType                                              uint32 // that its values are sent in (oid)
	mayBeFraction                                         bool
	shownType                                             string
}

// checkRights reports every table, column and right that is missing, and every column of another type, at once, and
// what would help.
func checkRights(ctx context.Context, conn *pgx.Conn, cfg config.GIMDB) ([]right, error) {
	rights, err := readRights(ctx, conn, cfg.Schema, requiredColumns)
	if err != nil {
		return nil, err
	}
	history, err := readRights(ctx, conn, cfg.Schema, historyColumns)
	if err != nil {
		return nil, err
	}
	if !mayReadAll(history) {
		history = nil
	}
	return rights, errors.Join(explainRights(rights, cfg), typeError(slices.Concat(rights, history), cfg))
}

func mayReadAll(rights []right) bool {
	return !slices.ContainsFunc(rights, func(r right) bool { return !r.mayRead })
}

func readRights(ctx context.Context, conn *pgx.Conn, schema string, required map[string][]string) ([]right, error) {
	var tables, columns []string
	for table, names := range required {
		for _, name := range names {
			tables, columns = append(tables, table), append(columns, name)
		}
	}
	rows, err := conn.Query(ctx, texts.Text("gim/right.sql"), schema, tables, columns)
	if err != nil {
		return nil, locate(err, "gim/right.sql")
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r right, err error) {
		err = row.Scan(&r.table, &r.column, &r.hasSchema, &r.mayUseSchema, &r.hasTable, &r.hasColumn, &r.mayRead, &r.sentType, &r.mayBeFraction, &r.shownType)
		return r, err
	})
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

// readHorizon reads the server's clock and the high-water mark; where the extraction history cannot be read
// the mark is unknown.
func readHorizon(ctx context.Context, conn *pgx.Conn, schema string) (Horizon, error) {
	var h Horizon
	if err := conn.QueryRow(ctx, texts.Text("gim/clock.sql")).Scan(&h.Clock); err != nil {
		return h, locate(err, "gim/clock.sql")
	}
	rights, err := readRights(ctx, conn, schema, historyColumns)
	if err != nil {
		return h, err
	}
	if !mayReadAll(rights) {
		return h, nil
	}
	if err := conn.QueryRow(ctx, texts.Text("gim/high_water.sql")).Scan(&h.HighWater); err != nil {
		return h, locate(err, "gim/high_water.sql")
	}
	return h, nil
}

// uniqueKeys says of each table with many rows whether the server itself keeps its key unique. Of a view it is not known.
func uniqueKeys(ctx context.Context, conn *pgx.Conn, schema string) (map[string]bool, error) {
	unique := map[string]bool{}
	keys := maps.Clone(factKeys)
	keys["resource_"] = []string{"resource_key"}
	for table, key := range keys {
		var is bool
		if err := conn.QueryRow(ctx, texts.Text("gim/unique_key.sql"), schema, table, key).Scan(&is); err != nil {
			return nil, locate(err, "gim/unique_key.sql")
		}
		unique[table] = is
	}
	return unique, nil
}
