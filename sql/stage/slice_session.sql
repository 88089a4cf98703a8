-- Grain: voice session of the slice (R2, R10), as read.
-- A session belongs to the slice when it shares a second with a span of the day, its end second included:
-- so the slice serves both settings of session_end. One that R2 rejects has no interval; its start, or
-- failing that its time key, says where it belongs. A time beyond all calendars is cut off before 1 is added to it:
-- no_time.sql then refuses it.
-- Inputs: _stage.gim.sm_res_session_fact, voice_media, known_agent, slice_span; $as_of ends open sessions;
-- $session_from is the earliest start; $key_from and $key_to bound the time key.
create or replace temp table slice_session as
with voice as (
    select f.*,
           coalesce(f.active_flag, 0) <> 0 or f.end_ts is null as is_open
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
),
judged as (
    select *,
           start_ts is null or (not is_open and end_ts < start_ts) as is_rejected
    from voice
),
bounded as (
    select *,
           case when is_rejected then coalesce(start_ts, start_date_time_key) else start_ts end as from_ts,
           case
               when is_rejected then least(coalesce(start_ts, start_date_time_key), 253402300799) + 1
               when is_open then greatest($as_of, least(start_ts, 253402300799) + 1) + 1
               else least(end_ts, 253402300799) + 1
           end as until_ts
    from judged
)
select b.sm_res_session_fact_key,
       b.start_date_time_key,
       b.resource_key,
       b.start_ts,
       b.end_ts,
       b.active_flag,
       b.update_audit_key,
       b.is_rejected,
       b.until_ts
from bounded as b
semi join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
where b.is_rejected
   or b.start_ts >= $session_from
