-- Grain: activity without an end, with where it ends (R3): at the end of the session of its resource in which it started, of
-- several the one that ends last; at the as-of where it started in none. end_ts: where a session ends before its end second,
-- until_ts: where that second counts (R2). A slice serves both.
-- Inputs: open_activity, stay, beside_session; $as_of.
create or replace temp table open_end as
with login as (
    select resource_key,
           start_ts,
           end_ts,
           until_ts
    from stay
    union all
    select resource_key,
           start_ts,
           occupied_ts,
           until_ts
    from beside_session
)
select a.kind,
       a.activity_key,
       a.start_date_time_key,
       a.resource_key,
       a.start_ts,
       greatest(coalesce(max(l.end_ts) filter (l.end_ts > a.start_ts), $as_of), least(a.start_ts, 253402300799) + 1) as end_ts,
       greatest(coalesce(max(l.until_ts), $as_of), least(a.start_ts, 253402300799) + 1) as until_ts
from open_activity as a
left join login as l on l.resource_key = a.resource_key
    and l.start_ts <= a.start_ts
    and l.until_ts > a.start_ts
group by a.kind, a.activity_key, a.start_date_time_key, a.resource_key, a.start_ts
