-- Grain: agent with a staged voice session that touches the run's days ($from, $to) and reaches out of them: from when
-- until when such sessions last, so far as can be told before the slices are cut. An open one has no end.
-- Inputs: _stage.gim.sm_res_session_fact, voice_media, known_agent.
with session as (
    select f.resource_key,
           f.start_ts,
           case when f.end_ts is null or f.active_flag <> 0 then 9223372036854775807 else f.end_ts end as end_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
)
select resource_key,
       min(start_ts),
       max(end_ts)
from session
where start_ts < $to::bigint
  and end_ts >= $from::bigint
  and (start_ts < $from::bigint or end_ts >= $to::bigint)
group by resource_key
