package extract

import (
	"slices"

	texts "seats/sql"
)

// tables are the tables of a GIM that slices are made of, in the order in which they are looked at, with the columns that
// are read; a real GIM has more of both. From here come the stage, reading an export, receiving rows, comparing what was
// sent with what is stored, choosing the newest copy of a row, and the rights and types that are checked. What a column's
// name says holds for every table: start_date_time_key bounds it in time, update_audit_key orders the copies of a row,
// tenant_key says whose a row is. The statements of sql/gim read the columns in this order.
var tables = []texts.Table{
	{Name: "media_type", Key: []string{"media_type_key"}, Columns: []texts.Column{
		{Name: "media_type_key", Type: typeNumber},
		{Name: "media_name_code", Type: typeText},
	}},
	{Name: "dialing_mode", Key: []string{"dialing_mode_key"}, Columns: []texts.Column{
		{Name: "dialing_mode_key", Type: typeNumber},
		{Name: "dialing_mode_code", Type: typeText},
	}},
	{Name: "resource_", Key: []string{"resource_key"}, Columns: []texts.Column{
		{Name: "resource_key", Type: typeNumber},
		{Name: "resource_type_code", Type: typeText},
		{Name: "resource_name", Type: typeText},
		{Name: "employee_id", Type: typeText},
		{Name: "switch_name", Type: typeText},
	}},
	{Name: "sm_res_session_fact", Key: []string{"sm_res_session_fact_key", "start_date_time_key"}, Columns: []texts.Column{
		{Name: "sm_res_session_fact_key", Type: typeNumber},
		{Name: "start_date_time_key", Type: typeNumber},
		{Name: "media_type_key", Type: typeNumber},
		{Name: "resource_key", Type: typeNumber},
		{Name: "start_ts", Type: typeNumber},
		{Name: "end_ts", Type: typeNumber},
		{Name: "active_flag", Type: typeFlag},
		{Name: "update_audit_key", Type: typeNumber},
		{Name: "tenant_key", Type: typeNumber},
	}},
	{Name: "interaction_resource_fact", Key: []string{"interaction_resource_id", "start_date_time_key"}, Columns: []texts.Column{
		{Name: "interaction_resource_id", Type: typeNumber},
		{Name: "start_date_time_key", Type: typeNumber},
		{Name: "resource_key", Type: typeNumber},
		{Name: "media_resource_key", Type: typeNumber},
		{Name: "start_ts", Type: typeNumber},
		{Name: "end_ts", Type: typeNumber},
		{Name: "active_flag", Type: typeFlag},
		{Name: "update_audit_key", Type: typeNumber},
		{Name: "tenant_key", Type: typeNumber},
	}},
	{Name: "irf_user_data_gen_1", Key: []string{"interaction_resource_id", "start_date_time_key"}, Columns: []texts.Column{
		{Name: "interaction_resource_id", Type: typeNumber},
		{Name: "start_date_time_key", Type: typeNumber},
		{Name: "gsw_call_attempt_guid", Type: typeText},
		{Name: "update_audit_key", Type: typeNumber},
	}},
	{Name: "contact_attempt_fact", Key: []string{"contact_attempt_fact_key", "start_date_time_key"}, Columns: []texts.Column{
		{Name: "contact_attempt_fact_key", Type: typeNumber},
		{Name: "start_date_time_key", Type: typeNumber},
		{Name: "dialing_mode_key", Type: typeNumber},
		{Name: "resource_key", Type: typeNumber},
		{Name: "call_attempt_id", Type: typeText},
		{Name: "start_ts", Type: typeNumber},
		{Name: "end_ts", Type: typeNumber},
		{Name: "update_audit_key", Type: typeNumber},
		{Name: "tenant_key", Type: typeNumber},
	}},
}

// histories are wanted for the high-water mark; without them that is unknown (R10), which is no error.
var histories = []texts.Table{
	{Name: "ctl_extract_history", Columns: []texts.Column{
		{Name: "data_source_key", Type: typeNumber},
		{Name: "data_source_type", Type: typeNumber},
		{Name: "max_ts", Type: typeNumber},
		{Name: "extract_end_time", Type: typeTime},
	}},
	{Name: "ctl_transform_history", Columns: []texts.Column{
		{Name: "transform_start_time", Type: typeTime},
		{Name: "transform_end_time", Type: typeTime},
	}},
}

// sourceNames are read beside them where they are there.
var sourceNames = texts.Table{Name: "ctl_extract_history", Columns: []texts.Column{{Name: "dap_name", Type: typeText}}}

// mapping tells which attempt GUID calls get that have none (R3); without it nobody can say, which is no error.
var mapping = texts.Table{Name: "ctl_ud_to_ude_mapping", Columns: []texts.Column{
	{Name: "ud_key_name", Type: typeText},
	{Name: "default_value", Type: typeText},
	{Name: "active_flag", Type: typeFlag},
}}

// The types of columns in the stage.
const (
	typeNumber = "bigint"
	typeFlag   = "smallint"
	typeText   = "varchar"
	typeTime   = "timestamp"
)

// activityTables are those that are staged part by part.
var activityTables = []string{"interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"}

// has tells whether one of some tables has a name.
func has(of []texts.Table, name string) bool {
	return slices.ContainsFunc(of, func(t texts.Table) bool { return t.Name == name })
}

// table finds a table by its name. One that does not exist is a mistake in the program, so it panics.
func table(name string) texts.Table {
	for _, t := range slices.Concat(tables, groupTables, []texts.Table{sessionGroups}) {
		if t.Name == name {
			return t
		}
	}
	panic("extract: no table " + name)
}

// isFact tells the tables that grow with time from the dimensions.
func isFact(t texts.Table) bool { return t.Has("start_date_time_key") }

// mayRepeat tells the tables of which a source may hold a row in several copies, and has so many that it is asked
// whether it does.
func mayRepeat(t texts.Table) bool { return isFact(t) || t.Name == "resource_" }
