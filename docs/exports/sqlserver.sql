-- The seven tables of a Genesys Info Mart on SQL Server, a statement each, in front of it the name of its file; sqlserver.ps1 runs
-- them in one transaction. @days: how many days of facts before the high-water mark; @from_key: what the first statement
-- makes of it.

-- Up to when the facts of all T-Servers (1) and Outbound Contact Servers (3) are complete: the date in the chunk's name. What was
-- extracted counts once a transformation that began afterwards has ended; a data source that is a week behind the newest was
-- switched off. Where there is no such mark, the chunk gets no name.
-- mark
with transformation as (
    select max(transform_start_time) as newest_start
    from ctl_transform_history
    where transform_end_time is not null
),
source as (
    select data_source_key,
           data_source_type,
           max(max_ts) as read_up_to,
           max(case when extract_end_time <= newest_start then max_ts end) as transformed_up_to
    from ctl_extract_history
    cross join transformation
    where data_source_type in (1, 3)
    group by data_source_key, data_source_type
),
living as (
    select transformed_up_to
    from source
    where read_up_to is null
       or read_up_to >= (select max(read_up_to) from source) - 7 * 86400
),
reach as (
    select case when count(*) = count(transformed_up_to) then floor(min(transformed_up_to)) end as complete_up_to
    from living
)
select cast(complete_up_to as bigint) as mark,
       cast(complete_up_to as bigint) - @days * 86400 as from_key
from reach;

-- media_type.csv
select media_type_key, media_name_code
from media_type;

-- dialing_mode.csv
select dialing_mode_key, dialing_mode_code
from dialing_mode;

-- resource_.csv
select resource_key, resource_type_code, resource_name, employee_id, switch_name
from resource_;

-- sm_res_session_fact.csv
select sm_res_session_fact_key, start_date_time_key, media_type_key, resource_key, start_ts, end_ts, active_flag, update_audit_key, tenant_key
from sm_res_session_fact
where start_date_time_key >= @from_key;

-- interaction_resource_fact.csv
select interaction_resource_id, start_date_time_key, resource_key, media_resource_key, start_ts, end_ts, active_flag, update_audit_key, tenant_key
from interaction_resource_fact
where start_date_time_key >= @from_key;

-- irf_user_data_gen_1.csv
select interaction_resource_id, start_date_time_key, gsw_call_attempt_guid, update_audit_key
from irf_user_data_gen_1
where start_date_time_key >= @from_key;

-- contact_attempt_fact.csv
select contact_attempt_fact_key, start_date_time_key, dialing_mode_key, resource_key, call_attempt_id, start_ts, end_ts, update_audit_key, tenant_key
from contact_attempt_fact
where start_date_time_key >= @from_key;
