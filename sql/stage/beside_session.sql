-- Grain: voice session outside the slice in which an activity without an end started, as read, with its interval as in stay.sql. It
-- is looked for as far before that activity as any session is before the day ($lookback seconds), by its time key too.
-- Inputs: open_activity, slice_span, _data.voice_session, _stage.gim.sm_res_session_fact, voice_media; $day, $as_of, $lookback.
create or replace temp table beside_session as
with session as (
    select f.*,
           case
               when coalesce(f.active_flag, 0) <> 0 or f.end_ts is null then greatest($as_of, least(f.start_ts, 253402300799) + 1)
               else least(f.end_ts, 253402300799)
           end as logout_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join open_activity as a on a.resource_key = f.resource_key
        and a.began_elsewhere
        and a.start_ts >= f.start_ts
        and a.start_ts <= case when coalesce(f.active_flag, 0) <> 0 then 9223372036854775807 else coalesce(f.end_ts, 9223372036854775807) end
        and a.start_ts - $lookback <= f.start_ts
        and f.start_date_time_key between a.start_ts - $lookback - 900 and a.start_ts
)
select s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.active_flag,
       s.update_audit_key,
       greatest(s.logout_ts, least(s.start_ts, 253402300799) + 1) as occupied_ts,
       s.logout_ts + 1 as until_ts
from session as s
anti join (
    from _data.voice_session
    where day = $day::date
) as v using (sm_res_session_fact_key, start_date_time_key)
where s.logout_ts >= s.start_ts
