-- R11 duplicate_key: primary keys that the source held twice. Input: _data.duplicate_key; $day.
insert into _data.data_quality
with finding as (
    select relation as sort_key,
           relation || ' ' || row_key as example
    from _data.duplicate_key
    where day = $day::date
)
select $day::date,
       'duplicate_key',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
