-- Grain: agent with a staged voice session that touches the run's days ($from, $to) and whose own activities may know no switch
-- (R5): from when until when such sessions last, so far as can be told before the slices are cut. An open one lasts at least until
-- $as_of, and has no end; an activity without an end counts as long as it may last where its switch is unknown, and where it is known,
-- not at all.
-- Inputs: staged_activity, _stage.gim.sm_res_session_fact, voice_media, known_agent.
with activity as (
    select resource_key,
           coalesce(switch_name, '') <> '' as is_known,
           from_ts,
           until_ts
    from staged_activity(-9223372036854775808, 9223372036854775807, -9223372036854775808)
    where not is_rejected
),
unknown as (
    select distinct resource_key
    from activity
    where not is_known
),
session as (
    select row_number() over () as session_id,
           f.resource_key,
           f.start_ts,
           f.end_ts is null or coalesce(f.active_flag, 0) <> 0 as is_open,
           f.end_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join unknown as u on u.resource_key = f.resource_key
    where f.start_ts < $to::bigint
      and (f.end_ts is null or f.active_flag <> 0 or f.end_ts >= greatest($from::bigint, f.start_ts))
),
login as (
    select session_id,
           resource_key,
           start_ts,
           greatest(case when is_open then $as_of::bigint else least(end_ts, 253402300799) end, least(start_ts, 253402300799) + 1) as least_ts,
           case when is_open then 9223372036854775807 else least(end_ts, 253402300799) + 1 end as until_ts
    from session
),
lacking as (
    select s.session_id,
           s.resource_key,
           s.start_ts,
           s.until_ts
    from login as s
    join activity as a on a.resource_key = s.resource_key
        and a.from_ts < s.until_ts
        and a.until_ts > s.start_ts
    group by all
    having bool_or(not a.is_known)
       and not coalesce(bool_or(a.is_known and a.until_ts < 9223372036854775807 and a.from_ts < s.least_ts), false)
)
select resource_key,
       min(start_ts),
       max(until_ts)
from lacking
group by resource_key
