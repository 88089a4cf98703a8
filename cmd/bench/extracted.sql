-- The same question of the rows that seats has extracted, loaded into PostgreSQL: the region's peak of a day (R8).
-- Unlike the judge's region_peak.sql it has no GIM to find its way through: legs and previews are one table, with their switches.
-- $1 to $3: regions and the starts and ends of their days; $4, $5: switches and their regions, pairwise; $6: region of
-- the default location; $7: as_of (R10); $8: patterns of excluded agents, as LIKE has them.
with region as materialized (
    select region, 1::bigint << (no - 1)::int as bit, day_start, day_end
    from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as r (region, day_start, day_end, no)
),
fallback as materialized (
    select bit from region where region = $6::text
),
switch as materialized (
    select s.switch_name, r.bit
    from unnest($4::text[], $5::text[]) as s (switch_name, region)
    join region as r using (region)
),
person as materialized (
    select resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent,
           coalesce(employee_id like any ($8::text[]) or resource_name like any ($8::text[]), false) as is_excluded
    from agent
),
counted as materialized (
    select resource_key,
           min(resource_key) over same as agent_no,
           bool_or(is_excluded) over same as is_excluded
    from person
    window same as (partition by agent)
),
session as materialized (
    select row_number() over () as session_no,
           f.resource_key,
           g.agent_no,
           f.start_ts,
           case when f.active_flag <> 0 or f.end_ts is null then greatest($7::bigint, f.start_ts + 1)
                else greatest(f.end_ts, f.start_ts + 1) end as until_ts
    from voice_session as f
    join counted as g on g.resource_key = f.resource_key
        and not g.is_excluded
    where f.active_flag <> 0 or f.end_ts is null or f.end_ts >= f.start_ts
),
activity as (
    select f.resource_key,
           case when f.switch_name <> '' then coalesce(w.bit, (select bit from fallback)) end as region_bit,
           f.start_ts,
           case when f.active_flag <> 0 or f.end_ts is null then greatest($7::bigint, f.start_ts + 1)
                else greatest(f.end_ts, f.start_ts + 1) end as until_ts
    from ocs_activity as f
    left join switch as w using (switch_name)
    where f.active_flag <> 0 or f.end_ts is null or f.end_ts >= f.start_ts
),
qualifying as (
    select s.session_no, s.resource_key, s.agent_no, s.start_ts, s.until_ts, bit_or(a.region_bit) as region_bits
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and a.start_ts < s.until_ts
        and a.until_ts > s.start_ts
    group by s.session_no, s.resource_key, s.agent_no, s.start_ts, s.until_ts
),
told as (
    select q.session_no, bit_or(coalesce(w.bit, (select bit from fallback))) as region_bits
    from qualifying as q
    join other_leg as o on o.resource_key = q.resource_key
        and o.start_ts < q.until_ts
        and greatest(o.end_ts, o.start_ts + 1) > q.start_ts
    left join switch as w using (switch_name)
    where q.region_bits is null
    group by q.session_no
),
located as (
    select q.agent_no, q.start_ts, q.until_ts, coalesce(q.region_bits, t.region_bits, (select bit from fallback)) as region_bits
    from qualifying as q
    left join told as t using (session_no)
),
presence as (
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
island as materialized (
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
