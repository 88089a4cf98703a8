-- Grain: voice session of the slice (R2, R10), as read. Of a repeated key the newest row counts.
-- A session belongs to the slice when it shares a second with a span of the day, its end second included:
-- so the slice serves both settings of session_end. One that R2 rejects has no interval; its start, or
-- failing that its time key, says where it belongs.
-- Inputs: stage.gim.sm_res_session_fact, repeated_session, voice_media, known_resource, slice_span;
-- $as_of ends open sessions; $session_from is the earliest start; $key_from and $key_to bound the time key.
create or replace temp table slice_session as
with newest as (
    select f.*
    from stage.gim.sm_res_session_fact as f
    anti join repeated_session as r using (sm_res_session_fact_key, start_date_time_key)
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
    union all
    (
        select f.*
        from stage.gim.sm_res_session_fact as f
        semi join repeated_session as r using (sm_res_session_fact_key, start_date_time_key)
        qualify row_number() over (
            partition by f.sm_res_session_fact_key, f.start_date_time_key
            order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
        ) = 1
    )
),
voice as (
    select n.sm_res_session_fact_key,
           n.start_date_time_key,
           n.resource_key,
           n.start_ts,
           n.end_ts,
           n.active_flag,
           n.update_audit_key,
           coalesce(n.active_flag, 0) <> 0 or n.end_ts is null as is_open
    from newest as n
    semi join stage.gim.voice_media as m on m.media_type_key = n.media_type_key
    semi join (
        select resource_key
        from stage.gim.known_resource
        where resource_type_code = 'AGENT'
    ) as a on a.resource_key = n.resource_key
),
bounded as (
    select *,
           start_ts is null or (not is_open and end_ts < start_ts) as is_rejected,
           case
               when is_open then greatest($as_of, start_ts + 1) + 1
               else end_ts + 1
           end as until_ts
    from voice
)
select sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       is_open,
       is_rejected,
       until_ts
from bounded as b
where exists (
    from slice_span as p
    where case
              when b.is_rejected then coalesce(b.start_ts, b.start_date_time_key) >= p.start_ts
                   and coalesce(b.start_ts, b.start_date_time_key) < p.end_ts
              else b.start_ts < p.end_ts
                   and b.until_ts > p.start_ts
                   and b.start_ts >= $session_from
          end
)
