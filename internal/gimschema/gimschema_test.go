package gimschema_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

func TestDDLCreatesTablesWithTheirKeys(t *testing.T) {
	db := pgtest.Schema(t)
	db.Exec(t, gimschema.DDL)
	rows := must.Have(db.Conn.Query(t.Context(), `
		select t.tablename || ': ' || coalesce(string_agg(a.attname, ',' order by a.attnum), '')
		from pg_tables AS t
		left join pg_index AS i on i.indrelid = (t.schemaname || '.' || t.tablename)::regclass and i.indisprimary
		left join pg_attribute AS a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
		where t.schemaname = $1
		group by t.tablename`, db.Schema))(t)
	keys := must.Have(pgx.CollectRows(rows, pgx.RowTo[string]))(t)
	require.ElementsMatch(t, []string{
		"tenant: tenant_key", "media_type: media_type_key", "resource_: resource_key", "dialing_mode: dialing_mode_key", "group_: group_key",
		"resource_group_combination: group_combination_key,group_key", "ctl_extract_history: ", "ctl_transform_history: ",
		"sm_res_session_fact: sm_res_session_fact_key,start_date_time_key",
		"interaction_resource_fact: interaction_resource_id,start_date_time_key",
		"irf_user_data_gen_1: interaction_resource_id,start_date_time_key",
		"contact_attempt_fact: contact_attempt_fact_key,start_date_time_key",
		"interaction_fact: interaction_id,start_date_time_key",
	}, keys)
}
