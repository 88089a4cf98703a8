-- name: changed_month
-- Grain: finding results_changed, in words: region whose monthly number in the published store is not what the slices give under
-- the same rules and statements. Input: $month.
select 'results_changed',
       p.region as region,
       p.month,
       'the store has ' || p.agents || ' agents, its slices give ' || m.agents,
       []
from published._data.monthly_enabled as p
join _data.monthly_enabled as m on m.month = p.month
    and m.region = p.region
    and m.rules_sha256 = p.rules_sha256
    and m.sql_sha256 = p.sql_sha256
    and m.slices_sha256 = p.slices_sha256
where p.month = $month
  and p.agents <> m.agents
union all
select 'results_changed',
       region,
       month,
       'the store has a month''s peak of ' || p.agents || ' agents at ' || coalesce(p.peak_ts, 0) || ' for ' || coalesce(p.peak_seconds, 0)
           || ' seconds on ' || p.peak_days || ' days, its slices give ' || c.agents || ' at ' || coalesce(c.peak_ts, 0) || ' for '
           || coalesce(c.peak_seconds, 0) || ' seconds on ' || c.peak_days || ' days',
       []
from published._data.monthly_concurrent as p
join published._data.monthly_enabled as e using (month, region)
join _data.monthly_concurrent as c using (month, region)
join _data.monthly_enabled as m using (month, region, rules_sha256, sql_sha256, slices_sha256)
where month = $month
  and (p.agents, p.peak_ts, p.peak_seconds, p.peak_days) is distinct from (c.agents, c.peak_ts, c.peak_seconds, c.peak_days)
order by region

-- name: changed_result
-- Grain: finding results_changed, in words: day and relation of results in which the published store differs from what its slice
-- gives, and how many rows are in one of the two alone. Asked of those of the days that the published store says were computed
-- from this very slice by these rules and statements. Inputs: results of the scratch and of the published store; $days.
with asked as (
    select n.day
    from _data.computation as n
    join _data.slice as s using (day)
    join published._data.computation as c using (day, slice_sha256, rules_sha256, sql_sha256)
    where n.day in (select unnest($days::varchar[])::date)
      and (to_json(c) ->> 'as_of')::bigint = s.as_of -- a store of an older version does not know
),
difference as (
    select 'qualifying_session' as relation,
           day,
           n
    from (
        select * exclude (side), sum(side) as n
        from (
            select *, 1 as side from _data.qualifying_session where day in (from asked)
            union all
            select *, -1 from published._data.qualifying_session where day in (from asked)
        )
        group by all
        having n <> 0
    )
    union all
    select 'concurrency',
           day,
           n
    from (
        select * exclude (side), sum(side) as n
        from (
            select *, 1 as side from _data.concurrency where day in (from asked)
            union all
            select *, -1 from published._data.concurrency where day in (from asked)
        )
        group by all
        having n <> 0
    )
    union all
    select 'daily_concurrent',
           day,
           n
    from (
        select * exclude (side, state), sum(side) as n
        from (
            select *, 1 as side from _data.daily_concurrent where day in (from asked)
            union all
            select *, -1 from published._data.daily_concurrent where day in (from asked)
        )
        group by all
        having n <> 0
    )
    union all
    select 'enabled_daily',
           day,
           n
    from (
        select * exclude (side, state), sum(side) as n
        from (
            select *, 1 as side from _data.enabled_daily where day in (from asked)
            union all
            select *, -1 from published._data.enabled_daily where day in (from asked)
        )
        group by all
        having n <> 0
    )
    union all
    select 'data_quality',
           day,
           n
    from (
        select * exclude (side), sum(side) as n
        from (
            select *, 1 as side from _data.data_quality where day in (from asked)
            union all
            select *, -1 from published._data.data_quality where day in (from asked)
        )
        group by all
        having n <> 0
    )
)
select 'results_changed',
       '',
       day::varchar,
       sum(abs(n)) || ' rows of ' || relation || ' are in the store or in what its slice gives, not in both',
       []
from difference
group by day, relation
order by day, relation

-- name: ledger
-- Grain: finding about the ledger of runs, in words: the chain of its entries; and that a month was sealed as the newest run says which
-- sealed it. Inputs: _data.run; $months and $seals: of sealed months, what the store says of them.
with entry as (
    select *,
           row_number() over (order by run_id) as nth,
           lag(sha256, 1, '') over (order by run_id) as before
    from _data.run
),
line as (
    select run_id,
           unnest(string_split(message, chr(10))) as line,
           generate_subscripts(string_split(message, chr(10)), 1) as nth
    from _data.run
),
sealed as (
    select split_part(substr(line, 8), ': ', 1) as month,
           arg_max(line, {run: run_id, nth: nth}) as line
    from line
    where starts_with(line, 'sealed ')
    group by 1
)
select rule,
       '',
       period,
       what,
       []
