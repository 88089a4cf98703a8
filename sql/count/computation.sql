-- name: computation
-- Grain: day computed: from what, by which rules and which statements, so that it can be told when stale.
insert into _data.computation
values ($day::date, $slice_sha256, $rules_sha256, $sql_sha256, $rules, $state, $computed_ts, $as_of)

-- name: computed
-- Grain: the computation of a day, none where there is none; and whether its curve is still there. Where rows were dropped
-- with age, only the numbers are left. is_issued: a number of the day stands in a file.
-- Inputs: _data.computation, concurrency, issued_file; $day.
select slice_sha256,
       rules_sha256,
       sql_sha256,
       (to_json(c) ->> 'as_of')::bigint as as_of, -- a store of an older version has none
       rules,
       state,
       computed_ts,
       exists (
           from _data.concurrency
           where day = $day::date
       ) as has_curve,
       exists (
           from _data.issued_file
           where measure = 'concurrent'
             and period = $day
       ) as is_issued
from _data.computation as c
where day = $day::date

-- name: quality
-- Grain: data-quality rule of a range of days, both included (R11), with up to 20 examples of the earliest days.
-- Input: _data.data_quality; $from, $to.
with example as (
    select rule,
           day,
           unnest(examples) as example,
           generate_subscripts(examples, 1) as position
    from _data.data_quality
    where day between $from::date and $to::date
),
listed as (
    select rule,
           list(example order by day, position) as examples
    from (
        from example
        qualify row_number() over (partition by rule order by day, position) <= 20
    )
    group by rule
)
select q.rule,
       bool_or(q.blocking) as blocking,
       sum(q.occurrences)::bigint as occurrences,
       coalesce(any_value(l.examples), []) as examples
from _data.data_quality as q
left join listed as l using (rule)
where q.day between $from::date and $to::date
group by q.rule
order by q.rule
