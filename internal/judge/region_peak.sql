-- Grain: region, with its peak of a day (R8). What a user would do without seats: ask the GIM DB itself. The benchmark
-- times this statement, so it stays quick and asks no more: for a GIM with primary keys and one tenant, for
-- session_end: exclusive, and for a day that is long over and has no leg without an end. What else the judge knows is in seat.sql.
-- $1 to $3: regions and the starts and ends of their days; $4, $5: switches and their regions, pairwise; $6: region of
-- the default location; $7: as_of (R10); $8, $9: earliest start of a session, of an activity; $10: end of the day in
-- the last region; $11: patterns of excluded agents, as LIKE has them. The bounds are parameters and not subqueries:
-- only then does the planner know how many rows to expect. Sets of regions are bits, which are quicker than arrays.
with region as materialized (
    select region, 1::bigint << (no - 1)::int as bit, day_start, day_end
    from unnest($1::text[], $2::int[], $3::int[]) with ordinality as r (region, day_start, day_end, no)
),
fallback as materialized (                       -- R5: the default location's region
    select bit from region where region = $6::text
),
switch as materialized (
    select s.switch_name, r.bit
    from unnest($4::text[], $5::text[]) as s (switch_name, region)
    join region as r using (region)
),
person as materialized (                         -- R6: what stands for the agent
    select resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent,
           coalesce(employee_id like any ($11::text[]) or resource_name like any ($11::text[]), false) as is_excluded
    from resource_
    where resource_type_code = 'AGENT'
),
agent as materialized (                          -- a number for the agent: cheaper to sort by than a text
    select resource_key,
           min(resource_key) over same as agent_no,
           bool_or(is_excluded) over same as is_excluded
    from person
    window same as (partition by agent)
),
session as materialized (                          -- R2
    select f.sm_res_session_fact_key::bigint as session_key,
           f.start_date_time_key,
           f.resource_key,
           g.agent_no,
           f.start_ts,
           case when f.active_flag <> 0 or f.end_ts is null then greatest($7::int, f.start_ts + 1)
                else greatest(f.end_ts, f.start_ts + 1) end as until_ts
    from sm_res_session_fact as f
    join agent as g on g.resource_key = f.resource_key
        and not g.is_excluded
    join media_type as m on m.media_type_key = f.media_type_key
        and m.media_name_code = 'VOICE'
    where f.start_date_time_key between $8::int - 900 and $10::int
      and f.start_ts >= $8::int
      and (f.active_flag <> 0 or f.end_ts is null or f.end_ts >= f.start_ts)
),
activity as (                                    -- R3; no bits are an unknown switch
    select f.resource_key,
           case when d.switch_name <> '' then coalesce(w.bit, (select bit from fallback)) end as region_bit,
           f.start_ts,
           case when f.active_flag <> 0 or f.end_ts is null then greatest($7::int, f.start_ts + 1)
                else greatest(f.end_ts, f.start_ts + 1) end as until_ts
    from interaction_resource_fact as f
    join irf_user_data_gen_1 as u using (interaction_resource_id, start_date_time_key)
    left join resource_ as d on d.resource_key = f.media_resource_key
    left join switch as w on w.switch_name = d.switch_name
    where u.gsw_call_attempt_guid <> ''
      and f.start_date_time_key between $9::int - 900 and $7::int
      and u.start_date_time_key between $9::int - 900 and $7::int
      and (f.active_flag <> 0 or f.end_ts is null or f.end_ts >= f.start_ts)
    union all
    select f.resource_key,
           null,
           f.start_ts,
           case when f.end_ts is null then greatest($7::int, f.start_ts + 1) else greatest(f.end_ts, f.start_ts + 1) end
    from contact_attempt_fact as f
    join dialing_mode as m on m.dialing_mode_key = f.dialing_mode_key
        and m.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
    where f.start_date_time_key between $9::int - 900 and $7::int
      and (f.end_ts is null or f.end_ts >= f.start_ts)
),
qualifying as (                                  -- R4: a second shared with the whole session; R5: and so where it belongs
    select s.session_key, s.start_date_time_key, s.resource_key, s.agent_no, s.start_ts, s.until_ts, bit_or(a.region_bit) as region_bits
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and a.start_ts < s.until_ts
        and a.until_ts > s.start_ts
    group by s.session_key, s.start_date_time_key, s.resource_key, s.agent_no, s.start_ts, s.until_ts
),
told as (                                        -- R5: where no activity knows its switch, the login's other legs are asked
    select q.session_key, q.start_date_time_key, bit_or(coalesce(w.bit, (select bit from fallback))) as region_bits
    from qualifying as q
    join interaction_resource_fact as f on f.resource_key = q.resource_key
        and f.start_ts < q.until_ts
        and greatest(f.end_ts, f.start_ts + 1) > q.start_ts
    join resource_ as d on d.resource_key = f.media_resource_key
        and d.switch_name <> ''
    left join switch as w on w.switch_name = d.switch_name
    where q.region_bits is null
      and f.start_date_time_key between $9::int - 900 and $7::int
      and f.active_flag = 0
      and f.end_ts >= f.start_ts
    group by q.session_key, q.start_date_time_key
),
located as (
    select q.agent_no, q.start_ts, q.until_ts, coalesce(q.region_bits, t.region_bits, (select bit from fallback)) as region_bits
    from qualifying as q
    left join told as t using (session_key, start_date_time_key)
),
presence as (                                    -- cut to the region's day
    select r.bit, q.agent_no,
           greatest(q.start_ts, r.day_start) as start_ts,
           least(q.until_ts, r.day_end) as until_ts
    from located as q
    join region as r on r.bit & q.region_bits <> 0
        and q.start_ts < r.day_end
        and q.until_ts > r.day_start
),
reaching as (
    select bit, start_ts, until_ts,
           max(until_ts) over (partition by bit, agent_no order by start_ts
                               rows between unbounded preceding and 1 preceding) as reached_ts
    from presence
),
island as materialized (                         -- an agent's seconds once: of each session what none before it has reached
    select bit, greatest(start_ts, reached_ts) as start_ts, until_ts
    from reaching
    where reached_ts is null
       or until_ts > reached_ts
),
change as (
    select bit, ts, sum(agents) as agents
    from (
        select bit, start_ts as ts, 1 as agents from island
        union all
        select bit, until_ts, -1 from island
    ) as event
    group by bit, ts
),
step as (
    select bit, ts,
           lead(ts) over (partition by bit order by ts) - ts as seconds,
           sum(agents) over (partition by bit order by ts) as agents
    from change
),
ranked as (
    select bit, ts, seconds, agents, max(agents) over (partition by bit) as peak
    from step
),
top as (
    select bit, peak, min(ts) as peak_ts, sum(seconds) as peak_seconds
    from ranked
    where agents = peak
    group by bit, peak
)
select r.region,
       coalesce(t.peak, 0)::bigint as peak,
       coalesce(t.peak_ts, 0)::bigint as peak_ts,
       coalesce(t.peak_seconds, 0)::bigint as peak_seconds
from region as r
left join top as t using (bit)
order by r.region
