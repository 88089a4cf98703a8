package extract

import (
	"slices"
	"strings"

	texts "example.com/seats/sql"
)

// tables are the tables of a GIM that slices are made of, in the order in which they are looked at, with the columns that are read; a real GIM has
// more of both. From here come reading an export, receiving rows, choosing the newest copy of a row, and the rights and types that are checked. What
// a column's name says holds for every table: start_date_time_key bounds it in time, update_audit_key orders the copies of a row, tenant_key says
// whose a row is. A primary key, whose columns are named first, comes first. The statements of sql/gim read the columns in this order.
var tables = []texts.Table{
	describe("media_type", 1, "media_type_key", "media_name_code text"),
	describe("dialing_mode", 1, "dialing_mode_key", "dialing_mode_code text"),
	describe("resource_", 1, "resource_key", "resource_type_code text", "resource_name text", "employee_id text", "switch_name text"),
	describe(sessionTable, 2, "sm_res_session_fact_key", "start_date_time_key", "media_type_key", "resource_key", "start_ts", "end_ts",
		"active_flag flag", "update_audit_key", "tenant_key"),
	describe(legTable, 2, "interaction_resource_id", "start_date_time_key", "resource_key", "media_resource_key", "start_ts", "end_ts",
		"active_flag flag", "update_audit_key", "tenant_key"),
	describe(dataTable, 2, "interaction_resource_id", "start_date_time_key", "gsw_call_attempt_guid text", "update_audit_key"),
	describe(attemptTable, 2, "contact_attempt_fact_key", "start_date_time_key", "dialing_mode_key", "resource_key", "call_attempt_id text",
		"start_ts", "end_ts", "update_audit_key", "tenant_key"),
}

// The tables that grow with time.
const (
	sessionTable = "sm_res_session_fact"
	legTable     = "interaction_resource_fact"
	dataTable    = "irf_user_data_gen_1"
	attemptTable = "contact_attempt_fact"
)

// groupTables are the dimensions that tell which agent groups a combination stands for.
var groupTables = []texts.Table{
	describe("group_", 1, "group_key", "group_name text"),
	describe("resource_group_combination", 2, "group_combination_key", "group_key"),
}

// sessionGroups is what a session says of the groups of its agent. It is no table of a GIM but more columns of
// sm_res_session_fact, apart from those that a slice needs: a GIM that lacks them has slices too.
var sessionGroups = describe("session_groups", 2, "sm_res_session_fact_key", "start_date_time_key", "resource_group_combination_key", "update_audit_key")

// histories are wanted for the high-water mark; without them that is unknown (R10), which is no error.
var histories = []texts.Table{
	describe("ctl_extract_history", 0, "data_source_key", "data_source_type", "max_ts", "extract_end_time time"),
	describe("ctl_transform_history", 0, "transform_start_time time", "transform_end_time time"),
}

// sourceNames are read beside them where they are there.
var sourceNames = describe("ctl_extract_history", 0, "dap_name text")

// mapping tells which attempt GUID calls get that have none (R3); without it nobody can say, which is no error.
var mapping = describe("ctl_ud_to_ude_mapping", 0, "ud_key_name text", "default_value text", "active_flag flag")

// The relations of a slice in the store, beside the day that each row is of.
var (
	voiceSession = describe("voice_session", 0, "sm_res_session_fact_key", "start_date_time_key", "resource_key", "start_ts", "end_ts", "active_flag flag", "update_audit_key")
	ocsActivity  = describe("ocs_activity", 0, "activity_key", "start_date_time_key", "resource_key", "start_ts", "end_ts", "active_flag flag", "update_audit_key",
		"kind text", "switch_name text", "call_attempt_guid text", "dialing_mode_code text")
	agentOf        = describe("agent", 0, "resource_key", "employee_id text", "resource_name text")
	otherLegOf     = describe("other_leg", 0, "activity_key", "start_date_time_key", "resource_key", "start_ts", "end_ts", "active_flag flag", "switch_name text", "update_audit_key")
	otherSessionOf = describe("other_session", 0, "sm_res_session_fact_key", "start_date_time_key", "resource_key", "start_ts", "end_ts", "active_flag flag", "update_audit_key")
	duplicateKey   = describe("duplicate_key", 0, "relation text", "row_key text", "copies")
	sessionGroup   = describe("session_group", 0, "sm_res_session_fact_key", "start_date_time_key", "group_name text")

	relations = []texts.Table{voiceSession, ocsActivity, agentOf, otherLegOf, otherSessionOf, duplicateKey, sessionGroup}
)

// describe describes a table by its columns, of which the first are its key; one whose type is not said holds numbers.
func describe(name string, key int, columns ...string) texts.Table {
	types := map[string]string{"": typeNumber, "flag": typeFlag, "text": typeText, "time": typeTime}
	t := texts.Table{Name: name}
	for i, c := range columns {
		column, kind, _ := strings.Cut(c, " ")
		if t.Columns = append(t.Columns, texts.Column{Name: column, Type: types[kind]}); i < key {
			t.Key = append(t.Key, column)
		}
	}
	return t
}

// The types of columns in the stage.
const (
	typeNumber = "bigint"
	typeFlag   = "smallint"
	typeText   = "varchar"
	typeTime   = "timestamp"
)

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
func isFact(t texts.Table) bool { return column(t, "start_date_time_key") >= 0 }