from (
    select 'ledger_chain' as rule, '' as period, 'entry ' || nth || ' of the ledger is run ' || run_id as what, nth as place, 1 as turn
    from entry
    where run_id <> nth
    union all
    select 'ledger_chain',
           '',
           'run ' || run_id || ' follows an entry with SHA-256 ' || coalesce(nullif(previous_sha256, ''), 'none') || ', the one before it has '
               || coalesce(nullif(before, ''), 'none'),
           nth,
           2
    from entry
    where previous_sha256 <> before
    union all
    select 'ledger_seal',
           month,
           'the store says ' || to_json(s.seal) || ', the run that sealed it wrote ' || to_json(coalesce(l.line, 'none')),
           0,
           0
    from (select unnest($months::varchar[]) as month, unnest($seals::varchar[]) as seal) as s
    left join sealed as l using (month)
    where s.seal is distinct from l.line
)
order by rule, place, turn, period

-- name: history
-- Grain: finding about what the store says of its files and slices, in words, by rule, in the order of files and days.
--   revision_chain: the revisions of a number are 1, 2, ... n, each after the first naming the file it supersedes and the reason.
--   ledger_slice: each slice has the hash that the newest run which read its day wrote.
-- Inputs: _data.issued_file, slice, run; $from, $to (days, both included; a month belongs to its last day, and what is no period
-- is always looked at).
with issue as (
    select *,
           lag(revision) over chain as earlier,
           lag(file) over chain as file_before
    from _data.issued_file
    where coalesce(
        coalesce(try_strptime(period, '%Y-%m-%d')::date, last_day(try_strptime(period, '%Y-%m')::date)) between $from::date and $to::date,
        true
    )
    window chain as (partition by region, measure, period order by revision)
),
chain as (
    select 'revision_chain' as rule,
           region,
           period,
           measure,
           revision,
           case
               when earlier is null and revision <> 1 then 'the first revision of ' || measure || ' is ' || revision
               when earlier is null and (coalesce(supersedes, '') <> '' or coalesce(reason, '') <> '')
                   then file || ' is revision 1 and says that it supersedes ' || to_json(coalesce(supersedes, ''))
               when earlier is null then null
               when revision <> earlier + 1 then 'revision ' || revision || ' of ' || measure || ' follows revision ' || earlier
               when coalesce(supersedes, '') <> file_before
                   then file || ' supersedes ' || to_json(coalesce(supersedes, '')) || ', the revision before it is ' || file_before
               when coalesce(reason, '') = '' then file || ' gives no reason'
           end as words
    from issue
),
reading as (
    select day,
           arg_max(sha256, place) as sha256
    from (
        select split_part(slice, ' ', 1) as day,
               substr(slice, length(split_part(slice, ' ', 1)) + 2) as sha256,
               place
        from (
            select unnest(slices) as slice,
                   struct_pack(run_id, started_ts, sha256, nth := unnest(range(len(slices)))) as place
            from _data.run
        )
    )
    group by day
)
select rule,
       region,
       period,
       words,
       []
from (
    select * from chain
    union all
    select 'ledger_slice',
           '',
           s.day::varchar,
           '',
           0,
           'the slice has SHA-256 ' || s.sha256 || ', the run that read it wrote ' || coalesce(nullif(r.sha256, ''), 'none')
    from _data.slice as s
    left join reading as r on r.day = s.day::varchar
    where s.day between $from::date and $to::date
      and s.sha256 is distinct from coalesce(r.sha256, '')
)
where words is not null
order by rule, region, measure, period, revision

