-- Grain: voice session of the slice with the interval it occupies (R2); rejected ones, and those that touch
-- no region's day under today's session_end, are left out.
-- Later statements name a session by its rowid here, as session_id. Two flags say what it shares with other sessions of its agent: shares_earlier, a second with one that comes
-- before it in the order of starts; is_alone, a second with none. Most are alone, and counted without ado.
-- Inputs: login, counted_agent, rule_region_day; $day.
create or replace temp table occupied_session as
with touching as (
    select *
    from login($day) as o
    where not o.is_beside
      and exists (
          from rule_region_day as d
          where greatest(o.start_ts, d.start_ts) < least(o.until_ts, d.end_ts)
      )
),
beside as (
    select t.*,
           a.agent_id,
           a.is_excluded,
           coalesce(t.start_ts < max(t.until_ts) over (
               partition by a.agent_id
               order by t.start_ts, t.until_ts, t.sm_res_session_fact_key, t.start_date_time_key
               rows between unbounded preceding and 1 preceding
           ), false) as shares_earlier,
           coalesce(t.until_ts > lead(t.start_ts) over (
               partition by a.agent_id
               order by t.start_ts, t.until_ts, t.sm_res_session_fact_key, t.start_date_time_key
           ), false) as shares_later
    from touching as t
    join counted_agent as a using (resource_key)
)
select sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       agent_id,
       is_excluded,
       start_ts,
       until_ts as end_ts,
       logout_ts,
       is_open,
       shares_earlier,
       not shares_earlier and not shares_later as is_alone
from beside
