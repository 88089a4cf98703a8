-- Grain: data source that matters, T-Server (1) or OCS (3): up to where it was read, and up to where facts have been made
-- of what was read (R10); NULL where nothing tells.
-- Inputs: ctl_extract_history, ctl_transform_history; both have their times in the GIM server's own zone, so they compare with
-- each other and with nothing else. Some GIMs have max_ts in types that hold no whole numbers, or more than 64 bits: whether
-- it is a time is looked at by who reads this.
with transformation as (
    select max(transform_start_time) as newest_start
    from {{.Schema}}.ctl_transform_history
    where transform_end_time is not null
)
select e.data_source_key::bigint as data_source_key,
       e.data_source_type::bigint as data_source_type,
       floor(max(e.max_ts)::float8) as read_up_to,
       floor((max(e.max_ts) filter (where e.extract_end_time <= t.newest_start))::float8) as transformed_up_to,
       bool_or(e.max_ts is not null and e.extract_end_time is not null) as has_ended
from {{.Schema}}.ctl_extract_history as e
cross join transformation as t
where e.data_source_type in (1, 3)
group by 1, 2
order by 2, 1
