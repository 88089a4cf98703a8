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
