-- name: computation
-- Grain: day computed: from what, by which rules and which statements, so that it can be told when stale.
-- Inputs: rule; $sql_sha256, $computed_ts.
insert into _data.computation
select day,
       slice_sha256,
       rules_sha256,
       $sql_sha256,
       rules,
       state,
       $computed_ts,
       as_of
from rule

-- name: computed
-- Grain: day that was computed; and whether its curve is still there. Where rows were dropped
-- with age, only the numbers are left. is_issued: a number of the day stands in a file.
-- Inputs: _data.computation, concurrency, issued_file; $days.
with wanted as (
    select unnest($days::varchar[]::date[]) as day
)
select c.day::varchar as day,
       c.slice_sha256,
       c.rules_sha256,
       c.sql_sha256,
       (to_json(c) ->> 'as_of')::bigint as as_of, -- a store of an older version has none
       c.rules,
       c.state,
       c.computed_ts,
       k.day is not null as has_curve,
       i.day is not null as is_issued
from _data.computation as c
join wanted using (day)
left join (
    select distinct day
    from _data.concurrency
    join wanted using (day)
) as k using (day)
left join (
    select distinct period::date as day
    from _data.issued_file
    where length(period) = 10
) as i using (day)

-- name: quality
-- Grain: data-quality rule of a day (R11), with up to 20 examples. Input: _data.data_quality; $days.
select day::varchar as day,
       rule,
       occurrences,
       blocking,
       examples
from _data.data_quality
where day in (select unnest($days::varchar[]::date[]))
order by day, rule

-- name: month_quality
-- Grain: day of a range, both ends included, and data-quality rule (R11): what was found from the first day on until this one, summed
-- up, with up to 20 examples of the earliest. Input: _data.data_quality; $from, $to.
select u.day::varchar as day,
       q.rule,
       sum(q.occurrences)::bigint as occurrences,
       bool_or(q.blocking) as blocking,
       flatten(list(coalesce(q.examples, []) order by q.day))[:20] as examples
from (select unnest(generate_series($from::date, $to::date, interval 1 day))::date as day) as u
join _data.data_quality as q on q.day between $from::date and u.day
group by u.day, q.rule
order by u.day, q.rule
