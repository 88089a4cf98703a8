package sim

import "strings"

// Table is a table of the simulated GIM.
type Table int

// The tables, in the order in which they are written.
const (
	Tenant Table = iota
	MediaType
	DialingMode
	Resource
	Group
	GroupCombination
	Session
	IRF
	UserData
	CAF
	Interaction
	ExtractHistory
	TransformHistory
	tables
)

// Tables lists all of them.
func Tables() []Table {
	list := make([]Table, tables)
	for i := range list {
		list[i] = Table(i)
	}
	return list
}

// definition is a table's name and columns in the order in which rows are
// written. A plus marks columns that a real GIM has and gimschema has not: only
// an export with extra columns has them.
var definitions = [tables]struct{ name, columns string }{
	Tenant:      {"tenant", "tenant_key tenant_name"},
	MediaType:   {"media_type", "media_type_key media_name media_name_code is_online"},
	DialingMode: {"dialing_mode", "dialing_mode_key dialing_mode dialing_mode_code"},
	Resource: {"resource_", "resource_key tenant_key +resource_cfg_dbid resource_type resource_type_code resource_subtype " +
		"resource_name agent_first_name agent_last_name employee_id switch_name +extension_notes"},
	Group:            {"group_", "group_key tenant_key group_name"},
	GroupCombination: {"resource_group_combination", "group_combination_key group_key tenant_key"},
	Session: {"sm_res_session_fact", "sm_res_session_fact_key start_date_time_key end_date_time_key tenant_key " +
		"media_type_key resource_key +agent_location_key resource_group_combination_key create_audit_key " +
		"update_audit_key start_ts end_ts total_duration lead_clip_duration trail_clip_duration active_flag"},
	IRF: {"interaction_resource_fact", "interaction_resource_id start_date_time_key end_date_time_key tenant_key " +
		"interaction_type_key media_type_key interaction_id interaction_sdt_key resource_key media_resource_key " +
		"place_key +talk_duration start_ts end_ts active_flag create_audit_key update_audit_key"},
	UserData: {"irf_user_data_gen_1", "interaction_resource_id start_date_time_key tenant_key create_audit_key " +
		"update_audit_key customer_id +case_id gsw_call_attempt_guid"},
	CAF: {"contact_attempt_fact", "contact_attempt_fact_key tenant_key create_audit_key update_audit_key media_type_key " +
		"start_date_time_key end_date_time_key dialing_mode_key campaign_key resource_key call_attempt_id callid " +
		"start_ts end_ts"},
	Interaction: {"interaction_fact", "interaction_id start_date_time_key tenant_key interaction_type_key media_type_key " +
		"media_server_ixn_guid start_ts end_ts create_audit_key update_audit_key"},
	ExtractHistory: {"ctl_extract_history", "table_name data_source_key data_source_type row_count max_time max_ts " +
		"icon_dbid dss_id providertag extract_start_time extract_end_time job_id job_name job_version dap_name " +
		"create_audit_key created_ts"},
	TransformHistory: {"ctl_transform_history", "job_id job_version hwm_name hwm_value hwm_value2 transform_start_time " +
		"transform_end_time row_count created_ts audit_key"},
}

// Name returns the table's name in GIM.
func (t Table) Name() string { return definitions[t].name }

// Columns returns the names of the columns in the order of the rows' fields.
func (t Table) Columns(extra bool) []string {
	var columns []string
	for column := range strings.FieldsSeq(definitions[t].columns) {
		name, isExtra := strings.CutPrefix(column, "+")
		if !isExtra || extra {
			columns = append(columns, name)
		}
	}
	return columns
}

// Has tells whether a simulation has the table: without agent groups there are no tables of them.
func (o Options) Has(t Table) bool { return o.Groups > 0 || t != Group && t != GroupCombination }

// Exported tells whether GIM's data export carries the table.
func (t Table) Exported() bool { return t != ExtractHistory && t != TransformHistory }
