-- The seven tables of a Genesys Info Mart on PostgreSQL, as of one moment, as CSV files in the current folder: for psql, which
-- export.sh starts. Variable days: how many days of facts before the high-water mark.
\set ON_ERROR_STOP on
set client_encoding = 'UTF8';
begin isolation level repeatable read read only;

-- Up to when the facts of all T-Servers (1) and Outbound Contact Servers (3) are complete: the date in the chunk's name. What was
-- extracted counts once a transformation that began afterwards has ended; a data source that is a week behind the newest was
-- switched off. Where there is no such mark, the chunk gets no name.
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
select coalesce(to_char(to_timestamp(complete_up_to) at time zone 'UTC', 'YYYY_MM_DD_HH24_MI_SS'), 'none') as mark,
       coalesce(complete_up_to::bigint - :days * 86400, 9999999999) as from_key
from reach
\gset
\o mark.txt
\qecho :mark
\o

copy (
select media_type_key, media_name_code
from media_type
) to stdout with (format csv, header) \g media_type.csv
copy (
select dialing_mode_key, dialing_mode_code
from dialing_mode
) to stdout with (format csv, header) \g dialing_mode.csv
copy (
select resource_key, resource_type_code, resource_name, employee_id, switch_name
from resource_
) to stdout with (format csv, header) \g resource_.csv
copy (
select sm_res_session_fact_key, start_date_time_key, media_type_key, resource_key, start_ts, end_ts, active_flag, update_audit_key, tenant_key
from sm_res_session_fact
where start_date_time_key >= :from_key
) to stdout with (format csv, header) \g sm_res_session_fact.csv
copy (
select interaction_resource_id, start_date_time_key, resource_key, media_resource_key, start_ts, end_ts, active_flag, update_audit_key, tenant_key
from interaction_resource_fact
where start_date_time_key >= :from_key
) to stdout with (format csv, header) \g interaction_resource_fact.csv
copy (
select interaction_resource_id, start_date_time_key, gsw_call_attempt_guid, update_audit_key
from irf_user_data_gen_1
where start_date_time_key >= :from_key
) to stdout with (format csv, header) \g irf_user_data_gen_1.csv
copy (
select contact_attempt_fact_key, start_date_time_key, dialing_mode_key, resource_key, call_attempt_id, start_ts, end_ts, update_audit_key, tenant_key
from contact_attempt_fact
where start_date_time_key >= :from_key
) to stdout with (format csv, header) \g contact_attempt_fact.csv
commit;
