-- Grain: month of the period that has a day or a number that was issued, and relation of months: with the hash of the rows that its
-- partition is made of. Inputs: $from, $to.
with part as (
    select 'monthly_enabled' as relation,
           month,
           concat_ws('|', region, agents, state, rules_sha256, sql_sha256, slices_sha256) as txt
    from published._data.monthly_enabled
    union all
    select 'issued',
           left(period, 7),
           to_json(i)::varchar
    from published._data.issued_file as i
    union all
    select relation,
           left(day::varchar, 7),
           ''
    from published._data.computation
    cross join (values ('monthly_enabled'), ('issued')) as of_months (relation)
)
select relation,
       month,
       sha256(string_agg(distinct txt, chr(10) order by txt)) as from_rows
from part
where month between left($from, 7) and left($to, 7)
group by relation, month
order by relation, month
