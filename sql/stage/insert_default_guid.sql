-- Grain: attempt GUID that the source's mapping puts on calls that have none; for the slice's data quality (R11).
insert into _data.default_guid
select $day::date,
       unnest($guids::varchar[])