-- name: day_finding
-- Grain: finding about days, in words, by rule.
--   missing_day: run of days of the period without a slice, from the first to the last day of which the store holds a slice or has issued
--   a file.
--   month_over_gap: file of a month that stands, though there is no slice of some of the days that it is counted from (R9).
--   aged_month: month whose rows were dropped with age, as against lost: its numbers were issued as final, or, where it has none, those of
--   its days; every day that it is counted from was computed, and of it, or of anything older, the store holds no slice. Of its days none
--   is missing.
--   provisional: all days of which a number that stands is provisional.
-- Inputs: _data.slice, issued_file, the published computations; $months, the days of each that has a file, as JSON; $from, $to (days,
-- both included; a month belongs to its last day).
with month_day as (
    select month,
           unnest(days)::date as day
    from (select unnest(map_entries(from_json_strict($months, '"MAP(VARCHAR, VARCHAR[])"')), recursive := true)) as t (month, days)
),
issue as (
    select *,
           revision = max(revision) over (partition by region, measure, period) as stands,
           try_strptime(period, '%Y-%m-%d')::date as day
    from _data.issued_file
),
asked as (
    select *
    from issue
    where coalesce(day, last_day(try_strptime(period, '%Y-%m')::date)) between $from::date and $to::date
),
month_state as (
    select left(period, 7) as month,
           last(state order by length(period) desc, period, region, measure, revision) as state
    from _data.issued_file
    group by left(period, 7)
),
dropped as (
    select i.month,
           c.day
    from month_state as i
    join published._data.computation as c on strftime(c.day, '%Y-%m') = i.month
    where i.state = 'final'
      and last_day(c.day) < coalesce((select min(day) from _data.slice), date '9999-12-31')
),
aged as (
    select distinct month
    from dropped
    where month not in (select month from month_day anti join dropped using (month, day))
),
known as (
    select day
    from _data.slice
    union all
    select day
    from issue
    where strftime(day, '%Y-%m-%d') = period
),
missing as (
    select day
    from (select unnest(generate_series(min(day), max(day), interval 1 day))::date as day from known)
    anti join _data.slice using (day)
    where day between $from::date and $to::date
      and strftime(day, '%Y-%m') not in (from aged)
),
told as (
    select 'missing_day' as rule, '' as region, '' as measure, '' as period, 0 as revision, 0 as value, day
    from missing
    union all
    select distinct 'provisional', '', '', '', 0, 0, day
    from asked
    where stands
      and state = 'provisional'
      and day is not null
    union all
    select 'month_over_gap', i.region, i.measure, i.period, i.revision, i.value, m.day
    from asked as i
    join month_day as m on m.month = i.period
    anti join _data.slice as s on s.day = m.day
    where stands
      and i.period not in (from aged)
),
run as ( -- of days
    select rule, region, measure, period, revision, value,
           min(day) as first,
           strftime(min(day), '%Y-%m-%d') || if(count(*) > 1, ' to ' || strftime(max(day), '%Y-%m-%d'), '') as words,
           count(*) as days
    from (
        select *,
               day - (row_number() over (partition by rule, region, measure, period, revision order by day))::integer as since
        from told
    )
    group by rule, region, measure, period, revision, value, since
),
spans as (
    select * exclude (first, words, days),
           string_agg(words, ', ' order by first) as words,
           sum(days) as days
    from run
    where rule <> 'missing_day'
    group by all
)
select rule,
       region,
       period,
       what,
       []
from (
    select rule,
           '' as region,
           words as period,
           'no slice of ' || days || if(days = 1, ' day', ' days') || ' between the first and the last day of the store' as what,
           first::varchar as place
    from run
    where rule = 'missing_day'
    union all
    select rule,
           region,
           period,
           'issued with ' || value || ' agents, and the store has no slice of ' || words,
           region || ' ' || measure || ' ' || period || ' ' || printf('%09d', revision)
    from spans
    where rule = 'month_over_gap'
    union all
    select 'aged_month',
           '',
           period,
           'the rows of the month are not kept any more: its numbers cannot be computed again',
           min(region || ' ' || measure || ' ' || period)
    from asked
    where period in (from aged)
    group by period
    union all
    select rule,
           '',
           words,
           days || if(days = 1, ' day', ' days') || ': the standing number is provisional',
           ''
    from spans
    where rule = 'provisional'
)
order by rule, place

-- name: not_issued
-- Grain: number of a region that was computed and stands in no file, with its day, or the first of its month, and in words. Days
-- without a region's row were never computed for it; a month belongs to its last day.
-- Inputs: published results, _data.issued_file; $from, $to (days, both included), $measures (that are issued), $final_only (what is
-- provisional is not to be issued yet).
with computed as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           day,
           day as last,
           agents
    from published._data.daily_concurrent
    where location is null
    union all
    select region,
           'enabled',
           day::varchar,
           day,
           day,
           agents
    from published._data.enabled_daily
    union all
    select region,
           measure,
           month,
           (month || '-01')::date,
           last_day((month || '-01')::date),
           agents
    from (
        select region, 'concurrent' as measure, month, agents
        from published._data.monthly_concurrent
        union all
        select region, 'enabled', month, agents
        from published._data.monthly_enabled
    )
)
select c.region,
       c.period,
       c.day::varchar,
       c.agents || if(c.measure = 'enabled' and length(c.period) = 10, ' enabled', '')
           || if(c.measure = 'concurrent' and length(c.period) = 7, ' concurrent', '') || ' agents were counted, and no file says so'
