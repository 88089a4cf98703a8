-- One row: up to when the GIM is complete (R10). Each T-Server (1) and each OCS (3) has facts up to the newest mark that a
-- transformation, begun after it was extracted, has dealt with. Of those that were switched off a week ago or more nothing is
-- expected.
-- Inputs: ctl_extract_history, ctl_transform_history.
with source as (
    select *
    from ctl_extract_history
    where data_source_type = 1
       or data_source_type = 3
),
alive as (
    select data_source_key,
           data_source_type
    from source
    group by data_source_key, data_source_type
    having max(max_ts) >= (select max(max_ts) from source) - 7 * 24 * 3600
)
select min(complete_up_to)::bigint
from (
    select max(s.max_ts) as complete_up_to
    from source as s
    join alive using (data_source_key, data_source_type)
    where exists (
        select
        from ctl_transform_history as t
        where t.transform_start_time >= s.extract_end_time
          and t.transform_end_time is not null
    )
    group by data_source_key, data_source_type
) as transformed