from computed as c
anti join _data.issued_file as i on i.region = c.region
    and i.measure = c.measure
    and i.period = c.period
where c.last between $from::date and $to::date
  and if(length(c.period) = 7, 'monthly_', 'daily_') || c.measure in (select unnest($measures::varchar[]))
  and not ($final_only and exists (
      from published._data.computation as d
      where starts_with(d.day::varchar, c.period) and d.state = 'provisional'
  ))
order by c.period, c.region, c.measure

-- name: computation
-- Grain: day of which a number is issued: by which rules the published store says that it was computed.
select day::varchar,
       rules_sha256
from published._data.computation
where day::varchar in (select period from _data.issued_file)

-- name: number_group
-- Grain: agent group of a number's agents, by name: how many count in it. Each counts once, so that the groups add up to the number: in
-- that of the session by which she is counted, the earliest of the days, or of those that occupy the peak; of several groups of that
-- session in the first by name. Agents are known as the number knows them (R6): by the newest word of its days. Who was in no group is
-- in (none); a session whose groups were not read is in no row.
-- Inputs: _data.qualifying_session, session_group, agent, slice, concurrency; $region, $from and $to (its days), $at (the first second of
-- the peak, which is of one of them; 0: enabled agents).
with asked as (
    select distinct day
    from _data.concurrency
    where region = $region
      and location is null
      and day between $from::date and $to::date
      and ($at = 0 or start_ts <= $at and end_ts > $at)
),
word as (
    select a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    join asked using (day)
    group by a.resource_key
),
seat as (
    select coalesce(w.agent, q.agent) as agent,
           min(struct_pack(
               start_ts := q.start_ts, key := q.sm_res_session_fact_key, day := q.day, name := coalesce(g.group_name, '(none)'), is_read := g.day is not null
           )) as first
    from _data.qualifying_session as q
    join asked using (day)
    left join word as w on w.resource_key = q.resource_key
    left join _data.session_group as g on g.day = q.day
        and g.sm_res_session_fact_key = q.sm_res_session_fact_key
        and g.start_date_time_key = q.start_date_time_key
    where q.region = $region
      and ($at = 0 or q.start_ts <= $at and q.end_ts > $at)
    group by 1
)
select first.name,
       count(*)
from seat
where first.is_read
group by first.name
order by first.name

-- name: recounted
-- Grain: period and region of which a number is issued, of those that the scratch store has counted: by which rules, and what.
-- Inputs: _data.issued_file, results of the scratch store.
create or replace temp table recounted as
with counted as (
    select day::varchar as period,
           rules_sha256
    from _data.computation
    union all
    select distinct month,
                    rules_sha256
    from _data.monthly_enabled
),
number as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents,
           peak_ts,
           peak_seconds
    from _data.daily_concurrent
    where location is null
    union all by name
    select region,
           'enabled' as measure,
           day::varchar as period,
           agents
    from _data.enabled_daily
    union all by name
    select region,
           'concurrent' as measure,
           month as period,
           agents,
           peak_ts,
           peak_seconds
    from _data.monthly_concurrent
    union all by name
    select region,
           'enabled' as measure,
           month as period,
           agents
    from _data.monthly_enabled
)
select distinct region,
                measure,
                period,
                c.rules_sha256,
                n.agents is not null as has_region,
                coalesce(n.agents, 0) as agents,
                coalesce(n.peak_ts, 0) as peak_ts,
                coalesce(n.peak_seconds, 0) as peak_seconds
from _data.issued_file
join counted as c using (period)
left join number as n using (region, measure, period)

-- name: recounted_value
-- Grain: region x measure x period of recounted: what was counted.
select region,
       measure,
       period,
       agents
from recounted

-- name: rules
-- Grain: set of counting rules that the published store keeps, by the hash that it is kept by.
select rules_sha256,
       rules
from published._data.computation
union
select sha256,
       rules
from published._data.counting_rules
order by all

-- name: slice_count
-- Grain: slice and kind of its rows of which there are more or fewer than it says, in words. Input: $days.
with slice as (
    select *
    from _data.slice
    where day in (select unnest($days::varchar[])::date)
),
counted as (
    select s.day, 1 as nth, 'sessions' as kind, s.sessions as said, (select count(*) from _data.voice_session as v where v.day = s.day) as held
    from slice as s
    union all
    select s.day, 2, 'activities', s.activities, (select count(*) from _data.ocs_activity as a where a.day = s.day)
    from slice as s
    union all
    select s.day, 3, 'agents', s.agents, (select count(*) from _data.agent as g where g.day = s.day)
    from slice as s
)
select day::varchar,
       held || ' ' || kind || ', written were ' || said
from counted
where held <> said
order by day, nth
